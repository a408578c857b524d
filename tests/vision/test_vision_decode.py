"""Bad pictures (vision.md's table): refused with what to do, or made safe."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from errors import BadInput
from vision import clean_photo, pixels
from vision.decoding.decode import KEPT_SIDE_PX, Limits, _Gate
from vision.decoding.strips import Source, flatten

SIZE = (96, 64)
MIN_SIDE_PX, MAX_ASPECT = Limits().min_side_px, Limits().max_side_ratio
MAX_PIXELS = Limits().max_megapixels * 1_000_000
RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def cleaned(data: bytes, *, max_mb: int = 10) -> Image.Image:
    """The stored picture, decoded."""
    photo = clean_photo(data, max_mb=max_mb)
    assert photo.media_type == "image/jpeg"
    picture = Image.open(io.BytesIO(photo.data), formats=["JPEG"])
    picture.load()
    assert picture.mode == "RGB"
    assert picture.size == (photo.width_px, photo.height_px)
    return picture


def near(one: object, other: tuple[int, int, int], *, by: int = 14) -> bool:
    assert isinstance(one, tuple)
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a one-bit picture as large as it says, with no pixels behind the head."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


# ── refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [(12_000, 10_000), (MAX_PIXELS // 5000 + 1, 5000)])
def test_a_bomb_is_refused_by_its_head_alone(side: tuple[int, int]) -> None:
    # Had the missing pixels been looked for first, it would be told as broken.
    with pytest.raises(BadInput, match="화소"):
        clean_photo(png_claiming(*side), max_mb=10)
    with pytest.raises(BadInput, match="깨져"):
        clean_photo(png_claiming(*SIZE), max_mb=10)


def test_a_bomb_beyond_pillows_own_limit_is_refused_too() -> None:
    with pytest.raises(BadInput):
        clean_photo(png_claiming(20_000, 20_000), max_mb=10)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
def test_a_cut_off_file_is_refused(kind: str, share: float) -> None:
    noise = Image.frombytes("RGB", SIZE, random.Random(1).randbytes(SIZE[0] * SIZE[1] * 3))
    data = encoded(noise, kind)
    with pytest.raises(BadInput) as caught:
        clean_photo(data[: int(len(data) * share)], max_mb=10)
    assert caught.value.http_status == 400
    assert "올려 주세요" in caught.value.message


_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
_EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 96 64\nshowpage\n"


@pytest.mark.parametrize(
    "data",
    [_SVG, b"<!doctype html><script>alert(1)</script>", b"%PDF-1.7\n%...", _EPS, b"", b"\x00" * 99,
     "안녕하세요".encode(), b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"],
    ids=["svg", "html", "pdf", "eps", "empty", "zeros", "text", "gif", "png", "jpeg"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="올려 주세요"):
        clean_photo(data, max_mb=10)


@pytest.mark.parametrize("kind", ["TIFF", "PPM", "TGA", "ICO", "PCX"])
def test_formats_that_are_not_on_the_list_are_refused(kind: str) -> None:
    with pytest.raises(BadInput, match="JPG나 PNG"):
        clean_photo(encoded(Image.new("RGB", SIZE, RED), kind), max_mb=10)


def test_a_float_tiff_is_refused() -> None:
    with pytest.raises(BadInput):
        clean_photo(encoded(Image.new("F", SIZE, 0.5), "TIFF"), max_mb=10)


@pytest.mark.parametrize(
    ("size", "fine"),
    [((2, 2), False), ((1, 3000), False), ((3000, 1), False), ((MIN_SIDE_PX - 1, 99), False),
     ((MIN_SIDE_PX, MIN_SIDE_PX), True), ((MIN_SIDE_PX, MIN_SIDE_PX * MAX_ASPECT), True),
     ((MIN_SIDE_PX, MIN_SIDE_PX * MAX_ASPECT + 1), False)],
)  # fmt: skip
def test_too_small_and_too_narrow(size: tuple[int, int], fine: bool) -> None:
    data = encoded(Image.new("RGB", size, RED), "PNG")
    if fine:
        assert cleaned(data).size == size
    else:
        with pytest.raises(BadInput, match="작거나 가늘어서"):
            clean_photo(data, max_mb=10)


def test_the_limit_counts_the_bytes_sent() -> None:
    data = encoded(Image.new("RGB", SIZE, RED), "JPEG")
    padded = data + bytes(1_000_000 - len(data))
    assert cleaned(padded, max_mb=1).size == SIZE
    with pytest.raises(BadInput, match="1MB까지"):
        clean_photo(padded + b"\x00", max_mb=1)


@given(st.binary(max_size=200))
@settings(max_examples=60)
def test_any_bytes_are_a_picture_or_a_refusal(data: bytes) -> None:
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"RIFF"):
        with pytest.raises(BadInput):
            clean_photo(head + data, max_mb=1)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_damaged_picture_is_cleaned_or_refused(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "BMP"]))
    whole = bytearray(encoded(Image.linear_gradient("L").resize(SIZE).convert("RGB"), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        photo = clean_photo(bytes(whole), max_mb=1)
    except BadInput:
        return
    assert photo.data.startswith(b"\xff\xd8")


# ── made safe ────────────────────────────────────────────────────────────────────────────


def gps_jpeg(orientation: int) -> bytes:
    """Left half red, right half blue as stored, with GPS and a comment."""
    picture = Image.new("RGB", SIZE, RED)
    picture.paste(BLUE, (SIZE[0] // 2, 0, *SIZE))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "secret camera"
    exif.get_ifd(0x8825)[2] = (37.0, 33.0, 59.0)
    return encoded(picture, "JPEG", quality=95, exif=exif.tobytes(), comment=b"secret comment")


@pytest.mark.parametrize(
    ("orientation", "turned", "red_at"),
    [(1, False, (4, 32)), (3, False, (92, 32)), (6, True, (32, 4)), (8, True, (32, 92))],
)
def test_a_photo_stands_upright_and_tells_no_place(
    orientation: int, turned: bool, red_at: tuple[int, int]
) -> None:
    data = gps_jpeg(orientation)
    assert b"secret" in data
    photo = clean_photo(data, max_mb=10)
    assert b"secret" not in photo.data
    picture = cleaned(data)
    assert picture.size == (SIZE[::-1] if turned else SIZE)
    assert near(picture.getpixel(red_at), RED)
    assert dict(picture.getexif()) == {}
    assert "comment" not in picture.info


def test_a_heic_is_turned_once_and_tells_no_place() -> None:
    picture = Image.new("RGB", SIZE, RED)
    picture.paste(BLUE, (SIZE[0] // 2, 0, *SIZE))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "secret camera"
    out = io.BytesIO()
    pillow_heif.from_pillow(picture).save(out, exif=exif.tobytes(), quality=95)
    photo = clean_photo(out.getvalue())
    assert b"secret" in out.getvalue()
    assert b"secret" not in photo.data
    assert (photo.upload_width_px, photo.upload_height_px) == SIZE[::-1]
    clean = cleaned(out.getvalue())
    assert near(clean.getpixel((32, 4)), RED)
    assert near(clean.getpixel((32, 92)), BLUE)


def test_a_profile_is_followed_to_srgb_and_gone() -> None:
    """A profile whose red and green are swapped: what it calls red is green."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"tmp!").replace(b"gXYZ", b"rXYZ").replace(b"tmp!", b"gXYZ")
    swapped = swapped.replace("sRGB".encode("utf-16-be"), "other".encode("utf-16-be")[:8])
    swapped = swapped.replace(b"sRGB built-in", b"odd  built-in")
    for kind in ("PNG", "JPEG", "WEBP"):
        data = encoded(Image.new("RGB", SIZE, RED), kind, icc_profile=swapped, quality=95)
        assert near(cleaned(data).getpixel((48, 32)), GREEN, by=24), kind


