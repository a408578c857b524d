"""Saving at a ticket: what is refused keeps the words, and says what happened meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

from agent.types import Caller
from errors import SangdamError, StateChanged
from services import Services
from ui.desk import ticket_base, ticket_words
from ui.format import plain, short, when

__all__ = ["Deed", "news", "refused", "said", "save", "say", "stale"]

Place = Literal["head", "reply"]
_STALE = "sangdam_desk_stale"
_SAID = "sangdam_desk_said"
LONGEST = 300  # characters of a message among the news


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to save: the tool, its arguments, and how it is spoken of.

    ``draft`` is the key of the text that goes along as the argument ``takes``; the text is
    read when it is sent, and taken away only then, from ``copied_from`` too while it is the
    same there.
    """

    tool: str
    done: str
    place: Place = "head"
    again: str = "바뀐 내용 위에 저장"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    draft: str = ""
    takes: str = ""
    copied_from: str = ""
    wish: tuple[str, ...] = ()


def save(desk: Services, caller: Caller, base: Any, deed: Deed) -> None:
    """Do it to the ticket as it was drawn (a callback)."""
    st.session_state.pop(_STALE, None)
    given = dict(deed.arguments)
    if deed.draft:
        given[deed.takes] = str(st.session_state.get(deed.draft) or "")
    try:
        saved = desk.tool(
            caller, deed.tool, ticket_id=base.ticket_id, version=base.version, **given
        )
    except StateChanged as error:
        st.session_state[_STALE] = (base.ticket_id, deed, error.message)
        return
    except SangdamError as error:
        ticket_base.begin(base)  # it was not stale: what is refused is known
        say(base.ticket_id, deed.place, "refused", error.message)
        return
    for key in filter(None, (deed.draft, deed.copied_from)):
        if st.session_state.get(key) == given[deed.takes]:
            st.session_state[key] = ""
    ticket_base.begin(saved)
    say(base.ticket_id, deed.place, "done", deed.done)


def say(ticket_id: str, place: Place, kind: Literal["done", "refused"], text: str) -> None:
    """Leave a sentence for the redrawn ticket."""
    st.session_state[_SAID] = (ticket_id, place, kind, text)


def said(ticket_id: str, place: Place) -> None:
    """Show the sentence left for this place, once."""
    found = st.session_state.get(_SAID)
    if not found or found[:2] != (ticket_id, place):
        return
    del st.session_state[_SAID]
    if found[2] == "done":
        st.markdown(f":green[:material/check_circle: {plain(found[3])}]")
    else:
        st.warning(plain(found[3]), icon=":material/info:")


def stale(
    desk: Services, caller: Caller, look: Any, base: Any, place: Place, people: Mapping[str, str]
) -> None:
    """What happened before a refused save, and how to go on; nothing when none was refused."""
    found = st.session_state.get(_STALE)
    if not found or found[0] != base.ticket_id or found[1].place != place:
        return
    _, deed, message = found
    ticket = look.ticket
    with st.container(border=True, key="desk-stale", gap="small"):
        st.markdown(":orange[:material/sync_problem:] **그사이 문의가 바뀌어서 멈췄어요**")
        if ticket_base.since(ticket, base):
            news(look, base, people)
        else:
            st.caption(plain(message))
        for line in deed.wish:
            st.markdown(f":primary[내가 바꾸려던 것] {plain(line)}")
        if deed.draft:
            st.caption("쓰던 글은 그대로 있어요. 바뀐 내용을 읽고 보내 주세요.")
        with st.container(horizontal=True, gap="small"):
            st.button(
                deed.again, key="desk-stale-again", type="primary", icon=":material/save:",
                on_click=save, args=(desk, caller, ticket, deed),
            )  # fmt: skip
            st.button(
                "그만두고 더 고칠게요", key="desk-stale-note", on_click=_noted,
                args=(ticket, deed),
            )  # fmt: skip


def refused(ticket_id: str) -> bool:
    """Whether a save was refused because the ticket had changed, and nothing was done since."""
    found = st.session_state.get(_STALE)
    return found is not None and bool(found[0] == ticket_id)


def news(look: Any, base: Any, people: Mapping[str, str]) -> None:
    """Every entry since ``base``: who, what, when, and the words that were said."""
    for event in ticket_base.since(look.ticket, base):
        customer = event.kind == "message"
        name = look.customer_name if customer else ticket_words.who(event)
        changed = ticket_words.changes(event, people)
        what = " · ".join(changed) or ticket_words.title(event)[0]
        icon = ticket_words.title(event)[1]
        st.markdown(
            f":material/{icon}: **{plain(what)}** · {plain(name)} :small[:gray[{when(event.at)}]]"
        )
        if event.text and event.kind != "edited":
            st.text(short(event.text, LONGEST))


def _noted(ticket: Any, deed: Deed) -> None:
    """The writer has read the news; what was wanted stays, in its box or form (a callback)."""
    st.session_state.pop(_STALE, None)
    ticket_base.begin(ticket)
    if deed.wish:
        ticket_base.keep_wish(ticket, deed.arguments)
