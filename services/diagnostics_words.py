"""The diagnostics' words: what a failure of a model means and what helps, in Korean."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LIGHTS", "PURPOSES", "missing", "passed_over", "words_of"]

# Status → light and word; a provider nobody has asked yet is told apart by the caller.
LIGHTS: Mapping[str, tuple[str, str]] = {
    "ok": ("green", "정상"),
    "degraded": ("orange", "마지막에 실패"),
    "down": ("red", "멈춤"),
    "unconfigured": ("gray", "설정 안 됨"),
}
PURPOSES: Mapping[str, str] = {
    "understand": "의도 파악",
    "triage": "문의 분류",
    "summarise": "대화 요약",
    "inspect": "사진 살펴보기",
    "generate": "글 요청",
    "passthrough": "모델에 바로 전달",
    "compose": "답변 쓰기",
    "test": "진단",
}
_AGAIN = " 적은 뒤 다시 시작해 주세요."
_FAILURES: Mapping[str, tuple[str, str]] = {
    "unreachable": (
        "서버에 연결하지 못했어요.",
        "{name} 서버가 켜져 있는지, base_url 주소와 방화벽이 맞는지 확인해 주세요.",
    ),
    "timeout": (
        "정해진 시간 안에 답하지 않았어요.",
        "서버가 바쁘거나 모델이 큰지 확인해 주세요. 시간이 모자라면 [llm.limits]의 "
        "first_token_s와 total_s를 늘려 주세요.",
    ),
    "auth": (
        "키를 받아 주지 않았어요.",
        "SANGDAM_LLM_{NAME}_API_KEY의 키가 맞는지, 아직 쓸 수 있는지 확인해 주세요.",
    ),
    "not_found": (
        "주소나 모델 이름을 찾지 못했어요.",
        "연결을 확인해 모델 목록에 있는 이름을 적어 주세요. base_url 끝의 경로도 확인해 주세요.",
    ),
    "rate_limited": (
        "사용 한도를 넘었어요.",
        "{name}의 요금제와 한도를 확인하고, 다음 차례에 답할 제공자를 하나 더 적어 주세요.",
    ),
    "overloaded": (
        "서버가 바쁘거나 오류를 냈어요.",
        "잠시 뒤 다시 확인해 주세요. 계속되면 {name} 서버의 로그를 살펴봐 주세요.",
    ),
    "bad_request": (
        "요청을 받아 주지 않았어요.",
        "모델에 없는 기능일 수 있어요. [llm.providers.{name}]의 tools, schema, temperature를 "
        "꺼 보세요.",
    ),
    "context_too_long": (
        "보낸 글이 모델이 읽을 수 있는 길이를 넘었어요.",
        "[llm.limits]의 history_tokens를 줄이거나 더 긴 글을 읽는 모델로 바꿔 주세요.",
    ),
    "malformed": (
        "읽을 수 없는 답을 보냈어요.",
        "base_url이 모델 서버의 API 주소인지, 앞에 있는 프록시가 다른 화면을 돌려주지 않는지 "
        "확인해 주세요.",
    ),
    "truncated": (
        "답이 중간에 끊겼어요.",
        "{name} 서버와 앞에 있는 프록시의 시간제한을 확인해 주세요.",
    ),
}
_OTHER = ("알 수 없는 문제가 있었어요.", "잠시 뒤 다시 확인하고, 계속되면 로그를 살펴봐 주세요.")
_FIELDS: Mapping[str, tuple[str, str]] = {
    "base_url": ("주소가 없어요.", "SANGDAM_LLM_{NAME}_BASE_URL에 서버 주소를" + _AGAIN),
    "api_key": ("키가 없어요.", "SANGDAM_LLM_{NAME}_API_KEY에 키를" + _AGAIN),
    "model": ("모델 이름이 없어요.", "SANGDAM_LLM_{NAME}_MODEL에 모델 이름을" + _AGAIN),
}
_SKIPPED: Mapping[str, str] = {
    "breaker_open": "잇달아 실패해서 쉬는 중",
    "budget": "예산을 다 씀",
    "capability:tools": "도구를 쓸 수 없음",
    "capability:pictures": "사진을 볼 수 없음",
    "capability:vision": "사진 판단에 쓰지 않음",
    "unconfigured:base_url": "주소 없음",
    "unconfigured:api_key": "키 없음",
    "unconfigured:model": "모델 이름 없음",
}


def words_of(kind: str, name: str = "") -> tuple[str, str]:
    """What an ``LLMError.kind`` or "unconfigured:<field>" means and what helps.

    ``name`` is the provider's.
    """
    if kind.startswith("unconfigured:"):
        return missing(kind.partition(":")[2], name)
    return _named(_FAILURES.get(kind, _OTHER), name)


def missing(field: str, name: str) -> tuple[str, str]:
    """What an empty field of a provider means and what to write where."""
    return _named(_FIELDS.get(field, (f"{field} 설정이 없어요.", "docs/llm.md를 봐 주세요.")), name)


def passed_over(reason: str) -> str:
    """Why a provider is not asked now (``Route.skipped``), in a few words."""
    return _SKIPPED.get(reason, reason)


def _named(words: tuple[str, str], name: str) -> tuple[str, str]:
    word, remedy = words
    shown, upper = name or "모델", name.upper() or "<제공자>"
    return word, remedy.replace("{name}", shown).replace("{NAME}", upper)
