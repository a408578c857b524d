"""Errors as the API tells them: ``application/problem+json`` (RFC 9457), OpenAI's under /v1.

``detail`` is Korean and safe to show, ``code`` a stable word for programs. Whatever is not one
of our own errors is told as a plain 500 whose number finds it in the log.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from agent.types import ErrorEvent, Message
from api.korean import said
from api.requests import request_id
from errors import NotAllowedNow, NotSignedIn, SangdamError, StateChanged, TooMany, Unavailable
from services import LiveTurn

__all__ = ["MEDIA_TYPE", "Problem", "TurnFailed", "answer", "answered", "install", "problems"]

MEDIA_TYPE = "application/problem+json"
RETRY_S = 5  # after which something that is not there now is worth another try
_log = logging.getLogger("sangdam.api")
_TITLES = {
    400: "요청을 처리할 수 없어요", 401: "로그인이 필요해요", 403: "권한이 없어요",
    404: "찾을 수 없어요", 405: "쓸 수 없는 방법이에요", 408: "요청이 늦게 도착했어요",
    409: "지금은 할 수 없어요", 413: "요청이 너무 커요", 415: "읽을 수 없는 형식이에요",
    422: "요청 내용을 확인해 주세요", 429: "요청이 너무 많아요", 500: "문제가 생겼어요",
    503: "지금은 이용할 수 없어요", 504: "답변이 늦어지고 있어요",
}  # fmt: skip
_DETAILS = {
    400: "요청을 읽을 수 없어요. JSON 형식이 맞는지 확인해 주세요.",
    404: "이런 주소는 없어요. /api/docs에서 주소를 확인해 주세요.",
    405: "이 주소에서는 쓸 수 없는 메서드예요. /api/docs에서 확인해 주세요.",
    408: "요청 본문이 제때 도착하지 않았어요. 다시 보내 주세요.",
    413: "요청 본문이 너무 커요. 나누거나 줄여서 보내 주세요.",
    415: "요청 본문의 형식을 읽을 수 없어요. Content-Type을 확인해 주세요.",
    500: "문제가 생겼어요. 잠시 뒤 다시 시도하고, 계속되면 request_id를 알려 주세요.",
}
_CODES = {
    400: "bad_request", 401: "not_signed_in", 403: "forbidden", 404: "route_not_found",
    405: "method_not_allowed", 408: "body_timeout", 413: "body_too_large",
    415: "unsupported_media_type",
}  # fmt: skip
# What the documentation shows for a status.
_EXAMPLES = {
    400: ("bad_input", "반품하거나 교환할 상품을 lines에 적어 주세요."),
    401: ("token_expired", "로그인 시간이 지났어요. 다시 로그인해 주세요."),
    403: ("forbidden", "담당자만 할 수 있는 일이에요."),
    404: ("not_found", "해당 주문을 찾을 수 없어요. 주문번호를 다시 확인해 주세요."),
    409: ("state_changed", "그사이 신청 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요."),
    413: ("body_too_large", _DETAILS[413]),
    422: ("invalid_request", "body.message: 꼭 적어 주세요."),
    429: ("rate_limited", "메시지를 너무 빠르게 보내셨어요. 12초 뒤에 다시 시도해 주세요."),
    503: ("busy", "지금 문의가 많아 답변을 시작하지 못했어요. 잠시 뒤 다시 보내 주세요."),
    504: ("turn_timeout", "답변이 늦어지고 있어요. 잠시 뒤 대화를 다시 열면 답변을 볼 수 있어요."),
}
_BUSY = "지금 이용이 많아요. 잠시 뒤 다시 시도해 주세요."


class FieldProblem(BaseModel):
    """One wrong field of a request."""

    field: str = Field(description="자리: body.message처럼", examples=["body.message"])
    detail: str = Field(description="무엇을 고치면 되는지", examples=["꼭 적어 주세요."])


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:sangdam:problem:not_found"])
    title: str = Field(examples=["찾을 수 없어요"])
    status: int = Field(ge=400, le=599, examples=[404])
    detail: str = Field(examples=["해당 주문을 찾을 수 없어요. 주문번호를 다시 확인해 주세요."])
    code: str = Field(pattern=r"^[a-z0-9_]+$", examples=["not_found"])
    request_id: str = Field(examples=["4f0c7b1a9d2e"])
    allowed_actions: list[str] | None = Field(None, description="대신 할 수 있는 일")
    changes: dict[str, list[Any]] | None = Field(None, description="그사이 바뀐 것: [전, 후]")
    errors: list[FieldProblem] | None = Field(None, description="고칠 항목")


class TurnFailed(SangdamError):
    """A turn that ended in an error event: its words, its code, its status."""

    def __init__(self, message: str, *, code: str, http_status: int) -> None:
        super().__init__(message, code=code)
        self.http_status = http_status

    @classmethod
    def of(cls, event: ErrorEvent) -> TurnFailed:
        """What an error event tells."""
        return cls(event.text, code=event.code, http_status=event.http_status)

    @classmethod
    def late(cls) -> TurnFailed:
        """The turn takes longer than ``turn_timeout_s``; it goes on and is stored."""
        return cls(
            "답변이 늦어지고 있어요. 잠시 뒤 대화를 다시 열면 답변을 볼 수 있어요.",
            code="turn_timeout", http_status=504,
        )  # fmt: skip

    @classmethod
    def stopped(cls) -> TurnFailed:
        """It was ended before it had an answer, as when whoever asked has left."""
        return cls(
            "답변을 끝내지 못했어요. 다시 보내 주세요.", code="turn_stopped", http_status=503
        )


def answered(turn: LiveTurn) -> Message:
    """The message a turn ended in. Raises TurnFailed with what else it ended in."""
    if turn.error is not None:
        raise TurnFailed.of(turn.error)
    if turn.message is None:
        raise TurnFailed.stopped()
    return turn.message


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses=`` of a route that may answer with these statuses."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": _TITLES[status],
            "content": {MEDIA_TYPE: {"schema": schema, "example": _example(status)}},
        }
        for status in statuses
    }


def _example(status: int) -> dict[str, Any]:
    code, detail = _EXAMPLES[status]
    return {
        "type": f"urn:sangdam:problem:{code}", "title": _TITLES[status], "status": status,
        "detail": detail, "code": code, "request_id": "4f0c7b1a9d2e",
    }  # fmt: skip


def answer(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """An error in the shape of the path it belongs to; ``more`` are RFC 9457 extensions."""
    if request.url.path.startswith("/v1"):
        kind = _openai_type(status)
        error = {"message": detail, "type": kind, "code": code, "param": more.get("param")}
        return JSONResponse({"error": error}, status, headers=headers)
    body = {
        "type": f"urn:sangdam:problem:{code}", "title": _TITLES.get(status, _TITLES[400]),
        "status": status, "detail": detail, "code": code, "request_id": request_id(request),
        **more,
    }  # fmt: skip
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of ``app`` answer in our shape."""
    app.add_exception_handler(SangdamError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(sqlite3.OperationalError, _store)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SangdamError)
    if error.http_status >= 500 and not isinstance(error, Unavailable | TurnFailed):
        _log.error("%s: %s", error.code, error.message, exc_info=error)
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after_s)
    elif error.http_status == 503:
        headers["Retry-After"] = str(RETRY_S)
    elif isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, NotAllowedNow):
        more["allowed_actions"] = list(error.allowed)
    if isinstance(error, StateChanged) and error.changes:
        more["changes"] = {name: list(both) for name, both in error.changes.items()}
    return answer(request, error.http_status, error.code, error.message, headers=headers, **more)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [{"field": _place(one["loc"]), "detail": said(one)} for one in error.errors()[:20]]
    first = found[0] if found else {"field": "body", "detail": "값을 다시 확인해 주세요."}
    detail = f"{first['field']}: {first['detail']}"
    if request.url.path.startswith("/v1"):  # OpenAI answers 400 where FastAPI answers 422
        name = first["field"].removeprefix("body.")
        return answer(request, 400, "invalid_request", detail, param=name)
    return answer(request, 422, "invalid_request", detail, errors=found)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = error.status_code
    detail = _DETAILS.get(status, _TITLES.get(status, _TITLES[400]))
    code = _CODES.get(status, "bad_request" if status < 500 else "internal_error")
    headers = {"Allow": _allowed(request)} if status == 405 else error.headers
    return answer(request, status, code, detail, headers=headers)


def _allowed(request: Request) -> str:
    """Every method of the path: the router names only those of the first route it finds."""
    routes = request.app.routes
    return ", ".join(
        method for method in ("GET", "POST", "PATCH", "DELETE")
        if any(one.matches({**request.scope, "method": method})[0] is Match.FULL for one in routes)
    )  # fmt: skip


async def _store(request: Request, error: Exception) -> JSONResponse:
    _log.error("the store failed", exc_info=error)
    return answer(request, 503, "store_busy", _BUSY, headers={"Retry-After": str(RETRY_S)})


def _place(parts: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in parts)[:200].encode("utf-8", "replace").decode()


def _openai_type(status: int) -> str:
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    return kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
