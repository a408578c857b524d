"""Visible damage on a drawn piece: each kind paints on a copy, the box is what changed.

Sizes are a share of the product's longer side (12 % to 42 %: a network at 256 px sees no less).
A damage that does not show, as black on black, is tried again elsewhere and stronger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.generate.forms import CANVAS_PX, Mask, Piece, Rgb, box_of, changed
from vision.generate.texture import Grey, cut
from vision.labels import Label
from vision.types import Box

__all__ = ["MAKERS", "hurt"]

_Point = NDArray[np.float64]
# At least so many pixels of the canvas, and so much of the product, must change visibly.
_LEAST_PX = 90
_TRIES = 8


@dataclass(slots=True)
class Wound:
    """A damage being painted: the copy, what belongs to the product, where and how large.

    ``reach`` in pixels of the canvas; ``force`` grows with every try (1 to 2).
    """

    rgb: Rgb
    alpha: Mask
    at: _Point
    reach: float
    force: float
    rng: np.random.Generator

    def around(self, radius: float) -> tuple[slice, slice]:
        """The window of the canvas within ``radius`` of the place, rows and columns."""
        x1, y1 = np.clip(np.floor(self.at - radius).astype(int), 0, CANVAS_PX - 8)
        x2, y2 = np.clip(np.ceil(self.at + radius).astype(int), 8, CANVAS_PX)
        return slice(int(y1), int(y2)), slice(int(x1), int(x2))

    def offsets(self, rows: slice, cols: slice) -> tuple[_Point, _Point]:
        """x and y of a window's pixels from the place, in pixels."""
        x = np.arange(cols.start, cols.stop) - self.at[0]
        y = np.arange(rows.start, rows.stop) - self.at[1]
        return np.broadcast_to(x[None], (len(y), len(x))), np.broadcast_to(
            y[:, None], (len(y), len(x))
        )

    def bright(self) -> bool:
        """Whether the surface around the place is a light one."""
        rows, cols = self.around(12)
        return float(self.rgb[rows, cols].mean()) > 118

    def heading(self) -> _Point:
        """A random direction of length 1."""
        turn = self.rng.uniform(0, 2 * np.pi)
        return np.array([np.cos(turn), np.sin(turn)])

    def shift(self, low: float, high: float) -> float:
        """A random number between ``low`` and ``high``."""
        return float(self.rng.uniform(low, high))

    def blob(self, radius: float, rough: float = 0.25, corners: int = 26) -> NDArray[np.int32]:
        """An irregular outline about the place."""
        t = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        wave = sum(np.cos(k * t + self.shift(0, 7)) * self.shift(0.2, 1) / k for k in (1, 2, 3, 5))
        far = radius * (1 + rough * np.asarray(wave) + self.rng.uniform(-0.4, 0.4, corners) * rough)
        stretch = self.shift(0.6, 1.0)
        points = np.stack([np.cos(t) * far, np.sin(t) * far * stretch], 1)
        turn = self.shift(0, np.pi)
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return np.asarray(np.round(points @ spin.T + self.at), np.int32)

    def stroke(self, points: _Point, colour: tuple[float, ...], thick: float) -> None:
        """A polyline that tapers towards both ends."""
        count = len(points) - 1
        for k in range(count):
            taper = 1 - 0.75 * abs(2 * (k + 0.5) / count - 1) ** 2
            ends = np.round(points[k : k + 2] * 8).astype(int)
            cv2.line(self.rgb, tuple(ends[0]), tuple(ends[1]), colour,
                     max(1, round(thick * taper)), cv2.LINE_AA, 3)  # fmt: skip


def _scaled(rgb: Rgb, gain: NDArray[np.float64]) -> Rgb:
    """``rgb`` times a (height, width) gain."""
    return np.asarray(np.clip(rgb * gain[..., None], 0, 255), np.uint8)


def _through(
    window: NDArray[np.uint8], grid: _Point, how: int = cv2.INTER_LINEAR
) -> NDArray[np.uint8]:
    """A window looked at through a lens: ``grid`` (height, width, 2) says where each pixel's
    colour comes from. A mask (``how`` nearest) is empty beyond its edge, a picture goes on."""
    x, y = (np.ascontiguousarray(grid[..., k], np.float32) for k in (0, 1))
    beyond = cv2.BORDER_CONSTANT if how == cv2.INTER_NEAREST else cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(window, x, y, how, borderMode=beyond), np.uint8)


