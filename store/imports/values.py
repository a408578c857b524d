"""Values of a row as the store keeps them; what does not fit is told in Korean."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

__all__ = ["HIGHEST_KRW", "BadValue", "amount", "clean", "required", "text"]

HIGHEST_KRW = 10**11
SHORT = 24
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"[₩\\]?\s*(-?[\d,]+)(?:\.0+)?\s*(?:원|개|krw)?", re.IGNORECASE)


class BadValue(ValueError):
    """A value that cannot be used; the message is the Korean reason."""


def clean(value: object) -> str:
    """Any value as trimmed text in composed Korean letters; None is "".

    Raises BadValue for lists and objects.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        if isinstance(value, list | dict):
            raise BadValue("글이 있을 자리에 목록이나 객체가 있습니다")
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # a spreadsheet's id column
        value = str(value)
    if value.isascii() and value.isprintable():
        return value.strip()
    return _composed(value) if len(value) <= SHORT else _compose(value)


def _compose(value: str) -> str:
    return unicodedata.normalize("NFC", _CONTROL.sub("", value).strip())


_composed = lru_cache(maxsize=8192)(_compose)  # brands, categories, options come again


def text(row: Mapping[str, Any], name: str, *, longest: int, default: str = "") -> str:
    """A text column of at most ``longest`` characters. Raises BadValue."""
    given = row.get(name)
    if not given and given != 0:
        return default
    value = clean(given) or default
    if len(value) > longest:
        raise BadValue(f"{name}이(가) {longest:,}자를 넘습니다({len(value):,}자)")
    return value


def required(row: Mapping[str, Any], name: str, *, longest: int) -> str:
    """A text column that must not be empty. Raises BadValue."""
    value = text(row, name, longest=longest)
    if not value:
        raise BadValue(f"{name}이(가) 비어 있습니다")
    return value


def amount(
    row: Mapping[str, Any], name: str, *, lowest: int = 0, highest: int = HIGHEST_KRW,
    default: int | None = None,
) -> int:  # fmt: skip
    """A whole number such as 12900, "12,900원" or 12900.0. Raises BadValue."""
    value = row.get(name)
    if value is None or value == "":
        if default is None:
            raise BadValue(f"{name}이(가) 비어 있습니다")
        return default
    number = _whole(value)
    if number is None:
        raise BadValue(f"{name}은(는) 정수여야 합니다({str(value)[:40]!r})")
    if not lowest <= number <= highest:
        low = (
            "음수일 수 없습니다" if lowest == 0 and number < 0 else "쓸 수 있는 범위를 벗어났습니다"
        )
        raise BadValue(f"{name}은(는) {low}({number})")
    return number


def _whole(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value.is_integer() else None
    if isinstance(value, bool | list | dict):
        return None
    match = _NUMBER.fullmatch(str(value).strip()[:40])  # Decimal and text
    return int(match[1].replace(",", "")) if match and match[1].strip("-,") else None
