"""Turns under way: a bounded pool of workers, and what of each turn is known so far.

A page's script run ends whenever somebody clicks, an HTTP client may go at any moment; a turn
must not. So every turn of the page and of the API runs in a worker, its events are collected
in a :class:`LiveTurn`, and whoever watches takes them up from the first, or from where a lost
connection left off. Only ``stop()`` ends a turn early.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from agent.summary import summarise
from agent.types import Caller, Delta, ErrorEvent, Event, Message, Source, Status
from errors import BadInput, SangdamError, TooMany, Unavailable
from services import logs
from services.metrics_words import outcome_of

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["FAILED", "STOPPING", "LiveTurn", "Turns", "workers"]

_log = logging.getLogger("sangdam.turn")
FAILED = "답변을 만드는 중에 문제가 생겼어요. 잠시 뒤 다시 보내 주세요."
BUSY = "지금 문의가 많아 답변을 시작하지 못했어요. 잠시 뒤 다시 보내 주세요."
STOPPING = "서버를 다시 시작하는 중이에요. 잠시 뒤 다시 보내 주세요."
TICK_S = 0.25
KEEP, KEEP_S = 1000, 300.0  # ended turns that a lost client may still ask for


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

        with self._changed:
            self._watchers.append(wake)
        try:
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
        finally:
            with self._changed:
                self._watchers.remove(wake)

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


class Turns:
    """The process's turns. Safe to share between threads."""

    def __init__(self, desk: Services) -> None:
        self._desk = desk
        self._workers = workers(desk)
        self._most = self._workers + desk.settings.turn_queue_max
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="turn")
        self._idle = threading.Condition()
        self._open: set[LiveTurn] = set()
        self._running = 0
        self._known: OrderedDict[str, tuple[str, LiveTurn]] = OrderedDict()
        self._stopping = False

    @property
    def running(self) -> int:
        """Turns that have a worker."""
        return self._running

    @property
    def waiting(self) -> int:
        """Turns that wait for a worker."""
        return max(0, len(self._open) - self._running)

    @property
    def workers(self) -> int:
        """How many turns may run at the same time."""
        return self._workers

    def start(
        self,
        caller: Caller,
        message: str,
        *,
        session_id: str | None = None,
        image_ids: tuple[str, ...] = (),
        confirm: str | None = None,
        source: Source = "chat",
        address: str = "",
        key_id: str | None = None,
    ) -> LiveTurn:
        """Begin a turn; see :func:`agent.core.run_turn` for what it is given.

        Raises TooMany over a limit, Unavailable when the queue is full ("busy") or the
        server is about to stop ("stopping").
        """
        if source != "terminal":  # whoever sits at the machine is nobody to be held back
            self._limit(caller, address)
        turn = LiveTurn(
            lambda: self._desk.run_turn(
                caller, message, session_id=session_id, image_ids=image_ids, confirm=confirm,
                source=source, key_id=key_id, cancel=turn.cancel,
            ),
            session_id=session_id,
            named=lambda turn: self._remember(turn, _who(caller)),
        )  # fmt: skip
        self._admit(turn)
        context = contextvars.copy_context()  # the request's id goes into the worker's log
        self._pool.submit(context.run, self._work, turn, source, caller.user_id or "")
        return turn

    def check(self, message: str, *, more: bool = False) -> None:
        """Raises BadInput for a program's message that is too long, or says nothing.

        ``more`` is sent beside it: photos, a confirmation. People get the desk's own words
        for it (``agent.guardrails``).
        """
        limit = self._desk.settings.max_message_chars
        if len(message) > limit:
            raise BadInput(
                f"메시지는 {limit:,}자까지 보낼 수 있어요. 나누어 보내 주세요.",
                code="message_too_long",
            )
        if not message.strip() and not more:
            raise BadInput("메시지를 적어 주세요.", code="empty_message")

    def find(self, caller: Caller, turn_id: str, session_id: str | None = None) -> LiveTurn | None:
        """A turn of this caller that runs or has just ended, or None.

        A guest without a key is known by the chat's id.
        """
        with self._idle:
            owner, turn = self._known.get(turn_id, ("", None))
        if turn is None or owner != _who(caller):
            return None
        return turn if owner or (session_id and session_id == turn.session_id) else None

    def drain(self, timeout_s: float) -> int:
        """Take no more turns and wait for those under way; returns how many still run."""
        with self._idle:
            self._stopping = True
            self._idle.wait_for(lambda: not self._open, timeout_s)
            left = list(self._open)
        for turn in left:
            turn.stop()
        return len(left)

    def _limit(self, caller: Caller, address: str) -> None:
        try:
            self._desk.limits.turn(caller, address)
        except TooMany:
            self._desk.metrics.refused_turn("rate_limited")
            raise

    def _admit(self, turn: LiveTurn) -> None:
        with self._idle:
            refused = "stopping" if self._stopping else ""
            if not refused and len(self._open) >= self._most:
                refused = "busy"
            if not refused:
                self._open.add(turn)
        if refused:
            self._desk.metrics.refused_turn(refused)
            raise Unavailable(BUSY if refused == "busy" else STOPPING, code=refused)

    def _work(self, turn: LiveTurn, source: Source, user_id: str) -> None:
        logs.user_id.set(user_id)
        with self._idle:
            self._running += 1
        try:
            turn.run()
        finally:
            with self._idle:
                self._running -= 1
                self._open.discard(turn)
                self._idle.notify_all()
            self._desk.metrics.turn(
                source=source, message=turn.message, seconds=turn.seconds,
                outcome=outcome_of(turn.message, turn.error, stopped=turn.stopped),
                first_delta_s=turn.first_delta_s,
            )  # fmt: skip
            self._sum_up(turn)

    def _sum_up(self, turn: LiveTurn) -> None:
        """Shorten a long conversation for the models of its next turns; nobody waits for it."""
        if turn.message is None or self._stopping:
            return
        try:
            summarise(self._desk.desk, turn.message.session_id)
        except Exception:
            _log.exception("a conversation could not be summed up")

    def _remember(self, turn: LiveTurn, owner: str) -> None:
        logs.turn_id.set(turn.turn_id)
        with self._idle:
            self._known[turn.turn_id] = (owner, turn)
            while self._known:
                oldest = next(iter(self._known.values()))[1]
                old = oldest.ended_at and monotonic() - oldest.ended_at > KEEP_S
                if len(self._known) <= KEEP and not old:
                    break
                self._known.popitem(last=False)


def workers(desk: Services) -> int:
    """How many turns run at the same time: the setting, or for 0 as many as help.

    Turns of templates compute, turns of a language model wait for it.
    """
    if desk.settings.turn_workers:
        return int(desk.settings.turn_workers)
    return 64 if desk.llm.gateway.configured else os.cpu_count() or 1


def _who(caller: Caller) -> str:
    return caller.user_id or caller.guest_key


def _generator(events: Iterator[Event]) -> Generator[Event, None, None]:
    """``events`` as a generator, so that closing it closes a generator underneath."""
    try:
        yield from events
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
