"""Numbers as Korean writes them: 30,000 · 3만 5천 · 만오천 · 두 · 열두."""

from __future__ import annotations

import re

__all__ = ["NATIVE", "NATIVE_WORD", "SINO", "native_number", "parse_number"]

_DIGITS = {"영": 0, "공": 0, "일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "륙": 6}
_DIGITS |= {"칠": 7, "팔": 8, "구": 9}
_SMALL_UNITS = {"십": 10, "백": 100, "천": 1000}
_LARGE_UNITS = {"만": 10_000, "억": 100_000_000}

SINO = "영공일이삼사오육륙칠팔구십백천만억"
_TOKEN = re.compile(rf"\d[\d,]*(?:\.\d+)?|[{SINO}]")
_WHOLE = re.compile(rf"(?:\d[\d,]*(?:\.\d+)?|[{SINO}]|\s)+")

NATIVE = {
    "하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "석": 3, "넷": 4, "네": 4, "넉": 4,
    "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10, "열한": 11, "열하나": 11,
    "열두": 12, "열둘": 12, "열세": 13, "열셋": 13, "열네": 14, "열넷": 14, "열다섯": 15,
    "열여섯": 16, "열일곱": 17, "열여덟": 18, "열아홉": 19, "스무": 20, "스물": 20, "서른": 30,
}  # fmt: skip
NATIVE_WORD = "|".join(sorted(NATIVE, key=len, reverse=True))

_LARGEST = 10**12


def native_number(word: str) -> int | None:
    """The value of a counting word ("두", "열셋") or of digits; None for anything else."""
    if word.isdecimal():
        return int(word)
    return NATIVE.get(word)


def parse_number(text: str) -> int | None:
    """The value of a whole numeral such as "3만 5천", "만오천", "30,000", "1.5만".

    None when ``text`` is not one numeral, is not a whole number or is above 10¹².
    """
    if not text.strip() or not _WHOLE.fullmatch(text):
        return None
    total, section, digit = 0.0, 0.0, None
    for token in _TOKEN.findall(text):
        if token in _LARGE_UNITS:
            section += digit or 0
            total += (section or 1) * _LARGE_UNITS[token]
            section, digit = 0.0, None
        elif token in _SMALL_UNITS:
            section += (1 if digit is None else digit) * _SMALL_UNITS[token]
            digit = None
        elif digit is not None:  # two digits in a row, such as "삼 이", are no numeral
            return None
        else:
            digit = float(_DIGITS[token]) if token in _DIGITS else float(token.replace(",", ""))
    total += section + (digit or 0)
    return int(total) if total == int(total) and total <= _LARGEST else None
