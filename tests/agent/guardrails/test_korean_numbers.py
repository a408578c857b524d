"""Korean numbers: every written form of a value is the same value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.guardrails.numbers import find_numbers, parse_number

DIGITS = "영일이삼사오육칠팔구"


def in_letters(value: int) -> str:
    """The Sino-Korean reading: 35000 is 삼만오천, 10 is 십."""
    if value == 0:
        return "영"
    parts: list[str] = []
    for big, unit in ((10**8, "억"), (10**4, "만"), (1, "")):
        section, value = divmod(value, big)
        if section == 0:
            continue
        words = ""
        for small, letter in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
            digit, section = divmod(section, small)
            if digit:
                words += ("" if digit == 1 and letter else DIGITS[digit]) + letter
        parts.append(("" if words == "일" and unit == "만" else words) + unit)
    return "".join(parts)


def in_mixed(value: int) -> str:
    """Digits before units: 35000 is 3만5000."""
    man, rest = divmod(value, 10**4)
    return f"{man}만{rest or ''}" if man else str(rest)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 10**11))
def test_every_form_is_the_same_value(value: int) -> None:
    for form in (str(value), f"{value:,}", in_letters(value)):
        assert parse_number(form) == value
    if value < 10**8:
        assert parse_number(in_mixed(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3만 5천", 35000),
        ("3만5,000", 35000),
        ("1.5만", 15000),
        ("만", 10000),
        ("백만", 1000000),
        ("1억2천만", 120000000),
        ("십이만 삼천사백오십", 123450),
        ("3.14", Decimal("3.14")),
    ],
)
def test_colloquial_forms(text: str, value: int | Decimal) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", "일이삼", "abc", "원", "3개", "1" * 50, ","])
def test_what_is_no_number(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5만 이상", [50000]),
        ("5만이상 무료", [50000]),
        ("삼십일 이내", [30]),
        ("십일월 삼일", [11, 3]),
        ("2 30,000원", [2, 30000]),
        ("구매 후 칠일", [7]),
        ("사이즈가 이상해요", []),
        ("일단 구매", []),
        ("1, 2, 3", [1, 2, 3]),
    ],
)
def test_numbers_are_told_from_words(text: str, values: list[int]) -> None:
    assert [int(number.value) for number in find_numbers(text)] == values


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for number in find_numbers(text):
        assert text[number.start : number.end] == number.text
