"""Figures of judging: ranking (AUROC, TPR at a false-alarm rate), boxes (AP50), calibration.

numpy only: scikit-learn is not in the default install. Boxes may be in any unit as long as
predictions and truths share it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vision.types import Box

__all__ = [
    "ap50",
    "ap50_by_class",
    "auroc",
    "bootstrap",
    "brier",
    "calibration_error",
    "contained",
    "figures",
    "iou",
    "threshold_at",
    "tpr_at",
]

Floats = NDArray[np.float64]


def auroc(scores: ArrayLike, labels: ArrayLike) -> float:
    """The chance (0 to 1) that a positive outranks a negative, ties counted half (Mann-Whitney).

    ``scores`` and ``labels`` (truthy for positive) have equal length. Raises ValueError where
    one of the two kinds is missing.
    """
    values, positive = _split(scores, labels)
    order = np.argsort(values, kind="stable")
    _, inverse, counts = np.unique(values[order], return_inverse=True, return_counts=True)
    # Tied values share the mean of their ranks (1-based).
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    ranks = np.empty(len(values))
    ranks[order] = mean_rank[inverse]
    hits = int(positive.sum())
    rest = len(values) - hits
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * rest))


def threshold_at(scores: ArrayLike, labels: ArrayLike, fpr: float = 0.05) -> float:
    """The lowest threshold whose alarms (``score > threshold``) on negatives are at most ``fpr``.

    Raises ValueError where positives or negatives are missing.
    """
    values, positive = _split(scores, labels)
    negatives = np.sort(values[~positive])[::-1]
    return float(negatives[min(int(fpr * len(negatives) + 1e-9), len(negatives) - 1)])


def tpr_at(scores: ArrayLike, labels: ArrayLike, fpr: float = 0.05) -> float:
    """The share (0 to 1) of positives found where at most ``fpr`` of the negatives alarm."""
    values, positive = _split(scores, labels)
    return float((values[positive] > threshold_at(scores, labels, fpr)).mean())


def _split(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    values = np.asarray(scores, dtype=float)
    positive = np.asarray(labels).astype(bool)
    if values.shape != positive.shape or values.ndim != 1:
        raise ValueError("scores and labels must be equally long lists")
    if positive.all() or not positive.any():
        raise ValueError("positives and negatives are both needed")
    return values, positive


def iou(one: Box, other: Box) -> float:
    """Intersection over union (0 to 1) of two boxes."""
    shared = _shared(one, other)
    union = _area(one) + _area(other) - shared
    return shared / union if union > 0 else 0.0


def contained(one: Box, other: Box) -> float:
    """The share (0 to 1) of the smaller box that lies in the larger one."""
    smaller = min(_area(one), _area(other))
    return _shared(one, other) / smaller if smaller > 0 else 0.0


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _shared(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return wide * high if wide > 0 and high > 0 else 0.0


def ap50(
    predictions: Sequence[Sequence[tuple[float, Box]]],
    truths: Sequence[Sequence[Box]],
    at: float = 0.5,
) -> float:
    """Average precision (0 to 1) at IoU ``at`` over all pictures, all-point interpolation.

    Per picture: (confidence, box) predictions and true boxes. Each truth is matched once, by
    the surest prediction that overlaps it best (Pascal VOC 2010). 0 where nothing is predicted;
    raises ValueError where there is no truth at all.
    """
    total = sum(map(len, truths))
    if len(predictions) != len(truths) or not total:
        raise ValueError("as many predictions as truths, and at least one true box, are needed")
    ranked = sorted(
        ((sure, page, box) for page, rows in enumerate(predictions) for sure, box in rows),
        key=lambda row: -row[0],
    )
    taken: set[tuple[int, int]] = set()
    hits = np.zeros(len(ranked))
    for place, (_, page, box) in enumerate(ranked):
        # A truth that is taken already may not be taken again, but the next best may.
        free = [
            (iou(box, truth), index)
            for index, truth in enumerate(truths[page])
            if (page, index) not in taken
        ]
        best, index = max(free, default=(0.0, -1))
        if best >= at:
            taken.add((page, index))
            hits[place] = 1
    return _area_under(np.cumsum(hits), np.arange(1, len(ranked) + 1), total)


def _area_under(found: Floats, asked: NDArray[np.int_], total: int) -> float:
    if not len(found):
        return 0.0
    recall = np.concatenate([[0.0], found / total])
    precision = found / asked
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall) * envelope).sum())


def ap50_by_class(
    predictions: Sequence[Sequence[tuple[float, Box, str]]],
    truths: Sequence[Sequence[tuple[Box, str]]],
    at: float = 0.5,
) -> dict[str, float]:
    """AP50 of each label that occurs in ``truths``, in alphabetical order; "all" is their mean."""
    labels = sorted({label for rows in truths for _, label in rows})
    per_class = {
        label: ap50(
            [[(sure, box) for sure, box, name in rows if name == label] for rows in predictions],
            [[box for box, name in rows if name == label] for rows in truths],
            at,
        )
        for label in labels
    }
    return {**per_class, "all": float(np.mean(list(per_class.values())))}


def calibration_error(probabilities: ArrayLike, labels: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error (0 best to 1): mean gap between said and true, by equal bins.

    Bins hold equally many pictures, so that a few confident ones cannot empty the others.
    """
    said = np.asarray(probabilities, dtype=float)
    true = np.asarray(labels).astype(float)
    order = np.argsort(said, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(said[part].mean() - true[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(said))


def brier(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Mean squared distance between probability and truth (0 best; .25 is a coin's)."""
    said = np.asarray(probabilities, dtype=float)
    return float(((said - np.asarray(labels).astype(float)) ** 2).mean())


def bootstrap(
    figure: Callable[..., float],
    *columns: ArrayLike,
    rounds: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """The bootstrap interval of ``figure(*columns)``: rows are drawn again with replacement.

    Rounds whose draw cannot be measured (one kind missing) are left out; raises ValueError
    where none is left.
    """
    rows = [np.asarray(column) for column in columns]
    rng = np.random.default_rng(seed)
    drawn: list[float] = []
    for _ in range(rounds):
        picked = rng.integers(0, len(rows[0]), len(rows[0]))
        try:
            drawn.append(figure(*(row[picked] for row in rows)))
        except ValueError:
            continue
    if not drawn:
        raise ValueError("no round of the bootstrap could be measured")
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def figures(scores: ArrayLike, labels: ArrayLike, fpr: float = 0.05) -> Mapping[str, Any]:
    """AUROC and TPR at ``fpr`` with their 95 % intervals and how many pictures they rest on."""
    positive = np.asarray(labels).astype(bool)
    return {
        "pictures": len(positive),
        "damaged": int(positive.sum()),
        "auroc": round(auroc(scores, labels), 4),
        "auroc_95": [round(end, 4) for end in bootstrap(auroc, scores, labels)],
        "tpr": round(tpr_at(scores, labels, fpr), 4),
        "at_fpr": fpr,
    }
