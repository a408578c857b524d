"""Grounding: a fact is the same fact in every form, and a wrong one is caught."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_korean_numbers import in_letters, in_mixed

from agent.guardrails import Evidence, check_grounding


def missing(reply: str, *values: Any, message: str = "") -> list[tuple[str, str]]:
    evidence = Evidence.collect(values, message=message)
    found = check_grounding(reply, evidence, citations=(), retrieved=())
    return [(item.kind, item.text) for item in found]


FORMS = [
    ["3만원", "3만 원", "삼만원", "삼만 원", "30,000원", "30000원", "₩30,000", "30,000 KRW"],
    ["3만5천원", "3만 5천 원", "35,000원", "삼만오천 원", "3만5000원", "3.5만원"],
    ["12만 3,450원", "123,450원", "십이만삼천사백오십 원"],
    ["2026-11-03", "2026.11.03", "2026. 11. 3.", "2026/11/3", "2026년 11월 3일", "26년 11월 3일"],
    ["11월 3일", "십일월 삼일", "11월3일", "11/3까지"],
    ["7일 이내", "일주일 이내", "1주 이내", "칠일 이내", "7 일 이내", "이레 안에"],
    ["3일 이내", "사흘 이내", "삼일 이내"],
    ["15일 이내", "보름 이내", "십오일 이내"],
    ["30일 이내", "삼십일 이내", "삼십 일 이내"],
    ["3영업일", "3 영업일", "삼 영업일", "영업일 기준 3일", "평일 3일", "3일(영업일 기준)"],
    ["3개월", "석 달", "세 달", "3달", "삼개월", "3 개월"],
    ["1년", "12개월", "12달"],
    ["한 달", "1개월", "1달", "한달"],
    ["24시간", "24 시간"],
    ["15%", "15 %", "15퍼센트", "십오 퍼센트", "15프로", "15.0%"],
    [
        "20261103-0000042",
        "２０２６１１０３－００００００４２".replace("００００００４２", "００００００４２"[1:]),
    ],
    ["1234-5678-9012", "123456789012"],
    ["CLM-000012", "clm-000012"],
    ["minji@example.com", "MINJI@example.com"],
    ["010-1234-5678", "01012345678", "010 1234 5678", "+82 10-1234-5678"],
    ["https://sangdam.kr/help", "sangdam.kr/help"],
    ["오후 3시 30분", "15:30", "오후 3시 반", "15시 30분"],
]


@pytest.mark.parametrize(
    ("evidence", "reply"),
    [(one, other) for forms in FORMS for one in forms for other in forms],
)
def test_every_form_grounds_every_other(evidence: str, reply: str) -> None:
    assert missing(f"안내드립니다. {reply} 입니다.", f"확인: {evidence} 기준") == []


WRONG = [
    ("3만원", "4만원", "amount"),
    ("30,000원", "3,000원", "amount"),
    ("3만5천원", "3만6천 원", "amount"),
    ("총 12,000원과 3,000원", "15,000원", "amount"),  # sums are not computed
    ("5만 원 이상 무료", "3만 이상 무료", "amount"),
    ("2026-11-03", "2026-11-04", "date"),
    ("2026-11-03", "2025년 11월 3일", "date"),
    ("2026-11-03", "11월 3일(수)", "date"),  # it is a Tuesday
    ("11월 3일", "2026년 11월 3일", "date"),
    ("11월 3일", "12월 3일", "date"),
    ("11월 3일", "11월 3~5일", "date"),
    ("7일 이내", "14일 이내", "period"),
    ("7일 이내", "2주 이내", "period"),
    ("3영업일", "3일 이내", "period"),
    ("3일 이내", "3영업일", "period"),
    ("3개월", "3년", "period"),
    ("3일 이내", "3~7일 이내", "period"),
    ("30일", "한 달 이내", "period"),
    ("이틀 안에", "사흘 안에", "period"),
    ("11월 7일", "7일 이내", "period"),
    ("연 15%", "연 20%", "percent"),
    ("10%", "10~20%", "percent"),
    ("20261103-0000042", "20261103-0000043", "order"),
    ("운송장 123456789012", "운송장 123456789013", "number"),
    ("CLM-000012", "CLM-000013", "id"),
    ("user_001", "user_002", "id"),
    ("minji@example.com", "jihun@example.com", "email"),
    ("010-1234-5678", "010-1234-5679", "phone"),
    ("1588-1234", "1588-4321", "phone"),
    ("https://sangdam.kr/help", "https://evil.kr/help", "url"),
    ("오후 3시", "오후 4시", "time"),
]


@pytest.mark.parametrize(("evidence", "reply", "kind"), WRONG)
def test_wrong_values_are_caught(evidence: str, reply: str, kind: str) -> None:
    assert missing(reply, evidence)[0][0] == kind
    assert missing(reply, evidence, reply) == []


@settings(deadline=None, max_examples=50)
@given(st.integers(1000, 10**8 - 1))
def test_amounts_of_any_size(value: int) -> None:
    for form in (f"{value:,}원", f"{value}원", f"{in_mixed(value)} 원", f"{in_letters(value)} 원"):
        assert missing(f"환불 금액 {form}", {"total": value}) == []
        assert missing(f"환불 금액 {form}", {"total": value + 1}) != []


@settings(deadline=None, max_examples=50)
@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_dates_of_any_day(day: date) -> None:
    weekday = "월화수목금토일"[day.weekday()]
    for form in (
        f"{day.month}월 {day.day}일({weekday})",
        f"{day:%Y-%m-%d}",
        f"{day.year}년 {day.month}월 {day.day}일",
        f"{day:%Y.%m.%d}({weekday})",
    ):
        assert missing(form, {"at": day}) == []
        assert missing(form, {"at": day.isoformat()}) == []
        assert missing(form, {"at": date(2100, day.month, 15 if day.day != 15 else 16)}) != []


@settings(deadline=None, max_examples=50)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_utc_timestamps_count_as_their_seoul_date(at: datetime) -> None:
    local = at.timestamp() + 9 * 3600
    seoul = datetime.fromtimestamp(local, UTC)
    reply = f"{seoul:%Y-%m-%d}"
    assert missing(reply, at) == []
    assert missing(reply, at.strftime("%Y-%m-%dT%H:%M:%SZ")) == []
    assert missing(reply, at.replace(tzinfo=None)) == []
    if at.date() != seoul.date():
        assert missing(f"{at:%Y-%m-%d}", at) != []


class Colour(Enum):
    NAVY = "남색 12,000원"


@dataclass(frozen=True)
class Quote:
    total: int
    lines: tuple[dict[str, Any], ...]
    rate: float = 0.15
    note: str | None = None


def test_collect_walks_whatever_tools_return() -> None:
    evidence = Evidence.collect(
        [
            Quote(27000, ({"price": 15000}, {"price": Decimal(12500)})),
            [("운송장", "123456789012"), {"order_id": "20261103-0000042"}],
            {"return_days": 7, "refund_business_days": 3, "fault_months": 3, "warranty_years": 2},
            Colour.NAVY,
            datetime(2026, 11, 3, 15, 30, tzinfo=UTC),
            None,
            True,
            object(),
            b"bytes",
            float("nan"),
            float("inf"),
        ]
    )
    assert {27000, 15000, 12500, 12000} <= evidence.amounts
    assert 7 not in evidence.amounts
    assert evidence.dates == {date(2026, 11, 4)}
    assert evidence.order_ids == {"20261103-0000042"}
    assert "123456789012" in evidence.numbers
    assert {(7, "day"), (3, "business_day"), (3, "month"), (24, "month")} <= evidence.periods
    assert 15 in evidence.percents
    assert {"total", "price", "order_id"} <= evidence.names


def test_collect_survives_a_cycle() -> None:
    loop: dict[str, Any] = {"total": 1000}
    loop["self"] = loop
    assert Evidence.collect([loop]).amounts == {1000}


def test_what_the_customer_said_may_be_repeated() -> None:
    assert missing("말씀하신 3만원은 확인했습니다", message="3만원 돌려주세요") == []
    assert Evidence.collect([], message="3만원").amounts == frozenset()


def test_citations_must_be_retrieved() -> None:
    found = check_grounding(
        "안내", Evidence(), citations=("refund#1", "fake#9"), retrieved=("refund#1", "refund#2")
    )
    assert [(item.kind, item.text) for item in found] == [("citation", "fake#9")]


@pytest.mark.parametrize(
    "reply",
    [
        "좋은 하루 되세요.",
        "무엇을 도와드릴까요?",
        "이 주소로 보내 드릴까요?",
        "이 일로 불편을 드려 죄송합니다.",
        "교환을 원하시면 말씀해 주세요.",
        "이만 원하시는 상품을 골라 주세요.",
        "두 분 모두 감사합니다.",
        "1. 주문 내역을 확인합니다.\n2. 반품을 누릅니다.",
        "상품 2개를 담았어요.",
        "구매하신 이어폰은 배송 중이에요.",
        "다시 한번 확인해 주세요.",
        "이월된 쿠폰은 없어요.",
    ],
)
def test_ordinary_sentences_state_no_facts(reply: str) -> None:
    assert missing(reply) == []


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_checked_without_an_error(reply: str, source: str) -> None:
    missing(reply, source)
    assert missing(reply, reply) == []
