"""The shop's language models: the gateway to them, and the books its calls are entered in."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

from agent.flows import FLOWS, Domain
from agent.llm import Call, Gateway, Usage, load_config
from agent.llm.adapters import ADAPTERS
from agent.llm.roles.generate import Generated, generate
from agent.llm.routing import check_rows
from agent.llm.types import OFFLINE, Adapter
from agent.shop.calendar import day_of
from agent.types import Caller, TokenUsage
from errors import BadInput, Forbidden, Unavailable
from store import llm_calls
from store.database import BUSY_TIMEOUT_S, dump
from store.llm_calls import LlmCall
from store.models import to_text

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["Generated", "Models", "Usage"]

_log = logging.getLogger("sangdam.llm")
MOST_PAYLOAD = 20_000  # characters of its JSON
_BATCH = 1000  # calls that are deleted in one transaction
_WAIT_S = 0.3  # that a turn waits for the store to enter a call
_MOST_DUE = 10_000  # calls kept while the store cannot be had


class Models:
    """The gateway of one shop and its books. Safe to share between threads.

    Raises BadSetting for tables under ``[llm]`` that make no sense.
    """

    def __init__(self, desk: Services, adapters: Sequence[type[Adapter]] = ADAPTERS) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._day: date | None = None
        self._spent_usd = 0.0
        self._due: list[LlmCall] = []
        self._catching_up = False
        self.config = load_config(desk.settings)
        check_rows(self.config, intents=FLOWS, domains=get_args(Domain))
        self.known_providers = frozenset((OFFLINE, *self.config.providers))
        self.gateway = Gateway(
            self.config,
            adapters=adapters,
            record=self.record,
            failed=lambda provider, kind: desk.metrics.llm_error(provider, kind),
            breaker=lambda provider, state: desk.metrics.breaker(provider, state),
            spent_today_usd=self.spent_today_usd,
        )

    def spent_today_usd(self) -> float:
        """What models are known to have cost since midnight in Seoul."""
        with self._lock:
            self._turn_to(day_of(self._desk.clock()))
            return self._spent_usd

    def generate(
        self,
        caller: Caller,
        *,
        role: str,
        task: str,
        payload: Mapping[str, Any],
        mode: str = "text",
        schema: Mapping[str, Any] | None = None,
        address: str = "",
        cancel: threading.Event | None = None,
    ) -> Generated:
        """Have a role's task done (``agent.llm.roles``); staff only, counted as a message.

        Raises Forbidden, TooMany, NotFound, BadInput, Unavailable, Cancelled.
        """
        if not caller.is_staff:
            raise Forbidden("담당자만 할 수 있는 일이에요.")
        if len(dump(payload)) > MOST_PAYLOAD:
            raise BadInput(f"payload는 {MOST_PAYLOAD:,}자까지 보낼 수 있어요.")
        self._desk.limits.turn(caller, address)
        return generate(
            self.gateway, self._desk.desk.prompts, role=role, task=task, payload=payload,
            mode=mode, schema=schema, cancel=cancel,
        )  # fmt: skip

    def record(self, call: Call) -> None:
        """Enter one call that ended; never raises: a reply does not fail for the books.

        Nor does it wait for them: while somebody else holds the store, a thread catches up. A
        call for which there was nobody to ask is none.
        """
        if call.provider in ("", OFFLINE) and not call.fallbacks:
            return
        now = self._desk.clock()
        cost_usd = call.cost_usd or 0.0
        with self._lock:
            self._turn_to(day_of(now))
            self._spent_usd += cost_usd
        taken = call.usage.input_tokens, call.usage.output_tokens
        self._desk.metrics.llm_usage(
            call.provider, TokenUsage(*taken, sum(taken)), cost_usd=cost_usd
        )
        with self._lock:
            self._due.append(_row(call, now))
            if self._catching_up:
                return
        if self._written(_WAIT_S):
            return
        with self._lock:
            if self._catching_up:
                return
            self._catching_up = True
        threading.Thread(target=self._catch_up, name="llm-books", daemon=True).start()

    def _written(self, wait_s: float) -> bool:
        """Write what is due; False where the store was not to be had within ``wait_s``."""
        with self._lock:
            rows, self._due = self._due, []
        if not rows:
            return True
        try:
            with self._desk.database.write(durable=False, wait_s=wait_s) as tx:
                for row in rows:
                    llm_calls.add(tx, row)
        except Unavailable:
            with self._lock:
                self._due = [*rows, *self._due][-_MOST_DUE:]
            return False
        except sqlite3.Error:
            _log.exception("models' calls could not be written: %d", len(rows))
        return True

    def _catch_up(self) -> None:
        """Wait for the store until all that is due is written."""
        while True:
            written = self._written(BUSY_TIMEOUT_S)
            with self._lock:
                if written and not self._due:
                    self._catching_up = False
                    return
            if not written:  # a store that refuses at once is no reason to spin
                time.sleep(_WAIT_S)

    def forget_old(self) -> int:
        """Delete the calls of more than ``model_calls_days`` days ago in short transactions;
        returns how many. The sums of their days stay."""
        days = self._desk.settings.model_calls_days
        if days <= 0:
            return 0
        total, before = 0, self._desk.clock() - timedelta(days=days)
        while True:
            with self._desk.database.write(durable=False) as tx:
                deleted = llm_calls.forget_old(tx, before=before, limit=_BATCH)
            total += deleted
            if deleted < _BATCH:
                return total

    def _turn_to(self, today: date) -> None:
        """Take up what the store knows of a day that is new here.

        Before this process writes anything of that day: nothing is counted twice.
        """
        if self._day is not None and today <= self._day:
            return
        try:
            with self._desk.database.read() as tx:
                self._spent_usd = llm_calls.spent_usd(tx, today.isoformat())
        except sqlite3.Error:
            _log.exception("today's spending could not be read")
            self._spent_usd = 0.0
        self._day = today


def _row(call: Call, now: datetime) -> LlmCall:
    usage = call.usage
    return LlmCall(
        purpose=call.purpose,
        provider=call.provider,
        model=call.model,
        created_at=to_text(now),
        turn_id=call.turn_id,
        conversation_id=call.conversation_id,
        prompt=call.prompt,
        error=call.error,
        reason=call.reason,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        estimated=usage.estimated,
        cost_usd=call.cost_usd,
        first_token_ms=call.first_token_ms,
        latency_ms=call.latency_ms,
        retries=call.retries,
        fallbacks=call.fallbacks,
    )
