"""Cards: what they show, how many buttons, and that data never becomes mark-up."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from agent.types import Card, CardAction
from ui import cards

ORDER = {
    "order_id": "20261103-0000042",
    "status": "paid",
    "created_at": "2026-11-03T05:10:00.000Z",
    "title": "이어폰",
    "emoji": "🎧",
    "total_krw": 129000,
    "lines": [{"name": "이어폰", "option": "블랙", "quantity": 2, "amount_krw": 129000,
               "claim": None}],
    "delivered_at": None,
}  # fmt: skip
ACTIONS = tuple(CardAction(f"일 {n}", f"말 {n}") for n in range(5))


def draw(card: Card, *, live: bool = True) -> AppTest:
    def script(card, live) -> None:
        import streamlit as st

        from ui import cards

        def press(action) -> None:
            st.session_state["pressed"] = action.message

        cards.card(card, key="k", press=press if live else None)

    return AppTest.from_function(script, kwargs={"card": card, "live": live}).run()


def texts(at: AppTest) -> str:
    return "\n".join(one.value for one in [*at.markdown, *at.caption])


def test_an_order_says_what_when_how_much_and_its_state():
    text = texts(draw(Card("order", "x", "이어폰", ORDER)))
    assert "**이어폰**" in text
    assert "11월 3일(화) 주문" in text
    assert "**129,000원**" in text
    assert "결제완료" in text
    assert "블랙 · 2개" in text


def test_two_buttons_then_a_menu():
    at = draw(Card("order", "x", "이어폰", ORDER, ACTIONS))
    assert [button.label for button in at.button] == ["일 0", "일 1"]
    assert len(at.get("menu_button")) == 1
    at.button[1].click().run()
    assert at.session_state["pressed"] == "말 1"


def test_an_older_card_has_no_buttons():
    at = draw(Card("order", "x", "이어폰", ORDER, ACTIONS), live=False)
    assert not at.button
    assert not at.get("menu_button")


def test_names_are_never_markup():
    nasty = "**굵은** <script>alert(1)</script> [x](http://y) :red[z]"
    data = {**ORDER, "lines": [{**ORDER["lines"][0], "option": nasty}]}
    at = draw(Card("order", "x", nasty, data))
    for one in [*at.markdown, *at.caption]:
        assert not one.allow_html
        assert "<script" not in one.value.replace("\\<", "")
        assert "](http" not in one.value
    assert "\\*\\*굵은" in texts(at)


def test_sixty_letters_and_many_lines():
    lines = [{**ORDER["lines"][0], "name": "아주 긴 상품 이름 " * 6} for _ in range(9)]
    text = texts(draw(Card("order", "x", "아주 긴 이름 " * 10, {**ORDER, "lines": lines})))
    assert "외 6개 상품" in text


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("product", {"name": "이어폰", "emoji": "🎧", "category": "가전", "price_krw": 59000,
                     "in_stock": False, "options": [], "why": "인기 상품"},
         ["59,000원", "품절", "인기 상품"]),
        ("claim", {"order_id": "20261103-0000042", "kind": "return", "status": "requested",
                   "reason": "불량이에요", "refund_krw": 12900, "title": "x",
                   "created_at": "2026-11-03T05:10:00.000Z"},
         ["반품 신청", "불량이에요", "12,900원"]),
        ("ticket", {"subject": "x", "status": "open", "issue_type": "delivery",
                    "created_at": "2026-11-03T05:10:00.000Z"}, ["접수", "배송 문의"]),
        ("quote", {"kind": "return", "goods_krw": 20000, "coupon_krw": 1000, "fee_krw": 3000,
                   "fee_label": "반품 배송비", "refund_krw": 16000, "method_label": "카카오페이"},
         ["−1,000원", "−3,000원", "**16,000원**", "환불 수단: 카카오페이"]),
        ("photo_report", {"verdict": "review", "reasons": ["담당자가 직접 확인할게요."]},
         ["확인이 필요해요", "담당자가 직접 확인할게요", "**제목**"]),
    ],
)  # fmt: skip
def test_every_type_is_drawn(kind, data, words):
    at = draw(Card(kind, "x", "제목", data))
    assert not at.exception
    for word in words:
        assert word in texts(at)


def test_a_choice_is_buttons_and_gone_when_old():
    one = Card("choice", "", "어느 쪽인가요?", {}, ACTIONS[:3])
    assert [button.label for button in draw(one).button] == ["일 0", "일 1", "일 2"]
    assert not draw(one, live=False).button


def test_an_exchange_is_paid_not_refunded():
    rows = cards.figures({"kind": "exchange", "goods_krw": 20000, "fee_krw": 6000,
                          "fee_label": "교환 왕복 배송비", "refund_krw": 0})  # fmt: skip
    assert rows[-2:] == [("교환 왕복 배송비", "6,000원"), ("내실 금액", "6,000원")]


def test_a_sellers_fault_says_who_pays():
    rows = dict(cards.figures({"kind": "return", "goods_krw": 20000, "fee_krw": 0,
                               "fee_label": "판매자 부담", "refund_krw": 20000}))  # fmt: skip
    assert rows["반품·교환 배송비"] == "0원 (판매자 부담)"
    assert rows["환불 금액"] == "20,000원"
