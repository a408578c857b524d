"""The fusion's promises, for whatever the judges may say."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import BadInput
from vision.fusion.join import CAP, contributions, fuse, merge, probability_of, score_of
from vision.fusion.weights import Curve, Weights, shipped
from vision.labels import DETECTED, LABELS, REASON_OF
from vision.phrases import NOT_ALIGNED, place_of
from vision.types import Box, Finding, Judge, Opinion, OpinionState, Quality, Report
from vision.wire import report_json

GOOD = Quality(True, 1.0, 1.0, 1.0, 1.0)
BLURRED = Quality(False, 0.0, 1.0, 1.0, 1.0, ("blurred",), ("초점을 맞춰 주세요.",))
EMPTY = Quality(False, 1.0, 1.0, 1.0, 0.0, ("plain",), ("상품이 나오게 찍어 주세요.",))
PLACE: Box = (0.7, 0.1, 0.9, 0.3)
SIZE = (640, 480)
LARGE = Finding("broken", 0.97, (0.6, 0.05, 0.95, 0.35), ("reference",))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x, y = draw(st.floats(0, 0.9)), draw(st.floats(0, 0.9))
    return x, y, draw(st.floats(x + 0.01, 1.0)), draw(st.floats(y + 0.01, 1.0))


@st.composite
def opinions(draw: st.DrawFn, judge: Judge) -> Opinion:
    state: OpinionState = draw(st.sampled_from(["seen", "clear", "unsure", "absent"]))
    names = DETECTED if judge == "detector" else tuple(LABELS)
    rows = st.builds(Finding, st.sampled_from(names), st.floats(0, 1), boxes(), st.just((judge,)))
    findings = draw(st.lists(rows, min_size=1, max_size=4)) if state == "seen" else []
    score = draw(st.floats(0, 1)) if state in ("seen", "clear") else None
    return Opinion(judge, state, score, tuple(findings))


QUALITIES = st.sampled_from([GOOD, BLURRED, EMPTY])


def finding(judge: Judge, sure: float = 0.9, box: Box = PLACE) -> Finding:
    return Finding("broken", sure, box, (judge,))


def said(judge: Judge, score: float, *findings: Finding) -> Opinion:
    return Opinion(judge, "seen" if findings else "clear", score, findings)


def report(*said_: Opinion, quality: Quality = GOOD) -> Report:
    return fuse(quality, said_, size_px=SIZE)


@given(QUALITIES, opinions("reference"), opinions("detector"), opinions("llm"))
def test_every_report_keeps_its_promises(
    quality: Quality, one: Opinion, two: Opinion, three: Opinion
) -> None:
    found = report(one, two, three, quality=quality)
    assert found.reasons
    told = json.dumps(report_json(found), ensure_ascii=False)
    assert "이상 없" not in told
    assert "이상이 없" not in told
    for each in found.findings:
        assert 0 <= each.box[0] < each.box[2] <= 1
        assert 0 <= each.box[1] < each.box[3] <= 1
        assert 0 <= each.confidence <= 0.97
        assert each.judges != ("detector",) or each.confidence <= 0.5
    assert (found.recommendation is not None) == (found.verdict == "damage")
    assert (found.verdict == "retake") <= (found.score is None)
    assert found.score is None or 0 <= found.score <= 1
    assert [row.confidence for row in found.findings] == sorted(
        (row.confidence for row in found.findings), reverse=True
    )
    assert Report.from_dict(json.loads(json.dumps(found.as_dict()))) == found


@given(QUALITIES, opinions("detector"), st.sampled_from(["clear", "unsure", "absent"]))
def test_the_detector_alone_never_gives_ground_for_a_claim(
    quality: Quality, hint: Opinion, state: str
) -> None:
    score = 0.4 if state == "clear" else None
    beside = Opinion("reference", state, score)  # type: ignore[arg-type]
    assert report(beside, hint, quality=quality).verdict != "damage"


@given(opinions("detector"), st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_a_stronger_difference_never_lowers_the_score(hint: Opinion, scores: list[float]) -> None:
    rows = [said("reference", score, finding("reference")) for score in sorted(scores)]
    joined = [score_of((row, hint), shipped()) or 0.0 for row in rows]
    assert all(low <= high + 1e-9 for low, high in pairwise(joined))


@given(opinions("reference"), opinions("detector"))
def test_no_finding_of_the_comparison_is_lost(one: Opinion, two: Opinion) -> None:
    kept = [each.box for each in merge((one, two), shipped()) if "reference" in each.judges]
    assert sorted(kept) == sorted(each.box for each in one.findings)


def test_a_strong_difference_gives_a_draft_with_its_reason() -> None:
    found = report(said("reference", 1.0, LARGE), said("detector", 0.1))
    assert found.verdict == "damage"
    assert found.recommendation is not None
    assert found.recommendation.reason_code == REASON_OF["broken"]
    assert "상품 사진과 견주어 보니 오른쪽 위가 달라요. 깨진 것처럼 보여요." in found.reasons


def test_an_unsure_name_is_not_told() -> None:
    unsure = replace(LARGE, named=0.4)
    found = report(said("reference", 1.0, unsure), said("detector", 0.1))
    assert found.findings[0].label == "broken"
    assert "상품 사진과 견주어 보니 오른쪽 위가 달라요." in found.reasons
    # A language model that looks at the same place may know.
    named = Finding("crack", 0.9, LARGE.box, ("llm",))
    told = report(said("reference", 1.0, unsure), said("llm", 0.9, named))
    assert (told.findings[0].label, told.findings[0].judges) == ("crack", ("reference", "llm"))
    kept = report(said("reference", 1.0, LARGE), said("llm", 0.9, named))
    assert kept.findings[0].label == "broken"


def test_the_bar_for_a_claim_may_lie_above_what_is_ever_told() -> None:
    strong = (said("reference", 1.0, finding("reference", 1.0)), said("detector", 0.1))
    sure = probability_of(strong, shipped())
    assert sure is not None
    for bar, verdict in ((sure - 1e-6, "damage"), (min(sure + 1e-6, 1.0), "review")):
        found = fuse(GOOD, strong, size_px=SIZE, weights=replace(shipped(), damage_at=bar))
        assert found.verdict == verdict
        assert found.score == pytest.approx(min(sure, CAP))


def test_the_detector_confirms_and_is_named() -> None:
    there = finding("detector", 0.8, (0.68, 0.08, 0.92, 0.32))
    plain = report(said("reference", 0.9, finding("reference")), said("detector", 0.9))
    found = report(said("reference", 0.9, finding("reference")), said("detector", 0.9, there))
    assert len(found.findings) == 1
    assert found.findings[0].judges == ("reference", "detector")
    assert found.findings[0].box == PLACE
    assert found.findings[0].confidence >= plain.findings[0].confidence
    assert "참고로 돌려 본 자동 검사도 같은 곳을 가리켜요." in found.reasons


def test_the_shipped_detector_is_called_an_example() -> None:
    there = finding("detector", 0.8)
    hint = replace(said("detector", 0.9, there), reason="예시 모델 (합성 이미지로 학습): …")
    found = report(said("reference", 0.9, finding("reference")), hint)
    assert "참고로 돌려 본 자동 검사도 같은 곳을 가리켜요." in found.reasons
    assert report_json(found)["judges"][1]["judge_ko"] == "검출 모델(예시)"


def test_a_hint_alone_calls_a_person() -> None:
    found = report(Opinion("reference", "unsure"), said("detector", 0.99, finding("detector")))
    assert found.verdict == "review"
    assert any("참고로" in reason for reason in found.reasons)
    assert found.score is not None
    assert found.score <= 0.5


def test_a_hint_elsewhere_does_not_lift_a_weak_difference() -> None:
    weak = said("reference", shipped().reference_seen_at, finding("reference"))
    elsewhere = said("detector", 1.0, finding("detector", 0.99, (0.0, 0.8, 0.1, 0.9)))
    alone = report(weak, Opinion("detector", "absent"))
    assert alone.verdict == "review"
    assert report(weak, elsewhere).verdict == "review"


def test_nothing_found_is_for_a_person_not_an_all_clear() -> None:
    found = report(said("reference", 0.0), said("detector", 0.0))
    assert found.verdict == "review"
    clear = "상품 사진과 견주었지만 뚜렷하게 다른 곳은 찾지 못했어요."
    assert found.reasons == (clear, "담당자가 직접 확인할게요.")
    alone = report(Opinion("reference", "absent"), said("detector", 0.0))
    assert "사진에서는 뚜렷한 손상을 찾지 못했어요. 담당자가 직접 확인할게요." in alone.reasons


def test_what_cannot_be_compared_is_asked_for_again() -> None:
    unsure = Opinion("reference", "unsure")
    found = report(unsure, said("detector", 0.0))
    assert found.verdict == "retake"
    assert found.reasons == (NOT_ALIGNED,)
    absent = Opinion("reference", "absent")
    assert report(absent, said("detector", 0.0)).verdict == "review"


def test_a_bad_photo_is_asked_for_again_unless_damage_shows() -> None:
    clear = (said("reference", 0.0), said("detector", 0.0))
    found = report(*clear, quality=BLURRED)
    assert found.verdict == "retake"
    assert found.reasons[-1] == "문제가 있는 곳을 가까이 흔들리지 않게 찍어 주세요."
    strong = (said("reference", 1.0, LARGE), said("detector", 0.1))
    assert report(*strong, quality=BLURRED).verdict == "review"
    # What the comparison could align is not empty, whatever the frame looks like.
    assert report(*strong, quality=EMPTY).verdict == "damage"


def test_another_product_is_its_own_ground() -> None:
    other = Finding("wrong_item", 0.95, (0.1, 0.1, 0.9, 0.9), ("reference",))
    found = report(Opinion("reference", "seen", None, (other,)), said("detector", 0.0))
    assert found.verdict == "damage"
    assert found.recommendation is not None
    assert found.recommendation.reason_code == "wrong_item"
    assert found.score == pytest.approx(0.95)
    hint = said("detector", 0.9, finding("detector", 0.8, (0.2, 0.2, 0.4, 0.4)))
    beside = report(Opinion("reference", "seen", None, (other,)), hint)
    assert not any("같은 곳" in reason for reason in beside.reasons)
    weak = replace(other, confidence=0.2)
    assert report(Opinion("reference", "seen", None, (weak,))).verdict == "review"


def test_a_sure_language_model_can_give_ground_and_a_doubtful_one_cannot() -> None:
    beside = (Opinion("reference", "absent"), said("detector", 0.3))
    assert report(*beside, said("llm", 0.95, finding("llm"))).verdict == "damage"
    assert report(*beside, said("llm", 0.7, finding("llm"))).verdict == "review"


def test_each_judge_is_told_its_share() -> None:
    found = report(
        said("reference", 1.0, finding("reference")),
        said("detector", 0.9, finding("detector")),
        Opinion("llm", "absent"),
    )
    rows = contributions(found)
    assert rows[0].judge == "reference"
    assert sum(row.share for row in rows) == pytest.approx(1.0)
    assert {row.judge for row in rows} == {"reference", "detector"}
    assert "의심을 높임" in rows[0].words


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0.0, 0.0, 0.2, 0.2), "왼쪽 위"), ((0.4, 0.4, 0.6, 0.6), "가운데"),
        ((0.8, 0.4, 1.0, 0.6), "오른쪽"), ((0.4, 0.8, 0.6, 1.0), "아래쪽"),
        ((0.4, 0.0, 0.6, 0.1), "위쪽"),
    ],
)  # fmt: skip
def test_places_in_words(box: Box, words: str) -> None:
    assert place_of(box) == words


def test_weights_survive_their_file_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "fusion.json"
    file.write_text(json.dumps(shipped().as_dict()), "utf-8")
    assert Weights.read(file).as_dict() == shipped().as_dict()
    file.write_text("{}", "utf-8")
    with pytest.raises(BadInput, match="판정 가중치"):
        Weights.read(file)


def test_a_curve_rises_along_its_knots() -> None:
    curve = Curve((0.0, 0.5), (2.0, 4.0), missing=-1.0)
    assert curve.at(0.0) == 0.0
    assert curve.at(0.5) == pytest.approx(1.0)
    assert curve.at(1.0) == pytest.approx(3.0)
    assert curve.at(None) == -1.0
