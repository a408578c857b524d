"""One process that is fed with every file of a folder and watches itself.

``python -m tests.vision.hostile.run FOLDER [judge]`` prints a JSON line for each file and one
for the process: its peak memory and whatever it touched that it should not have. With "judge"
each clean picture goes on through the inspector.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime  # noqa: F401  (in memory, as in the server)
import pillow_heif  # noqa: F401
from PIL import Image, ImageCms

from errors import BadInput
from vision.decoding import CleanPhoto, clean_photo, pixels

__all__ = ["main"]

Whole = Callable[[CleanPhoto], None]
_JFIF = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
_FORBIDDEN = (
    "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "os.startfile",
    "socket.", "urllib.", "http.client", "ftplib.", "webbrowser.", "ctypes.dlopen", "pty.spawn",
    "os.remove", "os.rename", "os.mkdir", "shutil.", "tempfile.", "os.chmod", "os.link",
    "os.symlink", "exec", "compile", "marshal.loads", "pickle.",
)  # fmt: skip


class Watch:
    """What the process touched since :meth:`begin`: audit events (PEP 578)."""

    def __init__(self, folder: Path) -> None:
        self.seen: set[str] = set()
        self._folder, self._on = str(folder), False
        sys.addaudithook(self._hook)

    def begin(self) -> None:
        """From now on everything counts."""
        self._on = True

    def end(self) -> None:
        """What the runner does itself counts no more."""
        self._on = False

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event == "open":
            path, mode, flags = str(arguments[0]), arguments[1], arguments[2]
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes or not path.startswith((self._folder, "/proc/self")):
                self.seen.add(f"open {path} {mode}")
        elif event == "import":
            self.seen.add(f"import {arguments[0]}")
        elif event.startswith(_FORBIDDEN):
            self.seen.add(f"{event} {arguments!r}"[:200])


def _peak_mb() -> float:
    """The most memory this process ever had at once (MB), not its parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit("no VmHWM")


def _look(data: bytes, whole: Whole) -> dict[str, Any]:
    """Clean one file; what it is then, or with which words it was refused."""
    try:
        photo = clean_photo(data)
    except BadInput as error:
        return {"outcome": "refused", "text": error.message}
    whole(photo)
    with Image.open(io.BytesIO(photo.data), formats=["JPEG"]) as picture:
        picture.load()
        middle = np.asarray(picture)[picture.height // 2, picture.width // 2].tolist()
        return {
            "outcome": "clean",
            "bare": set(picture.info) <= _JFIF and not picture.getexif(),
            "leaks": b"SECRET" in photo.data or b"\xff\xe1" in photo.data[:64],
            "right": (picture.format, picture.mode, picture.size)
            == ("JPEG", "RGB", (photo.width_px, photo.height_px)),
            "upload": [photo.upload_width_px, photo.upload_height_px],
            "stored": [photo.width_px, photo.height_px],
            "middle": middle,
        }


def _pixels_only(photo: CleanPhoto) -> None:
    small = pixels(photo.data, side_px=640)
    assert small.dtype == np.uint8
    assert max(small.shape[:2]) <= 640


def _judging() -> Whole:
    """The whole way of a photo: with the detector, compared with a catalogue picture."""
    from vision.inspector import Inspector
    from vision.types import Reference

    inspector = Inspector(workers=1)
    catalogue = Image.effect_noise((480, 480), 80).convert("RGB")
    out = io.BytesIO()
    catalogue.save(out, "JPEG")
    reference = Reference("p_1", "", clean_photo(out.getvalue()).data)

    def judge(photo: CleanPhoto) -> None:
        size = (photo.upload_width_px, photo.upload_height_px)
        report = inspector.inspect(photo.data, [reference], upload_px=size)
        assert report.verdict in ("retake", "review", "damage")
        assert "이상 없" not in json.dumps(report.as_dict(), ensure_ascii=False)

    return judge


def _warm(whole: Whole) -> None:
    """Let everything be imported that sound pictures need."""
    import pillow_heif as heif

    picture = Image.effect_noise((300, 200), 90).convert("RGB")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF"):
        out = io.BytesIO()
        picture.save(out, kind, icc_profile=profile, exif=Image.Exif().tobytes())
        _look(out.getvalue(), whole)
    out = io.BytesIO()
    heif.from_pillow(picture).save(out)
    _look(out.getvalue(), whole)


def main(arguments: list[str]) -> None:
    """Feed the files of the folder in the order of their names."""
    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")  # told once, they read the source line they came from
    folder = Path(arguments[0])
    whole = _judging() if "judge" in arguments else _pixels_only
    watch = Watch(folder)
    _warm(whole)
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        started = time.perf_counter()
        watch.begin()
        try:
            found = _look(data, whole)
        except Exception as error:  # told to the test, which fails on it
            found = {"outcome": "error", "text": f"{type(error).__name__}: {error}"}
        watch.end()
        took = time.perf_counter() - started
        del data
        line = {"name": path.name, "took_s": took, "peak_mb": _peak_mb(), **found}
        print(json.dumps(line, ensure_ascii=False), flush=True)
    print(json.dumps({"peak_mb": _peak_mb(), "touched": sorted(watch.seen)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
