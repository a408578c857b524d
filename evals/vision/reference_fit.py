"""Fit the model that says which difference is damage: ``python -m evals.vision.reference_fit``.

Regions of drawn pairs (seeds below 1000; the measurement's begin at 5000) are labelled by the
truth boxes they lie in, and a softmax over their traits is fitted (L2, L-BFGS). Writes
``data/models/reference.json``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.vision.reference_pairs import Pair, generated
from vision.reference.catalogue import made_ready
from vision.reference.compare import Photo, canvas_of
from vision.reference.difference import difference
from vision.reference.naming import CLASSES, MODEL_FILE, NamingModel, terms
from vision.reference.regions import TRAITS, boxed, regions
from vision.types import Box

__all__ = ["Looked", "fit", "look", "main", "rows", "within", "write"]

Floats = NDArray[np.float64]
PULL = 3.0  # the L2 pull on the weights


@dataclass(frozen=True, slots=True)
class Looked:
    """A pair's regions (tight boxes as fractions of the photo, traits) and its truth."""

    boxes: tuple[Box, ...]
    traits: Floats
    label: str | None
    truth: tuple[Box, ...]


def look(pair: Pair) -> Looked | None:
    """The regions of a pair; None where the two could not be aligned."""
    ready, photo = made_ready(pair.catalogue), Photo(pair.photo)
    laid = photo.under(ready)
    canvas = canvas_of(ready, pair.photo, laid) if laid else None
    if canvas is None:
        return None
    found = regions(difference(canvas), canvas)
    boxes = tuple(boxed(one, canvas, photo.grey.shape, 0.0) for one in found)
    traits = np.array([one.traits for one in found], float).reshape(-1, len(TRAITS))
    return Looked(boxes, traits, pair.label, pair.boxes)


def within(box: Box, truth: Box) -> float:
    """The share of ``box`` that lies in ``truth``, or of ``truth`` in ``box``: the larger."""
    wide = min(box[2], truth[2]) - max(box[0], truth[0])
    high = min(box[3], truth[3]) - max(box[1], truth[1])
    areas = [(one[2] - one[0]) * (one[3] - one[1]) for one in (box, truth)]
    return max(wide, 0.0) * max(high, 0.0) / max(min(areas), 1e-9)


def rows(looked: Iterable[Looked]) -> tuple[Floats, NDArray[np.int_]]:
    """Traits and class numbers of all regions that are clearly damage or clearly not."""
    traits, classes = [], []
    for one in looked:
        for box, values in zip(one.boxes, one.traits, strict=True):
            share = max((within(box, truth) for truth in one.truth), default=0.0)
            if one.label is None or share < 0.05:
                classes.append(0)
            elif share > 0.5:
                classes.append(CLASSES.index(one.label))
            else:
                continue
            traits.append(values)
    return np.array(traits, float), np.array(classes)


def fit(traits: Floats, classes: NDArray[np.int_], pull: float = PULL) -> NamingModel:
    """The softmax over :func:`vision.reference.naming.terms` that explains ``classes`` best."""
    from scipy.optimize import minimize

    values = terms(traits)
    mean, spread = values.mean(0), np.maximum(values.std(0), 1e-6)
    inputs = np.hstack([np.clip((values - mean) / spread, -4, 4), np.ones((len(values), 1))])
    wanted = np.eye(len(CLASSES))[classes]
    shape = (inputs.shape[1], len(CLASSES))

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(shape)
        logits = inputs @ weights
        logits -= logits.max(1, keepdims=True)
        log_chance = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        free = weights.copy()
        free[-1] = 0
        slope = inputs.T @ (np.exp(log_chance) - wanted) + pull * free
        return float(-(log_chance * wanted).sum() + pull / 2 * (free**2).sum()), slope.ravel()

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B",
                     options={"maxiter": 400})  # fmt: skip
    return NamingModel(mean, spread, found.x.reshape(shape))


def write(model: NamingModel, path: Path, about: dict[str, Any]) -> None:
    """The model as a small JSON file, four significant digits."""

    def short(values: Floats) -> Any:
        return np.vectorize(lambda value: float(f"{value:.4g}"))(values).tolist()

    text = json.dumps(
        {
            "about": about, "traits": list(TRAITS), "classes": list(CLASSES),
            "mean": short(model.mean), "spread": short(model.spread),
            "weights": short(model.weights),
        },
        separators=(",", ":"),
    )  # fmt: skip
    path.write_text(text + "\n", "utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the pairs, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--to", type=Path, default=MODEL_FILE)
    asked = parser.parse_args(argv)
    looked = [one for one in map(look, generated(asked.pairs, asked.seed)) if one]
    traits, classes = rows(looked)
    about = {"pairs": asked.pairs, "seed": asked.seed, "aligned": len(looked),
             "regions": len(classes)}  # fmt: skip
    write(fit(traits, classes), asked.to, about)
    print(about)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
