"""Lay a catalogue photo over a customer's photo: features, candidate warps, the best one refined.

A warp is a 3×3 homography from the catalogue photo's pixels to the customer photo's pixels.
Candidates come from SIFT matches (MAGSAC, with a fixed state so that one photo gives one
answer) and, for pictures that repeat themselves, from plain shifts (phase correlation). None is
believed before the two pictures agree photometrically under it (:func:`agreement`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AGREES",
    "FEATURE_SIDE_PX",
    "FINE_SIDE_PX",
    "Alignment",
    "Features",
    "agreement",
    "align",
    "features",
    "matches",
    "quad",
]

Pixels = NDArray[Any]
Matrix = NDArray[Any]
Mask = NDArray[Any]

FEATURE_SIDE_PX = 400
FINE_SIDE_PX = 640  # where the coarse look finds nothing: a small or plain product
MAX_FEATURES = 1500
RATIO = 0.82
MIN_INLIERS = 8
AGREES, ENOUGH = 0.55, 0.9  # of the structured blocks, see agreement()


@dataclass(frozen=True, slots=True)
class Features:
    """Where a picture has structure (pixels of the picture, N×2) and what it looks like (N×128),
    the clearest first."""

    points: NDArray[Any]
    descriptors: NDArray[Any]

    def clearest(self, count: int) -> Features:
        """The first ``count``."""
        return Features(self.points[:count], self.descriptors[:count])


@dataclass(frozen=True, slots=True)
class Alignment:
    """A warp from catalogue to customer pixels, and how far the two agree under it (0 to 1)."""

    matrix: Matrix
    agreement: float
    inliers: int

    @property
    def sure(self) -> bool:
        """Whether the two show the same thing."""
        return self.agreement >= AGREES


def features(grey: Pixels, mask: Mask | None = None, side_px: int = FEATURE_SIDE_PX) -> Features:
    """SIFT features of a grey picture (uint8 H×W), only inside ``mask`` where one is given.

    They are sought on a copy whose longer side is at most ``side_px``.
    Descriptors are RootSIFT (Arandjelović & Zisserman 2012), so that a dot product compares.
    """
    import cv2

    scale = min(1.0, side_px / max(grey.shape))
    small = _resized(grey, scale)
    inside = None if mask is None else cv2.resize(mask, small.shape[::-1], interpolation=0)
    # A dark photo has its full range of contrast first; nothing local, which would raise
    # carpets and cloth to the level of what is printed on the product.
    low, high = np.quantile(small[::4, ::4], [0.01, 0.99])
    even = np.clip((small - low) * (235.0 / max(high - low, 40.0)) + 10, 0, 255).astype(np.uint8)
    sift = cv2.SIFT.create(nfeatures=MAX_FEATURES, contrastThreshold=0.02)
    keys, found = sift.detectAndCompute(even, inside)
    if found is None or not len(keys):
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    order = np.argsort([-key.response for key in keys], kind="stable")
    points = np.array([key.pt for key in keys], np.float32)[order] / scale
    root = np.sqrt(found / np.maximum(found.sum(1, keepdims=True), 1e-6))
    return Features(points, root.astype(np.float32)[order])


def _resized(grey: Pixels, scale: float) -> Pixels:
    import cv2

    if scale >= 1.0:
        return grey
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def matches(reference: Features, photo: Features) -> tuple[NDArray[Any], ...]:
    """Points of the reference and of the photo that look alike (two N×2), best match first."""
    if len(reference.points) < 2 or len(photo.points) < 3:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    alike = reference.descriptors @ photo.descriptors.T
    best = np.argmax(alike, axis=1)
    rows = np.arange(len(best))
    mutual = np.argmax(alike, axis=0)[best] == rows
    top = alike[rows, best]
    alike[rows, best] = -1.0
    second = alike.max(axis=1)
    # Distances of unit vectors: d² = 2 − 2·cos.
    sure = np.sqrt(np.maximum(1 - top, 0)) < RATIO * np.sqrt(np.maximum(1 - second, 1e-9))
    sure &= mutual
    order = np.argsort(-top[sure], kind="stable")
    return reference.points[sure][order], photo.points[best[sure]][order]


def quad(matrix: Matrix, size: tuple[int, int]) -> NDArray[Any]:
    """Where the corners of a picture of ``size`` (height, width) land (4×2, clockwise)."""
    import cv2

    high, wide = size
    corners = np.array([[[0, 0], [wide, 0], [wide, high], [0, high]]], np.float32)
    return np.asarray(cv2.perspectiveTransform(corners, matrix)[0])


def _sane(matrix: Matrix | None, size: tuple[int, int], onto: tuple[int, int]) -> bool:
    """A warp that a camera can have made: convex, not mirrored, not a sliver, not a speck."""
    if matrix is None or not np.isfinite(matrix).all():
        return False
    corners = np.array([[0, 0, 1], [size[1], 0, 1], [size[1], size[0], 1], [0, size[0], 1]])
    if (corners @ matrix[2] <= 1e-6).any():
        return False
    four = quad(matrix, size).astype(float)
    sides = np.roll(four, -1, 0) - four
    turn = sides[:, 0] * np.roll(sides, -1, 0)[:, 1] - sides[:, 1] * np.roll(sides, -1, 0)[:, 0]
    if (turn <= 0).any():
        return False
    lengths = np.hypot(*sides.T)
    area = _area(four)
    return bool(
        area > 0.01 * onto[0] * onto[1]
        and area < 60 * onto[0] * onto[1]
        and lengths.max() < 4 * lengths.min() * max(size) / min(size)
    )


def _area(four: NDArray[Any]) -> float:
    x, y = four.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _homography(
    source: NDArray[Any], target: NDArray[Any], threshold: float
) -> tuple[Matrix | None, int]:
    import cv2

    if len(source) < MIN_INLIERS:
        return None, 0
    params = cv2.UsacParams()
    params.score = cv2.SCORE_METHOD_MAGSAC
    params.loMethod = cv2.LOCAL_OPTIM_SIGMA
    params.sampler = cv2.SAMPLING_PROSAC
    params.final_polisher = cv2.MAGSAC
    params.confidence, params.maxIterations = 0.999, 3000
    params.threshold, params.randomGeneratorState = threshold, 7
    try:
        matrix, inside = cv2.findHomography(source, target, params)
    except cv2.error:
        return None, 0
    return matrix, 0 if inside is None else int(inside.sum())


def _similarity(
    source: NDArray[Any], target: NDArray[Any], threshold: float
) -> tuple[Matrix | None, int]:
    import cv2

    if len(source) < 4:
        return None, 0
    cv2.setRNGSeed(7)
    flat, inside = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=threshold, maxIters=1500
    )
    if flat is None:
        return None, 0
    return np.vstack([flat, [0.0, 0.0, 1.0]]), int(inside.sum())


def _shift(reference: Pixels, photo: Pixels) -> Matrix | None:
    """The plain shift between two pictures of one size (phase correlation), None for others."""
    import cv2

    if reference.shape != photo.shape:
        return None
    window = cv2.createHanningWindow(reference.shape[::-1], cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(reference.astype(np.float32), photo.astype(np.float32), window)
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def _candidates(
    reference: Pixels, photo: Pixels, ours: Features, theirs: Callable[[], Features]
) -> Iterator[tuple[Matrix | None, int]]:
    """Warps to try, the cheapest first: most pictures of one size need no more."""
    if reference.shape == photo.shape:
        yield np.eye(3), 0
        yield _shift(reference, photo), 0
    source, target = matches(ours, theirs())
    # A threshold in pixels means more on a small picture.
    threshold = max(photo.shape) / 220
    yield _homography(source, target, threshold)
    yield _similarity(source, target, 1.6 * threshold)


def agreement(reference: Pixels, photo: Pixels, matrix: Matrix, mask: Mask) -> float:
    """The share (0 to 1) of the reference's structured blocks that look the same in the photo.

    Blocks of 16 px at 256 px; a block agrees at a normalised cross-correlation of .5 or more,
    which no gain or colour of the light changes. 0 where too little of the product is visible.
    """
    import cv2

    scale = 256 / max(reference.shape)
    small = np.diag([scale, scale, 1.0])
    size = (round(reference.shape[1] * scale), round(reference.shape[0] * scale))
    even = cv2.resize(reference, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    back = small @ np.linalg.inv(matrix)
    other = _sampled(photo, back, size).astype(np.float32)
    seen = cv2.warpPerspective(np.full(photo.shape, 255, np.uint8), back, size, flags=0)
    inside = cv2.resize(mask, size, interpolation=0)
    ok = ((seen > 0) & (inside > 0)).astype(np.float32)

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(cv2.boxFilter(values, -1, (17, 17)))

    ours, theirs = (np.asarray(cv2.GaussianBlur(one, (0, 0), 1.0)) for one in (even, other))
    part = mean(ok)
    weight = np.maximum(part, 1e-3)
    m1, m2 = mean(ours * ok) / weight, mean(theirs * ok) / weight
    v1 = mean(ours * ours * ok) / weight - m1 * m1
    v2 = mean(theirs * theirs * ok) / weight - m2 * m2
    both = mean(ours * theirs * ok) / weight - m1 * m2
    alike = both / np.sqrt(np.maximum(v1, 4.0) * np.maximum(v2, 4.0))
    structured = (v1 > 40.0) & (part > 0.6)
    if structured.sum() < 150:
        return 0.0
    return float((alike[structured] > 0.5).mean())


def _sampled(photo: Pixels, matrix: Matrix, size: tuple[int, int]) -> Pixels:
    """The photo warped by ``matrix`` (photo → target), smoothed first where it shrinks."""
    import cv2

    shrink = np.sqrt(abs(np.linalg.det(matrix[:2, :2] / matrix[2, 2])))
    if shrink < 0.7:
        photo = np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.4 / shrink))
    return np.asarray(cv2.warpPerspective(photo, matrix, size, flags=cv2.INTER_LINEAR))


def align(
    reference: Pixels,
    photo: Pixels,
    ours: Features,
    theirs: Callable[[], Features],
    mask: Mask,
) -> Alignment | None:
    """The warp under which the two grey pictures agree best; None where none is believable.

    ``theirs`` gives the photo's features: it is only called where plain shifts do not fit.
    """
    best: Alignment | None = None
    for matrix, inliers in _candidates(reference, photo, ours, theirs):
        if matrix is None or not _sane(matrix, reference.shape, photo.shape):
            continue
        agreed = agreement(reference, photo, matrix, mask)
        if best is None or agreed > best.agreement + 0.02:
            best = Alignment(matrix, agreed, inliers)
        if best.agreement >= ENOUGH:
            break
    return best
