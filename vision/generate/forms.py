"""What the generator draws with: a design, a drawn piece, small geometry of points.

A piece lies on a canvas of :data:`CANVAS_PX` square; points are (N, 2) arrays of x, y in its
pixels. Everything is deterministic in the design's seed and the specimen's number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.types import Box

__all__ = [
    "CANVAS_PX", "Colour", "Design", "Mask", "Piece", "Points", "Rgb", "box_of", "changed",
    "oval", "poly", "rounded",
]  # fmt: skip

CANVAS_PX = 512
# How much (of 255, in any channel) a pixel must differ to count as changed.
CHANGE_LEVEL = 14

Colour = tuple[int, int, int]
Rgb = NDArray[np.uint8]  # (height, width, 3)
Mask = NDArray[np.bool_]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Design:
    """A product as it was designed: its kind, main colour (RGB), the seed of its details.

    ``text`` is printed on it: Latin letters and digits only ("" : the seed makes one up).
    """

    kind: str
    colour: Colour
    seed: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One drawn product: uint8 (512, 512, 3) RGB and bool (512, 512), what belongs to it."""

    rgb: Rgb
    mask: Mask


def poly(*corners: tuple[float, float]) -> Points:
    """The outline through ``corners``."""
    return np.array(corners, np.float64)


def oval(x: float, y: float, rx: float, ry: float, *, turn: float = 0.0) -> Points:
    """An ellipse about (x, y), turned by ``turn`` degrees."""
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    px, py = rx * np.cos(t), ry * np.sin(t)
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return np.stack([x + px * c - py * s, y + px * s + py * c], 1)


def rounded(x: float, y: float, w: float, h: float, r: float) -> Points:
    """A rectangle with its left top at (x, y) and corners rounded by ``r`` pixels."""
    r = max(0.5, min(r, w / 2, h / 2))
    t = np.linspace(0, np.pi / 2, 8)
    ends = ((x + w - r, y + h - r), (x + r, y + h - r), (x + r, y + r), (x + w - r, y + r))
    arcs = [
        np.stack([cx + r * np.cos(t + k * np.pi / 2), cy + r * np.sin(t + k * np.pi / 2)], 1)
        for k, (cx, cy) in enumerate(ends)
    ]
    return np.concatenate(arcs)


def changed(before: Piece, after: Piece) -> Mask:
    """Where two pieces differ visibly: in colour where both are, or in what belongs to them."""
    import cv2

    red, green, blue = cv2.split(cv2.absdiff(before.rgb, after.rgb))
    delta = np.asarray(cv2.max(cv2.max(red, green), blue)) >= CHANGE_LEVEL
    differs: Mask = (delta & (before.mask | after.mask)) | (before.mask != after.mask)
    return differs


def box_of(mask: Mask) -> Box | None:
    """The tight box of ``mask`` as fractions of its size; None where it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    height, width = mask.shape
    return (
        float(columns[0]) / width, float(rows[0]) / height,
        float(columns[-1] + 1) / width, float(rows[-1] + 1) / height,
    )  # fmt: skip
