"""Intervals and the usual figures, so that every suite counts the same way.

Shares get Wilson's score interval (E. B. Wilson, 1927), which stays inside 0 … 1 for small
samples; anything else a percentile bootstrap with a fixed seed.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from agent.understanding.measure import class_scores, macro_f1
from evals.types import ClassRow, Confusion, Metric

__all__ = ["bootstrap", "classes_of", "confusion_of", "macro_f1_metric", "share"]

T = TypeVar("T")
Z = 1.959964  # 97.5 % quantile of the normal distribution
RESAMPLES = 400
SEED = 20261121


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of ``hits`` in ``n``; (0, 1) when ``n`` is 0."""
    if n == 0:
        return 0.0, 1.0
    share_, spread = hits / n, Z * Z / n
    middle = (share_ + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share_ * (1 - share_) / n + spread / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(name: str, title: str, hits: int, n: int, **options: object) -> Metric:
    """A share with Wilson's interval; ``options`` are fields of :class:`Metric`."""
    low, high = wilson(hits, n)
    return Metric(name, title, hits / n if n else 0.0, n, low, high, **options)  # type: ignore[arg-type]


def bootstrap(rows: Sequence[T], figure: Callable[[Sequence[T]], float]) -> tuple[float, float]:
    """The 95 % percentile interval of ``figure`` over resamples of ``rows``."""
    if not rows:
        return 0.0, 1.0
    draw = random.Random(SEED)
    values = sorted(figure(draw.choices(rows, k=len(rows))) for _ in range(RESAMPLES))
    return values[int(0.025 * RESAMPLES)], values[int(0.975 * RESAMPLES) - 1]


def macro_f1_metric(
    name: str, title: str, pairs: Sequence[tuple[str, str]], **options: object
) -> Metric:
    """Macro-F1 of (truth, answer) ``pairs`` with its bootstrap interval."""

    def figure(rows: Sequence[tuple[str, str]]) -> float:
        return macro_f1([truth for truth, _ in rows], [answer for _, answer in rows])

    low, high = bootstrap(pairs, figure)
    return Metric(name, title, figure(pairs), len(pairs), low, high, **options)  # type: ignore[arg-type]


def classes_of(pairs: Sequence[tuple[str, str]]) -> tuple[ClassRow, ...]:
    """A row for each true label, worst F1 first."""
    rows = class_scores([truth for truth, _ in pairs], [answer for _, answer in pairs])
    found = [ClassRow(str(r.label), r.support, r.precision, r.recall, r.f1) for r in rows]
    return tuple(sorted(found, key=lambda row: row.f1))


def confusion_of(pairs: Sequence[tuple[str, str]]) -> Confusion:
    """The matrix over every label that occurs, in alphabetical order."""
    labels = tuple(sorted({label for pair in pairs for label in pair}))
    seen = Counter(pairs)
    return Confusion(labels, tuple(tuple(seen[row, col] for col in labels) for row in labels))
