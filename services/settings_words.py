"""Every setting in Korean, for the diagnostics: what it does and which group it is in."""

from __future__ import annotations

import re

from settings import TABLE

__all__ = ["GROUPS", "LLM_GROUP", "about", "about_llm", "group_of"]

LLM_GROUP = "언어 모델"
GROUPS: dict[str, dict[str, str]] = {
    "서버": {
        "data_dir": "프로그램이 쓰는 파일을 두는 폴더",
        "host": "서버가 요청을 받는 주소",
        "port": "화면과 API가 쓰는 TCP 포트",
        "max_body_mb": "API 요청 본문의 최대 크기(MB)",
        "body_timeout_s": "요청 본문이 다 도착해야 하는 시간(초)",
        "cors_origins": "API를 부를 수 있는 다른 웹 출처(쉼표로 구분)",
        "trusted_proxies": "X-Forwarded-For를 믿을 프록시 주소나 대역(쉼표로 구분)",
        "hsts_days": "Strict-Transport-Security를 지킬 날 수(0이면 보내지 않아요)",
        "shutdown_grace_s": "서버를 멈출 때 진행 중인 답변을 기다리는 시간(초)",
        "log_format": "로그 한 줄의 형식(text 또는 json)",
        "log_level": "남기는 로그의 가장 낮은 수준",
        "conversation_log": "대화를 가려서 logs/conversations.jsonl에 남길지 여부(on 또는 off)",
        "conversation_log_mb": "대화 로그 파일을 새로 여는 크기(MB, 0이면 한 파일에 계속)",
        "conversation_log_files": "지난 대화 로그 파일을 두는 개수",
    },
    "계정": {
        "demo": "데모 상점을 만들고 데모 계정을 보여 줄지 여부",
        "demo_on_any_host": "다른 컴퓨터에서도 데모 계정으로 로그인할 수 있는지 여부",
        "seed": "데모 상점을 만드는 난수의 씨앗",
        "session_days": "브라우저 로그인이 이어지는 날 수",
        "login_max_failures": "계정을 잠그기까지 잇달아 틀릴 수 있는 횟수",
        "login_lock_minutes": "계정을 잠가 두는 시간(분)",
        "access_token_minutes": "API 접근 토큰의 유효 시간(분)",
        "guest_token_days": "비회원 API 토큰의 유효 기간(일)",
        "sign_in_tries_per_minute": "한 주소에서 1분에 실패할 수 있는 로그인 횟수",
        "registrations_per_hour": "한 주소에서 1시간에 만들 수 있는 계정 수",
    },
    "한도와 흐름": {
        "turns_per_minute": "한 사람이 1분에 보낼 수 있는 메시지 수",
        "guest_turns_per_minute": "한 주소의 비회원 모두가 1분에 보낼 수 있는 메시지 수",
        "requests_per_minute": "한 주소에서 1분에 보낼 수 있는 API 요청 수(0이면 제한 없음)",
        "turn_timeout_s": "API가 답변 하나를 기다리는 시간(초)",
        "turn_workers": "동시에 만드는 답변 수(0이면 알아서 정해요)",
        "turn_queue_max": "차례를 기다릴 수 있는 메시지 수",
        "sse_heartbeat_s": "흐름이 조용할 때 신호를 보내는 간격(초)",
        "model_calls_days": "모델 호출 한 건 한 건의 기록을 두는 날 수(0이면 계속)",
        "stream_resume_s": "읽는 쪽이 떠난 뒤 답변을 이어 가는 시간(초)",
        "v1_key_required": "/v1에 API 키가 필요한지(auto는 다른 컴퓨터에 열렸을 때만)",
    },
    "상담": {
        "max_message_chars": "메시지 한 건의 최대 글자 수",
        "max_image_mb": "사진 한 장의 최대 크기(MB)",
        "max_image_megapixels": "사진 한 장의 최대 화소 수(백만 화소)",
        "min_image_side_px": "사진의 짧은 변이 이보다 작으면 받지 않아요(픽셀)",
        "max_image_side_ratio": "사진의 긴 변은 짧은 변의 몇 배까지인지",
        "photo_days": "대화에도 신청에도 없는 사진을 두는 날 수(0이면 계속)",
        "photo_workers": "동시에 읽거나 확인하는 사진 수",
        "detector_weights": "직접 쓸 검출 모델 파일(.onnx, .pt, 비우면 등록했거나 내장된 모델)",
        "context_ttl_minutes": "대화가 되묻던 것을 기억하는 시간(분)",
        "intent_min_percent": "의도의 확신이 이보다 낮으면 되물어요(%)",
        "trace_days": "답변 하나하나의 처리 기록을 두는 날 수(0이면 남기지 않아요)",
        "embedder_model_dir": "정책 검색에 쓸 모델 폴더(비우면 내장 모델)",
    },
    "날씨": {
        "weather_base_url": "배송 지연을 알려 줄 날씨 서버(비우면 쓰지 않아요)",
        "weather_geocoding_url": "지명을 찾는 서버(비우면 큰 도시만 알아요)",
        "weather_timeout_s": "날씨를 기다리는 시간(초)",
    },
    "상점 규칙": {
        "shipping_fee_krw": "무료 배송 기준에 못 미칠 때의 배송비(원)",
        "free_shipping_threshold_krw": "무료 배송이 되는 상품 금액(원)",
        "return_fee_one_way_krw": "고객이 내는 편도 반품 배송비(원)",
        "return_fee_round_trip_krw": "무료로 배송했거나 교환일 때의 왕복 배송비(원)",
        "return_window_days": "단순 변심 반품이 되는 기간(일)",
        "seller_fault_window_months": "상품 문제로 반품할 수 있는 기간(받은 날부터, 개월)",
        "seller_fault_notice_days": "상품 문제로 반품할 수 있는 기간(안 날부터, 일)",
        "refund_business_days": "반품한 상품의 대금을 돌려주는 기한(영업일)",
        "late_refund_rate_percent": "환불이 늦었을 때의 연 이자율(%)",
        "card_refund_min_business_days": "카드 취소가 보이기까지 가장 짧은 기간(영업일)",
        "card_refund_max_business_days": "카드 취소가 보이기까지 가장 긴 기간(영업일)",
        "confirmation_ttl_minutes": "제안한 변경을 확인할 수 있는 시간(분)",
        "payment_deadline_days": "무통장 입금을 기다리는 기간(일)",
        "delivery_min_business_days": "출고 뒤 배송에 걸리는 가장 짧은 기간(영업일)",
        "delivery_max_business_days": "출고 뒤 배송에 보통 걸리는 가장 긴 기간(영업일)",
        "ticket_auto_close_days": "해결한 문의가 조용할 때 닫히는 기간(일)",
        "business_hours_start": "평일 상담을 여는 시각(한국 시간)",
        "business_hours_end": "평일 상담을 닫는 시각(한국 시간)",
        "sla_first_response_urgent_hours": "긴급 문의의 첫 답변 기한(업무 시간)",
        "sla_first_response_high_hours": "높음 문의의 첫 답변 기한(업무 시간)",
        "sla_first_response_normal_hours": "보통 문의의 첫 답변 기한(업무 시간)",
        "sla_first_response_low_hours": "낮음 문의의 첫 답변 기한(업무 시간)",
        "sla_resolution_urgent_hours": "긴급 문의의 해결 기한(업무 시간)",
        "sla_resolution_high_hours": "높음 문의의 해결 기한(업무 시간)",
        "sla_resolution_normal_hours": "보통 문의의 해결 기한(업무 시간)",
        "sla_resolution_low_hours": "낮음 문의의 해결 기한(업무 시간)",
        "guest_lookup_max_tries": "비회원이 주문번호와 이메일로 찾아볼 수 있는 횟수",
        "option_changes_max": "주문 한 건의 옵션 변경 횟수(0이면 제한 없음)",
        "cancel_after_option_change": "옵션을 바꾼 주문도 취소할 수 있는지 여부",
        "price_difference": "변경이나 교환으로 금액이 달라져도 되는지 여부",
        "exchange_same_option": "같은 옵션으로 교환할 수 있는지 여부",
        "claims_per_order_max": "주문 한 건의 반품·교환 횟수(0이면 제한 없음)",
        "refund_to_stored_value": "반품 대금을 적립금으로 돌려줄 수 있는지 여부",
    },
}
_OF = {name: (group, text) for group, rows in GROUPS.items() for name, text in rows.items()}
_HELP = {row.name: row.help for row in TABLE}
_LLM = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"local", "local이라고 적은 차례에 들어가는 제공자"),
        (r"cloud", "cloud라고 적은 차례에 들어가는 제공자"),
        (r"routes\.default", "따로 적지 않은 의도에 답할 제공자의 차례"),
        (r"routes\..+", "이 의도나 업무에 답할 제공자의 차례"),
        (r"purposes\..+", "답변 쓰기가 아닌 이 일을 맡을 제공자의 차례(비우면 꺼요)"),
        (r"limits\.first_token_s", "모델의 첫 글자를 기다리는 시간(초)"),
        (r"limits\.total_s", "다시 묻는 시간까지 더해 답변 하나에 쓰는 시간(초)"),
        (r"limits\.retries", "같은 제공자에 다시 묻는 횟수"),
        (r"limits\.retry_after_max_s", "제공자가 기다리라고 할 때 기다리는 최대 시간(초)"),
        (r"limits\.breaker_failures", "잇달아 이만큼 실패하면 잠시 묻지 않아요"),
        (r"limits\.breaker_cooldown_s", "쉬게 한 제공자에 다시 물어보기까지의 시간(초)"),
        (r"limits\.max_output_tokens", "답변 하나의 최대 토큰 수"),
        (r"limits\.max_output_chars", "답변 하나의 최대 글자 수"),
        (r"limits\.tool_steps", "답변 하나에서 도구를 쓸 수 있는 횟수"),
        (r"limits\.history_tokens", "함께 보내는 앞선 대화의 토큰 수"),
        (r"limits\.inspect_s", "사진 한 장을 모델이 살펴보는 가장 긴 시간(초)"),
        (r"limits\.understand_below_percent", "의도의 확신이 이보다 낮으면 모델에 물어요(%)"),
        (r"budget\.turn_usd", "답변 하나에 쓸 수 있는 비용(달러, 0이면 제한 없음)"),
        (r"budget\.turn_tokens", "답변 하나에 쓸 수 있는 토큰 수(0이면 제한 없음)"),
        (r"budget\.day_usd", "하루에 쓸 수 있는 비용(달러, 0이면 제한 없음)"),
        (r"prices\..+", "토큰 100만 개의 값(달러)"),
        (r"providers\..+\.kind", "제공자와 말을 주고받는 방식"),
        (r"providers\..+\.base_url", "제공자의 주소"),
        (r"providers\..+\.model", "쓸 모델의 이름"),
        (r"providers\..+\.api_key", "제공자의 키(비밀)"),
        (r"providers\..+\.local", "상점 안에 있는 서버인지 여부(비용을 0으로 세요)"),
        (r"providers\..+\.needs_key", "키가 없으면 설정하지 않은 것으로 볼지 여부"),
        (r"providers\..+\.tools", "모델이 도구를 쓸 수 있는지 여부"),
        (r"providers\..+\.schema", "정해진 JSON 형식을 지키게 하는 방법"),
        (r"providers\..+\.usage_in_stream", "흐름 끝에 토큰 수를 알려 주는지 여부"),
        (r"providers\..+\.temperature", "temperature를 보낼지 여부"),
        (r"providers\..+\.context_tokens", "모델이 한 번에 읽는 토큰 수(0이면 살피지 않아요)"),
        (r"providers\..+\.concurrency", "동시에 물어보는 최대 수"),
        (r"providers\..+\.vision", "고객의 사진을 보여 줄지 여부(또는 사진을 볼 모델의 이름들)"),
        (r"providers\..+\.headers.*", "요청에 덧붙이는 헤더(비밀)"),
    )
)


def about(name: str) -> str:
    """What a setting of the table does; its English help for one that has no words here."""
    return _OF[name][1] if name in _OF else _HELP[name]


def group_of(name: str) -> str:
    """The group of a setting of the table."""
    return _OF[name][0] if name in _OF else "서버"


def about_llm(path: str) -> str:
    """What a value of the ``[llm]`` tables does ("limits.total_s"); "" for an unknown one."""
    return next((text for pattern, text in _LLM if pattern.fullmatch(path)), "")
