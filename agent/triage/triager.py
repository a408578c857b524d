"""The offline triage of a text: classifier, safety words, script of the letters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from agent.triage.language import language_of
from agent.triage.model import MODEL_PATH, TriageModel, load_model
from agent.triage.safety import danger
from agent.triage.text import customer_lines
from agent.triage.types import Guess, TriageGuess
from agent.triage.wish import matters
from agent.understanding.features import Indices, document, vectors
from agent.understanding.ports import Encoder, FloatArray, Tokenizer
from agent.understanding.text import simplify

__all__ = ["DANGER_CONFIDENCE", "Triager"]

DANGER_CONFIDENCE = 0.95  # of the safety words: their sentences are right that often (docs)
_SHORTEST_LAST = 10  # letters of a last line that can tell a mood by itself
_UNSAID = TriageGuess(
    Guess("other", 0.0), Guess("normal", 0.0), Guess("neutral", 0.0), Guess("ko", 0.0)
)
Features = tuple[tuple[Indices, FloatArray], FloatArray]


class Triager:
    """Guesses about texts; safe to share between threads. 2–6 ms, long texts are shortened.

    Raises Unavailable when the model at ``path`` is missing or broken.
    """

    def __init__(self, tokenizer: Tokenizer, encoder: Encoder, path: Path = MODEL_PATH) -> None:
        self._model: TriageModel = load_model(path)
        self._tokenizer = tokenizer
        self._encoder = encoder

    def __call__(self, text: str) -> TriageGuess:
        """Every finding; of a transcript only what the customer said counts."""
        lines = customer_lines(text)
        said = "\n".join(matters(lines))
        if not any(char.isalnum() for char in said):
            return _UNSAID
        whole = self._features(said)
        # The mood is that of the last words: a chat may begin in good faith.
        last = lines[-1] if len(lines) > 1 and len(lines[-1]) >= _SHORTEST_LAST else ""
        priority = self._best("priority", whole)
        if danger(text):
            priority = Guess("urgent", DANGER_CONFIDENCE)
        return TriageGuess(
            self._best("issue_type", whole),
            priority,
            self._best("sentiment", self._features(last) if last else whole),
            language_of(said),
        )

    def issue_scores(self, text: str) -> dict[str, float]:
        """The probability of every issue type; they sum to 1."""
        head = self._model.heads["issue_type"]
        probabilities = head.probabilities(*self._features(text))
        return dict(zip(head.classes, map(float, probabilities), strict=True))

    def _features(self, text: str) -> Features:
        simple = simplify(text)
        row = self._model.vocabulary.row(document(simple, self._tokenizer))
        return row, vectors([simple], self._encoder)[0]

    def _best(self, name: str, features: Features) -> Guess:
        head = self._model.heads[name]
        probabilities = head.probabilities(*features)
        at = int(np.argmax(probabilities))
        return Guess(head.classes[at], round(float(probabilities[at]), 3))
