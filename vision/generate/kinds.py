"""Every kind of product, how one is drawn, which damage befalls it, random designs."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Mapping

import numpy as np

from vision.generate.clothes import CLOTHES
from vision.generate.devices import DEVICES
from vision.generate.forms import Colour, Design, Piece
from vision.generate.home import HOME
from vision.generate.packs import PACKS
from vision.generate.sketch import Sketch
from vision.labels import Label

__all__ = ["KINDS", "SUFFERS", "draw", "random_design"]

_DRAWERS: Mapping[str, Callable[[Sketch], None]] = {**DEVICES, **CLOTHES, **HOME, **PACKS}
KINDS: tuple[str, ...] = tuple(_DRAWERS)

_SOFT: tuple[Label, ...] = ("stain", "hole", "hole", "stain", "scratch")
_BRITTLE: tuple[Label, ...] = ("crack", "broken", "broken", "crack", "scratch", "stain")
_CASED: tuple[Label, ...] = ("scratch", "crack", "dent", "broken", "scratch", "dent")
_METAL: tuple[Label, ...] = ("dent", "dent", "scratch", "scratch", "stain", "broken")
_BOXED: tuple[Label, ...] = ("crushed_box", "crushed_box", "crushed_box", "hole", "stain")
_PRINTED: tuple[Label, ...] = ("stain", "hole", "scratch", "stain", "broken")
# What a kind can suffer in training pictures, as often as it is written.
SUFFERS: Mapping[str, tuple[Label, ...]] = {
    **dict.fromkeys(DEVICES, _CASED),
    **dict.fromkeys(CLOTHES, _SOFT),
    **dict.fromkeys(HOME, _CASED),
    **dict.fromkeys(PACKS, _CASED),
    **dict.fromkeys(("tumbler", "straw_tumbler", "pan"), _METAL),
    **dict.fromkeys(("mug", "mat", "jar", "glass_bottle", "dropper", "compact"), _BRITTLE),
    **dict.fromkeys(("book", "notebook", "diary", "stickers", "voucher"), _PRINTED),
    **dict.fromkeys(("box", "shipping_box", "crate"), _BOXED),
    **dict.fromkeys(("tube", "food_tub", "bottle"), ("dent", "crack", "broken", "stain")),
    "bedding": _SOFT,
    "pouch": ("hole", "hole", "stain", "scratch"),
}
# Colours that are the thing itself, not a dye: wood, oranges, card.
_NATURAL: Mapping[str, tuple[Colour, ...]] = {
    "board": ((120, 78, 50), (150, 104, 66), (96, 62, 42)),
    "mat": ((186, 184, 178), (160, 158, 156), (206, 198, 186)),
    "crate": ((240, 146, 40), (226, 84, 60), (150, 180, 60)),
    "shipping_box": ((190, 152, 104), (176, 140, 98), (204, 168, 122)),
    "jeans": ((62, 88, 136), (44, 58, 92), (120, 146, 182), (60, 62, 70)),
    "diary": ((116, 72, 44), (40, 38, 40), (92, 48, 42)),
    "food_tub": ((190, 70, 44), (204, 120, 60)),
    "tint": ((196, 62, 70), (150, 40, 58), (222, 110, 92), (120, 34, 40)),
}


def draw(design: Design, *, specimen: int = 0) -> Piece:
    """The piece of a design: 0 is the catalogue's, others are other pieces of the same product.

    Raises KeyError for a kind that is not in :data:`KINDS`.
    """
    sketch = Sketch(design, specimen)
    _DRAWERS[design.kind](sketch)
    return sketch.finish()


def random_design(rng: np.random.Generator, kind: str | None = None) -> Design:
    """A design of any colour; ``kind`` None takes any kind."""
    kind = kind or KINDS[int(rng.integers(len(KINDS)))]
    seed = int(rng.integers(2**31))
    if kind in _NATURAL:
        choices = _NATURAL[kind]
        return Design(kind, choices[int(rng.integers(len(choices)))], seed)
    vivid = 0.08 if rng.random() < 0.45 else rng.uniform(0.15, 0.75)
    shade = rng.choice([rng.uniform(0.12, 0.3), rng.uniform(0.4, 0.8), rng.uniform(0.82, 0.96)])
    r, g, b = colorsys.hsv_to_rgb(float(rng.random()), float(vivid), float(shade))
    return Design(kind, (int(r * 255), int(g * 255), int(b * 255)), seed)
