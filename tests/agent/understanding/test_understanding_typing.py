"""How people type: the wrong layout, initials, other shops' names, slips of the finger."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.understanding.alike import misspells, misspelt_among
from agent.understanding.keyboard import from_english_layout
from agent.understanding.noise import misspell
from agent.understanding.text import clean, simplify


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cnlth", "취소"),
        ("ghksqnf djswp ehodb?", "환불 언제 돼유?"),
        ("qksvna gkfrpdy", "반품 할게요"),
        ("dho dksdhk", "왜 안와"),
        ("dlrj djEjgrp gody", "이거 어떻게 해요"),
        ("Ghksqnf", "환불"),
        ("ekfrrkqt", "닭값"),
    ],
)
def test_hangul_on_the_english_layout_is_turned_back(typed: str, meant: str) -> None:
    assert from_english_layout(typed) == meant
    assert clean(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hi",
        "wifi",
        "gogo",
        "asdfqwer",
        "cancel my order",
        "refund please",
        "OK",
        "yes",
        "minji@example.com",
        "SW-200",
        "SW-200 cnlth",
        "취소 cnlth",
        "123",
        "aaaa",
        "thank you",
        "where is my package",
        "k" * 300,
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert from_english_layout(text) == text


@given(st.text(max_size=80))
def test_no_text_breaks_the_layout(text: str) -> None:
    assert isinstance(from_english_layout(text), str)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("ㅎㅂ 언제요", "환불 언제요"),
        ("ㅅㄷㅇ", "상담원"),
        ("ㅋㅋㅋㅋ", "ㅋㅋ"),
        ("ㅎㅎㅂ", "ㅎㅎㅂ"),
        ("쿠팡에서 산 거", "<다른가게> 에서 산 거"),
        ("네이버페이", "네이버페이"),
    ],
)
def test_initials_and_other_shops_for_the_classifier(text: str, read: str) -> None:
    assert simplify(text) == read


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("이어퐁", "이어폰"),
        ("텀불러", "텀블러"),
        ("가습끼", "가습기"),
        ("무선이어폰", "무선 이어폰"),
        ("블루투쓰스피커", "블루투스스피커"),
        ("SW-200", "sw-200"),
    ],
)
def test_a_slip_is_forgiven(typed: str, word: str) -> None:
    assert misspells(typed, word)
    assert misspelt_among(typed, ("의자", word))


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("쿠폰", "쿠션"),
        ("이물", "이불"),
        ("이어폰", "스피커"),
        ("티셔츠", "와이셔츠"),
        ("", "이어폰"),
        ("이", "이어폰"),
        ("상담원", "상담사"),
    ],
)
def test_another_word_is_another_word(typed: str, word: str) -> None:
    assert not misspells(typed, word)
    assert not misspelt_among(typed, (word,))


def test_misspelt_copies_are_near_and_repeatable() -> None:
    text = "환불은 언제 들어오나요"
    copies = [misspell(text, random.Random(seed)) for seed in range(40)]
    assert copies == [misspell(text, random.Random(seed)) for seed in range(40)]
    assert len(set(copies)) > 20
    assert copies.count(text) < 5  # a slip may find nothing to change
    assert any(" " not in copy for copy in copies)
    assert all(len(copy) >= 8 for copy in copies)


@given(st.text(max_size=60), st.integers(0, 1000))
def test_any_text_can_be_misspelt(text: str, seed: int) -> None:
    copy = misspell(text, random.Random(seed))
    assert unicodedata.is_normalized("NFC", copy) or not unicodedata.is_normalized("NFC", text)
