"""What a member of staff has begun at a ticket: the ticket as it was then, and the words.

Everything is saved as a change of the ticket as the writer knew it. That ticket stays what it
was while somebody else changes the real one, until the writer has saved or has taken note.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import streamlit as st

__all__ = [
    "NOTE",
    "REPLY",
    "WINDOW",
    "begin",
    "drafting",
    "form_key",
    "insert",
    "keep_wish",
    "note_key",
    "open_before",
    "opened",
    "reply_key",
    "since",
    "solution_key",
    "tab",
    "tab_key",
    "wish",
]

_BASE = "sangdam_desk_base"
_OPEN = "sangdam_desk_open"
_TAB = "sangdam_desk_tab"
_WISH = "sangdam_desk_wish"
REPLY, NOTE = "reply", "note"
WINDOW = "desk-edit"  # the key of the small window with the form of the ticket's fields
AWAY_S = 15.0  # without a run for so long the ticket was closed in between
MOST = 30  # tickets with words begun and not sent
# What only the customer or the program does: it takes nothing from what the writer knows.
_HARMLESS = ("message", "solved", "unsolved", "triaged")


def reply_key(ticket_id: str) -> str:
    """The key of the answer's text."""
    return f"reply-{ticket_id}"


def note_key(ticket_id: str) -> str:
    """The key of the internal note's text."""
    return f"note-{ticket_id}"


def solution_key(ticket_id: str) -> str:
    """The key of the text of how it was solved, in the head's own window."""
    return f"solution-{ticket_id}"


def form_key(ticket: Any) -> str:
    """The beginning of the keys of its fields' form; a ticket that differs is another form.

    Triage writes down what it finds without a new version.
    """
    found = repr((ticket.summary, ticket.sentiment, ticket.language))
    return f"edit-{ticket.ticket_id}-{ticket.version}-{crc32(found.encode()):08x}"


def wish(form: str) -> Mapping[str, Any]:
    """What a form wanted that was refused, to begin with in its place."""
    before, wanted = st.session_state.get(_WISH, ("", {}))
    return wanted if before == form else {}


def keep_wish(ticket: Any, wanted: Mapping[str, Any]) -> None:
    """Open the form of the ticket as it is now with what was wanted of it (a callback)."""
    st.session_state[_WISH] = (form_key(ticket), dict(wanted))
    st.session_state[WINDOW] = True


def drafting(ticket_id: str) -> bool:
    """Whether an answer, a note or a resolution is begun and not sent."""
    keys = (reply_key(ticket_id), note_key(ticket_id), solution_key(ticket_id))
    return any(str(st.session_state.get(key) or "").strip() for key in keys)


def tab_key(ticket_id: str) -> str:
    """The key of which of the two is being written."""
    return f"desk-tab-{ticket_id}"


def insert(ticket_id: str, text: str) -> None:
    """Put a text behind what is written as the answer (a callback)."""
    key = reply_key(ticket_id)
    written = str(st.session_state.get(key) or "").rstrip()
    st.session_state[key] = f"{written}\n\n{text}" if written else text
    st.session_state[tab_key(ticket_id)] = REPLY


def opened(ticket: Any) -> Any:
    """The ticket as the writer knows it; call it once a run with the ticket as it is.

    Opening a ticket without words begun takes note of everything, and so does what only the
    customer did while nothing was begun, no form either.
    """
    known: dict[str, Any] = st.session_state.setdefault(_BASE, {})
    before, at = st.session_state.get(_OPEN, ("", 0.0))
    anew = before != ticket.ticket_id or time.monotonic() - at > AWAY_S
    st.session_state[_OPEN] = (ticket.ticket_id, time.monotonic())
    base = known.get(ticket.ticket_id)
    busy = drafting(ticket.ticket_id) or (bool(st.session_state.get(WINDOW)) and not anew)
    if base is None or (not busy and (anew or _harmless(ticket, base))):
        begin(ticket)
        base = ticket
    return base


def begin(ticket: Any) -> None:
    """The writer knows the ticket as it is here from now on."""
    known: dict[str, Any] = st.session_state.setdefault(_BASE, {})
    known.pop(ticket.ticket_id, None)
    known[ticket.ticket_id] = ticket
    for ticket_id in [one for one in known if one != ticket.ticket_id and not drafting(one)]:
        del known[ticket_id]
    while len(known) > MOST:
        del known[next(iter(known))]


def open_before() -> str:
    """The ticket that was open when this run began; "" for none."""
    return str(st.session_state.get(_OPEN, ("", 0.0))[0])


def since(ticket: Any, base: Any) -> list[Any]:
    """The entries of the history that the writer has not taken note of, oldest first."""
    return [one for one in ticket.events if (one.version or 0) > base.version]


def tab() -> str:
    """A name of this browser tab, for who is seen where."""
    if _TAB not in st.session_state:
        st.session_state[_TAB] = secrets.token_urlsafe(6)
    return str(st.session_state[_TAB])


def _harmless(ticket: Any, base: Any) -> bool:
    return all(one.kind in _HARMLESS for one in since(ticket, base))
