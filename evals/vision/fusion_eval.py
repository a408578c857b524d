"""How good the joined answer is, on generated cases that calibration never saw (seeds ≥ 5000)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vision.calibrate import Judged, judge_cases, stated
from vision.fusion import fuse
from vision.measure import ap50, bootstrap, brier, calibration_error, figures
from vision.scenes import TEST_SEED, case
from vision.types import Box, Reference, Report
from vision.weights import Weights, shipped

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
        any(_touches(found.findings[0].box, box) for box in row.boxes)
        for row, found in zip(rows, reports, strict=True)
        if row.damaged and found.verdict == "damage" and found.findings
    ]
    return float(np.mean(hits)) if hits else 0.0


def _touches(one: Box, other: Box) -> bool:
    return (
        min(one[2], other[2]) > max(one[0], other[0])
        and min(one[3], other[3]) > max(one[1], other[1])
    )  # fmt: skip


def deeppcb_joined(folder: Path) -> dict[str, Any]:
    """AP50 of the whole path (file to findings) on the pairs of ``folder``, any label right.

    A board that is not answered counts all its defects as missed. The pairs' names are sorted;
    the comparison was tuned on the first 20.
    """
    from vision.decode import clean_photo
    from vision.inspector import Inspector

    inspector = Inspector()
    found: list[list[tuple[float, Box]]] = []
    truth: list[list[Box]] = []
    verdicts: Counter[str] = Counter()
    for path in sorted(folder.glob("*_test.jpg")):
        photo = clean_photo(path.read_bytes(), max_mb=10)
        temp = path.with_name(path.name.replace("_test", "_temp"))
        template = clean_photo(temp.read_bytes(), max_mb=10)
        report = inspector.inspect(photo.data, [Reference("board", "", template.data)])
        verdicts[report.verdict] += 1
        found.append([(one.confidence, one.box) for one in report.findings])
        truth.append(_boxes(path.with_name(path.name.replace("_test.jpg", ".txt")), report))
    return {
        "pictures": len(found),
        "ap50": round(ap50(found, truth), 4),
        "ap50_untuned": round(ap50(found[20:], truth[20:]), 4),
        "verdicts": dict(verdicts),
    }


def _boxes(path: Path, report: Report) -> list[Box]:
    wide, high = report.width_px, report.height_px
    rows = [list(map(float, line.split()[:4])) for line in path.read_text().splitlines() if line]
    return [(one[0] / wide, one[1] / high, one[2] / wide, one[3] / high) for one in rows]
