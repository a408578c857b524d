"""What pydantic finds wrong with a request, in Korean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["said"]

_SAID = {
    "missing": "꼭 적어 주세요.",
    "extra_forbidden": "모르는 항목이에요. 빼고 보내 주세요.",
    "json_invalid": "JSON을 읽을 수 없어요. 형식을 확인해 주세요.",
    "string_type": "글자로 적어 주세요.",
    "string_too_short": "{min_length}자 이상 적어 주세요.",
    "string_too_long": "{max_length}자까지 적을 수 있어요.",
    "string_pattern_mismatch": "쓸 수 없는 글자가 있거나 형식이 달라요.",
    "string_unicode": "읽을 수 없는 글자가 있어요. UTF-8로 보내 주세요.",
    "int_type": "정수로 적어 주세요.",
    "int_parsing": "정수로 적어 주세요.",
    "int_from_float": "정수로 적어 주세요.",
    "int_parsing_size": "너무 큰 수예요.",
    "float_type": "숫자로 적어 주세요.",
    "float_parsing": "숫자로 적어 주세요.",
    "finite_number": "끝이 있는 숫자로 적어 주세요.",
    "bool_type": "true나 false로 적어 주세요.",
    "bool_parsing": "true나 false로 적어 주세요.",
    "greater_than_equal": "{ge} 이상이어야 해요.",
    "greater_than": "{gt}보다 커야 해요.",
    "less_than_equal": "{le} 이하여야 해요.",
    "less_than": "{lt}보다 작아야 해요.",
    "literal_error": "쓸 수 있는 값: {expected}",
    "enum": "쓸 수 있는 값: {expected}",
    "list_type": "목록으로 보내 주세요.",
    "dict_type": "객체로 보내 주세요.",
    "model_type": "객체로 보내 주세요.",
    "model_attributes_type": "객체로 보내 주세요.",
    "too_short": "{min_length}개 이상 보내 주세요.",
    "too_long": "{max_length}개까지 보낼 수 있어요.",
    "date_type": "날짜(YYYY-MM-DD)로 적어 주세요.",
    "date_from_datetime_parsing": "날짜(YYYY-MM-DD)로 적어 주세요.",
    "date_parsing": "날짜(YYYY-MM-DD)로 적어 주세요.",
    "value_error": "값을 다시 확인해 주세요.",
}
_OTHER = "값을 다시 확인해 주세요."


def said(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as a Korean sentence that says what would be accepted.

    A ``ValueError`` of our own validators is Korean already and is told as it is.
    """
    context = error.get("ctx") or {}
    own = context.get("error")
    if error["type"] == "value_error" and isinstance(own, ValueError):
        return str(own)
    if isinstance(error.get("input"), bytes):  # FastAPI leaves a body alone that is not called JSON
        return "Content-Type을 application/json으로 적고 JSON을 보내 주세요."
    text = _SAID.get(error["type"], _OTHER)
    if "{" not in text:
        return text
    try:
        return text.format(**{name: _plain(value) for name, value in context.items()})
    except KeyError:
        return _OTHER


def _plain(value: Any) -> str:
    return str(value).replace(" or ", ", ")[:200]
