"""Photos and reports as tests of the console need them: stored and kept by the real tools."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from agent.types import Caller
from services import PhotoReport, Services
from vision.labels import Label
from vision.types import Finding, Opinion, Quality, Recommendation, Report, Verdict

__all__ = ["CRACK", "SPOT", "jpeg", "keep", "report", "store"]

CRACK = Finding("crack", 0.82, (0.1, 0.1, 0.4, 0.5), ("reference", "detector"))
SPOT = Finding("stain", 0.41, (0.55, 0.6, 0.8, 0.9), ("reference",))
FAINT = Finding("scratch", 0.12, (0.0, 0.0, 0.2, 0.1), ("detector",))
GOOD = Quality(True, 0.9, 0.5, 1.0, 0.2)
DARK = Quality(False, 0.9, 0.1, 1.0, 0.8, ("dark",), ("조금 더 밝은 곳에서 찍어 주세요.",))


def jpeg(seed: int = 0, *, size: tuple[int, int] = (640, 480)) -> bytes:
    """A picture of coloured squares."""
    squares = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(squares).resize(size, Image.Resampling.NEAREST).save(out, "JPEG")
    return out.getvalue()


def report(
    verdict: Verdict = "damage",
    findings: Sequence[Finding] = (CRACK, SPOT, FAINT),
    *,
    product_id: str = "",
) -> Report:
    """What judging might have found."""
    label: Label | None = findings[0].label if findings else None
    opinions = (
        Opinion("reference", "seen" if findings else "unsure", 0.84, tuple(findings),
                "상품 사진과 견주어 보니 왼쪽 위가 달라요.", "", 110.0),
        Opinion("detector", "seen", 0.4, (), "", "예시 모델 (합성 이미지로 학습)", 9.0),
        Opinion("llm", "absent", None, (), "사진을 볼 언어 모델이 설정되어 있지 않아요."),
    )  # fmt: skip
    retake = verdict == "retake"
    return Report(
        verdict, None if retake else 0.83, DARK if retake else GOOD, tuple(findings), opinions,
        (DARK.advice if retake else ("상품 사진과 견주어 보니 왼쪽 위가 달라요.",)),
        Recommendation.of(label) if label and verdict == "damage" else None,
        "예시 모델 (합성 이미지로 학습)", 640, 480, product_id,
    )  # fmt: skip


def store(desk: Services, caller: Caller, seed: int = 0, **given: Any) -> str:
    """Store a photo; its id."""
    _, image_id = desk.save_photo(caller, jpeg(seed), session_id=None, **given)
    return image_id


def keep(
    desk: Services, caller: Caller, found: Report | None = None, *, seed: int = 0, **about: Any
) -> PhotoReport:
    """Store a photo of the caller's and keep a report of it."""
    kept: PhotoReport = desk.tool(
        caller, "keep_photo_report", image_id=store(desk, caller, seed),
        report=found or report(), **about,
    )  # fmt: skip
    return kept
