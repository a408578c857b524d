"""How good the joined answer is, on generated cases that calibration never saw (seeds ≥ 5000)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from evals.vision.boards import TUNED, boards
from vision.fusion.calibrate import Judged, judge_cases, stated
from vision.fusion.join import fuse
from vision.fusion.weights import Weights, shipped
from vision.generate.cases import TEST_SEED, case
from vision.measure import ap50, bootstrap, brier, calibration_error, figures, iou
from vision.types import Box, Reference, Report

__all__ = ["deeppcb_joined", "joined", "joined_other_specimen"]

SIZE_PX = (640, 640)


def joined(cases: int = 300, *, specimen: int | None = 0, hardness: float = 1.0) -> dict[str, Any]:
    """The joined score and verdicts over ``cases`` generated photos (half damaged).

    ``specimen`` 0 photographs the very piece of the catalogue photo; others another piece.
    """
    make = partial(case, specimen=specimen, hardness=hardness)
    start = TEST_SEED + 10_000 * (specimen or 0)
    rows = judge_cases(range(start, start + cases), make=make)
    return summary(rows, shipped())


def joined_other_specimen(cases: int = 300) -> dict[str, Any]:
    """The same for another piece of the same product, the real case."""
    return joined(cases, specimen=1)


def summary(rows: Sequence[Judged], weights: Weights) -> dict[str, Any]:
    """Ranking, calibration and verdicts of judged cases."""
    reports = [_report(row, weights) for row in rows]
    truth = np.array([row.damaged for row in rows])
    # A photo that is asked for again is no alarm, and a miss where it was damaged.
    scores = np.array([report.score or 0.0 for report in reports])
    answered = np.array([report.score is not None for report in reports])
    claimed = np.array([report.verdict == "damage" for report in reports])
    kept = answered.nonzero()[0]
    return {
        **figures(scores, truth),
        "claim_share_damaged": round(float(claimed[truth].mean()), 4),
        "claim_share_clean": round(float(claimed[~truth].mean()), 4),
        "claim_share_clean_95": [
            round(end, 4) for end in bootstrap(lambda part: float(part.mean()), claimed[~truth])
        ],
        "right_place_of_claims": round(_right_place(rows, reports), 4),
        "answered": round(float(answered.mean()), 4),
        "calibration_error": round(calibration_error(scores[kept], truth[kept]), 4),
        "brier": round(brier(scores[kept], truth[kept]), 4),
        "verdicts_damaged": _verdicts(reports, truth),
        "verdicts_clean": _verdicts(reports, ~truth),
    }


def _report(row: Judged, weights: Weights) -> Report:
    opinions = stated(row.opinions, weights.reference_seen_at)
    return fuse(row.quality, opinions, size_px=SIZE_PX, weights=weights)


def _verdicts(reports: Sequence[Report], chosen: Any) -> dict[str, int]:
    return dict(Counter(one.verdict for one, there in zip(reports, chosen, strict=True) if there))


def _right_place(rows: Sequence[Judged], reports: Sequence[Report]) -> float:
    """Share of the claims on damaged pictures whose surest evidence touches the damage."""
    hits = [
        any(iou(found.findings[0].box, box) > 0 for box in row.boxes)
        for row, found in zip(rows, reports, strict=True)
        if row.damaged and found.verdict == "damage" and found.findings
    ]
    return float(np.mean(hits)) if hits else 0.0


def deeppcb_joined(folder: Path) -> dict[str, Any]:
    """AP50 of the whole path (file to findings) on the pairs of ``folder``, any label right.

    A board that is not answered counts all its defects as missed.
    """
    from vision.decoding import clean_photo
    from vision.inspector import Inspector

    inspector = Inspector()
    found: list[list[tuple[float, Box]]] = []
    truth: list[list[Box]] = []
    verdicts: Counter[str] = Counter()
    for board in boards(folder):
        photo = clean_photo(board.tested.read_bytes(), max_mb=10)
        template = clean_photo(board.template.read_bytes(), max_mb=10)
        report = inspector.inspect(photo.data, [Reference("board", "", template.data)])
        verdicts[report.verdict] += 1
        found.append([(one.confidence, one.box) for one in report.findings])
        truth.append(list(board.faults))
    return {
        "pictures": len(found),
        "ap50": round(ap50(found, truth), 4),
        "ap50_untuned": round(ap50(found[TUNED:], truth[TUNED:]), 4),
        "verdicts": dict(verdicts),
    }
