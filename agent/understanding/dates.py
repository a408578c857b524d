"""When: what "지난주", "3일 전쯤", "11월 3일" mean in days of Asia/Seoul.

Of several dates in a message the one that says when something was bought comes first, then
they keep their order. A date never lies in the future: without a year it is the latest past
one, ranges end today, and what is wholly ahead ("내일", a later date) is not found at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from agent.types import DateRange
from agent.understanding import date_math
from agent.understanding.korean_numbers import NATIVE_WORD

__all__ = ["SEOUL", "FoundDate", "find_dates", "seoul_day"]

SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date in a message: its days, where it stands, and whether something was bought then."""

    range: DateRange
    span: tuple[int, int]
    bought: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    resolve: date_math.Resolver
    only_bought: bool


_Candidate = tuple[date_math.Days, re.Match[str], bool]

# "산" is also a mountain and the end of 우산, 안산: only as a word of its own, before a noun.
_BOUGHT_WORD = (
    r"(?:산(?=\s|거|것|건|걸|게|꺼|지|데|$)|샀|사서|사가|시킨|시켰|시켜|주문|구매|구입|결제"
    r"|질렀|지른)"
)
_BOUGHT = re.compile(
    rf"\s?(?:에다|에|날에?|쯤에?|경에?|자|달에?|께|엔)?\s?(?:[^.?!\d]{{0,6}}\s)??{_BOUGHT_WORD}"
)
_SINCE_BOUGHT = r"(?:산|주문한|시킨|구매한|구입한|결제한)"

_START = r"(?<![가-힣\d./-])"
_COUNT = r"(?P<count>\d{1,3}|[일이삼사오육칠팔구십]{1,3})"
_NATIVE_COUNT = rf"(?P<count>\d{{1,2}}|{NATIVE_WORD}|[일이삼사오육칠팔구십])"
_ROUGHLY = r"(?:(?P<roughly>약|대략|한)\s?)?"
_ABOUT = r"(?P<about>\s?(?:쯤|정도|즈음|무렵|가량))?"
# What may follow 전 ("before"), so that 전화, 전부, 전체, 전달 are left alone.
_BEFORE = (
    r"\s?전(?=$|[^가-힣]|에|쯤|정도|즈음|무렵|가량|부터|인|의|꺼|거|이|주문|산|시|구|결제|까지)"
    + _ABOUT
)
_THIRD = r"(?:\s?(?P<third>초|중순|하순|말))?"
_DAY = r"(?P<day>[월화수목금토일])(?:요일|욜)(?!\s?(?:전|까지|안에))"
_MONTH_DAY = r"(?P<month>\d{1,2})\s?월\s?(?P<day>\d{1,2})\s?일"
_SPOKEN_MONTH_DAY = (
    r"(?P<month>십[일이]?|[일이삼사오유칠팔구시])\s?월\s?"
    r"(?P<day>[이삼]?십[일이삼사오육칠팔구]?|[일이삼사오육칠팔구])\s?일"
)
_YEAR_WORD = r"(?P<year>올해|금년|작년|지난해|재작년|(?:20)?\d{2}\s?년)"
# 지난 주문, 지난 주소 are not last week.
_WEEK = r"\s?주(?!문|소|차|인|스|세|신|말|방|류|얼)"
_TALK = (
    r"(?!\s?(?:그|말|얘기|이야기|물|보[여낸]|거|것|올린|뭐|문의|답|상담|채팅|알려|안내|저|이거"
    r"|까지))"
)
_TODAY = (
    r"오늘(?!\s?(?:까지|안에|안으로|내로|중|도착|배송|출[발고]|발송|온다|오나|와요|오는|올|받을"
    r"|날씨|따라|도\b|도\s|하루|(?:주문|결제|구매)하?[면려]|(?:사|시키)[면려]))"
)


def _rule(pattern: str, resolve: date_math.Resolver, *, only_bought: bool = False) -> _Rule:
    return _Rule(re.compile(pattern), resolve, only_bought)


