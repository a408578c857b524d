"""A message and its answer: whole (``/api/chat``) or as it comes (``/api/chat/stream``).

Both run the one turn of the desk in its pool of workers. A client that leaves a stream stops
the turn; what was said by then is stored, and ``Last-Event-ID`` brings it back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from agent.types import Caller, ErrorEvent
from api import streams
from api.calls import OPTIONAL, Anyone, Desk, From
from api.problems import TurnFailed, answered, problems
from api.schemas.chat import ChatAnswer, ChatRequest
from errors import NotFound
from services import LiveTurn, Services

__all__ = ["router"]

router = APIRouter(prefix="/api/chat", tags=["상담"])
_EVENT_ID = r"^t_[\w-]{1,40}(\.\d{1,6})?$"
GONE = "이어받을 답변을 찾을 수 없어요. 메시지를 다시 보내 주세요."


@router.post("", operation_id="chat", summary="메시지 보내기", openapi_extra=OPTIONAL,
             responses=problems(400, 404, 504))  # fmt: skip
async def chat(body: ChatRequest, caller: Anyone, desk: Desk, address: From) -> ChatAnswer:
    """답변을 한 번에 받아요.

    토큰 없이 보내면 비회원의 대화예요. session_id를 아는 사람이 그 대화를 이어 갈 수 있으니
    밖에 알리지 마세요.
    """
    turn = await run_in_threadpool(_start, desk, caller, body, address)
    try:
        async with asyncio.timeout(desk.settings.turn_timeout_s):
            async for _ in turn.stream():
                pass
    except TimeoutError:
        raise TurnFailed.late() from None
    return ChatAnswer.model_validate(answered(turn).as_json())


@router.post(
    "/stream",
    operation_id="chat_stream",
    summary="메시지 보내고 답변을 흐름으로 받기",
    response_class=StreamingResponse,
    openapi_extra=OPTIONAL,
    responses=problems(400, 404) | streams.DOCUMENTED,
)
async def chat_stream(
    body: ChatRequest,
    caller: Anyone,
    desk: Desk,
    address: From,
    last_event_id: Annotated[
        str | None, Header(pattern=_EVENT_ID, description="끊긴 흐름을 이어받을 자리")
    ] = None,
) -> StreamingResponse:
    """Server-Sent Events: status, delta, citation, card, pending_action, message, error, done.

    마지막 message는 POST /api/chat의 답과 같아요. Last-Event-ID와 함께 보내면 새로 묻지 않고
    그 답변의 나머지를 받아요.
    """
    if last_event_id:
        return streams.response(await _resumed(desk, caller, body, last_event_id))
    turn = await run_in_threadpool(_start, desk, caller, body, address)
    events = streams.of_turn(turn, silence_s=desk.settings.sse_heartbeat_s)
    first = await anext(events)
    if isinstance(first[1], ErrorEvent):  # nothing has begun: an ordinary error
        raise TurnFailed.of(first[1])
    rest = streams.after(first, events)
    return streams.response(streams.watched(turn, rest, resume_s=desk.settings.stream_resume_s))


def _start(desk: Services, caller: Caller, body: ChatRequest, address: str) -> LiveTurn:
    images = tuple(body.image_ids or ())
    desk.turns.check(body.message, more=bool(images) or body.confirm is not None)
    return desk.turns.start(
        caller, body.message, session_id=body.session_id, image_ids=images, confirm=body.confirm,
        source="api", address=address,
    )  # fmt: skip


async def _resumed(
    desk: Services, caller: Caller, body: ChatRequest, event_id: str
) -> AsyncGenerator[bytes, None]:
    """The rest of a stream: from the running turn, or the stored message."""
    turn_id, _, number = event_id.partition(".")
    turn = desk.turns.find(caller, turn_id, body.session_id)
    if turn is not None and not (turn.over and turn.message is None):  # a stopped one is stored
        events = streams.of_turn(turn, silence_s=desk.settings.sse_heartbeat_s)
        resume_s, seen = desk.settings.stream_resume_s, int(number or 0)
        return streams.watched(turn, events, resume_s=resume_s, seen=seen)
    stored: dict[str, Any] | None = await run_in_threadpool(
        desk.answer_of, caller, turn_id, body.session_id
    )
    if stored is None:
        raise NotFound(GONE)
    return streams.stored(turn_id, ChatAnswer.model_validate(stored).model_dump(mode="json"))
