"""Which detector looks for damage: the setting's, the shop's promoted one, or the shipped.

What is told of it comes from the card beside the weights; nothing here loads a network.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from errors import SangdamError
from vision.card import Card, sha256_of
from vision.detector import OWN, SHIPPED, weights_in_use
from vision.types import Opinion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vision.detector import Eye

__all__ = ["DetectorInfo", "OwnWeights", "Stamp", "detector_info", "eye_of", "stamp"]

log = logging.getLogger("sangdam.photos")
Origin = Literal["shipped", "promoted", "own"]
Stamp = tuple[str, int, int, int]  # path, size, mtime_ns of the weights and of their card


@dataclass(frozen=True, slots=True)
class DetectorInfo:
    """The detector in force, by its card.

    ``origin``: shipped with the program, promoted from the shop's own training, or the setting
    ``detector_weights``. ``example``: trained on drawn pictures only, a hint and no more.
    ``figures`` are the card's, measured on test pictures. ``error`` is Korean, "" where the
    file can be used as far as can be told without loading it.
    """

    name: str
    title: str
    origin: Origin
    example: bool
    path: Path
    sha256: str = ""
    size_bytes: int = 0
    labels: tuple[str, ...] = ()
    licence: str = ""
    made: str = ""
    trained: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def stamp(data_path: Path, configured: str = "") -> Stamp:
    """What changes when other weights come into force."""
    path = weights_in_use(data_path, configured)
    size, changed = _seen(path)
    return str(path), size, changed, _seen(path.with_suffix(".json"))[1]


def detector_info(data_path: Path, configured: str = "") -> DetectorInfo:
    """The detector in force; whatever is wrong with it is told, never raised."""
    return _info(stamp(data_path, configured), str(data_path / OWN))


def eye_of(path: Path) -> Path | Eye:
    """What the inspector is given: a path of ONNX weights, or a process for a .pt file."""
    return OwnWeights(path) if path.suffix.lower() == ".pt" else path


class OwnWeights:
    """A user's .pt file in its process, which starts beside the first photos.

    Starting takes seconds to minutes; until then the detector is absent and says so.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._started = False
        self._worker: Eye | None = None
        self._reason = "직접 넣은 검출 모델을 준비하고 있어요."

    def detect(self, rgb: NDArray[np.uint8]) -> Opinion:
        """Its opinion of an upright picture (uint8 RGB, HxWx3). Raises Unavailable."""
        with self._lock:
            if not self._started:
                self._started = True
                threading.Thread(target=self._start, name="own-weights", daemon=True).start()
        if self._worker is None:
            return Opinion("detector", "absent", reason=self._reason)
        return self._worker.detect(rgb)

    def _start(self) -> None:
        from vision.yolo_client import Worker

        try:
            self._worker = worker = Worker(self._path)
            # Other weights come into force: the last photo lets go of these, and they end.
            weakref.finalize(self, worker.close)
        except SangdamError as error:
            self._reason = error.message
            log.warning("the weights %s cannot be used: %s", self._path.name, error.message)
        except Exception:
            self._reason = "직접 넣은 검출 모델을 시작하지 못했어요. 로그를 확인해 주세요."
            log.exception("the weights %s could not be started", self._path.name)


def _seen(path: Path) -> tuple[int, int]:
    """Size and time of change (ns) of a file; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=4)
def _info(at: Stamp, promoted: str) -> DetectorInfo:
    """Read anew when the weights or their card change: hashing 10 MB takes 10 ms."""
    path = Path(at[0])
    origin: Origin = "own"
    if path == SHIPPED:
        origin = "shipped"
    elif at[0] == promoted:
        origin = "promoted"
    plain = DetectorInfo(path.stem, f"직접 넣은 모델 ({path.stem})", origin, False, path)
    try:
        data = path.read_bytes()
        sha256, beside = sha256_of(data), path.with_suffix(".json")
        card = Card.read(beside) if beside.is_file() else None
    except OSError:
        return _failed(plain, "검출 모델 파일을 읽을 수 없어요. 파일이 있는지 확인해 주세요.")
    except SangdamError as error:
        return _failed(plain, error.message)
    if card is None:
        wrong = "모델 카드가 없어요." if origin == "shipped" else ""
        return _of(plain, Card(plain.name, plain.title, ()), sha256, len(data), wrong)
    wrong = ""
    if card.sha256 and card.sha256 != sha256:
        wrong = "검출 모델 파일이 모델 카드의 SHA-256과 달라요. 원래 파일을 다시 넣어 주세요."
    return _of(plain, card, sha256, len(data), wrong)


def _failed(plain: DetectorInfo, error: str) -> DetectorInfo:
    return DetectorInfo(
        plain.name, plain.title, plain.origin, plain.origin == "shipped", plain.path, error=error
    )


def _of(plain: DetectorInfo, card: Card, sha256: str, size: int, error: str) -> DetectorInfo:
    return DetectorInfo(
        card.name, card.title, plain.origin, plain.origin == "shipped", plain.path, sha256, size,
        tuple(label for label in card.labels if label), card.licence, card.made, card.trained,
        card.figures, error,
    )  # fmt: skip
