"""``POST /api/llm/generate``: what staff have written by a model, by role and task."""

from __future__ import annotations

import threading

from fastapi import APIRouter, Request

from api.calls import Desk, From, Staff
from api.problems import problems
from api.schemas.llm import Generated, GeneratedUsage, GenerateRequest
from api.waiting import in_model_thread
from services import llm

__all__ = ["router"]

router = APIRouter(prefix="/api/llm", tags=["언어 모델"])


@router.post(
    "/generate",
    operation_id="generate",
    summary="글이나 JSON 만들기",
    responses=problems(400, 403, 404),
)
async def generate(
    body: GenerateRequest, request: Request, caller: Staff, desk: Desk, address: From
) -> Generated:
    """역할(role)과 작업(task)에 맞춰 payload로 글이나 JSON을 만들어요. 담당자만 쓸 수 있어요.

    payload에 없는 사실을 더한 답은 쓰지 않아요. 모델이 답하지 못하면 준비된 문구(provider
    offline)로 답해요. 메시지 한 건으로 세어요.
    """

    def work(cancel: threading.Event) -> llm.Generated:
        return desk.llm.generate(
            caller, role=body.role, task=body.task, payload=body.payload, mode=body.mode,
            schema=body.schema_, address=address, cancel=cancel,
        )  # fmt: skip

    made = await in_model_thread(request, work)
    return Generated(
        provider=made.provider, model=made.model, output=made.output,
        usage=_counted(made.usage), latency_ms=made.latency_ms,
    )  # fmt: skip


def _counted(usage: llm.Usage) -> GeneratedUsage:
    return GeneratedUsage(
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
        cached_tokens=usage.cached_tokens,
    )
