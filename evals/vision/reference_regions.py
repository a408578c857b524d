"""Regions to train the region network on: ``python -m evals.vision.reference_regions FOLDER``.

A group is one drawn product: its catalogue photo and four photos of it (about one group in
three: of another piece, so that the network learns in what pieces may differ), half of them
damaged, some blurred, some with a price sticker or a finger. Each photo that aligns is looked
at as it is, and again with damage painted on it or in another light, which costs a fraction of
a new photo. Every group is one .npz file named by its seed (from 100000 on: the measurements
draw from 5000, 7000 and 9000); groups that are there are not made again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.vision.reference_fit import within
from evals.vision.reference_restyle import blurred, cluttered, painted, restyled
from vision.generate import catalogue_photo, draw, hurt, photograph, random_design
from vision.labels import DETECTED, Label
from vision.reference.catalogue import made_ready
from vision.reference.compare import Photo, canvas_of
from vision.reference.difference import Canvas, difference
from vision.reference.naming import CLASSES
from vision.reference.network import inputs
from vision.reference.regions import regions

__all__ = ["FIRST_SEED", "Laid", "group", "main", "rows"]

Pixels = NDArray[np.uint8]
Table = dict[str, NDArray[Any]]

FIRST_SEED = 100_000
HARMS: tuple[Label, ...] = (*DETECTED, "missing_part")
OTHER_PIECE, BLURRED, CLUTTERED = 0.3, 0.12, 0.6
SIDE_PX = 800


@dataclass(frozen=True, slots=True)
class Laid:
    """A catalogue photo and a photo on one canvas (uint8 RGB), which pixels can be compared
    (255), the damage on it (None: none) and its boxes (canvas px)."""

    catalogue: Pixels
    photo: Pixels
    inside: Pixels
    label: Label | None
    boxes: tuple[tuple[float, float, float, float], ...]


def group(seed: int) -> Iterator[Laid]:
    """The laid pairs of one product, the painted and restyled ones after the photo they are of."""
    rng = np.random.default_rng(seed)
    design = random_design(rng)
    ready = made_ready(catalogue_photo(draw(design), side_px=640))
    piece = draw(design, specimen=int(rng.integers(1, 5)) if rng.random() < OTHER_PIECE else 0)
    for number in range(4):
        label = HARMS[int(rng.integers(len(HARMS)))] if number % 2 else None
        taken, box = hurt(piece, label, rng) if label else (piece, None)
        photo, places = photograph(
            taken, rng, boxes=[box] if box else [], hardness=float(rng.choice([1.0, 1.0, 0.6])),
            side_px=SIDE_PX, clutter=bool(rng.random() < CLUTTERED),
        )  # fmt: skip
        soft = bool(rng.random() < BLURRED)
        looked = Photo(blurred(photo, rng) if soft else photo)
        laid = looked.under(ready)
        canvas = canvas_of(ready, looked.rgb, laid) if laid else None
        if canvas is None:
            continue
        back = np.linalg.inv(canvas.to_photo)
        ends = [np.array([[*one[:2], 1 / SIDE_PX], [*one[2:], 1 / SIDE_PX]]) * SIDE_PX @ back.T
                for one in places]  # fmt: skip
        boxes = tuple((float(a[0]), float(a[1]), float(b[0]), float(b[1])) for a, b in ends)
        one = Laid(_bytes(canvas.reference), _bytes(canvas.photo), _bytes(canvas.inside * 255.0),
                   label, boxes)  # fmt: skip
        yield one
        if not soft:
            yield from _again(one, rng)


def _bytes(picture: NDArray[Any]) -> Pixels:
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)


def _again(one: Laid, rng: np.random.Generator) -> Iterator[Laid]:
    """The same photo in another light and with clutter; a clean one with painted damage too."""
    for _ in range(1 if one.label else 2):
        photo = cluttered(one.photo, one.inside, one.boxes, rng)
        yield Laid(one.catalogue, photo, one.inside, one.label, one.boxes)
    for turn in range(0 if one.label else 3):
        label = HARMS[int(rng.integers(len(HARMS)))]
        photo, box = painted(one.catalogue, one.photo, one.inside, label, rng)
        if turn == 2:
            photo = restyled(photo, rng)
        yield Laid(one.catalogue, photo, one.inside, label, (box,))


def rows(one: Laid) -> Table:
    """The regions of a laid pair as the network takes them (float16), and their classes; those
    that are half damage are left out."""
    import cv2

    margin = cv2.distanceTransform((one.inside > 127).astype(np.uint8), cv2.DIST_L2, 3)
    margin = np.minimum(margin, 256.0)
    canvas = Canvas(one.catalogue.astype(np.float32), one.photo.astype(np.float32), margin > 0,
                    margin, np.eye(3))  # fmt: skip
    found = difference(canvas)
    places = regions(found, canvas)
    near, wide, traits = inputs(found, canvas, places)
    shares = [max((within(_four(place.box), box) for box in one.boxes), default=0.0)
              for place in places]  # fmt: skip
    classes = [
        0 if one.label is None or share < 0.05 else CLASSES.index(one.label) if share > 0.5 else -1
        for share in shares
    ]
    kept = np.array(classes, int) >= 0
    return {
        "near": near[kept].astype(np.float16), "wide": wide[kept].astype(np.float16),
        "traits": traits[kept], "classes": np.array(classes, int)[kept],
    }  # fmt: skip


def _four(box: Sequence[int]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(one) for one in box)
    return x1, y1, x2, y2


def main(argv: Sequence[str] | None = None) -> int:
    """Make the groups that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--groups", type=int, default=400)
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    asked = parser.parse_args(argv)
    asked.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(asked.seed, asked.seed + asked.groups):
        target = asked.folder / f"{seed}.npz"
        if target.exists():
            continue
        found = [rows(one) for one in group(seed)]
        if found:
            joined = {name: np.concatenate([one[name] for one in found]) for name in found[0]}
            np.savez_compressed(target, **joined)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