def _scratch(w: Wound) -> None:
    """Thin parallel lines that took the colour off, bright with a dark lip (or the reverse)."""
    way, bright = w.heading(), w.bright()
    side = np.array([-way[1], way[0]])
    core = (58, 50, 46) if bright else (236, 234, 228)
    lip = (252, 251, 248) if bright else (20, 20, 22)
    t = np.linspace(-0.5, 0.5, 12)[:, None]
    gap, bend = w.shift(5, 13), w.shift(-0.15, 0.15)
    for k in range(int(w.rng.integers(2, 7))):
        length = w.reach * w.shift(0.55, 1.1)
        start = w.at + side * gap * (k - 2) + way * w.shift(-0.2, 0.2) * w.reach
        points = start + way * t * length + side * (bend * length * (t * 2) ** 2)
        points = points + w.rng.normal(0, 0.7, points.shape)
        thick = w.shift(2.4, 4.6) * w.force
        w.stroke(points + 1.6, lip, thick * 0.7)
        w.stroke(points, core, thick)


def _jagged(w: Wound, start: _Point, way: _Point, length: float) -> _Point:
    """A broken line from ``start`` that keeps its heading on the whole."""
    steps = max(3, int(length / 13))
    turn = np.cumsum(w.rng.normal(0, 0.30, steps)) * 0.7 + w.rng.normal(0, 0.35, steps)
    base = np.arctan2(way[1], way[0])
    paces = np.stack([np.cos(base + turn), np.sin(base + turn)], 1) * (length / steps)
    return np.concatenate([start[None], start + np.cumsum(paces, 0)])


def _split(w: Wound, points: _Point, thick: float) -> None:
    """A crack's line: dark, with light on its far edge."""
    w.stroke(points + 1.8, (250, 248, 244), max(1.6, thick * 0.55))
    w.stroke(points, (14, 12, 12), thick)


def _crack(w: Wound) -> None:
    """A branching crack through the surface."""
    way = w.heading()
    thick = w.shift(3.0, 5.0) * w.force
    main = _jagged(w, w.at - way * w.reach * 0.5, way, w.reach * 1.15)
    for _ in range(int(w.rng.integers(2, 6))):
        at = main[int(w.rng.integers(1, len(main) - 1))]
        turn = w.shift(0.45, 1.2) * w.rng.choice([-1, 1])
        c, s = np.cos(turn), np.sin(turn)
        branch = np.array([[c, -s], [s, c]]) @ way
        _split(w, _jagged(w, at, branch, w.reach * w.shift(0.2, 0.55)), thick * 0.7)
    _split(w, main, thick)


def _dent(w: Wound) -> None:
    """A hollow: one flank in shade, the other in light, what is printed there bent."""
    radius = w.reach * 0.5
    rows, cols = w.around(radius * 1.9)
    x, y = w.offsets(rows, cols)
    way, squash = w.heading(), w.shift(0.5, 1.0)
    along, across = (x * way[0] + y * way[1]) / radius, (y * way[0] - x * way[1]) / radius / squash
    far = along**2 + across**2
    hollow = np.exp(-1.5 * far**1.3)
    window = w.rgb[rows, cols]
    pull = (0.32 * hollow)[..., None] * np.stack([x, y], -1)
    grid = np.stack(np.meshgrid(np.arange(x.shape[1]), np.arange(x.shape[0])), -1) + pull
    bent = _through(window, grid)
    lit = np.array([-0.6, -0.8])
    flank = (x * lit[0] + y * lit[1]) / radius
    strength = w.shift(0.6, 0.95) * w.force
    gain = 1 - strength * hollow * (1.35 * flank + 0.2)
    rim = np.exp(-((far - 1.15) ** 2) / 0.05) * np.clip(-flank, 0, 1)
    shown = _scaled(np.asarray(bent, np.uint8), np.clip(gain, 0.18, 1.9))
    glow = np.clip((gain - 1) * 70, 0, 110) + 90 * rim
    w.rgb[rows, cols] = np.clip(shown + glow[..., None], 0, 255).astype(np.uint8)


