"""A photo to its report without a language model: alone, and two at once as two cores allow.

Upload bytes of phone size (12 megapixels) are made safe, judged and joined: everything a
customer waits for but the network. The scenes are generated, drawn before the clock starts.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.timing import figures
from vision.decoding import clean_photo
from vision.generate.cases import TEST_SEED, Scene, case
from vision.inspector import Inspector
from vision.types import Report

__all__ = ["run"]

PHOTOS = 40
PHONE_PX = (4032, 3024)
MAX_MB = 10


def run() -> dict[str, float]:
    """Milliseconds from upload to report (p50, p95; of processor time too), and the same with
    two customers at once."""
    scenes = {str(number): case(TEST_SEED + number) for number in range(PHOTOS)}
    uploads = {name: _phone(scene.photo) for name, scene in scenes.items()}
    inspector = Inspector()

    def judge(name: str) -> Report:
        return _judge(inspector, uploads[name], scenes[name])

    judge("0")  # the weights are read once
    found = figures("photo_report", scenes, judge)
    return found | _at_once(list(scenes), judge)


def _judge(inspector: Inspector, upload: bytes, scene: Scene) -> Report:
    photo = clean_photo(upload, max_mb=MAX_MB)
    return inspector.inspect(photo.data, [scene.reference])


def _at_once(names: Sequence[str], judge: Callable[[str], Report]) -> dict[str, float]:
    spent: list[float] = []

    def timed(name: str) -> None:
        started = time.perf_counter()
        judge(name)
        spent.append((time.perf_counter() - started) * 1000)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(timed, names))
    return {
        "photo_report_two_at_once_p50_ms": statistics.median(spent),
        "photo_report_two_at_once_p95_ms": statistics.quantiles(spent, n=20)[-1],
    }


def _phone(photo: bytes) -> bytes:
    """The scene as large as a phone takes it, with more of its ground on both sides."""
    import cv2
    import numpy as np
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(photo)) as picture:
        square = np.asarray(picture.resize((PHONE_PX[1],) * 2, Image.Resampling.BICUBIC))
    beside = (PHONE_PX[0] - PHONE_PX[1]) // 2
    whole = cv2.copyMakeBorder(square, 0, 0, beside, beside, cv2.BORDER_REFLECT_101)
    Image.fromarray(whole).save(out, "JPEG", quality=88)
    return out.getvalue()


if __name__ == "__main__":
    for figure, value in run().items():
        print(f"{figure:40} {value:10.2f}")
