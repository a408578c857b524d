"""More than 300 hostile or odd files, the same ones every time; nothing is copied from anywhere."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

from PIL import Image, ImageCms, PngImagePlugin

from tests.vision.hostile.bombs import bombs
from tests.vision.hostile.foreign import foreign_files
from tests.vision.hostile.pieces import (
    PNG,
    SIZE,
    Case,
    chunk,
    encoded,
    exif,
    heic,
    jpeg_with,
    photo,
    png,
    segment,
)

__all__ = ["cases"]

RED = (200, 30, 30)
_ROWS = b"".join(b"\0" + bytes(SIZE[0] * 3) for _ in range(SIZE[1]))


def cases() -> Iterator[Case]:
    """Every file with what must come of it."""
    yield from _cut_off()
    yield from _flipped()
    yield from _upright()
    yield from _modes()
    yield from _sizes()
    yield from _lying()
    yield from _png_mischief()
    yield from _jpeg_mischief()
    yield from foreign_files()
    yield from bombs()


def _sound() -> dict[str, bytes]:
    """One whole file of each format."""
    return {
        "jpeg": encoded(photo(), "JPEG", quality=90),
        "progressive": encoded(photo(), "JPEG", quality=90, progressive=True),
        "png": encoded(photo(), "PNG"),
        "gif": encoded(photo(), "GIF"),
        "bmp": encoded(photo(), "BMP"),
        "webp": encoded(photo(), "WEBP"),
        "lossless": encoded(photo(), "WEBP", lossless=True),
        "avif": encoded(photo(), "AVIF", speed=10),
        "heic": heic(photo()),
    }


def _cut_off() -> Iterator[Case]:
    for kind, data in _sound().items():
        yield Case(f"whole-{kind}", data, "clean", SIZE)
        for share in (1, 4, 10, 25, 50, 75, 90):
            yield Case(f"cut-{kind}-{share}", data[: len(data) * share // 100], "refused")
        # Some decoders need not see the last bytes: the picture is whole then.
        yield Case(f"cut-{kind}-one-byte", data[:-1])


def _flipped() -> Iterator[Case]:
    for kind, data in _sound().items():
        for seed in range(9):
            dice, bad = random.Random(f"{kind}{seed}"), bytearray(data)
            for _ in range(1 + seed):
                bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
            yield Case(f"flipped-{kind}-{seed}", bytes(bad))
        head = data[:12]
        for seed in range(2):
            dice = random.Random(seed)
            yield Case(f"noise-{kind}-{seed}", head + dice.randbytes(4000), "refused")


def _upright() -> Iterator[Case]:
    for orientation in range(1, 9):
        note, turned = exif(orientation), orientation > 4
        for kind in ("JPEG", "PNG", "WEBP"):
            yield Case(
                f"orientation-{kind.lower()}-{orientation}", encoded(photo(), kind, exif=note),
                "clean", SIZE[::-1] if turned else SIZE,
            )  # fmt: skip
    for orientation in (0, 9, 255, 65535):
        yield Case(f"orientation-{orientation}", encoded(photo(), "JPEG", exif=exif(orientation)),
                   "clean", SIZE)  # fmt: skip
    yield Case("heic-turned-once", heic(photo(), exif=exif(6)), "clean", SIZE[::-1])
    yield Case("heic-with-place", heic(photo(), exif=exif(1)), "clean", SIZE)


def _modes() -> Iterator[Case]:
    flat = Image.new("RGB", SIZE, RED)
    for mode in ("1", "L", "P", "LA", "RGBA", "PA"):
        if mode != "PA":
            yield Case(f"mode-{mode}", encoded(photo().convert(mode), "PNG"), "clean", SIZE)
    for mode in ("L", "CMYK"):
        yield Case(f"jpeg-{mode}", encoded(flat.convert(mode), "JPEG", quality=95), "clean", SIZE,
                   (80, 80, 80) if mode == "L" else RED)  # fmt: skip
    yield Case("grey-16", encoded(Image.new("I;16", SIZE, 128 * 257), "PNG"), "clean", SIZE,
               (128, 128, 128))  # fmt: skip
    for colour, samples, middle in (
        (2, (200, 30, 30), RED),
        (6, (200, 30, 30, 255), RED),
        (4, (128, 255), (128, 128, 128)),
        (6, (0, 0, 0, 0), (255, 255, 255)),
    ):
        row = b"\0" + b"".join(bytes((one, one)) for one in samples) * SIZE[0]
        data = png(SIZE, row * SIZE[1], bits=16, colour=colour)
        yield Case(f"png-16-{colour}-{samples[-1]}", data, "clean", SIZE, middle)
    yield Case("transparent", encoded(Image.new("RGBA", SIZE, (0, 0, 0, 0)), "PNG"), "clean", SIZE,
               (255, 255, 255))  # fmt: skip
    yield Case("transparent-heic", heic(Image.new("RGBA", SIZE, (0, 0, 0, 0))), "clean", SIZE,
               (255, 255, 255))  # fmt: skip
    frames = [Image.new("RGB", SIZE, one) for one in (RED, (0, 200, 0), (0, 0, 200))]
    for kind in ("GIF", "WEBP", "PNG", "AVIF"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=40)
        yield Case(f"animated-{kind}", data, "clean", SIZE, RED)
    yield Case("two-photos-in-one", encoded(flat, "MPO", save_all=True, append_images=frames[1:]),
               "clean", SIZE, RED)  # fmt: skip
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, profile in {
        "whole": srgb, "cut": srgb[:200], "noise": random.Random(1).randbytes(4000),
        "of-cmyk": srgb[:16] + b"CMYK" + srgb[20:], "lying": b"\xff\xff\xff\xff" + srgb[4:],
        "tags": srgb[:128] + b"\xff\xff\xff\xff" + srgb[132:],
    }.items():  # fmt: skip
        for kind in ("JPEG", "PNG", "WEBP"):
            yield Case(f"profile-{name}-{kind}", encoded(flat, kind, icc_profile=profile), "clean",
                       SIZE, RED)  # fmt: skip


def _sizes() -> Iterator[Case]:
    for size, wanted in {
        (1, 1): "refused", (2, 2): "refused", (31, 31): "refused", (32, 32): "clean",
        (1, 30_000): "refused", (30_000, 1): "refused", (32, 640): "clean", (32, 641): "refused",
        (640, 32): "clean", (4_000, 200): "clean", (31, 600): "refused",
    }.items():  # fmt: skip
        data = encoded(Image.new("RGB", size, RED), "PNG")
        yield Case(f"size-{size[0]}x{size[1]}", data, wanted, size if wanted == "clean" else None)


def _lying() -> Iterator[Case]:
    """Heads that claim another size than there are pixels for."""
    sound = _sound()
    for width, height in (
        (0, 64), (96, 0), (65_535, 65_535), (96, 65), (2**31 - 1, 1), (6000, 6000),
        (0xFFFFFFFF, 0xFFFFFFFF),
    ):  # fmt: skip
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        body = chunk(b"IDAT", zlib.compress(_ROWS)) + chunk(b"IEND", b"")
        # A single row too few may be told as broken or be left black.
        wanted = "either" if height == 65 else "refused"
        yield Case(f"png-says-{width}x{height}", PNG + chunk(b"IHDR", head) + body, wanted)
        small = (width & 0xFFFF, height & 0xFFFF)
        at = sound["jpeg"].index(b"\xff\xc0") + 5
        lying = sound["jpeg"][:at] + struct.pack(">HH", *small[::-1]) + sound["jpeg"][at + 4 :]
        yield Case(f"jpeg-says-{width}x{height}", lying)
        gif = sound["gif"][:6] + struct.pack("<HH", *small) + sound["gif"][10:]
        yield Case(f"gif-screen-says-{width}x{height}", gif)
        at = sound["gif"].index(b",", 13 + 3 * 128)
        gif = sound["gif"][: at + 5] + struct.pack("<HH", *small) + sound["gif"][at + 9 :]
        yield Case(f"gif-frame-says-{width}x{height}", gif)
        bmp = sound["bmp"][:18] + struct.pack("<II", width, height) + sound["bmp"][26:]
        yield Case(f"bmp-says-{width}x{height}", bmp, "refused")
        for kind in ("avif", "heic"):
            at = sound[kind].index(b"ispe") + 8
            lying = sound[kind][:at] + struct.pack(">II", width, height) + sound[kind][at + 8 :]
            yield Case(f"{kind}-says-{width}x{height}", lying)
    webp = encoded(photo().convert("RGBA"), "WEBP", exif=exif(1))
    for side in (1, 2**14 - 1, 2**24 - 1):
        lying = webp[:24] + side.to_bytes(3, "little") * 2 + webp[30:]
        yield Case(f"webp-canvas-says-{side}", lying)
    for size in (0, 4, 2**32 - 1):
        yield Case(f"riff-says-{size}", webp[:4] + struct.pack("<I", size) + webp[8:])
    for at in (10, 14, 28, 30, 46):
        lying = sound["bmp"][:at] + b"\xff\xff\xff\x7f" + sound["bmp"][at + 4 :]
        yield Case(f"bmp-field-{at}", lying)
    upside = struct.pack("<i", -SIZE[1])
    yield Case("bmp-upside-down", sound["bmp"][:22] + upside + sound["bmp"][26:], "clean", SIZE)


def _png_mischief() -> Iterator[Case]:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 8, 2, 0, 0, 0))
    pixels, end = chunk(b"IDAT", zlib.compress(_ROWS)), chunk(b"IEND", b"")
    packed = zlib.compress(_ROWS)
    yield Case("png-no-pixels", PNG + head + end, "refused")
    yield Case("png-no-head", PNG + pixels + end, "refused")
    yield Case("png-pixels-first", PNG + pixels + head + end, "refused")
    yield Case("png-two-heads", PNG + head + head + pixels + end)
    yield Case("png-bad-crc", PNG + head + chunk(b"IDAT", packed, crc=1) + end)
    yield Case(
        "png-bad-head-crc", PNG + chunk(b"IHDR", head[8:21], crc=1) + pixels + end, "refused"
    )
    yield Case("png-endless-chunk", PNG + head + chunk(b"IDAT", packed, size=2**31 - 1))
    yield Case("png-no-end", PNG + head + pixels, "clean", SIZE)
    yield Case("png-garbage-pixels", PNG + head + chunk(b"IDAT", b"\xff" * 999) + end, "refused")
    yield Case(
        "png-filter-9", PNG + head + chunk(b"IDAT", zlib.compress(b"\x09" * len(_ROWS))) + end
    )
    yield Case("png-50000-empty", PNG + head + chunk(b"IDAT", b"") * 50_000 + pixels + end)
    yield Case("png-600000-text", PNG + head + chunk(b"tEXt", b"") * 600_000 + pixels + end)
    for name in (b"XXXX", b"pHYs", b"sBIT", b"gAMA", b"cHRM", b"hIST", b"tIME", b"acTL", b"fcTL"):
        yield Case(f"png-odd-{name.decode()}", PNG + head + chunk(name, b"\xff" * 7) + pixels + end)
    for name in (b"PLTE", b"tRNS", b"iCCP", b"eXIf"):
        for size in (0, 1, 5, 70_000):
            data = PNG + head + chunk(name, b"\x11" * size) + pixels + end
            yield Case(f"png-{name.decode()}-{size}", data)
    info = PngImagePlugin.PngInfo()
    info.add_text("XML:com.adobe.xmp", '<x href="http://127.0.0.1:9/SECRET"/>')
    info.add_itxt("Comment", "SECRET")
    yield Case("png-xmp-link", encoded(photo(), "PNG", pnginfo=info), "clean", SIZE)


def _jpeg_mischief() -> Iterator[Case]:
    sound = _sound()["jpeg"]
    scan = sound.index(b"\xff\xda")
    yield Case(
        "jpeg-65000-comments", jpeg_with(*[segment(0xFE, b"SECRET")] * 65_000), "clean", SIZE
    )
    yield Case("jpeg-2000000-empty", jpeg_with(*[segment(0xFE, b"")] * 2_000_000), "refused")
    yield Case("jpeg-padding", sound[:2] + b"\xff" * 5_000_000 + sound[2:], "clean", SIZE)
    yield Case(
        "jpeg-full-comments", jpeg_with(*[segment(0xFE, b"S" * 65_533)] * 120), "clean", SIZE
    )
    for marker in (0xE0, 0xE1, 0xE2, 0xED, 0xEE):
        for body in (
            b"",
            b"Exif\0\0",
            b"Exif\0\0II*\0" + b"\xff" * 60,
            b"ICC_PROFILE\0\x01\x01" * 3,
            b"Adobe" + b"\xff" * 7,
            b"Photoshop 3.0\0" + b"\xff" * 40,
            b"MPF\0" + b"\xff" * 80,
        ):
            yield Case(
                f"jpeg-app-{marker:x}-{body[:5].hex()}-{len(body)}",
                jpeg_with(segment(marker, body)),
            )
    loop = (
        b"Exif\0\0II*\0\x08\0\0\0"
        + b"\x01\0"
        + struct.pack("<HHII", 0x8769, 4, 1, 8)
        + b"\x08\0\0\0"
    )
    yield Case("exif-loop", jpeg_with(segment(0xE1, loop)), "clean", SIZE)
    huge = (
        b"Exif\0\0II*\0\x08\0\0\0"
        + b"\xff\xff"
        + struct.pack("<HHII", 0x0112, 3, 0xFFFFFFFF, 8) * 5000
    )
    yield Case("exif-huge-count", jpeg_with(segment(0xE1, huge)), "clean", SIZE)
    link = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><a href='http://127.0.0.1:9/SECRET'/></x:xmpmeta>"
    yield Case("jpeg-xmp-link", jpeg_with(segment(0xE1, link)), "clean", SIZE)
    preview = encoded(photo(), "JPEG", comment=b"SECRET")
    yield Case("jpeg-in-jpeg", jpeg_with(segment(0xE1, b"Exif\0\0" + preview)), "clean", SIZE)
    for name, marker in {"dqt": 0xDB, "dht": 0xC4, "sof": 0xC0, "dri": 0xDD, "dnl": 0xDC}.items():
        for body in (b"", b"\0", b"\xff" * 4, b"\x01" * 300):
            yield Case(f"jpeg-{name}-{len(body)}", jpeg_with(segment(marker, body)))
    for marker in (0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCB, 0xF7):
        yield Case(f"jpeg-sof-{marker:x}", sound.replace(b"\xff\xc0", bytes((0xFF, marker)), 1))
    yield Case(
        "jpeg-twelve-bits",
        sound.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c", 1),
        "refused",
    )
    yield Case("jpeg-no-pixels", sound[:scan], "refused")
    yield Case("jpeg-scan-of-zeros", sound[: scan + 14] + bytes(5000))
    yield Case("jpeg-only-restarts", sound[: scan + 14] + b"\xff\xd0" * 500_000 + b"\xff\xd9")
    yield Case("jpeg-stuffed", sound[: scan + 14] + b"\xff\x00" * 2_000_000 + b"\xff\xd9")
