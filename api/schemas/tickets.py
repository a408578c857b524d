"""Tickets: in a list, with their history, and what changes them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, Field, model_validator

from api.schemas.base import (
    BODY,
    WORDS,
    Id,
    IssueType,
    Language,
    Priority,
    Record,
    Sentiment,
    Tables,
    TicketStatus,
    Time,
    Version,
)
from services import words

__all__ = [
    "ResolveRequest",
    "TicketChange",
    "TicketDetail",
    "TicketEvent",
    "TicketMessage",
    "TicketRequest",
    "TicketSummary",
]

Words = Annotated[str, Field(min_length=1, max_length=4000, pattern=WORDS)]
Tag = Annotated[str, Field(min_length=1, max_length=20, pattern=WORDS)]


class TicketEvent(Record):
    """One entry of the history; customers see no internal ones."""

    at: Time
    kind: str = Field(examples=["created"])
    text: str
    internal: bool
    actor_id: str | None = Field(description="담당자에게만 보여요. null은 프로그램이 한 일이에요")
    actor_name: str
    actor_role: str
    before: dict[str, Any] = Field(description="바뀐 항목의 이전 값. 고객에게는 상태만 보여요")
    after: dict[str, Any]


class TicketSummary(Record):
    """A ticket as a list shows it."""

    KOREAN: ClassVar[Tables] = {
        "issue_type": words.ISSUE_TYPE, "priority": words.PRIORITY, "status": words.TICKET_STATUS,
    }  # fmt: skip

    ticket_id: str = Field(examples=["T20261120-0001"])
    user_id: str = Field(examples=["user_001"])
    order_id: str | None
    claim_id: str | None
    session_id: str | None = Field(validation_alias="conversation_id")
    issue_type: IssueType
    issue_type_ko: str = Field("", examples=["배송"])
    priority: Priority
    priority_ko: str = Field("", examples=["보통"])
    status: TicketStatus
    status_ko: str = Field("", examples=["접수"])
    subject: str
    description: str
    resolution: str
    assignee_id: str | None = Field(description="담당자에게만 보여요")
    tags: list[str] = Field(description="담당자에게만 보여요")
    sentiment: Sentiment | None = Field(description="고객의 기분. 담당자에게만 보여요")
    language: Language | None = Field(description="고객이 쓴 언어. 담당자에게만 보여요")
    summary: str | None = Field(description="한 줄 요약. 담당자에게만 보여요")
    first_response_due: str | None
    resolution_due: str | None
    first_responded_at: str | None
    resolved_at: str | None
    closed_at: str | None
    waiting_since: str | None
    created_at: Time
    updated_at: Time
    version: int

    def for_customer(self) -> Self:
        """Without what is the staff's."""
        staffs = dict.fromkeys(("assignee_id", "sentiment", "language", "summary"))
        return self.model_copy(update={**staffs, "tags": []})


class TicketDetail(TicketSummary):
    """A ticket with its history, oldest first."""

    events: list[TicketEvent]

    def for_customer(self) -> Self:
        """Without what is the staff's."""
        seen = [
            event.model_copy(
                update={"actor_id": None, "before": _state(event.before),
                        "after": _state(event.after)}
            )
            for event in self.events
            if not event.internal
        ]  # fmt: skip
        return super().for_customer().model_copy(update={"events": seen})


def _state(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in change.items() if name == "status"}


class TicketRequest(BaseModel):
    """A matter for a person."""

    model_config = BODY

    issue_type: IssueType
    description: Words = Field(examples=["이틀째 배송이 멈춰 있어요."])
    subject: str = Field("", max_length=100, pattern=r"^[^\x00]*$", examples=["배송 문의"])
    priority: Priority | None = Field(
        None, description="없으면 normal. 고객의 urgent는 high로 접수돼요"
    )
    order_id: Id | None = Field(None, examples=["20261116-0000010"])
    claim_id: Id | None = Field(None, examples=[None])
    customer_id: Id | None = Field(
        None, description="담당자만: 어느 고객의 문의인지", examples=[None]
    )


class TicketChange(BaseModel):
    """What is to change; an order or claim that is null is taken off."""

    model_config = BODY

    version: Version
    priority: Priority | None = None
    issue_type: IssueType | None = None
    subject: Annotated[str, Field(min_length=1, max_length=100, pattern=WORDS)] | None = None
    tags: list[Tag] | None = Field(None, max_length=10)
    order_id: Id | None = None
    claim_id: Id | None = None
    sentiment: Sentiment | None = None
    language: Language | None = None
    summary: Annotated[str, Field(min_length=1, max_length=120, pattern=WORDS)] | None = None
    assignee_id: Id | None = None
    status: TicketStatus | None = Field(
        None, description="in_progress, waiting_customer, closed. 해결은 …/resolve로 보내요"
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        given = self.model_fields_set - {"version"}
        if not any(
            name in ("order_id", "claim_id") or getattr(self, name) is not None for name in given
        ):
            raise ValueError("바꿀 항목을 하나 이상 보내 주세요.")
        return self

    def changes(self) -> dict[str, Any]:
        """The arguments of the change; "" takes an order or a claim off."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return {
            name: "" if name in ("order_id", "claim_id") and value is None else value
            for name, value in given.items()
        }


class ResolveRequest(BaseModel):
    """How the matter was solved; the customer reads it."""

    model_config = BODY

    resolution: Words = Field(examples=["배송사에 확인해 오늘 배송하기로 했어요."])
    version: Version


class TicketMessage(BaseModel):
    """What the customer writes to the desk."""

    model_config = BODY

    text: Words = Field(examples=["아직 안 왔어요."])
