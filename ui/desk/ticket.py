"""The open ticket: its head, and one part at a time of everything about it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import NotFound
from services import Services
from ui import clauses, url
from ui.desk import (
    canned,
    canned_edit,
    ticket_base,
    ticket_customer,
    ticket_edit,
    ticket_head,
    ticket_orders,
    ticket_past,
    ticket_photos,
    ticket_reply,
    ticket_save,
    ticket_talk,
    ticket_triage,
    ticket_windows,
)
from ui.dialogs import show_flash

__all__ = ["draw"]

HERE = "desk"
TALK = "talk"
PARTS: Mapping[str, tuple[str, str]] = {
    TALK: ("대화", "forum"),
    "order": ("주문·신청", "package_2"),
    "photos": ("사진", "image_search"),
    "customer": ("고객", "person"),
    "like": ("비슷한 문의", "content_copy"),
    "past": ("기록", "history"),
}
_CSS = """<style>
.st-key-desk-ticket { gap: .6rem; }
.st-key-desk-ticket h5 { padding: 0; }
:is(.st-key-desk-deeds, .st-key-desk-sends, .st-key-desk-write) button {
  min-height: 2rem; padding: .1rem .7rem; }
:is(.st-key-desk-deeds, .st-key-desk-sends, .st-key-desk-write) button p { font-size: .85rem; }
.st-key-desk-deeds button { padding-inline: .5rem; }
.st-key-desk-findings button { min-height: 1.6rem; padding: 0 .5rem; }
.st-key-desk-findings button p { font-size: .8rem; }
.st-key-desk-presence p { font-size: .85rem; }
:is(.st-key-desk-news, .st-key-desk-stale) p { font-size: .875rem; }
.st-key-desk-write { padding: .6rem .75rem; gap: .5rem; }
</style>"""


def draw(desk: Services, caller: Caller, ticket_id: str) -> None:
    """The whole ticket of the address; a missing one says so."""
    st.html(_CSS + ticket_talk.CSS)
    try:
        look = desk.tool(caller, "look_at_ticket", ticket_id=ticket_id, messages=0)
    except NotFound:
        with st.container(border=True, key="desk-missing"):
            st.markdown("**해당 문의를 찾을 수 없어요**")
            st.caption("번호가 바뀌었거나 지워진 문의예요. 목록에서 다시 골라 주세요.")
        return
    if (before := ticket_base.open_before()) != ticket_id:
        desk.presence.left(before, caller.user_id or "", ticket_base.tab())
        ticket_windows.close()
    base = ticket_base.opened(look.ticket)
    choices = desk.tool(caller, "queue_choices")
    people = {one.user_id: one.name for one in choices.staff}
    with st.container(key="desk-ticket-head", gap="xsmall"):
        ticket_head.live(desk, ticket_id, people)
    # Always there: what comes and goes here must not make what follows be drawn anew.
    with st.container(key="desk-said", gap="small"):
        show_flash(toast=True)  # a claim stands far below
        ticket_save.said(ticket_id, "head")
        ticket_save.stale(desk, caller, look, base, "head", people)
    form = partial(ticket_edit.draw, desk, caller, base, people, tuple(choices.tags))
    ticket_head.actions(desk, caller, look, base, form)
    found = desk.tool(caller, "get_triage", ticket_id=ticket_id)
    ticket_triage.chips(desk, caller, look.ticket, base, found)
    _part(desk, caller, look, base, people)
    _windows(desk, caller, look.ticket)


def _windows(desk: Services, caller: Caller, ticket: Any) -> None:
    """The window that is open; at most one is."""
    if clauses.show_opened(desk, caller):
        return
    canned.show(desk, caller, ticket)
    canned_edit.show(desk, caller, ticket)
    ticket_triage.show(desk, caller, ticket)


def _part(desk: Services, caller: Caller, look: Any, base: Any, people: Mapping[str, str]) -> None:
    chosen = st.segmented_control(
        "문의의 무엇을 볼까요", list(PARTS), key=url.take(HERE, "part", TALK, allowed=PARTS),
        required=True, label_visibility="collapsed",
        format_func=lambda name: f":material/{PARTS[name][1]}: {PARTS[name][0]}",
    )  # fmt: skip
    part = url.give(HERE, "part", TALK, chosen)
    if part == "order":
        ticket_orders.draw(desk, caller, look.ticket, base)
    elif part == "photos":
        ticket_photos.draw(desk, caller, look.ticket)
    elif part == "customer":
        ticket_customer.draw(desk, caller, look.ticket)
    elif part == "like":
        ticket_past.similar(desk, caller, look.ticket)
    elif part == "past":
        ticket_past.draw(desk, caller, look.ticket, people)
    else:
        ticket_talk.live(desk, look.ticket.ticket_id)
        ticket_reply.draw(desk, caller, look, base, people)
