"""What a reply may rest on: the facts of everything the tools returned in the turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from agent.guardrails.facts import KST, DateKey, extract_facts

__all__ = ["Evidence"]

# A number's meaning is its name's: {"return_days": 7} grounds "7일", {"rate": 15} "15%".
_UNIT_NAMES = (
    (re.compile(r"business_?days?$"), "business_day"),
    (re.compile(r"days?$"), "day"),
    (re.compile(r"months?$"), "month"),
    (re.compile(r"hours?$"), "hour"),
    (re.compile(r"minutes?$"), "minute"),
)
_PERCENT_NAME = re.compile(r"(?:percent|pct|rate|ratio)$")
_SCALES = {"week": (7, "day"), "year": (12, "month")}
_SCALED_NAME = re.compile(r"(week|year)s?$")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Facts that occurred in the turn, whatever way they were written.

    ``amounts`` are integer KRW; ``dates`` Asia/Seoul dates; ``month_days`` (month, day,
    weekday if said) of dates without a year; ``periods`` (value, unit) pairs; ``times``
    minutes of the day; ``numbers`` tracking and other long numbers; ``names`` the keys under
    which values stood. ``said`` is what the customer wrote, kept apart because it may be
    repeated but promises nothing.
    """

    texts: tuple[str, ...] = ()
    amounts: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    order_ids: frozenset[str] = frozenset()
    month_days: frozenset[tuple[int, int, int | None]] = frozenset()
    periods: frozenset[tuple[Decimal, str]] = frozenset()
    percents: frozenset[Decimal] = frozenset()
    times: frozenset[int] = frozenset()
    numbers: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    said: Evidence | None = None
    today: date | None = None

    @classmethod
    def collect(
        cls, values: Iterable[Any], *, message: str = "", today: date | None = None
    ) -> Evidence:
        """Walk nested mappings, sequences, dataclasses and plain values for facts.

        ``message`` is the customer's own; it may be among ``values`` too, but only here
        is it told apart from what the tools said. Unknown objects are passed over. ``today``
        (Asia/Seoul) tells which day "내일" is.
        """
        found = _Collector()
        for value in values:
            found.walk(value, "")
        said = cls.collect([message]) if message else None
        return replace(found.evidence(said), today=today)


class _Collector:
    """Gathers facts while walking; ``walk`` never raises and visits a container once."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        self.facts: set[tuple[str, Any]] = set()
        self.dates: set[date] = set()
        self.times: set[int] = set()
        self.names: set[str] = set()
        self.seen: set[int] = set()

    def walk(self, value: Any, name: str) -> None:
        """Take the facts of one value that stands under ``name``."""
        stack: list[tuple[Any, str]] = [(value, name)]
        while stack:
            item, key = stack.pop()
            self.names.add(key.lower())
            if isinstance(item, str):
                self._text(item)
            elif isinstance(item, (bool, bytes)) or item is None:
                continue
            elif isinstance(item, (int, float, Decimal)):
                self._number(item, key)
            elif isinstance(item, date):
                self._date(item)
            elif isinstance(item, Enum):
                stack.append((item.value, key))
            elif id(item) not in self.seen:
                self.seen.add(id(item))
                stack.extend((child, label or key) for child, label in _children(item))

    def _text(self, text: str) -> None:
        if text not in self.texts:
            self.texts[text] = None
            self.facts.update((fact.kind, fact.key) for fact in extract_facts(text, bare=True))

    def _number(self, item: float | Decimal, name: str) -> None:
        lowered = name.lower()
        try:
            value = Decimal(str(item)).normalize()
            whole = int(value) if value == value.to_integral_value() else None
        except (ArithmeticError, ValueError):
            return  # infinities and NaN are no facts
        unit = next((unit for pattern, unit in _UNIT_NAMES if pattern.search(lowered)), None)
        scaled = _SCALED_NAME.search(lowered)
        if unit is not None:
            self.facts.add(("period", (value, unit)))
        elif scaled:
            factor, unit = _SCALES[scaled[1]]
            self.facts.add(("period", (value * factor, unit)))
        elif _PERCENT_NAME.search(lowered):
            self.facts |= {("percent", value), ("percent", (value * 100).normalize())}
        elif whole is not None:
            self.facts |= {("amount", abs(whole)), ("number", str(abs(whole)))}

    def _date(self, item: date) -> None:
        if isinstance(item, datetime):
            aware = item if item.tzinfo else item.replace(tzinfo=UTC)
            try:
                local = aware.astimezone(KST)
            except OverflowError:
                return
            self.times.add(local.hour * 60 + local.minute)
            item = local.date()
        self.dates.add(item)

    def _of(self, *kinds: str) -> frozenset[Any]:
        return frozenset(key for kind, key in self.facts if kind in kinds)

    def evidence(self, said: Evidence | None) -> Evidence:
        """What was gathered, as a value."""
        keys: frozenset[DateKey] = self._of("date")
        dates = {date(k.year, k.month, k.day) for k in keys if k.year and _real(k)}
        periods = {(value, unit.rstrip("?")) for value, unit in self._of("period")}
        return Evidence(
            texts=tuple(self.texts),
            amounts=self._of("amount"),
            dates=frozenset(self.dates | dates),
            order_ids=self._of("order"),
            month_days=frozenset((k.month, k.day, k.weekday) for k in keys if not k.year),
            periods=frozenset(periods),
            percents=self._of("percent"),
            times=frozenset(self.times | {m for key in self._of("time") for m in key}),
            numbers=self._of("number", "id"),
            emails=self._of("email"),
            phones=self._of("phone"),
            urls=self._of("url"),
            names=frozenset(self.names - {""}),
            said=said,
        )


def _real(key: DateKey) -> bool:
    return 1 <= (key.year or 0) <= 9999


def _children(item: Any) -> Iterator[tuple[Any, str]]:
    """The values inside a container with the names they stand under ("" keeps the name)."""
    if isinstance(item, Mapping):
        for key, value in item.items():
            yield value, key if isinstance(key, str) else ""
    elif is_dataclass(item) and not isinstance(item, type):
        for field in fields(item):
            yield getattr(item, field.name), field.name
    elif isinstance(item, (list, tuple, set, frozenset)):
        for value in item:
            yield value, ""
