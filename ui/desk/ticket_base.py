"""What a member of staff has begun at a ticket: the ticket as it was then, and the words.

Everything is saved as a change of the ticket as the writer knew it. That ticket stays what it
was while somebody else changes the real one, until the writer has saved or has taken note.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

import streamlit as st

__all__ = [
    "NOTE",
    "REPLY",
    "begin",
    "drafting",
    "insert",
    "note_key",
    "open_before",
    "opened",
    "reply_key",
    "since",
    "tab",
    "tab_key",
]

_BASE = "sangdam_desk_base"
_OPEN = "sangdam_desk_open"
_TAB = "sangdam_desk_tab"
REPLY, NOTE = "reply", "note"
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


def drafting(ticket_id: str) -> bool:
    """Whether an answer or a note is begun and not sent."""
    keys = (reply_key(ticket_id), note_key(ticket_id))
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
    customer did while nothing was begun.
    """
    known: dict[str, Any] = st.session_state.setdefault(_BASE, {})
    before, at = st.session_state.get(_OPEN, ("", 0.0))
    anew = before != ticket.ticket_id or time.monotonic() - at > AWAY_S
    st.session_state[_OPEN] = (ticket.ticket_id, time.monotonic())
    base = known.get(ticket.ticket_id)
    if base is None or (not drafting(ticket.ticket_id) and (anew or _harmless(ticket, base))):
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
