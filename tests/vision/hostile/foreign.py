"""What is no picture but is sent as one, and pictures that are something else besides."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Iterator, Mapping

from PIL import Image

from tests.vision.hostile.pieces import SIZE, Case, encoded, exif, heic, jpeg_with, photo, segment

__all__ = ["foreign_files"]

_SCRIPT = b"<script>SECRET=fetch('http://127.0.0.1:9/SECRET')</script>"
_PHP = b"<?php system('touch /tmp/SECRET'); ?>"
_MVG = (
    b"push graphic-context\nviewbox 0 0 96 64\n"
    b"fill 'url(http://127.0.0.1:9/\"|touch SECRET\")'\npop\n"
)
_MSL = b'<?xml version="1.0"?><image><read filename="caption:x"/><write filename="SECRET"/></image>'
_ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="64"><text>&x;</text></svg>'
)
_LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;">]><svg><text>&c;</text></svg>'
)
_FILES: Mapping[str, bytes] = {
    "empty": b"",
    "one-byte": b"\xff",
    "zeros": bytes(10_000),
    "text": "컵이 깨져서 왔어요".encode(),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="96" height="64"/></svg>',
    "svg-script": b"<svg onload='alert(1)'>" + _SCRIPT + b"</svg>",
    "svg-link": b"<svg><image href='http://127.0.0.1:9/SECRET.png'/></svg>",
    "svg-file": b"<svg><image href='file:///etc/passwd'/></svg>",
    "svg-entity": _ENTITY,
    "svg-laughs": _LAUGHS,
    "svg-bom": b"\xef\xbb\xbf  <svg/>",
    "html": b"<!doctype html><title>x</title>" + _SCRIPT,
    "xml": b"<?xml version='1.0'?><a/>",
    "php": _PHP,
    "shell": b"#!/bin/sh\ntouch /tmp/SECRET\n",
    "python": b"import os\nos.system('touch /tmp/SECRET')\n",
    "pickle": b"cposix\nsystem\n(S'touch /tmp/SECRET'\ntR.",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(200),
    "exe": b"MZ" + bytes(200),
    "mvg": _MVG,
    "msl": _MSL,
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/Launch/F(x)>>>>endobj\n%%EOF",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 96 64\n(SECRET) (w) file\nshowpage\n",
    "eps-dos": b"\xc5\xd0\xd3\xc6" + struct.pack("<6IH", 32, 99, 0, 0, 0, 0, 0) + b"%!PS\nquit\n",
    "ps-pipe": b"%!PS\nmark /OutputFile (%pipe%touch SECRET) currentdevice putdeviceprops\n",
    "psd": b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 64, 96, 8, 3) + bytes(400),
    "mp4": struct.pack(">I", 24) + b"ftypisom\0\0\2\0isommp42" + bytes(500),
    "mov": struct.pack(">I", 20) + b"ftypqt  \0\0\2\0qt  " + bytes(500),
    "mkv": b"\x1aE\xdf\xa3" + bytes(300),
    "jxl": b"\xff\x0a" + bytes(100),
    "jxl-box": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100),
    "xbm": b"#define x_width 96\n#define x_height 64\nstatic char x_bits[] = {0x00};\n",
    "xpm": b'/* XPM */\nstatic char *x[] = {"96 64 1 1", "  c red"};\n',
    "fits": b"SIMPLE  =                    T" + b" " * 2850,
    "wmf": b"\xd7\xcd\xc6\x9a\0\0" + bytes(100),
    "emf": b"\x01\0\0\0" + bytes(36) + b" EMF" + bytes(100),
    "dds": b"DDS " + struct.pack("<7I", 124, 0x1007, 65535, 65535, 0, 0, 0) + bytes(200),
    "icns": b"icns\0\0\0\x10ic10\0\0\0\x08",
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "fli": struct.pack("<IHHHHH", 200, 0xAF11, 9, 96, 64, 8) + bytes(200),
    "iptc": b"\x1c\x03\x3c\0\x02\x01\x01" + bytes(100),
    "ppm-huge": b"P6\n99999 99999\n255\n" + bytes(100),
    "magic-png": b"\x89PNG\r\n\x1a\n",
    "magic-jpeg": b"\xff\xd8\xff",
    "magic-gif": b"GIF89a",
    "magic-bmp": b"BM",
    "magic-webp": b"RIFF\x04\0\0\0WEBP",
    "magic-heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "magic-avif": b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
    "url": b"http://127.0.0.1:9/SECRET.jpg",
    "path": b"file:///etc/passwd",
    "lnk": b"L\0\0\0\x01\x14\x02\0" + bytes(100),
}
_TIFF = b"II*\0\x08\0\0\0"


def foreign_files() -> Iterator[Case]:
    """Each with what must come of it."""
    for name, data in _FILES.items():
        yield Case(f"foreign-{name}", data, "refused")
    picture = photo()
    for kind in ("TIFF", "ICO", "PPM", "TGA", "PCX", "SGI", "JPEG2000", "DDS", "ICNS"):
        yield Case(f"format-{kind.lower()}", encoded(picture, kind), "refused")
    yield Case("tiff-float", encoded(Image.new("F", SIZE, 0.5), "TIFF"), "refused")
    entry = struct.pack("<HHII", 0x0111, 4, 1, 8)
    yield Case("tiff-loop", _TIFF + b"\x01\0" + entry + b"\x08\0\0\0", "refused")
    yield Case("tiff-many", _TIFF + b"\xff\xff" + entry * 2000, "refused")
    yield Case("zip", _zip(b"nothing"), "refused")
    yield Case("docx", _zip(b"[Content_Types].xml"), "refused")
    yield from _both()


def _both() -> Iterator[Case]:
    """Sound pictures with something behind or inside them, which must not survive."""
    sound = {
        "jpeg": encoded(photo(), "JPEG"), "png": encoded(photo(), "PNG"),
        "gif": encoded(photo(), "GIF"), "webp": encoded(photo(), "WEBP"),
        "bmp": encoded(photo(), "BMP"), "heic": heic(photo()),
    }  # fmt: skip
    behind = {
        "html": _SCRIPT, "php": _PHP, "zip": _zip(b"SECRET"),
        "video": b"\0\0\0\x14ftypmp42SECRET", "jar": _zip(b"META-INF SECRET"),
    }  # fmt: skip
    for kind, data in sound.items():
        for what, more in behind.items():
            # libheif reads boxes to the end of the file and may refuse what is none.
            wanted = "either" if kind == "heic" else "clean"
            yield Case(f"{kind}-and-{what}", data + more, wanted, SIZE)
    yield Case("jpeg-comment-php", jpeg_with(segment(0xFE, _PHP + b"SECRET")), "clean", SIZE)
    yield Case("jpeg-comment-html", jpeg_with(segment(0xFE, _SCRIPT)), "clean", SIZE)
    yield Case("pdf-and-jpeg", _FILES["pdf"] + sound["jpeg"], "refused")
    yield Case("zip-and-jpeg", _zip(b"x") + sound["jpeg"], "refused")
    yield Case("html-and-png", _FILES["html"] + sound["png"], "refused")
    yield Case("gif-is-javascript", b"GIF89a=/*" + sound["gif"][9:] + b"*/SECRET();", "either")
    yield Case("bmp-is-javascript", b"BM=/*" + sound["bmp"][5:] + b"*/SECRET();", "either")
    yield Case("gif-comment", _gif_with(sound["gif"], b"SECRET" * 40), "clean", SIZE)
    yield Case("gif-9mb-comment", _gif_with(sound["gif"], bytes(9_000_000)), "clean", SIZE)
    netscape = b"!\xff\x0bNETSCAPE2.0\x03\x01\xff\xff\0"
    data = sound["gif"]
    at = 13 + (3 << ((data[10] & 7) + 1))
    yield Case("gif-loops", data[:at] + netscape * 5000 + data[at:], "clean", SIZE)
    yield Case("gif-no-end", data[:-1], "clean", SIZE)
    yield Case("gif-10000-frames", data[:-1] + data[at:-1] * 60 + b";", "clean", SIZE)
    webp = encoded(photo(), "WEBP", exif=exif(), xmp=b"<a href='http://127.0.0.1:9/SECRET'/>")
    yield Case("webp-with-place", webp, "clean", SIZE)
    yield Case("gzip-of-jpeg", gzip.compress(sound["jpeg"], mtime=0), "refused")
    for name in ("jpeg", "png", "webp"):
        yield Case(f"space-before-{name}", b" \n" + sound[name], "refused")


def _gif_with(data: bytes, comment: bytes) -> bytes:
    at = 13 + (3 << ((data[10] & 7) + 1))
    blocks = b"".join(
        bytes((len(part),)) + part
        for part in (comment[n : n + 255] for n in range(0, len(comment), 255))
    )
    return data[:at] + b"!\xfe" + blocks + b"\0" + data[at:]


def _zip(body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("SECRET.txt"), body)
    return out.getvalue()
