"""What kind of picture some bytes are, and the same bytes with only what a decoder needs.

A picture's file is a container of chunks, and most of the ways to hurt a decoder are in chunks
nobody needs: compressed text that swells, thousands of comments, a second picture behind the
first. They are dropped before any decoder sees them. What is kept: the pixels, the orientation,
the colour profile, the palette and what is transparent. A container that makes no sense is
passed on as far as it does, and the decoder tells that the rest is missing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping

__all__ = ["MAX_JPEG_SCANS", "foreign", "jpeg_scans", "kind_of", "plain"]

MAX_CHUNKS = 100_000  # what follows is missing: a picture has a few thousand at most
MAX_PROFILE_BYTES = 1_000_000  # the decoder's own limit for a PNG's; a printer's has 600 KB
MAX_EXIF_BYTES = 65_536
# A camera's progressive JPEG has about 10 scans; each costs a pass over the whole picture.
MAX_JPEG_SCANS = 40

_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
# What people send instead of a picture: how it begins → what it is called.
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"%!PS", "EPS"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"8BPS", "PSD"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "GZIP"),
    (b"\0\0\x01\0", "ICO"),
    (b"\x1aE\xdf\xa3", "동영상"),
)
_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|!--|svg|html|script)", re.I)
# The next marker inside a JPEG's compressed data: neither a stuffed byte nor a restart.
_PADDING = re.compile(rb"\xff+")
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)


def kind_of(data: bytes) -> str:
    """The picture's format by its first bytes: JPEG, PNG, GIF, BMP, WEBP, AVIF, HEIF or ""."""
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:2] == b"BM":
        return "BMP"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    brands = _brands(data)
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else ""


def foreign(data: bytes) -> str:
    """What else it is, in a word a customer knows ("PDF", "동영상"); "" where that is unknown."""
    if _brands(data):
        return "동영상"
    if _MARKUP.match(data[:256]):
        return "웹 문서"
    return next((name for head, name in _FOREIGN if data.startswith(head)), "")


def _brands(data: bytes) -> set[bytes]:
    """The brands of an ISO media file (ISO/IEC 14496-12, ftyp): the major and the compatible."""
    if data[4:8] != b"ftyp":
        return set()
    size = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12], *(data[at : at + 4] for at in range(16, size - 3, 4))}


def plain(data: bytes, kind: str) -> bytes:
    """The same picture without text, comments, previews, later frames and appended bytes."""
    drop = _PLAIN.get(kind)
    return data if drop is None else drop(data)


def jpeg_scans(data: bytes) -> tuple[int, int]:
    """How many scans a JPEG has, and the bytes its decoder keeps for each pixel because of it.

    A picture in one scan is decoded line by line; one in many scans (every progressive one)
    needs all coefficients at once: two bytes for each sample of each component (libjpeg).
    """
    scans, at, per_pixel = 0, 2, 0.0
    progressive = False
    for _ in range(MAX_CHUNKS):
        if (found := _segment(data, at)) is None:
            break
        marker, start, end = found
        if marker in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
            progressive = marker in (0xC2, 0xCA)
            per_pixel = _samples(data[start:end])
        if marker == 0xDA:
            scans += 1
            after = _MARKER.search(data, end)
            if after is None or scans > MAX_JPEG_SCANS:
                break
            at = after.start(1) - 1
            continue
        at = end
    return scans, round(2 * per_pixel + 0.5) if progressive or scans > 1 else 0


def _samples(frame: bytes) -> float:
    """Samples for each pixel, by the frame header's sampling factors (4:2:0 has 1.5)."""
    factors = [(one >> 4, one & 15) for one in frame[7::3]][: frame[5] if len(frame) > 5 else 0]
    most = max((h for h, _ in factors), default=0) * max((v for _, v in factors), default=0)
    return sum(h * v for h, v in factors) / most if most else 4.0


