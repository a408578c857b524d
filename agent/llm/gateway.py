"""The gateway to language models: who is asked, within which bounds, and what it cost.

``complete`` ends in time whatever a server does: it answers, falls back to the next provider as
long as nothing has been said, or raises one :class:`errors.LLMError`.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, ParamSpec

from agent.llm import usage as counts
from agent.llm.adapters import ADAPTERS
from agent.llm.attempt import Job, Tally
from agent.llm.config import LLMConfig
from agent.llm.iothread import Closed, IOThread
from agent.llm.providers import OFFLINE_STATE, Probe, Provider, ProviderFacts, ProviderState
from agent.llm.relay import Relay
from agent.llm.routing import LAST, models_of, plan, resolve, rule_of
from agent.llm.types import (
    OFFLINE,
    Adapter,
    Ask,
    Call,
    Cancelled,
    ChatMessage,
    Exchange,
    Final,
    Piece,
    Purpose,
    Route,
    Spend,
    Step,
    Tag,
    ToolSpec,
)
from errors import BadSetting, LLMError, NotFound, Unavailable

__all__ = ["Gateway", "Probe", "ProviderState"]

log = logging.getLogger("sangdam.llm")
P = ParamSpec("P")
_PROBE_S = 5.0
_GRACE_S = 0.5  # beyond a call's deadline, should its loop be held up
_CONNECT_S, _READ_S = 5.0, 20.0
_STOPPED = "서버를 다시 시작하는 중이에요. 잠시 뒤 다시 시도해 주세요."


class Gateway:
    """All models behind one door. Any thread may use it; the clients live on one of its own.

    ``record`` hears of every ended call (on the thread that asked), ``failed`` of every failed
    attempt (provider, kind) and ``breaker`` of every breaker's new state (on the gateway's own
    thread: neither may block). Raises BadSetting for a provider of an unknown kind.
    """

    def __init__(
        self,
        config: LLMConfig,
        *,
        adapters: Sequence[type[Adapter]] = ADAPTERS,
        record: Callable[[Call], None] = lambda call: None,
        failed: Callable[[str, str], None] = lambda provider, kind: None,
        breaker: Callable[[str, str], None] = lambda provider, state: None,
        spent_today_usd: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.config = config
        self._record = _quiet(record)
        self._failed = _quiet(failed)
        self._spent_today_usd = spent_today_usd
        self._providers = _providers(config, adapters, _quiet(breaker))
        self._io = IOThread("llm", self._leave)

    @property
    def configured(self) -> bool:
        """Whether any model can be asked at all."""
        return any(not provider.missing(provider.model) for provider in self._providers.values())

    def route(
        self,
        *,
        intent: str = "",
        domain: str = "",
        purpose: Purpose = "compose",
        needs: Collection[str] = (),
    ) -> Route:
        """Who would be asked now, and who is passed over and why; "offline" is always last.

        ``needs`` holds "tools", "pictures", "vision" (configured to judge photos): providers that
        lack one are passed over.
        """
        rule = rule_of(self.config, intent=intent, domain=domain, purpose=purpose)
        day_spent = self._day_spent()

        def why_not(step: Step) -> str:
            provider = self._providers[step.provider]
            if field := provider.missing(step.model):
                return f"unconfigured:{field}"
            if lacking := provider.lacks(needs, step.model):
                return f"capability:{lacking}"
            if day_spent and not provider.local:
                return "budget"
            return "" if provider.breaker.admits() else "breaker_open"

        return resolve(self.config, rule, why_not)

    def complete(
        self,
        route: Route,
        messages: Sequence[ChatMessage],
        *,
        tag: Tag,
        tools: Sequence[ToolSpec] = (),
        schema: Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
        first_token_s: float | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stop: Sequence[str] = (),
        draft: str | None = None,
        spend: Spend | None = None,
        cancel: threading.Event | None = None,
    ) -> Generator[Piece, None, None]:
        """The answer as it comes, its Final last; nothing is asked before the first ``next``.

        Times in seconds bound the whole chain and each provider's first word (None: the
        configuration's). ``draft`` is what is said where no model answers. Closing the iterator
        gives the call up. ``spend`` grows by what was used.

        Raises LLMError (``emitted`` when text had gone out), Unavailable ("model_not_configured",
        "model_budget") when there was nobody to ask and no draft, Cancelled once ``cancel`` is set.
        """
        if cancel is not None and cancel.is_set():
            raise Cancelled
        limits = self.config.limits
        total_s = limits.total_s if deadline_s is None else deadline_s
        first_s = limits.first_token_s if first_token_s is None else first_token_s
        ask = Ask(
            "", messages, tools, schema,
            max_tokens=limits.max_output_tokens if max_tokens is None else max_tokens,
            temperature=temperature, stop=stop,
            connect_s=max(0.05, min(_CONNECT_S, first_s, total_s)),
            read_s=max(0.05, min(max(_READ_S, first_s), total_s)),
        )  # fmt: skip
        started = time.monotonic()
        job = Job(
            plan(self.config, route), ask, _needs(messages, tools),
            counts.input_tokens(messages, tools, schema), started, started + total_s, first_s,
            draft, self._turn_spent(spend), self._day_spent(),
        )  # fmt: skip
        yield from self._asked(job, tag, spend, cancel)

    def probe(self, provider: str) -> Probe:
        """Ask a provider for its models now, within 5 s. Raises NotFound, Unavailable.

        ``provider`` is what :meth:`named` takes.
        """
        name = self.named(provider)
        if name == OFFLINE:
            return Probe("", True, (LAST.model,), 0.0)
        try:
            return self._io.run(lambda: self._providers[name].probe(_PROBE_S))
        except Closed:
            raise Unavailable(_STOPPED, code="stopping") from None

    def named(self, provider: str) -> str:
        """A provider's name, given it, "offline" or a kind (its first). Raises NotFound."""
        if provider in self._providers or provider == OFFLINE:
            return provider
        found = (name for name, one in self._providers.items() if one.kind.kind == provider)
        if (name := next(found, None)) is None:
            known = ", ".join((*self._providers, OFFLINE))
            raise NotFound(f"그런 제공자는 없어요. {known} 가운데에서 골라 주세요.")
        return name

    def facts(self) -> dict[str, ProviderFacts]:
        """What every configured provider is."""
        return {name: provider.facts() for name, provider in self._providers.items()}

    def states(self) -> dict[str, ProviderState]:
        """Every configured provider's state, and "offline"."""
        states = {name: provider.state() for name, provider in self._providers.items()}
        return {**states, OFFLINE: OFFLINE_STATE}

    def warm(self) -> None:
        """Make the clients of all usable providers, so that no customer waits for imports."""

        async def make() -> None:
            usable = [one for one in self._providers.values() if not one.missing(one.model)]
            await asyncio.gather(*(one.adapter() for one in usable), return_exceptions=True)

        if self.configured:
            self._io.run(make)

    def untied(self) -> Gateway:
        """The same models, connections and books; its calls are entered as nobody's.

        What they cost counts for the day, never for a conversation or a turn.
        """
        twin = copy.copy(self)
        twin._record = lambda call: self._record(replace(call, turn_id=None, conversation_id=None))
        return twin

    def close(self) -> None:
        """Give up every call, close every connection, end the thread."""
        self._io.close()

    def _asked(
        self, job: Job, tag: Tag, spend: Spend | None, cancel: threading.Event | None
    ) -> Generator[Piece, None, None]:
        relay = Relay(job, self._providers, self.config.limits, self.config.prices, self._failed)
        error, booked = "cancelled", False
        kept = _kept(job.ask, tag, spend)
        try:
            with closing(self._pieces(relay, job, cancel)) as pieces:
                for piece in pieces:
                    if kept is not None:
                        kept.take(piece)
                    if isinstance(piece, Final):
                        self._book(job, relay.tally, tag, spend, "", kept)
                        booked = True
                    yield piece
        except LLMError as failure:
            error = failure.kind
            raise
        except Unavailable as failure:
            error = failure.code.removeprefix("model_")
            raise
        finally:
            if not booked and (error != "cancelled" or relay.tally.used):
                self._book(job, relay.tally, tag, spend, error, kept)

    def _pieces(
        self, relay: Relay, job: Job, cancel: threading.Event | None
    ) -> Generator[Piece, None, None]:
        try:
            yield from self._io.stream(relay.run, until=job.until + _GRACE_S, cancel=cancel)
        except TimeoutError:
            tally = relay.tally
            raise LLMError("timeout", emitted=tally.emitted, provider=tally.provider) from None
        except Closed:
            raise Unavailable(_STOPPED, code="stopping") from None
        except LLMError:
            if self._io.closed:  # how a call dies while everything is closed says nothing
                raise Unavailable(_STOPPED, code="stopping") from None
            raise

    def _book(
        self, job: Job, tally: Tally, tag: Tag, spend: Spend | None, error: str,
        kept: Exchange | None,
    ) -> None:  # fmt: skip
        usage, cost = tally.usage, tally.cost_usd
        call = Call(
            purpose=tag.purpose,
            provider=tally.provider or OFFLINE,
            model=tally.model if tally.provider else LAST.model,
            usage=usage,
            cost_usd=cost,
            first_token_ms=tally.first_token_ms,
            latency_ms=job.ms(),
            retries=tally.retries,
            fallbacks=len(tally.fallbacks),
            reason=tally.fallbacks[0].reason if tally.fallbacks else error,
            error=error,
            prompt=tag.prompt,
            turn_id=tag.turn_id,
            conversation_id=tag.conversation_id,
        )
        if spend is not None and (tally.provider or tally.fallbacks):
            spend.usd += cost or 0.0
            spend.tokens += usage.input_tokens + usage.output_tokens
            spend.calls.append(call)
        if kept is not None:
            kept.end(call, time.perf_counter())
        self._record(call)

    def _turn_spent(self, spend: Spend | None) -> bool:
        budget = self.config.budget
        if spend is None:
            return False
        usd = 0 < budget.turn_usd <= spend.usd
        return usd or 0 < budget.turn_tokens <= spend.tokens

    def _day_spent(self) -> bool:
        most = self.config.budget.day_usd
        return most > 0 and self._spent_today_usd() >= most

    async def _leave(self) -> None:
        await asyncio.gather(
            *(provider.close() for provider in self._providers.values()), return_exceptions=True
        )


