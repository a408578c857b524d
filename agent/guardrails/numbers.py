"""Korean numbers: "30,000", "3만", "3만 5천", "삼만오천", "1.5만" are read as one value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["DAY_WORDS", "Number", "find_numbers", "parse_number"]

_DIGITS = {c: i for i, c in enumerate("영일이삼사오육칠팔구")} | {"공": 0, "륙": 6}
_SMALL = {"십": 10, "백": 100, "천": 1000}
_BIG = {"만": 10**4, "억": 10**8, "조": 10**12}
_UNITS = "".join((*_SMALL, *_BIG))
_PIECE = re.compile(rf"\d[\d,]*+(?:\.\d++)?|[{''.join(_DIGITS)}{_UNITS}]")
# A digit letter counts only before a unit or a counter: "5만 이상" is five 만 "and more",
# "삼십일 이내" thirty days, "십일월" November.
_LETTER = (
    rf"(?:[{_UNITS}]|[{''.join(_DIGITS)}]"
    rf"(?=[{_UNITS}]|\s?(?:원|일|월|년|개|주|시|분|퍼|프로|%|영업|포인트)))"
)
# Possessive and opened by a look-behind, so that every character is read once. A space
# is part of a number after a unit only: "3만 5천", but "2 30,000" are two.
_RUN = re.compile(
    rf"(?<![\d,.])(?:\d|(?<![가-힣\d]){_LETTER})"
    rf"(?:\d|{_LETTER}|[,.](?=\d)"
    rf"|(?<=[{_UNITS}])\s(?=\d|[{''.join(_SMALL)}]|[{''.join(_DIGITS)}][{''.join(_SMALL)}]))*+"
)
# Native words for days; 하루 and 이틀 also count as periods.
DAY_WORDS = {
    "하루": 1,
    "이틀": 2,
    "사흘": 3,
    "나흘": 4,
    "닷새": 5,
    "엿새": 6,
    "이레": 7,
    "여드레": 8,
    "아흐레": 9,
    "열흘": 10,
    "보름": 15,
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text; ``hangul`` when no digit occurs in it (such words mislead)."""

    value: Decimal
    start: int
    end: int
    text: str

    @property
    def hangul(self) -> bool:
        """Whether it is written in letters alone."""
        return not any("0" <= c <= "9" for c in self.text)

    @property
    def has_unit(self) -> bool:
        """Whether 십, 백, 천, 만, 억 or 조 occurs in it."""
        return any(c in _UNITS for c in self.text)


def parse_number(text: str) -> Decimal | None:
    """The value of one written number, or None where the text is not one.

    Digits read aloud one by one ("일이삼") are no quantity and give None.
    """
    total = section = Decimal(0)
    current: Decimal | None = None
    squashed = re.sub(r"\s", "", text)
    if not squashed or "".join(_PIECE.findall(squashed)) != squashed or len(squashed) > 40:
        return None
    for piece in _PIECE.findall(squashed):
        if piece in _SMALL:
            section += (Decimal(1) if current is None else current) * _SMALL[piece]
            current = None
        elif piece in _BIG:
            section += current or Decimal(0)
            total += (section or Decimal(1)) * _BIG[piece]
            section, current = Decimal(0), None
        elif current is not None:
            return None
        else:
            current = Decimal(_DIGITS[piece] if piece in _DIGITS else piece.replace(",", ""))
    return total + section + (current or Decimal(0))


def find_numbers(text: str) -> Iterator[Number]:
    """Every number written in the text, left to right; letters that form none are skipped."""
    for run in _RUN.finditer(text):
        written = run[0]
        value = parse_number(written)
        if value is None and written[0].isdigit():
            digits = _PIECE.match(written)
            written = digits[0] if digits else written
            value = parse_number(written)
        if value is not None:
            yield Number(value, run.start(), run.start() + len(written), written)
