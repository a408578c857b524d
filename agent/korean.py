"""Korean in replies: particles that fit the word before them, amounts and days as written."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from string import Formatter
from typing import Any

from agent.shop.calendar import SEOUL

__all__ = ["Template", "day_text", "krw", "moment_text"]

_WEEKDAYS = "월화수목금토일"
# Last sounds of the digits 0-9 as read in Korean (영 일 이 삼 사 오 육 칠 팔 구).
_DIGIT_FINAL = dict(zip("0123456789", (True, True, False, True, False, False, True, True, True,
                                       False), strict=True))  # fmt: skip
_LIEUL_DIGITS = "178"


def krw(amount: int) -> str:
    """12900 → "12,900원"."""
    return f"{amount:,}원"


def day_text(day: date) -> str:
    """A day as people say it: "11월 3일(화)"."""
    return f"{day.month}월 {day.day}일({_WEEKDAYS[day.weekday()]})"


def moment_text(moment: datetime) -> str:
    """An aware time in Seoul: "11월 3일(화) 오후 2:10"."""
    local = moment.astimezone(SEOUL) + timedelta(0)
    half = "오전" if local.hour < 12 else "오후"
    return f"{day_text(local.date())} {half} {local.hour % 12 or 12}:{local.minute:02d}"


def _final(word: str) -> tuple[bool, bool]:
    """(ends in a consonant, that consonant is ㄹ) of the last letter that is read.

    Brackets at the end are read past: "우리카드 (**** 6876)로".
    """
    for sign in reversed(re.sub(r"\s*\([^()]*\)\s*$", "", word)):
        if "가" <= sign <= "힣":
            code = (ord(sign) - 0xAC00) % 28
            return code != 0, code == 8
        if sign in _DIGIT_FINAL:  # not "²", which is a digit to isdigit()
            return _DIGIT_FINAL[sign], sign in _LIEUL_DIGITS
        if sign.isalpha():
            return sign.lower() in "lmnr", sign.lower() in "lr"
    return False, False


def _particle(word: str, pair: str) -> str:
    with_final, without = pair.split("/")
    ends, lieul = _final(word)
    if with_final == "으로" and lieul:
        return without
    return with_final if ends else without


class _Value:
    """A value in a template: ``{x}``, ``{x:원}`` for money, ``{x:을/를}`` with a particle."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __format__(self, spec: str) -> str:
        if spec == "원":
            return krw(int(self._value))
        text = self._text()
        return text + _particle(text, spec) if "/" in spec else text

    def _text(self) -> str:
        if isinstance(self._value, datetime):
            return moment_text(self._value)
        if isinstance(self._value, date):
            return day_text(self._value)
        return str(self._value)


class Template:
    """A reply with named places. Filling it raises KeyError for a value that is missing."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = " ".join(text.split(" ")).strip()

    @property
    def words(self) -> str:
        """The text with its places left out."""
        return " ".join(said for said, *_ in Formatter().parse(self._text))

    def fill(self, **values: Any) -> str:
        """The text with every place filled."""
        return self._text.format_map({name: _Value(value) for name, value in values.items()})
