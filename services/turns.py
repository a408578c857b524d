"""Turns under way: a bounded pool of workers, and what of each turn is known so far.

A page's script run ends whenever somebody clicks, an HTTP client may go at any moment; a turn
must not. So every turn of the page and of the API runs in a worker, its events are collected
in a :class:`LiveTurn`, and whoever watches takes them up from the first, or from where a lost
connection left off. Only ``stop()`` ends a turn early.
"""

from __future__ import annotations

import contextvars
import logging
import os
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING

from agent.llm import Cancelled
from agent.summary import summarise
from agent.types import PERSON, Caller, Source
from errors import BadInput, TooMany, Unavailable
from services import logs
from services.live_turn import LiveTurn
from services.metrics_words import outcome_of

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["STOPPING", "Turns", "workers"]

_log = logging.getLogger("sangdam.turn")
BUSY = "지금 문의가 많아 답변을 시작하지 못했어요. 잠시 뒤 다시 보내 주세요."
STOPPING = "서버를 다시 시작하는 중이에요. 잠시 뒤 다시 보내 주세요."
KEEP, KEEP_S = 1000, 300.0  # ended turns that a lost client may still ask for
# A model takes seconds for a summary: no turn's worker waits for it, and no place of a model
# that turns wait for is taken by more than these.
_SUMMARIES, _MOST_SUMMARIES = 2, 100


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
        self._summaries = ThreadPoolExecutor(_SUMMARIES, thread_name_prefix="summary")
        self._summed_up: set[str] = set()  # chats whose summary is due or being made
        self._no_more = threading.Event()

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

    def under_way(self, caller: Caller, session_id: str) -> LiveTurn | None:
        """The caller's turn that now answers in this chat, or None."""
        with self._idle:
            mine = [
                turn for owner, turn in reversed(self._known.values())
                if turn.session_id == session_id and owner == _who(caller)
            ]  # fmt: skip
        return next((turn for turn in mine if not turn.over), None)

    def drain(self, timeout_s: float) -> int:
        """Take no more turns and wait for those under way; returns how many still run."""
        with self._idle:
            self._stopping = True
            self._idle.wait_for(lambda: not self._open, timeout_s)
            left = list(self._open)
        self._no_more.set()
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
            self._desk.triage.poke()  # it may have opened a ticket, or been told to one
            self._sum_up(turn)

    def _sum_up(self, turn: LiveTurn) -> None:
        """Have a long conversation shortened for the models of its next turns; nobody waits."""
        silent = turn.message is None or turn.message.model == PERSON
        if turn.message is None or silent or not self._desk.llm.gateway.configured:
            return
        session_id = turn.message.session_id
        with self._idle:
            due = self._summed_up
            if self._stopping or session_id in due or len(due) >= _MOST_SUMMARIES:
                return  # the chat's next turn comes back to it
            due.add(session_id)
        self._summaries.submit(self._summarise, session_id)

    def _summarise(self, session_id: str) -> None:
        try:
            summarise(self._desk.desk, session_id, cancel=self._no_more)
        except Cancelled:
            _log.info("a conversation is not summed up: the server stops")
        except Exception:
            _log.exception("a conversation could not be summed up")
        finally:
            with self._idle:
                self._summed_up.discard(session_id)

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
