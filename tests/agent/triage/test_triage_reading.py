"""What triage reads of a text: the customer's words, their language, danger."""

from __future__ import annotations

import pytest

from agent.triage.language import language_of
from agent.triage.safety import danger
from agent.triage.text import MAX_CHARS, customer_lines, customer_words, sentences

TALK = """고객: 매트가 뜨거워요
너무요
상담 도우미: 화상을 입으셨나요? 불이 났나요?
온도를 낮춰 보세요.
상담원: 다치셨으면 병원에 가세요
고객: 괜찮아요"""


def test_of_a_transcript_only_the_customer_counts() -> None:
    assert customer_lines(TALK) == ["매트가 뜨거워요\n너무요", "괜찮아요"]
    assert customer_words("줄이\n둘이에요") == "줄이\n둘이에요"
    assert customer_lines("") == customer_lines(" \n\n") == []
    assert danger(TALK) == ""  # the words of danger are not the customer's


def test_sentences_are_whole_and_none_is_empty() -> None:
    assert sentences("고객: 왔어요! 근데  깨졌어요.\n\n바꿔 주세요") == [
        "왔어요!", "근데 깨졌어요.", "바꿔 주세요",
    ]  # fmt: skip
    assert sentences("破れた。交換して") == ["破れた。", "交換して"]


def test_a_text_without_end_is_read_up_to_a_limit() -> None:
    assert len(customer_words("가" * 100_000)) == MAX_CHARS


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("환불 언제 되나요?", "ko"),
        ("ㅠㅠㅠㅠ", "ko"),
        ("iPhone 15 Pro Max 케이스 있나요", "ko"),
        ("Where is my order?", "en"),
        ("REFUND PLEASE", "en"),
        ("荷物はいつ届きますか", "ja"),
        ("USBケーブルがありません", "ja"),
        ("我想退货", "zh"),
        ("Wo ist mein Paket geblieben?", "other"),
        ("Где мой заказ", "other"),
        ("12345 !!", "ko"),
        ("", "ko"),
    ],
)
def test_the_letters_tell_the_language(text: str, language: str) -> None:
    found = language_of(text)
    assert found.value == language
    assert 0 <= found.confidence <= 1
    assert bool(found.confidence) == any(char.isalpha() for char in text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("냄비 손잡이가 빠져서 손에 화상을 입었어요", "hurt"),
        ("만지다가 감전됐어요", "hurt"),
        ("유리에 손을 베였어요", "hurt"),
        ("아이가 단추를 삼켰어요", "hurt"),
        ("119에 실려 갔어요", "hurt"),
        ("My son was hurt and is in hospital", "hurt"),
        ("콘센트에서 불꽃이 튀었어요", "fire"),
        ("다친 사람은 없는데 연기가 났어요", "fire"),
        ("충전하다가 불이 났어요", "fire"),
        ("배터리가 펑 터졌어요", "fire"),
        ("개인정보가 유출된 것 같아요", "leak"),
        ("해킹당한 거 아닌가요?", "leak"),
        ("다른 사람 주문 내역이 제 화면에 보여요", "leak"),
        ("누가 제 카드로 결제했어요", "theft"),
        ("도용된 거 아니에요?", "theft"),
        ("제가 한 게 아니에요 카드가 도용됐어요", "theft"),
        ("누가 제 비밀번호를 바꿨어요 들어갈 수가 없어요", "theft"),
    ],
)
def test_danger_is_seen(text: str, kind: str) -> None:
    assert danger(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "다친 사람은 없어요",
        "아무도 안 다쳤어요",
        "감전 위험은 없나요?",
        "화상 입을까 봐 무서워요, 온도가 몇 도예요?",
        "화상 주의 문구가 어디 있나요",
        "도용은 아니고 제가 결제했어요",
        "불이 안 켜져요",
        "이불 났어요?",
        "전화상담 되나요",
        "문화상품권으로 결제할래요",
        "119,000원 결제했어요",
        "병원으로 배송해 주세요",
        "아이스팩이 다 녹았어요",
        "의자 다리가 부러져서 왔어요",
        "환불이 급해요! 당장요!!!",
        "",
    ],
)
def test_what_is_denied_feared_or_only_sounds_like_it_is_no_danger(text: str) -> None:
    assert danger(text) == ""


def test_danger_far_down_a_long_text_is_seen() -> None:
    assert danger("배송이 왔어요. " * 300 + "그런데 불이 났어요.") == "fire"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("제 카드로 누가 결제했어요", "theft"),
        ("내가 결제 안 한 주문이 있어요", "theft"),
        ("카드 분실했는데 결제됐다는 문자가 왔어요", "theft"),
        ("전원 켜자마자 펑 하고 터졌어요", "fire"),
        ("콘센트에서 불꽃이 튀었어요", "fire"),
        ("만질 때마다 전기가 찌릿하게 올라요", "hurt"),
        ("제가 주문한 게 아니에요 다른 상품이 왔어요", ""),
        ("카드 분실해서 결제 카드 바꾸고 싶어요", ""),
        ("불꽃 무늬 티셔츠 있나요", ""),
        ("스파크 차량용 매트 있나요", ""),
        ("전기가 안 들어와요", ""),
    ],
)
def test_theft_and_fire_are_told_from_a_wrong_parcel(text: str, kind: str) -> None:
    assert danger(text) == kind
