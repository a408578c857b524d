"""A photo desk for tests of what follows from a report: the report is given, the rest is real."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image, ImageDraw

from agent.types import Caller
from services import Services
from services.photos import Photos
from vision.labels import Label
from vision.types import (
    Finding,
    Opinion,
    Quality,
    Recommendation,
    Reference,
    Report,
    Verdict,
)

__all__ = ["Says", "add_photo", "photo_bytes", "report"]

ADVICE = "조금 더 밝은 곳에서 문제가 있는 곳을 가까이 찍어 주세요."
Judge = Callable[[Sequence[Reference]], Report]


def report(
    verdict: Verdict, label: Label = "broken", confidence: float = 0.82, *, size: int = 640
) -> Report:
    """A report as the inspector makes it: retake has advice, damage a finding in the middle."""
    usable = verdict != "retake"
    findings = (Finding(label, confidence, (0.4, 0.4, 0.6, 0.6), ("reference",)),)
    seen = verdict == "damage"
    wrong = label == "wrong_item" and seen
    reference = Opinion(
        "reference", "seen" if seen else "clear" if usable else "unsure",
        score=None if wrong or not usable else (0.9 if seen else 0.1),
        findings=findings if seen else (), model="reference",
    )  # fmt: skip
    reasons = {
        "retake": (ADVICE,),
        "review": ("상품 사진과 견주었지만 뚜렷하게 다른 곳은 찾지 못했어요.",),
        "damage": ("상품 사진과 견주어 보니 가운데가 달라요.",),
    }
    return Report(
        verdict, confidence if seen else None,
        Quality(usable, 0.9, 0.2 if not usable else 0.9, 0.9, 0.9,
                () if usable else ("dark",), () if usable else (ADVICE,)),
        findings if seen else (), (reference,), reasons[verdict],
        Recommendation.of(label) if seen else None, "reference", size, size,
    )  # fmt: skip


class Says(Photos):
    """Photos whose judges say what is given, one answer a photo, the last one for the rest.

    An error given is raised, a function asked with the catalogue pictures. ``asked`` counts.
    """

    def __init__(self, desk: Services, *answers: Report | Exception | Judge) -> None:
        super().__init__(desk)
        self.answers = list(answers)
        self.asked = 0
        desk.__dict__["photos"] = self

    def inspect(
        self,
        data: bytes,
        references: Sequence[Reference],
        *,
        upload_px: tuple[int, int],
        model: Any = None,
    ) -> Report:
        assert data.startswith(b"\xff\xd8"), "the stored photo is read"
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Report) else answer(references)


def photo_bytes(shade: int = 200) -> bytes:
    """A picture with something on it."""
    out = io.BytesIO()
    picture = Image.new("RGB", (320, 240), (shade, shade, shade))
    ImageDraw.Draw(picture).ellipse((80, 40, 240, 200), fill="brown", outline="black")
    picture.save(out, "JPEG")
    return out.getvalue()


def add_photo(
    shop: Services, caller: Caller, session_id: str | None = None, *, shade: int = 200
) -> tuple[str, str]:
    """Upload a photo; (session id, image id)."""
    return shop.save_photo(caller, photo_bytes(shade), session_id=session_id)