def _providers(
    config: LLMConfig, adapters: Sequence[type[Adapter]], turned: Callable[[str, str], None]
) -> dict[str, Provider]:
    kinds = {adapter.kind: adapter for adapter in adapters}
    models = models_of(config)
    providers: dict[str, Provider] = {}
    for name, row in config.providers.items():
        if row.kind not in kinds:
            raise BadSetting(
                f"[llm.providers.{name}]의 kind {row.kind!r}는 모르는 종류입니다. "
                f"{', '.join(kinds)} 가운데에서 적어 주세요."
            )
        providers[name] = Provider(
            name, row, kinds[row.kind], config.limits, models=models[name], turned=turned
        )
    return providers


def _kept(ask: Ask, tag: Tag, spend: Spend | None) -> Exchange | None:
    """Where the call's own words are kept; None where nobody asks for them."""
    if spend is None or spend.exchanges is None:
        return None
    tools = tuple(tool.name for tool in ask.tools)
    spend.exchanges.append(Exchange(tag, ask.messages, tools, time.perf_counter()))
    return spend.exchanges[-1]


def _needs(messages: Sequence[ChatMessage], tools: Sequence[ToolSpec]) -> frozenset[str]:
    """What a provider must be able to do to be sent these."""
    called = any(message.calls or message.role == "tool" for message in messages)
    pictures = any(message.pictures for message in messages)
    asked = {"tools": bool(tools) or called, "pictures": pictures}
    return frozenset(need for need, wanted in asked.items() if wanted)


def _quiet(told: Callable[P, None]) -> Callable[P, None]:
    """``told`` as something that never fails: no reply is lost for a count or a book."""

    def tell(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            told(*args, **kwargs)
        except Exception:
            log.exception("what a model's call did could not be told")

    return tell
