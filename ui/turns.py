"""The tab's turn: what the customer sent, and the running turn that answers it.

The turn itself runs in a worker of ``services.turns``; a run of the script takes up watching it
from the first event. The tab holds at most one.

Streamlit ends a run alike when stop is pressed, when anything else is pressed (the next run
begins at once) and when the tab is gone; only the first of them ends the turn, and only there
nothing draws any more. :func:`one_run` tells them apart, wherever in a run it happens.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from agent.types import Caller, ErrorEvent, Event
from services import LiveTurn, Services, StoredMessage
from ui.refresh import refreshed

__all__ = ["PageTurn", "current", "end_page", "forget", "one_run", "resume", "start"]

_KEY = "sangdam_tab"
RETURN_S = 10.0  # within which a reloaded tab takes its turn up again (:func:`resume`)
NEXT_RUN_S, STEP_S = 0.5, 0.05  # what was pressed is called back first, then its run begins
# A stopped page is drawn again by the browser's next look; one may still be stopped just after
# its reply, but seldom.
LOOK_S, LATER_LOOK_S = 1, 4


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


@dataclass(slots=True)
class _Tab:
    """What the runs of one tab's script share. A run that is stopped cannot read session_state
    any more, but this, which it holds.
    """

    turn: PageTurn | None = None
    runs: int = 0
    ended: bool = False  # the run before saw a turn's end
    cut: bool = False  # stop was pressed: the page ends wherever it was
    complete: bool = False  # the page ended the run itself

    def was_stopped(self, run: int, session_id: str) -> None:
        """Run number ``run`` of the tab was stopped, by whatever."""
        end = time.monotonic() + NEXT_RUN_S
        while time.monotonic() < end:  # a tab that leaves is stopped first and forgotten then
            if self.runs != run:
                return  # something was pressed: the next run goes on watching
            time.sleep(STEP_S)
        here = runtime.get_instance().is_active_session(session_id)
        self.cut = here
        if self.turn is None or self.turn.over:
            return
        if here:
            self.turn.live.stop()
        else:
            self.turn.live.leave(return_s=RETURN_S)


@contextmanager
def one_run() -> Iterator[None]:
    """All of one run of the script: a stop within it ends the turn, and the page comes back."""
    tab, context = _tab(), get_script_run_ctx(suppress_warning=True)
    tab.runs += 1
    run, ended = tab.runs, tab.ended
    tab.ended = tab.cut = tab.complete = False
    try:
        # Always there: what follows must keep its place, with what is being written in it.
        with st.container(key="sangdam-cut"):
            if tab.turn is not None:
                _look_for_cut()
            elif ended:
                _look_for_late_cut()
        yield
    except BaseException as interrupt:
        stopped = type(interrupt).__name__ == "StopException" and not tab.complete
        if stopped and context is not None:
            tab.was_stopped(run, context.session_id)
        raise


def end_page() -> NoReturn:
    """End the run here: the page has said all it has to say."""
    _tab().complete = True
    st.stop()


@refreshed(LOOK_S)
def _look_for_cut() -> None:
    _mend()


@refreshed(LATER_LOOK_S)
def _look_for_late_cut() -> None:
    _mend()


def _mend() -> None:
    """Draw the page again of which a stop has left only the beginning."""
    if _tab().cut:
        st.rerun()


def _tab() -> _Tab:
    tab: _Tab = st.session_state.setdefault(_KEY, _Tab())
    return tab


def current() -> PageTurn | None:
    """The tab's turn, until the page has taken note of its end."""
    return _tab().turn


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
    _tab().turn = turn


def forget() -> None:
    """The page has taken note of the turn's end."""
    tab = _tab()
    tab.turn, tab.ended = None, True