_STAINS = (
    (96, 58, 26), (70, 40, 22), (36, 40, 96), (150, 30, 26), (60, 62, 30), (28, 26, 28),
    (176, 130, 40), (66, 96, 52),
)  # fmt: skip
_PALE = ((236, 228, 206), (226, 190, 120), (214, 214, 220))


def _stain(w: Wound) -> None:
    """A spill soaked in: an irregular blot with a darker rim, and drops around it."""
    tones = _STAINS if w.bright() else _PALE
    tone = np.array(tones[int(w.rng.integers(len(tones)))], np.float64)
    cover = np.zeros(w.alpha.shape, np.uint8)
    radius = w.reach * 0.42
    cv2.fillPoly(cover, [w.blob(radius, 0.34, 40)], 255)
    for _ in range(int(w.rng.integers(0, 6))):
        spot = w.at + w.heading() * radius * w.shift(1.05, 1.7)
        size = max(2, round(radius * w.shift(0.05, 0.16)))
        cv2.circle(cover, (round(spot[0]), round(spot[1])), size, 255, -1)
    rows, cols = w.around(radius * 2.6)
    inside = cover[rows, cols]
    soft = cv2.GaussianBlur(inside, (0, 0), w.shift(1.2, 3.2)).astype(np.float64) / 255
    core = cv2.GaussianBlur(inside, (0, 0), max(2.0, radius * 0.16)).astype(np.float64) / 255
    patch: Grey = cut("stone", (int(w.rng.integers(200)), 9), soft.shape[1], soft.shape[0])
    rim = np.clip(soft - core, 0, 1) * 0.7
    depth = (
        soft * (w.shift(0.5, 0.75) * w.force) + rim + soft * (patch.astype(np.float64) - 128) / 160
    )
    mix = np.clip(depth, 0, 0.93)[..., None]
    window = w.rgb[rows, cols]
    w.rgb[rows, cols] = np.clip(window * (1 - mix) + tone * mix, 0, 255).astype(np.uint8)


def _hole(w: Wound) -> None:
    """A tear: dark inside, a rim of threads or torn edge around."""
    radius = max(7.0, w.reach * 0.26)
    outline = w.blob(radius, 0.3)
    bright = w.bright()
    frayed = (250, 247, 240) if not bright else (232, 226, 214)
    for corner in outline:
        out = (corner - w.at) / (np.hypot(*(corner - w.at)) + 1e-6)
        for _ in range(2):
            tip = corner + out * w.shift(2, 4 + radius * 0.22) + w.rng.normal(0, 2, 2)
            ends = np.round(corner).astype(int), np.round(tip).astype(int)
            cv2.line(w.rgb, tuple(ends[0]), tuple(ends[1]), frayed, 2, cv2.LINE_AA)
    cv2.polylines(w.rgb, [outline], True, frayed, max(3, round(radius * 0.2)), cv2.LINE_AA)
    cv2.polylines(w.rgb, [outline], True, (60, 52, 46), 2, cv2.LINE_AA)
    inner = (np.array(w.at) + (outline - w.at) * 0.9).astype(np.int32)
    cv2.fillPoly(w.rgb, [inner], (26, 22, 22), cv2.LINE_AA)
    lower = (np.array(w.at) + (outline - w.at) * 0.6 + radius * 0.14).astype(np.int32)
    cv2.fillPoly(w.rgb, [lower], (48, 42, 40), cv2.LINE_AA)
    for _ in range(int(w.rng.integers(2, 6))):
        a, b = outline[w.rng.integers(len(outline), size=2)]
        cv2.line(w.rgb, tuple(int(v) for v in a), tuple(int(v) for v in b), frayed, 1, cv2.LINE_AA)


def _edge_point(w: Wound) -> _Point:
    """A point of the product's outline."""
    contours, _ = cv2.findContours(w.alpha.astype(np.uint8), cv2.RETR_EXTERNAL,
                                   cv2.CHAIN_APPROX_NONE)  # fmt: skip
    ring = max(contours, key=len)[:, 0]
    return np.asarray(ring[int(w.rng.integers(len(ring)))], np.float64)