def _segment(data: bytes, at: int) -> tuple[int, int, int] | None:
    """The marker segment at ``at``, padding skipped: (marker, start of its body, end); None
    at the end. The marker itself is one byte 0xFF and one byte, then two of length."""
    if (padding := _PADDING.match(data, at)) is not None:
        at = padding.end() - 1
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] == 0xD9:
        return None
    if data[at + 1] == 0x01 or 0xD0 <= data[at + 1] <= 0xD8:  # stand-alone
        return data[at + 1], at + 2, at + 2
    size = int.from_bytes(data[at + 2 : at + 4], "big")
    return None if size < 2 else (data[at + 1], at + 4, at + 2 + size)


def _plain_jpeg(data: bytes) -> bytes:
    kept, at, exif = [data[:2]], 2, False
    for _ in range(MAX_CHUNKS):
        if (found := _segment(data, at)) is None:
            break
        marker, start, end = found
        if marker == 0xDA:
            kept.append(data[start - 4 : _end_of_jpeg(data, end)])
            return b"".join(kept)
        needless = marker == 0xFE or 0xE0 <= marker <= 0xEF
        if marker == 0xE1 and not exif and data[start : start + 6] == b"Exif\0\0":
            exif, needless = True, False
        if marker in (0xE0, 0xEE) or data[start : start + 12] == b"ICC_PROFILE\0":
            needless = False
        if not needless and end > start:  # a marker that stands alone has no place here
            kept.append(data[start - 4 : end])
        at = end
    return b"".join(kept)


def _end_of_jpeg(data: bytes, at: int) -> int:
    """Just behind the end-of-image marker; the end of the bytes where there is none."""
    while (found := _MARKER.search(data, at)) is not None:
        if found.group(1) == b"\xd9":
            return found.end()
        at = found.end()
    return len(data)


def _plain_png(data: bytes) -> bytes:
    kept, at, seen = [data[:8]], 8, set[bytes]()
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            break
        name, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        if _png_needs(name, data[at + 8 : min(end - 4, at + 8 + MAX_PROFILE_BYTES)], seen):
            kept.append(data[at:end])
        seen.add(name)
        at = end
        if name == b"IEND":
            break
    return b"".join(kept)


def _png_needs(name: bytes, body: bytes, seen: set[bytes]) -> bool:
    if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
        return True
    if name == b"eXIf":
        return name not in seen and len(body) <= MAX_EXIF_BYTES
    return name == b"iCCP" and name not in seen and _swells_little(body.partition(b"\0")[2][1:])


def _swells_little(packed: bytes) -> bool:
    """Whether a compressed profile is sound and no larger than a profile may be."""
    reader = zlib.decompressobj()
    try:
        reader.decompress(packed, MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return reader.eof


def _plain_gif(data: bytes) -> bytes:
    """Up to the end of the first picture: head, palette, its transparency, itself."""
    at = 13 + _palette_bytes(data[10] if len(data) > 10 else 0)
    kept = [data[:at]]
    while at < len(data):
        if data[at] == 0x21:  # an extension: only 0xF9 (transparency) matters
            end = _behind_blocks(data, at + 2)
            if data[at + 1 : at + 2] == b"\xf9":
                kept.append(data[at:end])
            at = end
        elif data[at] == 0x2C:
            flags = data[at + 9] if at + 9 < len(data) else 0
            end = _behind_blocks(data, at + 11 + _palette_bytes(flags))
            return b"".join((*kept, data[at:end], b";" if data[end - 1] == 0 else b""))
        else:
            break
    return b"".join(kept)


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_blocks(data: bytes, at: int) -> int:
    """Behind the sub-blocks from ``at`` on (a length, as many bytes, …, a zero)."""
    while at < len(data) and data[at]:
        at += data[at] + 1
    return min(at + 1, len(data))


_PLAIN: Mapping[str, Callable[[bytes], bytes]] = {
    "JPEG": _plain_jpeg,
    "PNG": _plain_png,
    "GIF": _plain_gif,
}
