"""Pairs of a catalogue photo and a customer's photo of the same thing, half of them damaged.

Everything is drawn (``vision.generate``); :func:`printed` puts a given real photograph on a
box, a cover or a sleeve instead, so that the texture at least is a camera's.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.generate import Piece, catalogue_photo, draw, hurt, photograph, random_design
from vision.labels import DETECTED, Label
from vision.types import Box, Reference

__all__ = ["Pair", "as_reference", "generated", "printed"]

Pixels = NDArray[np.uint8]
HARMS: tuple[Label, ...] = (*DETECTED, "missing_part")
SIDE_PX = 800  # of the customer's photo, as the inspector hands it on (at most 960)


@dataclass(frozen=True, slots=True)
class Pair:
    """A catalogue photo, a customer's photo, what was done to the product and where (fractions
    of the customer's photo); ``label`` None: nothing was done."""

    catalogue: Pixels
    photo: Pixels
    label: Label | None
    boxes: tuple[Box, ...]
    kind: str


def generated(
    count: int, seed: int, *, specimen: int = 0, hardness: float = 1.0, clutter: bool = True
) -> Iterator[Pair]:
    """``count`` pairs of drawn products, every second one damaged.

    ``specimen`` 0 photographs the very piece of the catalogue, others another piece of it;
    with ``clutter`` some clean ones wear a sticker and fingers may lie on the product.
    Pair number i depends on ``seed + i`` alone.
    """
    for number in range(count):
        rng = np.random.default_rng(seed + number)
        design = random_design(rng)
        piece = draw(design, specimen=specimen)
        catalogue = catalogue_photo(draw(design), side_px=640)
        yield _pair(catalogue, piece, rng, number % 2 == 1, hardness, design.kind, clutter)


def printed(pictures: Sequence[Pixels], count: int, seed: int) -> Iterator[Pair]:
    """As :func:`generated`, the products being flat prints of crops of real photographs."""
    import cv2

    for number in range(count):
        rng = np.random.default_rng(seed + number)
        source = pictures[int(rng.integers(len(pictures)))]
        side = int(rng.integers(240, min(source.shape[:2])))
        y, x = (int(rng.integers(0, length - side + 1)) for length in source.shape[:2])
        rgb = cv2.resize(
            source[y : y + side, x : x + side], (512, 512), interpolation=cv2.INTER_AREA
        )
        mask = np.zeros((512, 512), np.uint8)
        left, top = (int(rng.integers(40, 110)) for _ in range(2))
        cv2.rectangle(mask, (left, top), (511 - left, 511 - top), 255, -1)
        piece = Piece(np.asarray(rgb, np.uint8), mask > 0)
        catalogue = catalogue_photo(piece, side_px=640)
        yield _pair(catalogue, piece, rng, number % 2 == 1, 1.0, "print")


def _pair(
    catalogue: Pixels, piece: Piece, rng: np.random.Generator, damaged: bool, hardness: float,
    kind: str, clutter: bool = True,
) -> Pair:  # fmt: skip
    label: Label | None = None
    boxes: list[Box] = []
    if damaged:
        label = HARMS[int(rng.integers(len(HARMS)))]
        piece, box = hurt(piece, label, rng)
        boxes = [box]
    photo, boxes = photograph(
        piece, rng, boxes=boxes, hardness=hardness, side_px=SIDE_PX, clutter=clutter
    )
    return Pair(catalogue, photo, label, tuple(boxes), kind)


def as_reference(
    rgb: Pixels, product_id: str = "p", sku: str = "", *, ordered: bool = True
) -> Reference:
    """A picture as the shop keeps it: a JPEG of quality 90."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=90)
    return Reference(product_id, sku, out.getvalue(), ordered)
