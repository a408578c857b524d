"""Facts in a text that can be checked: amounts, dates, periods, numbers, addresses.

A reply and the evidence go through the same reading, so that "3만원", "삼만 원" and
"30,000원" meet in one key. Facts are taken in order of certainty and blanked as they are
taken: the digits of an order number are then no amount. Times are Asia/Seoul.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Literal, cast

from agent.guardrails.normalise import fold
from agent.guardrails.numbers import parse_number
from agent.guardrails.people import find_people
from agent.guardrails.pii import find_pii
from agent.guardrails.quantities import find_quantities

__all__ = ["KST", "DateKey", "Fact", "FactKind", "extract_facts"]

# Korea has had no daylight saving time since 1988: a fixed offset needs no tz database.
KST = timezone(timedelta(hours=9))
FactKind = Literal[
    "amount",
    "date",
    "period",
    "percent",
    "time",
    "order",
    "id",
    "number",
    "email",
    "phone",
    "url",
    "name",
    "address",
    "clause",
    "relative",
]


@dataclass(frozen=True, slots=True)
class DateKey:
    """A date as far as the text says it; ``weekday`` counts from Monday, 0."""

    year: int | None
    month: int
    day: int
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """``key`` compares equal for every way of writing the fact; ``text`` is how it stands.

    Keys: amount int (KRW); date :class:`DateKey`; period (value, unit) or (value, "day?")
    for a bare "7일", which may be a day of the month; percent Decimal; time a tuple of the
    possible minutes of the day; the others str (:mod:`agent.guardrails.people`).
    """

    kind: FactKind
    key: Hashable
    text: str


_WEEKDAYS = "월화수목금토일"
_TOSS = r"\s?[~∼〜\-–—]\s?"
_NUM = r"(?:\d{1,2}|[일이삼사오육유칠팔구시십]{1,3})"
_DAY_OF_WEEK = rf"(?:\s?\((?P<w>[{_WEEKDAYS}])(?:요일)?\)|\s(?P<v>[{_WEEKDAYS}])요일)?"
_URL = re.compile(r"https?://[!-~]{1,500}+|(?<![a-z0-9@.\-])www\.[!-~]{1,500}+", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?<![a-z0-9@.\-_])(?:[a-z0-9\-]{1,63}+\.){1,4}(?:com|kr|net|org|io|shop|co|me|xyz|ly|gl|gg|app|dev|info|biz|site|online|store|top|club|link|page"
    r"|example|cc|jp|cn|ai|ru)(?![a-z0-9\-])"
    r"(?:/[!-~]{0,300}+)?",
    re.IGNORECASE,
)
_STAMP = re.compile(
    r"(?<![\d\-])(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.\d{1,9})?(Z|[+\-]\d\d:?\d\d)?"
)
_ORDER = re.compile(r"(?<![\dA-Za-z])(20\d{6})\s?-?\s?(\d{7})(?!\d)")
_ID = re.compile(
    r"(?<![A-Za-z0-9_\-])(?:[A-Za-z]{1,12}[-_]?\d{3,}+(?:[-_]?[0-9A-Za-z]{1,40}+){0,4}"
    r"|(?:[a-z]{2,12}_)[0-9A-Za-z]{6,40}+)(?![A-Za-z0-9])"
)
_LONG = re.compile(r"(?<![\d\-])\d{2,}+(?:-\d{2,}+)+(?![\d\-])")
_DATE = re.compile(
    rf"(?<![\d.\-/])(?P<y>\d{{4}})\s?[-./]\s?(?P<m>\d{{1,2}})\s?[-./]\s?(?P<d>\d{{1,2}})(?![\d\-/])\.?"
    rf"{_DAY_OF_WEEK}"
)
_MONTH = rf"(?:(?<!\d)(?P<y>\d{{4}}|\d\d)\s?년\s?)?(?<![가-힣\d])(?P<m>{_NUM})월\s?(?P<d>{_NUM})"
_KOREAN_DATE = re.compile(rf"{_MONTH}일{_DAY_OF_WEEK}(?!\s?[~\-]\s?\d{{1,2}}일)")
_KOREAN_RANGE = re.compile(
    rf"{_MONTH}일?(?:\([{_WEEKDAYS}]\))?{_TOSS}(?P<e>\d{{1,2}})일{_DAY_OF_WEEK}"
)
_SWITCHBOARD = re.compile(r"(?<![\d\-])1[5-9]\d\d-\d{4}(?![\d\-])")
_SHORT_DATE = re.compile(
    rf"(?<![\d./\-])(?P<m>\d{{1,2}})[/.](?P<d>\d{{1,2}})\.?"
    rf"(?:\s?\((?P<w>[{_WEEKDAYS}])(?:요일)?\)|(?=\s?(?:까지|에\s|부터|도착|이후|이전)))"
)
_TIME = re.compile(
    r"(?P<half>오전|오후|새벽|아침|낮|저녁|밤)?\s?(?<!\d)(?:(?P<from>\d{1,2})\s?시?\s?[~\-–]\s?)?"
    r"(?P<h>\d{1,2})(?:시(?!간|즌|리)(?:\s?(?P<m>\d{1,2})분|\s?(?P<thirty>반))?"
    r"|:(?P<n>\d\d)(?::\d\d)?(?!\d))"
)
_HOURS = ("한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두")
_WORD_TIME = re.compile(
    r"(?P<half>오전|오후|새벽|아침|낮|저녁|밤)?\s?(?<![가-힣])"
    rf"(?P<h>{'|'.join(sorted(_HOURS, key=len, reverse=True))})\s?시(?P<thirty>\s?반)?"
    r"(?=까지|에|부터|쯤|이전|이후|경|\s?정각|$|[\s.,)])"
)


def _int(text: str) -> int:
    # 유월 and 시월 are how June and October are said.
    value = parse_number(text.replace("유", "육").replace("시", "십"))
    return int(value) if value is not None else 0


def _date_key(year: str | None, month: str, day: str, weekday: str | None) -> DateKey | None:
    full = None if year is None else int(year) + (2000 if len(year) == 2 else 0)
    key = DateKey(full, _int(month), _int(day), _WEEKDAYS.index(weekday) if weekday else None)
    try:
        date(full or 2024, key.month, key.day)  # 2024: the 29th of February may be meant
    except ValueError:
        return None
    return key


def _dates(match: re.Match[str]) -> Iterator[Hashable]:
    got = match.groupdict()
    weekday = got.get("w") or got.get("v")
    last = got.get("e") or got["d"]  # in "3~5일(목)" the weekday is the last day's
    for day in dict.fromkeys((got["d"], last)):
        key = _date_key(got.get("y"), got["m"], day, weekday if day == last else None)
        if key is not None:
            yield key


def _stamp(match: re.Match[str]) -> datetime | None:
    zone = (match[2] or "Z").replace("Z", "+00:00")
    try:
        return datetime.fromisoformat(match[1] + zone).astimezone(KST)
    except (ValueError, OverflowError):
        return None


def _stamp_facts(match: re.Match[str]) -> Iterator[Hashable]:
    if (at := _stamp(match)) is not None:
        yield DateKey(at.year, at.month, at.day)


def _stamp_times(match: re.Match[str]) -> Iterator[Hashable]:
    if (at := _stamp(match)) is not None:
        yield (at.hour * 60 + at.minute,)


def _minutes(half: str | None, hour: int, minute: int) -> tuple[int, ...]:
    """The minutes of the day a clock time may mean; several where no half is said."""
    if hour > 24 or minute > 59:
        return ()
    if half in ("오후", "저녁", "밤", "낮") and hour < 12 and not (half == "낮" and hour > 9):
        hour += 12
    elif half in ("오전", "새벽", "아침") and hour == 12:
        hour = 0
    if half or hour > 12 or hour == 0:
        return (hour % 24 * 60 + minute,)
    return (hour * 60 + minute, (hour + 12) % 24 * 60 + minute)


def _times(match: re.Match[str]) -> Iterator[Hashable]:
    minute = int(match["m"] or match["n"] or (30 if match["thirty"] else 0))
    for hour, rest in ((match["from"], 0), (match["h"], minute)):
        exact = ":" in match[0] and len(hour or "") == 2 and match["half"] is None
        if hour and (key := _minutes(match["half"], int(hour), rest)):
            yield key[:1] if exact else key


def _word_times(match: re.Match[str]) -> Iterator[Hashable]:
    if key := _minutes(match["half"], _HOURS.index(match["h"]) + 1, 30 if match["thirty"] else 0):
        yield key


def _strip(match: re.Match[str]) -> Iterator[Hashable]:
    yield match[0].rstrip(".,;:!?)]>'\"").removeprefix("https://").removeprefix("http://")


def _long(match: re.Match[str]) -> Iterator[Hashable]:
    digits = match[0].replace("-", "")
    if len(digits) >= 9:
        yield digits


_STEPS: tuple[tuple[FactKind, re.Pattern[str], Callable[[re.Match[str]], Iterator[Hashable]]], ...]
_STEPS = (
    ("url", _DOMAIN, _strip),
    ("order", _ORDER, lambda m: iter((f"{m[1]}-{m[2]}",))),
    ("id", _ID, lambda m: iter((m[0].lower(),))),
    ("date", _DATE, _dates),
    ("number", _LONG, _long),
    ("phone", _SWITCHBOARD, lambda m: iter((m[0].replace("-", ""),))),
    ("date", _KOREAN_RANGE, _dates),
    ("date", _KOREAN_DATE, _dates),
    ("date", _SHORT_DATE, _dates),
    ("time", _TIME, _times),
    ("time", _WORD_TIME, _word_times),
)


def _contact(text: str) -> str:
    """An e-mail in lower case, or a phone number's digits as dialled inside Korea."""
    if "@" in text or not any(c.isdigit() for c in text):
        return text.lower()
    digits = re.sub(r"\D", "", text)
    return "0" + digits[2:].lstrip("0") if digits.startswith("82") else digits


