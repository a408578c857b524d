"""A turn's events as server-sent events.

Each has the id ``<turn_id>.<number>``, counted from 1, so that a client whose connection was
lost can go on where it was. Silence is filled with comments.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any, TypeVar

from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from agent.types import (
    CardEvent,
    CitationEvent,
    Delta,
    Done,
    ErrorEvent,
    Event,
    Message,
    PendingActionEvent,
    Status,
)
from services import LiveTurn

__all__ = ["DOCUMENTED", "after", "of_turn", "response", "stored", "watched"]

Numbered = tuple[int, Event | None]
Events = AsyncGenerator[Numbered, None]
Item = TypeVar("Item")
HEARTBEAT = format_sse_event(comment="ping")
_EXAMPLE = (
    'event: delta\ndata: {"text":"안녕하세요. "}\nid: t_4fK2.2\n\n'
    'event: done\ndata: {"at":"2026-11-20T03:00:00.000Z"}\nid: t_4fK2.9\n\n'
)
_KINDS = ["status", "delta", "citation", "card", "pending_action", "message", "error", "done"]
_ITEM = {  # one of the events: OpenAPI 3.1 has no word for a stream of them
    "type": "object",
    "description": "사건 하나",
    "required": ["event", "data", "id"],
    "properties": {
        "event": {"type": "string", "enum": _KINDS},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "id": {"type": "string", "pattern": r"^t_[\w-]+\.\d+$"},
    },
}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "사건의 흐름",
        "content": {"text/event-stream": {"schema": _ITEM, "example": _EXAMPLE}},
    }
}


def response(chunks: AsyncGenerator[bytes, None] | AsyncGenerator[str, None]) -> StreamingResponse:
    """The stream; no proxy may hold it back."""
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return StreamingResponse(chunks, media_type="text/event-stream", headers=headers)


async def of_turn(turn: LiveTurn, *, silence_s: float) -> Events:
    """A turn's events with their numbers; (0, None) for a heartbeat."""
    number = 0
    async with aclosing(turn.stream(silence_s=silence_s)) as events:
        async for event in events:
            if event is None:
                yield 0, None
            else:
                number += 1
                yield number, event


async def after(first: Item, rest: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    """``rest`` with what was taken from it put back."""
    yield first
    async with aclosing(rest):
        async for one in rest:
            yield one


async def watched(
    turn: LiveTurn, events: Events, *, resume_s: float, seen: int = 0
) -> AsyncGenerator[bytes, None]:
    """The events after the one numbered ``seen`` as bytes.

    A reader that leaves stops the turn, unless one is back after ``resume_s``: a lost
    connection looks like leaving.
    """
    loop = asyncio.get_running_loop()
    try:
        async with aclosing(events):
            async for number, event in events:
                if event is None or number > seen:
                    yield _encode(turn, number, event)
    finally:
        loop.call_later(resume_s, turn.stop_unless_watched)


async def stored(turn_id: str, message: dict[str, Any]) -> AsyncGenerator[bytes, None]:
    """An answer from the store: its message whole, and the end."""
    yield _event("message", message, f"{turn_id}.999998")
    yield _event("done", {"at": message["created_at"]}, f"{turn_id}.999999")


def _encode(turn: LiveTurn, number: int, event: Event | None) -> bytes:
    if event is None:
        return HEARTBEAT
    name, data = _told(event)
    return _event(name, data, f"{turn.turn_id}.{number}" if turn.turn_id else None)


def _event(name: str, data: dict[str, Any], event_id: str | None) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(event=name, data_str=text, id=event_id)


def _told(event: Event) -> tuple[str, dict[str, Any]]:
    match event:
        case Status():
            return "status", asdict(event)
        case Delta():
            return "delta", {"text": event.text}
        case CitationEvent():
            return "citation", asdict(event.citation)
        case CardEvent():
            return "card", asdict(event.card)
        case PendingActionEvent():
            return "pending_action", asdict(event.pending_action)
        case Message():
            return "message", event.as_json()
        case ErrorEvent():
            return "error", {"code": event.code, "detail": event.text}
        case Done():
            at = event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return "done", {"at": at}
