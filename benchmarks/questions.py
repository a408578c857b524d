"""What the search benchmarks ask: every question once, for a repeated one would come out of
a cache and flatter us."""

from __future__ import annotations

__all__ = ["QUESTIONS", "WARM_UP"]

SUBJECTS = (
    "환불은", "반품 배송비는", "교환 신청은", "카드 취소는", "쿠폰은", "택배는", "주문 취소는",
    "현금영수증은", "배송지 변경은", "불량 상품은", "비밀번호는", "무통장 입금은",
)  # fmt: skip
ENDINGS = (
    "언제 되나요", "어떻게 하나요", "누가 내요?", "며칠 걸려요", "안 되는데 왜 그래요",
    "다시 받을 수 있나요", "어디서 확인해요", "꼭 해야 하나요",
)  # fmt: skip
QUESTIONS = tuple(f"{subject} {ending}" for subject in SUBJECTS for ending in ENDINGS)
WARM_UP = ("안녕하세요", "배송 조회", "영업시간")