def _broken(w: Wound) -> None:
    """A piece broken off at the edge: the ground shows, the fracture's face is raw and rough."""
    if w.rng.random() < 0.85:
        w.at = _edge_point(w)
    radius = max(12.0, w.reach * 0.42)
    corners = int(w.rng.integers(9, 15))
    gap = w.blob(radius, 0.42, corners)
    face = np.round(w.at + (gap - w.at) * 1.22 + w.rng.normal(0, 2.5, gap.shape)).astype(np.int32)
    raw = (214, 206, 196) if not w.bright() or w.rng.random() < 0.5 else (120, 108, 98)
    inside = np.zeros(w.alpha.shape, np.uint8)
    cv2.fillPoly(inside, [face], 255)
    grain = cut("carpet", (int(w.rng.integers(200)), 3), CANVAS_PX, CANVAS_PX)
    rough = np.clip(np.array(raw)[None, None] * (grain[..., None] / 128.0), 0, 255)
    w.rgb[inside > 0] = rough[inside > 0].astype(np.uint8)
    cv2.polylines(w.rgb, [face], True, (22, 18, 18), 2, cv2.LINE_AA)
    cv2.polylines(w.rgb, [gap], True, (252, 250, 246), 2, cv2.LINE_AA)
    cut_out = np.zeros(w.alpha.shape, np.uint8)
    cv2.fillPoly(cut_out, [gap], 255)
    whole = w.alpha[max(0, int(w.at[1]) - 2) : int(w.at[1]) + 3].all()
    if whole:
        w.rgb[cut_out > 0] = (24, 22, 24)
    else:
        w.alpha &= cut_out == 0
        w.rgb[cut_out > 0] = (24, 22, 24)
    for _ in range(int(w.rng.integers(0, 4))):
        start = face[int(w.rng.integers(len(face)))].astype(np.float64)
        out = (start - w.at) / (np.hypot(*(start - w.at)) + 1e-6)
        _split(w, _jagged(w, start, out, radius * w.shift(0.4, 0.9)), 3.0)


def _crushed(w: Wound) -> None:
    """A corner or an edge pushed in: folded facets, torn creases, the outline bent."""
    edge = _edge_point(w)
    w.at = edge + (w.at - edge) / (np.hypot(*(w.at - edge)) + 1e-6) * w.reach * 0.12
    radius = max(26.0, w.reach * 0.6)
    rows, cols = w.around(radius * 1.35)
    x, y = w.offsets(rows, cols)
    inner = np.argwhere(w.alpha).mean(0)[::-1] - w.at
    inner = inner / (np.hypot(*inner) + 1e-6)
    near = np.exp(-2.4 * (x**2 + y**2) / radius**2)
    push = near[..., None] * inner * radius * w.shift(0.5, 0.85)
    grid = np.stack(np.meshgrid(np.arange(x.shape[1]), np.arange(x.shape[0])), -1) - push
    bent = _through(w.rgb[rows, cols], grid)
    solid = _through(w.alpha[rows, cols].astype(np.uint8), grid, cv2.INTER_NEAREST)
    whole = w.alpha[rows, cols]
    w.rgb[rows, cols] = bent
    w.alpha[rows, cols] = whole & (solid > 0)
    _facets(w, rows, cols, radius, inner)


def _facets(w: Wound, rows: slice, cols: slice, radius: float, inner: _Point) -> None:
    """Folds: a fan of facets in different light with worn creases between them."""
    rays = int(w.rng.integers(6, 10))
    turns = np.sort(np.linspace(0, 2 * np.pi, rays, endpoint=False) + w.rng.normal(0, 0.25, rays))
    tips = np.stack([np.cos(turns), np.sin(turns)], 1)
    tips *= radius * w.rng.uniform(0.65, 1.1, (rays, 1))
    hub = w.at + inner * radius * 0.45 + w.rng.normal(0, radius * 0.1, 2)
    gain = np.ones(w.alpha.shape, np.float32)
    for k in range(rays):
        fan = np.round([hub, hub + tips[k], hub + tips[(k + 1) % rays]]).astype(np.int32)
        light = w.shift(0.34, 0.7) if k % 2 else w.shift(1.1, 1.5)
        cv2.fillPoly(gain, [fan], light ** min(w.force, 1.3))
    soft = cv2.GaussianBlur(gain[rows, cols], (0, 0), 2.5).astype(np.float64)
    w.rgb[rows, cols] = _scaled(w.rgb[rows, cols], soft)
    steps = np.linspace(0, 1, 6)[:, None]
    for k in range(rays):
        crease = hub + tips[k] * steps + w.rng.normal(0, 1.6, (6, 2))
        w.stroke(crease + 2, (36, 28, 24), w.shift(2, 4))
        w.stroke(crease, (236, 226, 208), w.shift(1.5, 3.5))


