"""The caller's own tickets: a list, and one with its history in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller, Card
from errors import NotFound
from services import Services
from ui import cards, states, url
from ui.format import is_past, plain, until, when

__all__ = ["card_of", "detail", "listing", "promise"]

HERE = "tickets"
SHOWN = 50
ALL = "all"
WAITING = ("open", "in_progress", "waiting_customer")
_FILTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    ALL: ("전체", ()),
    "running": ("진행 중", WAITING),
    "done": ("끝난 문의", ("resolved", "closed")),
}
# What an entry of the history is called; others are shown as a plain change.
_EVENT: Mapping[str, tuple[str, str]] = {
    "created": ("문의를 접수했어요", "mark_email_unread"),
    "status": ("상태가 바뀌었어요", "sync"),
    "assigned": ("담당자가 정해졌어요", "support_agent"),
    "taken": ("담당자가 확인하기 시작했어요", "support_agent"),
    "reply": ("상담원이 답변했어요", "forum"),
    "message": ("메시지를 남겼어요", "chat"),
    "customer": ("메시지를 남기셨어요", "chat"),
    "note": ("상담원 메모", "lock"),
    "resolved": ("해결했어요", "check_circle"),
    "reopened": ("다시 열었어요", "undo"),
    "closed": ("문의를 마쳤어요", "archive"),
}


# Korean breaks between words in what people wrote, too.
_CSS = """<style>
[data-testid="stText"] * { word-break: keep-all; overflow-wrap: anywhere; }
</style>"""


def listing(desk: Services, caller: Caller) -> None:
    """All of the caller's tickets, newest first."""
    st.markdown("#### 내 문의", anchors=False)
    chosen = st.segmented_control(
        "문의 상태", list(_FILTERS), key=url.take(HERE, "show", ALL, allowed=_FILTERS),
        required=True, format_func=lambda name: _FILTERS[name][0],
        label_visibility="collapsed",
    )  # fmt: skip
    statuses = _FILTERS[url.give(HERE, "show", ALL, chosen)][1]
    found = desk.tool(caller, "list_tickets", statuses=statuses, limit=SHOWN)
    if not found:
        _empty(filtered=bool(statuses))
    for ticket in found:
        with st.container(border=True, key=f"ticket-{ticket.ticket_id}", gap="small"):
            cards.body(card_of(ticket))
            expected = promise(ticket)
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                st.caption(expected or f"{when(ticket.created_at)} 접수", width="content")
                st.button(
                    "자세히 보기", key=f"see-{ticket.ticket_id}", on_click=_open,
                    args=(ticket.ticket_id,),
                )  # fmt: skip


def detail(desk: Services, caller: Caller, ticket_id: str) -> None:
    """One ticket; a missing one and somebody else's look the same."""
    st.button("문의 목록", key="back", icon=":material/arrow_back:", type="tertiary",
              on_click=_back)  # fmt: skip
    try:
        ticket = desk.tool(caller, "get_ticket", ticket_id=ticket_id)
    except NotFound:
        with st.container(border=True, key="ticket-missing"):
            st.markdown("**해당 문의를 찾을 수 없어요**")
            st.caption("목록에서 다시 골라 주세요.")
        return
    st.html(_CSS)
    _head(ticket)
    _history(ticket)


def card_of(ticket: Any) -> Card:
    """A ticket as the card the chat shows as well."""
    data = {
        "ticket_id": ticket.ticket_id,
        "subject": ticket.subject,
        "status": ticket.status,
        "issue_type": ticket.issue_type,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
    }
    return Card("ticket", ticket.ticket_id, ticket.subject, data)


def promise(ticket: Any) -> str:
    """What the customer may expect next, in one sentence; nothing once it is over."""
    if ticket.status == "waiting_customer":
        return "답변을 기다리고 있어요. 상담 채팅에 이어서 적어 주세요."
    if ticket.status not in ("open", "in_progress"):
        return ""
    if ticket.first_responded_at is None and ticket.first_response_due:
        if is_past(ticket.first_response_due):
            return "답변이 늦어지고 있어요. 죄송해요, 먼저 확인할게요."
        return f"{until(ticket.first_response_due)} 답변드릴게요"
    if ticket.resolution_due and not is_past(ticket.resolution_due):
        return f"{until(ticket.resolution_due)} 해결해 드릴게요"
    return "담당자가 확인하고 있어요"


def _head(ticket: Any) -> None:
    with st.container(key="ticket-head", gap="small"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            states.badge("ticket", ticket.status)
            kind = words.ISSUE_TYPE.get(ticket.issue_type, "")
            st.caption(f"{kind} 문의 · {when(ticket.created_at)} 접수", width="content")
        st.markdown(f"#### {plain(ticket.subject)}", anchors=False)
        if expected := promise(ticket):
            st.info(expected, icon=":material/schedule:")
        if ticket.resolution:
            with st.container(border=True, gap="xsmall"):
                st.markdown(":green[:material/check_circle:] **이렇게 해결했어요**")
                st.text(ticket.resolution)
        with st.container(horizontal=True, gap="small"):
            if ticket.conversation_id:
                st.page_link("chat.py", label="이 상담으로 가기", icon=":material/forum:",
                             query_params={"c": ticket.conversation_id})  # fmt: skip
            if ticket.order_id:
                st.page_link("orders.py", label="주문 보기", icon=":material/package_2:",
                             query_params={"order": ticket.order_id})  # fmt: skip


def _history(ticket: Any) -> None:
    with st.container(border=True, key="ticket-history", gap="small"):
        st.markdown("**진행 내용**")
        for event in reversed(ticket.events):
            title, icon = _EVENT.get(event.kind, ("내용이 바뀌었어요", "sync"))
            if event.kind in ("message", "customer") and event.actor_id == ticket.user_id:
                title = "메시지를 남기셨어요"
            with st.container(horizontal=True, wrap=False, gap="small"):
                st.markdown(f":gray[:material/{icon}:]", width="content")
                with st.container(gap="xxsmall"):
                    st.markdown(f"**{title}** :small[:gray[{when(event.at)}]]")
                    if event.text:
                        st.text(event.text)


def _empty(*, filtered: bool) -> None:
    with st.container(border=True, key="no-tickets"):
        if filtered:
            st.markdown("**여기에 해당하는 문의가 없어요**")
            st.caption("다른 상태를 골라 보세요.")
            return
        st.markdown("**아직 남긴 문의가 없어요**")
        st.caption("상담원이 이어받은 일이 여기에 모여요. 언제까지 답을 받는지도 볼 수 있어요.")
        st.page_link("chat.py", label="상담 시작하기", icon=":material/forum:")


def _open(ticket_id: str) -> None:
    st.query_params["ticket"] = ticket_id


def _back() -> None:
    st.query_params.pop("ticket", None)
