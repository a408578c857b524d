"""The detector: an ONNX network by onnxruntime that points at damage. A hint, never evidence.

Trained from generated pictures it finds little on real photographs (see the card's figures), so
fusion lets it confirm and suggest, never decide.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from errors import Unavailable
from vision.card import Card, sha256_of
from vision.labels import LABELS
from vision.onnx_session import open_session
from vision.types import Box, Finding, Opinion

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

__all__ = [
    "OWN",
    "SHIPPED",
    "Detector",
    "Eye",
    "open_judge",
    "opinion_of",
    "weights_in_use",
]

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "models" / "defects.onnx"
OWN = Path("models") / "vision" / "current.onnx"  # under DATA_DIR: what promote puts there
GREY = 114  # what ultralytics pads with in training
MAX_MB = 300
_OVERLAP = 0.5  # two boxes of one label that overlap this much (IoU) are one finding
_SHOWN = 10

Raw = tuple[int, float, Box]  # class, raw confidence, box in fractions


class Eye(Protocol):
    """What looks for damage on a picture: :class:`Detector`, or a user's .pt in a process."""

    def detect(self, rgb: Pixels) -> Opinion:
        """Its opinion of an upright picture (uint8 RGB, height × width × 3)."""
        ...


def weights_in_use(data_path: Path, configured: str = "") -> Path:
    """The weights to load: the setting's, else the shop's promoted ones, else the shipped."""
    if configured:
        return Path(configured).expanduser()
    return data_path / OWN if (data_path / OWN).is_file() else SHIPPED


def open_judge(path: Path) -> Eye:
    """The judge of a weights file: .onnx in this process, .pt in a process of its own.

    Raises Unavailable, in Korean, where it cannot be loaded (MissingExtra: .pt without the
    vision extra).
    """
    if path.suffix.lower() != ".pt":
        return Detector.load(path)
    from vision.yolo_client import Worker

    return Worker(path)


class Detector:
    """One network in memory. ``detect`` may be called from several threads at once."""

    def __init__(self, session: onnxruntime.InferenceSession, card: Card, sha256: str) -> None:
        self.card = card
        self.sha256 = sha256
        self._session = session
        self._input = session.get_inputs()[0]

    @classmethod
    def load(cls, path: Path, *, sha256: str | None = None) -> Detector:
        """Load ``path`` (.onnx) with the card beside it (.json; without one, from its names).

        Raises Unavailable, in Korean, where the file is missing, larger than MAX_MB, no network
        of this kind, or not the one whose SHA-256 the caller or the card names.
        """
        data = _read(path)
        found = sha256_of(data)
        beside = path.with_suffix(".json")
        card = Card.read(beside) if beside.is_file() else None
        wanted = sha256 or (card.sha256 if card else "")
        if wanted and wanted != found:
            raise Unavailable(
                f"가중치({path.name})가 모델 카드의 SHA-256과 달라요. 바뀌었거나 깨졌으니 "
                "원래 파일을 다시 넣어 주세요."
            )
        session = _session(data, path.name)
        if card is None:
            card = Card.of_weights(path.stem, session.get_modelmeta().custom_metadata_map)
        return cls(session, card, found)

    @property
    def model(self) -> str:
        """The card's name and the beginning of the weights' SHA-256, as reports keep it."""
        return f"{self.card.name}@{self.sha256[:8]}"

    def detect(self, rgb: Pixels) -> Opinion:
        """What the network sees on an upright picture (uint8 RGB, height × width × 3)."""
        began = time.perf_counter()
        found = self.raw(rgb)
        return opinion_of(found, self.card, self.model, (time.perf_counter() - began) * 1000)

    def raw(self, rgb: Pixels) -> list[Raw]:
        """Every box above a hundredth: (class, raw confidence, box), surest first."""
        import numpy as np

        side = self.card.side_px
        square, scale, left, top = _letterbox(rgb, side)
        kind = np.float16 if "float16" in self._input.type else np.float32
        planes = (square.transpose(2, 0, 1)[None] / np.float32(255)).astype(kind)
        (answer, *_) = self._session.run(None, {self._input.name: planes})
        rows = _rows(np.asarray(answer[0], dtype=np.float32), len(self.card.labels))
        high, wide = rgb.shape[:2]
        edges = rows[:, :4] - np.array([left, top, left, top], dtype=np.float32)
        edges /= np.array([wide, high, wide, high], dtype=np.float32) * scale
        boxes = edges.clip(0, 1).astype(float)
        return [
            (int(row[5]), float(row[4]), (box[0], box[1], box[2], box[3]))
            for row, box in zip(rows, boxes.tolist(), strict=True)
            if box[0] < box[2] and box[1] < box[3]
        ]


