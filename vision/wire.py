"""A report as the outside sees it: JSON, boxes in pixels of the upright upload."""

from __future__ import annotations

from typing import Any

from vision.fusion.join import Contribution, contributions
from vision.fusion.weights import Weights
from vision.labels import LABELS
from vision.phrases import detector_name
from vision.types import Box, Finding, Opinion, Report

__all__ = ["JUDGES", "STATES", "VERDICTS", "pixel_box", "report_json"]

JUDGES = {"reference": "상품 사진 비교", "detector": "검출 모델", "llm": "언어 모델"}
STATES = {
    "seen": "의심되는 곳을 찾았어요",
    "clear": "뚜렷한 곳을 찾지 못했어요",
    "unsure": "판단하지 못했어요",
    "absent": "쓰지 않았어요",
}
VERDICTS = {
    "retake": "판단이 어려워요",
    "review": "확인이 필요해요",
    "damage": "문제가 보여요",
}


def report_json(
    report: Report, report_id: str | None = None, *, weights: Weights | None = None
) -> dict[str, Any]:
    """The answer of ``POST /api/vision/defect`` and of ``python -m vision check --json``.

    ``weights`` are those the report was joined with (default: the shipped ones).
    """
    moved = {row.judge: row for row in contributions(report, weights)}
    wanted = report.recommendation
    quality = report.quality
    return {
        "report_id": report_id,
        "verdict": report.verdict,
        "verdict_ko": VERDICTS[report.verdict],
        "score": report.score,
        "quality": {
            "usable": quality.usable,
            "sharpness": quality.sharpness,
            "exposure": quality.exposure,
            "resolution": quality.resolution,
            "framing": quality.framing,
            "problems": list(quality.problems),
            "advice": list(quality.advice),
        },
        "defects": [_defect(one, report) for one in report.findings],
        "recommended_claim": wanted
        and {
            "reason_code": wanted.reason_code,
            "fault": wanted.fault,
            "kinds": list(wanted.kinds),
        },
        "reasons": list(report.reasons),
        "judges": [_judge(one, moved.get(one.judge)) for one in report.opinions],
        "model": report.model,
        "product_id": report.product_id,
        "sku": report.sku,
        "width_px": report.width_px,
        "height_px": report.height_px,
        "took_ms": report.took_ms,
    }


def pixel_box(box: Box, report: Report) -> list[float]:
    """A box in pixels of the upright upload, to a tenth."""
    wide, high = report.width_px, report.height_px
    return [round(edge * side, 1) for edge, side in zip(box, (wide, high, wide, high), strict=True)]


def _defect(one: Finding, report: Report) -> dict[str, Any]:
    return {
        "label": one.label,
        "label_ko": LABELS[one.label],
        "confidence": one.confidence,
        "label_confidence": round(one.named, 4),
        "box": pixel_box(one.box, report),
        "judges": list(one.judges),
    }


def _judge(opinion: Opinion, moved: Contribution | None) -> dict[str, Any]:
    return {
        "judge": opinion.judge,
        "judge_ko": _name(opinion),
        "state": opinion.state,
        "score": opinion.score,
        "findings": len(opinion.findings),
        "reason": opinion.reason,
        "model": opinion.model,
        "log_odds": moved.log_odds if moved else None,
        "share": round(moved.share, 3) if moved else None,
        "share_ko": moved.words if moved else "",
        "took_ms": opinion.took_ms,
    }


def _name(opinion: Opinion) -> str:
    return detector_name(opinion) if opinion.judge == "detector" else JUDGES[opinion.judge]
