"""One photo to one report: decode, quality, the judges, the fusion.

The judges are independent: whichever is missing, slow or broken is told in its own opinion
and never breaks the report. At most ``workers`` photos are judged at once; others wait.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from errors import SangdamError
from vision.detector import SHIPPED, Eye, open_judge
from vision.fusion.weights import Weights, shipped
from vision.labels import LABELS
from vision.types import Finding, Opinion, Reference, Report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SIDE_PX", "Health", "Inspector", "LlmJudge"]

SIDE_PX = 960  # longest side the judges see; each makes it smaller as it needs
LLM_WAIT_S = 20.0
MAX_FINDINGS = 100  # of one judge
log = logging.getLogger(__name__)

LlmJudge = Callable[[bytes, Sequence[Reference]], Opinion]


@dataclass(frozen=True, slots=True)
class Health:
    """``ready``, ``absent`` (none is wanted) or ``degraded`` (``reason`` says why, Korean)."""

    state: Literal["ready", "absent", "degraded"]
    reason: str = ""


class Inspector:
    """Judges photos; one instance serves all threads.

    ``detector`` is a weights file (read at the first photo), a ready detector, or None for
    none; ``workers`` is how many photos are judged at once; ``llm_wait_s`` (seconds) is how
    long a report waits for the language model after the others are done.
    """

    def __init__(
        self,
        detector: Path | Eye | None = SHIPPED,
        *,
        weights: Weights | None = None,
        workers: int = 2,
        llm_wait_s: float = LLM_WAIT_S,
    ) -> None:
        self._source = detector
        self._weights = weights
        self._llm_wait_s = llm_wait_s
        self._slots = threading.BoundedSemaphore(workers)
        self._loading = threading.Lock()
        self._eye: Eye | None = None
        self._failure = ""

    def health(self) -> Health:
        """Whether the detector can be used; loads it if that has not been tried yet."""
        if self._source is None:
            return Health("absent", "검출 모델을 쓰지 않아요.")
        self._detector()
        return Health("degraded", self._failure) if self._failure else Health("ready")

    def inspect(
        self,
        data: bytes,
        references: Sequence[Reference] = (),
        *,
        upload_px: tuple[int, int] | None = None,
        llm: LlmJudge | None = None,
    ) -> Report:
        """Judge a photo that :func:`vision.clean_photo` wrote.

        ``references`` are the catalogue photos to compare with; ``upload_px`` the upright
        upload's width and height (default: the photo's own); ``llm`` asks a language model and
        runs beside the others. Raises BadInput where ``data`` is no picture.
        """
        from vision.fusion.join import fuse

        started = time.perf_counter()
        asked = _Asked(llm, data, references) if llm else None
        with self._slots:
            from vision.decoding import pixels
            from vision.quality import judge_quality

            rgb = pixels(data, side_px=SIDE_PX)
            size = upload_px or _size(data)
            quality = judge_quality(rgb, upload_px=size)
            reference, compared = _compare(rgb, references, self._weights or shipped())
            seen = self._detect(rgb)
        opinions = [reference, seen, asked.answer(self._llm_wait_s) if asked else _NO_LLM]
        report = fuse(
            quality,
            opinions,
            size_px=size,
            weights=self._weights,
            product_id=compared.product_id,
            sku=compared.sku,
        )
        return replace(report, other=compared.other, took_ms=_since(started))

    def _detector(self) -> Eye | None:
        """The detector, loaded once; None where it is not wanted or cannot be loaded."""
        with self._loading:
            if self._eye is None and self._source is not None and not self._failure:
                self._eye, self._failure = _load(self._source)
            return self._eye

    def _detect(self, rgb: NDArray[np.uint8]) -> Opinion:
        eye = self._detector()
        if eye is None:
            return Opinion("detector", "absent", reason=self._failure)
        started = time.perf_counter()
        try:
            return _sound(eye.detect(rgb))
        except Exception:  # a detector that fails must not cost the customer the report
            log.exception("the detector failed")
            return Opinion(
                "detector", "unsure", reason="검출 모델이 이 사진을 보지 못했어요.",
                took_ms=_since(started),
            )  # fmt: skip


_NO_LLM = Opinion("llm", "absent")


class Compared(NamedTuple):
    """Whose catalogue photo a photo was held against, and whose fits instead ("" for none)."""

    product_id: str = ""
    sku: str = ""
    other: str = ""


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


def _size(data: bytes) -> tuple[int, int]:
    import io

    from PIL import Image

    with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
        return picture.size


def _load(source: Path | Eye) -> tuple[Eye | None, str]:
    """The detector, or why there is none (Korean)."""
    if not isinstance(source, Path):
        return source, ""
    if not source.exists():
        return None, "검출 모델 파일이 없어요."
    try:
        return open_judge(source), ""
    except SangdamError as error:
        log.warning("the detector %s cannot be used: %s", source, error.code)
        return None, error.message
    except Exception as error:  # damaged weights, another checksum, no engine: photos go on
        log.warning("the detector %s cannot be loaded: %s", source, error)
        return None, "검출 모델 파일을 쓸 수 없어요."


def _compare(
    rgb: NDArray[np.uint8], references: Sequence[Reference], weights: Weights
) -> tuple[Opinion, Compared]:
    """The comparison's opinion, and what the photo was held against."""
    if not any(one.ordered for one in references):
        return Opinion("reference", "absent", reason="견주어 볼 상품 사진이 없어요."), Compared()
    started = time.perf_counter()
    try:
        from vision.reference import compare

        found: Any = compare(rgb, references)
    except Exception:  # a broken catalogue photo costs only the comparison, and no new photo
        log.exception("the comparison failed")
        return Opinion(
            "reference", "absent", reason="상품 사진과 견주지 못했어요.", took_ms=_since(started)
        ), Compared()
    seen = bool(found.findings) and found.score >= weights.reference_seen_at
    # Another product fits instead: that is something seen, although the ordered one is not.
    wrong = any(one.label == "wrong_item" for one in found.findings)
    state: Any = "seen" if wrong or (found.aligned and seen) else "clear"
    if not found.aligned and not wrong:
        state = "unsure"
    opinion = Opinion(
        "reference",
        state,
        score=float(found.score) if found.aligned else None,
        findings=tuple(found.findings),
        reason=found.reason,
        model="reference",
        took_ms=_since(started),
    )
    return _sound(opinion), Compared(found.product_id, found.sku, found.other)


