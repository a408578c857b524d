"""One order: what was bought, paid, sent and claimed, and what can be done about it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import NotFound
from services import Services
from ui import cards, claim_dialogs, claim_photos, order_dialogs, states
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
        _money(desk, caller, order)
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
            cards.thing(
                line.emoji, line.product_name, notes, won(line.amount_krw),
                state=_line_state(order, line),
            )  # fmt: skip


def _line_state(order: Any, line: Any) -> str:
    """What became of a line's pieces, claim by claim: "3개 중 1개 반품 수거 중"."""
    chips = []
    for claim in order.claims:
        count = sum(part.quantity for part in claim.lines if part.line_id == line.line_id)
        if not count or claim.status in cards.CAME_TO_NOTHING:
            continue
        of = f"{line.quantity}개 중 {count}개 " if count < line.quantity else ""
        kind = words.CLAIM_KIND.get(claim.kind, "")
        chips.append(states.chip("claim", claim.status, prefix=f"{of}{kind} "))
    if chips and 0 < line.kept < line.quantity:
        chips.append(f":small[:gray[남은 {line.kept}개]]")
    if not chips and line.claim_status:
        prefix = f"{words.CLAIM_KIND.get(line.claim_kind or '', '')} "
        chips.append(states.chip("claim", line.claim_status, prefix=prefix))
    return " ".join(chips)


def _money(desk: Services, caller: Caller, order: Any) -> None:
    with _section("결제", "money"):
        with st.container(gap="xsmall"):
            cards.price_row("상품 금액", won(order.items_krw))
            if order.coupon_krw:
                cards.price_row("쿠폰 할인", won(-order.coupon_krw))
            cards.price_row("배송비", won(order.shipping_krw) if order.shipping_krw else "무료")
            due = desk.due_krw(order)
            if due != order.total_krw:
                cards.price_row("입금 전에 취소한 금액", won(due - order.total_krw))
            label = "결제 금액" if order.paid_krw else "입금하실 금액"
            cards.price_row(label, won(due), strong=True)
        for payment in order.payments:
            label, colour, icon = _LEDGER[payment.kind]
            back = payment.kind != "payment"
            amount = won(-payment.amount_krw if back else payment.amount_krw)
            note = f"{plain(payment.label)} · {when(payment.created_at)}"
            _entry(f":{colour}[:material/{icon}: {label}]", note, amount)
        for state in desk.tool(caller, "refund_state", order_id=order.order_id):
            _refund(state)


# What a row of the ledger is called, its colour and its icon.
_LEDGER = {
    "payment": ("결제", "gray", "credit_card"),
    "refund": ("환불 완료", "green", "currency_exchange"),
    "interest": ("지연이자 지급", "green", "percent"),
}


def _entry(title: str, note: str, amount: str) -> None:
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, wrap=False, gap="small"):
            st.markdown(title, width="content")
            st.markdown(f"**{amount}**", width="stretch", text_alignment="right")
        st.caption(note)


def _refund(state: Any) -> None:
    """A refund that is still to come, or until when a card shows the one that was paid."""
    if state.status == "paid":
        if state.card_until:
            st.caption(f"카드사에 따라 {day(state.card_until)}까지 보일 수 있어요.")
        return
    until = f" · {day(state.due)}까지" if state.due else ""
    note = plain(state.method_label)
    if state.status == "waiting":
        note += " · 승인되면 바로" if state.kind == "cancel" else " · 상품이 도착하면"
    title = f":orange[:material/hourglass_bottom: 환불 예정{until}]"
    _entry(title, note, won(-state.amount_krw))
    if state.interest_krw:
        st.caption(f"늦어진 만큼 지연이자 {won(state.interest_krw)}도 더해 드려요(오늘까지).")


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
        claim_photos.show(desk, caller, claim.photos)
        with st.expander(
            "금액 자세히 보기", expanded=claim.status not in ("completed", "withdrawn")
        ):
            cards.bill(claim.quote)
        if claim.status in ("requested", "approved"):
            st.button(
                f"{kind} 신청 철회", key=f"withdraw-{claim.claim_id}",
                on_click=claim_dialogs.ask_withdraw, args=(claim.claim_id,),
            )  # fmt: skip
