"""One photo to one report: whatever judge is missing, slow or broken, a report comes."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from errors import BadInput
from vision.detector import SHIPPED
from vision.generate.cases import TEST_SEED, Scene, case
from vision.inspector import Inspector
from vision.types import Finding, Opinion, Reference, Report

SEED = TEST_SEED + 4000  # apart from every measurement's


@pytest.fixture(scope="module")
def damaged() -> Scene:
    return case(SEED, specimen=0, hardness=0.3)


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    return Inspector()


def opinion(report: Report, judge: str) -> Opinion:
    return next(one for one in report.opinions if one.judge == judge)


def timeless(report: Report) -> Report:
    opinions = tuple(replace(one, took_ms=0.0) for one in report.opinions)
    return replace(report, opinions=opinions, took_ms=0.0)


def test_a_photo_becomes_a_report_by_every_judge(inspector: Inspector, damaged: Scene) -> None:
    report = inspector.inspect(damaged.photo, [damaged.reference], upload_px=(1280, 1280))
    assert [one.judge for one in report.opinions] == ["reference", "detector", "llm"]
    assert opinion(report, "reference").state in ("seen", "clear")
    assert opinion(report, "detector").state in ("seen", "clear")
    assert opinion(report, "llm").state == "absent"
    assert (report.width_px, report.height_px) == (1280, 1280)
    assert report.product_id == damaged.reference.product_id
    assert inspector.health().state == "ready"
    assert report.took_ms > 0


def test_the_same_photo_gives_the_same_report_under_threads(
    inspector: Inspector, damaged: Scene
) -> None:
    with ThreadPoolExecutor(4) as pool:
        reports = list(
            pool.map(lambda _: inspector.inspect(damaged.photo, [damaged.reference]), range(4))
        )
    assert len({str(timeless(one)) for one in reports}) == 1


def test_without_a_catalogue_photo_there_is_no_comparison(
    inspector: Inspector, damaged: Scene
) -> None:
    report = inspector.inspect(damaged.photo)
    assert opinion(report, "reference").state == "absent"
    assert report.verdict != "damage"
    assert "견주어 볼 상품 사진이 없어요." in report.reasons


@pytest.mark.parametrize("kind", ["missing", "damaged"])
def test_missing_or_damaged_weights_degrade_and_do_not_break(
    kind: str, tmp_path: Path, damaged: Scene
) -> None:
    file = tmp_path / "defects.onnx"
    if kind == "damaged":
        shutil.copy(SHIPPED, file)
        file.write_bytes(file.read_bytes()[:-1000])
    inspector = Inspector(file)
    assert inspector.health().state == "degraded"
    assert inspector.health().reason
    report = inspector.inspect(damaged.photo, [damaged.reference])
    assert opinion(report, "detector").state == "absent"
    assert opinion(report, "reference").state in ("seen", "clear")
    # Customers need not know about a file on the server.
    assert not any("파일" in reason for reason in report.reasons)


def test_no_detector_at_all_is_a_choice(damaged: Scene) -> None:
    inspector = Inspector(None)
    assert inspector.health().state == "absent"
    assert opinion(inspector.inspect(damaged.photo), "detector").state == "absent"


def test_a_broken_catalogue_photo_costs_only_the_comparison(
    inspector: Inspector, damaged: Scene
) -> None:
    report = inspector.inspect(damaged.photo, [Reference("p", "", b"no picture")])
    assert opinion(report, "reference").state == "absent"
    # The customer is not asked for another photo for our own picture's sake.
    assert report.verdict == "review"


def test_a_language_model_that_raises_breaks_nothing(inspector: Inspector, damaged: Scene) -> None:
    def raises(data: bytes, references: Sequence[Reference]) -> Opinion:
        raise RuntimeError("no credit left")

    report = inspector.inspect(damaged.photo, llm=raises)
    assert opinion(report, "llm").state == "unsure"
    assert opinion(report, "detector").state in ("seen", "clear")
    assert not any("credit" in reason for reason in report.reasons)


def test_a_slow_language_model_is_not_waited_for_for_ever(damaged: Scene) -> None:
    done = threading.Event()

    def slow(data: bytes, references: Sequence[Reference]) -> Opinion:
        done.wait(30)
        return Opinion("llm", "clear", 0.1)

    started = time.perf_counter()
    report = Inspector(None, llm_wait_s=0.2).inspect(damaged.photo, llm=slow)
    assert time.perf_counter() - started < 15
    assert opinion(report, "llm").state == "unsure"
    done.set()


def test_a_language_models_impossible_values_are_dropped(
    inspector: Inspector, damaged: Scene
) -> None:
    good = Finding("broken", 0.9, (0.1, 0.1, 0.4, 0.4), ("llm",))

    def wild(data: bytes, references: Sequence[Reference]) -> Opinion:
        odd = (
            replace(good, box=(0.5, 0.5, 0.5, 0.6)),
            replace(good, box=(float("nan"), 0.0, 1.0, 1.0)),
            replace(good, label="ghost"),  # type: ignore[arg-type]
            replace(good, box=(-3.0, 0.2, 4.0, 0.9), confidence=7.0),
        )
        return Opinion("llm", "seen", float("inf"), (good, *odd))

    report = inspector.inspect(damaged.photo, llm=wild)
    kept = opinion(report, "llm")
    assert kept.score is None
    assert [one.box for one in kept.findings] == [(0.0, 0.2, 1.0, 0.9), good.box]
    assert all(0 <= one.confidence <= 1 for one in kept.findings)
    assert report.verdict != "damage"


def test_a_failing_detector_costs_only_its_opinion(damaged: Scene) -> None:
    class Fails:
        def detect(self, rgb: object) -> Opinion:
            raise ValueError("shape")

    report = Inspector(Fails()).inspect(damaged.photo, [damaged.reference])
    assert opinion(report, "detector").state == "unsure"
    assert opinion(report, "reference").state in ("seen", "clear")


def test_no_more_photos_at_once_than_workers(damaged: Scene) -> None:
    now, most, lock, pair = 0, 0, threading.Lock(), threading.Barrier(2, timeout=60)

    class Counts:
        def detect(self, rgb: object) -> Opinion:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            pair.wait()  # two are judged at once, or this breaks
            with lock:
                now -= 1
            return Opinion("detector", "clear", 0.1)

    inspector = Inspector(Counts(), workers=2)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: inspector.inspect(damaged.photo), range(6)))
    assert most == 2


def test_what_is_no_picture_is_refused(inspector: Inspector) -> None:
    with pytest.raises(BadInput):
        inspector.inspect(b"<svg onload=alert(1)>")
