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
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from vision.labels import REASON_OF, Label
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
_DAMAGE = cast(tuple[Label, ...], CLASSES[1:])
MODEL_FILE = Path(__file__).parents[2] / "data" / "models" / "reference.json"
FLOOR = 0.05  # regions less likely than this are not worth showing


class Named(NamedTuple):
    """A region, its likeliest label, the chance of damage, and the label's own given damage."""

    region: Region
    label: Label
    sure: float
    named: float


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
    """Each region that is likely enough, surest first.

    ``chances`` (N×9) are of :data:`CLASSES`; what is not ``boxy`` is no crushed box. The label
    is the likeliest of those that give the likeliest reason of a claim: that decides what a
    customer is offered.
    """
    kept = np.array(chances, float).reshape(-1, len(CLASSES))[:, 1:]
    if not boxy:
        kept[:, CLASSES.index("crushed_box") - 1] = 0.0
    out = []
    for region, row, none in zip(found, kept, chances[:, 0], strict=True):
        label, of_damage = _label(row)
        out.append(Named(region, label, float(1 - none), of_damage))
    return sorted((one for one in out if one.sure >= FLOOR), key=lambda one: -one.sure)


def _label(chances: Floats) -> tuple[Label, float]:
    """The label of the damage classes' chances (8), and its share of them."""
    by_reason: dict[str, float] = {}
    for label, chance in zip(_DAMAGE, chances, strict=True):
        by_reason[REASON_OF[label]] = by_reason.get(REASON_OF[label], 0.0) + float(chance)
    reason = max(by_reason, key=lambda one: by_reason[one])
    chance, label = max(
        (float(chance), label)
        for label, chance in zip(_DAMAGE, chances, strict=True)
        if REASON_OF[label] == reason
    )
    return label, chance / max(float(chances.sum()), 1e-9)


def picture_score(found: Sequence[Named]) -> float:
    """The picture's score (0 to 1): the surest region's chance, raised a little by the next."""
    left = 1.0
    for place, one in enumerate(found[:3]):
        left *= 1 - one.sure * (1.0, 0.3, 0.1)[place]
    return 1 - left
