"""A circuit breaker: a provider that keeps failing is left alone for a while.

Ours, not a library's: the usual one (pybreaker) holds a lock for as long as the call runs, which
would let one call at a time through to each provider.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

__all__ = ["COUNTED", "Breaker", "BreakerState"]

BreakerState = Literal["closed", "half_open", "open"]
# A request the server found wrong says nothing about the server's health.
COUNTED = frozenset(
    ("unreachable", "timeout", "overloaded", "malformed", "truncated", "auth", "not_found",
     "rate_limited")
)  # fmt: skip


class Breaker:
    """Closed until ``failures`` calls in a row failed, then open for ``cooldown_s`` seconds.

    After that exactly one call may try (half open): it closes the breaker, or opens it for as
    long again. ``changed`` hears of each new state. Any thread may ask.
    """

    def __init__(
        self,
        failures: int,
        cooldown_s: float,
        changed: Callable[[BreakerState], None] = lambda state: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._cooldown_s = cooldown_s
        self._changed = changed
        self._clock = clock
        self._lock = threading.Lock()
        self._state: BreakerState = "closed"
        self._in_a_row = 0
        self._open_until = 0.0
        self._trying = False
        self._era = 0  # grows with each state: a verdict from an earlier one is out of date

    @property
    def state(self) -> BreakerState:
        """The state now; one that may be tried again is still "open" until somebody does."""
        return self._state

    def admits(self) -> bool:
        """Whether a call would be let through now; takes nothing."""
        with self._lock:
            return self._admits()

    def enter(self) -> int | None:
        """A ticket for one call, to be given back by :meth:`leave`; None: not now."""
        with self._lock:
            if not self._admits():
                return None
            turned = self._state == "open"
            if turned:
                self._turn("half_open")
            self._trying = self._state == "half_open"
            ticket = self._era
        if turned:
            self._changed("half_open")
        return ticket

    def leave(self, ticket: int, ok: bool | None) -> None:
        """The call of ``ticket`` ended well, failed, or (None) without a verdict."""
        with self._lock:
            if ticket != self._era:
                return
            before = self._state
            self._judge(ok)
            now = self._state
        if now != before:
            self._changed(now)

    def _admits(self) -> bool:
        if self._state == "open":
            return self._clock() >= self._open_until
        return self._state == "closed" or not self._trying

    def _judge(self, ok: bool | None) -> None:
        self._trying = False
        if ok is None:
            return
        if ok:
            self._in_a_row = 0
            if self._state == "half_open":
                self._turn("closed")
            return
        self._in_a_row += 1
        if self._state == "half_open" or self._in_a_row >= self._failures:
            self._open_until = self._clock() + self._cooldown_s
            self._turn("open")

    def _turn(self, state: BreakerState) -> None:
        self._state = state
        self._era += 1
