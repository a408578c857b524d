"""What the files are made of: small pictures, PNG chunks, JPEG segments, EXIF by hand."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

__all__ = [
    "PNG",
    "SIZE",
    "Case",
    "adam7",
    "chunk",
    "encoded",
    "exif",
    "heic",
    "jpeg_with",
    "photo",
    "png",
    "png_of_zeros",
    "segment",
]

SIZE = (96, 64)
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A file: what must come of it ("clean", "refused" or "either"), the clean picture's upright
    upload size and the colour of its middle where they are known."""

    name: str
    data: bytes
    wanted: str = "either"
    size: tuple[int, int] | None = None
    middle: tuple[int, int, int] | None = None


def photo(size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture with something on it: gradients in each channel."""
    across = Image.linear_gradient("L").resize(size)
    down = across.transpose(Image.Transpose.ROTATE_180)
    return Image.merge("RGB", (across, down, Image.radial_gradient("L").resize(size)))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The picture's file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def heic(picture: Image.Image, **options: object) -> bytes:
    """The picture as an iPhone's HEIC."""
    import pillow_heif

    out = io.BytesIO()
    pillow_heif.from_pillow(picture).save(out, **options)
    return out.getvalue()


def chunk(name: bytes, body: bytes, *, size: int | None = None, crc: int | None = None) -> bytes:
    """A PNG chunk; ``size`` and ``crc`` may lie."""
    right = zlib.crc32(name + body)
    return (
        struct.pack(">I", len(body) if size is None else size)
        + name
        + body
        + struct.pack(">I", right if crc is None else crc)
    )


def png(
    size: tuple[int, int],
    rows: bytes,
    *,
    bits: int = 8,
    colour: int = 2,
    interlace: int = 0,
    before: Iterable[bytes] = (),
    after: Iterable[bytes] = (),
) -> bytes:
    """A PNG of already filtered rows; chunks ``before`` and ``after`` the pixels."""
    head = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, interlace)
    pixels = chunk(b"IDAT", zlib.compress(rows, 9))
    return b"".join(
        (PNG, chunk(b"IHDR", head), *before, pixels, *after, chunk(b"IEND", b""))
    )  # fmt: skip


_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png_of_zeros(
    size: tuple[int, int], *, bits: int = 8, colour: int = 2, interlace: int = 0
) -> bytes:
    """A whole, valid PNG of zeros, however large, made a megabyte at a time."""
    width, height = size
    per_pixel = bits * _SAMPLES[colour]
    passes = adam7(size) if interlace else [size]
    left = sum(h * (1 + (w * per_pixel + 7) // 8) for w, h in passes if w and h)
    packer, pieces = zlib.compressobj(9), list[bytes]()
    while left:
        part = min(left, 1 << 20)
        pieces.append(packer.compress(bytes(part)))
        left -= part
    pieces.append(packer.flush())
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    return b"".join(
        (PNG, chunk(b"IHDR", head), chunk(b"IDAT", b"".join(pieces)), chunk(b"IEND", b""))
    )


def adam7(size: tuple[int, int]) -> list[tuple[int, int]]:
    """The seven passes' sizes (PNG, Interlaced data order)."""
    starts = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2))  # fmt: skip
    return [(-(-(size[0] - x) // dx), -(-(size[1] - y) // dy)) for x, y, dx, dy in starts]


def segment(marker: int, body: bytes, *, size: int | None = None) -> bytes:
    """A JPEG segment; ``size`` may lie."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2 if size is None else size) + body


def jpeg_with(*segments: bytes, base: bytes | None = None) -> bytes:
    """A JPEG with these segments first."""
    whole = encoded(photo(), "JPEG") if base is None else base
    return whole[:2] + b"".join(segments) + whole[2:]


def exif(orientation: int = 1, *, gps: bool = True) -> bytes:
    """EXIF as a phone writes it, with a place and a name that must not survive."""
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = "SECRET-CAMERA"
    made[0x9286] = "SECRET-NOTE"
    if gps:
        made.get_ifd(0x8825)[2] = (37.0, 33.0, 59.0)
    return made.tobytes()
