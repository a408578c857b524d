"""A product that is drawn, its catalogue picture, and a customer's photo of it with damage."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw

__all__ = ["DAMAGED_AT", "catalogue_picture", "customer_photo", "jpeg"]

SIDE_PX = 640
# Where the damage is drawn on the customer's photo, as fractions.
DAMAGED_AT = (0.56, 0.22, 0.74, 0.42)


def product(seed: int = 7) -> Image.Image:
    """Something with print, edges and patterns enough to be recognised, on white."""
    import numpy as np

    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (SIDE_PX, SIDE_PX), (246, 246, 244))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle(
        (90, 70, 550, 580), 40, fill=(70, 120, 175), outline=(30, 50, 80), width=6
    )
    for _ in range(90):
        x, y = (int(one) for one in rng.integers(110, 520, 2))
        wide, high = (int(one) for one in rng.integers(6, 34, 2))
        shade = tuple(int(one) for one in rng.integers(20, 235, 3))
        box = (x, y, min(x + wide, 540), min(y + high, 570))
        draw.ellipse(box, fill=shade) if rng.random() < 0.5 else draw.rectangle(box, fill=shade)
    draw.text((150, 520), "SONICWAVE SW-200", fill=(240, 240, 240), font_size=32)
    return picture


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, **options)
    return out.getvalue()


def catalogue_picture(seed: int = 7) -> bytes:
    """The shop's own picture of it."""
    return jpeg(product(seed))


def customer_photo(seed: int = 7, *, damaged: bool = True, side_px: int = 1280) -> bytes:
    """The same thing on a desk, a little darker and turned, with a hole where DAMAGED_AT says."""
    picture = product(seed)
    if damaged:
        left, top, right, bottom = (edge * SIDE_PX for edge in DAMAGED_AT)
        draw = ImageDraw.Draw(picture)
        draw.ellipse(
            (left, top, right, bottom), fill=(22, 18, 16), outline=(200, 190, 170), width=5
        )
    turned = picture.rotate(2, Image.Resampling.BICUBIC, fillcolor=(150, 120, 90))
    darker = turned.point(lambda level: int(level * 0.9))
    return jpeg(darker.resize((side_px, side_px), Image.Resampling.BICUBIC))
