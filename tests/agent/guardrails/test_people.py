"""Names, addresses, clauses and days told from today: found where they are, and only there."""

from __future__ import annotations

from datetime import date

import pytest

from agent.guardrails import Evidence, check_grounding, mask_pii
from agent.guardrails.addresses import address_key, find_addresses
from agent.guardrails.people import day_of, find_people

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("key", "day"),
    [
        ("내일", date(2026, 11, 21)),
        ("글피", date(2026, 11, 23)),
        ("그저께", date(2026, 11, 18)),
        ("오늘", FRIDAY),
        ("다음주화요일", date(2026, 11, 24)),
        ("이번주월요일", date(2026, 11, 16)),
        ("지난주일요일", date(2026, 11, 15)),
    ],
)
def test_days_are_counted_from_today(key: str, day: date) -> None:
    assert day_of(key, FRIDAY) == day
    evidence = Evidence.collect([day], today=FRIDAY)
    reply = key.replace("주", "주 ") + " 도착해요"
    assert check_grounding(reply, evidence, citations=(), retrieved=()) == ()


def test_without_a_today_only_the_words_count() -> None:
    evidence = Evidence.collect([date(2026, 11, 21)])
    assert check_grounding("내일 와요", evidence, citations=(), retrieved=())
    said = Evidence.collect(["내일 도착"])
    assert check_grounding("내일 와요", said, citations=(), retrieved=()) == ()


@pytest.mark.parametrize(
    "text",
    [
        "왕복 배송비 6,000원은 고객님 부담이에요",
        "신청한 고객님께 안내해요",
        "원하신 고객님은 말씀해 주세요",
        "상품 이름이나 종류를 알려 주세요",
        "입금자 이름을 확인해요",
        "기사님이 문 앞에 두셨어요",
        "판매자님, 손님, 사장님",
        "내일모레",
    ],
)
def test_words_that_look_like_people_are_none(text: str) -> None:
    assert [found for found in find_people(text) if found[0] in ("name", "relative")] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("서울 강남구 테헤란로 12, 101동 1203호로", "서울 강남구 테헤란로 12, 101동 1203호"),
        ("경기도 성남시 분당구 판교역로 166입니다", "경기도 성남시 분당구 판교역로 166"),
        ("부산 수영구 망미동 12-3번지예요", "부산 수영구 망미동 12-3번지"),
        ("올림픽로 35길 10 1203호", "올림픽로 35길 10 1203호"),
    ],
)
def test_addresses_are_found_whole(text: str, found: str) -> None:
    assert [text[slice(*span)] for span in find_addresses(text)] == [found]
    assert mask_pii(text).text == text  # the desk itself needs it to change a delivery
    assert "[주소 가림]" in mask_pii(text, for_cloud=True).text


@pytest.mark.parametrize(
    "text",
    ["번호로 12 조회", "무료로 3개", "우리 집 123-4번지", "새로 2개 주문", "서울 3일 걸려요"],
)
def test_what_only_sounds_like_an_address_stays(text: str) -> None:
    assert list(find_addresses(text)) == []


def test_one_address_has_one_key() -> None:
    whole = "서울 강남구 테헤란로 12, 101동 1203호"
    assert address_key(whole) == address_key("서울특별시 강남구 테헤란로 12") == "테헤란로12"