class _Asked:
    """A question to a language model on its way, in a thread of its own.

    A daemon thread: a call that hangs for good ends with the process.
    """

    def __init__(self, llm: LlmJudge, data: bytes, references: Sequence[Reference]) -> None:
        self._opinion: Opinion | None = None
        self._started = time.perf_counter()
        self._thread = threading.Thread(
            target=self._ask, args=(llm, data, references), daemon=True, name="photo-llm"
        )
        self._thread.start()

    def _ask(self, llm: LlmJudge, data: bytes, references: Sequence[Reference]) -> None:
        try:
            self._opinion = _sound(llm(data, references))
        except Exception as error:  # any provider's trouble; the others have judged
            log.warning("the language model did not judge the photo: %s", type(error).__name__)

    def answer(self, wait_s: float) -> Opinion:
        """Its opinion, after at most ``wait_s`` seconds; unsure where it gave none."""
        self._thread.join(wait_s)
        return self._opinion or Opinion(
            "llm", "unsure", reason="언어 모델이 답하지 못했어요.", took_ms=_since(self._started)
        )


def _sound(opinion: Opinion) -> Opinion:
    """The opinion without values that cannot be: a model's boxes and numbers are checked."""
    findings = [one for one in map(_sound_finding, opinion.findings) if one is not None]
    kept = sorted(findings, key=lambda one: -one.confidence)[:MAX_FINDINGS]
    score = opinion.score
    if score is not None:
        score = min(max(score, 0.0), 1.0) if math.isfinite(score) else None
    return replace(opinion, findings=tuple(kept), score=score)


def _sound_finding(one: Finding) -> Finding | None:
    numbers = (*one.box, one.confidence)
    if one.label not in LABELS or not all(map(math.isfinite, numbers)):
        return None
    x1, y1, x2, y2 = (min(max(float(edge), 0.0), 1.0) for edge in one.box)
    if x2 <= x1 or y2 <= y1:
        return None
    return replace(one, box=(x1, y1, x2, y2), confidence=min(max(one.confidence, 0.0), 1.0))
