"""The tab's turn: what the customer sent, and the running turn that answers it.

The turn itself runs in a worker of ``services.turns``; a rerun takes up watching it from the
first event. The tab holds at most one (``st.session_state``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from agent.types import Caller, ErrorEvent, Event
from services import LiveTurn, Services, StoredMessage

__all__ = ["PageTurn", "current", "forget", "resume", "start"]

_KEY = "sangdam_live_turn"
GONE_S, RETURN_S = 0.1, 10.0


@dataclass(frozen=True, slots=True)
class PageTurn:
    """What was sent, and the turn. ``after`` is the id of the last message before it.

    ``silent``: a person has the chat, so nothing of the agent's follows.
    """

    live: LiveTurn
    text: str
    after: str | None = None
    image_ids: tuple[str, ...] = ()
    confirm: str | None = None
    silent: bool = False

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

    def end_watching(self) -> None:
        """The script is stopped: by the stop button, or because the tab was closed or reloaded.

        Streamlit ends a script alike for both; only a tab that is still there pressed stop.
        One that comes back within RETURN_S takes the turn up again (:func:`resume`).
        """
        time.sleep(GONE_S)  # a tab that leaves is stopped first and forgotten then
        context = get_script_run_ctx(suppress_warning=True)
        here = context is not None and runtime.get_instance().is_active_session(context.session_id)
        if here:
            self.live.stop()
        else:
            self.live.leave(return_s=RETURN_S)


def current() -> PageTurn | None:
    """The tab's turn, until the page has taken note of its end."""
    found = st.session_state.get(_KEY)
    return found if isinstance(found, PageTurn) else None


def resume(
    desk: Services, caller: Caller, messages: Sequence[StoredMessage], *, silent: bool = False
) -> None:
    """Take up the turn that still answers the chat's last message: the tab was reloaded.

    ``silent``: a person has the chat.
    """
    if current() is not None or not messages or messages[-1].role != "user":
        return
    last = messages[-1]
    live = desk.turns.under_way(caller, last.conversation_id)
    if live is not None:
        after = messages[-2].message_id if len(messages) > 1 else None
        photos = tuple(last.payload.get("image_ids", ()))
        start(PageTurn(live, last.content, after, photos, silent=silent))


def start(turn: PageTurn) -> None:
    """Make ``turn`` the tab's turn."""
    st.session_state[_KEY] = turn


def forget() -> None:
    """The page has taken note of the turn's end."""
    st.session_state.pop(_KEY, None)
