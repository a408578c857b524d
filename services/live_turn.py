"""One turn under way: its events so far, who watches it, and how it is stopped."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from time import monotonic, perf_counter

from agent.types import Delta, ErrorEvent, Event, Message, Status
from errors import SangdamError

__all__ = ["FAILED", "LiveTurn"]

_log = logging.getLogger("sangdam.turn")
FAILED = "답변을 만드는 중에 문제가 생겼어요. 잠시 뒤 다시 보내 주세요."
TICK_S = 0.25


class LiveTurn:
    """One turn: the events that came so far.

    ``session_id`` and ``turn_id`` are filled in by the desk's first event, ``message`` and
    ``error`` when they came.
    """

    def __init__(
        self,
        make: Callable[[], Iterator[Event]],
        *,
        session_id: str | None = None,
        named: Callable[[LiveTurn], None] | None = None,
    ) -> None:
        """``named`` is told when the turn has got its id."""
        self.session_id = session_id
        self.turn_id = ""
        self.message: Message | None = None
        self.error: ErrorEvent | None = None
        self.first_delta_s: float | None = None
        self.ended_at = 0.0
        self._make, self._named = make, named
        self._started = perf_counter()
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._watchers: list[Callable[[], None]] = []
        self._over = False
        self.cancel = threading.Event()

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        with self._changed:
            return self._over

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped it."""
        return self.cancel.is_set()

    @property
    def seconds(self) -> float:
        """How long it has run, the wait for a worker included."""
        return perf_counter() - self._started

    def events(self) -> Iterator[Event | None]:
        """Every event from the first; None now and then while there is nothing new.

        The None lets a watching script call Streamlit, which is where a stop or a rerun
        reaches it.
        """
        seen = 0
        with self._watched(lambda: None):
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

    async def stream(self, *, silence_s: float = 15.0) -> AsyncGenerator[Event | None, None]:
        """Every event from the first; None after ``silence_s`` (0.25 at least) without one."""
        silence_s = max(silence_s, TICK_S)  # 0 would keep the loop busy with nothing else
        loop, changed, seen = asyncio.get_running_loop(), asyncio.Event(), 0

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody is there to be woken
                loop.call_soon_threadsafe(changed.set)

        with self._watched(wake):
            while True:
                changed.clear()
                with self._changed:
                    fresh, over = self._events[seen:], self._over
                seen += len(fresh)
                for event in fresh:
                    yield event
                if over:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), silence_s)
                except TimeoutError:
                    yield None

    @contextmanager
    def _watched(self, wake: Callable[[], None]) -> Iterator[None]:
        """Somebody reads meanwhile; ``wake`` is called when there is something new."""
        with self._changed:
            self._watchers.append(wake)
        try:
            yield
        finally:
            with self._changed:
                self._watchers.remove(wake)

    def leave(self, *, return_s: float) -> None:
        """The reader has gone, and may come back within ``return_s`` seconds; if nobody does,
        the turn ends."""
        timer = threading.Timer(return_s, self.stop_unless_watched)
        timer.daemon = True
        timer.start()

    def stop_unless_watched(self) -> None:
        """Stop a turn whose readers have all gone."""
        with self._changed:
            alone = not self._watchers
        if alone:
            self.stop()

    def stop(self) -> None:
        """Ask the turn to end: at once where it waits for a model, or else after the event it
        is making. What was said is kept."""
        self.cancel.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; False when it did not come in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._over, timeout_s)

    def run(self) -> None:
        """Make the turn; called once, by a worker. Whatever goes wrong becomes an event."""
        try:
            with closing(_generator(self._make())) as stream:
                for event in stream:
                    self._add(event)
                    if self.stopped:
                        break
        except SangdamError as error:
            self._add(ErrorEvent(error.code, error.message, error.http_status))
        except Exception:
            _log.exception("a turn failed")
            self._add(ErrorEvent("internal_error", FAILED))
        finally:
            self._end()

    def _add(self, event: Event) -> None:
        if isinstance(event, Message | Status):
            self.session_id = event.session_id or self.session_id
        if isinstance(event, Status):
            if event.turn_id and not self.turn_id:
                self.turn_id = event.turn_id
                if self._named is not None:
                    self._named(self)
        elif isinstance(event, Message):
            self.message = event
        elif isinstance(event, ErrorEvent):
            self.error = event
        elif isinstance(event, Delta) and self.first_delta_s is None:
            self.first_delta_s = self.seconds
        with self._changed:
            self._events.append(event)
            self._tell()

    def _end(self) -> None:
        self.ended_at = monotonic()
        with self._changed:
            self._over = True
            self._tell()

    def _tell(self) -> None:
        self._changed.notify_all()
        for wake in self._watchers:
            wake()


def _generator(events: Iterator[Event]) -> Generator[Event, None, None]:
    """``events`` as a generator, so that closing it closes a generator underneath."""
    try:
        yield from events
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
