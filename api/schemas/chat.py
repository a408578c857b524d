"""A message and its answer (http.md, POST /api/chat)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.types import MOST_PHOTOS
from api.schemas.base import Id

__all__ = [
    "Card",
    "CardAction",
    "ChatAnswer",
    "ChatRequest",
    "Citation",
    "PendingAction",
    "TokenUsage",
]


class ChatRequest(BaseModel):
    """What the customer says, or the pending action they confirm."""

    model_config = ConfigDict(
        strict=True, json_schema_extra={"examples": [{"message": "반품 배송비는 누가 내요?"}]}
    )

    message: str = Field(max_length=100_000, description="4,000자까지 (설정 max_message_chars)")
    session_id: Id | None = Field(None, description="이어 갈 대화. 없으면 새 대화예요.")
    # Six photos are told as a page tells them, not as a wrong body: the agent counts them.
    image_ids: list[Id] | None = Field(
        None, max_length=100, description=f"POST /api/images의 사진, {MOST_PHOTOS}장까지"
    )
    confirm: Id | None = Field(None, description="확인하는 변경의 action_id")


class Citation(BaseModel):
    """A policy clause the answer rests on."""

    chunk_id: str = Field(examples=["return_period#2"])
    title: str = Field(examples=["반품·교환 안내"])
    section: str = Field(examples=["반품 배송비"])
    quote: str


class CardAction(BaseModel):
    """A button: pressing it sends ``message``."""

    label: str
    message: str


class Card(BaseModel):
    """Something shown beside the answer; ``data`` depends on ``type``."""

    type: Literal["order", "product", "claim", "ticket", "choice", "photo_report"]
    id: str
    title: str
    data: dict[str, Any]
    actions: list[CardAction]


class PendingAction(BaseModel):
    """A change that waits for a yes: send its ``action_id`` as ``confirm``, or "네"."""

    action_id: str
    kind: str = Field(examples=["cancel_order"])
    summary: str
    rows: list[tuple[str, str]] = Field(description="무엇을 얼마에 하는지: [이름, 값]")
    expires_at: str
    status: str = Field(examples=["pending"])


class TokenUsage(BaseModel):
    """Tokens a language model used; zero without one."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatAnswer(BaseModel):
    """The desk's answer."""

    session_id: str
    message_id: str
    role: Literal["assistant"]
    content: str = Field(examples=["단순 변심이면 반품 배송비는 고객님이 내세요."])
    answer: str = Field(description="content와 같아요")
    created_at: str = Field(examples=["2026-11-20T03:00:00.000Z"])
    intent: str = Field(examples=["policy"])
    confidence: float = Field(ge=0, le=1)
    citations: list[Citation]
    cards: list[Card]
    pending_action: PendingAction | None
    tools_used: list[str]
    handoff: bool
    ticket_id: str | None
    guardrails: list[str]
    provider: str = Field(examples=["offline"])
    model: str = Field(examples=["template"])
    token_usage: TokenUsage
    latency_ms: float = Field(ge=0)