def opinion_of(found: Iterable[Raw], card: Card, model: str, took_ms: float) -> Opinion:
    """The judge's opinion from raw boxes: thresholds and calibration of the card applied.

    ``score`` is the calibrated probability that the picture shows damage.
    """
    from vision.measure import iou

    known = [
        (label, sure, box)
        for kind, sure, box in sorted(found, key=lambda one: -one[1])
        if kind < len(card.labels) and (label := card.labels[kind])
    ]
    kept: list[Finding] = []
    for label, sure, box in known:
        if sure < card.floor or len(kept) == _SHOWN:
            break
        if all(one.label != label or iou(one.box, box) < _OVERLAP for one in kept):
            kept.append(Finding(label, card.finding.at(sure), box, ("detector",)))
    best = known[0][1] if known else 0.0
    # Calibration only rises, so the threshold holds for calibrated confidences as well.
    counting = [one for one in kept if one.confidence >= card.finding.at(card.threshold)]
    return Opinion(
        "detector", "seen" if counting else "clear", card.image.at(best), tuple(kept),
        _reason(card, counting), model, took_ms,
    )  # fmt: skip


def _reason(card: Card, findings: Iterable[Finding]) -> str:
    counts = Counter(LABELS[one.label] for one in findings)
    if not counts:
        return f"{card.title}: 짚은 곳이 없어요. 손상이 없다는 뜻은 아니에요."
    words = ", ".join(f"{word} {count}곳" for word, count in counts.items())
    return f"{card.title}: 손상처럼 보이는 곳을 짚었어요({words})."


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_MB * 1_000_000:
            raise Unavailable(f"가중치({path.name})가 너무 커요. {MAX_MB}MB까지 쓸 수 있어요.")
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(f"가중치 파일을 읽을 수 없어요: {path}") from error


def _session(data: bytes, name: str) -> onnxruntime.InferenceSession:
    try:
        session = open_session(data)
        shape: list[Any] = session.get_inputs()[0].shape
    except ImportError as error:
        raise Unavailable("onnxruntime이 없어요. make setup을 다시 실행해 주세요.") from error
    except Exception as error:  # onnxruntime's errors share no base class but Exception
        raise Unavailable(f"가중치({name})를 열 수 없어요. ONNX 파일인지 확인해 주세요.") from error
    if len(shape) != 4 or len(session.get_inputs()) != 1:
        raise Unavailable(f"가중치({name})가 사진을 받는 탐지 모델이 아니에요.")
    return session


def _letterbox(rgb: Pixels, side: int) -> tuple[Pixels, float, int, int]:
    """The picture inside a grey square of ``side``: square, its scale, and where it begins."""
    import cv2
    import numpy as np

    high, wide = rgb.shape[:2]
    scale = side / max(high, wide)
    size = max(round(wide * scale), 1), max(round(high * scale), 1)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = rgb if size == (wide, high) else cv2.resize(rgb, size, interpolation=way)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    square: Pixels = np.full((side, side, 3), GREY, np.uint8)
    square[top : top + size[1], left : left + size[0]] = small
    return square, scale, left, top


def _rows(answer: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """Rows of x1, y1, x2, y2 (pixels of the square), confidence, class; surest first.

    Takes both forms that ultralytics exports: the end-to-end head's (boxes × 6) and the older
    one ((4 + classes) × anchors, centre and size), which still needs the overlapping dropped.
    """
    import numpy as np

    if answer.ndim != 2:
        raise Unavailable("가중치의 출력이 탐지 모델의 것이 아니에요.")
    if answer.shape[1] == 6 and answer.shape[0] != 4 + classes:
        rows = answer
    elif answer.shape[0] == 4 + classes:
        scores = answer[4:].max(axis=0)
        middle, half = answer[:2], answer[2:4] / 2
        kind = answer[4:].argmax(axis=0)
        rows = np.vstack([middle - half, middle + half, scores, kind]).T
    else:
        raise Unavailable("가중치의 출력이 탐지 모델의 것이 아니에요.")
    rows = rows[rows[:, 4] >= 0.01]
    ordered: NDArray[np.float32] = rows[np.argsort(-rows[:, 4], kind="stable")][:300]
    return ordered
