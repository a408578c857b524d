"""The dashboard's Korean words for what the store keeps as codes."""

from __future__ import annotations

from collections.abc import Mapping

from agent.shop.words import (
    CLAIM_KIND,
    CLAIM_STATUS,
    HANDOFF_REASON,
    ISSUE_TYPE,
    PRIORITY,
    REASON,
    TICKET_STATUS,
)

__all__ = [
    "CLAIM_STATUS",
    "FLAG",
    "FLOW",
    "INTENT",
    "OUTCOME",
    "PROMISE",
    "SOURCES",
    "TICKET_STATUS",
    "WEEKDAYS",
    "WORDS",
    "word",
]

WEEKDAYS = "월화수목금토일"
INTENT: Mapping[str, str] = {
    "order_status": "주문 상태",
    "delivery": "배송 조회",
    "cancel": "주문 취소",
    "change_order": "주문 변경",
    "return_exchange": "반품·교환",
    "defect": "불량·오배송",
    "refund_status": "환불 확인",
    "claim_status": "신청 확인",
    "complaint": "불편",
    "payment": "결제",
    "account": "회원",
    "policy": "정책 질문",
    "product_info": "상품 질문",
    "handoff": "상담원 연결",
    "smalltalk": "인사",
    "out_of_scope": "상담 밖 이야기",
    "unclear": "알아듣지 못함",
    "": "알 수 없음",
}
SOURCES: Mapping[str, str] = {
    "chat": "상담 채팅",
    "api": "API",
    "terminal": "터미널",
}
OUTCOME: Mapping[str, str] = {"resolved": "해결", "handed": "상담원 연결", "other": "확인 안 됨"}
FLOW: Mapping[str, str] = {"opened": "들어온 티켓", "resolved": "해결된 티켓", "left": "남은 티켓"}
PROMISE: Mapping[str, str] = {"first_response": "첫 답변", "resolution": "해결"}
FLAG: Mapping[str, str] = {
    "pii_resident": "주민등록번호 가림",
    "pii_card": "카드 번호 가림",
    "pii_account": "계좌 번호 가림",
    "pii_password": "비밀번호 가림",
    "pii_phone": "전화번호 가림",
    "pii_email": "이메일 가림",
    "pii_address": "주소 가림",
    "abuse": "욕설 막음",
    "injection": "지시 바꾸기 시도 막음",
    "no_words": "말이 아닌 글",
    "too_long": "너무 긴 글",
    "empty": "빈 글",
    "ungrounded_reply": "근거 없는 답 막음",
    "ungrounded_model_reply": "모델의 근거 없는 문장 막음",
    "model_unavailable": "모델이 답하지 못함",
    "model_false_promise": "모델의 거짓 약속 막음",
    "model_personal_data": "모델이 쓴 개인정보 막음",
    "model_markup": "모델이 쓴 꾸밈 막음",
    "model_asks_secret": "모델이 비밀번호를 묻는 것 막음",
    "model_reversed": "모델이 뒤집은 사실 막음",
    "model_left_out": "모델이 빠뜨린 사실 채움",
    "model_internal": "내부 정보 막음",
    "tool_unknown": "없는 도구 막음",
    "tool_bad_arguments": "잘못된 도구 값 막음",
    "tool_refused": "도구가 거절함",
    "tool_write_refused": "모델의 쓰기 막음",
    "tool_too_many": "도구를 너무 많이 부름",
    "tool_too_much": "도구 결과가 너무 김",
}
_HOW: Mapping[str, str] = {
    "verdict": "해결됐다고 답함",
    "rated": "마지막 답에 ‘도움이 됐어요’",
    "acted": "제안한 일을 직접 확인해 처리",
}
_PROVIDER: Mapping[str, str] = {"offline": "상담 도우미 자체", "": "알 수 없음"}
_FAILURE: Mapping[str, str] = {
    "unreachable": "연결 안 됨",
    "timeout": "시간 초과",
    "auth": "키 거절",
    "not_found": "모델 없음",
    "rate_limited": "사용 한도 초과",
    "overloaded": "서버 바쁨",
    "bad_request": "요청 거절",
    "context_too_long": "글이 너무 김",
    "malformed": "읽을 수 없는 답",
    "truncated": "답이 끊김",
    "": "이유를 남기지 않음",
}
_OPINION: Mapping[str, str] = {"": "이유를 고르지 않음"}
# What a figure's slices are called, by the name its row in the table gives.
WORDS: Mapping[str, Mapping[str, str]] = {
    "intent": INTENT,
    "outcome": OUTCOME,
    "how": _HOW,
    "handoff": HANDOFF_REASON,
    "issue_type": ISSUE_TYPE,
    "priority": PRIORITY,
    "promise": PROMISE,
    "flow": FLOW,
    "flag": FLAG,
    "provider": _PROVIDER,
    "failure": _FAILURE,
    "opinion": _OPINION,
    "reason": REASON,
    "claim_kind": CLAIM_KIND,
    "source": SOURCES,
}


def word(kind: str, key: str) -> str:
    """The Korean word of a slice; the code itself where there is none (a day, a product)."""
    return WORDS.get(kind, {}).get(key, key)
