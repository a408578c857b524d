"""Time: linear in the text, so that no message can hold a turn."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from agent.guardrails import (
    Evidence,
    assess_abuse,
    check_grounding,
    check_input,
    check_output,
    detect_injection,
    mask_pii,
)

LENGTH = 4000
ORDINARY = ("저번주에 산 이어폰 20261103-0000042 취소할래요. 010-1234-5678로요. " * 99)[:LENGTH]
EVIDENCE = Evidence.collect(["환불 3,000원, 7일 이내"])
GUARDS: dict[str, Callable[[str], object]] = {
    "mask_pii": lambda text: mask_pii(text, for_cloud=True),
    "assess_abuse": assess_abuse,
    "detect_injection": detect_injection,
    "check_input": lambda text: check_input(text, max_chars=LENGTH),
    "collect": lambda text: Evidence.collect([text]),
    "check_grounding": lambda text: check_grounding(text, EVIDENCE, citations=(), retrieved=()),
    "check_output": lambda text: check_output(text, EVIDENCE),
}
# Each repeats a piece that keeps some pattern half matched.
PIECES = (
    *("1", "1 ", "1-", "1.", "일", "일 ", "공 ", "4111 ", "9 0 0 1 0 1 ", "1234-5678-9012 "),
    *("a", "a@", "a.", "a-", "a1-", "a_", "@", "A1b2C3d4", "http://a", "www.", "user_1"),
    *("비밀번호", "비번 a", "계좌 ", "신한 1-", "우리 1", "운송장 1", "+82 ", "010-", "010 1234 "),
    *("시", "시이", "ㅅ", "ㅅㅣ", "씨1", "새끼", "이 ", "시발 ", "너는", "이 새", "시 발"),
    *(
        "이전 지시 ",
        "너는 이제부터 ",
        "나는 ",
        "다른 사람 ",
        "ignore all ",
        "ab_cd(",
        "<img ",
        "![",
    ),
    *(
        "11월 ",
        "11월 3일~",
        "3만 ",
        "만",
        "만 ",
        "천 ",
        "3~",
        "1:",
        "2026-1-1",
        "환불 ",
        "오늘 환불 ",
    ),
    *("(", "[", "{", "<", "\n", "\t", "\u0301", "\u200b", "ᄀ", "ﾡ", "ﷺ", "😀", "—"),
)


def milliseconds(guard: Callable[[str], object], text: str) -> float:
    """By this thread's own clock: other load hardly counts."""
    start = time.thread_time()
    guard(text)
    return (time.thread_time() - start) * 1000


# These run all the others on the same text.
@pytest.mark.parametrize("name", ["check_input", "check_output"])
def test_adversarial_texts_cost_little_more_than_an_ordinary_one(name: str) -> None:
    """As a ratio to a text of the same length at the same moment (50 ms or so, idle): what a
    machine can do changes by the minute, and one bad pattern costs a hundred times as much."""
    guard = GUARDS[name]
    slow = {}
    for piece in PIECES:
        text = (piece * LENGTH)[:LENGTH]
        for _ in range(5):  # a moment's load may fall on one side only
            ratio = milliseconds(guard, text) / milliseconds(guard, ORDINARY)
            if ratio < 4:
                break
        else:
            slow[piece] = ratio
    assert slow == {}


def test_an_ordinary_message_takes_a_millisecond() -> None:
    text = "저번주에 산 이어폰 20261103-0000042 취소할래요. 연락처는 010-1234-5678이에요."
    for guard in GUARDS.values():
        guard(text)
        assert min(milliseconds(guard, text) for _ in range(50)) < 2  # half of that on a quiet one


def test_masking_stays_linear_with_thousands_of_findings() -> None:
    """A history for a cloud model is far longer than a message."""
    started = time.perf_counter()
    masked = mask_pii("010-1234-5678 " * 14_000, for_cloud=True).text
    assert time.perf_counter() - started < 10
    assert masked.count("[") == 14_000
