"""Days and hours as the shop counts them: Asia/Seoul, business days, business hours."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

__all__ = [
    "SEOUL",
    "add_business_days",
    "add_business_hours",
    "add_months",
    "day_of",
    "is_business_day",
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
    is at the desk.
    """
    local = moment.astimezone(SEOUL)
    left = timedelta(hours=hours)
    while True:
        opens = datetime.combine(local.date(), time(start), SEOUL)
        closes = opens + timedelta(hours=end - start)
        if is_business_day(local.date()) and local < closes:
            local = max(local, opens)
            if local + left <= closes:
                return (local + left).astimezone(moment.tzinfo)
            left -= closes - local
        local = datetime.combine(local.date() + _DAY, time(0), SEOUL)
