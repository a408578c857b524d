"""Conversations, what was said in them, opinions, photos."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from api.schemas.base import BODY, Record, Time
from api.schemas.chat import Card, Citation, TokenUsage

__all__ = [
    "AnswererRequest",
    "FeedbackRequest",
    "Image",
    "Messages",
    "NewSession",
    "Session",
    "SessionRequest",
    "StoredMessage",
]

MOST_BYTES = 2048
_Key = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
_Plain = (
    Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
    | bool
    | Annotated[int, Field(ge=-(2**63), lt=2**63)]
    | Annotated[float, Field(allow_inf_nan=False)]
    | None
)
Answerer = Literal["agent", "person"]
_Value = _Plain | list[_Plain] | dict[_Key, _Plain]


def _small(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > MOST_BYTES:
        raise ValueError("metadata는 JSON으로 2KB까지 보낼 수 있어요.")
    return metadata


class SessionRequest(BaseModel):
    """What the client wants to keep with the conversation."""

    model_config = BODY

    metadata: Annotated[dict[_Key, _Value], AfterValidator(_small)] | None = Field(
        default=None, max_length=20, description="20개까지, JSON으로 2KB까지",
        examples=[{"channel": "kiosk"}],
    )  # fmt: skip


class NewSession(BaseModel):
    """A new conversation; the token is a new guest's, null for anybody else."""

    session_id: str = Field(examples=["s_PKZ0Yh2s3vQ1n8aT"])
    created_at: Time
    metadata: dict[str, Any]
    access_token: str | None = Field(description="새 비회원의 토큰. 이 대화는 이것으로만 열려요")
    token_type: Literal["bearer"] | None
    expires_in: int | None = Field(description="토큰이 끝나기까지 초")


class Session(Record):
    """A conversation."""

    session_id: str = Field(validation_alias="conversation_id", examples=["s_PKZ0Yh2s3vQ1n8aT"])
    title: str = Field(description="첫 메시지. 아직 없으면 빈 글자", examples=["반품 배송비"])
    created_at: Time
    updated_at: Time
    metadata: dict[str, Any]
    user_id: str | None = Field(description="비회원의 대화는 null", examples=["user_001"])
    answerer: Answerer = Field(
        description="지금 답하는 쪽: 상담 도우미(agent) 또는 상담원(person)", examples=["agent"]
    )


class AnswererRequest(BaseModel):
    """Who is to answer the conversation from now on."""

    model_config = BODY

    to: Answerer = Field(description="agent 또는 person", examples=["person"])


class StoredMessage(BaseModel):
    """Something that was said, or happened (``system``); ``staff`` is a person of the desk."""

    message_id: str
    turn_id: str | None
    role: Literal["user", "assistant", "staff", "system"]
    content: str
    name: str | None = Field(description="상담원의 이름. 상담원의 메시지가 아니면 null")
    event: str | None = Field(
        description="system 메시지가 알리는 일: handed_over, taken, back_to_agent, resolved, "
        "reopened, claim, done. 나머지는 null",
        examples=["handed_over"],
    )
    created_at: Time
    token_usage: TokenUsage
    citations: list[Citation]
    cards: list[Card]
    intent: str | None
    handoff: bool
    ticket_id: str | None


class Messages(BaseModel):
    """The newest messages of a conversation, oldest first."""

    messages: list[StoredMessage]


class FeedbackRequest(BaseModel):
    """An opinion on one of the desk's messages; a later one replaces it."""

    model_config = BODY

    good: bool
    reason: str = Field("", max_length=500, pattern=r"^[^\x00]*$", examples=["설명이 쉬웠어요"])


class Image(BaseModel):
    """A photo that was stored, without what its file told besides (place, camera)."""

    image_id: str = Field(examples=["img_9wqHkq0pUuEo3vJr"])
    session_id: str = Field(examples=["s_PKZ0Yh2s3vQ1n8aT"])
