"""Compare a customer's photo with the catalogue photos of the order: one answer, with reasons."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vision.reference.align import (
    FEATURE_SIDE_PX,
    FINE_SIDE_PX,
    Alignment,
    Features,
    align,
    features,
    matches,
    quad,
)
from vision.reference.catalogue import Prepared, grey_of, prepare
from vision.reference.difference import Canvas, difference, lay_over
from vision.reference.naming import named, picture_score, shipped
from vision.reference.network import shipped_network
from vision.reference.regions import boxed, regions
from vision.types import Box, Finding, Reference

__all__ = ["Comparison", "Photo", "canvas_of", "compare"]

Pixels = NDArray[np.uint8]

MAX_OTHERS = 50
TRIED_OTHERS = 4
RANKED_BY = 500  # of a picture's features: what is most alike is tried first
UNALIGNED = (
    "사진을 상품 사진과 맞춰 보지 못했어요. 상품 전체가 화면에 차도록 정면에서 다시 찍어 주세요."
)
BLURRED = "사진이 흐려서 상품 사진과 견주지 못했어요. 초점을 맞춰 다시 찍어 주세요."
DIFFERENT = "상품 사진과 견주어 보니 다른 곳이 있어요."
SAME = "상품 사진과 견주었을 때 뚜렷하게 다른 곳을 찾지 못했어요. 담당자가 직접 확인할게요."
WRONG_ITEM = "주문하신 상품 사진과는 맞지 않고, 다른 상품의 사진과 맞아요."
SAME_GROUND_LEVELS = 16
TOO_SOFT_PX = 5.0  # blur (σ) on the canvas: an ordinary photo has at most 2.5
SAME_VIEW = 0.03  # of the longer side: how far corners may lie apart
PAD = 0.015  # of the compared part's longer side


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the comparison says.

    ``score`` (0 to 1) grows with the likelihood of damage, 0 where nothing was compared;
    ``product_id`` and ``sku`` are of the reference that fits, also where the photo is too
    blurred to be compared with it (not ``aligned``); ``other`` is the id of
    another reference that fits while the ordered one does not ("" for none); ``reason`` is
    Korean; ``took_ms`` milliseconds.
    """

    aligned: bool
    score: float = 0.0
    findings: tuple[Finding, ...] = ()
    product_id: str = ""
    sku: str = ""
    other: str = ""
    reason: str = ""
    took_ms: float = 0.0


class Photo:
    """The customer's photo (uint8 RGB H×W×3); its features are found once, when asked for."""

    def __init__(self, rgb: Pixels) -> None:
        self.rgb = np.ascontiguousarray(rgb)
        self.grey = grey_of(self.rgb)
        self._found: dict[int, Features] = {}

    def features(self, side_px: int = FEATURE_SIDE_PX) -> Features:
        """Its features, sought at ``side_px``."""
        if side_px not in self._found:
            self._found[side_px] = features(self.grey, side_px=side_px)
        return self._found[side_px]

    def under(self, ready: Prepared) -> Alignment | None:
        """How the catalogue photo lies over this one; None where it does not surely.

        Where a coarse look finds nothing a finer one follows: the product may be small.
        """
        for side_px in (FEATURE_SIDE_PX, FINE_SIDE_PX):
            theirs = partial(self.features, side_px)
            laid = align(ready.grey, self.grey, ready.features, theirs, ready.mask)
            if laid and laid.sure:
                return laid
        return None


def compare(photo_rgb: NDArray[np.uint8], references: Sequence[Reference]) -> Comparison:
    """Compare a photo (uint8 RGB H×W×3) with the catalogue photos of the order.

    Those with ``ordered`` are tried first, in the order given; where none aligns the others
    (at most :data:`MAX_OTHERS`) tell whether another product was sent. Never says that there is
    no damage: a comparison without findings only has nothing to show. Raises BadInput for a
    reference that cannot be read, ValueError for a photo that is no H×W×3 uint8 array.
    """
    started = time.perf_counter()
    if photo_rgb.ndim != 3 or photo_rgb.shape[2] != 3 or photo_rgb.dtype != np.uint8:
        raise ValueError("a photo must be a uint8 array of H×W×3")
    photo = Photo(photo_rgb)
    found = _with_ordered(photo, [one for one in references if one.ordered])
    if not found.aligned and not found.product_id:
        others = [one for one in references if not one.ordered][:MAX_OTHERS]
        found = _with_others(photo, found, others)
    return replace(found, took_ms=(time.perf_counter() - started) * 1000)


def _with_ordered(photo: Photo, references: Sequence[Reference]) -> Comparison:
    best: tuple[Alignment, Prepared, Reference] | None = None
    for reference in references:
        ready = prepare(reference)
        laid = photo.under(ready)
        if laid and (best is None or laid.agreement > best[0].agreement + 0.05):
            best = laid, ready, reference
    if best is None:
        return Comparison(aligned=False, reason=UNALIGNED)
    return _judged(photo, *best)


