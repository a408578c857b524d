"""The API as one FastAPI application, handed whole to the console's server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline

import services
from api import (
    auth,
    chat,
    claims,
    debug,
    images,
    llm,
    orders,
    policies,
    probes,
    products,
    sessions,
    tickets,
    vision,
)
from api.middleware import Around, Limits
from api.openai.routes import router as openai_router
from api.problems import Problem, install, problems
from services import Services

__all__ = ["VERSION", "create_app"]

VERSION = services.VERSION
ABOUT = """온라인 쇼핑몰 상담 창구의 HTTP API예요. 콘솔과 같은 프로세스, 같은 자료를 써요.

- 로그인: `POST /api/auth/login`으로 받은 `access_token`을 `Authorization: Bearer …`로 보내요.
- 오류: `application/problem+json`. `code`는 바뀌지 않는 낱말, `detail`은 손님에게 보여 줄 말이에요.
- 목록: `{"items": […], "next_cursor": …}`. `next_cursor`를 `cursor`로 보내면 다음 쪽이에요.
- 시각은 UTC ISO-8601, 금액은 원 단위 정수예요.
"""
_ROUTERS = (
    probes.router, auth.router, chat.router, sessions.router, images.router, policies.router,
    products.router, orders.router, claims.router, tickets.router, vision.router, llm.router,
    debug.router, openai_router,
)  # fmt: skip


def create_app(desk_of: Callable[[], Services] = services.get) -> FastAPI:
    """The application on the shop that ``desk_of`` gives."""
    app: FastAPI = FastAPIOffline(
        title="상담 API",
        version=VERSION,
        description=ABOUT,
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        swagger_ui_oauth2_redirect_url="/api/docs/oauth2-redirect",
        static_url="/api/docs-assets",
        responses=problems(400, 401, 413, 422, 429, 503),
        redirect_slashes=False,
    )
    app.state.desk_of = desk_of
    for router in _ROUTERS:
        app.include_router(router)
    install(app)
    app.add_middleware(Limits, desk_of=desk_of)
    app.add_middleware(Around, desk_of=desk_of)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The document, with the problems' schema that only ``problems()`` refers to."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        for operation in (one for path in document["paths"].values() for one in path.values()):
            for told in operation["responses"].values():
                if told["description"] == "Successful Response":  # FastAPI's own words
                    told["description"] = "됐어요"
        app.openapi_schema = document
    return app.openapi_schema
