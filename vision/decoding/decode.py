"""Make an uploaded picture safe: right size, known format, no metadata, fresh pixels.

The guards are the measured ones: bytes and size before loading, an allow-list of formats by
their first bytes, a container without needless chunks (``containers``), ``load()`` to find
truncation, and pixels averaged strip by strip into a new sRGB picture on white (``strips``),
which leaves EXIF (GPS), comments, profiles and anything appended behind.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from errors import BadInput
from vision.decoding.containers import MAX_JPEG_SCANS, foreign, jpeg_scans, kind_of, plain
from vision.decoding.memory import give_back
from vision.decoding.strips import Source, flatten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

__all__ = ["KEPT_SIDE_PX", "CleanPhoto", "Limits", "clean_photo", "pixels"]

# Half of what phones take (4032 px): a JPEG decoder makes that by itself, in a third of the time.
KEPT_SIDE_PX = 2016
JPEG_QUALITY = 88
# A decoder's own memory is what a hostile picture attacks. With the libraries, the judges'
# models and the small picture that comes of it, a process stays under 300 MB.
MAX_DECODE_BYTES = 140_000_000
# Measured peaks of the decoders in bytes for each pixel: libwebp keeps two canvases of an
# animation, libheif and libavif their planes beside the RGB pixels.
_BYTES_PER_PIXEL: Mapping[str, float] = {"WEBP": 16.2, "AVIF": 9.8, "HEIF": 5.6}
_PILLOW_BYTES_PER_PIXEL, _HEIF_ALPHA_BYTES_PER_PIXEL, _STILL_WEBP_BYTES_PER_PIXEL = 4.95, 7.5, 6.4
_PILLOW_BYTES_OF_MODE: Mapping[str, float] = {"1": 1.1, "L": 1.1, "P": 1.1, "I;16": 2.1}
_NAMES: Mapping[str, str] = {"WEBP": "WebP", "HEIF": "HEIC", "JPEG": "이 JPG"}
_TURNED = (5, 6, 7, 8)  # EXIF orientations that swap width and height

_UNKNOWN = "사진 파일을 알아볼 수 없어요. JPG나 PNG로 다시 올려 주세요."
_BROKEN = "사진이 깨져 있어요. 다시 찍거나 다른 사진을 올려 주세요."
_BROKEN_HEIC = "HEIC 사진을 읽을 수 없어요. 휴대폰에서 JPG로 바꿔 다시 올려 주세요."
_FLOAT = "이 사진의 화소 형식은 볼 수 없어요. 8비트 JPG나 PNG로 저장해서 다시 올려 주세요."
_SCANS = "이 JPG는 너무 많은 단계로 저장되어 있어요. 일반 JPG로 저장해서 다시 올려 주세요."
_NARROW = "사진이 너무 작거나 가늘어서 볼 수 없어요. 다른 사진을 올려 주세요."


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may be: size in MB (10^6 bytes), megapixels, the shorter side in pixels,
    how many times the longer one; ``workers`` pictures at most are decoded at once."""

    max_mb: int = 10
    max_megapixels: int = 40
    min_side_px: int = 32
    max_side_ratio: int = 20
    workers: int = 2


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """A re-encoded JPEG with its size in pixels, and the upright upload's own size."""

    data: bytes
    width_px: int
    height_px: int
    media_type: str = "image/jpeg"
    upload_width_px: int = 0
    upload_height_px: int = 0

    @property
    def sha256(self) -> str:
        """The content's hash (64 hexadecimal digits): equal uploads have equal ones."""
        return hashlib.sha256(self.data).hexdigest()


def clean_photo(data: bytes, limits: Limits = Limits(), *, max_mb: int = 0) -> CleanPhoto:
    """Decode and re-encode an untrusted picture; equal bytes give equal bytes.

    ``max_mb`` overrides the limits' own. Waits while as many pictures as may are being decoded.
    Raises BadInput, in Korean and naming the remedy, for anything that is too large, not a
    picture, broken, or too narrow to judge.
    """
    most = max_mb or limits.max_mb
    if len(data) > most * 1_000_000:
        raise BadInput(
            f"사진은 {most}MB까지 올릴 수 있어요. 크기를 줄여 주세요.", code="photo_too_large"
        )
    kind = kind_of(data)
    if not kind:
        raise BadInput(_not_a_photo(foreign(data)), code="photo_unreadable")
    with _gate.turn(limits.workers):
        try:
            flat, size = _heif(data, limits) if kind == "HEIF" else _pillow(data, kind, limits)
            out = io.BytesIO()
            flat.save(out, "JPEG", quality=JPEG_QUALITY)
        except BadInput:
            raise
        except Exception as error:  # a decoder of untrusted bytes raises whatever it likes
            raise _refusal(error, kind) from error
    return CleanPhoto(out.getvalue(), *flat.size, upload_width_px=size[0], upload_height_px=size[1])


