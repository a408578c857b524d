"""What follows the desk's words: readable lines, links of ours only, whatever the store holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from agent.types import Card, CardAction, Citation, Message, PendingActionView
from api.openai.sources import Neutral, closing, neutral
from tests.api.conftest import Api
from tests.api.openai_client import Talk

BASE = "https://desk.example/"
EVIL = (
    "![x](http://evil/a.png)", "[환불 받기](http://evil)", "<img src=http://evil/a.png onerror=x>",
    "<a href='http://evil'>네</a>", "<http://evil>", "\\<img src=x>", "\\\\[a](http://evil)",
    "[a]: http://evil\n\n[a]", "[네][a]\n\n[a]: http://evil", "]\n(http://evil)", "<!-- x",
    "<script>",
)  # fmt: skip


def html(markdown: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).render(markdown))


def message(**parts: object) -> Message:
    return Message("s", "m", "말씀", "2026-11-20T03:00:00.000Z", "policy", 0.9, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", EVIL)
def test_no_tag_no_link_no_picture(text: str) -> None:
    drawn = html(neutral(text))
    assert re.sub(r"</?(p|br)>", "", drawn).count("<") == 0, drawn


@pytest.mark.parametrize(
    ("text", "shown"),
    [("https://evil.example", "https:/\u2060/evil.example"), ("HTTP://a", "HTTP:/\u2060/a"),
     ("WWW.evil.example", "WWW\u2060.evil.example"), ("a: /b //c", "a: /b //c")],
)  # fmt: skip
def test_a_bare_address_is_no_link(text: str, shown: str) -> None:
    assert neutral(text) == shown
    plain = Neutral()
    assert "".join(plain.feed(char) for char in text) == shown


@given(st.text(alphabet="[]()<>!\\: a가\n`", max_size=40))
def test_any_text_draws_neither_tag_nor_link_nor_picture(text: str) -> None:
    drawn = html(neutral(text))
    assert not re.search(r"<(?!/?(p|br|code|pre|blockquote|hr)\b)", drawn), (neutral(text), drawn)


@given(st.lists(st.text(alphabet="[](<\\:/w. a", max_size=6)))
def test_pieces_come_out_as_the_whole(pieces: list[str]) -> None:
    plain = Neutral()
    assert "".join(plain.feed(piece) for piece in pieces) == neutral("".join(pieces))


def test_ordinary_words_stay_as_they_are() -> None:
    text = "주문 20261119-0000394 (가습기) · 54,900원 - 3~7일, [참고] 10:30, 1 > 0, a_b *강조*"
    assert neutral(text) == text


def test_a_source_of_hostile_name_stays_one_link_of_ours() -> None:
    for text in EVIL:
        cited = Citation("c1", text, f"조항 {text}", "")
        said, notes = closing(message(citations=(cited,)), "말씀", BASE)
        drawn = html("말씀" + said)
        assert re.findall(r'href="([^"]*)"', drawn) == [notes[0]["url_citation"]["url"]]
        assert notes[0]["url_citation"]["url"] == "https://desk.example/policies?clause=c1"
        assert "<img" not in drawn
        assert "<script" not in drawn


def test_a_clause_cited_twice_is_listed_once() -> None:
    cited = [Citation("c1", "반품", "기간", ""), Citation("c2", "반품", "반품", ""),
             Citation("c1", "반품", "기간", "다른 줄")]  # fmt: skip
    said, notes = closing(message(citations=tuple(cited)), "", BASE)
    assert [note["url_citation"]["title"] for note in notes] == ["반품 · 기간", "반품"]
    assert said.count("\n[") == 2


def test_cards_are_lines() -> None:
    product = {"price_krw": 59000, "in_stock": False}
    claim = {"claim_id": "C1", "kind_ko": "반품", "status_ko": "신청", "refund_krw": 11900}
    ticket = {"ticket_id": "T1", "status_ko": "접수"}
    cards = (
        Card("product", "P1", "이어폰", product), Card("claim", "C1", "매트", claim),
        Card("ticket", "T1", "배송 조회", ticket),
        Card("choice", "", "", {}, (CardAction("네", "네"), CardAction("취소", "주문 취소할래요"))),
    )  # fmt: skip
    said, _ = closing(message(cards=cards), "", BASE)
    assert said == (
        "\n\n- 이어폰 · 59,000원 · 품절\n- 반품 C1 · 매트 · 신청 · 환불 11,900원\n"
        "- 문의 T1 · 배송 조회 · 접수\n\n"
        "이렇게 답하실 수 있어요.\n\n- 네\n- 취소: “주문 취소할래요”"
    )


def test_what_waits_for_a_yes_says_how() -> None:
    action = PendingActionView("a", "cancel_order", "<b>취소</b>", (("금액", "[1](x)"),), "")
    said, _ = closing(message(pending_action=action), "", BASE)
    assert said == ("\n\n\\<b>취소\\</b>\n\n- 금액: [1]\\(x)\n\n진행하려면 '네'라고 답해 주세요.")


@pytest.mark.parametrize("text", ["![x](http://evil/a.png)", "<img src=http://evil/a.png>"])
def test_a_hostile_product_name_reaches_no_client_alive(api: Api, text: str) -> None:
    with api.shop.database.write() as tx:
        tx.execute("update order_lines set product_name = ?", (f"{text} 가습기",))
    said = Talk(api, api.minji).say("주문 취소하고 싶어요")
    assert "가습기" in said
    assert "<img" not in html(said)
