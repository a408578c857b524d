"""One request to one provider, on the gateway's loop: its place, its bounds, its books."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from agent.llm import usage as counts
from agent.llm.breaker import COUNTED
from agent.llm.config import Limits, Price
from agent.llm.prices import cost_usd, price_of
from agent.llm.providers import Provider
from agent.llm.types import (
    Adapter,
    Ask,
    Fallback,
    Finished,
    Piece,
    Step,
    TextDelta,
    ToolCall,
    Usage,
)
from errors import LLMError

__all__ = ["Attempts", "Busy", "Job", "Passed", "Reply", "Tally"]

log = logging.getLogger("sangdam.llm")
_CLOSE_S = 0.5  # for a connection's end after the last word
_CALL_CHARS = 16  # what a tool's call counts at least toward the longest reply
# A server that counts far fewer tokens than were sent has cut the prompt without a word.
_CUT_SHARE, _CUT_TOKENS = 0.4, 500


@dataclass(frozen=True, slots=True)
class Job:
    """What one ``complete`` wants; times are ``time.monotonic()``. ``ask`` lacks the model.

    ``turn_spent`` keeps every model from being asked, ``day_spent`` those that cost something.
    """

    plan: tuple[Step | Fallback, ...]
    ask: Ask
    needs: frozenset[str]
    sent_tokens: int
    started: float
    until: float
    first_token_s: float
    draft: str | None
    turn_spent: bool
    day_spent: bool

    def left_s(self) -> float:
        """Seconds until the whole call's deadline."""
        return self.until - time.monotonic()

    def ms(self) -> float:
        """Since the call began."""
        return round((time.monotonic() - self.started) * 1000, 1)


@dataclass(slots=True)
class Tally:
    """What has come of a call so far; read by whoever asked once it has ended."""

    provider: str = ""
    model: str = ""
    first_token_ms: float | None = None
    retries: int = 0
    fallbacks: list[Fallback] = field(default_factory=list)
    emitted: bool = False
    used: list[tuple[Usage, float | None]] = field(default_factory=list)

    @property
    def usage(self) -> Usage:
        """Of all attempts of which anything came."""
        return counts.added(usage for usage, _ in self.used)

    @property
    def cost_usd(self) -> float | None:
        """Their cost; None as soon as one has no price."""
        costs = [cost for _, cost in self.used]
        return None if None in costs else sum((cost for cost in costs if cost is not None), 0.0)


class Passed(Exception):
    """The provider was not asked after all; the argument is the reason."""


class Busy(LLMError):
    """All places were taken: nobody was asked, and waiting for one again would not help."""


@dataclass(slots=True)
class Reply:
    """One attempt's reply as it grows."""

    provider: Provider
    step: Step
    text: list[str] = field(default_factory=list)
    held: str = ""  # blanks before the first word: not yet known to lead anywhere
    calls: list[ToolCall] = field(default_factory=list)
    chars: int = 0
    finished: Finished | None = None
    began: float = field(default_factory=time.monotonic)
    latency_ms: float = 0.0  # of its first piece

    @property
    def came(self) -> bool:
        return bool(self.text or self.calls)


