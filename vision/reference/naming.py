"""How likely a region is damage, and which: from chances to names, and the smaller model.

The chances are the region network's (:mod:`network`). Where that cannot say, a softmax over the
region's traits does: its weights lie in ``data/models/reference.json`` (written by
``python -m evals.vision.reference_fit`` from generated pictures): per class a weight for each
trait and for its square, standardised; the first class is "none" (highlight, shadow, print a
pixel off).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from vision.labels import Label
from vision.reference.regions import TRAITS, Region

__all__ = [
    "CLASSES",
    "MODEL_FILE",
    "Named",
    "NamingModel",
    "named",
    "picture_score",
    "shipped",
    "terms",
]

Floats = NDArray[np.float64]

CLASSES: tuple[str, ...] = (
    "none", "scratch", "crack", "dent", "stain", "hole", "broken", "crushed_box", "missing_part",
)  # fmt: skip
MODEL_FILE = Path(__file__).parents[2] / "data" / "models" / "reference.json"
FLOOR = 0.05  # regions less likely than this are not worth showing

Named = tuple[Region, Label, float]


@dataclass(frozen=True, slots=True)
class NamingModel:
    """Means and spreads of the terms, and the weights (terms + 1) × classes."""

    mean: Floats
    spread: Floats
    weights: Floats

    def chances(self, found: Sequence[Region]) -> Floats:
        """The chance of each of :data:`CLASSES` (N×9) for regions."""
        traits = np.array([one.traits for one in found], float).reshape(-1, len(TRAITS))
        values = np.clip((terms(traits) - self.mean) / self.spread, -4, 4)
        logits = np.hstack([values, np.ones((len(values), 1))]) @ self.weights
        grown = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(grown / grown.sum(1, keepdims=True))


def terms(traits: Floats) -> Floats:
    """Traits and their squares (N×traits → N×terms)."""
    return np.hstack([traits, traits * traits])


@lru_cache(maxsize=1)
def shipped() -> NamingModel:
    """The model of the traits that comes with the program."""
    raw = json.loads(MODEL_FILE.read_text("utf-8"))
    if raw["traits"] != list(TRAITS) or raw["classes"] != list(CLASSES):
        raise ValueError(f"{MODEL_FILE} is of other traits; run evals.vision.reference_fit")
    return NamingModel(*(np.array(raw[name]) for name in ("mean", "spread", "weights")))


def named(found: Sequence[Region], chances: Floats, *, boxy: bool = True) -> list[Named]:
    """Each region that is likely enough, its label and the chance of damage, surest first.

    ``chances`` (N×9) are of :data:`CLASSES`; what is not ``boxy`` is no crushed box.
    """
    kept = np.array(chances, float).reshape(-1, len(CLASSES))[:, 1:]
    if not boxy:
        kept[:, CLASSES.index("crushed_box") - 1] = -1.0
    out = [
        (region, cast(Label, CLASSES[1 + int(np.argmax(row))]), float(1 - none))
        for region, row, none in zip(found, kept, chances[:, 0], strict=True)
    ]
    return sorted((one for one in out if one[2] >= FLOOR), key=lambda one: -one[2])


def picture_score(found: Sequence[Named]) -> float:
    """The picture's score (0 to 1): the surest region's chance, raised a little by the next."""
    left = 1.0
    for place, (_, _, sure) in enumerate(found[:3]):
        left *= 1 - sure * (1.0, 0.3, 0.1)[place]
    return 1 - left