_FEW = "|".join(date_math.FEW_DAYS)
_WORDS = "|".join(date_math.DAY_WORDS)
_RULES: tuple[_Rule, ...] = (
    # Calendar
    _rule(rf"{_START}{_YEAR_WORD}\s?{_MONTH_DAY}", date_math.calendar_day),
    _rule(
        r"(?<![\d./-])(?P<year>(?:20)?2\d)(?P<mark>[-./])\s?(?P<month>\d{1,2})(?P=mark)"
        r"\s?(?P<day>\d{1,2})(?![\d-])",
        date_math.calendar_day,
    ),
    _rule(r"(?<!\d)(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)", date_math.calendar_day),
    _rule(rf"(?<!\d){_MONTH_DAY}", date_math.calendar_day),
    _rule(rf"{_START}{_SPOKEN_MONTH_DAY}", date_math.calendar_day),
    _rule(
        r"(?<![\d/.])(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/]|\s?(?:만|로|정도|씩|가격|사이즈))",
        date_math.calendar_day,
    ),
    _rule(
        r"(?<![\d.])(?P<month>\d{1,2})\.(?P<day>\d{1,2})\.?(?=에|자|\s?주문|\s?결제|\s?구매|\s산)",
        date_math.calendar_day,
    ),
    _rule(
        rf"{_START}(?:{_YEAR_WORD}\s?)?(?P<month>\d{{1,2}})\s?월{_THIRD}(?!\s?\d)",
        date_math.calendar_month,
        only_bought=True,
    ),
    _rule(
        rf"{_START}(?P<day>\d{{1,2}})\s?일(?!\s?(?:전|안|내|이내|이상|동안|간|째|만|뒤|후|걸|지"
        rf"|정도))",
        date_math.day_of_month,
        only_bought=True,
    ),
    # Counted back
    _rule(rf"{_START}{_ROUGHLY}(?:(?P<word>{_WORDS})|{_COUNT}\s?일){_BEFORE}", date_math.days_ago),
    _rule(
        rf"{_START}(?:(?P<few>{_FEW})"
        rf"|(?P<near>\d{{1,2}})\s?[~,-]\s?(?P<far>\d{{1,2}})\s?일){_BEFORE}",
        date_math.few_days_ago,
    ),
    _rule(rf"{_START}{_ROUGHLY}{_NATIVE_COUNT}\s?주(?:일)?{_BEFORE}", date_math.weeks_ago),
    _rule(rf"{_START}{_ROUGHLY}{_NATIVE_COUNT}\s?(?:달|개월){_BEFORE}", date_math.months_ago),
    _rule(
        rf"{_SINCE_BOUGHT}\s?지가?\s?(?:벌써|이제|약|거의)?\s?{_NATIVE_COUNT}\s?(?P<unit>일"
        rf"|주일|주|달|개월)"
        r"(?=\s?(?:이?나|정도|쯤|도|이|은|은\s안)?\s?(?:안\s?)?(?:됐|되|된|돼|지났|지나|넘|째|만))",
        date_math.days_since,
    ),
    _rule(rf"{_START}(?:며칠|몇\s?일|메칠){_BEFORE}", date_math.between_ago(7, 2)),
    _rule(rf"{_START}몇\s?주{_BEFORE}", date_math.between_ago(42, 14)),
    _rule(rf"{_START}몇\s?(?:달|개월){_BEFORE}", date_math.between_ago(180, 60)),
    _rule(rf"{_START}얼마\s?전", date_math.between_ago(30, 0)),
    _rule(rf"{_START}(?:최근에?|요\s?며칠)", date_math.between_ago(30, 0), only_bought=True),
    # Words for days
    _rule(_START + _TODAY, date_math.ago(0)),
    _rule(rf"{_START}(?:어제|어저께|어젯밤|엊저녁|간밤)(?!까지|부터)", date_math.ago(1)),
    _rule(rf"{_START}(?:그저께|그제(?!서|야|품|목)|그젯밤)", date_math.ago(2)),
    _rule(rf"{_START}(?:그끄저께|그끄제|그그저께)", date_math.ago(3)),
    _rule(rf"{_START}(?:엊그제|엊그저께|엇그제)", date_math.between_ago(3, 1)),
    _rule(rf"{_START}(?:방금|(?:조금|좀)\s?전에?|지금\s?막){_TALK}", date_math.hours_back(1)),
    _rule(rf"{_START}아까(?![워운울움웠]){_TALK}", date_math.hours_back(12)),
    # Weeks, months, years
    _rule(rf"{_START}(?:지난|저번|전번){_WEEK}", date_math.week(1)),
    _rule(rf"{_START}(?:지지난|저저번|지난\s?지난){_WEEK}", date_math.week(2)),
    _rule(
        rf"{_START}(?:이번|요번){_WEEK}(?!\s?(?:안|까지|내로|중))|{_START}금주(?=에|\s)",
        date_math.week(0),
    ),
    # 전주 is a city as well.
    _rule(rf"{_START}전주(?=에\s?(?:산|샀|시|주문|구매|결제))", date_math.week(1)),
    _rule(rf"{_START}(?:지난|저번)\s?주\s?말", date_math.weekend(1)),
    _rule(rf"{_START}(?:이번\s?)?주말", date_math.weekend(0), only_bought=True),
    _rule(
        rf"{_START}(?P<which>지지난|저저번|지난|저번|이번|요번|금)\s?주\s?{_DAY}",
        date_math.weekday_of_week,
    ),
    _rule(rf"{_START}(?P<which>지난|저번)\s?{_DAY}", date_math.last_weekday),
    _rule(rf"{_START}(?P<which>){_DAY}", date_math.last_weekday, only_bought=True),
    _rule(rf"{_START}(?:지난|저번)\s?달{_THIRD}", date_math.month_of(1)),
    _rule(rf"{_START}(?:지지난|저저번)\s?달{_THIRD}", date_math.month_of(2)),
    _rule(rf"{_START}(?:이번\s?달|이달){_THIRD}", date_math.month_of(0)),
    _rule(rf"{_START}(?:작년|지난해)", date_math.year_of(1)),
    _rule(rf"{_START}재작년", date_math.year_of(2)),
    _rule(rf"{_START}올해", date_math.year_of(0), only_bought=True),
)


