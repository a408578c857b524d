"""Around every request: its id, its time, its limits, and an answer when all else fails.

Plain ASGI, so that streams flow through. What depends on settings is built with the first
request: importing the routes reads nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import answer
from api.requests import REQUEST_ID, address, request_id
from errors import TooMany
from services import Services, logs
from services.turns import STOPPING

__all__ = ["Around", "Limits"]

_log = logging.getLogger("sangdam.api")
_WRONG = "문제가 생겼어요. 잠시 뒤 다시 시도하고, 계속되면 request_id를 알려 주세요."
DeskOf = Callable[[], Services]


class Around:
    """Gives a request its id, tells log and metrics of it, and never lets a failure out."""

    def __init__(self, app: ASGIApp, desk_of: DeskOf) -> None:
        self.app, self.desk_of = app, desk_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = _forgiven(scope)
        request, desk = Request(scope), self.desk_of()
        token = logs.request_id.set(request_id(request))
        started, status = perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id(request)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except asyncio.CancelledError:  # the server ends and has waited for as long as it may
            if not status:
                await answer(request, 503, "stopping", STOPPING)(scope, receive, sending)
        except Exception:
            _log.exception("a request failed")
            if status:
                raise  # the answer has begun: the connection must break
            await answer(request, 500, "internal_error", _WRONG)(scope, receive, sending)
        finally:
            _count(desk, scope, status or 499, perf_counter() - started)
            logs.request_id.reset(token)


class Limits:
    """CORS from the settings, a bound on the body's size and time, requests of an address."""

    def __init__(self, app: ASGIApp, desk_of: DeskOf) -> None:
        self.app, self.desk_of = app, desk_of
        self._chain: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._chain is None:
            self._chain = self._build()
        await self._chain(scope, receive, send)

    def _build(self) -> ASGIApp:
        settings = self.desk_of().settings
        chain: ASGIApp = self._checked
        origins = [one.strip() for one in settings.cors_origins.split(",") if one.strip()]
        if not origins:
            return chain
        return CORSMiddleware(
            chain, allow_origins=origins, allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID",
                           REQUEST_ID],
            expose_headers=[REQUEST_ID, "Retry-After", "Idempotency-Replayed"], max_age=600,
        )  # fmt: skip

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        desk, request = self.desk_of(), Request(scope)
        if scope["path"].startswith(("/api", "/v1")):
            try:
                desk.limits.request(address(request, desk.settings.trusted_proxies))
            except TooMany as error:
                headers = {"Retry-After": str(error.retry_after_s)}
                refused = answer(request, 429, error.code, error.message, headers=headers)
                await refused(scope, receive, send)
                return
        body = _Body(receive, request, mb=desk.settings.max_body_mb,
                     seconds=desk.settings.body_timeout_s)  # fmt: skip
        await self.app(scope, body, send)


def _forgiven(scope: Scope) -> Scope:
    """The request as it was meant: HEAD as GET, no slash at the end, nothing asked of a list
    with an empty parameter (httpx sends ``cursor=`` for None). Writes are taken word by word.
    """
    path, method = scope["path"], scope["method"]
    forgiven = {**scope, "path": path.rstrip("/") or path}
    if method not in ("GET", "HEAD"):
        return forgiven
    pieces = [one.partition(b"=") for one in scope["query_string"].split(b"&")]
    said = [b"".join(one) for one in pieces if one[2] or not one[1]]
    # The server itself keeps the body of an answer to HEAD back.
    return {**forgiven, "method": "GET", "query_string": b"&".join(said)}


def _count(desk: Services, scope: Scope, status: int, seconds: float) -> None:
    route: Any = scope.get("route")
    template = getattr(route, "path", "other")
    desk.metrics.http(scope["method"], template, status, seconds)
    _log.log(
        logging.DEBUG if template in ("/healthz", "/ready", "/metrics") else logging.INFO,
        "%s %s %d", scope["method"], template, status,
        extra={"method": scope["method"], "route": template, "status": status,
               "took_ms": round(seconds * 1000, 1)},
    )  # fmt: skip


class _Body:
    """``receive`` that lets the whole body be so large and come so late, and then waits for ever.

    Starlette's own limit answers 413 in plain text. Whoever reads no body is not told.
    """

    def __init__(self, receive: Receive, request: Request, *, mb: int, seconds: float) -> None:
        self._receive, self._left_s = receive, float(seconds)
        self._left_bytes = mb * 1024 * 1024
        length = request.headers.get("Content-Length", "")
        self._declared = int(length) if length.isdecimal() else 0
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        if self._declared > self._left_bytes:  # not worth reading
            raise HTTPException(413)
        self._declared = 0  # what has come by now is counted
        started = perf_counter()
        try:
            message = await asyncio.wait_for(self._receive(), max(self._left_s, 0.01))
        except TimeoutError:
            raise HTTPException(408) from None
        self._left_s -= perf_counter() - started
        self._left_bytes -= len(message.get("body", b""))
        if self._left_bytes < 0:
            raise HTTPException(413)
        self._whole = not message.get("more_body", False)
        return message
