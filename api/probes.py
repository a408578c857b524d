"""Probes at the root: is the process alive, ready, healthy; and the metrics of it."""

from __future__ import annotations

from time import monotonic
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.schemas.probes import Alive, Health, Ready
from services import VERSION, Services, health

__all__ = ["router"]

router = APIRouter(tags=["상태"])


@router.get("/healthz", operation_id="healthz", summary="프로세스가 살아 있는지")
async def healthz() -> Alive:
    """프로세스가 응답하는지만 알려요. 검색 자료나 모델은 살피지 않아요."""
    return Alive()


@router.get(
    "/ready",
    operation_id="ready",
    summary="손님을 받을 수 있는지",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "아직 받을 수 없어요"}},
)
def ready(request: Request) -> Any:
    """저장소와 정책 검색이 준비되면 200, 아니면 503과 준비되지 않은 부분이에요."""
    good, parts = health.ready(_desk(request))
    body = {"status": "ready" if good else "not_ready", "components": parts}
    return JSONResponse(body, 200 if good else 503)


@router.get("/health", operation_id="health", summary="부분마다의 상태")
def whole(request: Request) -> Health:
    """늘 200이고 상태는 본문에 있어요. 언어 모델의 상태는 마지막으로 썼을 때의 것이에요."""
    state, parts = health.health(_desk(request))
    body = {
        "status": state, "version": VERSION, "uptime_s": round(monotonic() - health.STARTED, 1),
        "components": parts,
    }  # fmt: skip
    return Health.model_validate(body)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Prometheus 지표",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """ops/alerts.yml과 ops/grafana가 쓰는 지표예요."""
    text, content_type = _desk(request).metrics.render()
    return Response(text, media_type=content_type)


def _desk(request: Request) -> Services:
    """The shop, ready or not."""
    found: Services = request.app.state.desk_of()
    return found
