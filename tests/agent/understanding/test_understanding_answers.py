"""Yes, no or neither; pointing back; meaning all of it."""

from __future__ import annotations

import pytest

from agent.understanding.answers import read_answer
from agent.understanding.text import clean
from agent.understanding.wishes import refers_back, wants_everything

YES = [
    "네",
    "네.",
    "네!!",
    "넵",
    "넹~",
    "예",
    "응",
    "ㅇㅇ",
    "ㅇㅋ",
    "네네",
    "네네네네",
    "좋아요",
    "그렇게 해주세요",
    "확인",
    "confirm",
    "OK",
    "진행해 주세요",
    "진행해주세요~",
    "네 진행해주세요",
    "네, 맞아요",
    "네 그렇게 해주세요",
    "맞아요",
    "부탁드려요",
    "네 부탁드립니다",
    "네 감사합니다",
    "네ㅠㅠ",
    "네 ㅎㅎ",
    "응 해줘",
    "네 취소해 주세요",
    "네, 반품할게요",
    "네 반품 진행해주세요",
    "네, 그렇게 진행해 주시면 감사하겠습니다",
    "그래요",
    "동의합니다",
    "👌 네",
    "ㄱㄱ",
    "넵!",
    "네넵",
    "예 그렇게 해주세요",
    "네, 카드로 환불해 주세요",
]

NO = [
    "아니요",
    "아니",
    "아뇨",
    "아니오.",
    "ㄴㄴ",
    "됐어요",
    "안 할래요",
    "그만",
    "취소 안 할래요",
    "잠깐만요",
    "잠시만요",
    "아니요 괜찮아요",
    "아니요, 안 할게요",
    "하지 마세요",
    "취소하지 마세요",
    "no",
    "나중에 할게요",
    "반품 안할래요",
    "그냥 둘게요",
    "싫어요",
    "아니에요",
    "필요없어요",
    "아니요, 두 번째 거요",
    "네, 안 할래요",
    "네, 그만할게요",
    "아니요 됐어요",
    "그만할래요",
]

NEITHER = [
    "취소해 주세요",
    "네?",
    "네??",
    "네 근데 배송비는 누가 내요?",
    "네 근데 배송비는 누가 내요",
    "네, 근데 배송비는요?",
    "네, 대신 화이트로 해주세요",
    "네, 배송비는 얼마예요",
    "확인해 주세요",
    "확인 부탁드려요",
    "반품할게요",
    "환불해 주세요",
    "아니 왜 이렇게 늦어요",
    "아니, 왜 안 와요",
    "네이비로 바꿔주세요",
    "예약 주문 취소",
    "예쁘네요",
    "응답이 없어요",
    "네 개 주문했어요",
    "아니면 교환할게요",
    "아니요?",
    "",
    "?",
    "ㅋㅋㅋ",
    "음",
    "안녕하세요",
    "네 번째 거요",
    "네, 그런데 두 개만 취소해 주세요",
    "네 배송지도 바꿔주세요",
    "네, 잠깐만요 다시 볼게요",
    "그거 말고 다른 거요",
    "예전에 산 거요",
    "네, 이미 취소해 버렸는데 어떻게 해요",
    "아니요, 네",
    "확인이 안 돼요",
    "진행 상황 알려주세요",
    "좋아요 누르는 법",
    "ㅎㅇ",
    "알겠습니다 감사합니다",
    "확인 감사합니다",
    "네, 취소하지 마시고 교환해 주세요",
]

REFERS_BACK = [
    "그거 취소해 주세요",
    "그 주문이요",
    "아까 그거",
    "방금 그 주문",
    "이거 반품",
    "위에 거요",
    "그걸로 해주세요",
    "그 상품 언제 와요",
    "이 제품 교환",
    "아까 말한 거",
    "이게 안 켜져요",
    "위에 주문이요",
    "같은 거로 보내주세요",
    "저거요",
]

REFERS_TO_NOTHING = [
    "맨 위에 거",
    "주문 취소요",
    "이어폰 반품",
    "그건 그렇고 쿠폰은요",
    "이거저거럼",
    "그래서요",
    "그리고 환불이요",
    "위로금",
    "이것저것럼",
    "주문한 게 안 와요",
]

EVERYTHING = [
    "전부 취소",
    "전체 반품",
    "다 반품할게요",
    "모두 환불해 주세요",
    "싹 다 취소",
    "다 취소해 주세요",
    "둘 다 교환",
    "전부 다요",
]

NOT_EVERYTHING = [
    "예전부터 쓰던",
    "전부터 궁금했어요",
    "다른 거요",
    "다시 보내주세요",
    "다음에 할게요",
    "전체적으로 별로",
    "하나만 취소",
    "전부 말고 하나만 취소",
    "다 왔어요",
]


@pytest.mark.parametrize("text", YES)
def test_yes(text: str) -> None:
    assert read_answer(clean(text)) is True


@pytest.mark.parametrize("text", NO)
def test_no(text: str) -> None:
    assert read_answer(clean(text)) is False


@pytest.mark.parametrize("text", NEITHER)
def test_neither(text: str) -> None:
    assert read_answer(clean(text)) is None


@pytest.mark.parametrize("text", REFERS_BACK)
def test_refers_back(text: str) -> None:
    assert refers_back(clean(text))


@pytest.mark.parametrize("text", REFERS_TO_NOTHING)
def test_refers_to_nothing(text: str) -> None:
    assert not refers_back(clean(text))


@pytest.mark.parametrize("text", EVERYTHING)
def test_everything(text: str) -> None:
    assert wants_everything(clean(text))


@pytest.mark.parametrize("text", NOT_EVERYTHING)
def test_not_everything(text: str) -> None:
    assert not wants_everything(clean(text))
