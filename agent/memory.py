"""What a conversation remembers between turns, with a time to live.

Kept as JSON with the conversation, so a reload, another device or a restart goes on where
it was. Only ids and short words are kept; the truth stays in the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from agent.llm.usage import text_tokens
from store.models import from_text

__all__ = ["SPEAKER", "Asking", "Context", "compact", "recall", "within"]

SPEAKER = {"user": "고객", "assistant": "상담", "staff": "담당자"}
HISTORY_TURNS = 6
HISTORY_CHARS = 1200


@dataclass(frozen=True, slots=True)
class Asking:
    """The question the desk is waiting on: which slot of which intent, and what is known.

    ``choices`` are the ids that were offered, in the order shown.
    """

    intent: str
    slot: str
    choices: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """One conversation's memory. ``orders`` and ``products`` are what was last shown.

    ``offered`` is the action the desk's last message asked a yes for, ``last_action`` the one
    it reported done: a typed "네" means these and nothing older. ``unanswered``: the policies
    held no answer to the last question.
    """

    asking: Asking | None = None
    intent: str = ""
    order_id: str = ""
    orders: tuple[str, ...] = ()
    product_id: str = ""
    products: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    offered: str = ""
    last_action: str = ""
    ticket_id: str = ""
    unanswered: bool = False

    @classmethod
    def load(
        cls, data: dict[str, Any], at: str | None, *, now: datetime, ttl: timedelta
    ) -> Context:
        """From the store; empty once ``ttl`` is over (a guest proves an order again)."""
        if not data:
            return cls()
        if at is None or now - from_text(at) > ttl:
            return cls()
        asking = data.get("asking")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data.items()
            if name in cls.__slots__ and name != "asking"
        }
        if asking:
            asking = Asking(**{**asking, "choices": tuple(asking["choices"])})
        return cls(asking=asking, **values)

    def dump(self) -> dict[str, Any]:
        """Plain values for the store, empty ones left out."""
        return {name: value for name, value in asdict(self).items() if value}

    def change(self, **changes: Any) -> Context:
        """A copy with ``changes``."""
        return replace(self, **changes)


def compact(messages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The last turns of (role, text), short enough for a model or a ticket's summary.

    Keeps at most HISTORY_TURNS turns and HISTORY_CHARS characters, oldest first,
    each message cut at 300 characters.
    """
    kept: list[tuple[str, str]] = []
    left = HISTORY_CHARS
    for role, text in reversed(messages[-2 * HISTORY_TURNS :]):
        short = text if len(text) <= 300 else text[:299] + "…"
        if len(short) > left:
            break
        left -= len(short)
        kept.append((role, short))
    return kept[::-1]


def within(messages: Sequence[tuple[str, str]], tokens: int) -> int:
    """How many of the newest (role, text) pairs fit into ``tokens`` (estimated)."""
    kept = 0
    for _, text in reversed(messages):
        tokens -= text_tokens(text)
        if tokens < 0:
            break
        kept += 1
    return kept


def recall(summary: str, messages: Sequence[tuple[str, str]], tokens: int) -> str:
    """What a model is told of the conversation: the stored summary of its older part, and as
    many of the newest (role, text) pairs as fit into ``tokens`` (estimated), oldest first."""
    kept = within(messages, tokens)
    lines = [f"{SPEAKER.get(role, role)}: {text}" for role, text in messages[-kept:] if kept]
    return "\n".join([f"(앞선 대화 요약) {summary}"] * bool(summary) + lines)
