"""Can a photo be judged at all: sharp enough, bright enough, large enough, something on it.

Only what really cannot be judged is unusable; the rest is a warning with advice. Thresholds
were tuned on generated scenes with seeds below 1000 and measured on others
(``evals/vision/quality_eval.py``; figures in docs/photos.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.phrases import with_particle
from vision.types import Problem, Quality

__all__ = ["ADVICE", "Measures", "advice_sentence", "judge_quality", "measure_quality"]

SIDE_PX = 512  # every measure is taken at this longest side, so that thresholds hold for any
# Blur radius (Gaussian sigma, px at SIDE_PX) of the softest direction: sharp, warning, unusable.
SHARP_PX, SOFT_PX, BLURRED_PX = 1.2, 2.1, 2.8
# The 98th percentile of brightness (0 to 255): a black thing in good light still has highlights.
DIM_TOP, DARK_TOP = 75.0, 38.0
# Share of burnt-out pixels, with how dark the darkest twentieth still is.
BURNT_SHARE, LOST_SHARE, BURNT_FLOOR, LOST_FLOOR = 0.6, 0.8, 150.0, 190.0
SMALL_PX, TINY_PX, ENOUGH_PX = 320, 160, 720  # shorter side of the upload
FAR_SHARE = 0.04  # of the picture that the subject fills, on a plain ground
PLAIN_EDGES, PLAIN_SPREAD = 0.0015, 7.0
FINE, COARSE = 1.0, 2.0  # Gaussian sigmas (px) whose gradients are compared

ADVICE: Mapping[Problem, str] = {
    "blurred": "초점을 맞추고 흔들리지 않게 찍어 주세요.",
    "dark": "조금 더 밝은 곳에서 찍어 주세요.",
    "bright": "빛이 바로 비치지 않는 곳에서 찍어 주세요.",
    "small": "줄이지 않은 원본 사진을 올려 주세요.",
    "far": "상품에 더 가까이 다가가 찍어 주세요.",
    "cut_off": "조금 물러나서 상품 전체가 보이게 찍어 주세요.",
    "plain": "상품이 화면에 들어오게 찍어 주세요.",
}
_WHERE: Mapping[Problem, str] = {
    "dark": "조금 더 밝은 곳에서",
    "bright": "빛이 바로 비치지 않는 곳에서",
}
Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured on a picture of longest side 512 px.

    ``blur_px``: Gaussian sigma of the edges in the softest direction (0 sharp; None: no edges);
    ``laplacian``: variance of the Laplacian; ``top``, ``floor``: 98th and 5th percentile of
    brightness (0 to 255); ``burnt``: share of pixels at 250 or more; ``edges``: share of edge
    pixels; ``spread``: standard deviation of brightness; ``ground``: share of the picture that
    is a plain ground (0: no plain ground); ``touched``: sides of the frame the subject touches.
    """

    blur_px: float | None
    laplacian: float
    top: float
    floor: float
    burnt: float
    edges: float
    spread: float
    ground: float
    touched: int


def judge_quality(rgb: NDArray[np.uint8], *, upload_px: tuple[int, int]) -> Quality:
    """Judge an upright picture (uint8 RGB, HxWx3); ``upload_px`` is the upload's width, height."""
    seen = measure_quality(rgb)
    side = min(upload_px)
    blur = seen.blur_px
    empty = seen.edges < PLAIN_EDGES and seen.spread < PLAIN_SPREAD
    dark = seen.top < DIM_TOP
    bright = seen.burnt > BURNT_SHARE and seen.floor > BURNT_FLOOR
    # Without one edge on a picture that is not flat, everything on it is out of focus.
    soft = not empty and (blur is None or blur > SOFT_PX)
    found: dict[Problem, bool] = {
        "blurred": soft,
        "dark": dark,
        "bright": bright,
        "small": side < SMALL_PX,
        "far": not empty and not dark and seen.ground > 1 - FAR_SHARE,
        "cut_off": not dark and seen.touched >= 3,
        "plain": empty and not dark and not bright,
    }
    problems = tuple(name for name, there in found.items() if there)
    lost = (
        (soft and (blur is None or blur > BLURRED_PX))
        or seen.top < DARK_TOP
        or (seen.burnt > LOST_SHARE and seen.floor > LOST_FLOOR)
        or side < TINY_PX
        or empty
    )
    return Quality(
        usable=not lost,
        sharpness=_ramp(4.5 if blur is None else blur, 4.5, SHARP_PX),
        exposure=min(
            _ramp(seen.top, 30.0, 150.0),
            # A white product on white is burnt as well, but something on it is dark.
            max(_ramp(seen.burnt, 1.0, 0.5), _ramp(seen.floor, 255.0, 120.0)),
        ),
        resolution=_ramp(side, TINY_PX / 2, ENOUGH_PX),
        framing=0.0 if empty else min(_ramp(seen.ground, 1.0, 0.9), _ramp(seen.touched, 4, 1)),
        problems=problems,
        advice=tuple(ADVICE[name] for name in problems),
    )


def _ramp(value: float, worst: float, best: float) -> float:
    return round(min(max((value - worst) / (best - worst), 0.0), 1.0), 3)