def test_equal_uploads_are_equal_files_and_their_size_is_told() -> None:
    data = encoded(Image.effect_noise((3000, 1500), 90).convert("RGB"), "JPEG")
    one, other = clean_photo(data), clean_photo(data)
    assert one == other
    assert one.sha256 == hashlib.sha256(one.data).hexdigest()
    assert (one.upload_width_px, one.upload_height_px) == (3000, 1500)
    assert (one.width_px, one.height_px) == (2016, 1008)


@pytest.mark.parametrize("side", [100, 640, 5000])
def test_pixels_of_a_clean_photo(side: int) -> None:
    photo = clean_photo(encoded(Image.new("RGB", (1200, 600), BLUE), "PNG"))
    found = pixels(photo.data, side_px=side)
    longest = min(side, 1200)
    assert found.shape == (longest // 2, longest, 3)
    assert found.dtype == np.uint8
    assert np.abs(found.reshape(-1, 3).mean(0) - BLUE).max() < 4
    with pytest.raises(BadInput, match="깨져"):
        pixels(photo.data[:200], side_px=side)


def test_strips_meet_without_a_seam() -> None:
    """The box filter over strips gives what it gives over the whole picture."""
    tall = Image.linear_gradient("L").resize((3000, 3333)).convert("RGB")
    tall.paste(Image.effect_noise((3000, 3333), 60).convert("RGB"), (0, 900))
    source = Source(*tall.size, lambda top, bottom: tall.crop((0, top, 3000, bottom)))
    found = flatten(source, side_px=KEPT_SIDE_PX)
    # A row that begins in the very middle of one of the source's takes that one or leaves it.
    away = [
        np.abs(np.asarray(found).astype(int) - np.asarray(whole).astype(int)).max(axis=(1, 2))
        for low, high in ((0, 3333), (0, 3332.99), (0.01, 3333))
        for whole in [tall.resize(found.size, Image.Resampling.BOX, box=(0, low, 3000, high))]
    ]
    assert found.size == (1815, 2016)
    assert np.min(away, axis=0).max() <= 1


def test_no_more_are_decoded_at_once_than_may_be() -> None:
    inside, most, lock = 0, 0, threading.Lock()
    gate = _Gate()

    def one(_: int) -> None:
        nonlocal inside, most
        with gate.turn(2):
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.01)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, range(24)))
    assert (inside, most) == (0, 2)