def _judged(photo: Photo, laid: Alignment, ready: Prepared, reference: Reference) -> Comparison:
    canvas = canvas_of(ready, photo.rgb, laid)
    if canvas is None:
        return Comparison(aligned=False, reason=UNALIGNED)
    differs = difference(canvas)
    if differs.softer >= TOO_SOFT_PX:
        # The product is the right one, but what a blur hides and makes is not to be judged.
        return Comparison(
            aligned=False, product_id=reference.product_id, sku=reference.sku, reason=BLURRED
        )
    places = regions(differs, canvas)
    twins = _same_view(laid, ready, photo.grey.shape[:2])
    network = None if twins or not places else shipped_network()
    # Two pictures from one place and in one light: what differs at all is the evidence.
    chances = network.chances(differs, canvas, places) if network else shipped().chances(places)
    found = named(places, chances, boxy=ready.boxy)
    findings = tuple(
        Finding(
            one.label, one.sure, boxed(one.region, canvas, photo.grey.shape[:2], PAD),
            ("reference",), one.named,
        )
        for one in found
    )  # fmt: skip
    return Comparison(
        aligned=True, score=picture_score(found), findings=findings,
        product_id=reference.product_id, sku=reference.sku,
        reason=DIFFERENT if findings else SAME,
    )  # fmt: skip


def _same_view(laid: Alignment, ready: Prepared, size: tuple[int, int]) -> bool:
    """Whether the photo (height, width) was taken as the catalogue's was: nothing moved."""
    here = ready.grey.shape[:2]
    if here != size:
        return False
    moved = quad(laid.matrix, here) - quad(np.eye(3), here)
    return bool(np.abs(moved).max() < SAME_VIEW * max(here))


def canvas_of(ready: Prepared, photo: Pixels, laid: Alignment) -> Canvas | None:
    """Catalogue photo and customer photo on one canvas, over the product alone or, where the
    photo shows the catalogue's own flat ground, over all of it."""
    mask = ready.mask
    if ready.flat_ground and _same_ground(ready, photo, laid.matrix):
        mask = np.full_like(mask, 255)
    return lay_over(ready.rgb, photo, laid.matrix, mask)


def _same_ground(ready: Prepared, photo: Pixels, matrix: NDArray[np.float64]) -> bool:
    """Whether the photo looks like the catalogue's around the product too."""
    import cv2

    scale = 160 / max(ready.mask.shape)
    small = np.diag([scale, scale, 1.0])
    size = (round(ready.mask.shape[1] * scale), round(ready.mask.shape[0] * scale))
    ours = cv2.resize(ready.rgb, size, interpolation=cv2.INTER_AREA).astype(np.int16)
    back = small @ np.linalg.inv(matrix)
    theirs = cv2.warpPerspective(photo, back, size, flags=cv2.INTER_LINEAR).astype(np.int16)
    seen = cv2.warpPerspective(np.full(photo.shape[:2], 255, np.uint8), back, size, flags=0)
    near = cv2.resize(cv2.dilate(ready.mask, np.ones((9, 9), np.uint8)), size, interpolation=0)
    ground = (seen > 0) & (near == 0)
    if ground.mean() < 0.03:
        return False
    return bool((np.abs(ours - theirs)[ground].max(1) < SAME_GROUND_LEVELS).mean() > 0.9)


def _with_others(photo: Photo, found: Comparison, others: Sequence[Reference]) -> Comparison:
    """``found`` with the product that the photo does show, where one of ``others`` fits."""
    prepared = [(one, prepare(one)) for one in others]
    theirs = photo.features().clearest(RANKED_BY)
    alike = [len(matches(one.features.clearest(RANKED_BY), theirs)[0]) for _, one in prepared]
    for place in sorted(range(len(prepared)), key=lambda i: -alike[i])[:TRIED_OTHERS]:
        reference, ready = prepared[place]
        laid = align(ready.grey, photo.grey, ready.features, photo.features, ready.mask)
        if laid is None or not laid.sure:
            continue
        box = _covered(ready, laid, photo.grey.shape[:2])
        wrong = Finding("wrong_item", min(0.95, laid.agreement), box, ("reference",))
        return replace(
            found, findings=(wrong,), other=reference.product_id, score=wrong.confidence,
            reason=WRONG_ITEM,
        )  # fmt: skip
    return found


def _covered(ready: Prepared, laid: Alignment, size: tuple[int, int]) -> Box:
    """The part of a photo of ``size`` (height, width) that the product covers, as fractions."""
    import cv2

    rows, columns = np.nonzero(ready.mask)
    low, high = (columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)
    corners = np.array([[low, (high[0], low[1]), high, (low[0], high[1])]], np.float32)
    there = cv2.perspectiveTransform(corners, laid.matrix)[0] / np.array([size[1], size[0]])
    x1, y1 = np.clip(there.min(0), 0, 0.99)
    x2, y2 = np.clip(there.max(0), 0.01, 1)
    return float(x1), float(y1), float(x2), float(y2)