def measure_quality(rgb: NDArray[np.uint8]) -> Measures:
    """The plain measures behind :func:`judge_quality`."""
    import cv2

    scale = SIDE_PX / max(rgb.shape[:2])
    # Only ever made smaller: enlarging would read as blur.
    small: Any = (
        cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if scale < 1
        else rgb
    )
    grey: Grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low, top = np.percentile(grey, [5, 98])
    blur, edges = _blur(grey)
    ground, touched = _ground(small)
    return Measures(
        blur_px=blur,
        laplacian=float(cv2.Laplacian(grey, cv2.CV_32F).var()),
        top=float(top),
        floor=float(low),
        burnt=float((small.min(axis=2) >= 250).mean()),
        edges=edges,
        spread=float(grey.std()),
        ground=ground,
        touched=touched,
    )


def _blur(grey: Grey) -> tuple[float | None, float]:
    """Blur of the softest direction and the share of edge pixels.

    At a step blurred by sigma s, the gradients taken at two scales a < b relate as
    R² = (s² + b²) / (s² + a²), so s² = (b² − R² a²) / (R² − 1) (S. Zhuo, T. Sim, "Defocus map
    estimation from a single image", 2011). Only edges count, so a smooth plain product is no
    blur; directions count apart, because a moving hand blurs only one of them.
    """
    import cv2

    fine_x, fine_y = _gradient(grey, FINE)
    coarse_x, coarse_y = _gradient(grey, COARSE)
    fine = cv2.magnitude(fine_x, fine_y)
    coarse = cv2.magnitude(coarse_x, coarse_y)
    # Noise has no coarse gradient; 4 grey levels a pixel (of an ideal step's ~8 % of contrast)
    # or a fifth of the strongest: dark photos have weak edges, yet edges.
    floor = max(2.0, 0.2 * float(np.percentile(coarse, 99.5)))
    ridge = coarse >= cv2.dilate(coarse, np.ones((3, 3), np.uint8)) - 1e-3
    strong = ridge & (coarse > floor)
    share = float((coarse > max(floor, 4.0)).mean())
    if strong.sum() < 40:
        return None, share
    ratio = np.clip(fine[strong] / coarse[strong], 1.0001, COARSE / FINE) ** 2
    sigma = np.sqrt(np.clip((COARSE**2 - ratio * FINE**2) / (ratio - 1), 0.0, 144.0))
    angle = np.mod(np.arctan2(coarse_y[strong], coarse_x[strong]), np.pi)
    return _softest(sigma, angle), share


def _gradient(grey: Grey, sigma: float) -> tuple[Any, Any]:
    import cv2

    smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    return across, cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)


def _softest(sigma: Any, angle: Any) -> float:
    """The median of each of four directions; the softest one that has enough edges."""
    part = np.minimum((angle / np.pi * 4).astype(int), 3)
    medians = [
        float(np.median(sigma[part == one]))
        for one in range(4)
        if (part == one).sum() >= max(20, 0.03 * len(sigma))
    ]
    return max(medians, default=float(np.median(sigma)))


def _ground(rgb: NDArray[np.uint8]) -> tuple[float, int]:
    """Share of the picture like its plain border, and how many sides something else touches.

    (0, 0) where the border is not plain: on a cluttered desk nothing can be said.
    """
    import cv2

    tiny = cv2.resize(rgb, (96, 96), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(tiny, cv2.COLOR_RGB2LAB).astype(np.float32)
    sides = (lab[0], lab[-1], lab[:, 0], lab[:, -1])
    border = np.concatenate(sides)
    middle = np.median(border, axis=0)
    if np.median(np.abs(border - middle)) > 3.0:
        return 0.0, 0
    unlike = (np.linalg.norm(lab - middle, axis=2) > 18.0).astype(np.uint8)
    parts, label, stats, _ = cv2.connectedComponentsWithStats(unlike)
    if parts == 1:
        return 1.0, 0
    # One large thing that runs out of the frame; a pattern all over is a close-up.
    main = label == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    rows = (main[0], main[-1], main[:, 0], main[:, -1])
    return float(1 - unlike.mean()), sum(float(row.mean()) > 0.12 for row in rows)


def advice_sentence(quality: Quality, part: str = "") -> str:
    """One Korean sentence that says how to take the next photo; "" where nothing is wrong.

    ``part`` is what should be seen from close by ("상자 모서리"); "" says "문제가 있는 곳".
    """
    problems = set(quality.problems)
    if not problems:
        return ""
    if problems == {"small"}:
        return ADVICE["small"]
    words = [text for name, text in _WHERE.items() if name in problems]
    if problems & {"plain", "cut_off"}:
        words.append("상품이 모두 보이게")
    else:
        words.append(with_particle(part or "문제가 있는 곳", "을", "를"))
        words += ["가까이"] if problems - {"bright"} else []
    if "blurred" in problems:
        words.append("흔들리지 않게")
    after = " 줄이지 않은 원본 사진이면 더 좋아요." if "small" in problems else ""
    return " ".join(words) + " 찍어 주세요." + after
