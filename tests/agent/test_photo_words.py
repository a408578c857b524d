"""What a report comes to in words: named with how sure and where, never that nothing is wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cards import photo_card
from agent.guardrails.evidence import Evidence
from agent.guardrails.output import check_output
from agent.prompts import Prompts
from agent.shop.words import REASON
from agent.terminal.cards import card_box
from agent.tools.photo_words import (
    found_line,
    looks,
    note_line,
    retake_advice,
    seen_words,
    told_line,
)
from agent.tools.photos import PhotoReport
from agent.triage.summary import MOST_CHARS, with_note
from store.photos import StoredReport
from tests.conftest import ROOT
from tests.photo_desk import report
from vision.labels import LABELS, REASON_OF, Label
from vision.types import Finding, Quality, Report, Verdict

NOTHING = ("이상 없", "이상이 없", "문제없", "문제가 없", "손상 없", "손상이 없", "정상")
shares = st.floats(0, 1, allow_nan=False)
labels = st.sampled_from(sorted(LABELS))
verdicts = st.sampled_from(["retake", "review", "damage"])
reports = st.builds(report, verdicts, labels, shares)


@given(st.lists(reports, max_size=4), st.integers(0, 5))
def test_no_line_says_that_nothing_is_wrong(found: list[Report], photos: int) -> None:
    lines = [found_line(found, photos), note_line(found, photos), told_line(found)]
    lines += [words for one in found for words in (looks(one), *seen_words(one))]
    assert not [word for word in NOTHING for line in lines if word in line]
    if photos and not any(one.verdict == "damage" for one in found):
        assert "사진 확인 필요" in note_line(found, photos)


def test_no_reply_says_that_nothing_is_wrong() -> None:
    for words in Prompts.load(ROOT / "agent" / "prompts").templates():
        assert not [word for word in NOTHING[:6] if word in words], words


@given(labels, shares)
def test_damage_is_named_with_how_sure_and_where(label: Label, sure: float) -> None:
    one = report("damage", label, sure)
    words = f"{LABELS[label]} {round(sure * 100)}% (가운데)"
    assert seen_words(one) == (words,)
    assert found_line([one], 1) == f"사진 확인: {words}"
    assert f"{round(sure * 100)}%" in looks(one)
    assert REASON_OF[label] in REASON


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ("택배 상자가 찌그러져서 왔어요", "상자 모서리를"),
        ("박스 모서리가 다 눌려 있어요", "상자 모서리를"),
        ("손잡이가 깨졌어요", "손잡이를"),
        ("화면 쪽에 금이 갔어요", "화면을"),
        ("상자는 멀쩡한데 컵이 깨졌어요", "문제가 있는 곳을"),
        ("뚜껑이 없어요", "문제가 있는 곳을"),
        ("깨져서 왔어요", "문제가 있는 곳을"),
    ],
)
def test_the_next_photo_is_of_the_part_that_was_told(told: str, what: str) -> None:
    dark = Quality(False, 1, 0, 1, 1, ("dark",), ("조금 더 밝은 곳에서 찍어 주세요.",))
    one = replace(report("retake"), quality=dark)
    assert retake_advice(one, told) == f"조금 더 밝은 곳에서 {what} 가까이 찍어 주세요."


def test_a_good_photo_that_fits_no_catalogue_picture_keeps_its_own_advice() -> None:
    good = Quality(True, 1, 1, 1, 1)
    one = replace(report("retake"), quality=good, reasons=("정면에서 다시 찍어 주세요.",))
    assert retake_advice(one, "손잡이가 깨졌어요") == "정면에서 다시 찍어 주세요."


def test_the_detector_alone_is_named_nowhere() -> None:
    hint = Finding("scratch", 0.5, (0.1, 0.1, 0.2, 0.2), ("detector",))
    plain = report("damage", "dent", 0.8)
    with_hint = replace(plain, findings=(hint, *plain.findings))
    assert seen_words(with_hint) == ("찌그러짐 80% (가운데)",)
    assert "긁힌" not in looks(with_hint)


@given(st.text(max_size=200), st.sampled_from(["", "사진: 깨짐 82% (가운데)", "사진 확인 필요"]))
def test_a_summary_keeps_what_the_photos_show(line: str, note: str) -> None:
    told = with_note(line, note)
    assert told.endswith(note)
    if note:
        assert len(told) <= MOST_CHARS
        assert line[:20] in told or len(line) < 20


def kept(verdict: Verdict) -> PhotoReport:
    made = report(verdict)
    return PhotoReport(
        StoredReport(
            "pr_1", "img_1", "user_001", "s_1", "20261116-0000363", "l_1", "P2006", "P2006-WH-250",
            "", verdict, made.score, made.as_dict(), "user_001", "chat", "2026-11-20T03:00:00.000Z",
        ),
        made,
    )  # fmt: skip


def test_the_card_is_plain_and_drawn_in_a_terminal() -> None:
    from rich.console import Console

    for verdict, words in (
        ("damage", ["문제가 보여요", "깨짐 82%", "가로 40~60%, 세로 40~60%", "가운데가 달라요"]),
        ("review", ["확인이 필요해요"]),
        ("retake", ["판단이 어려워요", "조금 더 밝은 곳에서"]),
    ):
        card = photo_card(kept(verdict), "운동화")  # type: ignore[arg-type]  # a verdict
        assert json.loads(json.dumps(card.data)) == card.data
        console = Console(record=True, width=100)
        console.print(card_box(card))
        shown = console.export_text()
        assert not [word for word in words if word not in shown], shown


def test_the_pixels_of_a_photo_are_no_money() -> None:
    told = Evidence.collect([looks(report("damage", size=12900)), "사진 2장"])
    assert not check_output("12,900원을 돌려드려요.", told).ok
    assert check_output("사진은 깨진 것처럼 보여요(82%).", told).ok
    assert not check_output("사진은 깨진 것처럼 보여요(97%).", told).ok
