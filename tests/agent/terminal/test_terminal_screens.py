"""What a turn looks like: plain lines, one JSON object, boxes; and that text stays text."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import get_args, get_type_hints

import pytest
from rich.cells import cell_len

from agent.terminal.screens import Screen, open_screen
from agent.terminal.text import clean, json_text, one_line
from agent.types import (
    Card,
    CardAction,
    Citation,
    Delta,
    Done,
    ErrorEvent,
    Event,
    Message,
    PendingActionView,
    Status,
)
from tests.conftest import ROOT

ORDER = {
    "order_id": "20261103-0000042", "status": "paid", "status_ko": "결제완료",
    "created_at": "2026-11-03T05:10:00.000Z", "title": "이어폰", "emoji": "🎧",
    "total_krw": 129000, "delivered_at": None, "carrier": None, "tracking_no": None,
    "lines": [{"line_id": 1, "name": "이어폰", "option": "블랙", "quantity": 2,
               "amount_krw": 129000, "claim": ["return", "requested"]}],
}  # fmt: skip
PRODUCT = {
    "product_id": "p_1", "name": "텀블러", "emoji": "🥤", "category": "주방", "price_krw": 18900,
    "in_stock": False, "why": "찾으신 색", "rating": 4.5, "reviews": 1234,
    "options": [{"name": n, "stock": 1, "extra_krw": 0} for n in ("흰색", "검정")],
}  # fmt: skip
CLAIM = {
    "claim_id": "c_1", "order_id": "20261103-0000042", "kind": "return", "kind_ko": "반품",
    "status": "approved", "status_ko": "승인", "reason": "불량이에요", "refund_krw": 30000,
    "created_at": "2026-11-03T05:10:00.000Z", "title": "이어폰",
}  # fmt: skip
TICKET = {
    "ticket_id": "t_1", "subject": "늦어요", "status": "open", "status_ko": "접수",
    "issue_type": "delivery", "created_at": "2026-11-03T16:10:00.000Z", "updated_at": None,
}  # fmt: skip
PHOTO = {
    "verdict": "damage", "verdict_ko": "문제가 보여요", "reasons": ["가운데가 달라요."],
    "findings": [{"label_ko": "깨짐", "confidence": 0.82, "box": [0.4, 0.4, 0.6, 0.6]}],
    "judges": [{"judge_ko": "상품 사진 비교", "share_ko": "판단 비중 90%, 의심을 높임"}],
}  # fmt: skip
CANCEL = CardAction("주문 취소", "20261103-0000042 주문 취소할게요")
CARDS = (
    Card("order", "20261103-0000042", "이어폰", ORDER, (CANCEL,)),
    Card("product", "p_1", "텀블러", PRODUCT),
    Card("claim", "c_1", "이어폰", CLAIM, (CardAction("신청 철회", "철회할게요"),)),
    Card("ticket", "t_1", "늦어요", TICKET),
    Card("photo_report", "pr_1", "텀블러", PHOTO),
    Card("choice", "", "어떤 거요?", {}, (CardAction("반품", "반품이요"),)),
)
PENDING = PendingActionView(
    "act_1", "cancel_order", "주문을 취소할까요?", (("환불 금액", "129,000원"),), "2026-11-20"
)
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HOSTILE = "[bold]굵게[/bold] \x1b[31m빨강\x1b[0m \x9b2J\x07\x08\r\x7f\u202e끝 :smile: [link=x]y"


def message(text: str, **changes: object) -> Message:
    return Message("s_1", "m_1", text, "2026-11-20T03:00:00.000Z", "policy", 0.9, **changes)  # type: ignore[arg-type]


def show(screen: Screen, *events: Event) -> None:
    for event in events:
        screen.show(event)
    screen.end()


def turn(text: str, **changes: object) -> list[Event]:
    pieces = [Delta(piece) for piece in re.findall(r"\S+\s*", text)]
    done = Done(datetime(2026, 11, 20, tzinfo=UTC))
    return [Status("확인하고 있어요", "s_1"), *pieces, message(text, **changes), done]


class Terminal(io.StringIO):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


Draw = Callable[..., str]


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Shows events in a terminal; what was written to it."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def drawn(*events: Event, numbered: bool = False, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        with redirect_stdout(Terminal()) as out:
            show(open_screen(as_json=False, numbered=numbered), *events)
        return out.getvalue()

    return drawn


def test_plain_lines_have_neither_colour_nor_boxes(capsys: pytest.CaptureFixture[str]) -> None:
    cite = Citation("c#1", "반품 안내", "기한", "7일")
    events = turn("네, 7일이에요.", cards=CARDS, citations=(cite,), pending_action=PENDING)
    show(open_screen(as_json=False, numbered=False), *events)
    assert capsys.readouterr().out.splitlines() == [
        "네, 7일이에요.",
        "  [20261103-0000042] 이어폰 결제완료",
        "    · 주문 취소: 20261103-0000042 주문 취소할게요",
        "  [p_1] 텀블러",
        "  [c_1] 이어폰 승인",
        "    · 신청 철회: 철회할게요",
        "  [t_1] 늦어요 접수",
        "  [pr_1] 텀블러 문제가 보여요",
        "    · 반품: 반품이요",
        "  근거: 반품 안내 · 기한",
        "  환불 금액: 129,000원",
        "  확인하려면: --session s_1 --confirm act_1",
    ]


RECEIPT = "상담원에게 전했어요."
SILENT: list[Event] = [Status("확인하고 있어요", "s_1"), message(RECEIPT, handoff=True)]


def test_a_receipt_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    screen = open_screen(as_json=False, numbered=False)
    for events in (SILENT, turn("네."), SILENT):  # a person answers what comes without pieces
        show(screen, *events)
    assert capsys.readouterr().out.splitlines() == [RECEIPT, "네.", RECEIPT]


def test_a_receipt_takes_the_place_of_the_waiting_line(draw: Draw) -> None:
    text = ANSI.sub("", draw(*SILENT, *turn("네.")))
    assert text.count(RECEIPT) == 1
    assert text.splitlines()[-1].endswith("네.")


def test_boxes_are_straight_with_wide_letters(draw: Draw) -> None:
    events = turn("찾았어요.", cards=CARDS, pending_action=PENDING)
    text = ANSI.sub("", draw(*events, numbered=True).split("찾았어요.")[-1])
    framed = [line for line in text.splitlines() if line[:1] in "╭│╰┏┃┗" and line]
    assert len(framed) > 15
    assert {cell_len(line) for line in framed} == {72}
    for shown in ("결제완료", "129,000원", "11월 3일(화) 주문", "블랙 · 2개", "반품 신청", "품절",
                  "18,900원", "★ 4.5 · 리뷰 1,234개", "찾으신 색", "반품 승인", "30,000원",
                  "불량이에요", "접수", "배송 문의", "11월 4일(수)", "1 주문 취소", "2 신청 철회",
                  "3 반품", "어떤 거요?", "환불 금액", "네 / 아니요"):  # fmt: skip
        assert shown in text, shown


def test_every_type_of_card_is_drawn() -> None:
    assert {card.type for card in CARDS} == set(get_args(get_type_hints(Card)["type"]))


def test_a_change_says_how_to_confirm_it_with_the_next_call(draw: Draw) -> None:
    text = ANSI.sub("", draw(*turn("취소할까요?", pending_action=PENDING), columns=40))
    assert "확인하려면: --session s_1 --confirm act_1" in text


def test_a_card_of_a_newer_server_shows_its_title(draw: Draw) -> None:
    strange = Card("order", "20261103-0000042", "이어폰", {"total_krw": {"won": 3}})
    text = draw(*turn("네.", cards=(strange,)))
    assert "이어폰" in text
    assert "20261103-0000042" in text


def test_words_are_not_cut_at_the_edge(draw: Draw) -> None:
    text = "반품은 상품을 받은 날부터 칠일 안에 신청해 주시면 됩니다. 감사합니다."
    lines = ANSI.sub("", draw(*turn(text)[1:], columns=30)).splitlines()
    assert len(lines) > 2
    assert all(cell_len(line.rstrip()) <= 30 for line in lines)
    assert [word for line in lines for word in line.split()] == text.split()


def hostile_turn() -> list[Event]:
    card = Card("order", HOSTILE, HOSTILE, {**ORDER, "status_ko": HOSTILE, "order_id": HOSTILE},
                (CardAction(HOSTILE, HOSTILE),))  # fmt: skip
    action = PendingActionView(HOSTILE, "x", HOSTILE, ((HOSTILE, HOSTILE),), "")
    cite = Citation("c", HOSTILE, HOSTILE, HOSTILE)
    rest = {"cards": (card,), "citations": (cite,), "pending_action": action}
    return [Status(HOSTILE, "s_1"), *turn(HOSTILE, **rest), ErrorEvent("x", HOSTILE)]


@pytest.mark.parametrize("numbered", [True, False])
def test_nothing_said_steers_a_terminal(
    draw: Draw, capsys: pytest.CaptureFixture[str], numbered: bool
) -> None:
    text = draw(*hostile_turn(), numbered=numbered)
    ours = ANSI.sub("", text)  # rich's own colours and cursor
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", ours)
    assert "\x1b[31m" not in text
    assert "[bold]굵게[/bold]" in ours  # shown as it was said, not obeyed
    assert ":smile:" in ours
    assert "\x1b" not in capsys.readouterr().err


def test_nothing_said_steers_what_reads_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show(open_screen(as_json=False, numbered=False), *hostile_turn())
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_json_is_the_same_object_without_raw_controls(capsys: pytest.CaptureFixture[str]) -> None:
    said = message(HOSTILE + "\ud800")
    show(open_screen(as_json=True, numbered=False), Delta("x"), said)
    out = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800]", out)
    assert json.loads(out) == json.loads(json.dumps(said.as_json()))


def test_clean_keeps_what_is_written() -> None:
    assert clean("가\n나\t다 👩‍💻") == "가\n나\t다 👩‍💻"
    assert one_line(" 가\n나\r\n다\x1b ") == "가 나 다"
    assert json.loads(json_text({"a": "\x9b\u2028"})) == {"a": "\x9b\u2028"}


def test_an_error_midway_begins_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show(open_screen(as_json=False, numbered=False), Delta("반품은 "), ErrorEvent("x", "끊겼어요"))
    said = capsys.readouterr()
    assert (said.out, said.err) == ("반품은 \n", "끊겼어요\n")


def test_rich_is_not_loaded_for_other_commands() -> None:
    code = "import sys, agent.__main__; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
