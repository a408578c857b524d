"""Dates in days of Seoul. Today is Friday, 20 November 2026, unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from agent.understanding.dates import SEOUL, find_dates, seoul_day
from agent.understanding.text import clean


def when(text: str, now: datetime) -> tuple[str, str] | None:
    """First and last day as MM-DD of 2026, with the year where it is another one."""
    found = find_dates(clean(text), now)
    if not found:
        return None
    return _short(found[0].range.start), _short(found[0].range.end)


def _short(day: date) -> str:
    return f"{day:%m-%d}" if day.year == 2026 else f"{day:%Y-%m-%d}"


def one(day: str) -> tuple[str, str]:
    return day, day


CASES = [
    # Words for days
    ("오늘 주문한 거요", one("11-20")),
    ("어제 시킨 거 취소요", one("11-19")),
    ("어저께 산 거", one("11-19")),
    ("그저께 주문했어요", one("11-18")),
    ("그제 산 이어폰", one("11-18")),
    ("그끄저께 시켰어요", one("11-17")),
    ("엊그제 시킨거", ("11-17", "11-19")),
    ("방금 주문했는데요", one("11-20")),
    ("아까 산 텀블러 취소", one("11-20")),
    ("조금 전에 결제했어요", one("11-20")),
    # Counted back
    ("3일 전에 산 거", one("11-17")),
    ("삼일 전 주문", one("11-17")),
    ("사흘 전에 시켰어요", one("11-17")),
    ("이틀전에 결제함", one("11-18")),
    ("하루 전에 주문", one("11-19")),
    ("열흘 전 주문이요", one("11-10")),
    ("보름 전에 샀어요", one("11-05")),
    ("3일 전쯤 산 거", ("11-16", "11-18")),
    ("한 3일 전에 샀나", ("11-16", "11-18")),
    ("10일 전쯤 주문했는데", ("11-07", "11-13")),
    ("2~3일 전에 산 거", ("11-17", "11-18")),
    ("이삼일 전에 샀어요", ("11-17", "11-18")),
    ("사나흘 전쯤 주문한 것", ("11-16", "11-17")),
    ("일주일 전에 산 거", ("11-12", "11-14")),
    ("일주일 전쯤 산 거", ("11-10", "11-16")),
    ("2주 전 주문", ("11-05", "11-07")),
    ("한 달 전에 산 신발", ("10-17", "10-23")),
    ("한 달 전쯤 산 신발", ("10-13", "10-27")),
    ("두달 전에 샀는데요", ("09-17", "09-23")),
    ("3개월 전 구매", ("08-17", "08-23")),
    ("며칠 전에 산 거", ("11-13", "11-18")),
    ("몇일 전 주문", ("11-13", "11-18")),
    ("얼마 전에 주문한 거요", ("10-21", "11-20")),
    ("최근에 산 거", ("10-21", "11-20")),
    ("산 지 3일 됐어요", ("11-16", "11-18")),
    ("주문한지 일주일이나 지났는데", ("11-10", "11-16")),
    # Weeks
    ("지난주에 산 이어폰", ("11-09", "11-15")),
    ("지난 주 주문", ("11-09", "11-15")),
    ("저번주에 시킨 거", ("11-09", "11-15")),
    ("저번 주 거 환불", ("11-09", "11-15")),
    ("전주에 산 거", ("11-09", "11-15")),
    ("지지난주에 산 거", ("11-02", "11-08")),
    ("저저번주에 주문", ("11-02", "11-08")),
    ("이번 주에 산 거", ("11-16", "11-20")),
    ("금주에 주문", ("11-16", "11-20")),
    ("지난주 금요일에 산 거", one("11-13")),
    ("저번주 월욜에 시킨", one("11-09")),
    ("이번주 화요일에 주문", one("11-17")),
    ("지난 월요일 주문", one("11-16")),
    ("지난 금요일에 샀어요", one("11-13")),
    ("월요일에 산 거", one("11-16")),
    ("금요일에 산 거", one("11-20")),
    ("토요일에 주문했어요", one("11-14")),
    ("지난 주말에 산 거", ("11-14", "11-15")),
    ("주말에 주문한 거", ("11-14", "11-15")),
    # Months and years
    ("지난달에 산 거", ("10-01", "10-31")),
    ("저번 달 주문", ("10-01", "10-31")),
    ("지난달 말에 주문", ("10-21", "10-31")),
    ("지지난달에 산 것", ("09-01", "09-30")),
    ("이번 달에 산 거", ("11-01", "11-20")),
    ("이번달 초에 시킨 거", ("11-01", "11-10")),
    ("10월에 산 거", ("10-01", "10-31")),
    ("10월 중순에 주문한 거", ("10-11", "10-20")),
    ("12월에 산 거", ("2025-12-01", "2025-12-31")),
    ("작년에 산 거", ("2025-01-01", "2025-12-31")),
    ("작년 12월에 산 거", ("2025-12-01", "2025-12-31")),
    # Calendar days
    ("11월 3일 주문", one("11-03")),
    ("11월3일에 산 거", one("11-03")),
    ("11/3 주문 건", one("11-03")),
    ("11.3에 주문", one("11-03")),
    ("12월 25일에 산 거", one("2025-12-25")),
    ("11월 21일 주문", one("2025-11-21")),
    ("2026년 11월 3일 주문", one("11-03")),
    ("26년 11월 3일 주문", one("11-03")),
    ("작년 11월 3일", one("2025-11-03")),
    ("2026-11-03 주문", one("11-03")),
    ("2026.11.3 주문", one("11-03")),
    ("20261103 주문", one("11-03")),
    ("１１월 ３일 주문", one("11-03")),
    ("3일에 산 거", one("11-03")),
    ("3일 주문 건이요", one("11-03")),
    ("25일에 주문했는데", one("10-25")),
    ("31일에 산 거", one("10-31")),
    ("2월 29일에 주문한 거", one("2024-02-29")),
    # What was bought wins over what happened later
    ("지난주에 산 건데 오늘 받았어요", ("11-09", "11-15")),
    ("오늘 보니까 그저께 주문한 게 없네요", one("11-18")),
]

WRONG_FRIENDS = [
    "지난 주문 내역 보여주세요",
    "저번주문 취소",
    "지난 주소로 보내주세요",
    "전주로 배송해 주세요",
    "전주에 사는데 배송되나요",
    "며칠 안에 되나요",
    "3일 안에 와요?",
    "7일 이내 반품 가능한가요",
    "배송은 3일 걸리나요",
    "3일 전화했어요",
    "오늘 안에 도착하나요",
    "오늘까지 되나요",
    "오늘도 안 와요",
    "오늘 주문하면 언제 와요",
    "내일 도착하나요",
    "다음 주에 받을 수 있나요",
    "그제서야 알았어요",
    "그제품 있나요",
    "아까 그거요",
    "방금 말한 거 취소요",
    "아까 물어본 건 어떻게 됐나요",
    "전달해 주세요",
    "2월 30일 주문",
    "13/45",
    "1/2만 환불되나요",
    "24/7 상담 되나요",
    "2027년 3월 1일 주문",
    "월요일에 도착하나요",
    "예전부터 문의했어요",
    "한 번만 봐주세요",
    "010-1234-5678",
    "우산 있나요",
    "돈 아까워",
    "토요일 전에 올까요 시킨 거",
    "이번 주 안에 환불되나요",
]


@pytest.mark.parametrize(("text", "days"), CASES)
def test_finds_days(text: str, days: tuple[str, str], now: datetime) -> None:
    assert when(text, now) == days


@pytest.mark.parametrize("text", WRONG_FRIENDS)
def test_wrong_friends_are_no_dates(text: str, now: datetime) -> None:
    assert when(text, now) is None


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        (datetime(2026, 11, 19, 14, 59, tzinfo=UTC), "11-18"),  # 23:59 in Seoul
        (datetime(2026, 11, 19, 15, 0, tzinfo=UTC), "11-19"),  # midnight in Seoul
        (datetime(2026, 11, 20, 0, 0, tzinfo=UTC), "11-19"),  # midnight in UTC
        (datetime(2026, 12, 31, 14, 59, tzinfo=UTC), "12-30"),
        (datetime(2026, 12, 31, 15, 0, tzinfo=UTC), "12-31"),  # New Year in Seoul
    ],
)
def test_yesterday_is_seouls(utc: datetime, day: str) -> None:
    assert when("어제 산 거", utc) == one(day)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("12월 31일에 산 거", one("12-31")),
        ("1월 1일에 산 거", one("2027-01-01")),
        ("1월 2일에 산 거", one("01-02")),
        ("지난달에 산 거", ("12-01", "12-31")),
        ("이번 달에 산 거", one("2027-01-01")),
        ("지난주에 산 거", ("12-21", "12-27")),
        ("이번 주에 산 거", ("12-28", "2027-01-01")),
        ("작년에 산 거", ("01-01", "12-31")),
        ("30일에 산 거", one("12-30")),
    ],
)
def test_new_years_morning(text: str, days: tuple[str, str]) -> None:
    assert when(text, datetime(2027, 1, 1, 0, 30, tzinfo=SEOUL)) == days


def test_a_moment_ago_may_be_yesterday() -> None:
    after_midnight = datetime(2026, 11, 20, 0, 20, tzinfo=SEOUL)
    assert when("방금 주문했어요", after_midnight) == ("11-19", "11-20")
    assert when("아까 산 거요", after_midnight) == ("11-19", "11-20")


def test_keeps_what_the_customer_wrote(now: datetime) -> None:
    found = find_dates("어제랑 11월 3일에 샀어요", now)
    assert [f.range.text for f in found] == ["11월 3일", "어제"]


def test_day_of_seoul_needs_a_time_zone() -> None:
    assert seoul_day(datetime(2026, 11, 19, 15, tzinfo=UTC)) == date(2026, 11, 20)
    with pytest.raises(ValueError, match="time zone"):
        seoul_day(datetime(2026, 11, 19, 15))
