"""Conversations: begin one, list, look, read, delete; opinions on a reply."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response

from agent.types import Caller
from api.calls import LOGIN, OPTIONAL, Anyone, Desk, SignedIn
from api.problems import problems
from api.schemas.base import Id, Limit, Page, PathId, PlaceCursor
from api.schemas.chat import Card, Citation, TokenUsage
from api.schemas.sessions import (
    AnswererRequest,
    FeedbackRequest,
    Messages,
    NewSession,
    Session,
    SessionRequest,
    StoredMessage,
)
from errors import NotSignedIn
from services.sessions import Sessions

__all__ = ["Somebody", "router"]

router = APIRouter(prefix="/api", tags=["대화"])


def somebody(caller: Anyone) -> Caller:
    """An account or a guest with a token. Raises NotSignedIn."""
    if caller.user_id is None and not caller.guest_key:
        raise NotSignedIn(LOGIN)
    return caller


Somebody = Annotated[Caller, Depends(somebody)]


def holder(session_id: PathId, caller: Anyone, desk: Desk) -> Caller:
    """Somebody; or nobody, whose chat began without a token and is known by its id alone."""
    try:
        return somebody(caller)
    except NotSignedIn:
        if Sessions(desk).is_open(session_id):
            return caller
        raise


Holder = Annotated[Caller, Depends(holder)]


@router.post("/sessions", operation_id="create_session", summary="대화 시작하기", status_code=201,
             openapi_extra=OPTIONAL)  # fmt: skip
def create_session(
    caller: Anyone, desk: Desk, body: Annotated[SessionRequest | None, Body()] = None
) -> NewSession:
    """빈 대화를 만들어요.

    토큰 없이 부르면 비회원이 되고, 그 대화는 함께 온 access_token으로만 열려요. 이미 받은 비회원
    토큰이나 로그인한 토큰으로 부르면 access_token, token_type, expires_in은 null이에요.
    """
    made = Sessions(desk).open(caller, (body and body.metadata) or {})
    kept = made.conversation
    return NewSession(
        session_id=kept.conversation_id, created_at=kept.created_at, metadata=kept.metadata,
        access_token=made.token, token_type="bearer" if made.token else None,
        expires_in=made.expires_in,
    )  # fmt: skip


@router.get(
    "/sessions",
    operation_id="list_sessions",
    summary="대화 목록",
    responses=problems(400, 404),
)
def list_sessions(
    caller: Somebody,
    desk: Desk,
    user_id: Annotated[Id | None, Query(description="담당자만: 어느 고객의 대화인지")] = None,
    limit: Limit = 20,
    cursor: PlaceCursor = None,
) -> Page[Session]:
    """자기 대화를 마지막으로 쓴 것부터 보여요."""
    found = Sessions(desk).page(caller, user_id=user_id, limit=limit, cursor=cursor)
    return Page[Session].model_validate(found)


@router.get(
    "/sessions/{session_id}",
    operation_id="get_session",
    openapi_extra=OPTIONAL,
    summary="대화 보기",
    responses=problems(404),
)
def get_session(session_id: PathId, caller: Holder, desk: Desk) -> Session:
    """제목과 시각, 지금 답하는 쪽, 함께 둔 metadata예요."""
    return Session.model_validate(Sessions(desk).get(caller, session_id))


@router.post(
    "/sessions/{session_id}/answerer",
    operation_id="set_answerer",
    summary="답하는 쪽 바꾸기",
    responses=problems(404, 409),
)
def set_answerer(
    session_id: PathId, body: AnswererRequest, caller: SignedIn, desk: Desk
) -> Session:
    """상담원(person)을 고르면 문의가 만들어지고 상담 도우미는 조용히 있어요. agent는 되돌려요.

    대화의 고객과 담당자만 할 수 있어요. 이미 그쪽이 답하고 있으면 아무것도 바뀌지 않아요.
    """
    sessions = Sessions(desk)
    sessions.hand(caller, session_id, body.to, source="api")
    return Session.model_validate(sessions.get(caller, session_id))


@router.get(
    "/sessions/{session_id}/messages",
    operation_id="list_messages",
    openapi_extra=OPTIONAL,
    summary="대화 내용 보기",
    responses=problems(404),
)
def list_messages(
    session_id: PathId,
    caller: Holder,
    desk: Desk,
    limit: Annotated[int, Query(ge=1, le=100, description="마지막 몇 개")] = 50,
) -> Messages:
    """마지막 메시지들을 오래된 것부터 보여요. 답하는 쪽이 바뀐 일도 system 메시지로 있어요."""
    found = Sessions(desk).messages(caller, session_id, limit=limit)
    return Messages(messages=[_message(one) for one in found])


@router.delete(
    "/sessions/{session_id}",
    operation_id="delete_session",
    openapi_extra=OPTIONAL,
    summary="대화 지우기",
    status_code=204,
    responses=problems(404),
)
def delete_session(session_id: PathId, caller: Holder, desk: Desk) -> Response:
    """메시지와 사진까지 지워요. 문의와 신청은 남아요."""
    desk.delete_conversation(caller, session_id)
    return Response(status_code=204)


@router.post(
    "/messages/{message_id}/feedback",
    operation_id="rate_message",
    summary="답변 평가하기",
    status_code=204,
    responses=problems(404),
)
def rate_message(
    message_id: PathId, body: FeedbackRequest, caller: Somebody, desk: Desk
) -> Response:
    """상담 창구의 답변이 도움이 됐는지 남겨요. 다시 보내면 바뀌어요."""
    desk.rate(caller, message_id, good=body.good, reason=body.reason)
    return Response(status_code=204)


def _message(stored: Any) -> StoredMessage:
    told = stored.payload
    return StoredMessage(
        message_id=stored.message_id, turn_id=stored.turn_id, role=stored.role,
        content=stored.content, created_at=stored.created_at,
        name=told.get("name") if stored.role == "staff" else None, event=told.get("event"),
        token_usage=TokenUsage.model_validate(told.get("token_usage") or _NO_TOKENS),
        citations=[Citation.model_validate(one) for one in told.get("citations") or ()],
        cards=[Card.model_validate(one) for one in told.get("cards") or ()],
        intent=told.get("intent"), handoff=bool(told.get("handoff")),
        ticket_id=told.get("ticket_id"),
    )  # fmt: skip


_NO_TOKENS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
