"""What of a customer's words is about the matter."""

from __future__ import annotations

import pytest

from agent.triage.wish import matters
from services import Services

MATTER = "이어폰 왼쪽에서 소리가 안 나요"


@pytest.mark.parametrize(
    "asked",
    ["상담원 연결해 주세요", "상담사랑 통화하고 싶어요", "사람이랑 얘기할래요", "상담원!!!",
     "오늘 안에 답 받고 싶어요", "빨리 답변 부탁드려요!!", "직원 연결 부탁드립니다"],
)  # fmt: skip
def test_the_wish_for_a_person_is_not_the_matter(shop: Services, asked: str) -> None:
    assert matters([MATTER, asked]) == [MATTER]
    assert matters([asked]) == [asked]
    alone = shop.triager(MATTER)
    assert shop.triager(f"고객: {MATTER}\n상담 도우미: 확인할게요\n고객: {asked}").issue_type == (
        alone.issue_type
    )


@pytest.mark.parametrize(
    "said",
    ["상담원이 답을 안 해요", "담당자가 약속을 안 지켜요", "오늘 안에 배송 받고 싶어요",
     "사이즈 바꿔 주세요", "환불해 주세요", "답변이 너무 늦어요", "상담원 불친절해요",
     "직원이 저한테 소리쳤어요", "다시 보내 주세요"],
)  # fmt: skip
def test_a_wish_of_its_own_stays(said: str) -> None:
    assert matters([MATTER, said]) == [MATTER, said]
