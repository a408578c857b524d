"""From a difference to regions: where it is strong, connected, described by a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.reference.difference import Canvas, Difference
from vision.types import Box

__all__ = ["TRAITS", "Region", "boxed", "regions"]

Floats = NDArray[Any]

STRONG, WEAK = 4.0, 2.0
MAX_REGIONS = 24
GAP = 0.011  # of the canvas' longer side: regions nearer than this are one
MIN_AREA_PX = 10

# What a region is described by, in this order (see _traits).
TRAITS = (
    "peak", "mean", "area", "contrast", "dark", "light", "tint", "long", "fill", "depth",
    "busy", "edge", "inner", "lost", "added", "alike", "halo", "square", "drawn", "sharp",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """A connected difference: its box on the canvas (x1, y1, x2, y2 in px), its traits, and
    which pixels of the box belong to it."""

    box: tuple[int, int, int, int]
    traits: NDArray[Any]
    part: NDArray[Any]


def regions(found: Difference, canvas: Canvas) -> list[Region]:
    """The regions of a difference, the strongest first, at most :data:`MAX_REGIONS`."""
    import cv2

    side = max(canvas.inside.shape)
    # The last pixels before the silhouette see the background through any misalignment.
    # In a blurred photo the background bleeds further in.
    rim = 0.009 * side + 1.5 * max(found.softer - 1.3, 0.0)
    firm = found.strength * np.clip((canvas.margin - rim) / (0.009 * side), 0, 1)
    smooth = cv2.GaussianBlur(firm, (0, 0), 0.8)
    weak = (smooth > WEAK).astype(np.uint8)
    reach = max(1, round(side * GAP / 2))
    joined = cv2.dilate(weak, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
    _, parts, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    out: list[tuple[float, Region]] = []
    for number in range(1, len(stats)):
        x, y, wide, high = stats[number, :4]
        window = (slice(y, y + high), slice(x, x + wide))
        part = (parts[window] == number) & (weak[window] > 0)
        if part.sum() < MIN_AREA_PX or smooth[window][part].max() < STRONG:
            continue
        rows, columns = np.nonzero(part)
        box = (
            int(x + columns.min()), int(y + rows.min()),
            int(x + columns.max() + 1), int(y + rows.max() + 1),
        )  # fmt: skip
        mass = float(smooth[window][part].sum())
        traits = _traits(found, canvas, smooth, window, part)
        tight = part[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        out.append((mass, Region(box, traits, tight)))
    out.sort(key=lambda one: -one[0])
    return [region for _, region in out[:MAX_REGIONS]]


def _traits(
    found: Difference,
    canvas: Canvas,
    smooth: Floats,
    window: tuple[slice, slice],
    part: NDArray[Any],
) -> NDArray[Any]:
    import cv2

    scale = 512 / max(canvas.inside.shape)
    strength = smooth[window][part]
    bright = found.bright[window][part]
    tint = found.tint[window][part]
    area = float(part.sum()) * scale * scale
    thick = float(cv2.distanceTransform(np.pad(part.astype(np.uint8), 1), cv2.DIST_L2, 3).max())
    thick *= scale
    rows, columns = np.nonzero(part)
    length = np.hypot(np.ptp(rows) + 1, np.ptp(columns) + 1) * scale
    margin = canvas.margin[window][part] * scale
    grey_ours = canvas.reference[window].mean(-1)
    grey_theirs = canvas.photo[window].mean(-1)
    a, b = grey_ours[part], grey_theirs[part]
    alike = float(np.cov(a, b)[0, 1] / np.sqrt((a.var() + 9) * (b.var() + 9))) if len(a) > 3 else 0
    around = cv2.dilate(part.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool) & ~part
    halo = float(smooth[window][around].mean()) if around.any() else 0.0
    edge = np.abs(cv2.Laplacian(np.ascontiguousarray(grey_theirs), -1))[part].mean()
    points = np.stack([columns, rows], -1).astype(np.int32)
    _, sides, _ = cv2.minAreaRect(points)
    square = len(points) / ((sides[0] + 1) * (sides[1] + 1))
    # A highlight or a shadow comes and goes softly: the difference has no steps.
    change = np.ascontiguousarray(found.bright[window])
    steps = cv2.magnitude(cv2.Sobel(change, -1, 1, 0), cv2.Sobel(change, -1, 0, 1))[part]
    sharp = float(np.quantile(steps, 0.8)) / 8 / (np.abs(bright).mean() + 4)
    values = (
        np.log1p(np.quantile(strength, 0.95)), np.log1p(strength.mean()), np.log(area),
        np.log1p(np.abs(bright).mean()), np.log1p(np.maximum(-bright, 0).mean()),
        np.log1p(np.maximum(bright, 0).mean()), np.log1p(tint.mean()),
        np.log(length / thick), part.mean(), np.log1p(thick),
        np.log1p(found.steep[window][part].mean()), np.log1p(edge),
        np.log1p(np.median(margin)), np.log1p(found.lost[window][part].mean()),
        np.log1p(found.added[window][part].mean()), alike, np.log1p(halo),
        square, np.log1p(b.std()), np.log(sharp + 0.02),
    )  # fmt: skip
    return np.array(values, np.float32)


def boxed(region: Region, canvas: Canvas, size: tuple[int, int], pad: float) -> Box:
    """The region's box on the photo of ``size`` (height, width), padded, as fractions."""
    import cv2

    x1, y1, x2, y2 = region.box
    corners = np.array([[[x1, y1], [x2, y1], [x2, y2], [x1, y2]]], np.float32)
    there = cv2.perspectiveTransform(corners, canvas.to_photo)[0]
    extra = pad * max(canvas.inside.shape) * canvas.to_photo[0, 0]
    low, high = there.min(0) - extra, there.max(0) + extra
    wide, tall = size[1], size[0]
    return (
        float(np.clip(low[0] / wide, 0, 0.999)), float(np.clip(low[1] / tall, 0, 0.999)),
        float(np.clip(high[0] / wide, 0.001, 1)), float(np.clip(high[1] / tall, 0.001, 1)),
    )  # fmt: skip
