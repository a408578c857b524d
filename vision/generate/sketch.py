"""The drawing board: parts of a colour, a material and a shading, lines, prints, labels.

A part's light is a grey map about 128 (texture times shading); a table per channel turns it into
colour, so that a part costs about a millisecond at 512 px.
"""

from __future__ import annotations

import string
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.generate.forms import CANVAS_PX, Colour, Design, Piece, Points, poly, rounded
from vision.generate.texture import Grey, cut

__all__ = ["Sketch", "darker", "lighter", "mixed"]

_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
)  # fmt: skip


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` with ``share`` (0 to 1) of ``other`` in it."""
    a, b = np.array(one, np.float64), np.array(other, np.float64)
    r, g, b_ = np.clip(a + (b - a) * share, 0, 255)
    return int(r), int(g), int(b_)


def lighter(colour: Colour, share: float = 0.3) -> Colour:
    """``colour`` towards white."""
    return mixed(colour, (255, 255, 255), share)


def darker(colour: Colour, share: float = 0.3) -> Colour:
    """``colour`` towards black."""
    return mixed(colour, (0, 0, 0), share)


def _table(colour: Colour) -> NDArray[np.uint8]:
    """Light (0 to 255, 128 is the colour itself) to RGB: (1, 256, 3)."""
    light = np.arange(256, dtype=np.float32)[:, None] / 128.0
    base = np.array(colour, np.float32)[None]
    shown = np.where(
        light <= 1, base * light, base + (255 - base) * np.maximum(light - 1, 0) ** 1.2 * 0.9
    )
    # Black plastic in light is grey: what is dark still answers to its texture.
    shown = shown + (light - 1) * 14 * (1 - base / 255)
    return np.clip(shown, 0, 255).astype(np.uint8)[None]


@lru_cache(maxsize=128)
def _shade(kind: str, width: int, height: int) -> Grey:
    """The light on a form that fills (height, width): flat, tube, roll, dome, slope, pillow."""
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    if kind == "tube":
        row = 128 + 34 * np.exp(-((x + 0.42) ** 2) / 0.05) + 14 * np.cos(x * 1.5) - 62 * x**4 - 8
        field = np.broadcast_to(row[None], (height, width))
    elif kind == "roll":
        column = 124 + 24 * np.exp(-((y + 0.4) ** 2) / 0.08) - 52 * np.abs(y) ** 3
        field = np.broadcast_to(column[:, None], (height, width))
    elif kind == "dome":
        field = 136 - 46 * (x[None] ** 2 + y[:, None] ** 2) ** 1.5 / 1.6
        field = field + 62 * np.exp(-((x[None] + 0.34) ** 2 + (y[:, None] + 0.38) ** 2) / 0.06)
    elif kind == "slope":
        field = 128 - 12 * y[:, None] - 7 * x[None]
    elif kind == "pillow":
        field = 138 - 24 * x[None] ** 4 - 24 * y[:, None] ** 4 - 5 * y[:, None]
    else:
        field = np.full((height, width), 128.0)
    shade: Grey = np.clip(field, 0, 255).astype(np.uint8)
    shade.setflags(write=False)
    return shade


class Sketch:
    """A canvas that one piece of a design is drawn on.

    ``layout`` decides what every specimen shares, ``own`` what is this specimen's alone; both
    are generators seeded by the design, so a drawer must use them in a fixed order.
    """

    def __init__(self, design: Design, specimen: int) -> None:
        self.design, self.specimen = design, specimen
        self.layout = np.random.default_rng([design.seed, 11])
        self.own = np.random.default_rng([design.seed, 23, specimen])
        self.rgb = np.full((CANVAS_PX, CANVAS_PX, 3), 235, np.uint8)
        self.alpha = np.zeros((CANVAS_PX, CANVAS_PX), np.uint8)
        self.colour = self._batch(design.colour)
        self.text = design.text or self.code()
        self._font = int(self.layout.integers(len(_FONTS)))

    def _batch(self, colour: Colour) -> Colour:
        """Another batch of the same colour is off by a few levels."""
        if not self.specimen:
            return colour
        off = self.own.normal(0, 3.0) + self.own.normal(0, 1.2, 3)
        r, g, b = np.clip(np.array(colour) + off, 0, 255)
        return int(r), int(g), int(b)

    def code(self) -> str:
        """A made-up model name such as KX-42."""
        letters = self.layout.choice(list(string.ascii_uppercase), 2)
        return f"{''.join(letters)}-{int(self.layout.integers(10, 999))}"

    def near(self, low: float, high: float) -> float:
        """A size that belongs to the design."""
        return float(self.layout.uniform(low, high))

    def pick(self, *choices: Colour) -> Colour:
        """A colour that belongs to the design."""
        return choices[int(self.layout.integers(len(choices)))]

    def off(self, most: float = 3.0) -> float:
        """How far this specimen's print lies from where it should (pixels; 0 for specimen 0)."""
        shift = float(self.own.uniform(-most, most))
        return shift if self.specimen else 0.0

    def finish(self) -> Piece:
        """The piece; another specimen than 0 is bent a little."""
        rgb, alpha = self.rgb, self.alpha
        if self.specimen:
            grow = 1 + self.own.uniform(-0.012, 0.012, 2)
            half, turn = CANVAS_PX / 2, np.radians(self.own.uniform(-0.6, 0.6))
            m = np.array([[grow[0], -turn, 0], [turn, grow[1], 0]])
            m[:, 2] = half - m[:, :2] @ (half, half)
            size = (CANVAS_PX, CANVAS_PX)
            bent = cv2.warpAffine(rgb, m, size, borderMode=cv2.BORDER_REPLICATE)
            rgb, alpha = np.asarray(bent, np.uint8), np.asarray(cv2.warpAffine(alpha, m, size))
        return Piece(np.ascontiguousarray(rgb), np.asarray(alpha >= 128))

    def part(
        self, points: Points, colour: Colour, *, material: str = "plastic", shade: str = "flat",
        folds: bool = False, rim: int = 2, on: bool = True,
    ) -> None:  # fmt: skip
        """Fills an outline with a material in a light; ``rim`` is its edge's width in pixels.

        ``on`` adds it to what belongs to the product.
        """
        corners = np.round(points).astype(np.int32)
        x1, y1 = np.clip(corners.min(axis=0), 0, CANVAS_PX - 2)
        x2, y2 = np.clip(corners.max(axis=0) + 1, 2, CANVAS_PX)
        width, height = int(x2 - x1), int(y2 - y1)
        if width < 2 or height < 2:
            return
        inside = np.zeros((height, width), np.uint8)
        cv2.fillPoly(inside, [corners - (x1, y1)], 255)
        light = self._light(material, shade, folds, width, height)
        shown = cv2.LUT(cv2.merge([light] * 3), _table(colour))
        window = self.rgb[y1:y2, x1:x2]
        cv2.copyTo(shown, inside, window)
        if on:
            self.alpha[y1:y2, x1:x2] |= inside
        if rim:
            self._edge(corners, colour, rim)

    def _light(self, material: str, shade: str, folds: bool, width: int, height: int) -> Grey:
        phase = (int(self.own.integers(1000)), int(self.own.integers(1000)))
        grain = cut(material, phase, width, height)
        light: Grey = np.asarray(cv2.multiply(grain, _shade(shade, width, height), scale=1 / 128))
        if folds:
            drape = cut("folds", (phase[1], phase[0]), width, height)
            light = np.asarray(cv2.multiply(light, drape, scale=1 / 128))
        return light

    def _edge(self, corners: NDArray[np.int32], colour: Colour, rim: int) -> None:
        """A bevel: light from the left top, dark at the right bottom."""
        dark, bright = darker(colour, 0.45), lighter(colour, 0.45)
        cv2.polylines(self.rgb, [corners + rim], True, bright, 1, cv2.LINE_AA)
        cv2.polylines(self.rgb, [corners], True, dark, rim, cv2.LINE_AA)

    def line(self, points: Points, colour: Colour, width: int = 2, *, dashed: bool = False) -> None:
        """A line through ``points``; ``dashed`` as stitches are."""
        corners = np.round(points).astype(np.int32)
        if not dashed:
            cv2.polylines(self.rgb, [corners], False, colour, width, cv2.LINE_AA)
            return
        for a, b in pairwise(points):
            steps = max(1, int(np.hypot(*(b - a)) / 9))
            for k in range(steps):
                p, q = a + (b - a) * k / steps, a + (b - a) * (k + 0.55) / steps
                ends = np.round([p, q]).astype(int)
                cv2.line(self.rgb, tuple(ends[0]), tuple(ends[1]), colour, width, cv2.LINE_AA)

    def print(
        self, text: str, x: float, y: float, height: float, colour: Colour, *, bold: int = 2
    ) -> None:
        """Text with its centre at (x, y), ``height`` pixels high, a little off on a specimen."""
        font = _FONTS[self._font]
        scale = height / 22
        (w, h), _ = cv2.getTextSize(text, font, scale, bold)
        at = (round(x - w / 2 + self.off()), round(y + h / 2 + self.off()))
        cv2.putText(self.rgb, text, at, font, scale, colour, bold, cv2.LINE_AA)

    def small_print(self, x: float, y: float, w: float, rows: int, colour: Colour) -> None:
        """Rows of words too small to read: short strokes, as on every package."""
        dx, dy = self.off(), self.off()
        for row in range(rows):
            at = x
            while at < x + w * self.layout.uniform(0.7, 1.0):
                word = float(self.layout.uniform(4, 16))
                top = round(y + dy + row * 7)
                ends = (round(at + dx), top), (round(at + dx + word), top)
                cv2.line(self.rgb, *ends, colour, 2, cv2.LINE_AA)
                at += word + 4

    def barcode(self, x: float, y: float, w: float, h: float) -> None:
        """A barcode on white."""
        x, y = x + self.off(), y + self.off()
        self.part(rounded(x, y, w, h, 2), (246, 246, 244), material="paper", rim=1)
        at = x + 4
        while at < x + w - 4:
            bar = int(self.layout.integers(1, 4))
            cv2.rectangle(
                self.rgb, (round(at), round(y + 3)), (round(at) + bar - 1, round(y + h - 4)),
                (24, 24, 28), -1,
            )  # fmt: skip
            at += bar + int(self.layout.integers(1, 4))

    def label(self, x: float, y: float, w: float, h: float, colour: Colour) -> None:
        """A stuck-on label: a title, small print, perhaps a barcode."""
        ink = (28, 28, 34) if sum(colour) > 330 else (238, 238, 232)
        self.part(rounded(x, y, w, h, 4), colour, material="paper", rim=1)
        size = min(h * 0.2, w / (len(self.text) + 1) * 1.2)
        self.print(self.text, x + w / 2, y + h * 0.2, size, ink)
        rows = max(1, int(h * 0.42 / 7))
        self.small_print(x + w * 0.08, y + h * 0.4, w * 0.84, rows, ink)
        if h > 60 and w > 60:
            self.barcode(x + w * 0.5, y + h * 0.78, w * 0.42, h * 0.17)

    def motif(self, x: float, y: float, size: float, colour: Colour) -> None:
        """A drawn mark: rings, leaves, a star or waves, by the design's seed."""
        x, y, which = x + self.off(), y + self.off(), int(self.layout.integers(4))
        if which == 0:
            for share in (1.0, 0.66, 0.3):
                self._ring(x, y, size * share, colour)
        elif which == 1:
            for turn in np.linspace(0, 2 * np.pi, 7)[:-1]:
                tip = (x + size * np.cos(turn), y + size * np.sin(turn))
                side = (0.3 * size * np.sin(turn), -0.3 * size * np.cos(turn))
                mid = ((x + tip[0]) / 2, (y + tip[1]) / 2)
                leaf = poly((x, y), (mid[0] + side[0], mid[1] + side[1]), tip,
                            (mid[0] - side[0], mid[1] - side[1]))  # fmt: skip
                cv2.fillPoly(self.rgb, [np.round(leaf).astype(np.int32)], colour, cv2.LINE_AA)
        elif which == 2:
            turns = np.linspace(0, 2 * np.pi, 11)[:-1]
            far = np.where(np.arange(10) % 2, size * 0.45, size)
            star = np.stack([x + far * np.sin(turns), y - far * np.cos(turns)], 1)
            cv2.fillPoly(self.rgb, [np.round(star).astype(np.int32)], colour, cv2.LINE_AA)
        else:
            t = np.linspace(-1, 1, 24)
            for row in (-0.5, 0.0, 0.5):
                wave = np.stack([x + size * t, y + size * (row + 0.2 * np.sin(t * 7))], 1)
                self.line(wave, colour, 4)

    def _ring(self, x: float, y: float, radius: float, colour: Colour) -> None:
        cv2.circle(self.rgb, (round(x), round(y)), max(1, round(radius)), colour, 4, cv2.LINE_AA)
