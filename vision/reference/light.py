"""Match light and sharpness, so that only what changed on the product itself is left.

The light on a product is taken to be smooth: per colour channel a gain of second order over the
picture plus an offset of first order (haze, black level), fitted robustly (iteratively
reweighted least squares, Tukey's biweight: Beaton & Tukey 1974), so that damage, highlights and
prints do not pull it. What is left of soft shadows is a smooth field of brightness alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["match_light", "match_sharpness", "shade"]

Floats = NDArray[Any]
Mask = NDArray[Any]

GRID = 48  # px: the fields are fitted on a small copy
ROUNDS = 6
SOFTER_PX = (0.0, 0.6, 0.9, 1.3, 1.8, 2.5, 3.5, 5.0, 7.0, 10.0, 14.0)


def _terms(high: int, wide: int) -> Floats:
    """1, x, y, x², xy, y² over a picture (H×W×6), x and y from −1 to 1."""
    down, across = (
        ((np.arange(length, dtype=np.float32) + 0.5) / length) * 2 - 1 for length in (high, wide)
    )
    y, x = np.meshgrid(down, across, indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _fit(source: Floats, target: Floats, terms: Floats, weight: Floats) -> Floats:
    """Gain (6 coefficients) and offset (3) that take ``source`` to ``target`` (N each)."""
    columns = np.concatenate([source[:, None] * terms, 60.0 * terms[:, :3]], axis=1)
    # A little pull towards "no field", for products of one tone.
    pull = np.diag([0.0, *[20.0] * 5, *[200.0] * 3]).astype(np.float32) * max(len(source), 1) ** 0.5
    start = np.zeros(9, np.float32)
    start[0] = np.median(target) / max(float(np.median(source)), 8.0)
    found, robust = start, weight
    for turn in range(ROUNDS):
        if turn:
            left = target - columns @ found
            spread = max(1.4826 * float(np.median(np.abs(left))), 2.0)
            robust = weight * np.maximum(1 - (left / (4.7 * spread)) ** 2, 0) ** 2
        scaled = columns * robust[:, None]
        base = np.zeros(9, np.float32)
        base[0] = found[0]
        found = np.linalg.solve(
            columns.T @ scaled + pull + np.eye(9) * 1e-2, scaled.T @ target + pull @ base
        ).astype(np.float32)
    return found


def match_light(reference: Floats, photo: Floats, inside: Mask) -> Floats:
    """The reference (float RGB 0–255, H×W×3) as it would look in the photo's light."""
    import cv2

    high, wide = inside.shape
    size = (min(GRID, wide), min(GRID, high))
    weight = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    weight = np.where(weight > 0.8, weight, 0).astype(np.float32)
    if (weight > 0).sum() < 30:
        return reference
    ours = cv2.resize(reference, size, interpolation=cv2.INTER_AREA)
    theirs = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    terms = _terms(size[1], size[0])
    small = terms[weight > 0]
    gains, offsets = np.empty_like(ours), np.empty_like(ours)
    for channel in range(3):
        found = _fit(
            ours[..., channel][weight > 0], theirs[..., channel][weight > 0], small,
            weight[weight > 0],
        )  # fmt: skip
        gains[..., channel] = np.maximum(terms @ found[:6], 0.05)
        offsets[..., channel] = 60.0 * (terms[..., :3] @ found[6:])
    # The fields are smooth: evaluated on the small grid, then enlarged.
    gain, offset = (cv2.resize(one, (wide, high)) for one in (gains, offsets))
    return np.asarray(np.clip(reference * gain + offset, 0, 255))


def shade(expected: Floats, photo: Floats, inside: Mask, sigma_px: float) -> Floats:
    """The smooth gain (H×W, about 1) that soft shadows leave between two grey pictures."""
    import cv2

    step = max(1, int(sigma_px / 4))
    size = (max(inside.shape[1] // step, 1), max(inside.shape[0] // step, 1))
    ours, theirs = (
        cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (expected, photo)
    )
    weight = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    spread = max(1.4826 * float(np.median(np.abs(theirs - ours)[weight > 0.5])), 3.0)
    gain = np.ones_like(ours)
    for _ in range(2):
        robust = weight * np.maximum(1 - ((theirs - gain * ours) / (6 * spread)) ** 2, 0.02) ** 2
        both = cv2.GaussianBlur(robust * ours * (theirs - ours), (0, 0), sigma_px / step)
        own = cv2.GaussianBlur(robust * ours * ours, (0, 0), sigma_px / step)
        gain = 1 + both / (own + 400.0)
    gain = np.clip(gain, 0.4, 2.0)
    return np.asarray(cv2.resize(gain, inside.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _steepness(grey: Floats) -> Floats:
    import cv2

    return np.asarray(cv2.magnitude(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1)))


def match_sharpness(reference: Floats, photo: Floats, inside: Mask) -> tuple[Floats, Floats, float]:
    """Both pictures (H×W×3) at the sharpness of the softer one, judged where there are edges,
    and by how much the photo is the softer one (Gaussian σ in px, 0 where it is not)."""
    import cv2

    ours = reference @ np.array([0.299, 0.587, 0.114], np.float32)
    theirs = photo @ np.array([0.299, 0.587, 0.114], np.float32)
    wanted = _steepness(theirs)
    steep = _steepness(ours)
    edges = inside & (steep > max(float(np.quantile(steep[inside], 0.9)), 40.0))
    if edges.sum() < 80:
        return reference, photo, 0.0

    def excess(one: Floats, other: Floats) -> float:
        # The spread tells more than single pixels, which a shift of one pixel upsets.
        return float(np.mean(one[edges] ** 2) / max(np.mean(other[edges] ** 2), 1e-3))

    if excess(wanted, steep) > 1.3:
        return reference, np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.7)), 0.0
    for sigma in SOFTER_PX:
        soft = ours if not sigma else cv2.GaussianBlur(ours, (0, 0), sigma)
        if excess(_steepness(soft), wanted) < 1.1:
            break
    if not sigma:
        return reference, photo, 0.0
    return np.asarray(cv2.GaussianBlur(reference, (0, 0), sigma)), photo, sigma
