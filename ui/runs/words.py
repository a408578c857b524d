"""대화 검토's words: what a turn's parts, tools and fields are called on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.shop.words import (
    AUDIT_FIELD,
    CLAIM_KIND,
    CLAIM_STATUS,
    HANDOFF_REASON,
    ISSUE_TYPE,
    LANGUAGE,
    ORDER_STATUS,
    PAYMENT_METHOD,
    PRIORITY,
    REASON,
    SENTIMENT,
    TICKET_STATUS,
)
from services.dashboard_words import FLAG, INTENT
from services.words import POLICY_MODE as MODE
from ui.format import clock, day

__all__ = [
    "ALL",
    "ASPECT",
    "CUT",
    "KINDS",
    "PERIODS",
    "STATUS",
    "STEP",
    "field",
    "flag",
    "intent",
    "problem",
    "tool",
    "value",
]

ALL = "all"
PERIODS: Mapping[str, tuple[str, int | None]] = {
    "day": ("하루", 1),
    "week": ("1주", 7),
    "month": ("1개월", 31),
    ALL: ("전체", None),
}
KINDS: Mapping[str, str] = {
    ALL: "모든 답변",
    "low": "확신이 낮음",
    "blocked": "검사에서 막음",
    "fallback": "다른 답으로 바뀜",
    "error": "오류·중단",
    "disliked": "고객이 아쉬워함",
    "handed_off": "상담원에게 넘김",
}
STATUS: Mapping[str, tuple[str, str]] = {
    "stopped": ("멈춤", "orange"),
    "error": ("오류", "red"),
    "with_person": ("상담원이 답하는 중", "blue"),
}
STEP: Mapping[str, str] = {
    "input": "입력 검사",
    "open": "대화 열기",
    "understand": "이해",
    "flow": "처리",
    "check": "답변 검사",
}
ASPECT: Mapping[str, str] = {
    "intent": "의도",
    "tools": "도구",
    "arguments": "도구에 넣은 값",
    "evidence": "찾은 조항",
    "citations": "인용",
    "cards": "카드",
    "proposal": "제안한 변경",
    "handoff": "상담원 연결",
    "guards": "검사 표시",
    "reply": "답변",
}
CUT: Mapping[str, str] = {
    "input": "입력",
    "understanding": "이해",
    "flow": "처리",
    "reply": "답변",
    "tools": "도구 결과",
    "evidence": "근거",
    "models": "모델과 주고받은 글",
    "guards": "검사",
    "error": "오류",
}
_TOOL: Mapping[str, str] = {
    "get_order": "주문 보기",
    "list_orders": "주문 목록",
    "get_order_status": "주문 상태 보기",
    "lookup_guest_order": "비회원 주문 찾기",
    "refund_state": "환불 진행 보기",
    "quote_cancel": "취소 금액 계산",
    "cancel_order": "주문 취소",
    "request_cancel": "취소 요청",
    "quote_claim": "반품·교환 금액 계산",
    "create_claim": "반품·교환 접수",
    "withdraw_claim": "신청 철회",
    "get_claim": "신청 보기",
    "list_claims": "신청 목록",
    "change_address": "배송지 변경",
    "change_options": "옵션 변경",
    "change_customer_address": "기본 배송지 변경",
    "change_payment": "결제 수단 변경",
    "search_products": "상품 찾기",
    "get_product": "상품 보기",
    "look_at_photo": "사진 살펴보기",
    "keep_photo_report": "사진 확인 결과 남기기",
    "photo_reports_of": "사진 확인 결과 보기",
    "list_categories": "상품 갈래",
    "recommend_products": "상품 추천",
    "search_policies": "정책 찾기",
    "create_ticket": "문의 접수",
    "get_ticket": "문의 보기",
    "list_tickets": "문의 목록",
    "add_ticket_message": "문의에 글 남기기",
    "return_to_agent": "상담 도우미에게 돌아가기",
    "judge_resolution": "해결 여부 남기기",
    "calculate": "계산",
    "get_weather": "날씨 보기",
    "list_payment_methods": "결제 수단 보기",
    "get_customer": "고객 정보 보기",
}
_FIELD: Mapping[str, str] = {
    "order_id": "주문번호",
    "order_ids": "주문번호",
    "claim_id": "접수번호",
    "ticket_id": "문의 번호",
    "product_id": "상품 번호",
    "user_id": "고객 번호",
    "customer_id": "고객 번호",
    "line_id": "상품 줄 번호",
    "line_ids": "상품 줄 번호",
    "sku": "옵션 번호",
    "method_id": "결제 수단 번호",
    "method_label": "결제 수단",
    "payment_id": "결제 번호",
    "conversation_id": "대화 번호",
    "query": "찾는 말",
    "status": "상태",
    "statuses": "상태",
    "limit": "최대 개수",
    "top_k": "찾을 개수",
    "mode": "검색 방식",
    "mode_used": "검색 방식",
    "category": "갈래",
    "kind": "종류",
    "name": "이름",
    "title": "제목",
    "text": "글",
    "description": "내용",
    "subject": "제목",
    "summary": "요약",
    "priority": "우선순위",
    "issue_type": "문의 유형",
    "reason_code": "이유",
    "reason_text": "이유 설명",
    "lines": "상품",
    "quantity": "수량",
    "products": "상품",
    "orders": "주문",
    "items": "목록",
    "options": "옵션",
    "when": "때",
    "amount_krw": "금액",
    "total_krw": "합계",
    "items_krw": "상품 금액",
    "shipping_krw": "배송비",
    "coupon_krw": "쿠폰 할인",
    "refund_krw": "환불 금액",
    "fee_krw": "차감 금액",
    "price_krw": "가격",
    "min_price_krw": "최저 가격",
    "max_price_krw": "최고 가격",
    "in_stock": "재고 있음",
    "stock": "재고",
    "created_at": "만든 때",
    "updated_at": "바뀐 때",
    "delivered_at": "배송 완료",
    "address": "주소",
    "road": "도로명 주소",
    "detail": "상세 주소",
    "zip": "우편번호",
    "recipient": "받는 사람",
    "phone": "전화번호",
    "memo": "배송 메모",
    "method": "수단",
    "label": "표시 이름",
    "payments": "결제",
    "shipment": "배송",
    "claims": "신청",
    "version": "판",
    "confidence": "확신",
    "score": "점수",
    "clauses": "찾은 조항",
    "product": "상품",
    "product_name": "상품",
    "option_name": "옵션",
    "unit_price_krw": "단가",
    "matches": "찾은 상품",
    "brand": "브랜드",
    "keywords": "핵심 낱말",
    "attributes": "특성",
    "reviews": "후기",
    "carrier": "택배사",
    "tracking_no": "송장번호",
    "events": "지나온 곳",
    "place": "곳",
    "at": "때",
    "email": "이메일",
    "ordinal": "몇 번째",
    "refers_back": "앞의 것을 가리킴",
    "yes_no": "예·아니요",
    "claim_kind": "신청 종류",
    "wanted_option": "원하는 옵션",
    "everything": "전부",
    "asking": "되묻던 것",
    "intent": "의도",
    "offered": "제안한 변경",
    "last_action": "마지막으로 한 일",
    "granted": "확인된 주문",
    "slot": "묻는 것",
    "choices": "고를 것",
    "data": "알고 있는 것",
    "slots": "뽑은 값",
    "rows": "내용",
    "arguments": "넣은 값",
    "errand": "하려던 일",
    "what": "바꿀 것",
    "option": "옵션",
    "reason": "이유",
    "photos": "사진",
    "words": "가리킨 말",
    "count": "개수",
    "unanswered": "답을 찾지 못함",
    "said": "한 말",
    "emoji": "그림",
    "returnable": "반품 조건",
    "gone": "빠진 수량",
    "in_exchange": "교환 중인 수량",
    "option_changes": "옵션 변경 횟수",
    "claim_status": "신청 상태",
    "fault": "책임",
    "goods_krw": "상품 금액",
    "extra_krw": "옵션 추가 금액",
    "to_pay_krw": "더 낼 금액",
    "difference_krw": "차액",
    "due_drop_krw": "덜 낼 금액",
    "original_shipping_charged": "처음 배송비 차감",
    "fee_label": "배송비 부담",
    "quote": "계산",
    "shipped_at": "발송한 때",
    "collected_at": "수거한 때",
    "completed_at": "끝난 때",
    "handoff_reason": "넘긴 이유",
    "first_response_due": "첫 답변 기한",
    "resolution_due": "해결 기한",
    "waited_s": "고객을 기다린 시간(초)",
    "reopens": "다시 열린 횟수",
    "customer_spoke_at": "고객이 말한 때",
    "staff_spoke_at": "상담원이 말한 때",
    "average": "평균",
    "histogram": "별점별 개수",
    "praised": "좋다는 점",
    "criticised": "아쉽다는 점",
    "named": "이름이 맞은 정도",
    "matched": "맞은 낱말",
    "ranks": "순위",
    "scores": "점수",
    "keyword": "낱말",
    "vector": "뜻",
    "fused": "합침",
    "confident": "답으로 쓸 만함",
}
_SLOT: Mapping[str, str] = {
    "order": "주문",
    "line": "상품",
    "reason": "이유",
    "kind": "신청 종류",
    "option": "옵션",
    "what": "바꿀 것",
    "address": "주소",
    "place": "지역",
    "payment": "결제 수단",
    "guest_order": "비회원 주문",
    "withdraw": "철회할 신청",
    "handoff": "상담원 연결",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_CODES: Mapping[str, Mapping[str, str]] = {
    "intent": INTENT,
    "status": {**TICKET_STATUS, **CLAIM_STATUS, **ORDER_STATUS},
    "statuses": {**TICKET_STATUS, **CLAIM_STATUS, **ORDER_STATUS},
    "claim_kind": CLAIM_KIND,
    "kind": CLAIM_KIND,
    "reason_code": REASON,
    "issue_type": ISSUE_TYPE,
    "priority": PRIORITY,
    "mode_used": MODE,
    "mode": MODE,
    "slot": _SLOT,
    "what": _SLOT,
    "claim_status": CLAIM_STATUS,
    "reason": REASON,
    "method": PAYMENT_METHOD,
    "handoff_reason": HANDOFF_REASON,
    "sentiment": SENTIMENT,
    "language": LANGUAGE,
    "fault": {"seller": "판매자", "buyer": "고객"},
}
_PROBLEM: Mapping[str, str] = {
    "empty": "빈 글",
    "ungrounded": "근거에 없음",
    "false_promise": "지킬 수 없는 약속",
    "pii": "개인정보",
    "rambles": "끝없이 되풀이함",
    "subject": "아무도 꺼내지 않은 이야기",
    "promise": "덧붙인 약속",
    "done": "하지 않은 일을 했다고 함",
    "payer": "비용 낼 사람을 바꿈",
    "free": "무료라고 덧붙임",
    "reversed": "뜻을 뒤집음",
    "markup": "꾸밈 기호",
    "asks_secret": "비밀번호를 물음",
    "inside": "내부 정보",
}


def intent(name: str) -> str:
    """An intent in Korean."""
    return INTENT.get(name, name)


def flag(name: str) -> str:
    """What a guard noted, in Korean."""
    return FLAG.get(name, name)


def tool(name: str) -> str:
    """What a tool does, in Korean; its own name where there are no words for it."""
    return _TOOL.get(name, name)


def field(name: str) -> str:
    """A field of arguments or results in Korean; its own name where there is no word."""
    return _FIELD.get(name) or AUDIT_FIELD.get(name, name)


def problem(code: str) -> str:
    """What the output guard found ("ungrounded:amount:5,000원") in Korean."""
    kind, _, detail = code.partition(":")
    detail = detail.rpartition(":")[2]
    word = _PROBLEM.get(kind, kind)
    return f"{word}: {detail}" if detail else word


def value(one: Any, name: str = "") -> str:
    """A plain value as people read it: yes and no, thousands, Seoul's time, lists with commas.

    ``name`` is its field: codes of the domain's tables become their words.
    """
    if isinstance(one, bool):
        return "예" if one else "아니요"
    if isinstance(one, int | float):
        number = f"{one:,}"
        return f"{number}원" if name.endswith("_krw") else number
    if isinstance(one, str) and _TIME.fullmatch(one):
        return f"{day(one)} {clock(one)}"
    if isinstance(one, str):
        return _CODES.get(name, {}).get(one, one)
    if isinstance(one, Sequence):
        return ", ".join(value(part, name) for part in one)
    if isinstance(one, Mapping):
        return " · ".join(f"{field(key)} {value(part, key)}" for key, part in one.items())
    return "–" if one is None else str(one)
