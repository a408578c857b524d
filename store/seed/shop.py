"""What every part of the seed shares: the calendar, the random numbers, the fees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from store.models import Order
from store.seed.catalogue import Catalogue

__all__ = ["SEOUL", "QuoteFunction", "Shop", "SlaFunction", "desk_time"]

SEOUL = ZoneInfo("Asia/Seoul")
DAYS = 120


class QuoteFunction(Protocol):
    """Computes a refund quote; its ``refund_krw`` (KRW) is what the ledger will show."""

    def __call__(
        self, order: Order, kind: str, fault: str, lines: list[tuple[str, int]], /
    ) -> dict[str, Any]:
        """``lines`` are (line id, quantity); ``order`` was read whole."""


class SlaFunction(Protocol):
    """When a ticket's first answer and its resolution are due (aware times)."""

    def __call__(
        self, issue_type: str, priority: str, created_at: datetime, /
    ) -> tuple[datetime, datetime]:
        """(first answer due, resolution due)."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The frame of one seed. Fees are in KRW.

    History ends five minutes into ``today`` (Seoul), so that nothing lies in the future at
    whatever hour the program starts.
    """

    today: date
    number: int
    catalogue: Catalogue
    shipping_fee_krw: int
    free_shipping_threshold_krw: int

    @property
    def end(self) -> datetime:
        """The last moment of the shop's history."""
        return self.at(0, 0, 5)

    def at(self, days_ago: int, hour: int, minute: int = 0) -> datetime:
        """A Seoul wall-clock time ``days_ago`` days before today, in UTC."""
        day = self.today - timedelta(days=days_ago)
        return datetime.combine(day, time(hour, minute), SEOUL).astimezone(UTC)

    def random(self, part: str) -> Random:
        """A source of its own for each part, so that one part's change moves no other."""
        return Random(f"{self.number}:{part}")


def desk_time(moment: datetime) -> datetime:
    """``moment``, or the next time somebody sits at the desk (09–18 Seoul, Mon–Fri)."""
    local = moment.astimezone(SEOUL)
    if local.hour >= 18:
        local = (local + timedelta(days=1)).replace(hour=9)
    elif local.hour < 9:
        local = local.replace(hour=9)
    while local.weekday() >= 5:
        local = (local + timedelta(days=1)).replace(hour=9)
    return local.astimezone(UTC)
