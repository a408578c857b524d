"""The demo shop's product photos, drawn: ``data/catalogue/<product_id>.jpg`` and ``<sku>.jpg``.

An option has a file where its colour is not the one on the product's own photo; for the others
(sizes, the first colour) the product's own shows the very thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2

from vision.generate.camera import catalogue_photo
from vision.generate.examples import write_examples
from vision.generate.forms import Design, Rgb
from vision.generate.kinds import draw
from vision.generate.shop import DESIGNS

__all__ = ["PHOTO_PX", "pictured", "shop_photo", "write_catalogue", "write_examples"]

PHOTO_PX = 480
# All files together stay near 1 MB: the repository carries them. What a cloth's grain loses by
# the softening, a JPEG of this quality would lose anyway.
_QUALITY = 70
_SOFT_PX = 0.7


def pictured(designs: Mapping[str, Design] = DESIGNS) -> Iterator[tuple[str, Design]]:
    """The names (product_id or sku) that have a photo of their own, and what is on it."""
    for name, design in designs.items():
        product_id = name.partition("-")[0]
        if name == product_id or designs[product_id] != design:
            yield name, design


def shop_photo(design: Design) -> Rgb:
    """The photo of a product before it is written: (480, 480, 3)."""
    shown = catalogue_photo(draw(design), side_px=PHOTO_PX)
    return cv2.GaussianBlur(shown, (0, 0), _SOFT_PX).astype(shown.dtype)


def write_catalogue(folder: Path) -> int:
    """Draws every product's photo into ``folder``; how many. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_PROGRESSIVE, 1,
        cv2.IMWRITE_JPEG_OPTIMIZE, 1,
    ]  # fmt: skip
    count = 0
    for name, design in pictured():
        shown = cv2.cvtColor(shop_photo(design), cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(".jpg", shown, options)
        if not done:
            raise OSError(f"{name} could not be encoded")
        (folder / f"{name}.jpg").write_bytes(data.tobytes())
        count += 1
    return count
