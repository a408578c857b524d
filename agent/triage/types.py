"""What triage says of a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Guess", "Triage", "TriageGuess"]


@dataclass(frozen=True, slots=True)
class Guess:
    """One finding and how sure it is (0 to 1)."""

    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class TriageGuess:
    """All findings about one text (``agent.shop.words`` has each one's values)."""

    issue_type: Guess
    priority: Guess
    sentiment: Guess
    language: Guess


class Triage(Protocol):
    """The local classifier; milliseconds, never raises for a text."""

    def __call__(self, text: str) -> TriageGuess: ...
