"""Generated cases for calibrating and measuring: a customer's photo beside the catalogue's.

Seeds 1000 to 1999 are for calibration, from 5000 on for tests: no design is in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from vision.labels import Label
from vision.types import Box, Reference

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CALIBRATION_SEED", "TEST_SEED", "Scene", "case", "encode"]

CALIBRATION_SEED, TEST_SEED = 1000, 5000
LABELS_DRAWN: tuple[Label, ...] = tuple(name for name in get_args(Label) if name != "wrong_item")
OTHER_SPECIMENS = 3
SIDE_PX = 800  # of the photo


@dataclass(frozen=True, slots=True)
class Scene:
    """One case: the photo and the catalogue photo as JPEG bytes, and the truth about it.

    ``boxes`` (fractions of the photo) and ``label`` are those of the damage, none on a clean
    one; ``specimen`` 0 is the very piece in the catalogue, others are another piece of it.
    """

    photo: bytes
    reference: Reference
    boxes: tuple[Box, ...]
    label: Label | None
    specimen: int
    kind: str

    @property
    def damaged(self) -> bool:
        """Whether there is damage on the photo."""
        return self.label is not None


def case(number: int, *, specimen: int | None = None, hardness: float | None = None) -> Scene:
    """Case ``number`` (the seed of everything in it); even ones are damaged.

    ``specimen`` None: the catalogue's own or another piece, half each; ``hardness`` (0 nearly
    frontal to 1) None: anything between.
    """
    import numpy as np

    from vision.generate import catalogue_photo, draw, hurt, photograph, random_design

    rng = np.random.default_rng(number)
    design = random_design(rng)
    piece_of = rng.integers(0, 2) * rng.integers(1, OTHER_SPECIMENS + 1)
    other = int(piece_of) if specimen is None else specimen
    label = LABELS_DRAWN[int(rng.integers(len(LABELS_DRAWN)))] if number % 2 == 0 else None
    piece = draw(design, specimen=other)
    boxes: Sequence[Box] = ()
    if label is not None:
        piece, box = hurt(piece, label, rng)
        boxes = (box,)
    hard = float(rng.uniform(0.2, 1.0)) if hardness is None else hardness
    photo, carried = photograph(piece, rng, boxes=boxes, hardness=hard, side_px=SIDE_PX)
    shown = catalogue_photo(draw(design))
    return Scene(
        encode(photo),
        Reference(f"p{number}", "", encode(shown)),
        tuple(carried),
        label,
        other,
        design.kind,
    )


def encode(rgb: NDArray[np.uint8]) -> bytes:
    """A picture (uint8 RGB) as JPEG bytes."""
    import cv2

    _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return data.tobytes()
