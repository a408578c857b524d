"""``/v1``: the desk and the configured model for OpenAI's clients (http.md, docs/openai.md)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from agent.types import Delta, ErrorEvent
from api.calls import Desk, From
from api.openai.models import (
    Answer,
    Choice,
    Completion,
    CompletionRequest,
    Model,
    ModelList,
    Usage,
    said,
)
from api.openai.stream import (
    Chunks,
    Reply,
    Tell,
    counted,
    follow,
    reply_chunks,
    text_chunks,
    watched,
)
from api.problems import TurnFailed, answer
from api.streams import after, response
from api.waiting import in_photo_thread
from errors import NotFound, SangdamError
from services.openai_chat import (
    MODELS,
    ORCHESTRATOR,
    Asker,
    Finished,
    OpenAIChat,
    Said,
    model_of,
    require,
    usage_of,
)

__all__ = ["router"]

Item = TypeVar("Item")
router = APIRouter(prefix="/v1", tags=["OpenAI 호환"])
CREATED = 1_763_596_800  # when the desk's models first appeared (2025-11-20); never changes
_TEXT, _MAYBE = {"type": "string"}, {"type": ["string", "null"]}
_FIELDS = {
    "message": {**_TEXT, "examples": ["이 키를 쓸 수 없어요. 관리자에게 새 키를 요청해 주세요."]},
    "type": {**_TEXT, "examples": ["authentication_error"]},
    "code": {**_TEXT, "examples": ["invalid_api_key"]},
    "param": {**_MAYBE, "examples": ["model"]},
}
_ERROR = {
    "description": "OpenAI의 오류 형식",
    "content": {
        "application/json": {
            "schema": {
                "type": "object", "required": ["error"],
                "properties": {
                    "error": {"type": "object", "required": list(_FIELDS), "properties": _FIELDS}
                },
            }
        }
    },
}  # fmt: skip
_ERRORS: dict[int | str, dict[str, Any]] = dict.fromkeys(
    (400, 401, 403, 404, 413, 422, 429, 503, 504), _ERROR
)
_CHUNK = {
    "type": "object", "required": ["data"], "description": "사건 하나",
    "properties": {"data": {"type": "string", "description": "JSON이나 [DONE]"}},
}  # fmt: skip
_STREAM = "data: {…chat.completion.chunk…}\n\ndata: [DONE]\n\n"


def token(request: Request) -> str:
    """What the Authorization header bears; "" for none or anything else."""
    scheme, _, found = request.headers.get("Authorization", "").partition(" ")
    return found.strip() if scheme.lower() == "bearer" else ""


Token = Annotated[str, Depends(token)]


@router.get("/models", operation_id="list_models", summary="모델 목록", responses=_ERRORS)
async def list_models(desk: Desk, bears: Token) -> ModelList:
    """상담 창구(orchestrator)와, 설정된 언어 모델만(passthrough)이에요."""
    await run_in_threadpool(OpenAIChat(desk).asker, bears)
    return ModelList(data=[_model(name) for name in MODELS])


@router.get(
    "/models/{model:path}",  # other makers' names have slashes
    operation_id="get_model",
    summary="모델",
    response_model=Model,
    responses=_ERRORS,
)
async def get_model(model: str, request: Request, desk: Desk, bears: Token) -> Response | Model:
    """모델 하나예요."""
    await run_in_threadpool(OpenAIChat(desk).asker, bears)
    try:
        return _model(model_of(model))
    except NotFound as error:
        return _no_model(request, error)


@router.post(
    "/chat/completions",
    operation_id="create_chat_completion",
    summary="답변 만들기",
    response_model=Completion,
    responses=_ERRORS
    | {200: {"content": {"text/event-stream": {"schema": _CHUNK, "example": _STREAM}}}},
)
async def create_chat_completion(
    body: CompletionRequest,
    request: Request,
    desk: Desk,
    address: From,
    bears: Token,
    x_openwebui_user_email: Annotated[str | None, Header(description="고객의 이메일")] = None,
) -> Any:
    """상담 창구의 답변이에요. model이 passthrough면 설정된 언어 모델이 바로 답해요.

    요청마다 대화 전체를 보내요. 이미 아는 대화면 그 대화를 이어 가요.
    """
    chat = OpenAIChat(desk)
    asker = await run_in_threadpool(chat.asker, bears, _named(x_openwebui_user_email, body.user))
    try:
        model = model_of(body.model)
    except NotFound as error:
        return _no_model(request, error)
    require(asker, model)
    call = _Call(chat, asker, body, request, model, address)
    if model != ORCHESTRATOR:
        cancel = threading.Event()
        complete = partial(
            chat.complete, asker, call.said, address=address, cancel=cancel, **body.wishes
        )
        photos = any(one.pictures for one in call.said)
        pieces = await (in_photo_thread(complete) if photos else run_in_threadpool(complete))
        return await call.text(pieces, cancel.set)
    hidden = await run_in_threadpool(chat.hidden, asker, call.said, address=address)
    return await (call.turn() if hidden is None else call.text(iter([hidden])))


class _Call:
    """One request for a reply, answered whole or as a stream."""

    def __init__(
        self,
        chat: OpenAIChat,
        asker: Asker,
        body: CompletionRequest,
        request: Request,
        model: str,
        address: str,
    ) -> None:
        self.said: list[Said] = said(body.messages)
        self._chat, self._asker, self._body = chat, asker, body
        self._request, self._address = request, address
        self._settings = chat.desk.settings
        self._head: dict[str, Any] = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(chat.desk.clock().timestamp()),
            "model": model,
        }

    async def turn(self) -> Response | Completion:
        """The desk's turn."""
        begin = partial(self._chat.begin, self._asker, self.said, address=self._address)
        asked = [one for one in self.said if one.role == "user"]
        photos = bool(asked and asked[-1].pictures)
        begun = await (in_photo_thread(begin) if photos else run_in_threadpool(begin))
        reply = Reply(self._chat, begun, str(self._request.base_url))
        events = follow(
            self._request, begun, heartbeat_s=self._settings.sse_heartbeat_s,
            timeout_s=self._settings.turn_timeout_s,
        )  # fmt: skip
        if not self._body.stream:
            async for one in events:
                if isinstance(one, Delta):
                    reply.add(one.text)
            await reply.close()
            return self._whole(Answer(content=reply.text, annotations=reply.annotations),
                               counted(reply.usage))  # fmt: skip
        first = await anext(events, None)
        if isinstance(first, ErrorEvent):  # nothing has begun: an ordinary error
            raise TurnFailed.of(first)
        return response(reply_chunks(reply, after(first, events), self._chunks, self._tell))

    async def text(
        self, pieces: Iterator[str | Finished], leave: Callable[[], None] = lambda: None
    ) -> Response | Completion:
        """A text that comes from elsewhere: a model's, or a hidden call's answer.

        ``leave`` is called when nobody waits for it any more.
        """
        items = watched(
            self._request, pieces, heartbeat_s=self._settings.sse_heartbeat_s, leave=leave
        )
        if self._body.stream:
            items = after(await anext(items, None), items)  # a failure now is an ordinary error
            return response(text_chunks(items, self._chunks, self.said, self._tell))
        whole, end = "", Finished("stop", None)
        async for piece in items:
            if isinstance(piece, str):
                whole += piece
            elif piece is not None:
                end = piece
        usage = counted(usage_of(self.said, whole, end.usage))
        return self._whole(Answer(content=whole), usage, end.reason)

    @property
    def _chunks(self) -> Chunks:
        return Chunks(self._head, usage=self._body.wants_usage)

    @property
    def _tell(self) -> Tell:
        """An error in the stream is the body it would have had as a response."""

        def tell(error: SangdamError) -> str:
            told = answer(self._request, error.http_status, error.code, error.message)
            return f"data: {bytes(told.body).decode()}\n\n"

        return tell

    def _whole(self, message: Answer, usage: dict[str, int], reason: str = "stop") -> Completion:
        choice = Choice(message=message, finish_reason=reason)
        return Completion(**self._head, choices=[choice], usage=Usage(**usage))


def _named(header: str | None, field: str | None) -> str:
    """The customer a request names. A header is never overruled, not even an empty one.

    Open WebUI sends addresses as they are; only one that was encoded whole has no "@". To
    decode any other would make "%6dinji@…", which somebody else may own, minji's.
    """
    if header is None:
        return field or ""
    return header if "@" in header else unquote(header)


def _model(name: str) -> Model:
    return Model(id=name, created=CREATED, name=MODELS[name])


def _no_model(request: Request, error: NotFound) -> JSONResponse:
    return answer(request, 404, error.code, error.message, param="model")
