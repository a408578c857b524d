"""How often somebody may ask: messages a minute, failed sign-ins, requests of an address.

Moving windows in memory (``limits``): a restart forgets them, the account's lock-out does
not (``store.accounts``). Each limit is a setting (http.md, Limits).
"""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from agent.types import Caller
from errors import TooMany
from settings import Settings

__all__ = ["RateLimits"]


class RateLimits:
    """The process's counters. Safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._turns = RateLimitItemPerMinute(max(1, settings.turns_per_minute))
        self._guests = RateLimitItemPerMinute(max(1, settings.guest_turns_per_minute))
        self._tries = RateLimitItemPerMinute(max(1, settings.sign_in_tries_per_minute))
        per_minute = settings.requests_per_minute
        self._requests = RateLimitItemPerMinute(per_minute) if per_minute else None

    def turn(self, caller: Caller, address: str = "") -> None:
        """Count one message. Raises TooMany over the caller's or the address's share.

        A caller is an account or a guest's key; without either (a first message without a
        token) it is the address.
        """
        who = caller.user_id or caller.guest_key or address
        if who:
            self._hit(self._turns, "turn", who, "메시지를 너무 빠르게 보내셨어요.")
        if caller.user_id is None and address:
            self._hit(self._guests, "guests", address, "지금 이 네트워크에서 문의가 많아요.")

    def sign_in_allowed(self, address: str) -> None:
        """Raises TooMany after too many failed sign-ins from an address."""
        if not self._window.test(self._tries, "sign-in", address):
            raise self._too_many(
                self._tries, "sign-in", address, "로그인 시도가 너무 많았어요.", "too_many_sign_ins"
            )

    def sign_in_failed(self, address: str) -> None:
        """Count a failed sign-in of an address."""
        self._window.hit(self._tries, "sign-in", address)

    def request(self, address: str) -> None:
        """Count an API request. Raises TooMany over the address's share."""
        if self._requests is not None:
            self._hit(self._requests, "request", address, "요청이 너무 많아요.")

    def _hit(self, item: RateLimitItemPerMinute, kind: str, who: str, text: str) -> None:
        if not self._window.hit(item, kind, who):
            raise self._too_many(item, kind, who, text, "rate_limited")

    def _too_many(
        self, item: RateLimitItemPerMinute, kind: str, who: str, text: str, code: str
    ) -> TooMany:
        left_s = self._window.get_window_stats(item, kind, who).reset_time - time.time()
        seconds = max(1, math.ceil(left_s))
        return TooMany(f"{text} {seconds}초 뒤에 다시 시도해 주세요.", retry_after_s=seconds,
                       code=code)  # fmt: skip
