"""Is the process alive? ``GET /healthz`` answers before anything heavy is loaded."""

from __future__ import annotations

import re
import uuid

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

__all__ = ["REQUEST_ID", "healthz", "request_id", "routes"]

REQUEST_ID = "X-Request-ID"
_SANE = re.compile(r"[\w.:-]{1,64}", re.ASCII)


async def healthz(request: Request) -> JSONResponse:
    """The process is up and its event loop turns; says nothing about index or model."""
    return JSONResponse(
        {"status": "ok"},
        headers={REQUEST_ID: request_id(request), "Cache-Control": "no-store"},
    )


def request_id(request: Request) -> str:
    """The caller's own request id when it is a plain short word, a new one otherwise."""
    given = request.headers.get(REQUEST_ID, "")
    return given if _SANE.fullmatch(given) else uuid.uuid4().hex


routes = [Route("/healthz", healthz, methods=["GET"])]
