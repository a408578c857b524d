"""The Korean word of every state, kind and reason: one place for chat, pages and API."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "ACTION",
    "CLAIM_KIND",
    "CLAIM_STATUS",
    "ISSUE_TYPE",
    "ORDER_STATUS",
    "PAYMENT_METHOD",
    "PRIORITY",
    "REASON",
    "TICKET_STATUS",
]

ORDER_STATUS: Mapping[str, str] = {
    "pending_payment": "입금대기",
    "paid": "결제완료",
    "preparing": "배송준비중",
    "shipped": "배송중",
    "delivered": "배송완료",
    "cancelled": "취소완료",
}
CLAIM_STATUS: Mapping[str, str] = {
    "requested": "신청",
    "approved": "승인",
    "collecting": "수거 중",
    "collected": "수거 완료",
    "reshipping": "재배송",
    "completed": "완료",
    "rejected": "거절",
    "withdrawn": "철회",
}
CLAIM_KIND: Mapping[str, str] = {"cancel": "취소", "return": "반품", "exchange": "교환"}
TICKET_STATUS: Mapping[str, str] = {
    "open": "접수",
    "in_progress": "처리 중",
    "waiting_customer": "고객 답변 대기",
    "resolved": "해결",
    "closed": "종료",
}
PRIORITY: Mapping[str, str] = {"low": "낮음", "normal": "보통", "high": "높음", "urgent": "긴급"}
ISSUE_TYPE: Mapping[str, str] = {
    "delivery": "배송",
    "cancel": "취소",
    "return_exchange": "반품·교환",
    "refund": "환불",
    "defect": "불량·파손",
    "payment": "결제",
    "product": "상품",
    "account": "회원",
    "complaint": "불편",
    "other": "기타",
}
REASON: Mapping[str, str] = {
    "change_of_mind": "마음이 바뀌었어요",
    "wrong_option": "사이즈나 옵션이 안 맞아요",
    "defect": "불량이에요",
    "damaged": "파손되어 왔어요",
    "wrong_item": "다른 상품이 왔어요",
    "missing_item": "빠진 게 있어요",
    "not_as_described": "설명과 달라요",
    "late_delivery": "배송이 늦어요",
    "other": "다른 이유예요",
}
ACTION: Mapping[str, str] = {
    "cancel": "주문 취소",
    "request_cancel": "취소 요청",
    "change_address": "배송지 변경",
    "change_option": "옵션 변경",
    "track": "배송 조회",
    "return": "반품 신청",
    "exchange": "교환 신청",
    "refund_status": "환불 확인",
    "withdraw": "신청 철회",
}
PAYMENT_METHOD: Mapping[str, str] = {
    "card": "신용·체크카드",
    "bank_transfer": "무통장입금",
    "kakaopay": "카카오페이",
    "naverpay": "네이버페이",
}
