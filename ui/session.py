"""What a browser tab remembers: ids only. The truth behind an id is read from the store.

Every accessor is typed and works before anything was set. ``user()`` asks the store each
time, so that a revoked session ends at once, inside fragments too (0.3 ms).
"""

from __future__ import annotations

import secrets
from typing import Any

import streamlit as st

import services
from agent.types import Caller
from services import User, caller_of

__all__ = [
    "address",
    "caller",
    "conversation_id",
    "end",
    "guest_key",
    "notice",
    "prefill",
    "session_id",
    "set_conversation_id",
    "set_destination",
    "set_notice",
    "set_prefill",
    "set_session_id",
    "start",
    "take_destination",
    "take_notice",
    "take_prefill",
    "user",
]

# Prefixed, so that no widget's key can collide with them.
_SESSION = "sangdam_session_id"
_GUEST = "sangdam_guest_key"
_CONVERSATION = "sangdam_conversation_id"
_PREFILL = "sangdam_prefill"
_DESTINATION = "sangdam_destination"
_NOTICE = "sangdam_notice"


def session_id() -> str | None:
    """The server session's secret id, or None for a guest."""
    return _text(_SESSION)


def set_session_id(value: str | None) -> None:
    """Remember the server session. Signing in and out go through :func:`start`, :func:`end`."""
    _put(_SESSION, value)


def user() -> User | None:
    """Who is signed in, checked against the sessions table now; None for a guest."""
    current = session_id()
    return None if current is None else services.get().accounts.user_of_session(current)


def caller() -> Caller:
    """The caller for services: the signed-in account, or this tab's own guest."""
    person = user()
    return Caller(guest_key=guest_key()) if person is None else caller_of(person)


def address() -> str:
    """Where this tab's connection comes from; "" for this machine itself."""
    return st.context.ip_address or ""


def guest_key() -> str:
    """The random name of this tab's guest; made on first use."""
    key = _text(_GUEST)
    if key is None:
        key = secrets.token_urlsafe(24)
        _put(_GUEST, key)
    return key


def conversation_id() -> str | None:
    """The chat that is open in this tab."""
    return _text(_CONVERSATION)


def set_conversation_id(value: str | None) -> None:
    """Open a chat; None starts a new one."""
    _put(_CONVERSATION, value)


def prefill() -> str | None:
    """A message another page wants the chat to send, without taking it."""
    return _text(_PREFILL)


def set_prefill(message: str | None) -> None:
    """Leave a message for the chat page to send when it opens."""
    _put(_PREFILL, message)


def take_prefill() -> str | None:
    """The message left for the chat, once."""
    message = _text(_PREFILL)
    _put(_PREFILL, None)
    return message


def set_destination(url_path: str | None) -> None:
    """Remember where to go after signing in."""
    _put(_DESTINATION, url_path)


def take_destination() -> str | None:
    """Where to go after signing in, once."""
    url_path = _text(_DESTINATION)
    _put(_DESTINATION, None)
    return url_path


def notice() -> str | None:
    """A sentence to show on the next page, without taking it."""
    return _text(_NOTICE)


def set_notice(text: str | None) -> None:
    """Leave a sentence for the next page that :func:`ui.page.setup` sets up."""
    _put(_NOTICE, text)


def take_notice() -> str | None:
    """The sentence left for this page, once."""
    text = _text(_NOTICE)
    _put(_NOTICE, None)
    return text


def start(new_session_id: str) -> None:
    """Someone signed in: the guest's chat stays behind, the wish (prefill) comes along."""
    set_session_id(new_session_id)
    set_conversation_id(None)
    _put(_GUEST, None)


def end() -> None:
    """Someone signed out: nothing of theirs stays in the tab, widget values included."""
    st.session_state.clear()


def _text(key: str) -> str | None:
    value: Any = st.session_state.get(key)
    return value if isinstance(value, str) and value else None


def _put(key: str, value: str | None) -> None:
    if value is None:
        st.session_state.pop(key, None)
    else:
        st.session_state[key] = value
