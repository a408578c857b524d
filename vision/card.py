"""A detector's card: what stands beside the weights, and what the weights may be believed.

``defects.onnx`` has ``defects.json`` (this) and ``defects.md`` (for people). The card names the
labels, the square the network sees, the thresholds and the calibration fitted on validation
pictures, the SHA-256 of the weights, and the figures measured on test pictures.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from errors import Unavailable
from vision.labels import LABELS, Label

__all__ = ["Card", "Platt", "as_label", "sha256_of"]

EXAMPLE = "예시 모델 (합성 이미지로 학습)"
# Names that other people's weights use for what we name; ours and the Korean ones need no row.
_ALIASES: Mapping[str, Label] = {
    "scratches": "scratch",
    "cracks": "crack",
    "cracked": "crack",
    "dents": "dent",
    "dented": "dent",
    "stains": "stain",
    "spot": "stain",
    "holes": "hole",
    "tear": "hole",
    "torn": "hole",
    "break": "broken",
    "shattered": "broken",
    "glass_shatter": "broken",
    "crushed": "crushed_box",
    "damaged_box": "crushed_box",
    "missing": "missing_part",
}


@dataclass(frozen=True, slots=True)
class Platt:
    """Calibration (Platt, 1999): ``sigmoid(bias + slope × logit(raw))``; as it is by default."""

    bias: float = 0.0
    slope: float = 1.0

    def at(self, raw: float) -> float:
        """The probability (0 to 1) that a raw confidence (0 to 1) is worth."""
        raw = min(max(raw, 1e-4), 1 - 1e-4)  # as where it was fitted: nothing seen is 1e-4
        odds = self.bias + self.slope * math.log(raw / (1 - raw))
        return 0.5 * (1 + math.tanh(odds / 2))  # the sigmoid, without exp's overflow


@dataclass(frozen=True, slots=True)
class Card:
    """``labels`` in the order of the network's classes, None for one we do not know.

    ``threshold`` is the raw confidence from which a box counts (at most 1 % of clean validation
    pictures have one), ``floor`` that from which a box is kept as a weak hint. ``side_px`` is
    the side of the square the network sees.
    """

    name: str
    title: str
    labels: tuple[Label | None, ...]
    side_px: int = 256
    sha256: str = ""
    threshold: float = 0.25
    floor: float = 0.1
    image: Platt = Platt()
    finding: Platt = Platt()
    licence: str = ""
    made: str = ""
    trained: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Card:
        """The card of a JSON file. Raises Unavailable where it is none."""
        try:
            raw = json.loads(path.read_text("utf-8"))
            parts = {**raw, "labels": tuple(raw["labels"])}
            parts |= {key: Platt(**raw[key]) for key in ("image", "finding") if key in raw}
            card = cls(**parts)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(
                f"모델 카드({path.name})를 읽을 수 없어요. 가중치와 함께 다시 넣어 주세요."
            ) from error
        if any(one is not None and one not in LABELS for one in card.labels):
            raise Unavailable(f"모델 카드({path.name})에 모르는 이름이 있어요.")
        return card

    @classmethod
    def of_weights(cls, name: str, metadata: Mapping[str, str]) -> Card:
        """The card of weights without one, from what ultralytics writes into an ONNX file."""
        try:
            names = ast.literal_eval(metadata.get("names", "{}"))
            sides = ast.literal_eval(metadata.get("imgsz", "[256]"))
            labels = tuple(as_label(names[index]) for index in range(len(names)))
            side_px = max(int(one) for one in sides)
        except (ValueError, SyntaxError, KeyError, TypeError) as error:
            raise Unavailable(
                f"가중치({name})에 클래스 이름이 없어요. ultralytics로 내보낸 ONNX를 넣어 주세요."
            ) from error
        return cls(name, f"직접 넣은 모델 ({name})", labels, side_px)

    def write(self, path: Path) -> None:
        """As JSON, readable by :meth:`read`."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        path.write_text(text + "\n", "utf-8")

    @property
    def unknown(self) -> int:
        """How many of the network's classes are none of ours and are passed over."""
        return sum(one is None for one in self.labels)


def as_label(name: str) -> Label | None:
    """Our label for a class name of somebody's weights; None where we have none for it."""
    plain = "_".join(str(name).strip().lower().replace("-", " ").split())
    if plain in _ALIASES:
        return _ALIASES[plain]
    return next(
        (label for label, korean in LABELS.items() if plain in (label, korean.replace(" ", "_"))),
        None,
    )


def sha256_of(data: bytes | Sequence[bytes]) -> str:
    """Hexadecimal SHA-256 of weights."""
    digest = hashlib.sha256()
    for part in [data] if isinstance(data, bytes) else data:
        digest.update(part)
    return digest.hexdigest()
