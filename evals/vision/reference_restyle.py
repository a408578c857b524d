"""A photo once more: blurred, in another light, with clutter on it, with damage painted on it.

Works on photos that already lie over their catalogue photo, so that one costly photo teaches
the region network several times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.generate import CANVAS_PX, Piece, hurt
from vision.generate.camera import put_finger, put_sticker
from vision.labels import Label
from vision.types import Box

__all__ = ["blurred", "cluttered", "painted", "restyled"]

Pixels = NDArray[np.uint8]
Floats = NDArray[Any]
Corners = tuple[float, float, float, float]


def blurred(photo: Pixels, rng: np.random.Generator, least_px: float = 2.0) -> Pixels:
    """Out of focus: σ of ``least_px`` to 12 px at 640, with the sensor's noise and JPEG."""
    import cv2

    sigma = rng.uniform(least_px, 12) * max(photo.shape) / 640
    soft = cv2.GaussianBlur(photo.astype(np.float32), (0, 0), sigma)
    return _taken(soft, rng, noise=(0.5, 4.0), quality=(65, 95))


def _taken(
    picture: Floats, rng: np.random.Generator, noise: tuple[float, float],
    quality: tuple[int, int],
) -> Pixels:  # fmt: skip
    """With noise of the given spread (grey levels), through a JPEG."""
    import cv2

    grain = rng.standard_normal(picture.shape[:2], dtype=np.float32)[..., None]
    shown = np.clip(picture + grain * rng.uniform(*noise), 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(*quality))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _padded(photo: Pixels, inside: Pixels) -> tuple[Piece, tuple[slice, slice], int, int]:
    """The product on the generator's canvas, where it lies there, and its left top corner."""
    high, wide = inside.shape
    y, x = (CANVAS_PX - high) // 2, (CANVAS_PX - wide) // 2
    window = slice(y, y + high), slice(x, x + wide)
    rgb, mask = np.zeros((CANVAS_PX, CANVAS_PX, 3), np.uint8), np.zeros((CANVAS_PX, CANVAS_PX))
    rgb[window], mask[window] = photo, inside > 127
    return Piece(rgb, mask > 0), window, x, y


def cluttered(
    photo: Pixels, inside: Pixels, boxes: Sequence[Corners], rng: np.random.Generator
) -> Pixels:
    """Mostly with a sticker or a finger, which leave ``boxes`` (px) free; in another light."""
    import cv2

    piece, window, x, y = _padded(photo, inside)
    what = rng.random()
    after = piece.rgb.copy()
    if what < 0.4 and not boxes:
        after = put_sticker(piece, rng).rgb
    elif what < 0.7:
        free: list[Box] = [
            ((a + x) / CANVAS_PX, (b + y) / CANVAS_PX, (c + x) / CANVAS_PX, (d + y) / CANVAS_PX)
            for a, b, c, d in boxes
        ]
        put_finger(rng, after, free)
    change = after.astype(np.float32) - piece.rgb
    soft = cv2.GaussianBlur(change, (0, 0), rng.uniform(0.3, 1.5))[window]
    return restyled(np.clip(photo + soft, 0, 255), rng)


