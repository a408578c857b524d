"""Multinomial logistic regression for one sparse and one dense block of features.

scikit-learn's gives the same weights, but importing it costs 110 MB that the program never
gets back, and training may run inside the server at its first start. scipy.sparse (10 MB)
is imported by the caller; the minimiser is plain L-BFGS, which on this convex, smooth loss
needs no more than a step that goes down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.understanding.ports import FloatArray

__all__ = ["Weights", "fit", "minimise"]

MAX_ITERATIONS = 200
REMEMBERED_STEPS = 4
RELATIVE_TOLERANCE = 1e-5
ARMIJO = 1e-4

Labels = npt.NDArray[np.int64]
Loss = Callable[[FloatArray], tuple[float, FloatArray]]


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


def minimise(loss: Loss, point: FloatArray) -> FloatArray:
    """L-BFGS from ``point``. ``loss`` answers (value, gradient of the point's shape)."""
    value, gradient = loss(point)
    steps: deque[tuple[FloatArray, FloatArray, float]] = deque(maxlen=REMEMBERED_STEPS)
    for _ in range(MAX_ITERATIONS):
        direction = _direction(gradient, steps)
        slope = float(np.vdot(gradient, direction))
        # The first direction has no scale yet: a unit step along it.
        size = 1.0 if steps else 1.0 / max(float(np.sqrt(-slope)), 1e-12)
        step = _descend(loss, point, value, direction, slope, size)
        if step is None:
            break
        moved, new_value, new_gradient = step
        change, bend = moved - point, new_gradient - gradient
        curvature = float(np.vdot(change, bend))
        if curvature > 1e-10:
            steps.append((change, bend, curvature))
        gained, point, value, gradient = value - new_value, moved, new_value, new_gradient
        if gained <= RELATIVE_TOLERANCE * max(abs(value), 1.0):
            break
    return point


def _descend(
    loss: Loss, point: FloatArray, value: float, direction: FloatArray, slope: float, size: float
) -> tuple[FloatArray, float, FloatArray] | None:
    """The first halving of ``size`` that goes down enough; None when none does."""
    for _ in range(20):
        moved = point + np.float32(size) * direction
        new_value, gradient = loss(moved)
        if new_value <= value + ARMIJO * size * slope:
            return moved, new_value, gradient
        size /= 2
    return None


def _direction(
    gradient: FloatArray, steps: deque[tuple[FloatArray, FloatArray, float]]
) -> FloatArray:
    """The quasi-Newton direction (two-loop recursion, Nocedal & Wright, algorithm 7.4)."""
    direction, shares = -gradient, []
    for change, bend, curvature in reversed(steps):
        share = np.float32(np.vdot(change, direction) / curvature)
        shares.append(share)
        direction -= share * bend
    if steps:
        _, bend, curvature = steps[-1]
        direction *= np.float32(curvature / np.vdot(bend, bend))
    for (change, bend, curvature), share in zip(steps, reversed(shares), strict=True):
        direction += (share - np.float32(np.vdot(bend, direction) / curvature)) * change
    return direction


def _log_sum_exp(scores: FloatArray) -> FloatArray:
    top = scores.max(axis=1, keepdims=True)
    total: FloatArray = top + np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
    return total
