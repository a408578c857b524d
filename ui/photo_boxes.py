"""Boxes drawn over a photo: a number and a colour each, thicker the surer.

Only digits are drawn: no server is sure to have a Korean font. What a number means stands in
the legend beside the picture (``ui.photo_report``).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

__all__ = ["COLOURS", "Mark", "colour_of", "drawn", "number_of", "thumbnail"]

# The names are Streamlit's, for the legend; the values are readable on light and dark pictures.
COLOURS: Sequence[tuple[str, str]] = (
    ("red", "#d92d3a"), ("blue", "#1b64da"), ("violet", "#7a4fd0"), ("orange", "#c2570c"),
    ("green", "#0b7f5f"),
)  # fmt: skip
WIDTH_PX = 960
WHOLE = 0.97  # a box of so much of the picture's area means all of it: no frame is drawn
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to draw, in fractions of the picture (x1, y1, x2, y2), its number from 1 on and
    how sure it is (0 to 1)."""

    number: int
    box: tuple[float, float, float, float]
    confidence: float = 1.0

    @property
    def whole(self) -> bool:
        """Whether it means all of the picture."""
        x1, y1, x2, y2 = self.box
        return (x2 - x1) * (y2 - y1) >= WHOLE


def colour_of(number: int) -> str:
    """Streamlit's name of a box's colour."""
    return COLOURS[(number - 1) % len(COLOURS)][0]


def number_of(number: int) -> str:
    """A box's number as the legend writes it: "①"."""
    return _CIRCLED[number - 1] if 1 <= number <= len(_CIRCLED) else f"({number})"


def drawn(data: bytes, marks: Sequence[Mark], *, width_px: int = WIDTH_PX) -> bytes:
    """A stored JPEG with boxes over it, at most ``width_px`` wide and high, as JPEG.

    The bytes are the key of the cache: whoever has none gets nothing from it.
    """
    plain = tuple((one.number, *one.box, one.confidence) for one in marks)
    return _drawn(data, plain, width_px)


def thumbnail(data: bytes, *, side_px: int = 200) -> bytes:
    """A small square cut out of the middle of a stored JPEG, as JPEG."""
    return _thumbnail(data, side_px)


@st.cache_data(max_entries=128, show_spinner=False)
def _drawn(data: bytes, marks: tuple[tuple[float, ...], ...], width_px: int) -> bytes:
    from PIL import ImageDraw

    picture = _open(data, width_px)
    pen = ImageDraw.Draw(picture)
    # The surest last: its frame and number lie on top; no frame lies on a number.
    ordered = sorted(marks, key=lambda one: one[-1])
    found = [Mark(int(n), (x1, y1, x2, y2), sure) for n, x1, y1, x2, y2, sure in ordered]
    found = [one for one in found if not one.whole]
    for mark in found:
        _frame(pen, mark, picture.size)
    for mark in found:
        _number(pen, mark, picture.size)
    return _jpeg(picture)


@st.cache_data(max_entries=256, show_spinner=False)
def _thumbnail(data: bytes, side_px: int) -> bytes:
    from PIL import ImageOps

    return _jpeg(ImageOps.fit(_open(data, side_px * 2), (side_px, side_px)))


def _open(data: bytes, side_px: int) -> Image:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=["JPEG"]) as opened:
        opened.draft("RGB", (side_px, side_px))
        picture = opened.convert("RGB")
    picture.thumbnail((side_px, side_px))
    return picture


def _jpeg(picture: Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()


def _frame(pen: ImageDraw, mark: Mark, size: tuple[int, int]) -> None:
    """One box: dark and white lines around the colour, so that it shows on any ground."""
    wide, high = size
    line = _line(mark.confidence, max(size))
    x1, y1, x2, y2 = mark.box
    left, top = _inside(x1 * wide, wide), _inside(y1 * high, high)
    right = max(_inside(x2 * wide, wide), left + 2)
    bottom = max(_inside(y2 * high, high), top + 2)
    around = line + 2
    pen.rectangle((left - around, top - around, right + around, bottom + around),
                  outline="#101418", width=around + line)  # fmt: skip
    pen.rectangle((left - line - 1, top - line - 1, right + line + 1, bottom + line + 1),
                  outline="white", width=line + 2)  # fmt: skip
    pen.rectangle((left - line, top - line, right + line, bottom + line), outline=_hex(mark),
                  width=line)  # fmt: skip


def _number(pen: ImageDraw, mark: Mark, size: tuple[int, int]) -> None:
    """The number on a disc at the box's corner, always inside the picture."""
    from PIL import ImageFont

    radius = max(10, round(max(size) * 0.024))
    x, y = (
        min(max(round(place * side), radius + 3), max(side - radius - 3, radius + 3))
        for place, side in zip(mark.box[:2], size, strict=True)
    )
    disc = (x - radius, y - radius, x + radius, y + radius)
    pen.ellipse(tuple(side + grow for side, grow in zip(disc, (-3, -3, 3, 3), strict=True)),
                fill="#101418")  # fmt: skip
    pen.ellipse(disc, fill=_hex(mark), outline="white", width=2)
    font = ImageFont.load_default(round(radius * (1.3 if mark.number < 10 else 1.0)))
    pen.text((x, y), str(mark.number), font=font, fill="white", anchor="mm")


def _hex(mark: Mark) -> str:
    return COLOURS[(mark.number - 1) % len(COLOURS)][1]


def _line(confidence: float, side_px: int) -> int:
    """3 to 6 px on a picture of 960."""
    return max(1, round((3 + 3 * min(max(confidence, 0.0), 1.0)) * side_px / WIDTH_PX))


def _inside(place: float, side: int) -> int:
    return min(max(round(place), 0), side - 1)
