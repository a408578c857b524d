"""What the numbers of a text count: money, percentages, periods."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from decimal import Decimal
from typing import Literal

from agent.guardrails.numbers import DAY_WORDS, Number, find_numbers, parse_number

__all__ = ["Quantity", "QuantityKind", "find_quantities"]

QuantityKind = Literal["amount", "percent", "period", "number"]
Quantity = tuple[QuantityKind, Hashable, str]

_TOSS = re.compile(r"\s?[~∼〜\-–—]\s?")
_WON = re.compile(
    r"\s?(?:원(?!하시|하는|하면|하신|합니|했|할|인|단)|KRW|won\b|포인트|P(?![A-Za-z]))",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"\s?(?:%|퍼센트|프로(?=$|[^가-힣]|[의를로가은이까]))")
_MONEY_AFTER = re.compile(
    r"\s?(?:이상|이하|미만|초과|까지|정도|대|씩|짜리|부터|$|[^\sA-Za-z가-힣])"
)
_PERIOD = re.compile(
    r"\s?(?:(?P<business_day>영업일|근무일|평일)"
    r"|(?P<day>일(?!\s?요일|정|반|부))(?P<b>\s?\(?영업일)?"
    r"|(?P<month>개월|달(?!러))|(?P<week>주(?:일|간)?(?![문소차말년로의요]))"
    r"|(?P<year>년)|(?P<hour>시간)|(?P<minute>분(?![께류들야실리명석])))"
)
_WITHIN = re.compile(r"\s?(?:간|이내|안|내|후|뒤|동안|만|정도|쯤|이상|보증|까지\s?가능)")
_BUSINESS_BEFORE = re.compile(r"(?:영업일|근무일|평일)\s?(?:기준)?(?:으?로)?\s?(?:약|최대)?\s?$")
_BUSINESS_AFTER = re.compile(r"\s?\(?(?:영업일|근무일|평일)")
_NATIVE = dict(zip("한두세석네넉", (1, 2, 3, 3, 4, 4), strict=True))
_WORD_PERIOD = re.compile(
    rf"(?<![가-힣])(?:(?P<days>{'|'.join(word for word in DAY_WORDS if word != '하루')})"
    r"|하루(?=\s?(?:이내|안|뒤|후|만|정도))|(?P<week>일주일)|(?P<half>반\s?년)|(?P<n>[한두세석네넉])\s?"
    r"(?:(?P<month>달|개월)|(?P<hour>시간)|(?P<w>주)(?=\s?(?:이내|안|뒤|후|만|정도|간|일))))"
)


def _period(number: Number, text: str) -> tuple[Hashable, int] | None:
    """The period a number opens, as (value, unit), and where it ends."""
    match = _PERIOD.match(text, number.end)
    if match is None:
        return None
    unit, value = match.lastgroup or "", number.value
    later = _WITHIN.match(text, match.end()) is not None
    before = text[max(0, number.start - 16) : number.start]
    if unit in ("day", "year", "week", "minute") and number.hangul and len(number.text) == 1:
        # "이 일", "이 년", "이 주" are words; "삼일 이내" is a period.
        return ((value, "day"), match.end()) if unit == "day" and later else None
    if unit == "year":
        return None if value >= 1900 else ((value * 12, "month"), match.end())
    if unit == "week":
        return (value * 7, "day"), match.end()
    if unit in ("b", "business_day") or (unit == "day" and _BUSINESS_BEFORE.search(before)):
        return (value, "business_day"), match.end()
    return (value, "day?" if unit == "day" and not later else unit), match.end()


def _quantity(number: Number, text: str) -> tuple[QuantityKind, Hashable, int] | None:
    """What a number counts, by the words around it, and where that ends."""
    if not number.hangul or number.has_unit:
        if match := _WON.match(text, number.end):
            return "amount", int(number.value), match.end()
        if text[max(0, number.start - 2) : number.start].strip()[-1:] == "₩":
            return "amount", int(number.value), number.end
    if match := _PERCENT.match(text, number.end):
        return "percent", number.value.normalize(), match.end()
    if period := _period(number, text):
        return "period", *period
    if len(number.text) >= 9 and number.text.isdigit():
        return "number", number.text, number.end
    if number.has_unit and not number.hangul and _MONEY_AFTER.match(text, number.end):
        return "amount", int(number.value), number.end  # "5만 이상"
    return None


def _as_first(number: Number, second: Quantity) -> tuple[QuantityKind, Hashable]:
    """The first number of a range counts what the second does: "3~7일", "3~5만원"."""
    kind, key, text = second
    if kind == "period" and isinstance(key, tuple):
        return kind, (number.value, key[1])
    if kind == "amount" and not number.has_unit:
        scale = re.match(r"\d+([만천백억])", text)
        return kind, int(number.value * ((scale and parse_number(scale[1])) or 1))
    return kind, number.value.normalize() if kind == "percent" else int(number.value)


def _word_periods(text: str) -> Iterator[Quantity]:
    for match in _WORD_PERIOD.finditer(text):
        count = _NATIVE.get(match["n"] or "", 1)
        if match["month"] or match["half"]:
            yield "period", (Decimal(6 if match["half"] else count), "month"), match[0]
        elif match["hour"]:
            yield "period", (Decimal(count), "hour"), match[0]
        else:
            weeks = match["week"] or match["w"]
            days = 7 * count if weeks else DAY_WORDS[match["days"] or "하루"]
            before = text[max(0, match.start() - 16) : match.start()]
            business = _BUSINESS_BEFORE.search(before) or _BUSINESS_AFTER.match(text, match.end())
            yield "period", (Decimal(days), "business_day" if business else "day"), match[0]


def find_quantities(text: str, *, bare: bool = False) -> Iterator[Quantity]:
    """(kind, key, text) of every quantity; with ``bare`` plain numbers are amounts too.

    Keys: amount int (KRW), percent Decimal, number its digits, period (value, unit) with
    unit minute, hour, day, business_day, month, or "day?" for a bare "7일", which may be a
    day of the month.
    """
    second: tuple[int, Quantity] | None = None
    for number in reversed(list(find_numbers(text))):
        got = _quantity(number, text)
        found: Quantity | None = None
        if got is not None:
            found = got[0], got[1], text[number.start : got[2]]
        elif second is not None and _TOSS.fullmatch(text, number.end, second[0]):
            found = *_as_first(number, second[1]), text[number.start : second[0]]
        second = None if found is None else (number.start, found)
        if found is None and bare and number.value >= 100 and not number.hangul:
            found = "amount", int(number.value), number.text
        if found is not None:
            yield found
    yield from _word_periods(text)
