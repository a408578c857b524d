"""The events of ``POST /api/chat/stream`` read back as the agent's own (http.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agent.types import (
    Card,
    CardEvent,
    Citation,
    CitationEvent,
    Delta,
    Done,
    ErrorEvent,
    Event,
    Message,
    PendingActionEvent,
    PendingActionView,
    Status,
)
from errors import Unavailable

__all__ = ["STRANGE", "event_of"]

STRANGE = "서버의 답을 읽지 못했어요. 서버와 이 프로그램의 판이 같은지 확인해 주세요."
_KINDS: dict[str, type[Any]] = {
    "status": Status, "delta": Delta, "citation": Citation, "card": Card,
    "pending_action": PendingActionView, "message": Message,
}  # fmt: skip


def event_of(name: str, data: str) -> Event | None:
    """The event called ``name`` with the JSON ``data``; None for a name not known here.

    Fields not known here are left out. Raises Unavailable for data that does not fit.
    """
    try:
        if name == "error":
            told = TypeAdapter(dict[str, Any]).validate_json(data)
            return ErrorEvent(str(told["code"]), str(told["detail"]))
        if name == "done":
            return Done(TypeAdapter(dict[str, datetime]).validate_json(data)["at"])
        if name not in _KINDS:
            return None
        value = TypeAdapter(_KINDS[name]).validate_json(data)
    except (ValidationError, KeyError) as error:
        raise Unavailable(STRANGE, code="bad_answer") from error
    match value:
        case Citation():
            return CitationEvent(value)
        case Card():
            return CardEvent(value)
        case PendingActionView():
            return PendingActionEvent(value)
    event: Event = value
    return event
