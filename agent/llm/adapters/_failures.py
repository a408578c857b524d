"""The one mapping from what SDKs, HTTP clients and servers say to :class:`errors.LLMError`.

Errors are told apart by the names of their classes: three SDKs over two HTTP clients share
them, and none of the five need be imported for it.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz

from agent.llm.adapters._http import key_of, own_headers
from agent.llm.adapters._pieces import whole
from agent.llm.types import Endpoint
from errors import LLMError, LLMKind

__all__ = ["failure_of", "refused", "reported"]

DETAIL_CHARS = 200
SECRET_CHARS = 6  # a shorter header is no secret, and would be a hole in every word
_STATUS: dict[int, LLMKind] = {
    401: "auth", 402: "auth", 403: "auth", 404: "not_found", 405: "not_found", 408: "timeout",
    410: "not_found", 413: "context_too_long", 429: "rate_limited",
}  # fmt: skip
# In codes and types of errors; the first that occurs decides.
_CODES: tuple[tuple[str, LLMKind], ...] = (
    ("context_length", "context_too_long"), ("exceed_context", "context_too_long"),
    ("request_too_large", "context_too_long"), ("overloaded", "overloaded"),
    ("rate_limit", "rate_limited"), ("too_many_requests", "rate_limited"),
    ("quota", "rate_limited"), ("authentication", "auth"), ("permission", "auth"),
    ("api_key", "auth"), ("billing", "auth"), ("not_found", "not_found"),
    ("timeout", "timeout"), ("invalid_request", "bad_request"), ("badrequest", "bad_request"),
    ("bad_request", "bad_request"),
)  # fmt: skip
_TOO_LONG = re.compile(
    r"context[ _](length|window|size|limit)|maximum (context|model) length|prompt is too long"
    r"|input( is)? too long|too many (input )?tokens|max_model_len|request_too_large",
    re.IGNORECASE,
)
# Keys as providers write them, also half masked as they come back in a refusal.
_SECRETS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key)[-_][\w*.\-]{4,}|\bBearer\s+\S+|(?<=//)[^/@\s]+(?=@)",
    re.IGNORECASE,
)


def failure_of(error: Exception, endpoint: Endpoint, *, began: bool) -> LLMError:
    """``error`` as the program knows it. ``began``: the server had begun to answer."""
    if isinstance(error, LLMError):
        return error
    names = _names(error)
    if "APIConnectionError" not in names and names & {"APIStatusError", "ResponseError"}:
        status = getattr(error, "status_code", 0)
        body = getattr(error, "body", None) or getattr(error, "error", None)
        if status >= 300:
            return refused(
                status, body, getattr(getattr(error, "response", None), "headers", {}), endpoint
            )
        return reported(body, endpoint)
    if type(error).__name__ == "APIError":  # an error event in the stream
        return reported(getattr(error, "body", None), endpoint)
    kind = _transport_kind(names, began)
    told = kind not in ("malformed", "auth")  # parsers and encoders quote what they read
    cause = error.__cause__ if "APIConnectionError" in names else None
    return _made(kind, _named(cause or error, told=told), endpoint)


def _names(error: BaseException) -> set[str]:
    """Class names of the error and of what caused it, with their bases."""
    causes = [error] if error.__cause__ is None else [error, error.__cause__]
    return {known.__name__ for one in causes for known in type(one).__mro__}


def _transport_kind(names: set[str], began: bool) -> LLMKind:
    if names & {"LocalProtocolError", "UnicodeEncodeError"}:  # a key no header can carry
        return "auth"
    if "ConnectTimeout" in names:
        return "unreachable"
    if names & {"APITimeoutError", "TimeoutException", "TimeoutError"}:
        return "timeout"
    if "DecodingError" in names:
        return "malformed"
    if names & {"APIConnectionError", "TransportError", "OSError"}:
        return "truncated" if began else "unreachable"
    return "malformed"


def _named(error: BaseException, *, told: bool) -> str:
    return f"{type(error).__name__}: {error}" if told and str(error) else type(error).__name__


def refused(status: int, body: object, headers: Mapping[str, str], endpoint: Endpoint) -> LLMError:
    """A reply with a status that is no success; ``body`` parsed, text or bytes."""
    codes, message = _said(body)
    kind = _status_kind(status)
    if (kind == "bad_request" or status == 500) and _is_too_long(codes, message):
        kind = "context_too_long"
    detail = f"HTTP {status}" + (f": {message}" if message else "")
    return _made(kind, detail, endpoint, retry_after_s=_retry_after(headers))


def reported(body: object, endpoint: Endpoint) -> LLMError:
    """An error told within a stream that had begun well."""
    codes, message = _said(body)
    kind = "context_too_long" if _is_too_long(codes, message) else _code_kind(codes)
    return _made(kind, message or " ".join(codes), endpoint)


def _status_kind(status: int) -> LLMKind:
    if status in _STATUS:
        return _STATUS[status]
    if status >= 500:
        return "overloaded"
    return "bad_request" if status >= 400 else "not_found"  # redirects are not followed


def _code_kind(codes: list[str]) -> LLMKind:
    for code in codes:
        if re.fullmatch(r"[345]\d\d", code):
            return _status_kind(int(code))
        for word, kind in _CODES:
            if word in code.lower():
                return kind
    return "overloaded"


def _is_too_long(codes: list[str], message: str) -> bool:
    return "context_too_long" in {_code_kind([code]) for code in codes} or bool(
        _TOO_LONG.search(message)
    )


def _said(body: object) -> tuple[list[str], str]:
    """The codes and the message of an error, whatever its shape; a web page says nothing."""
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    if isinstance(body, str):
        try:
            read = json.loads(body)
        except (ValueError, RecursionError):
            return [], "" if "<" in body else body
        return ([], read) if isinstance(read, str) else _said(read)
    if not isinstance(body, Mapping):
        return [], ""
    inner = body.get("error", body)
    if not isinstance(inner, Mapping):
        return [], inner if isinstance(inner, str) else ""
    codes = [str(inner[name]) for name in ("code", "type") if inner.get(name)]
    return codes, _message(inner)


def _message(error: Mapping[str, object]) -> str:
    for name in ("message", "detail", "msg"):
        value = error.get(name)
        if isinstance(value, list):  # a validation's complaints; their input is not repeated
            value = "; ".join(_message(one) for one in value[:3] if isinstance(one, Mapping))
        if isinstance(value, str) and value:
            return value
    return ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server asks, by number or date; None where it does not."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) * unit_s
        except ValueError:
            date = parsedate_tz(value) if name == "retry-after" else None
            seconds = mktime_tz(date) - time.time() if date else math.nan
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None


def _made(
    kind: LLMKind, detail: str, endpoint: Endpoint, *, retry_after_s: float | None = None
) -> LLMError:
    return LLMError(
        kind, provider=endpoint.name, detail=_clean(detail, endpoint), retry_after_s=retry_after_s
    )


def _clean(text: str, endpoint: Endpoint) -> str:
    """One short line with nothing secret and nothing unprintable in it."""
    for secret in (endpoint.api_key.strip(), key_of(endpoint), *own_headers(endpoint).values()):
        if len(secret) >= SECRET_CHARS:
            text = text.replace(secret, "***")
    text = " ".join(_SECRETS.sub("***", whole(text)).split())
    return "".join(letter for letter in text if letter.isprintable())[:DETAIL_CHARS]
