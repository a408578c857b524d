"""What differs between a catalogue photo and a customer's, laid over each other.

Everything happens on a canvas: the part of the customer's photo that the product covers, at the
resolution of the coarser of the two pictures, at most :data:`SIDE_PX`. The difference tolerates
shifts of a few pixels: a pixel counts only as far as it lies outside the range of values that
the other picture has around it, both ways, so that things added and things lost both count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.reference.align import quad
from vision.reference.light import match_light, match_sharpness, shade

__all__ = ["Canvas", "Difference", "difference", "lay_over"]

Floats = NDArray[Any]
Matrix = NDArray[Any]
Pixels = NDArray[Any]
Mask = NDArray[Any]

SIDE_PX = 512
FLOW_LIMIT_PX = 5.0
MAX_MARGIN_PX = 256.0
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
_OPPONENT = np.array([[0.299, 0.587, 0.114], [0.7, -0.7, 0.0], [0.4, 0.4, -0.8]], np.float32)


@dataclass(frozen=True, slots=True)
class Canvas:
    """Both pictures on one canvas (float RGB 0–255, H×W×3) and where they can be compared.

    ``to_photo`` takes canvas pixels to the photo's pixels; ``margin`` is each pixel's distance
    in px from the end of the comparable part.
    """

    reference: Floats
    photo: Floats
    inside: Mask
    margin: Floats
    to_photo: Matrix


@dataclass(frozen=True, slots=True)
class Difference:
    """Per pixel of the canvas: how unlikely (``strength``, in noise units) and in what way.

    ``bright`` is signed (photo − reference), ``tint`` the change of colour, ``lost`` the
    reference's local contrast that the photo lacks, all in grey levels. ``ours`` and ``theirs``
    (H×W×3) are the two pictures as they were compared: grey and two opponent colours;
    ``softer`` is how much blur (σ, px) the catalogue's was given to be as soft as the photo.
    """

    strength: Floats
    bright: Floats
    tint: Floats
    added: Floats
    lost: Floats
    steep: Floats
    ours: Floats
    theirs: Floats
    softer: float = 0.0


def _warp(picture: Pixels, matrix: Matrix, size: tuple[int, int]) -> Floats:
    import cv2

    shrink = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2] / matrix[2, 2]))))
    if shrink < 0.8:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.45 / shrink))
    return np.asarray(
        cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=1),
        np.float32,
    )


def _scale_at(matrix: Matrix, size: tuple[int, int]) -> float:
    """How much larger the warp makes the picture's middle (1: same size)."""
    x, y = size[1] / 2, size[0] / 2
    near = np.array([[x, x + 1, x], [y, y, y + 1], [1, 1, 1]])
    moved = matrix @ near
    moved = moved[:2] / moved[2]
    return float(np.sqrt(abs(np.linalg.det(moved[:, 1:] - moved[:, :1]))))


def lay_over(reference: Pixels, photo: Pixels, matrix: Matrix, mask: NDArray[Any]) -> Canvas | None:
    """Both pictures on a canvas; ``matrix`` takes reference to photo. None for no overlap."""
    import cv2

    rows, columns = np.nonzero(mask)
    box = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]])
    corners = np.array([[box[i, 0], box[j, 1]] for i in (0, 1) for j in (0, 1)], np.float32)
    there = cv2.perspectiveTransform(corners[None], matrix)[0]
    low = np.maximum(there.min(0) - 2, 0)
    high = np.minimum(there.max(0) + 2, photo.shape[1::-1])
    if (high - low < 24).any():
        return None
    scale = min(
        1.0, SIDE_PX / float((high - low).max()), 1.15 / _scale_at(matrix, reference.shape[:2])
    )
    size = (round(float(high[0] - low[0]) * scale), round(float(high[1] - low[1]) * scale))
    to_canvas = np.diag([scale, scale, 1.0]) @ np.array(
        [[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]]
    )
    matrix = to_canvas @ matrix
    ours, theirs = _warp(reference, matrix, size), _warp(photo, to_canvas, size)
    inside = cv2.warpPerspective(mask, matrix, size, flags=cv2.INTER_NEAREST)
    matrix = _refined(ours, theirs, inside) @ matrix
    ours = _warp(reference, matrix, size)
    inside = cv2.warpPerspective(mask, matrix, size, flags=cv2.INTER_NEAREST)
    if (inside > 0).sum() < 400:
        return None
    flow = _flow(ours, theirs, inside > 0)
    ours = _moved(ours, flow)
    inside = _moved(inside.astype(np.float32), flow)
    # The frame of a photo is no silhouette: only the product's own edge counts.
    margin = cv2.distanceTransform((inside > 127).astype(np.uint8), cv2.DIST_L2, 3)
    margin = np.minimum(margin, MAX_MARGIN_PX)
    return Canvas(ours, theirs, margin > 0, margin, np.linalg.inv(to_canvas))


def _even(picture: Floats) -> Pixels:
    """Grey with the local brightness and contrast taken out, for following motion."""
    import cv2

    grey = cv2.GaussianBlur(picture @ _GREY, (0, 0), 0.8)
    low = cv2.blur(grey, (31, 31))
    spread = np.sqrt(np.maximum(cv2.blur(grey * grey, (31, 31)) - low * low, 0)) + 6.0
    return np.asarray(np.clip(128 + 45 * (grey - low) / spread, 0, 255), np.uint8)


