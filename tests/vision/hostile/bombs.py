"""Small files with large pictures in them, and small pictures with large rubbish beside them."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.vision.hostile.pieces import (
    PNG,
    SIZE,
    Case,
    chunk,
    encoded,
    heic,
    photo,
    png,
    png_of_zeros,
)

__all__ = ["bombs"]

MOST = (8000, 5000)  # 40 million pixels: still allowed
LARGE = (6400, 4400)  # 28 million
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def bombs() -> Iterator[Case]:
    """Each with what must come of it."""
    yield from _pngs()
    yield from _jpegs()
    yield from _others()
    yield from _rubbish()


def _pngs() -> Iterator[Case]:
    yield Case("bomb-120mp-one-bit", png_of_zeros((12_000, 10_000), bits=1, colour=0), "refused")
    yield Case("bomb-400mp", png_of_zeros((20_000, 20_000), bits=1, colour=0), "refused")
    yield Case("bomb-just-over", png_of_zeros((8001, 5000), bits=1, colour=0), "refused")
    for name, bits, colour, middle in (
        ("one-bit", 1, 0, BLACK), ("grey", 8, 0, BLACK), ("grey-16", 16, 0, BLACK),
    ):  # fmt: skip
        data = png_of_zeros(MOST, bits=bits, colour=colour)
        yield Case(f"most-{name}", data, "clean", MOST, middle)
    for bits in (8, 16):
        for name, colour, middle in (("rgb", 2, BLACK), ("rgba", 6, WHITE), ("grey-a", 4, WHITE)):
            # Four bytes for each pixel, all of them at once: refused with what to do.
            for turn in (0, 1):
                data = png_of_zeros(MOST, bits=bits, colour=colour, interlace=turn)
                yield Case(f"most-{name}-{bits}-{turn}", data, "refused")
                data = png_of_zeros(LARGE, bits=bits, colour=colour, interlace=turn)
                yield Case(f"large-{name}-{bits}-{turn}", data, "clean", LARGE, middle)
    for size in ((22_000, 1_280), (1_280, 22_000), (5300, 5300)):
        data = png_of_zeros(size, colour=6)
        yield Case(f"rgba-{size[0]}x{size[1]}", data, "clean", size, WHITE)
    yield Case(
        "below-two-to-one", png_of_zeros((4095, 4095), colour=6), "clean", (4095, 4095), WHITE
    )


def _jpegs() -> Iterator[Case]:
    grey = Image.new("L", MOST, 90)
    yield Case("most-jpeg-grey", encoded(grey, "JPEG"), "clean", MOST, (90, 90, 90))
    progressive = encoded(grey, "JPEG", progressive=True)
    yield Case("most-jpeg-grey-progressive", progressive, "clean", MOST, (90, 90, 90))
    colour = grey.convert("RGB")
    yield Case("most-jpeg", encoded(colour, "JPEG"), "clean", MOST, (90, 90, 90))
    for name, sampling in (("420", 2), ("444", 0)):
        data = encoded(colour, "JPEG", progressive=True, subsampling=sampling)
        # The planes of coefficients are 120 and 240 MB: refused with what to do.
        yield Case(f"most-jpeg-progressive-{name}", data, "refused")
        del data
    yield Case("jpeg-48mp", encoded(Image.new("L", (8000, 6000), 90), "JPEG"), "refused")
    yield Case("jpeg-many-scans", _many_scans((3000, 2000), 400), "refused")
    yield Case("jpeg-some-scans", _many_scans(SIZE, 400), "refused")


def _many_scans(size: tuple[int, int], times: int) -> bytes:
    """A progressive JPEG whose last scan is there again and again (each costs a whole pass)."""
    data = encoded(Image.new("L", size, 90), "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] * times + data[-2:]


def _others() -> Iterator[Case]:
    grey = Image.new("L", MOST, 90)
    yield Case("most-gif", encoded(grey, "GIF"), "clean", MOST, (90, 90, 90))
    yield Case("most-webp", encoded(grey.convert("RGB"), "WEBP", method=0), "refused")
    yield Case("most-avif", encoded(grey, "AVIF", speed=10), "refused")
    fast = {"quality": 10, "enc_params": {"preset": "ultrafast"}}
    large = grey.resize((6000, 4150)).convert("RGB")  # 24.9 million pixels: a phone's largest
    yield Case("large-heic", heic(large, **fast), "clean", large.size, (90, 90, 90))
    large.putalpha(0)
    yield Case("large-heic-alpha", heic(large, **fast), "refused")
    yield Case("most-heic", heic(grey.resize((6400, 4200)).convert("RGB"), **fast), "refused")
    still = encoded(large.convert("RGB").resize((5000, 4000)), "WEBP", method=0)
    yield Case("large-webp", still, "clean", (5000, 4000), (90, 90, 90))
    del large, still
    phone = grey.resize((4000, 3000)).convert("RGB")
    for kind in ("WEBP", "AVIF", "JPEG"):
        data = encoded(phone, kind, **({"speed": 10} if kind == "AVIF" else {}))
        yield Case(f"phone-{kind.lower()}", data, "clean", (4000, 3000), (90, 90, 90))
    yield Case("phone-heic", heic(phone, **fast), "clean", (4000, 3000), (90, 90, 90))
    yield Case("most-bmp-one-bit", encoded(grey.convert("1"), "BMP"), "clean", MOST)
    head = struct.pack("<2sIHHI", b"BM", 200, 0, 0, 54 + 1024)
    info = struct.pack("<IiiHHIIiiII", 40, 8000, 5000, 1, 8, 1, 0, 0, 0, 256, 0)
    rle = head + info + bytes(1024) + b"\xff\x00" * 32 + b"\0\1"
    yield Case("bmp-run-length-bomb", rle)
    yield Case("bmp-says-40mp", head + info + bytes(1024), "refused")


def _rubbish() -> Iterator[Case]:
    zeros = zlib.compress(bytes(60_000_000), 9)
    rows = b"".join(b"\0" + bytes(SIZE[0] * 3) for _ in range(SIZE[1]))
    before = {
        "ztxt": chunk(b"zTXt", b"Comment\0\0" + zeros),
        "itxt": chunk(b"iTXt", b"Comment\0\1\0\0\0" + zeros),
        "iccp": chunk(b"iCCP", b"profile\0\0" + zeros),
        "text": chunk(b"tEXt", b"Comment\0" + b"SECRET" * 1_000_000),
        "exif": chunk(b"eXIf", b"II*\0\x08\0\0\0" + b"\xff" * 5_000_000),
        "ztxt-100": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1_000_000), 9)) * 100,
    }
    for name, one in before.items():
        yield Case(f"png-swells-{name}", png(SIZE, rows, before=[one]), "clean", SIZE, BLACK)
        yield Case(f"png-swells-after-{name}", png(SIZE, rows, after=[one]), "clean", SIZE, BLACK)
    yield Case(
        "large-rgba-and-text", _with_text(png_of_zeros(LARGE, colour=6)), "clean", LARGE, WHITE
    )
    long = zlib.compress(rows + bytes(60_000_000), 9)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 8, 2, 0, 0, 0))
    yield Case("png-pixels-swell", PNG + head + chunk(b"IDAT", long) + chunk(b"IEND", b""))
    yield Case("gzip-bomb", gzip.compress(bytes(60_000_000), mtime=0), "refused")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("bomb"), bytes(60_000_000), zipfile.ZIP_DEFLATED)
    yield Case("zip-bomb", out.getvalue(), "refused")
    yield Case("too-many-megabytes", encoded(photo(), "JPEG") + bytes(10_000_000), "refused")


def _with_text(data: bytes) -> bytes:
    """With 60 chunks of a megabyte of compressed text behind the pixels."""
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1_000_000), 9))
    end = chunk(b"IEND", b"")
    return data.removesuffix(end) + text * 60 + end
