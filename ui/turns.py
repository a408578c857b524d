"""A turn under way: it runs in a thread of its own and the page watches.

A script run ends whenever somebody clicks anything; a turn must not. So the events are
collected here, a rerun takes up watching from the first event, and only the stop button
ends the turn early. The tab holds at most one turn (``st.session_state``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

import streamlit as st

from agent.types import ErrorEvent, Event, Message, Status
from errors import SangdamError

__all__ = ["LiveTurn", "current", "forget", "start"]

_KEY = "sangdam_live_turn"
_log = logging.getLogger("sangdam.chat")
FAILED = "답변을 만드는 중에 문제가 생겼어요. 잠시 뒤 다시 보내 주세요."
TICK_S = 0.25


class LiveTurn:
    """One turn: what the customer sent, and the events that came so far.

    ``after`` is the id of the last message there was before it; ``session_id`` is filled
    in by the desk's answer when the turn opened a new chat.
    """

    def __init__(
        self,
        make: Callable[[], Iterator[Event]],
        *,
        text: str,
        session_id: str | None,
        after: str | None = None,
        image_ids: tuple[str, ...] = (),
        confirm: str | None = None,
    ) -> None:
        self.text = text
        self.session_id = session_id
        self.after = after
        self.image_ids = image_ids
        self.confirm = confirm
        self.error: ErrorEvent | None = None
        self._make = make
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._over = False
        self._stopped = False
        threading.Thread(target=self._work, name="turn", daemon=True).start()

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        with self._changed:
            return self._over

    @property
    def stopped(self) -> bool:
        """Whether the customer stopped it."""
        return self._stopped

    def events(self) -> Iterator[Event | None]:
        """Every event from the first; None now and then while there is nothing new.

        The None lets a watching script call Streamlit, which is where a stop or a rerun
        reaches it.
        """
        seen = 0
        while True:
            with self._changed:
                if seen == len(self._events) and not self._over:
                    self._changed.wait(TICK_S)
                fresh, over = self._events[seen:], self._over
            seen += len(fresh)
            yield from fresh
            if over and seen == len(self._events):
                return
            if not fresh:
                yield None

    def stop(self) -> None:
        """Ask the turn to end after the event it is making; what was said is kept."""
        self._stopped = True

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; False when it did not come in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._over, timeout_s)

    def _work(self) -> None:
        try:
            with closing(_generator(self._make())) as stream:
                for event in stream:
                    self._add(event)
                    if self._stopped:
                        break
        except SangdamError as error:
            self._add(ErrorEvent(error.code, error.message))
        except Exception:
            _log.exception("a turn failed")
            self._add(ErrorEvent("internal_error", FAILED))
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _add(self, event: Event) -> None:
        if isinstance(event, Message | Status):
            self.session_id = event.session_id or self.session_id
        elif isinstance(event, ErrorEvent):
            self.error = event
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()


def _generator(events: Iterator[Event]) -> Generator[Event, None, None]:
    """``events`` as a generator, so that closing it closes a generator underneath."""
    try:
        yield from events
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def current() -> LiveTurn | None:
    """The tab's turn, until the page has taken note of its end."""
    found = st.session_state.get(_KEY)
    return found if isinstance(found, LiveTurn) else None


def start(turn: LiveTurn) -> None:
    """Make ``turn`` the tab's turn."""
    st.session_state[_KEY] = turn


def forget() -> None:
    """The page has taken note of the turn's end."""
    st.session_state.pop(_KEY, None)
