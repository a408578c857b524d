"""Training ``data/models/triage.npz``: ``python -m agent triage train``.

Trained on ``data/triage/*.yaml`` (whole tickets, every label) and, for the issue type alone, on
the chat messages of ``data/intents`` whose intent has one: many authors' words against the few
of the tickets. Corrections by staff (``--with FILE``) count for the field they correct.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from agent.triage.model import HEADS, Head, TriageModel
from agent.triage.text import customer_words
from agent.understanding import features
from agent.understanding.classifier import softmax
from agent.understanding.features import Document, Vocabulary, document, vectors
from agent.understanding.logistic import Weights, fit
from agent.understanding.measure import macro_f1
from agent.understanding.noise import misspell
from agent.understanding.ports import Encoder, FloatArray, Tokenizer
from agent.understanding.text import simplify
from agent.understanding.training import counts
from errors import BadInput

__all__ = [
    "Example",
    "TrainReport",
    "content_hash",
    "load_examples",
    "read_corrections",
    "train",
]

FOLDS = 4
SEED = 0
INVERSE_REGULARISATION = 20.0
# A gram of fewer documents cannot generalise; the size of the file is chosen by these.
MINIMA = (4, 2, 2)
TEMPERATURES = np.geomspace(0.3, 3.0, 93)
CODE_VERSION = 1  # raise when the meaning of the model's arrays changes
_UNDERSTANDING = Path(features.__file__).parent
# Their source is part of the hash, so that nobody has to remember to raise a number.
_SOURCES = (
    _UNDERSTANDING / "text.py", _UNDERSTANDING / "keyboard.py", _UNDERSTANDING / "shorthand.yaml",
    _UNDERSTANDING / "features.py", _UNDERSTANDING / "noise.py", _UNDERSTANDING / "logistic.py",
    Path(__file__).with_name("text.py"),
)  # fmt: skip
# Intents that tell the issue type. Not those of change_order: half of them are about payment or
# delivery, and "other" would outnumber every type.
_TYPE_OF = {
    "delivery": "delivery", "order_status": "delivery", "cancel": "cancel",
    "return_exchange": "return_exchange", "defect": "defect", "refund_status": "refund",
    "complaint": "complaint", "payment": "payment", "account": "account",
    "product_info": "product", "handoff": "other", "smalltalk": "other",
}  # fmt: skip
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its labels by head; a head it says nothing about is missing."""

    text: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class TrainReport:
    """How training went; macro-F1 (0 to 1) a head, of tickets their fold had not seen."""

    tickets: int
    messages: int
    corrections: int
    cv_macro_f1: dict[str, float]
    size_bytes: int
    took_s: float


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Features of all rows: the tickets, then what only adds (messages, misspelt copies)."""

    vocabulary: Vocabulary
    counts: Any
    vectors: FloatArray
    rows: list[Example]
    tickets: int


def load_examples(data: Path) -> tuple[list[Example], list[Example]]:
    """The tickets and the messages below ``data``. Raises BadInput naming a broken file."""
    tickets: list[Example] = []
    for path in sorted((data / "triage").glob("*.yaml")):
        try:
            found = yaml.safe_load(path.read_text("utf-8"))
            tickets += (
                Example(text, {"issue_type": found["issue_type"],
                               "priority": group["priority"], "sentiment": group["sentiment"]})
                for group in found["examples"]
                for text in group["texts"]
            )  # fmt: skip
        except (KeyError, TypeError, yaml.YAMLError) as error:
            raise BadInput(f"문의 예문 파일의 형식이 달라요: {path}") from error
    if not tickets:
        raise BadInput(f"문의 예문이 없어요: {data / 'triage'}")
    messages: list[Example] = []
    for intent, issue_type in _TYPE_OF.items():
        examples = yaml.safe_load((data / "intents" / f"{intent}.yaml").read_text("utf-8"))
        messages += (
            Example(row if isinstance(row, str) else row["text"], {"issue_type": issue_type})
            for row in examples["examples"]
        )
    return tickets, messages


def read_corrections(path: Path) -> list[Example]:
    """What ``python -m agent triage export`` wrote: a JSON object a line.

    Fields without a head (order, summary …) are left out. Raises BadInput naming the line.
    """
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            field, label, text = row["field"], row["corrected"], row["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{path}의 {number}번째 줄을 읽을 수 없어요.") from error
        if field in HEADS and label and text:
            found.append(Example(text, {field: label}))
    return found


def content_hash(
    tickets: Iterable[Example], messages: Iterable[Example], corrections: Iterable[Example] = ()
) -> str:
    """A digest of all a model depends on: examples, feature code, recipe."""
    digest = hashlib.sha256()
    for rows in (tickets, messages, corrections):
        told = sorted((row.text, sorted(row.labels.items())) for row in rows)
        digest.update(json.dumps(told, ensure_ascii=False).encode())
    for source in _SOURCES:
        digest.update(source.read_bytes())
    digest.update(repr((CODE_VERSION, INVERSE_REGULARISATION, MINIMA, FOLDS, SEED)).encode())
    return digest.hexdigest()


def train(
    data: Path,
    path: Path,
    tokenizer: Tokenizer,
    encoder: Encoder,
    *,
    corrections: Sequence[Example] = (),
) -> TrainReport:
    """Train on ``data`` and ``corrections`` and write ``path``. Raises BadInput, OSError."""
    started = time.perf_counter()
    tickets, messages = load_examples(data)
    _check_labels(tickets, corrections)
    prepared = _prepare([*tickets, *corrections], messages, tokenizer, encoder)
    folds = _folds(prepared)
    heads, scores = dict[str, Head](), dict[str, float]()
    for name in HEADS:
        classes = tuple(sorted({row.labels[name] for row in tickets}))
        truth, held = _held_out(prepared, name, classes, folds)
        scores[name] = macro_f1(truth.tolist(), held.argmax(axis=1).tolist())
        weights = _fit(prepared, name, classes, np.ones(len(prepared.rows), dtype=bool))
        heads[name] = Head(
            classes, weights.sparse, weights.dense, weights.intercept, _temperature(held, truth)
        )
    TriageModel(prepared.vocabulary, heads, content_hash(tickets, messages, corrections)).save(path)
    return TrainReport(
        len(tickets), len(messages), len(corrections), scores, path.stat().st_size,
        time.perf_counter() - started,
    )  # fmt: skip


def _check_labels(tickets: Sequence[Example], corrections: Sequence[Example]) -> None:
    known = {name: {row.labels[name] for row in tickets} for name in HEADS}
    for row in corrections:
        for name, label in row.labels.items():
            if label not in known[name]:
                raise BadInput(f"모르는 분류예요: {name} = {label!r}")


def _prepare(
    tickets: list[Example], messages: list[Example], tokenizer: Tokenizer, encoder: Encoder
) -> _Prepared:
    draw = random.Random(SEED)
    said = [Example(customer_words(row.text), row.labels) for row in tickets]
    copies = [Example(misspell(row.text, draw), row.labels) for row in said]
    rows = [*said, *copies, *messages]
    simple = [simplify(row.text) for row in rows]
    documents = [document(text, tokenizer) for text in simple]
    vocabulary = _vocabulary(documents)
    return _Prepared(
        vocabulary, counts(vocabulary, documents), vectors(simple, encoder), rows, len(said)
    )


def _vocabulary(documents: Sequence[Document]) -> Vocabulary:
    """The grams of at least :data:`MINIMA` documents, with smoothed inverse frequencies."""
    blocks, idf = [], []
    for at, minimum in enumerate(MINIMA):
        seen = Counter(gram for one in documents for gram in set(one.blocks[at]))
        kept = sorted(gram for gram, count in seen.items() if count >= minimum)
        blocks.append(kept)
        idf += [log((1 + len(documents)) / (1 + seen[gram])) + 1 for gram in kept]
    return Vocabulary.of(blocks, np.array(idf, dtype=np.float32))


def _folds(prepared: _Prepared) -> Labels:
    """A fold of each row: a ticket and its misspelt copy share one, messages have none (-1)."""
    drawn = np.random.default_rng(SEED).integers(0, FOLDS, prepared.tickets)
    others = np.full(len(prepared.rows) - 2 * prepared.tickets, -1)
    return np.concatenate([drawn, drawn, others]).astype(np.int64)


def _fit(
    prepared: _Prepared, name: str, classes: tuple[str, ...], seen: npt.NDArray[np.bool_]
) -> Weights:
    labelled = np.array([name in row.labels for row in prepared.rows])
    at = np.flatnonzero(labelled & seen)
    number = {label: n for n, label in enumerate(classes)}
    labels = np.array([number[prepared.rows[row].labels[name]] for row in at], dtype=np.int64)
    return fit(
        prepared.counts[at], prepared.vectors[at], labels, len(classes), INVERSE_REGULARISATION
    )


def _held_out(
    prepared: _Prepared, name: str, classes: tuple[str, ...], folds: Labels
) -> tuple[Labels, FloatArray]:
    """Of every ticket with this label: its label, and scores by weights that did not see it."""
    labelled = np.array([name in row.labels for row in prepared.rows[: prepared.tickets]])
    scores = np.zeros((prepared.tickets, len(classes)), dtype=np.float32)
    for fold in range(FOLDS):
        held = np.flatnonzero((folds[: prepared.tickets] == fold) & labelled)
        weights = _fit(prepared, name, classes, folds != fold)
        scores[held] = weights.scores(prepared.counts[held], prepared.vectors[held])
    at = np.flatnonzero(labelled)
    number = {label: n for n, label in enumerate(classes)}
    truth = np.array([number[prepared.rows[row].labels[name]] for row in at], dtype=np.int64)
    return truth, scores[at]


def _temperature(scores: FloatArray, labels: Labels) -> float:
    """The temperature at which held-out tickets are least surprising (log loss)."""
    rows = np.arange(len(labels))
    losses = [
        -np.log(softmax(scores / temperature)[rows, labels] + 1e-12).mean()
        for temperature in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])
