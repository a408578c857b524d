"""One order: what was bought, paid, sent and claimed, and what can be done about it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import NotFound
from services import Services
from ui import cards, claim_dialogs, order_dialogs, states
from ui.dialogs import show_flash
from ui.format import day, plain, when, won
from ui.order_list import ask_about, back_to_list

__all__ = ["draw"]

MISSING = "해당 주문을 찾을 수 없어요"
STEPS = ("paid", "preparing", "shipped", "delivered")


def draw(desk: Services, caller: Caller, order_id: str) -> None:
    """The order of the URL; a missing one and somebody else's look the same."""
    st.button("주문 목록", key="back", icon=":material/arrow_back:", type="tertiary",
              on_click=back_to_list)  # fmt: skip
    try:
        order = desk.tool(caller, "get_order", order_id=order_id)
    except NotFound:
        with st.container(border=True, key="order-missing"):
            st.markdown(f"**{MISSING}**")
            st.caption("주문번호를 다시 확인해 주세요. 목록에서 골라도 돼요.")
        return
    show_flash()
    _head(desk, caller, order)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _lines(order)
        _shipment(order)
        for claim in order.claims:
            _claim(desk, caller, order, claim)
    with right:
        _money(order)
        _address(order)
    order_dialogs.show(desk, caller, order)


def _head(desk: Services, caller: Caller, order: Any) -> None:
    with st.container(key="order-head", gap="small"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            states.badge("order", order.status)
            st.caption(
                f"{when(order.created_at)} 주문 · 주문번호 {plain(order.order_id)}", width="content"
            )
        st.markdown(f"#### {plain(order.title)}", anchors=False)
        _progress(order)
        with st.container(horizontal=True, gap="small", key="order-actions"):
            order_dialogs.buttons(desk, caller, order)
            st.button(
                "상담하기", key="ask", icon=":material/forum:", on_click=ask_about,
                args=(order.order_id,),
            )  # fmt: skip


def _progress(order: Any) -> None:
    """How far the order has come, as words: done, now, to come."""
    if order.status not in STEPS:
        return
    at = STEPS.index(order.status)
    parts = []
    for number, name in enumerate(STEPS):
        state = states.state_of("order", name)
        if number < at:
            parts.append(f":gray[:material/check: {state.word}]")
        elif number == at:
            parts.append(f":{state.colour}[**{state.material} {state.word}**]")
        else:
            parts.append(f":gray[:small[{state.word}]]")
    st.markdown(" :gray[›] ".join(parts))


def _section(title: str, key: str) -> Any:
    place = st.container(border=True, key=key, gap="small")
    place.markdown(f"**{title}**")
    return place


def _lines(order: Any) -> None:
    with _section("주문 상품", "lines"):
        for line in order.lines:
            notes = [f"{plain(line.option_name)} · {line.quantity}개"]
            prefix = f"{words.CLAIM_KIND.get(line.claim_kind or '', '')} "
            cards.thing(
                line.emoji, line.product_name, notes, won(line.amount_krw),
                state=states.chip("claim", line.claim_status, prefix=prefix)
                if line.claim_status else "",
            )  # fmt: skip


def _money(order: Any) -> None:
    with _section("결제", "money"):
        with st.container(gap="xsmall"):
            cards.price_row("상품 금액", won(order.items_krw))
            if order.coupon_krw:
                cards.price_row("쿠폰 할인", won(-order.coupon_krw))
            cards.price_row("배송비", won(order.shipping_krw) if order.shipping_krw else "무료")
            paid = order.paid_krw > 0
            cards.price_row("결제 금액" if paid else "입금하실 금액", won(order.total_krw),
                            strong=True)  # fmt: skip
        for payment in order.payments:
            refund = payment.kind == "refund"
            label = "환불 완료" if refund else "결제"
            colour, icon = ("green", "currency_exchange") if refund else ("gray", "credit_card")
            with st.container(horizontal=True, wrap=False, gap="small"):
                with st.container(gap="xxsmall"):
                    st.markdown(f":{colour}[:material/{icon}: {label}]")
                    st.caption(f"{plain(payment.label)} · {when(payment.created_at)}")
                amount = won(-payment.amount_krw if refund else payment.amount_krw)
                st.markdown(f"**{amount}**", width="content", text_alignment="right")


def _address(order: Any) -> None:
    with _section("받는 곳", "address"), st.container(gap="xxsmall"):
        st.markdown(f"{plain(order.recipient)} :gray[{plain(order.phone)}]")
        st.markdown(plain(f"{order.road} {order.detail}"))
        if order.zip:
            st.caption(f"우편번호 {plain(order.zip)}")
        if order.memo:
            st.caption(f"배송 메모: {plain(order.memo)}")


def _shipment(order: Any) -> None:
    shipment = order.shipment
    if shipment is None:
        return
    with _section("배송", "shipment"):
        st.caption(f"{plain(shipment.carrier)} · 운송장 {plain(shipment.tracking_no)}")
        with st.container(gap="xsmall"):
            for number, event in enumerate(reversed(shipment.events)):
                mark = ":blue[:material/radio_button_checked:]" if number == 0 else (
                    ":gray[:material/radio_button_unchecked:]"
                )  # fmt: skip
                with st.container(horizontal=True, wrap=False, gap="small"):
                    st.markdown(mark, width="content")
                    with st.container(gap=None):
                        text = plain(event.text)
                        st.markdown(f"**{text}**" if number == 0 else text)
                        place = f" · {plain(event.place)}" if event.place else ""
                        st.caption(f"{when(event.at)}{place}")


def _claim(desk: Services, caller: Caller, order: Any, claim: Any) -> None:
    kind = words.CLAIM_KIND.get(claim.kind, "")
    names = {line.line_id: line.product_name for line in order.lines}
    with _section(f"{kind} 신청", f"claim-{claim.claim_id}"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            states.badge("claim", claim.status, prefix=f"{kind} ")
            st.caption(f"{day(claim.created_at)} 신청", width="content")
        for line in claim.lines:
            st.markdown(f"{plain(names.get(line.line_id, ''))} :gray[{line.quantity}개]")
        reason = words.REASON.get(claim.reason_code, "")
        told = f" · {plain(claim.reason_text)}" if claim.reason_text else ""
        st.caption(f"사유: {reason}{told}")
        if claim.note:
            st.info(plain(claim.note), icon=":material/chat:")
        with st.expander(
            "금액 자세히 보기", expanded=claim.status not in ("completed", "withdrawn")
        ):
            cards.bill(claim.quote)
        if claim.status in ("requested", "approved"):
            st.button(
                f"{kind} 신청 철회", key=f"withdraw-{claim.claim_id}",
                on_click=claim_dialogs.ask_withdraw, args=(claim.claim_id,),
            )  # fmt: skip
