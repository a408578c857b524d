"""What lies behind a product on a customer's photo: desks, cloths, tiles, carpets, clutter."""

from __future__ import annotations

import cv2
import numpy as np

from vision.generate.forms import Colour, Rgb
from vision.generate.texture import TILE_PX, cut

__all__ = ["SKIN", "scene"]

_WOODS: tuple[Colour, ...] = ((176, 134, 90), (120, 84, 56), (206, 178, 138), (88, 62, 46))
_CLOTHS: tuple[Colour, ...] = ((214, 210, 200), (96, 110, 140), (170, 90, 84), (78, 92, 80))
_PLAIN: tuple[Colour, ...] = ((236, 234, 228), (200, 202, 206), (150, 152, 158), (222, 208, 188),
                              (88, 92, 100), (188, 204, 216))  # fmt: skip
SKIN: tuple[Colour, ...] = ((232, 190, 164), (214, 166, 138), (176, 124, 96), (240, 206, 184))
_GROUNDS = ("wood", "weave", "denim", "tiles", "carpet", "paper", "plain", "marble", "planks")


def _ground(rng: np.random.Generator, side: int, material: str, colour: Colour) -> Rgb:
    """A surface of a material, turned and scaled at random."""
    tile = cut(material, (0, 0), TILE_PX, TILE_PX)
    scale, turn = side / 256 * rng.uniform(0.55, 1.3), rng.uniform(0, 2 * np.pi)
    c, s = np.cos(turn) * scale, np.sin(turn) * scale
    shift = rng.uniform(0, TILE_PX, 2)
    m = np.array([[c, -s, shift[0]], [s, c, shift[1]]])
    light = cv2.warpAffine(tile, m, (side, side), borderMode=cv2.BORDER_REFLECT_101)
    ramp = np.arange(256, dtype=np.float32)[:, None] / 128 * np.array(colour, np.float32)[None]
    table = np.clip(ramp, 0, 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(cv2.merge([light] * 3), table), np.uint8)


def _choose(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    base = np.array(colours[int(rng.integers(len(colours)))], np.float64)
    r, g, b = np.clip(base * rng.uniform(0.8, 1.12) + rng.normal(0, 9, 3), 8, 250)
    return int(r), int(g), int(b)


def _lines(rng: np.random.Generator, shown: Rgb, step: float, both: bool) -> None:
    """Joints of tiles or planks, in a random direction."""
    side, turn = len(shown), rng.uniform(0, np.pi)
    dark = tuple(int(v) for v in shown.mean((0, 1)) * rng.uniform(0.5, 0.8))
    for quarter in (0, np.pi / 2) if both else (0.0,):
        way = np.array([np.cos(turn + quarter), np.sin(turn + quarter)])
        across = np.array([-way[1], way[0]])
        first = rng.uniform(0, step)
        for k in range(-int(side / step) - 1, int(side / step) + 2):
            middle = np.array([side / 2, side / 2]) + across * (k * step + first)
            a, b = middle - way * 2 * side, middle + way * 2 * side
            ends = np.round([a, b]).astype(int)
            width = max(1, round(side / 160))
            cv2.line(shown, tuple(ends[0]), tuple(ends[1]), dark, width, cv2.LINE_AA)


def _clutter(rng: np.random.Generator, shown: Rgb) -> None:
    """Other things on the desk: cards, cups seen from above, cables, pens."""
    side = len(shown)
    for _ in range(int(rng.integers(1, 5))):
        at = rng.uniform(0, side, 2)
        size = side * rng.uniform(0.06, 0.2)
        colour = tuple(int(v) for v in rng.integers(20, 245, 3))
        shade = tuple(int(v * 0.5) for v in colour)
        which = int(rng.integers(4))
        middle = (round(at[0]), round(at[1]))
        if which == 0:
            rect = (middle, (size * 2, size * rng.uniform(0.6, 1.6)), rng.uniform(0, 180))
            box = np.round(cv2.boxPoints(rect)).astype(np.int32)
            cv2.fillPoly(shown, [box], colour, cv2.LINE_AA)
            cv2.polylines(shown, [box], True, shade, 1, cv2.LINE_AA)
        elif which == 1:
            cv2.circle(shown, middle, round(size), colour, -1, cv2.LINE_AA)
            cv2.circle(shown, middle, round(size * 0.8), shade, -1, cv2.LINE_AA)
        elif which == 2:
            t = np.linspace(0, 1, 24)
            swing = np.sin(t * rng.uniform(3, 8)) * size
            cable = np.stack([at[0] + (t - 0.5) * side, at[1] + swing], 1)
            width = max(2, side // 90)
            cv2.polylines(shown, [np.round(cable).astype(np.int32)], False, shade, width,
                          cv2.LINE_AA)  # fmt: skip
        else:
            tip = at + rng.uniform(-1, 1, 2) * size * 2
            end = (round(tip[0]), round(tip[1]))
            cv2.line(shown, middle, end, colour, max(2, side // 45), cv2.LINE_AA)


def scene(rng: np.random.Generator, side: int, *, busy: float = 1.0) -> Rgb:
    """A ground of ``side`` pixels square; ``busy`` (0 to 1) is how likely things lie about."""
    kind = _GROUNDS[int(rng.integers(len(_GROUNDS)))]
    colours = {"wood": _WOODS, "planks": _WOODS, "weave": _CLOTHS, "denim": _CLOTHS}
    colour = _choose(rng, colours.get(kind, _PLAIN))
    material = {"tiles": "stone", "planks": "wood", "plain": "gloss"}.get(kind, kind)
    shown = _ground(rng, side, material, colour)
    if kind == "tiles":
        _lines(rng, shown, side * rng.uniform(0.18, 0.5), both=True)
    elif kind == "planks":
        _lines(rng, shown, side * rng.uniform(0.15, 0.4), both=False)
    if rng.random() < 0.55 * busy:
        _clutter(rng, shown)
    return shown
