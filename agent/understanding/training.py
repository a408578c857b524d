"""Training the intent classifier from ``data/intents/*.yaml``.

Only training imports scipy, and only when it runs. Most of its time is the cross-validation
behind the report and the temperature.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
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
from agent.understanding.noise import misspell
from agent.understanding.ports import Encoder, FloatArray, Tokenizer
from agent.understanding.text import simplify
from errors import BadInput

__all__ = [
    "Examples",
    "TrainReport",
    "content_hash",
    "counts",
    "ensure_model",
    "load_examples",
    "train",
]

log = logging.getLogger(__name__)
FOLDS = 4
MISSPELT_COPIES = 1
SEED = 0
INVERSE_REGULARISATION = 20.0
TEMPERATURES = np.geomspace(0.3, 3.0, 93)
# A sure mistake costs a customer more than a question does: probabilities are told a little
# lower than they were found (cross-validation: 4.5 % of the answers wrong at p >= .7 instead
# of 5.3 %, calibration error .028 instead of .018).
CAUTION = 1.15
_WORDS = frozenset({"NN", "VV", "VA", "XR", "SL", "MA"})  # tags of words that carry meaning
# Their source is part of the hash, so that nobody has to remember to raise a number.
_FEATURE_SOURCES = (
    "text.py",
    "keyboard.py",
    "shorthand.yaml",
    "features.py",
    "noise.py",
    "logistic.py",
)
CODE_VERSION = 2  # raise when the meaning of the model's arrays changes

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
    """The examples as features, made once for every fold, their misspelt copies behind them.

    ``counts`` (n, F; scipy CSR) and ``vectors`` (n, D) are over all; ``labels`` and ``folds``
    (m,) are of the examples alone: row r is a copy of example r modulo m.
    """

    vocabulary: Vocabulary
    counts: Any
    vectors: FloatArray
    labels: Labels
    folds: Labels
    classes: tuple[str, ...]

    def fit(self, rows: npt.NDArray[np.int64]) -> Weights:
        """Weights from the given examples and their copies.

        The vocabulary is everybody's: a gram that these rows lack gets no weight.
        """
        step = len(self.labels)
        every = np.concatenate([rows + step * at for at in range(MISSPELT_COPIES + 1)])
        return fit(
            self.counts[every],
            self.vectors[every],
            self.labels[every % step],
            len(self.classes),
            INVERSE_REGULARISATION,
        )


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
    recipe = (
        CODE_VERSION, INVERSE_REGULARISATION, FOLDS, MISSPELT_COPIES, CAUTION, encoder.version,
        _kiwi_version(),
    )  # fmt: skip
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
    weights = prepared.fit(everything)
    model = Model(
        prepared.vocabulary,
        prepared.classes,
        weights,
        CAUTION * _best_temperature(scores, prepared.labels),
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
    draw = random.Random(SEED)
    copies = [misspell(text, draw) for _ in range(MISSPELT_COPIES) for text in examples.texts]
    simple = [simplify(text) for text in (*examples.texts, *copies)]
    classes = tuple(sorted(set(examples.intents)))
    number = {name: at for at, name in enumerate(classes)}
    documents = [document(text, tokenizer) for text in simple]
    vocabulary = Vocabulary.fit(documents)
    return _Prepared(
        vocabulary,
        counts(vocabulary, documents),
        vectors(simple, encoder),
        np.array([number[intent] for intent in examples.intents], dtype=np.int64),
        _folds(documents[: len(examples.texts)]),
        classes,
    )


def counts(vocabulary: Vocabulary, documents: Sequence[Document]) -> Any:
    """The documents' rows as a scipy CSR matrix (n, F)."""
    from scipy import sparse

    rows = [vocabulary.row(doc) for doc in documents]
    starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([columns for columns, _ in rows])
    values = np.concatenate([values for _, values in rows])
    return sparse.csr_matrix((values, columns, starts), shape=(len(rows), len(vocabulary)))


def _cross_validate(prepared: _Prepared) -> FloatArray:
    """Scores (m, C) of every example by a model that saw neither it nor one like it."""
    scores = np.empty((len(prepared.labels), len(prepared.classes)), dtype=np.float32)
    for fold in range(FOLDS):
        seen = np.flatnonzero(prepared.folds != fold)
        held = np.flatnonzero(prepared.folds == fold)
        if not len(held):
            continue
        weights = prepared.fit(seen)
        scores[held] = weights.scores(prepared.counts[held], prepared.vectors[held])
    return scores


def _folds(documents: Sequence[Document]) -> Labels:
    """A fold number for each example. Examples of the same words share one: a model that saw
    "취소할래요" knows "취소할게요" already."""
    groups: dict[frozenset[str], list[int]] = {}
    for row, found in enumerate(documents):
        words = frozenset(gram for gram in found.morphemes if gram.partition("/")[2][:2] in _WORDS)
        groups.setdefault(words or frozenset((str(row),)), []).append(row)
    rows, folds = list(groups.values()), np.empty(len(documents), dtype=np.int64)
    for at, group in enumerate(np.random.default_rng(SEED).permutation(len(groups))):
        folds[rows[group]] = at % FOLDS
    return folds


def _best_temperature(scores: FloatArray, labels: Labels) -> float:
    """The temperature at which held-out examples are least surprising (log loss)."""
    rows = np.arange(len(labels))
    losses = [
        -np.log(softmax(scores / temperature)[rows, labels] + 1e-12).mean()
        for temperature in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])
