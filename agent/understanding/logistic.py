"""Multinomial logistic regression for one sparse and one dense block of features.

scikit-learn's gives the same weights at ten times the memory (:mod:`agent.learning`).
scipy.sparse (10 MB) is imported by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.learning import minimise
from agent.understanding.ports import FloatArray

__all__ = ["Weights", "fit", "minimise"]

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Weights:
    """``sparse`` (F, C), ``dense`` (D, C) and ``intercept`` (C,)."""

    sparse: FloatArray
    dense: FloatArray
    intercept: FloatArray

    def scores(self, counts: Any, vectors: FloatArray) -> FloatArray:
        """Scores (n, C) of ``counts`` (n, F; scipy CSR or array) with ``vectors`` (n, D)."""
        total = counts @ self.sparse + vectors @ self.dense + self.intercept
        return np.asarray(total, dtype=np.float32)


def fit(counts: Any, vectors: FloatArray, labels: Labels, classes: int, c: float) -> Weights:
    """Minimise ``c``·log loss + ½·|weights|² (the intercept is free).

    ``counts`` is a scipy CSR matrix (n, F), ``vectors`` (n, D), ``labels`` (n,) in
    0 … ``classes`` - 1; all float32.
    """
    width, depth = counts.shape[1], vectors.shape[1]
    transposed = counts.T.tocsr()
    truth = np.zeros((len(labels), classes), dtype=np.float32)
    truth[np.arange(len(labels)), labels] = 1

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        scores = counts @ weights[:width] + vectors @ weights[width:-1] + weights[-1]
        log_p = scores - _log_sum_exp(scores)
        error = c * (np.exp(log_p) - truth)
        gradient = weights.copy()
        gradient[:width] += transposed @ error
        gradient[width:-1] += vectors.T @ error
        gradient[-1] = error.sum(axis=0)
        penalty = 0.5 * float(np.vdot(weights[:-1], weights[:-1]))
        return penalty - c * float(np.vdot(truth, log_p)), gradient

    start = np.zeros((width + depth + 1, classes), dtype=np.float32)
    weights = minimise(loss, start)
    return Weights(weights[:width], weights[width:-1], weights[-1])


def _log_sum_exp(scores: FloatArray) -> FloatArray:
    top = scores.max(axis=1, keepdims=True)
    total: FloatArray = top + np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
    return total
