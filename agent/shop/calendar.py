"""Days and hours as the shop counts them: Asia/Seoul, business days, business hours."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from agent.shop.rules import Rules

__all__ = [
    "SEOUL",
    "add_business_days",
    "add_business_hours",
    "add_business_time",
    "add_months",
    "business_minutes_between",
    "business_time_between",
    "day_of",
    "desk_opens",
    "is_business_day",
    "is_open",
]

SEOUL = ZoneInfo("Asia/Seoul")
_DAY = timedelta(days=1)


def day_of(moment: datetime) -> date:
    """The Korean calendar day of an aware time."""
    return moment.astimezone(SEOUL).date()


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the month's last (민법 제160조)."""
    result: date = day + relativedelta(months=months)
    return result


@lru_cache(maxsize=32)
def _public_holidays(year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays("KR", years=year))


def is_business_day(day: date) -> bool:
    """Monday to Friday and no Korean public holiday (substitute holidays included)."""
    return day.weekday() < 5 and day not in _public_holidays(day.year)


def add_business_days(day: date, count: int) -> date:
    """The ``count``-th business day after ``day``; the first day does not count."""
    while count > 0:
        day += _DAY
        if is_business_day(day):
            count -= 1
    return day


def add_business_hours(moment: datetime, hours: int, *, start: int, end: int) -> datetime:
    """``hours`` of desk time after ``moment``: Monday to Friday, ``start`` to ``end`` KST.

    domain.md counts SLA time Mon–Fri; public holidays are left out as well, since nobody
    is at the desk. Raises ValueError unless 0 ≤ ``start`` < ``end`` ≤ 24.
    """
    return add_business_time(moment, timedelta(hours=hours), start=start, end=end)


def add_business_time(moment: datetime, length: timedelta, *, start: int, end: int) -> datetime:
    """The moment ``length`` of desk time after ``moment``; see ``add_business_hours``."""
    local, left = moment.astimezone(SEOUL), length
    while True:
        opens, closes = _desk_of(local.date(), start, end)
        if is_business_day(local.date()) and local < closes:
            local = max(local, opens)
            if local + left <= closes:
                return (local + left).astimezone(moment.tzinfo)
            left -= closes - local
        local = datetime.combine(local.date() + _DAY, time(0), SEOUL)


def business_time_between(a: datetime, b: datetime, *, start: int, end: int) -> timedelta:
    """The desk time from ``a`` to ``b``; negative when ``b`` comes first."""
    if b < a:
        return -business_time_between(b, a, start=start, end=end)
    since, until = a.astimezone(SEOUL), b.astimezone(SEOUL)
    passed, day = timedelta(0), since.date()
    while day <= until.date():
        if is_business_day(day):
            opens, closes = _desk_of(day, start, end)
            passed += max(timedelta(0), min(closes, until) - max(opens, since))
        day += _DAY
    return passed


def business_minutes_between(a: datetime, b: datetime, *, start: int, end: int) -> int:
    """Whole minutes of desk time from ``a`` to ``b``, rounded towards zero; negative when
    ``b`` comes first.
    """
    return int(business_time_between(a, b, start=start, end=end) / timedelta(minutes=1))


def is_open(moment: datetime, rules: Rules) -> bool:
    """Whether somebody is at the desk."""
    opens, closes = _desk_of(day_of(moment), rules.business_hours_start, rules.business_hours_end)
    return is_business_day(day_of(moment)) and opens <= moment < closes


def desk_opens(moment: datetime, rules: Rules) -> datetime:
    """When somebody is at the desk next: ``moment`` itself while it is open."""
    day = day_of(moment)
    while True:
        opens, closes = _desk_of(day, rules.business_hours_start, rules.business_hours_end)
        if is_business_day(day) and moment < closes:
            return max(moment, opens)
        day += _DAY


def _desk_of(day: date, start: int, end: int) -> tuple[datetime, datetime]:
    """When the desk opens and closes on a Korean day."""
    if not 0 <= start < end <= 24:
        raise ValueError(f"the desk cannot open at {start} and close at {end}")
    opens = datetime.combine(day, time(start), SEOUL)
    return opens, opens + timedelta(hours=end - start)
