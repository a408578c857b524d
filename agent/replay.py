"""A past turn played again by today's agent, in a sandbox that nothing leaves.

The chat is put back to where it was before the turn and the clock to the turn's moment. Orders,
claims and the catalogue are as they are now. What the store held masked stays masked.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.conversations import guest_hash
from agent.core import run_turn
from agent.desk import Desk
from agent.types import Caller, ErrorEvent, Event, Message, Source
from store import traces
from store.database import dump
from store.models import from_text
from store.sandbox import Before, Sandbox, Scope, rewind

__all__ = ["Recorded", "Replayed", "play"]

log = logging.getLogger("sangdam.turn")
BLOCKED = "이 대화는 되돌려 볼 수 없는 내용을 바꾸려고 해서 멈췄어요. 바뀐 것은 없어요."
FAILED = "다시 해 보는 중에 오류가 났어요({kind}). 바뀐 것은 없어요."


@dataclass(frozen=True, slots=True)
class Recorded:
    """What of a past turn is needed to play it again. ``caller`` is None for a guest.

    ``message_seq`` is the last message before it; ``trace`` is None where none was kept: then
    the chat begins without a memory.
    """

    turn_id: str
    conversation_id: str
    at: str
    message_seq: int
    text: str
    images: tuple[str, ...] = ()
    source: Source = "chat"
    caller: Caller | None = None
    trace: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What today's agent did: its reply as JSON (empty where none came) and its trace."""

    reply: dict[str, Any] = field(default_factory=dict)
    trace: dict[str, Any] = field(default_factory=dict)
    error: str = ""


def play(desk: Desk, path: Path, turn: Recorded) -> Replayed:
    """Run a turn again. Models that are configured are asked anew, which costs.

    Whatever the turn would write stays in the sandbox over the database at ``path``.
    """
    caller = turn.caller or Caller(guest_key=f"replay:{turn.turn_id}")
    scope = Scope(turn.conversation_id, caller.user_id, caller.is_staff)
    with Sandbox(path, scope) as sandbox:
        with sandbox.write() as tx:
            rewind(tx, scope, _before(turn, caller))
        moment = from_text(turn.at)
        again = replace(
            desk, database=sandbox, clock=lambda: moment, traces=True,
            llm=desk.llm and desk.llm.untied(),  # the customer's books stay the customer's
        )  # fmt: skip
        events: Any = run_turn(
            again, caller, turn.text, session_id=turn.conversation_id, image_ids=turn.images,
            confirm=_confirmed(turn), source=turn.source,
        )  # fmt: skip
        return _played(sandbox, events, turn)


def _played(sandbox: Sandbox, events: Generator[Event, None, None], turn: Recorded) -> Replayed:
    reply: dict[str, Any] = {}
    error = ""
    try:
        with closing(events):
            for event in events:
                if isinstance(event, Message):
                    reply = json.loads(dump(event.as_json()))
                elif isinstance(event, ErrorEvent):
                    error = event.text
    except Exception as failure:  # of a turn that ended in an error, just this is looked into
        blocked = isinstance(failure, sqlite3.OperationalError) and "readonly" in str(failure)
        error = BLOCKED if blocked else FAILED.format(kind=type(failure).__name__)
        log.warning("turn %s could not be played again", turn.turn_id, exc_info=failure)
    with sandbox.read() as tx:
        trace = traces.newest(tx, turn.conversation_id)
    return Replayed(reply, trace or {}, error)


def _before(turn: Recorded, caller: Caller) -> Before:
    kept = (turn.trace or {}).get("before", {})
    return Before(
        at=turn.at,
        message_seq=turn.message_seq,
        context=dump(kept.get("context", {})),
        pending=kept.get("pending"),
        answerer=kept.get("answerer", "agent"),
        fresh_from=kept.get("fresh_from", 0),
        guest_hash=guest_hash(caller, turn.conversation_id),
    )


def _confirmed(turn: Recorded) -> str | None:
    found: str | None = (turn.trace or {}).get("input", {}).get("confirm")
    return found
