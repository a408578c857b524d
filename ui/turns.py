"""The tab's turn: what the customer sent, and the running turn that answers it.

The turn itself runs in a worker of ``services.turns``; a rerun takes up watching it from the
first event. The tab holds at most one (``st.session_state``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from agent.types import ErrorEvent, Event
from services import LiveTurn

__all__ = ["PageTurn", "current", "forget", "start"]

_KEY = "sangdam_live_turn"


@dataclass(frozen=True, slots=True)
class PageTurn:
    """What was sent, and the turn. ``after`` is the id of the last message before it."""

    live: LiveTurn
    text: str
    after: str | None = None
    image_ids: tuple[str, ...] = ()
    confirm: str | None = None

    @property
    def session_id(self) -> str | None:
        """The chat; the desk's first event fills it in when the turn opens a new one."""
        return self.live.session_id

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return self.live.over

    @property
    def error(self) -> ErrorEvent | None:
        """What went wrong, or None."""
        return self.live.error

    @property
    def stopped(self) -> bool:
        """Whether the customer pressed stop; the end may still be on its way."""
        return self.live.stopped

    def events(self) -> Iterator[Event | None]:
        """See :meth:`services.turns.LiveTurn.events`."""
        return self.live.events()

    def stop(self) -> None:
        """The customer pressed stop."""
        self.live.stop()


def current() -> PageTurn | None:
    """The tab's turn, until the page has taken note of its end."""
    found = st.session_state.get(_KEY)
    return found if isinstance(found, PageTurn) else None


def start(turn: PageTurn) -> None:
    """Make ``turn`` the tab's turn."""
    st.session_state[_KEY] = turn


def forget() -> None:
    """The page has taken note of the turn's end."""
    st.session_state.pop(_KEY, None)