def restyled(photo: Floats, rng: np.random.Generator) -> Pixels:
    """Bent by a pixel or two, in another light, blurred a little, noisy, through a JPEG."""
    import cv2

    high, wide = photo.shape[:2]
    long = max(high, wide)
    shown: Floats = photo.astype(np.float32)
    y, x = np.indices((high, wide), dtype=np.float32)
    if rng.random() < 0.7:
        spread = long / rng.uniform(4, 14)
        drift = [cv2.GaussianBlur(rng.standard_normal((high, wide), dtype=np.float32), (0, 0),
                                  spread) for _ in (0, 1)]  # fmt: skip
        far = rng.uniform(0.5, 1.8)
        dx, dy = (one / (np.abs(one).max() + 1e-6) * far for one in drift)
        shown = cv2.remap(shown, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=1)
    turn = rng.uniform(0, 2 * np.pi)
    across = ((x / wide - 0.5) * np.cos(turn) + (y / high - 0.5) * np.sin(turn)) * 2
    light = rng.uniform(0.75, 1.15) * (1 + rng.uniform(0, 0.2) * across)
    if rng.random() < 0.3:  # the edge of a shadow
        edge = 1 + np.exp(-(across - rng.uniform(-0.7, 0.7)) * rng.uniform(5, 20))
        light = light * (1 - rng.uniform(0.1, 0.4) / edge)
    tint = np.array([1 + rng.uniform(-0.08, 0.08), 1, 1 + rng.uniform(-0.08, 0.08)])
    shown = (shown * light[..., None] * tint).astype(np.float32)
    if rng.random() < 0.35:
        shown += _highlight(high, wide, rng)[..., None]
    sigma = rng.uniform(0, 1.4)
    if sigma > 0.3:
        shown = cv2.GaussianBlur(shown, (0, 0), sigma)
    return _taken(shown, rng, noise=(0.5, 5.0), quality=(60, 95))


def _highlight(high: int, wide: int, rng: np.random.Generator) -> Floats:
    import cv2

    long = max(high, wide)
    spot = np.zeros((high, wide), np.float32)
    at = (int(rng.uniform(0.1, 0.9) * wide), int(rng.uniform(0.1, 0.9) * high))
    axes = (max(1, int(long * rng.uniform(0.04, 0.2))), max(1, int(long * rng.uniform(0.01, 0.06))))
    cv2.ellipse(spot, at, axes, rng.uniform(0, 180), 0, 360, rng.uniform(30, 140), -1)
    return np.asarray(cv2.GaussianBlur(spot, (0, 0), long * rng.uniform(0.008, 0.04)))


def painted(
    catalogue: Pixels, photo: Pixels, inside: Pixels, label: Label, rng: np.random.Generator
) -> tuple[Pixels, Corners]:
    """With damage in the photo's own light and softness, and the damage's box (px)."""
    import cv2

    piece, window, x, y = _padded(photo, inside)
    piece.rgb[~piece.mask] = 0
    after, box = hurt(piece, label, rng)
    softness = rng.uniform(0.3, 1.8)
    ours, theirs = (cv2.GaussianBlur(one.mean(-1), (0, 0), 20) for one in (catalogue, photo))
    light = 0.3 + 0.7 * np.clip(theirs / (ours + 1), 0.5, 1.2)[..., None]
    before, now = (one[window].astype(np.float32) for one in (piece.rgb, after.rgb))
    touched = (before != now).any(-1, keepdims=True)
    change = cv2.GaussianBlur(np.where(touched, now * light, now) - before, (0, 0), softness)
    shown = photo + change
    gone = (piece.mask & ~after.mask)[window].astype(np.float32)
    if gone.any():
        share = cv2.GaussianBlur(gone, (0, 0), softness)[..., None]
        shown = shown * (1 - share) + _beyond(photo, inside, rng) * share
    near = cv2.GaussianBlur((np.abs(change).max(-1) > 4).astype(np.float32), (0, 0), 2)[..., None]
    grain = rng.standard_normal(inside.shape)[..., None] * rng.uniform(0.5, 2.5)
    x1, y1, x2, y2 = (edge * CANVAS_PX for edge in box)
    return (
        np.clip(shown + grain * near, 0, 255).astype(np.uint8),
        (x1 - x, y1 - y, x2 - x, y2 - y),
    )


def _beyond(photo: Pixels, inside: Pixels, rng: np.random.Generator) -> Floats:
    """What may show where a part is gone: of the colour of what lies around the product."""
    around = photo[inside <= 127]
    tone = np.median(around, axis=0) if len(around) > 50 else rng.uniform(20, 240, 3)
    return np.asarray(tone + rng.normal(0, 6, (*inside.shape, 1)))
