"""The shipped detector by onnxruntime: loading, its answers, its card."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Unavailable
from vision.card import Card, Platt, as_label, sha256_of
from vision.detector import OWN, SHIPPED, Detector, open_judge, opinion_of, weights_in_use
from vision.generate import draw, hurt, photograph, random_design
from vision.labels import DETECTED, LABELS
from vision.measure import iou

BOX = (0.1, 0.2, 0.5, 0.6)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(SHIPPED)


@pytest.fixture(scope="module")
def holed(detector: Detector) -> np.ndarray:
    """A generated photo of a torn product on which the detector sees something."""
    for seed in range(80_000, 80_060):
        rng = np.random.default_rng(seed)
        piece, box = hurt(draw(random_design(rng)), "hole", rng)
        rgb, _ = photograph(piece, rng, boxes=[box], hardness=0.4, side_px=512)
        opinion = detector.detect(rgb)
        if opinion.state == "seen" and 0.2 < opinion.findings[0].box[0] < 0.6:
            return rgb
    pytest.fail("the shipped detector sees no hole amid any of sixty pictures")


def copied(folder: Path, data: bytes | None = None) -> Path:
    path = folder / "defects.onnx"
    path.write_bytes(SHIPPED.read_bytes() if data is None else data)
    path.with_suffix(".json").write_bytes(SHIPPED.with_suffix(".json").read_bytes())
    return path


# -- loading -------------------------------------------------------------------------------


def test_the_shipped_weights_are_the_ones_of_their_card(detector: Detector) -> None:
    assert detector.card.sha256 == sha256_of(SHIPPED.read_bytes()) == detector.sha256
    assert detector.card.labels == DETECTED
    assert detector.model == f"{detector.card.name}@{detector.sha256[:8]}"
    assert detector.card.title == "예시 모델 (합성 이미지로 학습)"


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    data = bytearray(SHIPPED.read_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(Unavailable, match="SHA-256"):
        Detector.load(copied(tmp_path, bytes(data)))


def test_a_caller_may_name_the_sha256(tmp_path: Path, detector: Detector) -> None:
    path = copied(tmp_path)
    assert Detector.load(path, sha256=detector.sha256).sha256 == detector.sha256
    with pytest.raises(Unavailable, match="SHA-256"):
        Detector.load(path, sha256="0" * 64)


@pytest.mark.parametrize("data", [b"", b"no network", b"\x08\x07" * 500])
def test_what_is_no_network_is_refused_in_korean(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(data)
    with pytest.raises(Unavailable, match="ONNX"):
        Detector.load(path)


def test_a_missing_file_and_a_damaged_card_are_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="읽을 수 없어요"):
        Detector.load(tmp_path / "none.onnx")
    path = copied(tmp_path)
    path.with_suffix(".json").write_text('{"name": 1}')
    with pytest.raises(Unavailable, match="모델 카드"):
        Detector.load(path)
    card = json.loads(SHIPPED.with_suffix(".json").read_text("utf-8"))
    path.with_suffix(".json").write_text(json.dumps({**card, "labels": ["ghost"]}))
    with pytest.raises(Unavailable, match="모르는 이름"):
        Detector.load(path)


def test_weights_without_a_card_bring_their_own_names(tmp_path: Path, holed: np.ndarray) -> None:
    path = copied(tmp_path)
    path.with_suffix(".json").unlink()
    mine = open_judge(path)
    assert mine.card.labels == DETECTED
    assert mine.card.side_px == Card.read(SHIPPED.with_suffix(".json")).side_px
    assert mine.card.title == "직접 넣은 모델 (defects)"
    opinion = mine.detect(holed)
    assert opinion.judge == "detector"
    assert "직접 넣은 모델" in opinion.reason


def test_the_weights_in_use(tmp_path: Path) -> None:
    assert weights_in_use(tmp_path) == SHIPPED
    (tmp_path / OWN).parent.mkdir(parents=True)
    (tmp_path / OWN).write_bytes(b"")
    assert weights_in_use(tmp_path) == tmp_path / OWN
    assert weights_in_use(tmp_path, "/shop/mine.pt") == Path("/shop/mine.pt")


# -- detecting -----------------------------------------------------------------------------


def test_damage_is_seen_and_told_as_a_hint(detector: Detector, holed: np.ndarray) -> None:
    opinion = detector.detect(holed)
    assert opinion.state == "seen"
    assert opinion.score is not None
    assert opinion.score > 0.5
    assert opinion.findings
    assert opinion.took_ms > 0
    assert opinion.model == detector.model
    assert "예시 모델" in opinion.reason
    for one in opinion.findings:
        x1, y1, x2, y2 = one.box
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1
        assert 0 < one.confidence < 1
        assert one.judges == ("detector",)
        assert one.label in LABELS
    said = [one.confidence for one in opinion.findings]
    assert said == sorted(said, reverse=True)


def test_nothing_seen_is_never_no_damage(detector: Detector) -> None:
    opinion = detector.detect(np.full((300, 400, 3), 230, np.uint8))
    assert opinion.state == "clear"
    assert opinion.findings == ()
    assert opinion.score is not None
    assert opinion.score < 0.5
    assert "이상 없" not in opinion.reason
    assert "뜻은 아니에요" in opinion.reason


def test_boxes_hold_for_every_size_and_shape(detector: Detector, holed: np.ndarray) -> None:
    first = detector.detect(holed).findings[0].box
    half = cv2.resize(holed, (256, 256), interpolation=cv2.INTER_AREA)
    best = max(iou(one.box, first) for one in detector.detect(half).findings)
    assert best > 0.8
    # Without its sides the network sees the same pixels at the same place between grey ones,
    # and the place is elsewhere in the narrower picture.
    narrow = np.ascontiguousarray(holed[:, 64:448])
    there = ((first[0] * 512 - 64) / 384, first[1], (first[2] * 512 - 64) / 384, first[3])
    raw = [box for _, sure, box in detector.raw(narrow) if sure >= 0.02]
    assert max((iou(box, there) for box in raw), default=0.0) > 0.5


@pytest.mark.parametrize("shape", [(32, 32), (31, 600), (600, 31), (1, 1), (960, 720)])
def test_odd_sizes_are_judged_as_well(detector: Detector, shape: tuple[int, int]) -> None:
    opinion = detector.detect(np.zeros((*shape, 3), np.uint8))
    assert opinion.state in ("seen", "clear")


def test_threads_get_the_same_answer(detector: Detector, holed: np.ndarray) -> None:
    alone = detector.detect(holed).findings
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: detector.detect(holed).findings, range(12)))
    assert all(one == alone for one in answers)


# -- from raw boxes to an opinion ----------------------------------------------------------

CARD = Card("t", "t", ("dent", None, "hole"), threshold=0.5, floor=0.2,
            finding=Platt(-0.3, 0.8), image=Platt(0.2, 1.3))  # fmt: skip


def test_thresholds_split_seen_from_weak_hints_from_nothing() -> None:
    assert opinion_of([(0, 0.6, BOX)], CARD, "m", 1.0).state == "seen"
    weak = opinion_of([(0, 0.3, BOX)], CARD, "m", 1.0)
    assert weak.state == "clear"
    assert len(weak.findings) == 1
    assert opinion_of([(0, 0.1, BOX)], CARD, "m", 1.0).findings == ()


def test_classes_that_are_none_of_ours_count_for_nothing() -> None:
    opinion = opinion_of([(1, 0.99, BOX), (7, 0.99, BOX)], CARD, "m", 1.0)
    assert opinion.state == "clear"
    assert opinion.findings == ()
    assert opinion.score == opinion_of([], CARD, "m", 1.0).score


def test_overlapping_boxes_of_one_label_are_one_finding() -> None:
    near = (0.11, 0.2, 0.5, 0.6)
    opinion = opinion_of([(0, 0.7, near), (0, 0.9, BOX), (2, 0.6, BOX)], CARD, "m", 1.0)
    assert [(one.label, one.box) for one in opinion.findings] == [("dent", BOX), ("hole", BOX)]
    assert "찌그러짐 1곳" in opinion.reason
    assert "구멍 1곳" in opinion.reason


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1), st.just(BOX)), max_size=12),
    st.floats(0, 1),
)
def test_a_surer_box_never_lowers_the_score(
    rows: list[tuple[int, float, tuple[float, float, float, float]]], more: float
) -> None:
    before = opinion_of(rows, CARD, "m", 0.0)
    after = opinion_of([*rows, (0, more, BOX)], CARD, "m", 0.0)
    assert before.score is not None
    assert after.score is not None
    assert 0 < before.score <= after.score < 1
    assert (before.state, after.state) != ("seen", "clear")
    assert "이상 없" not in after.reason


def test_both_forms_of_output_are_read() -> None:
    from vision.detector import _rows

    end_to_end = np.zeros((300, 6), np.float32)
    end_to_end[0] = (10, 20, 50, 60, 0.9, 2)
    end_to_end[1] = (1, 2, 5, 6, 0.001, 1)
    assert _rows(end_to_end, 3).tolist() == [[10, 20, 50, 60, pytest.approx(0.9), 2]]
    anchors = np.zeros((7, 84), np.float32)
    anchors[:, 5] = (30, 40, 40, 40, 0.1, 0.0, 0.9)
    assert _rows(anchors, 3).tolist() == [[10, 20, 50, 60, pytest.approx(0.9), 2]]
    with pytest.raises(Unavailable, match="출력"):
        _rows(np.zeros((5, 9), np.float32), 3)


# -- the card ------------------------------------------------------------------------------


def test_a_card_comes_back_as_it_was_written(tmp_path: Path) -> None:
    card = replace(CARD, figures={"generated": {"map50": 0.3}}, trained={"epochs": 3})
    card.write(tmp_path / "card.json")
    assert Card.read(tmp_path / "card.json") == card
    assert card.unknown == 1


@pytest.mark.parametrize(
    ("name", "label"),
    [("Scratch", "scratch"), ("crushed-box", "crushed_box"), ("구멍", "hole"),
     ("상자 눌림", "crushed_box"), ("Scratches", "scratch"), ("person", None), ("", None)],
)  # fmt: skip
def test_names_of_other_peoples_weights(name: str, label: str | None) -> None:
    assert as_label(name) == label


def test_the_card_has_the_honest_figures(detector: Detector) -> None:
    tables = detector.card.figures
    drawn, boards, photos = tables["generated"], tables["deeppcb"], tables["photographs"]
    assert set(drawn["ap50"]) == set(DETECTED)
    assert drawn["false_alarms"] <= 0.02
    assert drawn["clean"] >= 300
    assert boards["any_ap50"] is not None
    assert boards["clean"] == 60
    assert photos["false_alarms"] is not None
    assert detector.card.trained["train"] > 0
