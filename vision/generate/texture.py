"""Surfaces: grey textures around 128 that a part's colour is multiplied with.

Each is made once per process from a fixed seed at :data:`TILE_PX` square and cut at any phase,
so a cut costs nothing; two specimens differ by the phase.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["TEXTURES", "TILE_PX", "Grey", "cut", "noise", "texture"]

TILE_PX = 768
Grey = NDArray[np.uint8]
_Field = NDArray[np.float32]


def noise(rng: np.random.Generator, cells_x: int, cells_y: int, size: int = TILE_PX) -> _Field:
    """Smooth noise of unit deviation with so many cells across and down, (size, size)."""
    small = rng.standard_normal((max(2, cells_y), max(2, cells_x)), dtype=np.float32)
    field = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray((field - field.mean()) / (field.std() + 1e-6), np.float32)


def _grid() -> tuple[_Field, _Field]:
    at = np.arange(TILE_PX, dtype=np.float32)
    return np.broadcast_to(at[None], (TILE_PX,) * 2), np.broadcast_to(at[:, None], (TILE_PX,) * 2)


def _plastic(rng: np.random.Generator) -> _Field:
    return np.asarray(3 * noise(rng, 400, 400) + 3 * noise(rng, 9, 9))


def _gloss(rng: np.random.Generator) -> _Field:
    return np.asarray(1.2 * noise(rng, 300, 300) + 4 * noise(rng, 5, 7))


def _metal(rng: np.random.Generator) -> _Field:
    return np.asarray(7 * noise(rng, 14, 500) + 3 * noise(rng, 60, 760) + 2 * noise(rng, 300, 300))


def _weave(rng: np.random.Generator) -> _Field:
    x, y = _grid()
    wobble = 0.6 * noise(rng, 20, 20)
    return np.asarray(
        9 * np.sin(x * 0.9 + wobble) * np.sin(y * 0.9 + wobble)
        + 5 * noise(rng, 300, 60) + 5 * noise(rng, 60, 300) + 5 * noise(rng, 12, 12)
    )  # fmt: skip


def _knit(rng: np.random.Generator) -> _Field:
    x, y = _grid()
    chevron = np.sin((y + 5 * np.abs(((x / 12) % 2) - 1)) * 0.75)
    return np.asarray(8 * chevron + 5 * np.cos(x * np.pi / 6) + 5 * noise(rng, 250, 250))


def _fleece(rng: np.random.Generator) -> _Field:
    return np.asarray(8 * noise(rng, 220, 220) + 6 * noise(rng, 60, 60) + 5 * noise(rng, 14, 14))


def _denim(rng: np.random.Generator) -> _Field:
    x, y = _grid()
    twill = np.sin((x + y) * 0.8)
    return np.asarray(
        9 * twill + 8 * noise(rng, 40, 300) + 9 * noise(rng, 9, 9) + 5 * noise(rng, 380, 380)
    )


def _leather(rng: np.random.Generator) -> _Field:
    cells = np.abs(noise(rng, 110, 110))
    return np.asarray(
        -9 * np.exp(-9 * cells**2) + 5 * noise(rng, 200, 200) + 7 * noise(rng, 10, 10)
    )


def _ceramic(rng: np.random.Generator) -> _Field:
    specks = (noise(rng, 190, 190) > 2.4).astype(np.float32)
    return np.asarray(-46 * specks + 2 * noise(rng, 260, 260) + 3 * noise(rng, 7, 7))


def _wood(rng: np.random.Generator) -> _Field:
    rings = noise(rng, 3, 12) * 2.2 + noise(rng, 8, 60) * 0.5
    return np.asarray(16 * np.sin(rings * 4) + 9 * noise(rng, 12, 500) + 4 * noise(rng, 200, 400))


def _paper(rng: np.random.Generator) -> _Field:
    return np.asarray(3.5 * noise(rng, 330, 330) + 2 * noise(rng, 90, 30) + 2.5 * noise(rng, 8, 8))


def _kraft(rng: np.random.Generator) -> _Field:
    _, y = _grid()
    flutes = 2.5 * np.sin(y * 0.55)
    return np.asarray(
        flutes + 5 * noise(rng, 340, 340) + 5 * noise(rng, 40, 160) + 4 * noise(rng, 8, 8)
    )


def _film(rng: np.random.Generator) -> _Field:
    ridges = np.abs(noise(rng, 7, 10))
    return np.asarray(
        34 * np.exp(-16 * ridges**2) - 8 + 8 * noise(rng, 9, 9) + 2 * noise(rng, 300, 300)
    )


def _folds(rng: np.random.Generator) -> _Field:
    ridges = np.abs(noise(rng, 7, 4) + 0.5 * noise(rng, 12, 8))
    return np.asarray(
        -26 * np.exp(-26 * ridges**2) + 6 * noise(rng, 6, 4) + 3 * noise(rng, 20, 12) + 2
    )


def _stone(rng: np.random.Generator) -> _Field:
    return np.asarray(7 * noise(rng, 300, 300) + 6 * noise(rng, 90, 90) + 6 * noise(rng, 16, 16))


def _marble(rng: np.random.Generator) -> _Field:
    vein = np.abs(noise(rng, 5, 6) + 0.4 * noise(rng, 22, 22))
    return np.asarray(
        -42 * np.exp(-200 * vein**2) + 6 * noise(rng, 10, 10) + 2 * noise(rng, 300, 300)
    )


def _carpet(rng: np.random.Generator) -> _Field:
    return np.asarray(11 * noise(rng, 260, 260) + 8 * noise(rng, 90, 90) + 6 * noise(rng, 9, 9))


TEXTURES: dict[str, Callable[[np.random.Generator], _Field]] = {
    "plastic": _plastic, "gloss": _gloss, "metal": _metal, "weave": _weave, "knit": _knit,
    "fleece": _fleece, "denim": _denim, "leather": _leather, "ceramic": _ceramic, "wood": _wood,
    "paper": _paper, "kraft": _kraft, "film": _film, "folds": _folds, "stone": _stone,
    "marble": _marble, "carpet": _carpet,
}  # fmt: skip


@cache
def texture(name: str) -> Grey:
    """The tile of a texture: uint8 (768, 768) about 128. Raises KeyError for unknown names."""
    rng = np.random.default_rng([7, *name.encode()])
    field = TEXTURES[name](rng)
    tile: Grey = np.clip(128.5 + field, 0, 255).astype(np.uint8)
    tile.setflags(write=False)
    return tile


def cut(name: str, phase: tuple[int, int], width: int, height: int) -> Grey:
    """A (height, width) window of a tile, its corner at ``phase`` modulo what fits."""
    tile = texture(name)
    if width > TILE_PX or height > TILE_PX:
        larger = (max(width, TILE_PX), max(height, TILE_PX))
        tile = np.asarray(cv2.resize(tile, larger), np.uint8)
    x = phase[0] % (tile.shape[1] - width + 1)
    y = phase[1] % (tile.shape[0] - height + 1)
    return tile[y : y + height, x : x + width]
