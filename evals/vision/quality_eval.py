"""How well photos that cannot be judged are told from those that can.

Good photos are generated scenes as a customer takes them, some mildly soft, dim or glaring;
bad ones are the same scenes blurred, moved, dark, burnt out, tiny or empty. Thresholds were
tuned on seeds below 1000; figures are for seeds from 5000 on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.generate.cases import TEST_SEED
from vision.measure import auroc
from vision.quality import judge_quality
from vision.types import Quality

__all__ = ["BAD", "MILD", "photo_quality", "plain_photo"]

Picture = NDArray[np.uint8]
Change = Callable[[Picture, np.random.Generator], Picture]


def _blurred(rgb: Picture, rng: np.random.Generator, low: float, high: float) -> Picture:
    import cv2

    sigma = float(rng.uniform(low, high)) * max(rgb.shape[:2]) / 512
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), np.uint8)


def _moved(rgb: Picture, rng: np.random.Generator) -> Picture:
    """A hand that moves 28 to 48 px (at 512) in one direction while the shutter is open."""
    import cv2

    length = int(rng.uniform(28, 48) * max(rgb.shape[:2]) / 512)
    kernel = np.zeros((length, length), np.float32)
    angle = float(rng.uniform(0, np.pi))
    middle, reach = (length - 1) / 2, (length - 1) / 2
    ends = [
        (round(middle + way * reach * np.cos(angle)), round(middle + way * reach * np.sin(angle)))
        for way in (-1, 1)
    ]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(rgb, -1, kernel / kernel.sum()), np.uint8)


def _lit(rgb: Picture, gain: float, rng: np.random.Generator) -> Picture:
    """Another exposure, with the noise a sensor adds after it."""
    noise = rng.normal(0, 2.0, rgb.shape)
    return np.clip(rgb * gain + noise, 0, 255).astype(np.uint8)


def _tiny(rgb: Picture, _: np.random.Generator) -> Picture:
    import cv2

    return np.asarray(cv2.resize(rgb, (110, 110), interpolation=cv2.INTER_AREA), np.uint8)


def _empty(rgb: Picture, rng: np.random.Generator) -> Picture:
    """A wall: the picture's mean colour with noise."""
    flat = np.broadcast_to(rgb.mean(axis=(0, 1)), rgb.shape)
    return np.clip(flat + rng.normal(0, 2.0, rgb.shape), 0, 255).astype(np.uint8)


BAD: Mapping[str, Change] = {
    "blurred": lambda rgb, rng: _blurred(rgb, rng, 4.5, 8.0),
    "moved": _moved,
    "dark": lambda rgb, rng: _lit(rgb, float(rng.uniform(0.05, 0.15)), rng),
    "burnt": lambda rgb, rng: _lit(rgb, float(rng.uniform(6.0, 12.0)), rng),
    "tiny": _tiny,
    "empty": _empty,
}
MILD: Mapping[str, Change] = {
    "as_taken": lambda rgb, _: rgb,
    "a_little_soft": lambda rgb, rng: _blurred(rgb, rng, 0.6, 1.4),
    "dim": lambda rgb, rng: _lit(rgb, float(rng.uniform(0.4, 0.7)), rng),
    "glaring": lambda rgb, rng: _lit(rgb, float(rng.uniform(1.2, 1.5)), rng),
}


def plain_photo(seed: int) -> Picture:
    """A generated photo of a whole product, as a customer takes it."""
    from vision.generate import draw, photograph, random_design

    rng = np.random.default_rng(seed)
    photo, _ = photograph(draw(random_design(rng)), rng, hardness=float(rng.uniform(0.2, 1.0)))
    return photo


def photo_quality(photos: int = 100, start: int = TEST_SEED) -> dict[str, Any]:
    """Per kind of bad photo: the share refused, named rightly; false refusals of good ones;
    AUROC of the measure that should tell it (sharpness, exposure)."""
    rows: dict[str, list[Quality]] = {name: [] for name in (*BAD, *MILD)}
    for seed in range(start, start + photos):
        rgb = plain_photo(seed)
        for name, change in {**BAD, **MILD}.items():
            made = change(rgb, np.random.default_rng([seed, len(name)]))
            rows[name].append(judge_quality(made, upload_px=(made.shape[1], made.shape[0])))
    return {
        "photos": photos,
        "refused_bad": {name: _refused(rows[name]) for name in BAD},
        "refused_good": {name: _refused(rows[name]) for name in MILD},
        "warned_good": {
            name: round(float(np.mean([bool(one.problems) for one in rows[name]])), 4)
            for name in MILD
        },
        "auroc": {
            "blurred": _auroc(rows, "blurred", "sharpness"),
            "moved": _auroc(rows, "moved", "sharpness"),
            "dark": _auroc(rows, "dark", "exposure"),
            "burnt": _auroc(rows, "burnt", "exposure"),
        },
    }


def _refused(rows: list[Quality]) -> float:
    return round(float(np.mean([not one.usable for one in rows])), 4)


def _auroc(rows: Mapping[str, list[Quality]], bad: str, measure: str) -> float:
    good = [1 - getattr(one, measure) for name in MILD for one in rows[name]]
    poor = [1 - getattr(one, measure) for one in rows[bad]]
    return round(auroc([*good, *poor], [False] * len(good) + [True] * len(poor)), 4)