def seoul_day(now: datetime) -> date:
    """The calendar day in Seoul at ``now``. Raises ValueError without a time zone."""
    if now.tzinfo is None:
        raise ValueError("now must carry a time zone")
    return now.astimezone(SEOUL).date()


def find_dates(text: str, now: datetime) -> list[FoundDate]:
    """Every date in ``text`` (cleaned), the one to search orders by first.

    Raises ValueError when ``now`` has no time zone.
    """
    seoul_day(now)
    local = now.astimezone(SEOUL)
    found: list[FoundDate] = []
    end = 0
    for days, match, bought in sorted(_matches(text, local), key=_longest_first):
        if match.start() < end:
            continue
        # A day that does not exist or lies ahead is no date, but its parts are none either.
        end = match.end()
        if days:
            found.append(FoundDate(DateRange(*days, match[0].strip()), match.span(), bought))
    return sorted(found, key=lambda f: not f.bought)


def _longest_first(candidate: _Candidate) -> tuple[int, int, bool]:
    days, match, _ = candidate
    return match.start(), -match.end(), days is None


def _matches(text: str, now: datetime) -> Iterator[_Candidate]:
    for rule in _RULES:
        for match in rule.pattern.finditer(text):
            bought = bool(_BOUGHT.match(text, match.end())) or match[0].startswith(_BOUGHT_STARTS)
            if rule.only_bought and not bought:
                continue
            yield _past_days(rule, match, now), match, bought


_BOUGHT_STARTS = ("산", "주문", "시킨", "구매", "구입", "결제")


def _past_days(rule: _Rule, match: re.Match[str], now: datetime) -> date_math.Days:
    """The days of the match up to today; None when they do not exist or are all ahead."""
    try:
        days = rule.resolve(match, now)
    except (ValueError, OverflowError):  # 2월 30일, or before the year 1
        return None
    today = now.date()
    if days is None or days[0] > today:
        return None
    return days[0], min(days[1], today)
