"""Training the intent classifier from ``data/intents/*.yaml``.

Only training imports scipy, and only when it runs. Most of its time is the cross-validation
behind the report and the temperature.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from agent.understanding.classifier import Model, read_model_hash, softmax
from agent.understanding.features import Document, Vocabulary, document, vectors
from agent.understanding.locking import file_lock
from agent.understanding.logistic import Weights, fit
from agent.understanding.measure import macro_f1
from agent.understanding.ports import Encoder, FloatArray, Tokenizer
from agent.understanding.text import simplify
from errors import BadInput

__all__ = ["Examples", "TrainReport", "content_hash", "ensure_model", "load_examples", "train"]

log = logging.getLogger(__name__)
FOLDS = 5
INVERSE_REGULARISATION = 10.0
TEMPERATURES = np.geomspace(0.3, 3.0, 93)
# Their source is part of the hash, so that nobody has to remember to raise a number.
_FEATURE_SOURCES = ("text.py", "features.py", "logistic.py")
CODE_VERSION = 1  # raise when the meaning of the model's arrays changes

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Examples:
    """Training messages and, at the same position, their intents."""

    texts: tuple[str, ...]
    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainReport:
    """How training went; the figures (0 to 1) are of messages the fold had not seen."""

    classes: tuple[str, ...]
    examples: int
    cv_accuracy: float
    cv_macro_f1: float
    took_s: float


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The examples as features, made once for every fold. ``vectors`` is (n, D)."""

    documents: list[Document]
    vectors: FloatArray
    labels: Labels
    classes: tuple[str, ...]


def load_examples(examples_dir: Path) -> Examples:
    """All examples below ``examples_dir``, repeats within an intent dropped.

    Raises BadInput naming the file that is not ``{intent, examples}``, or when fewer than
    two intents are there.
    """
    pairs: dict[tuple[str, str], None] = {}
    for path in sorted(examples_dir.glob("*.yaml")):
        intent, texts = _read_intent(path)
        pairs.update(dict.fromkeys((intent, example) for example in texts))
    if len({intent for intent, _ in pairs}) < 2:
        raise BadInput(f"의도 예문이 두 가지 이상 필요합니다: {examples_dir}")
    return Examples(tuple(t for _, t in pairs), tuple(intent for intent, _ in pairs))


def _read_intent(path: Path) -> tuple[str, list[str]]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        intent, examples = data["intent"], data["examples"]
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise BadInput(f"의도 예문 파일을 읽을 수 없습니다: {path}") from error
    if not isinstance(intent, str) or not isinstance(examples, list):
        raise BadInput(f"intent는 글자, examples는 목록이어야 합니다: {path}")
    return intent, [str(example) for example in examples if str(example).strip()]


def content_hash(examples: Examples, encoder: Encoder) -> str:
    """A digest of all a model depends on: examples, feature code, Kiwi, encoder."""
    digest = hashlib.sha256()
    pairs = sorted(zip(examples.intents, examples.texts, strict=True))
    digest.update(json.dumps(pairs, ensure_ascii=False).encode())
    for name in _FEATURE_SOURCES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    recipe = (CODE_VERSION, INVERSE_REGULARISATION, FOLDS, encoder.version, _kiwi_version())
    digest.update(repr(recipe).encode())
    return digest.hexdigest()


def _kiwi_version() -> str:
    try:
        return f"{version('kiwipiepy')}+{version('kiwipiepy_model')}"
    except PackageNotFoundError:
        return "none"


