"""A catalogue photo made ready to compare with: pixels, the product's mask, features; cached.

The mask leaves out a flat ground that reaches the picture's edge (the studio white of most
shops, with its soft shadow); a photo without such a ground counts as a whole.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.reference.align import Features, features
from vision.types import Reference

__all__ = ["Prepared", "grey_of", "made_ready", "prepare", "product_mask"]

WORK_SIDE_PX = 640
KEPT = 64  # prepared pictures: about 1.5 MB each
FLAT = 0.96  # of the picture's edge must be ground
GROUND_LEVELS = 14.0
BOXY = 0.92  # of the smallest rectangle around it
SHADED_LEVELS = 40.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A catalogue photo: RGB and grey pixels, mask (255 the product), features, whether the
    product stands on a flat ground, whether its outline may be a box's."""

    rgb: NDArray[Any]
    grey: NDArray[Any]
    mask: NDArray[Any]
    features: Features
    flat_ground: bool
    boxy: bool = True


_kept: OrderedDict[str, Prepared] = OrderedDict()
_lock = Lock()


def prepare(reference: Reference) -> Prepared:
    """The reference made ready, from the cache where it was asked for before (thread-safe)."""
    from vision.decoding import pixels

    key = hashlib.sha256(reference.data).hexdigest()
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    ready = made_ready(pixels(reference.data, side_px=WORK_SIDE_PX))
    with _lock:
        _kept[key] = ready
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return ready


def grey_of(rgb: NDArray[Any]) -> NDArray[Any]:
    """Its brightness (uint8 H×W)."""
    import cv2

    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))


def made_ready(rgb: NDArray[Any]) -> Prepared:
    """A catalogue picture (uint8 RGB H×W×3) with its mask and features."""
    import cv2

    grey = grey_of(rgb)
    mask, flat = product_mask(rgb)
    # Corners and outlines need a little of the ground around them.
    around = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    found = features(grey, np.asarray(around))
    return Prepared(rgb, grey, mask, found, flat, not flat or _boxy(mask))


def _boxy(mask: NDArray[Any]) -> bool:
    """Whether the product fills its smallest rectangle, as boxes do, and mugs, clothes and
    bottles do not."""
    import cv2

    rings, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    ring = max(rings, key=cv2.contourArea)
    wide, high = cv2.minAreaRect(ring)[1]
    return bool(cv2.contourArea(ring) > BOXY * wide * high)


def product_mask(rgb: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """The product of a catalogue picture (255, else 0; H×W) and whether its ground is flat."""
    import cv2

    high, wide = rgb.shape[:2]
    whole = np.full((high, wide), 255, np.uint8)
    soft = cv2.GaussianBlur(rgb, (0, 0), 1.0)
    edge = np.concatenate([soft[:3].reshape(-1, 3), soft[-3:].reshape(-1, 3),
                           soft[:, :3].reshape(-1, 3), soft[:, -3:].reshape(-1, 3)])  # fmt: skip
    ground = np.median(edge, axis=0)
    if (np.abs(edge - ground).max(1) < GROUND_LEVELS).mean() < FLAT:
        return whole, False
    filled = np.zeros((high + 2, wide + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    step = max(2, min(high, wide) // 40)
    seeds = [(x, y) for x in range(0, wide, step) for y in (0, high - 1)]
    seeds += [(x, y) for y in range(0, high, step) for x in (0, wide - 1)]
    for x, y in seeds:
        if not filled[y + 1, x + 1] and np.abs(soft[y, x] - ground).max() < GROUND_LEVELS:
            # A floating range follows the soft shadow down to where the product begins.
            cv2.floodFill(soft, filled, (x, y), 0, (2, 2, 2), (2, 2, 2), flags)
    product: NDArray[Any] = np.where(filled[1:-1, 1:-1] > 0, 0, 255).astype(np.uint8)
    product = np.asarray(cv2.morphologyEx(product, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)))
    product = np.asarray(cv2.morphologyEx(product, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)))
    count, parts, stats, _ = cv2.connectedComponentsWithStats(product)
    floor = 0.02 * max([int(row[4]) for row in stats[1:]], default=0)
    small = [number for number in range(1, count) if stats[number, 4] < floor]
    product[np.isin(parts, small)] = 0
    if (product > 0).mean() < 0.01:
        return whole, False
    product[_windows(soft, product, ground)] = 0
    return np.asarray(product), True


def _windows(soft: NDArray[Any], product: NDArray[Any], ground: NDArray[Any]) -> NDArray[Any]:
    """Where the ground shows through the product (a handle's eye): plain, without a print on
    it, and a small part of the product, so that a white label is not taken for one."""
    import cv2

    # Plane by plane: numpy reduces a last axis of three a hundred times slower.
    red, green, blue = (np.float32(ground[i]) - soft[..., i] for i in range(3))
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    # In shadow the ground is darker, but not of another colour.
    like = (most < SHADED_LEVELS) & (least > -SHADED_LEVELS) & (most - least < 8)
    like &= product > 0
    count, parts, stats, _ = cv2.connectedComponentsWithStats(like.astype(np.uint8))
    out = np.zeros(product.shape, bool)
    total = int((product > 0).sum())
    for number in range(1, count):
        x, y, wide, high, area = stats[number]
        if not 0.001 * total < area < 0.10 * total:
            continue
        part = (parts[y : y + high, x : x + wide] == number).astype(np.uint8)
        rings, _ = cv2.findContours(np.pad(part, 1), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        if area > 0.95 * max(cv2.contourArea(ring) for ring in rings):
            out[y : y + high, x : x + wide] |= part > 0
    grown = cv2.dilate(out.astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.asarray(grown) > 0
