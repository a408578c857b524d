"""What a chat page looks out for: replies it does not make itself, a question left unanswered."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agent.types import Caller
from errors import SangdamError
from services import Services, StoredMessage
from services.sessions import Answering, Sessions
from ui.format import local
from ui.refresh import refreshed

__all__ = ["failure", "is_lost", "keep_failed", "kept_failure", "until", "watch"]

_FAILED = "sangdam_failed_turn"
LOST = "답변을 끝내지 못했어요. 다시 보내 주세요."
# A person's words are looked for more often than those of another tab.
LIVE_S, POLL_S = 1.5, 4


def watch(desk: Services, caller: Caller, session_id: str, seen: Answering) -> None:
    """Draw the page anew once somebody has said something, or the chat has changed hands."""
    (_watch_closely if seen.live else _watch)(desk, caller, session_id, seen)


@refreshed(LIVE_S)
def _watch_closely(desk: Services, caller: Caller, session_id: str, seen: Answering) -> None:
    _look(desk, caller, session_id, seen)


@refreshed(POLL_S)
def _watch(desk: Services, caller: Caller, session_id: str, seen: Answering) -> None:
    _look(desk, caller, session_id, seen)


def _look(desk: Services, caller: Caller, session_id: str, seen: Answering) -> None:
    try:
        now = Sessions(desk).answering(caller, session_id)
        last = [] if seen.live else desk.messages(caller, session_id, limit=1)
    except SangdamError:
        return
    if now != seen or (last and is_lost(desk, last[-1])):
        st.rerun()


def is_lost(desk: Services, last: StoredMessage) -> bool:
    """Whether the chat's last message is a question that no turn can answer any more.

    What was written on another page than the chat's belongs to no turn and waits for a person.
    """
    age = desk.clock() - local(last.created_at)
    asked = last.role == "user" and last.turn_id is not None
    return asked and age.total_seconds() > desk.settings.turn_timeout_s


def keep_failed(
    text: str, why: str, *, confirm: str | None, photos: tuple[str, ...], after: str | None
) -> None:
    """Nothing the customer wrote is lost: the page offers to send it again."""
    st.session_state[_FAILED] = failure(text, why, confirm=confirm, photos=photos, after=after)


def kept_failure(*, take: bool = False) -> dict[str, Any] | None:
    """What :func:`keep_failed` has kept; ``take`` forgets it."""
    found = st.session_state.pop(_FAILED, None) if take else st.session_state.get(_FAILED)
    return found if isinstance(found, dict) else None


def failure(
    text: str, why: str, *, confirm: str | None, photos: tuple[str, ...], after: str | None
) -> dict[str, Any]:
    """A message that was not answered, ``why``, and the message before it."""
    return {"text": text, "why": why, "confirm": confirm, "photos": photos, "after": after}


def until(messages: list[StoredMessage], message_id: str | None) -> list[StoredMessage]:
    """The messages up to and with ``message_id``."""
    if message_id is None:
        return []
    for number, message in enumerate(messages, 1):
        if message.message_id == message_id:
            return messages[:number]
    return messages
