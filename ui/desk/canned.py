"""Choosing a canned reply: search, look, insert with the ticket's own values."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services
from services.canned import fill
from ui.desk import ticket_base, ticket_save, ticket_windows
from ui.format import plain, short

__all__ = ["picker", "show"]

SHOWN = 8
_SEARCH = "canned-search"


def picker(ticket_id: str) -> None:
    """The button that opens the replies."""
    st.button(
        "자주 쓰는 답변", key="desk-canned", icon=":material/quickreply:",
        on_click=ticket_windows.open_window, args=(ticket_id, "canned"),
    )  # fmt: skip


def show(desk: Services, caller: Caller, ticket: Any) -> None:
    """Draw the window of the replies while it is open; call it once, at a page's end."""
    if ticket_windows.is_open(ticket.ticket_id, "canned"):
        _window(desk, caller, ticket)


# At the left, so that the conversation stays in sight.
@st.dialog(
    "자주 쓰는 답변", position="left", icon=":material/quickreply:",
    on_dismiss=ticket_windows.close,
)  # fmt: skip
def _window(desk: Services, caller: Caller, ticket: Any) -> None:
    """The replies that fit; one click puts one into the answer."""
    text = st.text_input(
        "답변 문구 검색", key=_SEARCH, placeholder="제목이나 내용 검색",
        label_visibility="collapsed", icon=":material/search:",
    )  # fmt: skip
    found = desk.tool(caller, "list_canned_replies", text=text or "")
    # What is for this kind of ticket comes first, then what is for any.
    ranks = {ticket.issue_type: 0, "": 1}
    fitting = sorted(found, key=lambda one: (ranks.get(one.issue_type, 2), one.title))
    for one in fitting[:SHOWN]:
        _row(desk, caller, ticket, one)
    if not found:
        st.caption("찾는 문구가 없어요. 다른 말로 찾거나 새로 만들어 보세요.")
    elif len(found) > SHOWN:
        st.caption(f"{len(found) - SHOWN}개가 더 있어요. 검색해서 찾아보세요.")
    st.button("문구 관리", key="canned-manage", icon=":material/settings:", type="tertiary",
              on_click=_manage, args=(ticket.ticket_id,))  # fmt: skip


def _row(desk: Services, caller: Caller, ticket: Any, one: Any) -> None:
    with st.container(
        horizontal=True, wrap=False, gap="small", vertical_alignment="center",
        key=f"canned-{one.reply_id}",
    ):  # fmt: skip
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(one.title)}**")
            st.caption(plain(short(one.text, 70)))
        st.button(
            "넣기", key=f"canned-put-{one.reply_id}", on_click=_put,
            args=(desk, caller, ticket, one.text),
        )  # fmt: skip


def _manage(ticket_id: str) -> None:
    ticket_windows.open_window(ticket_id, "manage")
    st.rerun()


def _put(desk: Services, caller: Caller, ticket: Any, text: str) -> None:
    """Fill the reply and put it behind what is written (a callback of the window)."""
    try:
        filled = fill(desk, caller, text, ticket)
    except SangdamError as error:
        ticket_save.say(ticket.ticket_id, "reply", "refused", error.message)
    else:
        ticket_base.insert(ticket.ticket_id, filled.text)
    ticket_windows.close()
    st.rerun()