class Attempts:
    """Makes a call's requests; hands text out by ``emit`` as it comes."""

    def __init__(
        self,
        job: Job,
        limits: Limits,
        prices: Mapping[str, Price],
        failed: Callable[[str, str], None],
        emit: Callable[[Piece], None],
        tally: Tally,
    ) -> None:
        self._job = job
        self._limits = limits
        self._prices = prices
        self._failed = failed
        self._emit = emit
        self._tally = tally

    async def one(self, provider: Provider, step: Step) -> Reply:
        """One request, with a place and the breaker's leave. Raises Passed, LLMError."""
        self._tally.provider, self._tally.model = step.provider, step.model
        try:
            adapter = await self._client(provider)
        except LLMError as error:
            self._tell(provider, error)
            raise
        window_s = min(self._job.first_token_s, self._job.left_s())
        first_at = time.monotonic() + window_s
        try:
            async with asyncio.timeout_at(first_at):
                await provider.places.acquire()
        except TimeoutError:
            raise Busy(
                "overloaded", provider=provider.name, detail="every place is taken"
            ) from None
        try:
            return await self._judged(provider, step, adapter, first_at, window_s)
        finally:
            provider.places.release()

    async def _client(self, provider: Provider) -> Adapter:
        try:
            async with asyncio.timeout_at(self._job.until):
                return await provider.adapter()
        except TimeoutError:
            raise LLMError("timeout", detail="no client yet") from None

    async def _judged(
        self, provider: Provider, step: Step, adapter: Adapter, first_at: float, window_s: float
    ) -> Reply:
        """One request, its end told to the breaker and the books. Raises Passed, LLMError."""
        ticket = provider.breaker.enter()
        if ticket is None:
            raise Passed("breaker_open")
        ok: bool | None = None
        provider.in_flight += 1
        try:
            reply = await self._read(provider, step, adapter, first_at)
            ok = True
            provider.answered(reply.latency_ms)
            self._look_for_a_cut(provider, reply)
            return reply
        except LLMError as error:
            # A slow one is not to blame for the rest of a deadline that others used up.
            whole = min(self._job.first_token_s, self._job.until - self._job.started)
            blamed = error.kind != "timeout" or window_s >= whole / 2
            ok = False if error.kind in COUNTED and blamed else None
            self._tell(provider, error)
            raise
        finally:
            provider.in_flight -= 1
            provider.breaker.leave(ticket, ok)

    async def _read(
        self, provider: Provider, step: Step, adapter: Adapter, first_at: float
    ) -> Reply:
        """The whole reply, its text handed out as it comes. Raises LLMError."""
        self._check_length(provider)
        reply = Reply(provider, step)
        ask = replace(self._job.ask, model=step.model)
        scope = asyncio.timeout_at(first_at)
        try:
            async with scope, aclosing(adapter.stream(ask)) as stream:
                async for piece in stream:
                    if scope.expired():  # a client that does not let itself be cancelled
                        raise TimeoutError
                    if isinstance(piece, Finished):
                        reply.finished = piece
                        scope.reschedule(min(self._job.until, time.monotonic() + _CLOSE_S))
                        break
                    self._take(reply, piece, scope)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise LLMError("truncated", detail="the client gave up by itself") from None
        except Exception as error:
            if reply.finished is None:
                raise _as_failure(error, reply) from None
        finally:
            self._settle(reply)
        return self._whole(reply)

    def _tell(self, provider: Provider, error: LLMError) -> None:
        error.provider, error.emitted = provider.name, self._tally.emitted
        provider.failed(error)
        log.warning("%s: %s (%s)", provider.name, error.kind, error.detail or "no words")
        self._failed(provider.name, error.kind)

    def _check_length(self, provider: Provider) -> None:
        room = provider.endpoint.context_tokens
        needed = self._job.sent_tokens + self._job.ask.max_tokens
        if 0 < room < needed:
            raise LLMError("context_too_long", detail=f"about {needed} tokens for {room}")

    def _take(self, reply: Reply, piece: TextDelta | ToolCall, scope: asyncio.Timeout) -> None:
        if isinstance(piece, ToolCall):
            reply.chars += len(piece.name) + len(piece.arguments) + _CALL_CHARS
        else:
            reply.chars += len(piece.text)
        if reply.chars > self._limits.max_output_chars:
            raise LLMError("malformed", detail=f"more than {self._limits.max_output_chars} chars")
        if isinstance(piece, ToolCall):
            if not self._job.ask.tools:  # a call of what nobody offered
                return
            self._first(reply, scope)
            reply.calls.append(piece)
            return
        reply.held += piece.text
        if not reply.held or not (reply.text or reply.held.strip()):
            return
        self._first(reply, scope)
        text, reply.held = reply.held, ""
        reply.text.append(text)
        self._tally.emitted = True
        self._emit(TextDelta(text))

    def _first(self, reply: Reply, scope: asyncio.Timeout) -> None:
        if not reply.came:
            self._tally.first_token_ms = self._job.ms()
            reply.latency_ms = round((time.monotonic() - reply.began) * 1000, 1)
            scope.reschedule(self._job.until)

    def _whole(self, reply: Reply) -> Reply:
        """The reply, if it is one. Raises LLMError."""
        if reply.finished is None:
            raise LLMError("truncated", detail="ended without its last event")
        if not reply.came:
            raise LLMError("malformed", detail="an empty reply")
        if reply.finished.model:
            self._tally.model = reply.finished.model
        return reply

    def _settle(self, reply: Reply) -> None:
        """Book what an attempt used, however it ended; one of which nothing came used nothing."""
        told = reply.finished.usage if reply.finished else None
        if told is not None and counts.was_told(told):
            usage = told
        elif reply.came:
            usage = counts.usage_of(self._job.sent_tokens, "".join(reply.text), reply.calls)
        else:
            return
        provider, step = reply.provider, reply.step
        named = reply.finished.model if reply.finished else ""
        price = price_of(self._prices, provider.name, step.model, named)
        self._tally.used.append((usage, cost_usd(usage, price, local=provider.local)))

    def _look_for_a_cut(self, provider: Provider, reply: Reply) -> None:
        told = reply.finished.usage if reply.finished else None
        if told is None or not counts.was_told(told) or "pictures" in self._job.needs:
            return
        sent, read = self._job.sent_tokens, told.input_tokens
        if read < sent * _CUT_SHARE and sent - read > _CUT_TOKENS:
            log.warning("%s: read %d tokens of about %d", provider.name, read, sent)
            provider.noticed(
                f"보낸 글 약 {sent:,}토큰 가운데 {read:,}토큰만 읽었다고 해요. "
                "긴 글을 잘라 내고 있는지, 모델의 최대 길이 설정을 확인해 주세요."
            )


def _as_failure(error: Exception, reply: Reply) -> LLMError:
    if isinstance(error, LLMError):
        return error
    if isinstance(error, TimeoutError):
        waited_s = time.monotonic() - reply.began
        what = "not at its end" if reply.came else "no word"
        return LLMError("timeout", detail=f"{what} after {waited_s:.1f} s")
    # Its words may hold anything, the key too; type and place are enough.
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{PurePath(place.filename).name}:{place.lineno}"
    return LLMError("malformed", detail=f"unexpected {type(error).__name__} at {where}")
