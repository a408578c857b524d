"""Cleaning, placeholders, numerals, and that nothing a person types raises or hangs."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.understanding import Tokenizer, extract_slots
from agent.understanding.dates import SEOUL
from agent.understanding.korean_numbers import native_number, parse_number
from agent.understanding.text import clean, simplify

NOW = datetime(2026, 11, 20, 15, tzinfo=SEOUL)
KOREAN = st.text(
    st.sampled_from(
        "네아니요오늘어제그저께지난주월일년전만천백십원두세개번째마지막으로서울시구길동호"
        "취소반품교환환불택배안와요작커깨져화이트ㅋㅎㅠㅇ 0123456789-./,?!~@L가나다\u200b😀"
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  안녕 \n 하세요\t", "안녕 하세요"),
        ("２０２６", "2026"),
        ("주\u200b문", "주문"),
        ("\ufeff네", "네"),
        ("ㅇㅇ ㅋㅋ ㅠㅠ", "ㅇㅇ ㅋㅋ ㅠㅠ"),
        ("\u1112\u116a\u11ab불", "환불"),
        ("①번", "1번"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "simple"),
    [
        ("20261103-0000042 취소", "<주문번호> 취소"),
        ("39,000원 결제", "<금액> 결제"),
        ("3만 5천원 환불", "<금액> 환불"),
        ("11월 3일에 산 거", "<날짜> 에 산 거"),
        ("2026-11-03 주문", "<날짜> 주문"),
        ("010-1234-5678로 연락", "<전화번호> 로 연락"),
        ("a@b.co 확인", "<이메일> 확인"),
        ("송장 123456789012", "송장 <긴번호>"),
        ("https://x.y/z 이거", "<링크> 이거"),
        ("ㅋㅋㅋㅋㅋ 왜요!!!!!", "ㅋㅋ 왜요!!"),
        ("ㅠㅜㅠㅜㅠㅜ", "ㅠㅜㅠㅜ"),
        ("ORDER", "order"),
        ("3 원피스", "3 원피스"),
    ],
)
def test_simplify(text: str, simple: str) -> None:
    assert simplify(text) == simple


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30,000", 30000),
        ("3만", 30000),
        ("만오천", 15000),
        ("1만 5천", 15000),
        ("십이만 삼천오백", 123500),
        ("1.5만", 15000),
        ("이억 삼천만", 230_000_000),
        ("육십", 60),
        ("삼", 3),
        ("삼이", None),
        ("1.5", None),
        ("이어폰", None),
        ("", None),
        ("9999억억억", None),
    ],
)
def test_parse_number(text: str, value: int | None) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize(("word", "value"), [("두", 2), ("열세", 13), ("7", 7), ("몇", None)])
def test_native_number(word: str, value: int | None) -> None:
    assert native_number(word) == value


FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FEW
@given(text=st.one_of(st.text(max_size=80), KOREAN))
def test_slots_of_any_text(text: str, tokenizer: Tokenizer) -> None:
    slots = extract_slots(text, now=NOW, tokenizer=tokenizer)
    assert slots.when is None or slots.when.start <= slots.when.end <= NOW.date()
    assert slots.order_id is None or len(slots.order_id) == 16
    assert slots.quantity is None or slots.quantity > 0
    assert slots.amount_krw is None or slots.amount_krw > 0
    assert list(slots.products) == sorted(slots.products, key=len, reverse=True)


@FEW
@given(text=st.one_of(st.text(max_size=80), KOREAN))
def test_simplify_is_stable_enough(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert simplify(text) == simplify(clean(text))


@pytest.mark.parametrize(
    "text",
    [
        "네" * 4000,
        "네 " * 2000,
        "만" * 4000,
        "1," * 2000,
        "만 " * 2000,
        "0" * 4000,
        "아니요," * 1000,
        "서울 강남구 " * 500,
        "3일 전 " * 1000,
        "a@" * 2000,
        "두 개 " * 1300,
        "그거 " * 1300,
        "한" * 4000,
        "(" * 4000,
        "주문한 지 " * 700,
    ],
)
def test_no_text_is_slow(text: str, tokenizer: Tokenizer) -> None:
    started = time.process_time()
    extract_slots(text, now=NOW, tokenizer=tokenizer)
    simplify(text)
    assert time.process_time() - started < 1.5