def _raw_flow(ours: Floats, theirs: Floats) -> Floats:
    import cv2

    # The stubs do not know that no first guess may be given.
    follow: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return np.asarray(follow.calc(_even(theirs), _even(ours), None))


def _refined(ours: Floats, theirs: Floats, inside: NDArray[Any]) -> Matrix:
    """A homography near the identity that moves ``ours`` onto ``theirs`` better."""
    import cv2

    flow = _raw_flow(ours, theirs)
    step = max(6, int(max(inside.shape) / 60))
    y, x = np.mgrid[step // 2 : inside.shape[0] : step, step // 2 : inside.shape[1] : step]
    grey = ours @ _GREY
    rough = cv2.blur(cv2.magnitude(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1)), (9, 9))
    usable = (
        (inside[y, x] > 0) & (rough[y, x] > 12) & (np.hypot(*flow[y, x].transpose(2, 0, 1)) < 14)
    )
    if usable.sum() < 20:
        return np.eye(3)
    target = np.stack([x, y], -1)[usable].astype(np.float32)
    source = target + flow[y, x][usable]
    cv2.setRNGSeed(7)
    matrix, _ = cv2.findHomography(source, target, cv2.RANSAC, 1.5, maxIters=400)
    if matrix is None:
        return np.eye(3)
    moved = quad(matrix, inside.shape) - quad(np.eye(3), inside.shape)
    return np.asarray(matrix) if np.abs(moved).max() < 25 else np.eye(3)


def _flow(ours: Floats, theirs: Floats, inside: Mask) -> Floats:
    """Where to take each pixel of ``ours`` from: small and smooth, so that damage stays."""
    import cv2

    flow = _raw_flow(ours, theirs)
    grey = ours @ _GREY
    weight = cv2.magnitude(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))
    weight = np.minimum(weight, 80.0) + 1.0
    weight[~inside | (np.hypot(flow[..., 0], flow[..., 1]) > FLOW_LIMIT_PX)] = 0
    sigma = max(inside.shape) / 28
    total = cv2.GaussianBlur(weight, (0, 0), sigma) + 0.3
    return np.dstack(
        [cv2.GaussianBlur(flow[..., i] * weight, (0, 0), sigma) / total for i in (0, 1)]
    )


def _moved(picture: Floats, flow: Floats) -> Floats:
    import cv2

    y, x = np.indices(flow.shape[:2], dtype=np.float32)
    return np.asarray(
        cv2.remap(picture, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=1)
    )


def _outside(one: Floats, other: Floats, reach: int) -> Floats:
    """How far ``one`` lies outside the range of ``other`` within ``reach`` px (signed)."""
    import cv2

    window = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    above = one - cv2.dilate(other, window)
    below = cv2.erode(other, window) - one
    return np.asarray(np.maximum(above, 0) - np.maximum(below, 0))


def difference(canvas: Canvas, reach: int = 2) -> Difference:
    """The shift-tolerant difference of a canvas in units of its own noise."""
    import cv2

    inside = canvas.inside
    ours = match_light(canvas.reference, canvas.photo, inside)
    ours, theirs, softer = match_sharpness(ours, canvas.photo, inside)
    ours, theirs = ours @ _OPPONENT.T, theirs @ _OPPONENT.T
    shape = ours[..., 0]
    steep = np.asarray(cv2.magnitude(cv2.Sobel(shape, -1, 1, 0), cv2.Sobel(shape, -1, 0, 1))) / 4
    grey = ours[..., 0] * shade(shape, theirs[..., 0], inside, max(inside.shape) / 14)
    bright = _outside(theirs[..., 0], grey, reach)
    lost = _outside(grey, theirs[..., 0], reach)
    tint = np.zeros_like(bright)
    for channel in (1, 2):
        a, b = (cv2.GaussianBlur(one[..., channel], (0, 0), 1.2) for one in (theirs, ours))
        tint += np.maximum(np.abs(_outside(a, b, reach)), np.abs(_outside(b, a, reach))) ** 2
    tint = np.sqrt(tint)
    added = np.abs(bright)
    away = np.abs(lost)
    plain = np.maximum(added, away)
    # Fine structure can be a pixel off: it must differ by more than a part of its own range.
    window = np.ones((5, 5), np.uint8)
    busy = cv2.dilate(shape, window) - cv2.erode(shape, window)
    noise = _noise(theirs[..., 0] - grey, inside)
    strength = np.hypot(plain / (3.0 + noise + 0.10 * busy), tint / (3.0 + noise + 0.06 * busy))
    signed = np.where(added >= away, bright, -lost)
    return Difference(
        np.where(inside, strength, 0).astype(np.float32), signed.astype(np.float32),
        tint.astype(np.float32), added, away, steep.astype(np.float32),
        np.dstack([grey, ours[..., 1], ours[..., 2]]), theirs, softer,
    )  # fmt: skip


def _noise(left: Floats, inside: Mask) -> float:
    """The pixel noise (grey levels) of what is left between the two, robustly."""
    import cv2

    fine = left - cv2.blur(left, (3, 3))
    return float(1.4826 * np.median(np.abs(fine[inside])))
