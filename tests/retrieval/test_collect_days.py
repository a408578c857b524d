"""The days a text states about itself, and those it states about something else."""

from __future__ import annotations

import time
from datetime import date

import pytest

from retrieval.collect.days import days_in_force
from retrieval.collect.enrich import clean, with_articles

MARCH = date(2026, 3, 1)


@pytest.mark.parametrize(
    "text",
    [
        "시행일: 2026년 3월 1일",
        "**시행일자**: 2026. 3. 1.",
        "시행일자 : 2026-03-01",
        "| 시행일 | 2026.03.01 |",
        "2026. 3. 1.부터 시행",
        "2026년 3월 1일(일)부터 시행합니다.",
        "이 약관은 2026년 3월 1일부터 적용됩니다.",
        "본 개정 약관은 2026/3/1부로 효력이 있습니다.",
        "부칙 이 약관은 2024년 1월 1일부터 시행한다. 이 약관은 2026년 3월 1일부터 시행한다.",
        "(2026. 3. 1. 시행)",
    ],
)
def test_the_first_day(text: str):
    assert days_in_force(text) == (MARCH, None)


@pytest.mark.parametrize(
    "text",
    [
        "적용 기간: 2026.3.1 ~ 2026.12.31",
        "시행 기간 | 2026년 3월 1일부터 2026년 12월 31일",
        "이 정책은 2026년 3월 1일부터 2026년 12월 31일까지 적용합니다.",
    ],
)
def test_both_days(text: str):
    assert days_in_force(text) == (MARCH, date(2026, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "쿠폰은 2026년 12월 31일까지 유효합니다.",
        "2026년 3월 1일부터 새 배송비를 적용합니다.",
        "2027년 1월 1일 시행되는 개정 세법에 따릅니다.",
        "2026년 3월 1일 시행령 제3조에 따릅니다.",
        "주문일 2026년 3월 1일",
        "2026년 13월 40일부터 시행",
        "1999년 3월 1일부터 시행",
        "2026년 12월 31일 시행 종료",
        "",
    ],
)
def test_days_of_other_things(text: str):
    assert days_in_force(text) == (None, None)


def test_an_end_before_the_beginning_is_no_end():
    text = "이 약관은 2024년 12월 31일까지 시행한다. 시행일: 2026년 3월 1일"
    assert days_in_force(text) == (MARCH, None)


@pytest.mark.parametrize(
    "unit",
    ["이약관", "시행일: ", "2026년 3월 ", "<a ", "<!--", "[", "제1조(", "<div hidden", "<script "],
)
def test_texts_made_to_be_slow_are_not(unit: str):
    text = unit * (100_000 // len(unit))
    started = time.monotonic()
    days_in_force(with_articles(clean(text)))
    assert time.monotonic() - started < 3
