"""Fit the fusion's weights on generated cases (seeds 1000 to 1999): ``python -m vision calibrate``.

A logistic model of rising piecewise linear functions of the judges' scores. Every case counts
three times, as it is, without the detector and without the comparison, so that a judge's
silence has a weight of its own. Needs about 0.3 s a case on one core.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.fusion.join import clutter, confirmed, extent, logit, overlaps, probability_of, score_of
from vision.fusion.weights import Curve, Line, Weights
from vision.generate.cases import CALIBRATION_SEED, Scene, case
from vision.inspector import Inspector
from vision.measure import calibration_error, figures
from vision.types import Box, Finding, Opinion, Quality

__all__ = ["Judged", "calibrate", "fit", "judge_cases", "stated"]

Floats = NDArray[np.float64]
MAX_CASES = 1000  # the seeds set apart for calibration
# Of clean pictures may reach the bar of a claim: at most 2 % of held-out ones shall, and half
# of these are another piece of the same product, which is what the comparison errs on.
CLEAN_CLAIMED = 0.01
SEEN_AT = 0.35  # raw comparison score: below it only the detector's eyes saw something
KNOTS = (0.0, 0.3, 0.6, 0.85)  # quantiles of a score where its slope may change
PENALTY = 0.5
# Everything passes: only the judges' own numbers are wanted.
NEUTRAL = Weights(
    bias=0.0,
    reference=Curve((0.0,), (1.0,)),
    detector=Curve((0.0,), (1.0,)),
    agree=0.0,
    extent=0.0,
    clutter=0.0,
    reference_finding=Line(0.0, 1.0),
    hint_beside=Line(0.0, 1.0),
    hint_alone=Line(0.0, 1.0),
    reference_seen_at=0.0,
    damage_at=0.5,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judges said about one case, and the truth."""

    opinions: tuple[Opinion, ...]
    boxes: tuple[Box, ...]
    damaged: bool
    specimen: int
    quality: Quality


_inspector: Inspector | None = None


def _judge(task: tuple[Callable[[int], Scene], int]) -> Judged:
    import cv2

    global _inspector
    cv2.setNumThreads(1)
    _inspector = _inspector or Inspector(weights=NEUTRAL)
    make, number = task
    scene = make(number)
    report = _inspector.inspect(scene.photo, [scene.reference])
    return Judged(report.opinions, scene.boxes, scene.damaged, scene.specimen, report.quality)


def judge_cases(
    numbers: Sequence[int], *, make: Callable[[int], Scene] = case, workers: int = 2
) -> list[Judged]:
    """Draw the cases and let the judges look at them, in processes of their own."""
    tasks = [(make, number) for number in numbers]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_judge, tasks, chunksize=8))


def calibrate(pairs: int = 800) -> Weights:
    """Weights fitted on ``pairs`` generated cases (at most 1000)."""
    count = min(pairs, MAX_CASES)
    rows = judge_cases(range(CALIBRATION_SEED, CALIBRATION_SEED + count))
    return fit(rows)


def fit(rows: Sequence[Judged]) -> Weights:
    """Weights from judged cases; needs clean and damaged ones."""
    aligned = [one.score for row in rows if (one := _of(row, "reference")).score is not None]
    hinted = [one.score for row in rows if (one := _of(row, "detector")).score is not None]
    knots = [_knots(aligned), _knots(hinted)]
    clean = [row for row in rows if not row.damaged]
    # A comparison below this is "clear": whether the detector confirms it depends on that.
    rows = [replace(row, opinions=stated(row.opinions, SEEN_AT)) for row in rows]
    weights = _logistic(rows, knots)
    scores = [probability_of(row.opinions, weights) or 0.0 for row in rows]
    alarms = [
        score
        for row, score in zip(rows, scores, strict=True)
        if not row.damaged and _of(row, "reference").state == "seen"
    ]
    # The alarms are those above the threshold among all clean cases, aligned or not.
    silent = [0.0] * (len(clean) - len(alarms))
    truth = [row.damaged for row in rows]
    fitted = {
        "cases": len(rows),
        "seeds": [CALIBRATION_SEED, CALIBRATION_SEED + len(rows) - 1],
        "aligned": round(len(aligned) / len(rows), 3),
        "models": sorted({one.model for row in rows for one in row.opinions if one.model}),
        "on_these": {
            **figures(scores, truth),
            "calibration_error": round(calibration_error(*_answered(rows, weights)), 4),
        },
    }
    return replace(
        weights,
        damage_at=max(_threshold(alarms + silent, CLEAN_CLAIMED), 0.5),
        fitted=fitted,
    )


def _answered(rows: Sequence[Judged], weights: Weights) -> tuple[list[float], list[bool]]:
    """The joined scores, where there is one, and the truth about them."""
    said = [(score_of(row.opinions, weights), row.damaged) for row in rows]
    known = [(score, there) for score, there in said if score is not None]
    return [score for score, _ in known], [there for _, there in known]


def _of(row: Judged, judge: str) -> Opinion:
    return next(one for one in row.opinions if one.judge == judge)


def stated(opinions: Sequence[Opinion], seen_at: float) -> tuple[Opinion, ...]:
    """The states that the comparison's threshold gives."""
    return tuple(
        replace(one, state="seen" if one.findings and (one.score or 0.0) >= seen_at else "clear")
        if one.judge == "reference" and one.score is not None
        else one
        for one in opinions
    )