def train(
    examples_dir: Path | str, model_path: Path | str, tokenizer: Tokenizer, encoder: Encoder
) -> TrainReport:
    """Train on ``examples_dir`` and write ``model_path``. Raises BadInput, OSError."""
    started = time.perf_counter()
    examples = load_examples(Path(examples_dir))
    prepared = _prepare(examples, tokenizer, encoder)
    scores = _cross_validate(prepared)
    guessed = scores.argmax(axis=1)
    everything = np.arange(len(prepared.labels))
    vocabulary, weights = _fit(prepared, everything)
    model = Model(
        vocabulary,
        prepared.classes,
        weights,
        _best_temperature(scores, prepared.labels),
        content_hash(examples, encoder),
    )
    model.save(Path(model_path))
    return TrainReport(
        prepared.classes,
        len(everything),
        float((guessed == prepared.labels).mean()),
        macro_f1(prepared.labels.tolist(), guessed.tolist()),
        time.perf_counter() - started,
    )


def ensure_model(
    examples_dir: Path | str, model_path: Path | str, tokenizer: Tokenizer, encoder: Encoder
) -> TrainReport | None:
    """Train unless ``model_path`` already is the model of these examples (then None).

    Processes that start together wait for the first one's model instead of writing their
    own. Raises BadInput, OSError.
    """
    path = Path(model_path)
    wanted = content_hash(load_examples(Path(examples_dir)), encoder)
    if read_model_hash(path) == wanted:
        return None
    with file_lock(path.with_name(f"{path.name}.lock")):
        if read_model_hash(path) == wanted:
            return None
        log.info("training the intent classifier from %s", examples_dir)
        return train(examples_dir, path, tokenizer, encoder)


def _prepare(examples: Examples, tokenizer: Tokenizer, encoder: Encoder) -> _Prepared:
    simple = [simplify(example) for example in examples.texts]
    classes = tuple(sorted(set(examples.intents)))
    number = {name: at for at, name in enumerate(classes)}
    return _Prepared(
        [document(example, tokenizer) for example in simple],
        vectors(simple, encoder),
        np.array([number[intent] for intent in examples.intents], dtype=np.int64),
        classes,
    )


def _fit(prepared: _Prepared, rows: npt.NDArray[np.int64]) -> tuple[Vocabulary, Weights]:
    """Vocabulary and weights from the given rows."""
    documents = [prepared.documents[row] for row in rows]
    vocabulary = Vocabulary.fit(documents)
    counts = _counts(vocabulary, documents)
    labels, classes = prepared.labels[rows], len(prepared.classes)
    vectors = prepared.vectors[rows]
    return vocabulary, fit(counts, vectors, labels, classes, INVERSE_REGULARISATION)


def _counts(vocabulary: Vocabulary, documents: Sequence[Document]) -> Any:
    """The documents' rows as a scipy CSR matrix (n, F)."""
    from scipy import sparse

    rows = [vocabulary.row(doc) for doc in documents]
    starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([columns for columns, _ in rows])
    values = np.concatenate([values for _, values in rows])
    return sparse.csr_matrix((values, columns, starts), shape=(len(rows), len(vocabulary)))


def _cross_validate(prepared: _Prepared) -> FloatArray:
    """Scores (n, C) of every example by a model that did not see it."""
    scores = np.empty((len(prepared.labels), len(prepared.classes)), dtype=np.float32)
    folds = _folds(prepared.labels)
    for fold in range(FOLDS):
        seen, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if not len(held):
            continue
        vocabulary, weights = _fit(prepared, seen)
        counts = _counts(vocabulary, [prepared.documents[row] for row in held])
        scores[held] = weights.scores(counts, prepared.vectors[held])
    return scores


def _folds(labels: Labels) -> Labels:
    """A fold number for each example, shuffled and spread evenly within each class."""
    folds = np.empty(len(labels), dtype=np.int64)
    random = np.random.default_rng(0)
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        folds[rows] = np.arange(len(rows)) % FOLDS
    return folds


def _best_temperature(scores: FloatArray, labels: Labels) -> float:
    """The temperature at which held-out examples are least surprising (log loss)."""
    rows = np.arange(len(labels))
    losses = [
        -np.log(softmax(scores / temperature)[rows, labels] + 1e-12).mean()
        for temperature in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])
