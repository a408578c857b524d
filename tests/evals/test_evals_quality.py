"""services/quality: what stands stored, and an evaluation as a process of its own."""

from __future__ import annotations

import shutil
import time
from datetime import datetime, timedelta

import pytest

from errors import Conflict
from evals import compare, suites
from evals.types import SuiteResult
from services import quality as quality_module
from services.quality import Quality
from services.quality_figures import said
from store import eval_runs
from tests.conftest import CACHE, NOW
from tests.evals.evals_helpers import result

START_S = 120.0


@pytest.fixture
def quality(shop, tmp_path, monkeypatch) -> Quality:
    """Without the delivered baseline, whose figures change."""
    monkeypatch.setattr(quality_module, "_FILE", tmp_path / "none.json")
    return shop.quality


def store(shop, name: str, *results: SuiteResult, at: datetime = NOW) -> None:
    with shop.database.write() as tx:
        eval_runs.add(
            tx, name, started=at, finished=at, revision="abc1234",
            results={one.suite: one.as_json() for one in results},
        )  # fmt: skip


def test_nothing_measured_yet(quality):
    assert quality.standings() == []
    assert quality.progress().state == "idle"
    assert set(quality.suites) == set(suites.NAMES)
    assert quality.suites["fusion"] == suites.load("fusion").TITLE


def test_a_suite_over_time_with_what_changed(quality, shop):
    for day, hits in enumerate((80, 90, 85)):
        store(shop, f"run-{day}", result(hits, 100, goal=0.9), at=NOW + timedelta(days=day))
    (standing,) = quality.standings()
    assert [point.run_id for point in standing.points] == ["run-0", "run-1", "run-2"]
    own = standing.latest.own
    assert (own.value, own.before, own.regressed, own.moved) == (0.85, 0.9, True, -1)
    assert own.goal_lost
    assert (own.text, own.interval) == ("85.0%", "76.7~90.7%")
    assert standing.points[0].own.before is None
    assert [len(one.points) for one in quality.standings(limit=2)] == [2]


def test_figures_in_words():
    assert said(0.9123, "share") == "91.2%"
    assert (said(1.0, "share"), said(0.9996, "share")) == ("100.0%", "99.96%")
    assert (said(0.0, "share"), said(1 / 3383, "share")) == ("0.0%", "0.03%")
    assert said(-0.0004, "share", signed=True) == "0.0%p"
    assert (said(-0.004, "share", signed=True), said(0.01, "share", signed=True)) == (
        "−0.4%p",
        "+1.0%p",
    )
    assert (said(12.34, "ms"), said(1234, "ms"), said(3, "count")) == ("12.3 ms", "1,234 ms", "3")


def test_a_skipped_suite_keeps_its_last_figures(quality, shop):
    store(shop, "one", result(80, 100))
    gone = SuiteResult("tiny", "작은 묶음", skipped="자료가 없습니다.")
    store(shop, "two", gone, at=NOW + timedelta(days=1))
    (standing,) = quality.standings()
    assert standing.skipped == "자료가 없습니다."
    assert standing.latest.run_id == "one"


def test_the_delivered_baseline_is_the_first_run(shop, quality, tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "NAMES", ("tiny",))
    report = {"started_at": "2026-11-01T00:00:00+00:00", "finished_at": "2026-11-01T00:10:00+00:00",
              "revision": "fff0000", "results": {"tiny": result(70, 100).as_json()}}  # fmt: skip
    compare.save_baseline(report, tmp_path / "baseline.json")
    monkeypatch.setattr(quality_module, "_FILE", tmp_path / "baseline.json")
    (standing,) = quality.standings()
    assert standing.latest.run_id == "baseline"
    assert quality.results("baseline")["tiny"]["cases"] == []
    store(shop, "mine", result(80, 100))
    (standing,) = quality.standings()
    assert (standing.latest.own.before, standing.latest.own.moved) == (0.7, 1)


def until(done, timeout_s: float = START_S) -> None:
    end = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)


@pytest.fixture
def cached(shop):
    """The models and the index of the tests, so that the process starts soon."""
    for part in ("models", "policy_index"):
        if (CACHE / part).is_dir():
            shutil.copytree(CACHE / part, shop.settings.data_path / "evals" / "cache" / part)
    return shop


@pytest.mark.process
def test_an_evaluation_runs_beside_the_server_and_can_be_stopped(quality, cached):
    quality.start(["dialogues"])
    try:
        with pytest.raises(Conflict, match="이미 측정하고 있어요"):
            quality.start(["dialogues"])
        assert quality.progress().share == 0
        until(lambda: quality.progress().share > 0 or quality.progress().state != "running")
        work = quality.progress()
        assert (work.state, work.suite, work.of > 400) == ("running", "dialogues", True), work
        assert 0 < work.share < 1
    finally:
        quality.cancel()
    assert quality.progress().state == "cancelled"
    assert quality.standings() == []
    assert not list((cached.settings.data_path / "evals").glob("*/report.json"))


@pytest.mark.process
def test_a_run_to_its_end_is_done_and_stands_there(quality, cached):
    quality.start(["grounding"])
    until(lambda: quality.progress().state != "running")
    work = quality.progress()
    assert (work.state, work.error) == ("done", "")
    (standing,) = quality.standings()
    assert standing.suite == "grounding"


@pytest.mark.process
def test_it_ends_when_the_server_does(quality, cached):
    quality.start(["dialogues"])
    process = quality._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # what the end of this process does
    until(lambda: process.poll() is not None)
    assert quality.progress().state == "failed"


@pytest.mark.process
def test_what_went_wrong_is_told(quality, shop):
    quality.start(["no-such-suite"])
    until(lambda: quality.progress().state != "running")
    work = quality.progress()
    assert work.state == "failed"
    assert "그런 묶음이 없습니다" in work.error
    quality.start(["no-such-suite"])  # a failed one does not stand in the way
    quality.cancel()
