"""Make an uploaded picture safe: right size, known format, no metadata, fresh pixels.

The guards are the measured ones: size before loading, an allow-list of formats, ``load()``
to find truncation, orientation applied, transparency put on white, and pixels copied into a
new picture, which leaves EXIF (GPS), comments and anything appended behind.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from errors import BadInput

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["CleanPhoto", "clean_photo"]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 40_000_000
MIN_SIDE_PX, MAX_ASPECT = 32, 20
KEPT_SIDE_PX = 2048


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """A re-encoded JPEG with its size in pixels."""

    data: bytes
    width_px: int
    height_px: int
    media_type: str = "image/jpeg"


def clean_photo(data: bytes, *, max_mb: int) -> CleanPhoto:
    """Decode and re-encode an untrusted picture.

    Raises BadInput, in Korean and naming the remedy, for anything that is too large, not a
    picture, broken, or too narrow to judge.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(data) > max_mb * 1_000_000:
        raise BadInput(f"사진은 {max_mb}MB까지 올릴 수 있어요. 크기를 줄여 주세요.")
    try:
        with Image.open(io.BytesIO(data), formats=list(FORMATS)) as picture:
            _check_size(*picture.size)
            picture.draft("RGB", (KEPT_SIDE_PX, KEPT_SIDE_PX))
            picture.load()
            upright = _eight_bit(ImageOps.exif_transpose(picture))
            flat = Image.new("RGB", upright.size, "white")
            flat.paste(upright.convert("RGBA"), mask=upright.convert("RGBA").getchannel("A"))
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BadInput("사진 파일을 알아볼 수 없어요. JPG나 PNG로 다시 올려 주세요.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise BadInput("사진이 깨져 있어요. 다시 찍거나 다른 사진을 올려 주세요.") from error
    flat.thumbnail((KEPT_SIDE_PX, KEPT_SIDE_PX))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=88)
    return CleanPhoto(out.getvalue(), *flat.size)


def _eight_bit(picture: Image.Image) -> Image.Image:
    """16-bit grey by its upper byte; Pillow's own conversion clips nearly all of it to white."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda level: level * (1 / 256)).convert("L")


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadInput("사진이 너무 커요. 4,000만 화소까지 올릴 수 있어요.")
    if min(width, height) < MIN_SIDE_PX or max(width, height) > MAX_ASPECT * min(width, height):
        raise BadInput("사진이 너무 작거나 가늘어서 볼 수 없어요. 다른 사진을 올려 주세요.")
