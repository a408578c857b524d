"""The arithmetic behind ``dates``: from a match and the time in Seoul to (first, last) day.

A resolver may answer days in the future; ``dates`` cuts them off. It raises ValueError for
a day that does not exist (2월 30일).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta

from agent.understanding.korean_numbers import NATIVE, parse_number

__all__ = [
    "DAY_WORDS",
    "FEW_DAYS",
    "WEEKDAYS",
    "Days",
    "Resolver",
    "ago",
    "between_ago",
    "calendar_day",
    "calendar_month",
    "day_of_month",
    "days_ago",
    "days_since",
    "few_days_ago",
    "hours_back",
    "last_weekday",
    "month_of",
    "months_ago",
    "week",
    "weekday_of_week",
    "weekend",
    "weeks_ago",
    "year_of",
]

Days = tuple[date, date] | None
Resolver = Callable[[re.Match[str], datetime], Days]

DAY_WORDS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7}
DAY_WORDS |= {"여드레": 8, "아흐레": 9, "열흘": 10, "보름": 15}
FEW_DAYS = {"하루이틀": (1, 2), "이삼일": (2, 3), "이사흘": (2, 3), "삼사일": (3, 4)}
FEW_DAYS |= {"사나흘": (3, 4), "사오일": (4, 5), "오륙일": (5, 6)}
WEEKDAYS = "월화수목금토일"
_MAX_COUNT = 3650
_WEEKS_BACK = {"이번": 0, "요번": 0, "금": 0, "지난": 1, "저번": 1, "지지난": 2, "저저번": 2}
_YEARS_BACK = {"올해": 0, "금년": 0, "작년": 1, "지난해": 1, "재작년": 2}


def _number(word: str) -> int:
    value = NATIVE.get(word) or parse_number(word)
    if value is None or value > _MAX_COUNT:
        raise ValueError(word)
    return value


def _month(word: str) -> int:
    """ "11", "십일", and the two months that drop a sound: 유월, 시월."""
    return {"유": 6, "시": 10}.get(word) or _number(word)


def ago(days: int) -> Resolver:
    """The one day ``days`` ago."""
    return lambda match, now: _around(now.date() - timedelta(days), 0)


def between_ago(first: int, last: int) -> Resolver:
    """From ``first`` to ``last`` days ago."""
    return lambda match, now: (
        now.date() - timedelta(first),
        now.date() - timedelta(last),
    )


def _around(day: date, slack: int) -> Days:
    return day - timedelta(slack), day + timedelta(slack)


def hours_back(hours: int) -> Resolver:
    """From the day it was ``hours`` ago: just after midnight "아까" may be yesterday."""
    return lambda match, now: ((now - timedelta(hours=hours)).date(), now.date())


def days_ago(match: re.Match[str], now: datetime) -> Days:
    """ "3일 전": that day; with 쯤 a third of the distance either side, at most 3 days."""
    word = match["word"]
    count = DAY_WORDS[word] if word else _number(match["count"])
    about = match["about"] or match["roughly"]
    return _around(now.date() - timedelta(count), min(3, max(1, count // 3)) if about else 0)


def few_days_ago(match: re.Match[str], now: datetime) -> Days:
    """ "2~3일 전", "이삼일 전": from the longer to the shorter."""
    word = match["few"]
    near, far = FEW_DAYS[word] if word else (int(match["near"]), int(match["far"]))
    near, far = min(near, far), max(near, far)
    return now.date() - timedelta(far), now.date() - timedelta(near)


def days_since(match: re.Match[str], now: datetime) -> Days:
    """ "산 지 3일 됐어요": a day either side, a week either side when counted in months."""
    unit = match["unit"]
    if unit == "일":
        return _around(now.date() - timedelta(_number(match["count"])), 1)
    if unit.startswith("주"):
        return _around(now.date() - timedelta(weeks=_number(match["count"])), 3)
    return _around(_months_before(now.date(), _number(match["count"])), 7)


def weeks_ago(match: re.Match[str], now: datetime) -> Days:
    """ "2주 전": a day either side, three with 쯤."""
    # Nobody counts to the day in weeks: a day either side even without 쯤.
    slack = 3 if match["about"] or match["roughly"] else 1
    return _around(now.date() - timedelta(weeks=_number(match["count"])), slack)


def months_ago(match: re.Match[str], now: datetime) -> Days:
    """ "두 달 전": three days either side, a week with 쯤."""
    slack = 7 if match["about"] or match["roughly"] else 3
    return _around(_months_before(now.date(), _number(match["count"])), slack)


def _months_before(day: date, count: int) -> date:
    year, month = _shift_month(day.year, day.month, -count)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def week(weeks_back: int) -> Resolver:
    """Monday to Sunday of the week ``weeks_back``."""

    def days(match: re.Match[str], now: datetime) -> Days:
        monday = _monday(now.date()) - timedelta(weeks=weeks_back)
        return monday, monday + timedelta(6)

    return days


def weekend(weeks_back: int) -> Resolver:
    """Saturday and Sunday of the week ``weeks_back``, or the latest past ones."""

    def days(match: re.Match[str], now: datetime) -> Days:
        saturday = _monday(now.date()) + timedelta(5) - timedelta(weeks=weeks_back)
        if saturday > now.date():  # "주말에 산 거", said from Monday to Friday
            saturday -= timedelta(weeks=1)
        return saturday, saturday + timedelta(1)

    return days


def weekday_of_week(match: re.Match[str], now: datetime) -> Days:
    """ "지난주 금요일": that day of the named week."""
    monday = _monday(now.date()) - timedelta(weeks=_WEEKS_BACK[match["which"]])
    return _around(monday + timedelta(WEEKDAYS.index(match["day"])), 0)


def last_weekday(match: re.Match[str], now: datetime) -> Days:
    """The latest such day; with 지난 strictly before today."""
    back = (now.date().weekday() - WEEKDAYS.index(match["day"])) % 7
    if back == 0 and match["which"]:
        back = 7
    return _around(now.date() - timedelta(back), 0)


def month_of(months_back: int) -> Resolver:
    """The month ``months_back``, or the third of it that is named."""

    def days(match: re.Match[str], now: datetime) -> Days:
        year, month = _shift_month(now.year, now.month, -months_back)
        return _third(_month_days(year, month), match["third"])

    return days


def year_of(years_back: int) -> Resolver:
    """The year ``years_back``."""
    return lambda match, now: (
        date(now.year - years_back, 1, 1),
        date(now.year - years_back, 12, 31),
    )


def calendar_day(match: re.Match[str], now: datetime) -> Days:
    """A month and a day, with a year, a word for one, or the latest past one."""
    month, day = _month(match["month"]), _number(match["day"])
    year = _named_year(match.groupdict().get("year"), now.year)
    if year is not None:
        return _around(date(year, month, day), 0)
    for back in range(9):  # 29 February is at most eight years away
        if (now.month, now.day) < (month, day) and back == 0:
            continue
        try:
            return _around(date(now.year - back, month, day), 0)
        except ValueError:
            continue
    return None


def calendar_month(match: re.Match[str], now: datetime) -> Days:
    """ "10월", "작년 12월 초": without a year the latest such month."""
    month = _month(match["month"])
    year = _named_year(match["year"], now.year)
    if year is None:
        year = now.year - (month > now.month)
    return _third(_month_days(year, month), match["third"])


def _third(month: tuple[date, date], name: str | None) -> Days:
    """The days of 초, 중순 or 말; the whole month without a name."""
    start, end = month
    if not name:
        return start, end
    if name.startswith("초"):
        return start, start.replace(day=10)
    if name.startswith("중"):
        return start.replace(day=11), start.replace(day=20)
    return start.replace(day=21), end


def day_of_month(match: re.Match[str], now: datetime) -> Days:
    """ "3일에 산": the latest past third of a month (months without such a day are skipped)."""
    day = int(match["day"])
    year, month = now.year, now.month
    for _ in range(4):
        if day <= monthrange(year, month)[1] and date(year, month, day) <= now.date():
            return _around(date(year, month, day), 0)
        year, month = _shift_month(year, month, -1)
    return None


def _named_year(word: str | None, this_year: int) -> int | None:
    if not word:
        return None
    if word in _YEARS_BACK:
        return this_year - _YEARS_BACK[word]
    year = int(word.rstrip("년 "))
    return year + 2000 if year < 100 else year


def _monday(day: date) -> date:
    return day - timedelta(day.weekday())


def _shift_month(year: int, month: int, by: int) -> tuple[int, int]:
    index = year * 12 + month - 1 + by
    return index // 12, index % 12 + 1


def _month_days(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])
