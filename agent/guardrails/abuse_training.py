"""Training ``data/models/abuse.npz``: ``python -m agent train-abuse --data FOLDER``.

``FOLDER`` holds the public comments, which are never copied into the project:
``curse_detection_2runo.txt`` (2runo/Curse-detection-data, MIT; ``text|0`` or ``text|1``) and
``zizun_comments.csv`` (ZIZUN/korean-malicious-comments-dataset, MIT; tab separated, 0 =
malicious). Harmless are also all sentences of ``data/intents``, ``data/policies`` and the
demonstration's catalogue: nothing a customer or the shop writes there is abuse, however angry;
``data/abuse/harmless.txt`` adds words that look like abuse.

The features are scaled by their log-count ratio (S. Wang and C. Manning, "Baselines and
Bigrams", 2012). Lengths of n-grams, regularisation and the guard's threshold were chosen by
F1 on held-out rows of these two sets alone; HateScore is for the evaluation only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from agent.guardrails.abuse_model import SIZE, places
from agent.learning import FloatArray, minimise
from errors import BadInput

__all__ = ["AbuseTraining", "Row", "fit", "harmless", "read_comments", "train_abuse"]

INVERSE_REGULARISATION = 8.0
SMOOTHING = 0.5
FOLDS = 5
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|\n")
_HANGUL = re.compile("[가-힣]")
Row = tuple[str, bool]  # a text and whether it is abusive


@dataclass(frozen=True, slots=True)
class AbuseTraining:
    """How training went: rows read, and F1 (0 to 1) on comments their fold had not seen."""

    rows: int
    abusive: int
    cv_f1: float
    size_bytes: int


def read_comments(folder: Path) -> list[Row]:
    """The two public sets, repeats dropped. Raises BadInput naming the file that is missing."""
    rows: dict[str, bool] = {}
    for name, separator, bad in (
        ("curse_detection_2runo.txt", "|", "1"),
        ("zizun_comments.csv", "\t", "0"),
    ):
        path = folder / name
        if not path.is_file():
            raise BadInput(f"학습 자료가 없습니다: {path} (docs/guardrails.md의 주소에서 받으세요)")
        for line in path.read_text("utf-8-sig").splitlines():
            text, _, label = line.rpartition(separator)
            if text.strip() and label.strip() in ("0", "1"):
                rows.setdefault(text.strip(), label.strip() == bad)
    return list(rows.items())


def harmless(data: Path) -> list[Row]:
    """The shop's own sentences below ``data``: intent examples, prose, look-alikes."""
    lines = (data / "abuse" / "harmless.txt").read_text("utf-8").splitlines()
    found = dict.fromkeys(line for line in lines if line and not line.startswith("#"))
    for path in sorted((data / "intents").glob("*.yaml")):
        found.update(dict.fromkeys(map(str, yaml.safe_load(path.read_text("utf-8"))["examples"])))
    prose = sorted((data / "policies").glob("*.md")) + sorted((data / "seed").glob("*.yaml"))
    for path in prose:
        pieces = map(str.strip, _SENTENCE_END.split(path.read_text("utf-8")))
        found.update(dict.fromkeys(p for p in pieces if len(p) > 8 and _HANGUL.search(p)))
    return [(text, False) for text in found]


def _matrix(texts: Sequence[str]) -> Any:
    """A scipy CSR matrix (n, SIZE): 1/√k at each of a text's k places."""
    from scipy import sparse

    rows = [places(text) for text in texts]
    starts = np.cumsum([0, *map(len, rows)])
    values = np.concatenate([np.full(len(r), len(r) ** -0.5, dtype=np.float32) for r in rows])
    shape = (len(rows), SIZE)
    return sparse.csr_matrix((values, np.concatenate(rows), starts), shape=shape)


def _ratios(matrix: Any, bad: npt.NDArray[np.bool_]) -> FloatArray:
    """The log of how much more often each place occurs in abusive rows than in others."""
    from scipy import sparse

    seen = sparse.csr_matrix(
        (np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape
    )
    p, q = (np.asarray(seen[rows].sum(axis=0)).ravel() + SMOOTHING for rows in (bad, ~bad))
    ratios: FloatArray = np.log((p / p.sum()) / (q / q.sum())).astype(np.float32)
    return ratios


def fit(matrix: Any, bad: npt.NDArray[np.bool_]) -> tuple[FloatArray, float]:
    """Weights (SIZE,) and intercept that minimise log loss + ½·|weights/ratios|²."""
    from scipy import sparse

    ratios = _ratios(matrix, bad)
    scaled = (matrix @ sparse.diags(ratios)).tocsr().astype(np.float32)
    transposed = scaled.T.tocsr()
    sign = np.where(bad, 1, -1).astype(np.float32)

    def loss(point: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (scaled @ point[:-1] + point[-1])
        error = -INVERSE_REGULARISATION * sign / (1 + np.exp(np.minimum(margin, 80)))
        gradient = point.copy()
        gradient[:-1] += transposed @ error
        gradient[-1] = error.sum()
        value = INVERSE_REGULARISATION * float(np.logaddexp(0, -margin).sum())
        return value + 0.5 * float(point[:-1] @ point[:-1]), gradient

    point = minimise(loss, np.zeros(matrix.shape[1] + 1, dtype=np.float32))
    return point[:-1] * ratios, float(point[-1])


def _folds(n: int) -> Iterator[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
    fold = np.random.default_rng(0).integers(0, FOLDS, n)
    yield from ((fold != number, fold == number) for number in range(FOLDS))


def held_out_scores(matrix: Any, bad: npt.NDArray[np.bool_]) -> FloatArray:
    """The probability of every row by weights that did not see it."""
    found = np.empty(len(bad), dtype=np.float32)
    for seen, held in _folds(len(bad)):
        weights, intercept = fit(matrix[seen], bad[seen])
        found[held] = 1 / (1 + np.exp(-(matrix[held] @ weights + intercept)))
    return found


def train_abuse(folder: Path, data: Path, path: Path, *, threshold: float) -> AbuseTraining:
    """Train on the comments of ``folder`` and the sentences of ``data``, and write ``path``.

    ``threshold`` is what the guard calls abuse; the report is told at it. Raises BadInput.
    """
    comments, own = read_comments(folder), harmless(data)
    rows = comments + own
    matrix = _matrix([text for text, _ in rows])
    bad = np.array([label for _, label in rows])
    held = held_out_scores(matrix, bad)[: len(comments)] > threshold
    truth = bad[: len(comments)]
    weights, intercept = fit(matrix, bad)
    scale = float(np.quantile(np.abs(weights), 0.9999)) / 127
    small = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, weights=small, scale=scale, intercept=intercept)
    f1 = 2 * int((held & truth).sum()) / max(1, int(held.sum() + truth.sum()))
    return AbuseTraining(len(rows), int(bad.sum()), f1, path.stat().st_size)
