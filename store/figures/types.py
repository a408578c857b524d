"""What a figure is asked for, and the few shapes in which it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from store.models import to_text

__all__ = ["SEOUL", "Behind", "Cell", "Cost", "Flow", "Kind", "Point", "Span", "Spread"]

SEOUL = ZoneInfo("Asia/Seoul")
Kind = Literal["conversation", "ticket", "claim"]
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` up to ``until`` (aware times on the full hour; ``until`` is outside).

    ``source`` "" means every way in. ``now`` is the moment that promises are judged at. ``desk``
    is the desk's calendar as JSON: a list of (day in Seoul, open seconds before it, second of
    the day it opens, and closes), every day from the first ticket's to the one of ``now``.
    """

    since: datetime
    until: datetime
    now: datetime
    source: str = ""
    desk: str = "[]"

    @property
    def bounds(self) -> Mapping[str, str]:
        """The named parameters of the queries; ``first`` and ``last`` are hours in Seoul."""
        return {
            "since": to_text(self.since),
            "until": to_text(self.until),
            "now": to_text(self.now),
            "first": f"{self.since.astimezone(SEOUL):%Y-%m-%dT%H}",
            "last": f"{(self.until - _HOUR).astimezone(SEOUL):%Y-%m-%dT%H}",
            "source": self.source,
        }

    @property
    def days(self) -> tuple[str, ...]:
        """Every day in Seoul that the span touches, oldest first."""
        first = self.since.astimezone(SEOUL).date()
        last = (self.until - _HOUR).astimezone(SEOUL).date()
        return tuple(
            (first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)
        )

    def within(self, day: str) -> Span:
        """What of the span lies on a day. Raises ValueError for a text that is no day."""
        starts = datetime.combine(date.fromisoformat(day), time(0), SEOUL)
        ends = starts + timedelta(days=1)
        return replace(self, since=max(self.since, starts), until=min(self.until, ends))


@dataclass(frozen=True, slots=True)
class Point:
    """``n`` of ``of``, and what is told of it: a share (0 to 1), a count or USD.

    ``value`` is None where there is nothing to tell it of. ``key`` names the slice: a day, an
    intent, a reason; "" for the whole. ``of`` is 0 where ``n`` is no part of anything.
    """

    value: float | None
    n: int
    of: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and a high percentile (nearest rank) of ``n`` values; both None for none at all.

    The unit is the figure's: seconds of desk time (``high`` is the 90th percentile) or ms (the
    95th).
    """

    low: float | None
    high: float | None
    n: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A count where two things meet: a weekday and an hour, a product and a reason."""

    row: str
    column: str
    n: int
    krw: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """A day's tickets: come in, resolved, and still open at its end."""

    key: str
    opened: int
    resolved: int
    left: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What calls of models cost (USD); ``unpriced`` of ``calls`` cost an unknown sum."""

    key: str
    usd: float
    calls: int
    errors: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class Behind:
    """One conversation, ticket or claim that a figure counted. ``at`` is UTC ISO-8601.

    ``title`` and ``who`` are people's own words: untrusted text; ``who`` is "" for a guest.
    ``state`` is how the conversation ended ("resolved", "handed", "other") or the status of the
    ticket or claim; ``about`` an intent, an issue type or a reason; ``turn_id`` the very turn
    that was counted, "" where the whole was.
    """

    kind: Kind
    id: str
    at: str
    title: str
    who: str
    state: str
    about: str
    turn_id: str = ""
