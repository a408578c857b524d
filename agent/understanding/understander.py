"""Understanding a message: intent by the classifier, slots by rules."""

from __future__ import annotations

from datetime import datetime

from agent.types import Understood
from agent.understanding.classifier import IntentClassifier
from agent.understanding.ports import Tokenizer
from agent.understanding.slots import extract_slots

__all__ = ["ALTERNATIVES", "Understander"]

ALTERNATIVES = 4


class Understander:
    """Understands messages one at a time; keeps no state between them."""

    def __init__(self, classifier: IntentClassifier, tokenizer: Tokenizer) -> None:
        self._classifier = classifier
        self._tokenizer = tokenizer

    def understand(self, text: str, now: datetime) -> Understood:
        """Intent, slots and the runners-up (without the winner, likeliest first).

        ``now`` decides what "어제" means. Raises ValueError when it has no time zone.
        """
        best, *rest = self._classifier.predict(text)
        slots = extract_slots(text, now=now, tokenizer=self._tokenizer)
        return Understood(best.intent, best.confidence, slots, tuple(rest[:ALTERNATIVES]))
