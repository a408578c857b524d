"""``/api/debug``: settings with their origin, and trying a provider; for administrators."""

from __future__ import annotations

import threading
from contextlib import closing
from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.calls import Admin, Desk
from api.problems import problems
from api.schemas.base import PathId
from api.schemas.llm import (
    ProbeAnswer,
    SettingItem,
    SettingsAnswer,
    Shadowed,
    TestAnswer,
    Warning_,
)
from api.waiting import in_model_thread
from errors import LLMError, Unavailable
from services.diagnostics import MOST_PROMPT, Diagnostics, Final, SettingRow, words_of

__all__ = ["router"]

router = APIRouter(prefix="/api/debug", tags=["진단"])


@router.get("/settings", operation_id="debug_settings", summary="쓰이는 설정과 출처",
            responses=problems(403))  # fmt: skip
def settings(caller: Admin, desk: Desk) -> SettingsAnswer:
    """모든 설정의 값과 출처, 가려진 값이에요. 비밀은 가려요. warnings는 살펴볼 것이에요."""
    diagnostics = Diagnostics(desk)
    return SettingsAnswer(
        items=[_item(row) for row in diagnostics.settings(caller)],
        warnings=[Warning_.model_validate(one) for one in diagnostics.notices(caller)],
    )


@router.get("/{provider}", operation_id="debug_provider", summary="제공자 연결 확인",
            responses=problems(403, 404))  # fmt: skip
async def probe(provider: PathId, request: Request, caller: Admin, desk: Desk) -> ProbeAnswer:
    """지금 모델 목록을 물어봐요. 실패해도 200이고 success와 error에 적혀 있어요.

    provider는 설정의 이름(ollama, openai …)이나 방식, 또는 offline이에요.
    """
    found = await in_model_thread(request, lambda _: Diagnostics(desk).probe(caller, provider))
    return ProbeAnswer(
        target_url=found.target_url, success=found.success, models=list(found.models),
        elapsed_ms=found.elapsed_ms,
        error=None if found.success else _failure(found.error_kind, provider),
    )  # fmt: skip


@router.get("/{provider}/generate", operation_id="debug_generate", summary="제공자 생성 확인",
            responses=problems(400, 403, 404))  # fmt: skip
async def generate(
    provider: PathId,
    request: Request,
    caller: Admin,
    desk: Desk,
    prompt: Annotated[
        str, Query(max_length=MOST_PROMPT, description="비우면 짧은 인사를 부탁해요")
    ] = "",
) -> TestAnswer:
    """이 제공자만으로 글을 만들어 봐요. 실패해도 200이고 success와 error에 적혀 있어요."""
    started = perf_counter()
    diagnostics = Diagnostics(desk)
    text, error = "", None

    def work(cancel: threading.Event) -> None:
        nonlocal text
        with closing(diagnostics.generate(caller, provider, prompt, cancel=cancel)) as pieces:
            for piece in pieces:
                text += "" if isinstance(piece, Final) else piece.text

    try:
        await in_model_thread(request, work)
    except LLMError as failure:
        error = _failure(failure.kind, provider)
    except Unavailable as failure:
        error = f"{failure.code}: {failure.message}"
    return TestAnswer(
        success=error is None, response_text=text, error=error,
        elapsed_ms=round((perf_counter() - started) * 1000, 1),
    )  # fmt: skip


def _failure(kind: str, provider: str) -> str:
    """The kind, what it means and what helps."""
    return f"{kind}: {' '.join(words_of(kind, provider))}"


def _item(row: SettingRow) -> SettingItem:
    return SettingItem(
        name=row.name, value=row.value, origin=row.origin, help=row.help, group=row.group,
        shadowed=[Shadowed(origin=where, value=value) for where, value in row.shadowed],
        masked=row.secret,
    )  # fmt: skip
