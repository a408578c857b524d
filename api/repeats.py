"""``Idempotency-Key``: a change that a client may safely send again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from agent.types import Caller
from api.calls import Desk
from services.repeats import Call, Repeats

__all__ = ["Once", "RunOnce"]

REPEATED = "Idempotency-Replayed"
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[!-~]+$",
        description="같은 키로 다시 보낸 같은 요청에는 처음 답을 돌려줘요(24시간)",
        examples=["6f1f0c1e-6f0d-4c57-9d0a-0d5f2f5f4a10"],
    ),
]  # fmt: skip
Work = Callable[[Call], BaseModel]


class RunOnce:
    """Runs a route's work in one transaction, at most once for a key."""

    def __init__(self, request: Request, desk: Desk, key: Key = None) -> None:
        self._request, self._repeats, self._key = request, Repeats(desk), key

    def __call__(
        self, caller: Caller, body: BaseModel, work: Work, *, status: int = 200
    ) -> JSONResponse:
        """What ``work`` made, or what it made the first time (``Idempotency-Replayed: true``)."""
        asked = [self._request.method, self._request.url.path, body.model_dump(mode="json")]
        answer, repeated = self._repeats.once(
            caller, lambda call: work(call).model_dump(mode="json"), key=self._key, request=asked
        )
        headers = {REPEATED: "true"} if repeated else None
        return JSONResponse(answer, status, headers=headers)


Once = Annotated[RunOnce, Depends()]
