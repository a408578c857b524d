"""What the region network looks at: a region close up, and where on the product it lies.

Both pictures of a patch are the compared ones (grey and two opponent colours, matched light and
sharpness), so that neither the lamp nor the lens is what the network sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.reference.difference import Canvas, Difference
from vision.reference.regions import Region

__all__ = ["CHANNELS", "NEAR_PX", "WIDE_PX", "Patches", "patches"]

Floats = NDArray[Any]

NEAR_PX, WIDE_PX = 48, 32
CHANNELS = 9  # catalogue (3), photo (3), strength, inside, the region itself
MARGIN = 0.35  # around a region, as a share of its longer side …
LEAST_MARGIN_PX = 8.0  # … but at least so much, on a canvas of 512 px
_SPREAD = np.array([64.0, 48.0, 48.0], np.float32)


@dataclass(frozen=True, slots=True)
class Patches:
    """Of N regions: ``near`` (N×9×48×48) and ``wide`` (N×9×32×32), float32 about −2 to 2."""

    near: Floats
    wide: Floats


def patches(found: Difference, canvas: Canvas, regions: Sequence[Region]) -> Patches:
    """The patches of ``regions``, in their order."""
    if not regions:
        return Patches(_first([], NEAR_PX), _first([], WIDE_PX))
    stack = _stack(found, canvas)
    side = max(stack.shape[:2])
    whole = _sized(_cut(stack, (0, 0), side), WIDE_PX)
    near, wide = [], []
    for one in regions:
        x1, y1, x2, y2 = one.box
        part = np.zeros(stack.shape[:2], np.float32)
        part[y1:y2, x1:x2] = one.part
        long = max(x2 - x1, y2 - y1)
        reach = long / 2 + max(MARGIN * long, LEAST_MARGIN_PX * side / 512)
        corner = (floor((x1 + x2) / 2 - reach), floor((y1 + y2) / 2 - reach))
        sheets = [_cut(sheet, corner, ceil(2 * reach)) for sheet in (stack, part[..., None])]
        near.append(np.dstack([_sized(sheet, NEAR_PX) for sheet in sheets]))
        place = _sized(_cut(part[..., None], (0, 0), side), WIDE_PX)
        wide.append(np.dstack([whole, place]))
    return Patches(_first(near, NEAR_PX), _first(wide, WIDE_PX))


def _stack(found: Difference, canvas: Canvas) -> Floats:
    ours, theirs = (one / _SPREAD for one in (found.ours, found.theirs))
    ours[..., 0] -= 2.0
    theirs[..., 0] -= 2.0
    strength = np.log1p(np.maximum(found.strength, 0)) / 2
    inside = canvas.inside.astype(np.float32)
    return np.asarray(np.dstack([ours, theirs, strength, inside]), np.float32)


def _cut(stack: Floats, corner: tuple[int, int], side: int) -> Floats:
    """The square from ``corner`` (x, y), zero where it leaves the canvas."""
    x, y = corner
    high, wide = stack.shape[:2]
    top, left, bottom, right = max(y, 0), max(x, 0), min(y + side, high), min(x + side, wide)
    if (x, y, x + side, y + side) == (left, top, right, bottom):
        return stack[top:bottom, left:right]
    out = np.zeros((side, side, stack.shape[2]), np.float32)
    out[top - y : bottom - y, left - x : right - x] = stack[top:bottom, left:right]
    return out


def _sized(square: Floats, side_px: int) -> Floats:
    """The square (H×H×C) at ``side_px``, four channels at a time: OpenCV takes no more."""
    import cv2

    how = cv2.INTER_AREA if len(square) > side_px else cv2.INTER_LINEAR
    sheets = [
        cv2.resize(np.ascontiguousarray(square[..., i : i + 4]), (side_px, side_px),
                   interpolation=how)
        for i in range(0, square.shape[2], 4)
    ]  # fmt: skip
    return np.dstack(sheets)


def _first(images: list[Floats], side_px: int) -> Floats:
    """N×H×W×C as N×C×H×W."""
    if not images:
        return np.zeros((0, CHANNELS, side_px, side_px), np.float32)
    return np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))
