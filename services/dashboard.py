"""The dashboard: which days, which figures, what lies behind a number, and all of it as CSV."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import Any

from agent.shop.calendar import SEOUL, is_business_day
from agent.shop.rules import Rules
from agent.types import Caller
from errors import BadInput, Forbidden, NotFound
from services.dashboard_table import FIGURES, Figure
from store.database import Database
from store.figures import Behind, Span, newest_turn, oldest_ticket

__all__ = ["LONGEST_DAYS", "MOST_BEHIND", "MOST_IN_FILE", "RANGES", "Dashboard", "Period", "Read"]

RANGES: Mapping[str, int] = {"today": 1, "7": 7, "30": 30, "90": 90}
LONGEST_DAYS = 1_100  # three years
MOST_BEHIND, MOST_IN_FILE = 500, 10_000  # rows of a list on the page, and in its file
KEPT_S, KEPT_MOST = 15.0, 512  # a figure's answer, and how many of them
WORKERS = 2  # queries leave the interpreter's lock; the machine has two cores
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The days ``first`` to ``last`` in Seoul, and the way in ("" for every one)."""

    first: date
    last: date
    source: str = ""

    @property
    def days(self) -> int:
        """How many days, both ends included."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Read:
    """A figure's answer now and in the equally long period before; None where not asked."""

    figure: Figure
    now: Any
    before: Any = None


class Dashboard:
    """Figures for staff. Thread safe; answers are kept for some seconds."""

    def __init__(self, database: Database, rules: Rules, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], tuple[float, Any]] = OrderedDict()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="figures")

    def today(self) -> date:
        """The day it is in Seoul."""
        return self._clock().astimezone(SEOUL).date()

    def period(self, name: str, *, source: str = "") -> Period:
        """One of ``RANGES``, ending today; an unknown name is 30 days."""
        last = self.today()
        return Period(last - timedelta(days=RANGES.get(name, 30) - 1), last, source)

    def chosen(self, first: date, last: date, *, source: str = "") -> Period:
        """Days somebody chose. Raises BadInput for none, for the future, for too many."""
        if first > last or first > self.today():
            raise BadInput("기간의 첫날이 마지막 날이나 오늘보다 뒤예요. 날짜를 다시 골라 주세요.")
        period = Period(first, min(last, self.today()), source)
        if period.days > LONGEST_DAYS:
            raise BadInput(f"한 번에 {LONGEST_DAYS:,}일까지 볼 수 있어요. 기간을 줄여 주세요.")
        return period

    def empty(self, caller: Caller) -> bool:
        """Whether there is nothing at all to count: neither a turn nor a ticket."""
        _require_staff(caller)
        with self._database.read() as tx:
            return newest_turn(tx) is None and oldest_ticket(tx) is None

    def read(
        self, caller: Caller, keys: Iterable[str], period: Period, *, compare: bool = False
    ) -> dict[str, Read]:
        """Figures by key, with those of the period before where ``compare`` is set."""
        _require_staff(caller)
        figures = [FIGURES[key] for key in keys]
        now = self._span(period)
        wanted = [(figure, now) for figure in figures]
        if compare:
            before = earlier(now, period.days)
            wanted += [(figure, before) for figure in figures]
        found = list(self._pool.map(lambda one: self._answer(*one), wanted))
        behind = found[len(figures) :] or [None] * len(figures)
        return {
            figure.key: Read(figure, answer, old)
            for figure, answer, old in zip(figures, found, behind, strict=False)
        }

    def behind(
        self, caller: Caller, key: str, slice_: str, period: Period, *, limit: int = 50
    ) -> list[Behind]:
        """The conversations, tickets or claims behind a slice of a figure ("" for all of it),
        newest first, at most ``limit`` (up to ``MOST_IN_FILE``). Raises NotFound for a figure
        or a slice that there is not.
        """
        _require_staff(caller)
        figure = FIGURES.get(key)
        if figure is None or figure.behind is None:
            raise NotFound("이 수치에는 펼쳐 볼 내역이 없어요.")
        limit = max(1, min(limit, MOST_IN_FILE))
        try:
            with self._database.read() as tx:
                return figure.behind(tx, self._span(period), slice_, limit=limit)
        except (KeyError, ValueError) as error:  # an address somebody typed
            raise NotFound("이 수치에는 펼쳐 볼 내역이 없어요.") from error

    def _answer(self, figure: Figure, span: Span) -> Any:
        key = (figure.key, span.since, span.until, span.source if figure.by_source else "")
        with self._lock:
            at, answer = self._kept.get(key, (0.0, None))
            if at and monotonic() - at < KEPT_S:
                return answer
        with self._database.read() as tx:
            answer = figure.query(tx, span)
        with self._lock:
            self._kept[key] = (monotonic(), answer)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_MOST:
                self._kept.popitem(last=False)
        return answer

    def _span(self, period: Period) -> Span:
        """The hours of the period; of today only those that have begun."""
        now = self._clock()
        starts = datetime.combine(period.first, time(0), SEOUL)
        ends = datetime.combine(period.last + timedelta(days=1), time(0), SEOUL)
        next_hour = now.astimezone(SEOUL).replace(minute=0, second=0, microsecond=0) + _HOUR
        return Span(starts, min(ends, next_hour), now, period.source, self._desk(now))

    def _desk(self, now: datetime) -> str:
        with self._database.read() as tx:
            oldest = oldest_ticket(tx)
        first = oldest.astimezone(SEOUL).date() if oldest else self.today()
        return desk_calendar(first, now.astimezone(SEOUL).date(), self._rules)


def earlier(span: Span, days: int) -> Span:
    """The same hours of the period ``days`` days earlier; promises are judged at its end."""
    back = timedelta(days=days)
    return replace(span, since=span.since - back, until=span.until - back, now=span.now - back)


def desk_calendar(first: date, last: date, rules: Rules) -> str:
    """``Span.desk`` for the days ``first`` to ``last`` and one more on either side."""
    opens, closes = rules.business_hours_start * 3600, rules.business_hours_end * 3600
    rows: list[Sequence[Any]] = []
    day, before = first - timedelta(days=1), 0
    while day <= last + timedelta(days=1):
        open_today = is_business_day(day)
        rows.append((day.isoformat(), before, *((opens, closes) if open_today else (0, 0))))
        before += closes - opens if open_today else 0
        day += timedelta(days=1)
    return json.dumps(rows, separators=(",", ":"))


def _require_staff(caller: Caller) -> None:
    if not caller.is_staff:
        raise Forbidden("상담원만 볼 수 있어요.")
