"""``data/models/triage.npz``: one vocabulary, three heads of one byte a weight, no pickle.

A head is a linear classifier over the features of ``agent.understanding.features``: one for the
issue type, one for the priority, one for the sentiment. Read with numpy alone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from agent.understanding.classifier import softmax
from agent.understanding.features import Indices, Vocabulary
from agent.understanding.ports import FloatArray
from errors import Unavailable

__all__ = ["HEADS", "MODEL_PATH", "Head", "TriageModel", "load_model", "read_hash"]

MODEL_PATH = Path(__file__).resolve().parents[2] / "data" / "models" / "triage.npz"
HEADS = ("issue_type", "priority", "sentiment")
_BLOCKS = ("jamo", "morphemes", "syllables")
_BROKEN = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


@dataclass(frozen=True, slots=True)
class Head:
    """One question's answer: ``sparse`` (F, C), ``dense`` (D, C), ``intercept`` (C,).

    Scores are divided by ``temperature`` before the softmax.
    """

    classes: tuple[str, ...]
    sparse: FloatArray
    dense: FloatArray
    intercept: FloatArray
    temperature: float

    def probabilities(self, row: tuple[Indices, FloatArray], vector: FloatArray) -> FloatArray:
        """Of every class (C,), for one text's columns and values, and its vector (D,)."""
        columns, values = row
        scores = values @ self.sparse[columns] + vector @ self.dense + self.intercept
        return softmax(scores / self.temperature)


@dataclass(frozen=True, slots=True)
class TriageModel:
    """What training finds out; ``content_hash`` names what it was trained from."""

    vocabulary: Vocabulary
    heads: Mapping[str, Head]
    content_hash: str

    def save(self, path: Path) -> None:
        """Write the model, replacing ``path`` in one step. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {
            name: {"classes": head.classes, "temperature": head.temperature}
            for name, head in self.heads.items()
        }
        arrays = {
            "head": _bytes(json.dumps({"heads": told, "content_hash": self.content_hash})),
            "idf": self.vocabulary.idf.astype(np.float16),
            **{
                name: _bytes("\n".join(block))
                for name, block in zip(_BLOCKS, self.vocabulary.blocks, strict=True)
            },
        }
        for name, head in self.heads.items():
            scale = np.abs(head.sparse).max(axis=0) / 127 + np.float32(1e-12)
            arrays[f"{name}_scale"] = scale.astype(np.float32)
            arrays[f"{name}_sparse"] = np.rint(head.sparse / scale).astype(np.int8)
            arrays[f"{name}_dense"] = head.dense.astype(np.float16)
            arrays[f"{name}_intercept"] = head.intercept.astype(np.float32)
        draft = path.with_name(f".{path.stem}.draft.npz")  # numpy appends .npz otherwise
        try:
            np.savez_compressed(draft, **arrays)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@lru_cache(maxsize=4)
def load_model(path: Path = MODEL_PATH) -> TriageModel:
    """Read a model, once a process. Raises Unavailable when it is missing or not a model."""
    try:
        # numpy leaves a file open that it opened and could not read.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return _of(arrays)
    except _BROKEN as error:
        raise Unavailable(
            f"문의 분류 모델을 읽을 수 없습니다({path}). "
            "`python -m agent triage train`으로 다시 만들어 주세요.",
            code="triage_model_unavailable",
        ) from error


def read_hash(path: Path) -> str | None:
    """The ``content_hash`` of the model at ``path``; None when there is no readable model."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return str(json.loads(_text(arrays["head"]))["content_hash"])
    except _BROKEN:
        return None


def _of(arrays: Any) -> TriageModel:
    told = json.loads(_text(arrays["head"]))
    blocks = [_text(arrays[name]).split("\n") for name in _BLOCKS]
    heads = {
        name: Head(
            tuple(row["classes"]),
            arrays[f"{name}_sparse"].astype(np.float32) * arrays[f"{name}_scale"],
            arrays[f"{name}_dense"].astype(np.float32),
            arrays[f"{name}_intercept"],
            float(row["temperature"]),
        )
        for name, row in told["heads"].items()
    }
    if tuple(heads) != HEADS:
        raise ValueError("the model has other heads")
    vocabulary = Vocabulary.of(blocks, arrays["idf"].astype(np.float32))
    return TriageModel(vocabulary, heads, str(told["content_hash"]))


def _bytes(text: str) -> Any:
    return np.frombuffer(text.encode("utf-8"), dtype=np.uint8)


def _text(array: Any) -> str:
    return bytes(array).decode("utf-8")
