"""How often somebody may ask: messages a minute, failed sign-ins, requests of an address.

Moving windows in memory (``limits``): a restart forgets them, the account's lock-out does
not (``store.accounts``). Each limit is a setting (http.md, Limits).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from agent.types import Caller
from errors import TooMany
from settings import Settings

__all__ = ["RateLimits"]

HIDDEN = 4  # title, tags, follow-ups and search queries: what chat programs ask beside a message
SWEEP_S = 60.0


class RateLimits:
    """The process's counters. Safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)
        self._lock = threading.Lock()
        self._swept = time.monotonic()
        self._turns = RateLimitItemPerMinute(max(1, settings.turns_per_minute))
        self._guests = RateLimitItemPerMinute(max(1, settings.guest_turns_per_minute))
        self._hidden = RateLimitItemPerMinute(HIDDEN * self._turns.amount)
        self._guests_hidden = RateLimitItemPerMinute(HIDDEN * self._guests.amount)
        self._tries = RateLimitItemPerMinute(max(1, settings.sign_in_tries_per_minute))
        self._new = RateLimitItemPerHour(max(1, settings.registrations_per_hour))
        per_minute = settings.requests_per_minute
        self._requests = RateLimitItemPerMinute(per_minute) if per_minute else None

    def turn(self, caller: Caller, address: str = "") -> None:
        """Count one message. Raises TooMany over the caller's or the address's share.

        A caller is an account or a guest's key; without either (a first message without a
        token) it is the address.
        """
        for item, kind, who, text in self._shares(caller, address):
            self._hit(item, kind, who, text)

    def turn_allowed(self, caller: Caller, address: str = "") -> None:
        """Raises TooMany where :meth:`turn` would; counts nothing."""
        for item, kind, who, text in self._shares(caller, address):
            if not self._window.test(item, kind, who):
                raise self._too_many(item, kind, who, text, "rate_limited")

    def _shares(
        self, caller: Caller, address: str
    ) -> Iterator[tuple[RateLimitItemPerMinute, str, str, str]]:
        home = _home(address)
        who = caller.user_id or caller.guest_key or home
        if who:
            yield self._turns, "turn", who, "메시지를 너무 빠르게 보내셨어요."
        if caller.user_id is None and home:
            yield self._guests, "guests", home, "지금 이 네트워크에서 문의가 많아요."

    def hidden_call(self, caller: Caller, address: str = "") -> None:
        """Count one of a chat program's hidden calls: four go with each message there may be."""
        home = _home(address)
        who = caller.user_id or caller.guest_key
        self._hit(self._hidden, "hidden", who, "요청이 너무 많아요.")
        if caller.user_id is None and home:
            self._hit(self._guests_hidden, "guests-hidden", home, "요청이 너무 많아요.")

    def sign_in_allowed(self, address: str) -> None:
        """Raises TooMany after too many failed sign-ins from an address."""
        home = _home(address)
        if not self._window.test(self._tries, "sign-in", home):
            raise self._too_many(
                self._tries, "sign-in", home, "로그인 시도가 너무 많았어요.", "too_many_sign_ins"
            )

    def sign_in_failed(self, address: str) -> None:
        """Count a failed sign-in of an address."""
        self._counted(self._tries, "sign-in", _home(address))

    def upload(self, caller: Caller, address: str = "") -> None:
        """Count a photo, as :meth:`turn` counts a message and beside it."""
        for item, kind, who, _ in self._shares(caller, address):
            self._hit(item, f"upload-{kind}", who, "사진을 너무 빠르게 올리셨어요.")

    def registration(self, address: str) -> None:
        """Count a new account of an address. Raises TooMany over its share of the hour."""
        self._hit(self._new, "registration", _home(address), "가입 시도가 너무 많았어요.")

    def request(self, address: str) -> None:
        """Count an API request. Raises TooMany over the address's share."""
        if self._requests is not None:
            self._hit(self._requests, "request", _home(address), "요청이 너무 많아요.")

    def _hit(self, item: RateLimitItem, kind: str, who: str, text: str) -> None:
        if not self._counted(item, kind, who):
            raise self._too_many(item, kind, who, text, "rate_limited")

    def _counted(self, item: RateLimitItem, kind: str, who: str) -> bool:
        with self._lock:
            if time.monotonic() - self._swept >= SWEEP_S:
                self._sweep()
            return self._window.hit(item, kind, who)

    def _sweep(self) -> None:
        """Forget who has not asked for a minute: the storage keeps the name of everybody who
        ever did, and looks through all of them at every count."""
        self._swept = time.monotonic()
        for key in [key for key, counted in self._storage.events.copy().items() if not counted]:
            self._storage.clear(key)

    def _too_many(self, item: RateLimitItem, kind: str, who: str, text: str, code: str) -> TooMany:
        left_s = self._window.get_window_stats(item, kind, who).reset_time - time.time()
        seconds = max(1, math.ceil(left_s))
        return TooMany(f"{text} {seconds}초 뒤에 다시 시도해 주세요.", retry_after_s=seconds,
                       code=code)  # fmt: skip


def _home(address: str) -> str:
    """Whose an address is: an IPv6 customer has a whole /64 of them."""
    try:
        found = ip_address(address)
    except ValueError:  # no address, or a name
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Address(int(found) >> 64 << 64))
    return address