def test_text_profile_and_appended_bytes_are_left_behind() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "secret author")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(Image.new("RGB", SIZE, RED), "PNG", pnginfo=info, icc_profile=profile)
    data += b"<script>secret script</script>"
    photo = clean_photo(data, max_mb=10)
    assert b"secret" not in photo.data
    picture = cleaned(data)
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_kept(kind: str) -> None:
    frames = [Image.new("RGB", SIZE, colour) for colour in (RED, GREEN, BLUE)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=40)
    assert near(cleaned(data).getpixel((48, 32)), RED)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_is_put_on_white(kind: str) -> None:
    picture = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    picture.paste((*RED, 255), (48, 0, *SIZE))
    clean = cleaned(encoded(picture, kind, lossless=True))
    assert near(clean.getpixel((8, 32)), (255, 255, 255))
    assert near(clean.getpixel((88, 32)), RED)


def _palette() -> bytes:
    picture = Image.new("P", SIZE, 0)
    picture.putpalette([0, 0, 0, *RED])
    picture.paste(1, (48, 0, *SIZE))
    return encoded(picture, "PNG", transparency=0)


def _key_colour() -> bytes:
    picture = Image.new("RGB", SIZE, (0, 0, 0))
    picture.paste(RED, (48, 0, *SIZE))
    return encoded(picture, "PNG", transparency=(0, 0, 0))


def _grey_alpha() -> bytes:
    picture = Image.new("LA", SIZE, (0, 0))
    picture.paste((90, 255), (48, 0, *SIZE))
    return encoded(picture, "PNG")


@pytest.mark.parametrize("make", [_palette, _key_colour, _grey_alpha])
def test_every_kind_of_transparency_becomes_white(make: Callable[[], bytes]) -> None:
    clean = cleaned(make())
    assert near(clean.getpixel((8, 32)), (255, 255, 255))
    assert not near(clean.getpixel((88, 32)), (255, 255, 255))


@pytest.mark.parametrize("level", [0, 60, 128, 200, 255])
def test_sixteen_bits_keep_their_brightness(level: int) -> None:
    picture = Image.new("I;16", SIZE, level * 257)
    assert near(cleaned(encoded(picture, "PNG")).getpixel((48, 32)), (level, level, level), by=3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_other_modes_keep_their_colours(mode: str) -> None:
    picture = Image.new("RGB", SIZE, RED).convert(mode, dither=Image.Dither.NONE)
    data = encoded(picture, "JPEG" if mode == "CMYK" else "PNG", quality=95)
    wanted = picture.convert("RGB").getpixel((48, 32))
    assert isinstance(wanted, tuple)
    assert near(cleaned(data).getpixel((48, 32)), wanted)


def test_a_large_photo_is_made_smaller_in_its_proportions() -> None:
    data = encoded(Image.new("RGB", (4800, 2400), GREEN), "JPEG")
    picture = cleaned(data)
    assert picture.size == (KEPT_SIDE_PX, KEPT_SIDE_PX // 2)
    assert near(picture.getpixel((100, 100)), GREEN)


def test_cleaning_twice_changes_nothing_but_the_bytes() -> None:
    first = clean_photo(encoded(Image.new("RGB", SIZE, BLUE), "BMP"), max_mb=1)
    second = clean_photo(first.data, max_mb=1)
    assert (first.width_px, first.height_px) == (second.width_px, second.height_px) == SIZE
