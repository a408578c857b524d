"""One call on its way down a chain, on the gateway's loop: retries, fallbacks, the last words."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
)
from tenacity.wait import wait_random_exponential

from agent.llm.attempt import Attempts, Busy, Job, Passed, Reply, Tally
from agent.llm.config import Limits, Price
from agent.llm.providers import Provider
from agent.llm.routing import LAST
from agent.llm.types import Fallback, Final, Finish, Piece, Step, TextDelta
from errors import LLMError, Unavailable

__all__ = ["Relay"]

_AGAIN = frozenset(("unreachable", "rate_limited", "overloaded"))
_JITTER = wait_random_exponential(multiplier=0.3, max=3)
_NOBODY = "연결된 언어 모델이 없어요. 진단 화면에서 설정을 확인해 주세요."
_SPENT = "언어 모델에 쓰기로 한 비용을 다 썼어요. 잠시 뒤 다시 시도해 주세요."


class Relay:
    """Asks the steps of ``job.plan`` in turn; hands pieces out by ``emit``, the Final last."""

    def __init__(
        self,
        job: Job,
        providers: Mapping[str, Provider],
        limits: Limits,
        prices: Mapping[str, Price],
        failed: Callable[[str, str], None],
    ) -> None:
        self._job = job
        self._providers = providers
        self._limits = limits
        self._prices = prices
        self._failed = failed
        self._emit: Callable[[Piece], None] = lambda piece: None
        self.tally = Tally()

    async def run(self, emit: Callable[[Piece], None]) -> None:
        """The whole call. Raises LLMError, Unavailable."""
        self._emit = emit
        last: LLMError | None = None
        for entry in self._job.plan:
            if isinstance(entry, Fallback):
                self.tally.fallbacks.append(entry)
                continue
            if self._job.left_s() <= 0:
                if last is None:
                    last = LLMError("timeout", provider=entry.provider, detail="no time was left")
                    self.tally.fallbacks.append(Fallback(entry.provider, last.kind))
                break
            try:
                self._hand_out(await self._step(entry))
                return
            except Passed as passed:
                self.tally.fallbacks.append(Fallback(entry.provider, str(passed)))
            except LLMError as error:
                if self.tally.emitted:
                    raise
                self.tally.fallbacks.append(Fallback(entry.provider, error.kind))
                self.tally.first_token_ms = None
                last = error
        self._offline(last)

    def _offline(self, last: LLMError | None) -> None:
        """The desk's own words end every chain. Raises the last error where there are none."""
        draft = self._job.draft
        if draft is None:
            raise last or self._nobody()
        self.tally.provider, self.tally.model = LAST.provider, LAST.model
        self.tally.first_token_ms = self._job.ms()
        if draft:
            self._emit(TextDelta(draft))
        self._emit(self._final("stop"))

    def _nobody(self) -> Unavailable:
        reasons = {row.reason: row.provider for row in self.tally.fallbacks}
        if "breaker_open" in reasons:
            detail = "not asked: it failed too often"
            return LLMError("unreachable", provider=reasons["breaker_open"], detail=detail)
        if "budget" in reasons:
            return Unavailable(_SPENT, code="model_budget")
        return Unavailable(_NOBODY, code="model_not_configured")

    def _hand_out(self, reply: Reply) -> None:
        """A finished reply's calls and its Final. Its text has gone out already."""
        assert reply.finished is not None
        for call in reply.calls:
            self._emit(call)
        finish = reply.finished.finish
        if reply.calls and finish == "stop":
            finish = "tool_calls"
        elif finish == "tool_calls" and not reply.calls:
            finish = "stop"
        self._emit(self._final(finish))

    def _final(self, finish: Finish) -> Final:
        tally = self.tally
        return Final(
            finish, tally.usage, tally.provider, tally.model, tally.first_token_ms or 0.0,
            self._job.ms(), tally.retries, tuple(tally.fallbacks), tally.cost_usd,
        )  # fmt: skip

    async def _step(self, step: Step) -> Reply:
        """A step's reply, asked again where that may help. Raises Passed, LLMError."""
        provider = self._able(step)
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._limits.retries + 1)
            | stop_before_delay(self._job.left_s()),
            wait=_pause,
            retry=retry_if_exception(lambda error: self._may_again(provider, error)),
            before_sleep=self._count_retry,
            reraise=True,
        )
        attempts = Attempts(
            self._job, self._limits, self._prices, self._failed, self._emit, self.tally
        )
        return await retrying(attempts.one, provider, step)

    def _able(self, step: Step) -> Provider:
        provider = self._providers.get(step.provider)
        if provider is None:
            raise Passed("unconfigured:provider")
        if field_name := provider.missing(step.model):
            raise Passed(f"unconfigured:{field_name}")
        if lacking := provider.lacks(self._job.needs):
            raise Passed(f"capability:{lacking}")
        if self._job.turn_spent or (self._job.day_spent and not provider.local):
            raise Passed("budget")
        return provider

    def _may_again(self, provider: Provider, error: BaseException) -> bool:
        if not isinstance(error, LLMError) or isinstance(error, Busy):
            return False
        if self.tally.emitted or error.kind not in _AGAIN:
            return False
        soon = (error.retry_after_s or 0) <= self._limits.retry_after_max_s
        return soon and provider.breaker.admits()

    def _count_retry(self, state: RetryCallState) -> None:
        self.tally.retries += 1


def _pause(state: RetryCallState) -> float:
    """Seconds until the next try: the server's own wish and a little, or a random while."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, LLMError) and error.retry_after_s is not None:
        return error.retry_after_s + random.uniform(0, 0.25)
    return _JITTER(state)
