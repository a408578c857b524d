"""The order and the claims of an open ticket, with what staff may do about them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import NotFound
from services import Services
from ui import cards, claim_desk, states
from ui.desk import ticket_exceptions, ticket_save
from ui.desk.ticket_save import Deed
from ui.format import day, plain, short, when, won

__all__ = ["draw"]


def draw(desk: Services, caller: Caller, ticket: Any, base: Any) -> None:
    """The ticket's order with its claims; without one, the customer's newest to choose from."""
    order_id = ticket.order_id or _order_of_claim(desk, caller, ticket)
    if order_id is None:
        _choose(desk, caller, ticket, base)
        return
    try:
        order = desk.tool(caller, "get_order", order_id=order_id)
    except NotFound:
        st.caption("연결된 주문을 찾을 수 없어요. 정보 고치기에서 다시 골라 주세요.")
        return
    with st.container(border=True, key="desk-order", gap="small"):
        _order(order)
    # The claim that the ticket is about comes first, then the newest.
    claims = sorted(order.claims, key=lambda one: one.created_at, reverse=True)
    for claim in sorted(claims, key=lambda one: one.claim_id != ticket.claim_id):
        _claim(desk, caller, order, claim)
    ticket_exceptions.new_claim(desk, caller, order, base)


def _order_of_claim(desk: Services, caller: Caller, ticket: Any) -> str | None:
    if not ticket.claim_id:
        return None
    try:
        return str(desk.tool(caller, "get_claim", claim_id=ticket.claim_id).order_id)
    except NotFound:
        return None


def _order(order: Any) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        states.badge("order", order.status)
        st.page_link(
            "orders.py", label=f"주문 {order.order_id}", icon=":material/open_in_new:",
            query_params={"order": order.order_id},
        )  # fmt: skip
    for line in order.lines:
        kind = words.CLAIM_KIND.get(line.claim_kind or "", "")
        state = states.chip("claim", line.claim_status, prefix=f"{kind} ") if kind else ""
        note = f"{plain(line.option_name)} · {line.quantity}개"
        cards.thing(line.emoji, line.product_name, [note], won(line.amount_krw), state=state)
    _money(order)
    if order.shipment:
        _shipment(order.shipment)
    address = f"{order.recipient} · {order.road} {order.detail}".strip(" ·")
    st.caption(f":material/home_pin: {plain(address)} · {when(order.created_at)} 주문")


def _money(order: Any) -> None:
    parts = [f"상품 {won(order.items_krw)}"]
    if order.coupon_krw:
        parts.append(f"쿠폰 {won(-order.coupon_krw)}")
    parts.append(f"배송비 {won(order.shipping_krw)}")
    cards.price_row(" · ".join(parts), won(order.total_krw), strong=False)
    methods = ", ".join(dict.fromkeys(one.label for one in order.payments if one.kind == "payment"))
    if methods:
        cards.price_row(f"결제 · {methods}", won(order.paid_krw))
    if order.refunded_krw:
        cards.price_row("환불한 금액", won(-order.refunded_krw), strong=True)


def _shipment(shipment: Any) -> None:
    where = f"{plain(shipment.carrier)} {plain(shipment.tracking_no)}"
    last = shipment.events[-1] if shipment.events else None
    way = f" · {plain(last.place)} {plain(last.text)} ({when(last.at)})" if last else ""
    arrived = f" · {day(shipment.delivered_at)} 도착" if shipment.delivered_at else ""
    st.markdown(f":material/local_shipping: {where}{arrived}:gray[{way}]")


def _claim(desk: Services, caller: Caller, order: Any, claim: Any) -> None:
    kind = words.CLAIM_KIND[claim.kind]
    running = bool(desk.next_states(claim))
    title = f"{kind} 신청 {claim.claim_id} · {words.CLAIM_STATUS[claim.status]}"
    if not running:
        with st.expander(title, icon=states.state_of("claim", claim.status).material):
            claim_desk.what(desk, caller, claim, order)
            cards.bill(claim.quote)
            claim_desk.steps(desk, caller, claim)
        return
    with st.container(border=True, key=f"desk-claim-{claim.claim_id}", gap="small"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            states.badge("claim", claim.status, prefix=f"{kind} ")
            st.caption(f"{plain(claim.claim_id)} · {when(claim.created_at)} 신청", width="content")
        claim_desk.what(desk, caller, claim, order)
        cards.bill(claim.quote)
        claim_desk.steps(desk, caller, claim)
        ticket_exceptions.override(desk, caller, claim)


def _choose(desk: Services, caller: Caller, ticket: Any, base: Any) -> None:
    """No order is known: one of the customer's is tied to the ticket."""
    found = desk.tool(caller, "customer_history", customer_id=ticket.user_id).orders
    with st.container(border=True, key="desk-no-order", gap="small"):
        st.markdown("**연결된 주문이 없어요**")
        if not found:
            st.caption("이 고객은 아직 주문한 적이 없어요.")
            return
        st.caption("어느 주문에 관한 문의인지 골라 주세요.")
        for order in found:
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center",
                key=f"tie-row-{order.order_id}",
            ):  # fmt: skip
                st.markdown(
                    f"{states.chip('order', order.status)} **{plain(short(order.title, 32))}** "
                    f"{won(order.total_krw)} :small[:gray[{when(order.created_at)}]]"
                )
                deed = Deed(
                    "edit_ticket", "주문을 연결했어요.", arguments={"order_id": order.order_id}
                )
                st.button(
                    "연결", key=f"tie-{order.order_id}", disabled=ticket.status == "closed",
                    on_click=ticket_save.save, args=(desk, caller, base, deed),
                )  # fmt: skip
