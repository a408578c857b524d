"""The customer of an open ticket: how much they had to do with the shop, and what."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import NotFound
from services import Services
from ui import states
from ui.desk.ticket_past import open_ticket
from ui.format import count, plain, short, when, won

__all__ = ["draw"]


def draw(desk: Services, caller: Caller, ticket: Any) -> None:
    """Who it is, the numbers, the newest orders, tickets and claims."""
    try:
        found = desk.tool(caller, "customer_history", customer_id=ticket.user_id)
    except NotFound:
        st.caption("고객 정보를 찾을 수 없어요.")
        return
    with st.container(border=True, key="desk-customer", gap="small"):
        person = found.customer
        st.markdown(
            f"**{plain(person.name)}** :gray[{plain(person.email)} · {plain(person.phone)}]"
        )
        _numbers(found.counts)
    _tickets(found, ticket)
    _orders(found)
    _claims(found)


def _numbers(counts: Any) -> None:
    with st.container(horizontal=True, gap="medium", key="desk-numbers"):
        for label, value in (
            ("주문", count(counts.orders, "건")),
            ("주문 금액", won(counts.spent_krw)),
            ("신청", count(counts.claims, "건")),
            ("문의", count(counts.tickets, "건")),
        ):
            with st.container(gap="xxsmall", width="content"):
                st.caption(label)
                st.markdown(f"**{value}**")
    if counts.unhappy_tickets:
        st.caption(
            f":orange[:material/sentiment_dissatisfied:] 불만을 느낀 문의가 "
            f"{counts.unhappy_tickets}건 있었어요."
        )


def _tickets(found: Any, ticket: Any) -> None:
    others = [one for one in found.tickets if one.ticket_id != ticket.ticket_id]
    _title("다른 문의", len(others), "다른 문의가 없어요.")
    for one in others:
        with _row(f"other-{one.ticket_id}"):
            st.markdown(
                f"{states.chip('ticket', one.status)} **{plain(short(one.subject, 44))}** "
                f":small[:gray[{when(one.created_at)}]]"
            )
            st.button("열기", key=f"other-open-{one.ticket_id}", type="tertiary",
                      on_click=open_ticket, args=(one.ticket_id,))  # fmt: skip


def _orders(found: Any) -> None:
    _title("최근 주문", len(found.orders), "주문이 없어요.")
    for one in found.orders:
        with _row(f"their-{one.order_id}"):
            st.markdown(
                f"{states.chip('order', one.status)} **{plain(short(one.title, 36))}** "
                f"{won(one.total_krw)} :small[:gray[{when(one.created_at)}]]"
            )
            st.page_link("orders.py", label="보기", query_params={"order": one.order_id})


def _claims(found: Any) -> None:
    _title("최근 신청", len(found.claims), "취소·반품·교환 신청이 없어요.")
    for one in found.claims:
        kind = words.CLAIM_KIND[one.kind]
        with _row(f"their-{one.claim_id}"):
            st.markdown(
                f"{states.chip('claim', one.status, prefix=f'{kind} ')} "
                f"{plain(words.REASON.get(one.reason_code, ''))} {won(one.refund_krw)} "
                f":small[:gray[{when(one.created_at)}]]"
            )
            st.page_link("claims.py", label="보기", query_params={"claim": one.claim_id})


def _title(name: str, number: int, empty: str) -> None:
    st.markdown(f"**{name}**")
    if not number:
        st.caption(empty)


def _row(key: str) -> Any:
    return st.container(
        horizontal=True, wrap=False, horizontal_alignment="distribute",
        vertical_alignment="center", gap="small", key=key,
    )  # fmt: skip