def _knots(scores: Sequence[float | None]) -> tuple[float, ...]:
    known = [score for score in scores if score is not None]
    if not known:
        return (0.0,)
    points = np.quantile(known, KNOTS[1:])
    # Knots that lie too close carry no slope of their own.
    kept = [0.0]
    for point in points:
        if point - kept[-1] >= 0.02 and point <= 0.97:
            kept.append(round(float(point), 4))
    return tuple(kept)


def _threshold(clean: Sequence[float], share: float) -> float:
    """The lowest score that at most ``share`` of the clean cases reach."""
    ranked = sorted(clean, reverse=True)
    place = int(share * len(ranked))
    return round(ranked[place] + 1e-6, 6) if ranked else 0.5


def _pieces(score: float | None, knots: tuple[float, ...]) -> list[float]:
    """How far a score runs along each segment (0 to 1), and whether it is missing."""
    if score is None:
        return [0.0] * len(knots) + [1.0]
    ends = (*knots[1:], 1.0)
    runs = [
        min(max((score - start) / (end - start), 0.0), 1.0)
        for start, end in zip(knots, ends, strict=True)
    ]
    return [*runs, 0.0]


def _logistic(rows: Sequence[Judged], knots: Sequence[tuple[float, ...]]) -> Weights:
    table: list[list[float]] = []
    truth: list[bool] = []
    for row in rows:
        for left in ((True, True), (True, False), (False, True)):
            table.append(_columns(row, knots, left))
            truth.append(row.damaged)
    one, two = len(knots[0]), len(knots[1])
    # Free: the bias and what a silence is worth. Clutter counts against damage.
    free = [0, 1 + one, 2 + one + two]
    found = _nonnegative(np.array(table), np.array(truth, float), free)
    return Weights(
        bias=round(float(found[0]), 4),
        reference=_curve(found[1 : one + 2], knots[0]),
        detector=_curve(found[one + 2 : one + two + 3], knots[1]),
        agree=round(float(found[-3]), 4),
        extent=round(float(found[-2]), 4),
        clutter=-round(float(found[-1]), 4),
        reference_finding=_line(rows, "reference"),
        hint_beside=_line(rows, "beside"),
        hint_alone=_line(rows, "alone"),
        reference_seen_at=SEEN_AT,
        damage_at=0.5,
    )


def _columns(
    row: Judged, knots: Sequence[tuple[float, ...]], left: tuple[bool, bool]
) -> list[float]:
    """One row of the fit's table; ``left``: whether the comparison, the detector is there."""
    reference, detector = _of(row, "reference"), _of(row, "detector")
    scores = [
        one.score if there else None for one, there in zip((reference, detector), left, strict=True)
    ]
    runs = [run for score, at in zip(scores, knots, strict=True) for run in _pieces(score, at)]
    compared = left[0] and reference.score is not None
    return [
        1.0,
        *runs,
        float(all(left) and confirmed(row.opinions)),
        extent(reference) if compared else 0.0,
        -clutter(reference) if compared else 0.0,
    ]


def _curve(found: Floats, knots: tuple[float, ...]) -> Curve:
    ends = (*knots[1:], 1.0)
    slopes = [
        round(float(weight) / (end - start), 4)
        for weight, start, end in zip(found, knots, ends, strict=False)
    ]
    return Curve(knots, tuple(slopes), round(float(found[-1]), 4))


def _nonnegative(table: Floats, truth: Floats, free: Sequence[int]) -> Floats:
    """Logistic weights, none below 0 but those in ``free`` columns; a little ridge."""
    from scipy.optimize import minimize

    def loss(weights: Floats) -> tuple[float, Floats]:
        raw = table @ weights
        said = 1 / (1 + np.exp(-np.clip(raw, -50, 50)))
        value = np.logaddexp(0, raw).sum() - truth @ raw + PENALTY * (weights[1:] ** 2).sum() / 2
        slope = table.T @ (said - truth)
        slope[1:] += PENALTY * weights[1:]
        return float(value), slope

    columns = table.shape[1]
    bounds = [(None, None) if one in free else (0.0, None) for one in range(columns)]
    result: Any = minimize(loss, np.zeros(columns), jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(result.x, float)


def _line(rows: Sequence[Judged], which: str) -> Line:
    """How far a finding's confidence can be trusted: fitted on whether its place was right.

    ``which``: the comparison's findings, the detector's beside an aligned comparison that does
    not show them, or the detector's where nothing could be compared.
    """
    table: list[list[float]] = []
    truth: list[bool] = []
    for row in rows:
        hints, grounds = _of(row, "detector").findings, _of(row, "reference").findings
        chosen = grounds if which == "reference" else hints
        for one in chosen:
            other = hints if which == "reference" else grounds
            agree = any(overlaps(one, place) for place in other)
            if which == "beside" and agree:
                continue
            table.append([1.0, logit(one.confidence), float(agree and which == "reference")])
            truth.append(_right(one, row.boxes))
    if len(set(truth)) < 2:  # nothing to learn from: a hint nobody checked counts little
        return Line(0.0 if which == "reference" else -1.0, 1.0)
    found = _nonnegative(np.array(table), np.array(truth, float), [0])
    # A slope of 0 would lose the order of the findings.
    bias, slope, agree_ = (round(float(one), 4) for one in found)
    return Line(bias, max(slope, 0.05), agree_)


def _right(one: Finding, boxes: Sequence[Box]) -> bool:
    return any(overlaps(one, replace(one, box=box)) for box in boxes)
