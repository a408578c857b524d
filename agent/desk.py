"""What a turn needs (:class:`Desk`) and what it keeps while it runs (:class:`State`)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from agent.guardrails.novelty import Vocabulary
from agent.llm import Gateway, Spend
from agent.memory import Context
from agent.prompts import Prompts
from agent.shop.rules import Rules
from agent.tools.base import PhotoDesk, PolicySearch, ProductSearch, WeatherProvider
from agent.trace import Trace
from agent.triage import Triage
from agent.turn import Understands
from agent.types import Caller, Source
from store.database import Database
from store.models import Conversation

__all__ = ["Desk", "Limits", "State"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The turn's own limits, from the settings."""

    max_message_chars: int = 4000
    context_ttl: timedelta = timedelta(minutes=60)
    min_confidence: float = 0.4

    @classmethod
    def of(cls, settings: Any) -> Limits:
        """From the settings of the same names."""
        return cls(
            settings.max_message_chars,
            timedelta(minutes=settings.context_ttl_minutes),
            settings.intent_min_percent / 100,
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """What a turn needs; made once by ``services``."""

    database: Database
    rules: Rules
    prompts: Prompts
    understander: Understands
    policy_search: PolicySearch
    product_search: ProductSearch | None = None
    llm: Gateway | None = None
    vocabulary: Vocabulary | None = None
    weather: WeatherProvider | None = None
    triage: Triage | None = None
    photos: PhotoDesk | None = None
    limits: Limits = Limits()
    traces: bool = False  # whether each turn keeps what it did
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(slots=True)
class State:
    """One turn's bookkeeping.

    ``cancel`` is set when nobody waits for the reply any more; ``said`` is what of it has gone
    out; ``spend`` is what the models' calls took.
    """

    caller: Caller
    source: Source
    now: datetime
    started: float
    turn_id: str
    conversation: Conversation
    context: Context
    text: str
    images: tuple[str, ...]
    flags: list[str]
    refused: bool = False
    answered: bool = False
    key_id: str | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    said: str = ""
    first_words_ms: float | None = None
    prompt: str = ""
    spend: Spend = field(default_factory=Spend)
    trace: Trace = field(default_factory=lambda: Trace(0.0, on=False))

    def left_s(self, total_s: float) -> float:
        """What is left of ``total_s`` since the turn began; 0.05 at least (seconds)."""
        return max(0.05, self.started + total_s - perf_counter())
