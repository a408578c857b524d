"""The Korean word of every state, kind and reason: one place for chat, pages and API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from store.models import PaymentMethod

__all__ = [
    "ACTION",
    "AUDIT_ACTION",
    "AUDIT_ACTION_OF",
    "AUDIT_FIELD",
    "AUDIT_OBJECT",
    "CLAIM_KIND",
    "CLAIM_STATUS",
    "HANDOFF_REASON",
    "ISSUE_TYPE",
    "KEY_SCOPE",
    "KEY_STATUS",
    "LANGUAGE",
    "ORDER_STATUS",
    "PAYMENT_METHOD",
    "PRIORITY",
    "REASON",
    "SENTIMENT",
    "SOURCE",
    "TICKET_FIELD",
    "TICKET_STATUS",
    "method_text",
    "with_subject",
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
    "change_payment": "결제 수단 변경",
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
    "gift_card": "기프트카드",
}
SENTIMENT: Mapping[str, str] = {
    "positive": "좋음",
    "neutral": "차분함",
    "negative": "불만",
    "angry": "화남",
}
LANGUAGE: Mapping[str, str] = {
    "ko": "한국어", "en": "영어", "ja": "일본어", "zh": "중국어", "other": "다른 언어",
}  # fmt: skip
# Why a chat came to a person: what it was about before, or that nothing was said before.
HANDOFF_REASON: Mapping[str, str] = {
    "asked": "처음부터 상담원을 찾음",
    "complaint": "불만",
    "unanswered": "답을 찾지 못함",
    "order": "주문·배송",
    "claim": "취소·반품·교환·환불",
    "product": "상품·정책",
    "other": "그 밖",
}
# What staff read of a ticket that somebody else has changed.
TICKET_FIELD: Mapping[str, str] = {
    "status": "상태",
    "assignee_id": "담당자",
    "priority": "우선순위",
    "issue_type": "유형",
    "sentiment": "고객의 기분",
    "language": "언어",
    "summary": "요약",
    "subject": "제목",
    "tags": "태그",
    "order_id": "주문",
    "claim_id": "신청",
    "resolution": "해결 내용",
    "verdict": "고객의 확인",
}
# An API key: what it may do, and what it is worth.
KEY_SCOPE: Mapping[str, str] = {
    "chat": "상담",
    "passthrough": "언어 모델 직접 호출",
    "act_for_customers": "고객 대신하기",
}
KEY_STATUS: Mapping[str, str] = {"active": "사용 중", "expired": "만료", "revoked": "폐기"}
# What the audit says was done, to what, to which field of it, and from where.
AUDIT_ACTION: Mapping[str, str] = {
    "create": "접수",
    "cancel": "취소",
    "request_cancel": "취소 요청",
    "change": "변경",
    "change_address": "배송지 변경",
    "change_option": "옵션 변경",
    "change_payment": "결제 수단 변경",
    "change_customer_address": "기본 배송지 변경",
    "advance": "배송 단계 변경",
    "import": "다른 몰에서 가져옴",
    "withdraw": "철회",
    "guest_lookup": "비회원 조회",
    "guest_lookup_failed": "비회원 조회 실패",
    "take": "담당 맡음",
    "wait": "답변 대기",
    "assign": "담당자 지정",
    "reply": "답변",
    "note": "내부 메모",
    "edit": "정보 수정",
    "message": "고객 메시지",
    "resolve": "해결",
    "close": "종료",
    "reopen": "다시 열기",
    "settle": "확인",
    "revoke": "폐기",
    "publish": "새 판",
    "keep": "시험 문항으로 둠",
    "override": "예외 적용",
    "restore": "되돌림",
    "delete": "삭제",
    "return_to_agent": "상담 도우미에게 돌려줌",
    "judge": "해결 여부 답함",
    "correct": "바로잡음",
    "set_photo": "상품 사진 등록",
    "remove_photo": "상품 사진 삭제",
}
# Where the same action has another word: (what, action).
AUDIT_ACTION_OF: Mapping[tuple[str, str], str] = {
    ("account", "create"): "만듦",
    ("api_key", "create"): "발급",
    ("policy", "import"): "가져옴",
    ("policy", "withdraw"): "거둠",
    ("canned_reply", "create"): "추가",
    ("canned_reply", "edit"): "수정",
    ("photo_report", "create"): "남김",
}
AUDIT_OBJECT: Mapping[str, str] = {
    "order": "주문",
    "claim": "신청",
    "ticket": "문의",
    "user": "고객",
    "product": "상품",
    "guest_lookup": "비회원",
    "policy": "정책",
    "question": "답하지 못한 질문",
    "api_key": "API 키",
    "canned_reply": "답변 문구",
    "account": "계정",
    "conversation": "상담",
    "photo_report": "사진 확인",
}
AUDIT_FIELD: Mapping[str, str] = {
    **TICKET_FIELD,
    "kind": "종류",
    "lines": "상품",
    "sku": "옵션",
    "skus": "옵션",
    "difference_krw": "차액",
    "refund_krw": "환불 금액",
    "amount_krw": "금액",
    "method": "결제 수단",
    "method_id": "결제 수단 번호",
    "road": "주소",
    "detail": "상세 주소",
    "zip": "우편번호",
    "carrier": "택배사",
    "tracking_no": "운송장 번호",
    "delivered_at": "배송 완료 시각",
    "note": "메모",
    "fault": "책임",
    "fee_krw": "배송비",
    "fee_label": "배송비 내용",
    "to_pay_krw": "내실 금액",
    "override_reason": "예외 사유",
    "title": "제목",
    "text": "내용",
    "name": "이름",
    "role": "구분",
    "scopes": "권한",
    "expires_at": "만료",
    "answerer": "답하는 쪽",
    "version": "판",
    "audience": "보는 사람",
    "effective_from": "시행일",
    "effective_to": "끝나는 날",
    "clause": "맞는 조항",
    "image_id": "사진",
    "sha256": "사진 파일",
    "verdict": "사진 판정",
    "labels": "표시한 곳",
}
SOURCE: Mapping[str, str] = {
    "chat": "상담 채팅",
    "page": "화면",
    "api": "API",
    "terminal": "터미널",
    "system": "자동",
}


def method_text(method: PaymentMethod) -> str:
    """A payment method in a line: "우리카드 (**** 6876)", "기프트카드, 잔액 30,000원"."""
    text = method.label
    if method.last_four and method.last_four not in text:
        text += f" (**** {method.last_four})"
    return text if method.balance_krw is None else f"{text}, 잔액 {method.balance_krw:,}원"


def with_subject(names: Sequence[str]) -> str:
    """Words joined as the subject of a sentence: "담당자와 우선순위가", "상태, 담당자와 제목이"."""
    head, last = list(names[:-1]), names[-1]
    subject = last + ("이" if _ends_closed(last) else "가")
    if not head:
        return subject
    return f"{', '.join(head)}{'과' if _ends_closed(head[-1]) else '와'} {subject}"


def _ends_closed(word: str) -> bool:
    """Whether a Hangul word ends in a consonant."""
    return "가" <= word[-1] <= "힣" and (ord(word[-1]) - 0xAC00) % 28 > 0
