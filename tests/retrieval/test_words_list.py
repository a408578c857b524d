"""The shipped list of everyday words: what must not be read into a question."""

from __future__ import annotations

import pytest

from retrieval import KoreanTokenizer
from retrieval.words import WORDS_FILE, Words


@pytest.fixture(scope="module")
def words(tokenizer: KoreanTokenizer) -> Words:
    return Words(tokenizer)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        # Kiwi takes these ways apart (오+배송, 비+로그인, 서+ㅁ, 입+고), and what is left of
        # them stood in every other question.
        ("배송은 어떻게 하나요", "오배송"),
        ("로그인 화면이 어디예요", "비회원"),
        ("회원 가입하고 싶어요", "비회원"),
        ("무통장 입금했어요", "환불 입금"),
        ("줄을 서서 기다렸어요", "제주 도서산간"),
        ("입어 보니 작아요", "재고 품절"),
        ("어떻게 하면 되나요", "불량 하자"),
        ("출고 전에 취소할래요", "배송중"),
        ("상품 정보가 궁금해요", "개인정보"),
        ("할인 코드가 안 돼요", "디지털 콘텐츠"),
        ("회색으로 바꾸고 싶어요", "쿠폰 최소 주문 금액 조건"),
    ],
)
def test_what_is_not_meant(words: Words, text: str, wrong: str):
    assert wrong not in words.meant(text)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("섬에 사는데 배송비 더 내나요", "제주 도서산간"),
        ("무배 되나요", "무료배송 기준"),  # unknown to Kiwi, and so rare
        ("언박싱 했는데요", "개봉 확인"),
        ("하자가 있어요", "불량 하자"),
    ],
)
def test_what_is_meant(words: Words, text: str, right: str):
    assert words.meant(text)[right] > 0.3


def test_every_way_is_one_text_in_one_line_once():
    """YAML would drop the first of two equal policy words without a sound."""
    lines = WORDS_FILE.read_text("utf-8").splitlines()
    named = [line.partition(":")[0] for line in lines if line and line[0] not in "# "]
    assert len(named) == len(set(named))
