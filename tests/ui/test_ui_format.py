"""Amounts, times and safe text as customers read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import format as fmt

NOW = datetime(2026, 11, 3, 5, 10, tzinfo=UTC)  # Tuesday, 14:10 in Seoul


@pytest.mark.parametrize(
    ("amount", "text"),
    [(12900, "12,900원"), (0, "0원"), (-3000, "−3,000원"), (None, "–"), (1234567, "1,234,567원")],
)
def test_won(amount, text):
    assert fmt.won(amount) == text


@pytest.mark.parametrize(
    ("iso", "text"),
    [
        ("2026-11-03T05:09:30.000Z", "방금"),
        ("2026-11-03T04:58:00.000Z", "12분 전"),
        ("2026-11-03T02:00:00.000Z", "3시간 전"),
        ("2026-11-02T05:09:00.000Z", "11월 2일(월) 오후 2:09"),
        ("2026-11-02T15:05:00.000Z", "14시간 전"),
        ("2025-12-31T15:30:00.000Z", "1월 1일(목) 오전 12:30"),
        ("2025-11-03T03:00:00.000Z", "2025년 11월 3일(월) 오후 12:00"),
        ("2026-11-03T05:20:00.000Z", "11월 3일(화) 오후 2:20"),  # to come: never "ago"
        (None, ""),
    ],
)
def test_when(iso, text):
    assert fmt.when(iso, now=NOW) == text


@pytest.mark.parametrize(
    ("iso", "text"),
    [
        ("2026-11-03T06:00:00.000Z", "오늘 오후 3시까지"),
        ("2026-11-04T01:30:00.000Z", "내일 오전 10:30까지"),
        ("2026-11-09T08:00:00.000Z", "11월 9일(월) 오후 5시까지"),
        (None, ""),
    ],
)
def test_until(iso, text):
    assert fmt.until(iso, now=NOW) == text


def test_days_take_dates_and_times():
    assert fmt.day("2026-11-03", now=NOW) == "11월 3일(화)"
    assert fmt.day(date(2024, 2, 29), now=NOW) == "2024년 2월 29일(목)"
    assert fmt.day("2026-11-02T15:00:00.000Z", now=NOW) == "11월 3일(화)"  # midnight in Seoul
    assert fmt.day("") == ""


def test_a_time_without_a_zone_is_utc():
    assert fmt.clock("2026-11-03T05:10:00") == "오후 2:10"


def test_past():
    assert fmt.is_past("2026-11-03T05:09:00.000Z", now=NOW)
    assert not fmt.is_past("2026-11-03T05:11:00.000Z", now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "**굵게**",
        "[링크](http://x)",
        "<b>x</b>",
        "`코드`",
        "~~줄~~",
        "$x$",
        "# 제목",
        "a_b_c",
        "1. 하나",
    ],
)
def test_markdown_in_data_is_literal(text):
    safe = fmt.plain(text)
    assert safe.replace("\\", "") == text
    for mark in "*[<`~$#_":
        assert safe.count(mark) == safe.count("\\" + mark)


@pytest.mark.parametrize("text", [":red[빨강]", ":material/home:", ":smile:", ":blue-badge[x]"])
def test_directives_in_data_are_literal(text):
    assert f":{text[1]}" not in fmt.plain(text)


def test_line_ends_become_spaces():
    assert fmt.plain("가\n\n# 나") == "가 \\# 나"


@given(st.text(max_size=80))
def test_plain_takes_anything_and_loses_no_letter(text):
    shown = fmt.plain(text)
    letters = [sign for sign in text if sign.isalnum()]
    assert [sign for sign in shown if sign.isalnum()] == letters


def test_prose_keeps_policy_markdown_but_not_its_traps():
    assert fmt.prose("## 기간\n- 7~14일, **꼭** $5") == "**기간**\n- 7\\~14일, **꼭** \\$5"


def test_prose_asks_no_address_for_a_picture():
    assert fmt.prose("![약도](http://192.0.2.1/a.png)") == "!\\[약도](http://192.0.2.1/a.png)"
    assert fmt.prose("<img src=http://192.0.2.1/a.png>").startswith("\\<img")


def test_marked_highlights_inside_literal_text():
    assert fmt.marked("반품*비", [(0, 2)]) == ":primary[**반품**]\\*비"


def test_short():
    assert fmt.short("짧은 말") == "짧은 말"
    assert fmt.short("가" * 50, 10) == "가" * 9 + "…"
    assert fmt.count(1234, "건") == "1,234건"
