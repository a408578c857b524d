"""The intent classifier: a linear model over ``features``, with calibrated probabilities.

The model is one ``.npz`` (no pickle) and is read with numpy alone. A message takes 1–3 ms.
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agent.types import IntentGuess
from agent.understanding.features import Vocabulary, document, vectors
from agent.understanding.logistic import Weights
from agent.understanding.ports import Encoder, FloatArray, Tokenizer
from agent.understanding.text import simplify
from errors import Unavailable

__all__ = ["IntentClassifier", "Model", "read_model_hash"]

UNCLEAR = "unclear"
_BLOCKS = ("jamo", "morphemes", "syllables")


@dataclass(frozen=True, slots=True)
class Model:
    """What training finds out.

    Scores are divided by ``temperature`` before the softmax; ``content_hash`` names what
    the model was trained from.
    """

    vocabulary: Vocabulary
    classes: tuple[str, ...]
    weights: Weights
    temperature: float
    content_hash: str

    def save(self, path: Path) -> None:
        """Write the model, replacing ``path`` in one step. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        head = {
            "classes": self.classes,
            "temperature": self.temperature,
            "content_hash": self.content_hash,
        }
        arrays = {
            "head": _bytes(json.dumps(head, ensure_ascii=False)),
            **{
                name: _bytes("\n".join(block))
                for name, block in zip(_BLOCKS, self.vocabulary.blocks, strict=True)
            },
            "idf": self.vocabulary.idf,
            # Half the file; the third digit of a weight changes no answer.
            "sparse": self.weights.sparse.astype(np.float16),
            "dense": self.weights.dense,
            "intercept": self.weights.intercept,
        }
        # The name ends in .npz because numpy appends it otherwise.
        draft = path.with_name(f".{path.name}.{os.getpid()}.npz")
        try:
            np.savez_compressed(draft, **arrays)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read a model. Raises Unavailable when the file is missing or not a model."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls._from_arrays(arrays)
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise Unavailable(
                f"의도 분류 모델을 읽을 수 없습니다({path}). "
                "`python -m agent train`으로 다시 만들어 주세요.",
                code="intent_model_unavailable",
            ) from error

    @classmethod
    def _from_arrays(cls, arrays: Any) -> Model:
        head = json.loads(_text(arrays["head"]))
        blocks = [_text(arrays[name]).split("\n") for name in _BLOCKS]
        vocabulary = Vocabulary.of(blocks, arrays["idf"])
        return cls(
            vocabulary,
            tuple(head["classes"]),
            Weights(arrays["sparse"].astype(np.float32), arrays["dense"], arrays["intercept"]),
            float(head["temperature"]),
            str(head["content_hash"]),
        )


def read_model_hash(path: Path) -> str | None:
    """The ``content_hash`` of the model at ``path``; None when there is no readable model."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return str(json.loads(_text(arrays["head"]))["content_hash"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None


class IntentClassifier:
    """Guesses intents. Safe to share between threads when tokenizer and encoder are."""

    def __init__(self, model: Model, tokenizer: Tokenizer, encoder: Encoder) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._encoder = encoder

    @classmethod
    def load(cls, path: Path | str, tokenizer: Tokenizer, encoder: Encoder) -> IntentClassifier:
        """Read the model at ``path``. Raises Unavailable when it is missing or broken."""
        return cls(Model.load(Path(path)), tokenizer, encoder)

    @property
    def classes(self) -> tuple[str, ...]:
        """The intents it can answer, in alphabetical order."""
        return self._model.classes

    def predict(self, text: str) -> tuple[IntentGuess, ...]:
        """Every intent with its probability, likeliest first; the probabilities sum to 1."""
        simple = simplify(text)
        probabilities = self._probabilities(simple)
        order = np.argsort(-probabilities, kind="stable")
        return tuple(IntentGuess(self._model.classes[at], float(probabilities[at])) for at in order)

    def _probabilities(self, simple: str) -> FloatArray:
        model = self._model
        if not any(char.isalnum() for char in simple) and UNCLEAR in model.classes:
            # Nothing but marks or emoji: the model would only answer its prior.
            return np.array([name == UNCLEAR for name in model.classes], dtype=np.float32)
        columns, values = model.vocabulary.row(document(simple, self._tokenizer))
        vector = vectors([simple], self._encoder)[0]
        weights = model.weights
        scores = values @ weights.sparse[columns] + vector @ weights.dense + weights.intercept
        return softmax(scores / model.temperature)


def softmax(scores: Any) -> FloatArray:
    """Probabilities along the last axis, safe for large scores."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def _bytes(text: str) -> Any:
    return np.frombuffer(text.encode("utf-8"), dtype=np.uint8)


def _text(array: Any) -> str:
    return bytes(array).decode("utf-8")
