"""From a decoder's pixels to a small sRGB picture on white, a strip of rows at a time.

The decoder's own picture is the largest thing in memory and the only one of its size: every
strip is brought to eight bits, to sRGB, put on white and averaged down to its rows of the
result before the next one is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image, ImageCms

__all__ = ["Source", "flatten"]

STRIP_PIXELS = 500_000  # of the source, in one strip
MAX_PROFILE_BYTES = 4_000_000
# The colour space an ICC profile names (its bytes 16 to 20) → the modes it can be right for.
_SPACES = {b"RGB ": ("RGB",), b"CMYK": ("CMYK",), b"GRAY": ("L",)}


@dataclass(frozen=True, slots=True)
class Source:
    """A decoded picture: its size in pixels, ``rows(top, bottom)`` as a picture of its own,
    and the ICC profile it carries (b"" for none)."""

    width: int
    height: int
    rows: Callable[[int, int], Image.Image]
    profile: bytes = b""


def flatten(source: Source, *, side_px: int) -> Image.Image:
    """The picture in sRGB on white, its longest side at most ``side_px``.

    Made smaller by averaging whole areas (a box filter), which has no seams between strips.
    Raises ValueError for a kind of pixels that cannot be shown (floating point).
    """
    from PIL import Image

    scale = max(1.0, max(source.width, source.height) / side_px)
    width = max(1, round(source.width / scale))
    height = max(1, round(source.height / scale))
    flat = Image.new("RGB", (width, height), "white")
    step = max(1, int(STRIP_PIXELS / source.width / scale))
    colours = _Colours(source.profile)
    down = source.height / height  # not quite the scale: both sides were rounded
    for first in range(0, height, step):
        last = min(first + step, height)
        top, bottom = math.floor(first * down), min(math.ceil(last * down), source.height)
        strip = colours.on_white(source.rows(top, bottom))
        if strip.size != (width, last - first):
            box = (0, first * down - top, strip.width, min(last * down - top, strip.height))
            strip = strip.resize((width, last - first), Image.Resampling.BOX, box=box)
        flat.paste(strip, (0, first))
    return flat


class _Colours:
    """Brings strips of one picture to sRGB; its profile is read once."""

    def __init__(self, profile: bytes) -> None:
        self._modes = _SPACES.get(profile[16:20], ())
        self._profile = profile if len(profile) <= MAX_PROFILE_BYTES else b""
        self._transform: ImageCms.ImageCmsTransform | None = None
        self._read = False

    def on_white(self, strip: Image.Image) -> Image.Image:
        from PIL import Image

        strip = _eight_bit(strip)
        alpha: Image.Image | None = None
        if "A" in strip.getbands() or "transparency" in strip.info:
            strip = strip.convert("RGBA")
            alpha = strip.getchannel("A")
            strip = strip.convert("RGB")
        elif strip.mode not in ("RGB", "L", "CMYK"):
            strip = strip.convert("RGB")
        colour = self._srgb(strip)
        if alpha is None:
            return colour
        white = Image.new("RGB", colour.size, "white")
        white.paste(colour, mask=alpha)
        return white

    def _srgb(self, strip: Image.Image) -> Image.Image:
        """In sRGB by the profile; one that is broken or of another colour space is ignored."""
        from PIL import ImageCms

        if strip.mode in self._modes and self._profile:
            transform = self._of(strip.mode)
            if transform is not None:
                return ImageCms.applyTransform(strip, transform) or strip
        return strip.convert("RGB")

    def _of(self, mode: str) -> ImageCms.ImageCmsTransform | None:
        import io

        from PIL import ImageCms

        if not self._read:
            self._read = True
            try:
                given = ImageCms.ImageCmsProfile(io.BytesIO(self._profile))
                if ImageCms.getProfileDescription(given).startswith("sRGB"):
                    return None
                self._transform = ImageCms.buildTransform(
                    given, ImageCms.createProfile("sRGB"), mode, "RGB"
                )
            except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
                self._profile = b""
        return self._transform


def _eight_bit(strip: Image.Image) -> Image.Image:
    """16-bit grey by its upper byte; Pillow's own conversion clips nearly all of it to white."""
    if strip.mode == "F":
        raise ValueError("floating-point pixels have no range")
    if not strip.mode.startswith("I"):
        return strip
    return strip.convert("I").point(lambda level: level * (1 / 256)).convert("L")
