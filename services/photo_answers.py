"""Photos as the API tells them: what is measured on one, and a report in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.tools.photos import PhotoReport
from services.words import PHOTO_LABELS
from store.photos import Correction
from vision import Limits, clean_photo, pixels
from vision.colours import Colour, dominant_colours
from vision.decoding import kind_of
from vision.types import Quality, Report
from vision.wire import pixel_box, report_json

__all__ = ["Measured", "measured", "report_answer"]

_FORMATS: Mapping[str, str] = {"HEIF": "heic"}


@dataclass(frozen=True, slots=True)
class Measured:
    """A photo's quality, its colours, and its upright size in pixels.

    ``format`` is the upload's, in small letters: "jpeg", "png", "heic", ….
    """

    quality: Quality
    colours: tuple[Colour, ...]
    width_px: int
    height_px: int
    format: str


def measured(data: bytes, limits: Limits) -> Measured:
    """Look at an untrusted upload; nothing is kept. Raises BadInput."""
    from vision.inspector import SIDE_PX
    from vision.quality import judge_quality

    photo = clean_photo(data, limits)
    rgb = pixels(photo.data, side_px=SIDE_PX)
    size = photo.upload_width_px, photo.upload_height_px
    kind = kind_of(data)
    return Measured(
        judge_quality(rgb, upload_px=size), dominant_colours(rgb), *size,
        _FORMATS.get(kind, kind.lower()),
    )  # fmt: skip


def report_answer(kept: PhotoReport, *, staff: bool) -> dict[str, Any]:
    """A kept report as POST /api/vision/defect answers it.

    Boxes are in pixels of the upright upload. What staff made of it is for staff.
    """
    stored, told = kept.stored, report_json(kept.report, kept.report_id)
    about = {"order_id": stored.order_id, "line_id": stored.line_id}
    wanted = told["recommended_claim"]
    correction = stored.correction if staff else None
    return {
        **told,
        "image_id": kept.image_id,
        **about,
        "product_id": stored.product_id or told["product_id"] or None,
        "sku": stored.sku or told["sku"] or None,
        "recommended_claim": wanted and {**wanted, **about, "photos": [kept.image_id]},
        "correction": correction and _corrected(correction, kept.report),
        "created_at": stored.created_at,
    }


def _corrected(correction: Correction, report: Report) -> dict[str, Any]:
    return {
        "defects": [
            {"label": one.label, "label_ko": PHOTO_LABELS.get(one.label, one.label),
             "box": pixel_box(one.box, report)}
            for one in correction.boxes
        ],
        "note": correction.note,
        "corrected_at": correction.corrected_at,
        "version": correction.version,
    }  # fmt: skip
