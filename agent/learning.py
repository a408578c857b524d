"""Minimising a smooth convex loss: what every model trained here shares.

scikit-learn would do it as well, but importing it costs 110 MB that the program never gets
back, and training may run inside the server at its first start. Plain L-BFGS needs no more
than a step that goes down on such a loss.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "Loss", "minimise"]

MAX_ITERATIONS = 200
REMEMBERED_STEPS = 4
RELATIVE_TOLERANCE = 1e-5
ARMIJO = 1e-4

FloatArray = npt.NDArray[np.float32]
Loss = Callable[[FloatArray], tuple[float, FloatArray]]


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
