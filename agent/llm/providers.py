"""One configured provider while the program runs: its client, its places, how it has done."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from agent.llm.breaker import Breaker, BreakerState
from agent.llm.config import Limits, ProviderRow
from agent.llm.iothread import in_a_thread
from agent.llm.types import Adapter, Endpoint
from errors import LLMError, LLMKind

__all__ = ["OFFLINE_STATE", "Probe", "Provider", "ProviderFacts", "ProviderState"]

log = logging.getLogger("sangdam.llm")


@dataclass(frozen=True, slots=True)
class ProviderState:
    """How a provider is doing. ``latency_ms`` is its last first word's, None before one.

    ``last_error`` is an ``LLMError.kind``, kept with its time (UTC) after a recovery: ``status``
    tells what holds now. ``last_detail`` is its server's own words, or what else was noticed.
    """

    status: Literal["ok", "degraded", "down", "unconfigured"]
    last_error: str | None = None
    latency_ms: float | None = None
    breaker: BreakerState = "closed"
    in_flight: int = 0
    last_error_at: datetime | None = None
    last_detail: str = ""


OFFLINE_STATE = ProviderState("ok")


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What a provider is. ``models`` are those by which it can be asked, its own first.

    ``local``: it costs nothing and what is said to it stays in the house. ``missing`` is the
    field without which it cannot be asked, or "".
    """

    base_url: str
    models: tuple[str, ...]
    local: bool
    missing: str


@dataclass(frozen=True, slots=True)
class Probe:
    """What a provider answered when asked for its models; ``error_kind`` is "" on success.

    It is an ``LLMError.kind`` or "unconfigured:<field>"; ``detail`` is the server's own words.
    """

    target_url: str
    success: bool
    models: tuple[str, ...]
    elapsed_ms: float
    error_kind: str = ""
    detail: str = ""


class Provider:
    """Everything but the state and the facts is touched on the gateway's loop only.

    ``models`` are those by which it can be asked, its own first.
    """

    def __init__(
        self,
        name: str,
        row: ProviderRow,
        kind: type[Adapter],
        limits: Limits,
        *,
        models: tuple[str, ...],
        turned: Callable[[str, BreakerState], None],
    ) -> None:
        self.name = name
        self.kind = kind
        self.models = models
        self.model = next(iter(models), "")
        self.local = kind.local if row.local is None else row.local
        self.endpoint = _endpoint(name, row, kind)
        self._needs = kind.needs | ({"api_key"} if row.needs_key else frozenset())
        self.breaker = Breaker(
            limits.breaker_failures, limits.breaker_cooldown_s, lambda state: turned(name, state)
        )
        self.places = asyncio.Semaphore(row.concurrency)
        self.in_flight = 0
        self._adapter: asyncio.Task[Adapter] | None = None
        self._failing = False
        self._last: tuple[str, datetime] | None = None
        self._detail = ""
        self._latency_ms: float | None = None

    def missing(self, model: str) -> str:
        """The field without which ``model`` of it cannot be asked, or ""."""
        for field in ("base_url", "api_key", "model"):
            value = model if field == "model" else getattr(self.endpoint, field)
            if field in self._needs and not value:
                return field
        return ""

    def lacks(self, needs: Collection[str], model: str = "") -> str:
        """Which of ``needs`` ("tools", "pictures", "vision") it, or ``model``, cannot do, or ""."""
        sees = self.endpoint.vision
        can: dict[str, bool] = {
            "tools": self.endpoint.tools,
            "vision": sees if isinstance(sees, bool) else model in sees,
        }
        lacks = self.kind.lacks
        return next((need for need in needs if need in lacks or not can.get(need, True)), "")

    async def adapter(self) -> Adapter:
        """Its client, made at the first use. Raises LLMError(bad_request) if that fails."""
        if self._adapter is None:
            self._adapter = asyncio.create_task(self._make())
        making = self._adapter
        try:
            # Shielded: whoever gives up leaves the client to the others that wait for it.
            return await asyncio.shield(making)
        except LLMError:
            if self._adapter is making:
                self._adapter = None
            raise

    async def probe(self, within_s: float) -> Probe:
        """Its list of models, asked for now. A failure is its state's; that it has a list says
        nothing about how it answers."""
        url, began = self.endpoint.base_url, time.monotonic()
        # Without a model's name it can still tell which ones it has.
        if field := self.missing("any"):
            return Probe(url, False, (), 0.0, f"unconfigured:{field}")
        models: list[str] = []
        kind: LLMKind | Literal[""] = ""
        detail = ""
        try:
            async with asyncio.timeout(within_s):
                models = await (await self.adapter()).models()
        except LLMError as error:
            kind, detail = error.kind, error.detail
        except TimeoutError:
            kind = "timeout"
        except Exception as error:
            kind, detail = "malformed", f"unexpected {type(error).__name__}"
        if kind:
            self.failed(LLMError(kind, provider=self.name, detail=detail))
        elapsed_ms = round((time.monotonic() - began) * 1000, 1)
        return Probe(url, not kind, tuple(models), elapsed_ms, kind, detail)

    async def close(self) -> None:
        """Close the client, if there is one."""
        making, self._adapter = self._adapter, None
        if making is None or not making.done() or making.cancelled():
            return
        if making.exception() is None:
            await making.result().close()

    def answered(self, first_token_ms: float) -> None:
        """A call went well."""
        self._failing = False
        self._latency_ms = first_token_ms

    def failed(self, error: LLMError) -> None:
        """A call failed."""
        self._failing = True
        self._last = error.kind, datetime.now(UTC)
        self._detail = error.detail

    def noticed(self, detail: str) -> None:
        """Something that is no failure, in Korean for the diagnostics."""
        self._detail = detail

    def facts(self) -> ProviderFacts:
        """What it is, which never changes."""
        url, lacking = self.endpoint.base_url, self.missing(self.model)
        return ProviderFacts(url, self.models, self.local, lacking)

    def state(self) -> ProviderState:
        """How it is doing now."""
        error, at = self._last or (None, None)
        return ProviderState(
            self._status(), error, self._latency_ms, self.breaker.state, self.in_flight, at,
            self._detail,
        )  # fmt: skip

    def _status(self) -> Literal["ok", "degraded", "down", "unconfigured"]:
        if self.missing(self.model):
            return "unconfigured"
        if self.breaker.state != "closed":
            return "down"
        return "degraded" if self._failing else "ok"

    async def _make(self) -> Adapter:
        began = time.monotonic()
        try:
            # An SDK takes up to a second to import: not on the loop.
            made = await in_a_thread(lambda: self.kind(self.endpoint), f"llm-{self.name}")
        except Exception as error:
            # Its words may hold what it was given: the key.
            detail = f"the client could not be made: {type(error).__name__}"
            raise LLMError("bad_request", provider=self.name, detail=detail) from None
        log.debug("client of %s made in %.2f s", self.name, time.monotonic() - began)
        return made


def _endpoint(name: str, row: ProviderRow, kind: type[Adapter]) -> Endpoint:
    return Endpoint(
        name=name,
        kind=row.kind,
        base_url=row.base_url or kind.default_base_url,
        model=row.model,
        api_key=row.api_key,
        tools=row.tools,
        schema=row.schema_support,
        usage_in_stream=row.usage_in_stream,
        temperature=row.temperature,
        context_tokens=row.context_tokens,
        concurrency=row.concurrency,
        headers=row.headers,
        vision=row.vision,
    )
