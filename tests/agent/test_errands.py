"""Errands in the chat: which messages are one, and what the desk answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Any

import pytest

from agent.errands import find_errand, find_sum
from agent.weather_client import OpenMeteo
from services import Services
from tests.agent.test_tools_weather import FORECAST, Answer, Sky, changed, say, serving
from tests.conftest import Caller
from tests.talk import Talk


@pytest.mark.parametrize(
    ("text", "errand"),
    [
        ("서울 날씨 어때요? 배송 늦어질까요?", "delivery_weather"),
        ("비 많이 오는데 배송 괜찮아요?", "delivery_weather"),
        ("부산 눈 오는데 택배 안 늦어요?", "delivery_weather"),
        ("태풍 때문에 배송 늦나요", "delivery_weather"),
        ("오늘 날씨 어때", "weather"),
        ("날씨 알려줘", "weather"),
        ("비 와서 상자가 젖어 왔어요", None),
        ("날씨가 추워져서 패딩 사려고요", None),
        ("비 오는데 커피 추천해줘", None),
        ("비 오는 날 신을 신발 있나요?", None),
        ("눈이 아파요 배송 언제 와요?", None),
        ("눈 화장품 있어요?", None),
        ("제 주소 뭐로 되어 있어요?", "profile"),
        ("등록된 전화번호 확인해주세요", "profile"),
        ("내 주문 주소 확인해주세요", None),
        ("등록된 결제수단 보여줘", "methods"),
        ("제 카드로 환불되나요", None),
        ("내 기본 주소 바꿔 주세요", "home_address"),
        ("회원정보 주소 수정하고 싶어요", "home_address"),
        ("주소 바꿔주세요", None),
        ("제 주소 고칠 수 있을까요", None),
        ("주문 배송지를 기본 주소로 바꿔주세요", None),
        ("이메일 주소 변경하고 싶습니다", None),
        ("", None),
    ],
)
def test_only_clear_words_make_an_errand(text, errand):
    assert find_errand(text) == errand


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("12900*3+3000 얼마예요?", "12900*3+3000"),
        ("12900*3+3000", "12900*3+3000"),
        ("(12900+5000)/2 얼마", "(12900+5000)/2"),
        ("5만원 - 3천원 계산해줘", "5만원 - 3천원"),
        ("12,900 x 3 은?", "12,900 x 3"),
        ("3+4=?", "3+4"),
        ("3만원에서 15% 할인하면 얼마예요?", "3만원 - 15%"),
        ("45000원에 20프로 세일하면 얼마죠", "45000원 - 20%"),
        ("2만원에 10% 더하면 얼마예요", "2만원 + 10%"),
        ("30000원의 10%는 얼마예요", "30000원 * 10%"),
        ("12900원짜리 3개 사면 얼마예요", "12900원 * 3"),
        ("20261103-0000042 얼마예요", ""),
        ("010-1234-5678 로 계산서 보내주세요", ""),
        ("1+1 행사 하나요?", ""),
        ("1+1 이에요?", ""),
        ("11/3 주문한 거 얼마예요", ""),
        ("사이즈 260-270 있나요?", ""),
        ("사이즈 260-270 은?", ""),
        ("2-3일 안에 오나요?", ""),
        ("5만원 이상 사면 배송비 얼마예요?", ""),
        ("3만원에서 15% 할인 쿠폰 적용이 안돼요", ""),
        ("적립금 500원+1000원 왜 안들어와요?", ""),
        ("WH-1000XM5 얼마예요", ""),
        ("A4-80g 2-3개 얼마예요", ""),
        ("이어폰 얼마예요?", ""),
        ("서울 강남구 테헤란로 12-3 으로 바꿔주세요?", ""),
    ],
)
def test_sums_are_read_and_other_numbers_left_alone(text, expression):
    assert find_sum(text) == expression


@pytest.mark.parametrize(
    "text",
    [
        "1+",
        "(",
        "3만",
        "9",
        "비 오",
        "제 주소",
        "3만 ",
        "1 ",
        "-(1",
        "1,000",
        "비 많이 ",
        "100원 3개",
        "　",
    ],
)
def test_any_message_is_read_quickly(text):
    for length in (199, 200, 4000):
        started = thread_time()
        find_errand((text * 4000)[:length])
        assert thread_time() - started < 0.05


# ── the weather, told ────────────────────────────────────────────────────────────────────


@pytest.fixture
def under(shop: Services):
    """The desk under a sky that answers so."""

    @contextmanager
    def _under(forecast: Answer, search: Answer | None = None) -> Iterator[Sky]:
        with serving(forecast, search) as sky:
            shop.__dict__["weather"] = OpenMeteo(sky.url, sky.url, timeout_s=2)
            yield sky

    return _under


def where(sky: Sky) -> list[tuple[str, str]]:
    return [(q["latitude"], q["longitude"]) for path, q in sky.asked if path == "/v1/forecast"]


def test_the_weather_of_the_place_named_and_then_the_parcel(shop, minji, under):
    with under(say(changed(weather_code=75, temperature_2m=-3.4))):
        told = Talk(shop, minji).say("부산 날씨 어때요? 배송 늦어질까요?")
    assert told.intent == "delivery"
    assert "지금 부산 날씨는 강한 눈, 기온은 영하 3도예요." in told.content
    assert "눈이 많이 와서 배송이 하루 이틀 늦어질 수 있어요." in told.content
    assert "송장번호" in told.content
    assert "get_weather" in told.tools_used
    assert told.guardrails == ()


def test_without_a_place_it_is_where_the_parcel_goes(shop, minji, under):
    with under(say(FORECAST)) as sky:
        told = Talk(shop, minji).say("비 많이 오는데 배송 괜찮아요?")
    assert where(sky) == [("37.5665", "126.978")]
    assert "늦어질 만한 상황은 아니에요" in told.content


def test_a_guest_is_asked_where_and_the_answer_counts(shop, guest, under):
    with under(say(FORECAST)) as sky:
        talk = Talk(shop, guest)
        assert "어느 지역" in talk.say("눈 오는데 택배 늦을까요?").content
        assert "지금 대전 날씨는" in talk.say("대전이요").content
        assert "어느 지역" not in talk.say("고마워요").content
    assert where(sky) == [("36.3504", "127.3845")]


def test_a_place_beyond_the_table_is_searched_for(shop, guest, under):
    with under(say(FORECAST)) as sky:
        assert "통영시 날씨는 흐림" in Talk(shop, guest).say("통영 날씨 어때?").content
    assert sky.asked[0][1]["name"] == "통영"


def test_a_place_nobody_knows_is_said(shop, guest, under):
    with under(say(FORECAST), say({"results": []})):
        assert "찾지 못했어요" in Talk(shop, guest).say("호그와트 날씨 어때?").content


@pytest.mark.parametrize("answer", [say(b"{}", 500), say(b"nonsense")], ids=["500", "nonsense"])
def test_a_failing_service_is_said_and_the_parcel_told(shop, minji, under, answer):
    with under(answer):
        told = Talk(shop, minji).say("비 많이 오는데 배송 괜찮아요?")
    assert "지금은 날씨를 확인할 수 없어요" in told.content
    assert "송장번호" in told.content


def test_only_the_owner_reads_the_address_behind_the_weather(shop, under):
    empty = shop.accounts.register("new@example.kr", "우리집비밀번호이에요", "새손님")
    with under(say(FORECAST)) as sky:
        talk = Talk(shop, Caller("customer", empty.user_id, "새손님"))
        assert "어느 지역" in talk.say("비 많이 오는데 배송 괜찮아요?").content
    assert sky.asked == []


# ── the default address ──────────────────────────────────────────────────────────────────


def road(shop: Services, caller: Caller) -> Any:
    return shop.tool(caller, "get_customer").address.road


def test_an_offer_made_of_an_older_address_is_refused(shop, minji):
    talk = Talk(shop, minji)
    offer = talk.say("기본 주소를 서울 마포구 월드컵북로 21로 바꿔 주세요")
    shop.tool(minji, "change_customer_address", road="부산 해운대구 센텀로 12")
    told = talk.confirm(offer)
    assert "그사이 기본 배송지가 바뀌었어요" in told.content
    assert road(shop, minji) == "부산 해운대구 센텀로 12"


def test_a_confirmed_change_runs_once(shop, minji):
    talk = Talk(shop, minji)
    offer = talk.say("기본 주소를 서울 마포구 월드컵북로 21로 바꿔 주세요")
    first = talk.confirm(offer)
    shop.tool(minji, "change_customer_address", road="부산 해운대구 센텀로 12")
    assert talk.confirm(offer).content == first.content
    assert road(shop, minji) == "부산 해운대구 센텀로 12"


def test_the_question_for_an_address_is_over_once_answered(shop, minji):
    talk = Talk(shop, minji)
    talk.say("내 기본 주소 바꿔 주세요")
    talk.say("서울 마포구 월드컵북로 21")
    talk.say("아니요")
    later = talk.say("주문번호 20200101-9999999 어떻게 됐어요?")
    assert later.pending_action is None
    assert "기본 배송지" not in later.content
