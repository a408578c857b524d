"""What a photo's report says, line by line in Korean, for the console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vision.types import Report
from vision.wire import STATES, report_json

__all__ = ["JudgeLine", "judge_lines", "measures"]

_MEASURES: Mapping[str, str] = {
    "sharpness": "선명도", "exposure": "밝기", "resolution": "크기", "framing": "구도",
}  # fmt: skip
_GOOD, _FAIR = 0.66, 0.33


@dataclass(frozen=True, slots=True)
class JudgeLine:
    """One judge of a report: its code and name, what became of it, how much that weighed
    ("판단 비중 83%, 의심을 높임", "" for nothing), why, and which model it is."""

    judge: str
    name: str
    state: str
    said: str
    weight: str
    reason: str
    model: str


def judge_lines(report: Report) -> tuple[JudgeLine, ...]:
    """Each judge's line, in the report's order."""
    return tuple(
        JudgeLine(
            row["judge"], row["judge_ko"], row["state"], STATES[row["state"]],
            row["share_ko"], row["reason"], row["model"],
        )
        for row in report_json(report)["judges"]
    )  # fmt: skip


def measures(report: Report) -> tuple[tuple[str, str], ...]:
    """Each measure of the photo's quality and a word for it: ("선명도", "좋음")."""
    values = {name: float(getattr(report.quality, name)) for name in _MEASURES}
    return tuple((word, _word(values[name])) for name, word in _MEASURES.items())


def _word(value: float) -> str:
    return "좋음" if value >= _GOOD else "보통" if value >= _FAIR else "모자람"