def pixels(data: bytes, *, side_px: int) -> NDArray[np.uint8]:
    """A cleaned JPEG as uint8 RGB (height, width, 3), its longest side at most ``side_px``.

    Raises BadInput for anything that is no whole JPEG.
    """
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            picture.draft("RGB", (side_px, side_px))
            picture.load()
            flat = flatten(_rows_of(picture), side_px=side_px)
    except Exception as error:  # as above: a stored file may have been damaged
        raise BadInput(_BROKEN) from error
    return np.asarray(flat, dtype=np.uint8)


class _Gate:
    """Lets so many in at once as each comer says; the others wait for their turn."""

    def __init__(self) -> None:
        self._inside = 0
        self._left = threading.Condition()

    @contextmanager
    def turn(self, most: int) -> Iterator[None]:
        with self._left:
            self._left.wait_for(lambda: self._inside < max(1, most))
            self._inside += 1
        try:
            yield
        finally:
            with self._left:
                self._inside -= 1
                self._left.notify_all()


_gate = _Gate()


def _pillow(data: bytes, kind: str, limits: Limits) -> tuple[Image.Image, tuple[int, int]]:
    """The flat upright picture and the upright upload's size, by Pillow's own decoders."""
    import PIL.AvifImagePlugin
    import PIL.WebPImagePlugin  # noqa: F401  (registers its format, as the one above)
    from PIL import Image

    data = plain(data, kind)
    with Image.open(io.BytesIO(data), formats=[kind]) as picture:
        size = picture.size
        _check_size(size, limits)
        if kind == "JPEG":
            # Both sides in proportion: Pillow halves only while neither falls below what is asked.
            most = max(size)
            picture.draft("RGB", (size[0] * KEPT_SIDE_PX // most, size[1] * KEPT_SIDE_PX // most))
            _check_jpeg(data, size, picture.size, limits)
        else:
            per_pixel = _BYTES_PER_PIXEL.get(kind) or _of_mode(picture)
            still = kind == "WEBP" and not getattr(picture, "is_animated", False)
            per_pixel = _STILL_WEBP_BYTES_PER_PIXEL if still else per_pixel
            _check_memory(kind, size[0] * size[1] * per_pixel, size)
        orientation = _orientation(picture.info.get("exif"))
        if kind == "WEBP" and still:
            source = _still_webp(data, picture)
        else:
            del data
            picture.load()
            source = _rows_of(picture)
        flat = flatten(source, side_px=KEPT_SIDE_PX)
    turned = orientation in _TURNED
    return _upright(flat, orientation), (size[::-1] if turned else size)


def _rows_of(picture: Image.Image) -> Source:
    profile = picture.info.get("icc_profile")
    return Source(
        picture.width,
        picture.height,
        lambda top, bottom: picture.crop((0, top, picture.width, bottom)),
        profile if isinstance(profile, bytes) else b"",
    )


def _of_mode(picture: Image.Image) -> float:
    return _PILLOW_BYTES_OF_MODE.get(picture.mode, _PILLOW_BYTES_PER_PIXEL)


def _still_webp(data: bytes, picture: Image.Image) -> Source:
    """Its pixels by OpenCV: Pillow takes every WebP for an animation, at three times the memory.

    Raises ValueError for a broken one.
    """
    import cv2
    import numpy as np

    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.shape[1::-1] != picture.size:
        raise ValueError("the pixels are not what the head says")
    order = cv2.COLOR_BGRA2RGBA if values.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return _rows_of_array(
        lambda top, bottom: cv2.cvtColor(values[top:bottom], order), picture.size, picture.info
    )


def _rows_of_array(
    rows: Callable[[int, int], Any], size: tuple[int, int], info: Mapping[Any, Any]
) -> Source:
    """Strips of a decoded array (uint8, RGB or RGBA) as pictures."""
    from PIL import Image

    profile = info.get("icc_profile")
    return Source(
        *size,
        lambda top, bottom: Image.fromarray(rows(top, bottom)),
        profile if isinstance(profile, bytes) else b"",
    )


def _heif(data: bytes, limits: Limits) -> tuple[Image.Image, tuple[int, int]]:
    """As :func:`_pillow`, by libheif straight into an array: half the memory of a picture.

    The container's own rotation has been applied then; the EXIF orientation beside it says the
    same a second time and is not looked at (ISO/IEC 23008-12).
    """
    import numpy as np
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    opened = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    picture = opened[opened.primary_index]
    size = picture.size
    _check_size(size, limits)
    alpha = picture.mode not in ("RGB", "L")
    per_pixel = _HEIF_ALPHA_BYTES_PER_PIXEL if alpha else _BYTES_PER_PIXEL["HEIF"]
    _check_memory("HEIF", size[0] * size[1] * per_pixel, size)
    values = np.asarray(picture)
    height, width = values.shape[:2]
    source = _rows_of_array(
        lambda top, bottom: np.ascontiguousarray(values[top:bottom]), (width, height), picture.info
    )
    return flatten(source, side_px=KEPT_SIDE_PX), (width, height)


def _orientation(exif: object) -> int:
    """The orientation, 1 to 8, of EXIF's first directory; what cannot be read is 1.

    By hand (TIFF 6.0, EXIF 2.32 tag 0x0112): a directory that lies is no more than a wrong
    orientation, and no other tag is looked at.
    """
    if not isinstance(exif, bytes):
        return 1
    body = exif.removeprefix(b"Exif\0\0")
    order: Literal["little", "big"] = "little" if body[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(body[at : at + size], order)

    first = number(4, 4)
    for at in range(first + 2, first + 2 + 12 * number(first, 2), 12):
        if number(at, 2) == 0x0112:
            short = number(at + 2, 2) == 3 and number(at + 4, 4) == 1  # one SHORT
            found = number(at + 8, 2)
            return found if short and 1 <= found <= 8 else 1
        if at > len(body):
            break
    return 1


def _upright(flat: Image.Image, orientation: int) -> Image.Image:
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }  # fmt: skip
    return flat.transpose(turns[orientation]) if orientation in turns else flat


# ── refusing ─────────────────────────────────────────────────────────────────────────────


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if width * height > limits.max_megapixels * 1_000_000:
        raise _too_many(limits.max_megapixels * 1_000_000)
    shorter, longer = min(size), max(size)
    if shorter < limits.min_side_px or longer > limits.max_side_ratio * shorter:
        raise BadInput(_NARROW, code="photo_too_small")


def _too_many(pixels_most: int) -> BadInput:
    return BadInput(
        f"사진이 너무 커요. {pixels_most // 10_000:,}만 화소까지 올릴 수 있어요. "
        "크기를 줄여서 다시 올려 주세요.",
        code="photo_too_large",
    )


def _check_jpeg(data: bytes, size: tuple[int, int], drawn: tuple[int, int], limits: Limits) -> None:
    """The coefficients of a progressive picture, and the passes over it, have a limit too."""
    scans, per_pixel = jpeg_scans(data)
    area = size[0] * size[1]
    needed = area * per_pixel + drawn[0] * drawn[1] * _PILLOW_BYTES_PER_PIXEL
    _check_memory("JPEG", needed, size)
    if scans > MAX_JPEG_SCANS or scans * area > 12 * limits.max_megapixels * 1_000_000:
        raise BadInput(_SCANS, code="photo_unreadable")


def _check_memory(kind: str, needed: float, size: tuple[int, int]) -> None:
    if needed > MAX_DECODE_BYTES:
        most = int(size[0] * size[1] * MAX_DECODE_BYTES / needed)
        raise BadInput(_heavy(kind, most), code="photo_too_large")
    if needed > MAX_DECODE_BYTES / 3:
        give_back()


def _heavy(kind: str, pixels_most: int) -> str:
    name = _NAMES.get(kind, kind)
    return (
        f"{name} 사진은 {pixels_most // 10_000:,}만 화소까지 볼 수 있어요. "
        "크기를 줄이거나 일반 JPG로 저장해서 다시 올려 주세요."
    )


def _not_a_photo(name: str) -> str:
    if name == "동영상":
        return "동영상은 볼 수 없어요. 문제가 보이는 장면을 사진으로 찍어 올려 주세요."
    if name in ("TIFF", "PSD", "ICO"):
        return f"{name} 파일은 볼 수 없어요. JPG나 PNG로 저장해서 다시 올려 주세요."
    if name:
        return f"사진이 아닌 파일이에요({name}). 사진을 JPG나 PNG로 올려 주세요."
    return _UNKNOWN


def _refusal(error: Exception, kind: str) -> BadInput:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return _too_many(Limits().max_megapixels * 1_000_000)
    if kind == "HEIF":
        return BadInput(_BROKEN_HEIC, code="photo_broken")
    if isinstance(error, ValueError) and "floating-point" in str(error):
        return BadInput(_FLOAT, code="photo_unreadable")
    if isinstance(error, UnidentifiedImageError):
        return BadInput(_UNKNOWN, code="photo_unreadable")
    return BadInput(_BROKEN, code="photo_broken")