def extract_facts(text: str, *, bare: bool = False) -> tuple[Fact, ...]:
    """Every checkable fact in the text. ``bare`` reads plain numbers as amounts as well."""
    chars = list(fold(text).text)
    facts: list[Fact] = []

    def take(kind: FactKind, keys: Iterator[Hashable], start: int, end: int) -> None:
        written = "".join(chars[start:end])
        got = [Fact(kind, key, written.strip()) for key in keys]
        if got:
            facts.extend(got)
            chars[start:end] = "\n" * (end - start)

    for match in _URL.finditer("".join(chars)):
        take("url", _strip(match), *match.span())
    folded = "".join(chars)
    for pii in find_pii(folded, contacts=True):
        if pii.kind in ("email", "phone"):
            take(pii.kind, iter((_contact(folded[pii.start : pii.end]),)), pii.start, pii.end)
    for match in _STAMP.finditer("".join(chars)):
        facts.extend(Fact("time", key, match[0]) for key in _stamp_times(match))
        take("date", _stamp_facts(match), *match.span())
    for kind, pattern, keys in _STEPS:
        for match in pattern.finditer("".join(chars)):
            take(kind, keys(match), *match.span())
    facts.extend(Fact(cast("FactKind", kind), key, said) for kind, key, said in find_people(folded))
    rest = "".join(chars)
    facts.extend(Fact(*quantity) for quantity in find_quantities(rest, bare=bare))
    return tuple(facts)