def _missing(w: Wound) -> None:
    """A part that is not there: cut off cleanly at the edge, or an empty socket in the face."""
    radius = max(14.0, w.reach * 0.4)
    if w.rng.random() < 0.5:
        w.at = _edge_point(w)
        gone = np.zeros(w.alpha.shape, np.uint8)
        cv2.circle(gone, (round(w.at[0]), round(w.at[1])), round(radius), 255, -1)
        cv2.circle(w.rgb, (round(w.at[0]), round(w.at[1])), round(radius) + 3, (70, 64, 62), 4)
        w.alpha &= gone == 0
        return
    half = radius * np.array([0.9, 0.6])
    x, y = w.at - half
    x2, y2 = w.at + half
    box = (round(x), round(y)), (round(x2), round(y2))
    cv2.rectangle(w.rgb, *box, (52, 50, 52) if w.bright() else (150, 146, 140), -1)
    cv2.rectangle(w.rgb, *box, (18, 16, 16), 4)
    cv2.line(w.rgb, (box[0][0], box[1][1]), box[1], (232, 230, 226), 2, cv2.LINE_AA)


MAKERS: Mapping[Label, Callable[[Wound], None]] = {
    "scratch": _scratch, "crack": _crack, "dent": _dent, "stain": _stain, "hole": _hole,
    "broken": _broken, "crushed_box": _crushed, "missing_part": _missing,
}  # fmt: skip


def _place(mask: Mask, rng: np.random.Generator, margin: int) -> _Point:
    """A place on the product, ``margin`` pixels from its edge where it is that wide."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    deep = cv2.erode(mask.astype(np.uint8), np.ones((margin, margin), np.uint8)) > 0
    for field in (deep, mask):
        for _ in range(60):
            y, x = rng.integers(rows[0], rows[-1] + 1), rng.integers(cols[0], cols[-1] + 1)
            if field[y, x]:
                return np.array([x, y], np.float64)
    y, x = np.argwhere(mask)[0]
    return np.array([x, y], np.float64)


def hurt(piece: Piece, label: Label, rng: np.random.Generator) -> tuple[Piece, Box]:
    """The piece with one damage more, and its tight box (fractions of the canvas).

    Raises KeyError for a label that cannot be drawn (``wrong_item``), ValueError for a piece
    that nothing belongs to.
    """
    maker = MAKERS[label]
    box = box_of(piece.mask)
    if box is None:
        raise ValueError("the piece is empty")
    side = max(box[2] - box[0], box[3] - box[1]) * CANVAS_PX
    outside = (~piece.mask).astype(np.uint8)
    best: tuple[int, Piece] | None = None
    for k in range(_TRIES):
        share = float(np.exp(rng.uniform(np.log(0.12), np.log(0.42))))
        at = _place(piece.mask, rng, int(side * 0.05) + 3)
        wound = Wound(piece.rgb.copy(), piece.mask.copy(), at, side * share, 1 + k * 0.14, rng)
        maker(wound)
        cv2.copyTo(piece.rgb, outside, wound.rgb)
        after = Piece(wound.rgb, wound.alpha & piece.mask)
        shows = int(changed(piece, after).sum())
        if best is None or shows > best[0]:
            best = (shows, after)
        if shows >= max(_LEAST_PX, (side * share) ** 2 * 0.02):
            break
    assert best is not None
    found = box_of(changed(piece, best[1]))
    if found is None:  # a sliver of a piece: what belongs to it is the damage
        return best[1], box
    return best[1], found
