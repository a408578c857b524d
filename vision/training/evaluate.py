"""What a detector is worth on a YOLO folder, and the thresholds that validation pictures give it.

Runs in the default install: onnxruntime and numpy. Calibrate on one split, report on another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from errors import BadInput
from vision.card import Card, Platt
from vision.detector import Detector
from vision.labels import DETECTED, Label
from vision.measure import ap50, ap50_by_class, auroc, bootstrap, iou, threshold_at, tpr_at
from vision.types import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Sample", "Seen", "boxes_of", "calibrate", "figures", "look", "samples"]

Split = Literal["train", "val", "test"]
CLEAN_ALARMS = 0.01  # of clean validation pictures, at the operating threshold
WEAK_ALARMS = 0.15  # of them, at the floor from which a box is kept as a weak hint


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture of a YOLO folder and its true boxes (fractions); none for a clean one."""

    path: Path
    truths: tuple[tuple[Box, Label], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the network answered for a sample: (raw confidence, box, label), surest first."""

    truths: tuple[tuple[Box, Label], ...]
    boxes: tuple[tuple[float, Box, Label], ...]

    @property
    def best(self) -> float:
        """The surest box's raw confidence; 0 without any."""
        return self.boxes[0][0] if self.boxes else 0.0


def samples(folder: Path, split: Split) -> list[Sample]:
    """The pictures of ``folder``'s split, by name.

    Raises BadInput where a label file is not in YOLO's form or names a class we do not have.
    """
    labels = folder / "labels" / split
    found = sorted((folder / "images" / split).glob("*.jpg"))
    return [Sample(path, _truths(labels / f"{path.stem}.txt")) for path in found]


def _truths(path: Path) -> tuple[tuple[Box, Label], ...]:
    if not path.is_file():
        return ()
    rows = []
    for line in path.read_text("utf-8").splitlines():
        try:
            kind, x, y, wide, high = line.split()
            label = DETECTED[int(kind)]
            middle_x, middle_y, w, h = float(x), float(y), float(wide), float(high)
        except (ValueError, IndexError) as error:
            raise BadInput(f"YOLO 형식이 아닌 줄이 있어요: {path.name} {line!r}") from error
        box = (middle_x - w / 2, middle_y - h / 2, middle_x + w / 2, middle_y + h / 2)
        rows.append((box, label))
    return tuple(rows)


def look(detector: Detector, pictures: Sequence[Sample]) -> list[Seen]:
    """Run the network over ``pictures``; boxes of classes that are none of ours are left out."""
    return [Seen(one.truths, boxes_of(detector, rgb)) for one, rgb in _opened(pictures)]


def _opened(pictures: Sequence[Sample]) -> Iterator[tuple[Sample, NDArray[np.uint8]]]:
    import numpy as np
    from PIL import Image

    for one in pictures:
        with Image.open(one.path, formats=["JPEG"]) as picture:
            yield one, np.asarray(picture.convert("RGB"))


def boxes_of(detector: Detector, rgb: NDArray[np.uint8]) -> tuple[tuple[float, Box, Label], ...]:
    """The boxes of one picture that have a label of ours, surest first."""
    labels = detector.card.labels
    return tuple(
        (sure, box, label) for kind, sure, box in detector.raw(rgb) if (label := labels[kind])
    )


def calibrate(card: Card, seen: Sequence[Seen]) -> Card:
    """The card with thresholds and calibration fitted on validation pictures.

    Where there are no clean pictures or no damaged ones, it stays as it was.
    """
    best, damaged = [one.best for one in seen], [bool(one.truths) for one in seen]
    if all(damaged) or not any(damaged):
        return card
    threshold = max(_above(threshold_at(best, damaged, CLEAN_ALARMS)), 0.02)
    floor = min(_above(threshold_at(best, damaged, WEAK_ALARMS)), threshold)
    said, right = _judged(seen)
    return replace(
        card,
        threshold=threshold,
        floor=max(floor, 0.02),
        image=_platt(best, damaged) or card.image,
        finding=_platt(said, right) or card.finding,
    )


def _above(threshold: float) -> float:
    """The lowest confidence of four digits that is above ``threshold`` (alarms are ``>=``)."""
    return int(threshold * 10_000 + 1) / 10_000


def _judged(seen: Sequence[Seen]) -> tuple[list[float], list[bool]]:
    """Every box of 0.02 or more, and whether it lies on damage of its label (IoU ≥ .5)."""
    said, right = [], []
    for one in seen:
        free = list(one.truths)
        for sure, box, label in one.boxes:
            if sure < 0.02:
                break
            hit = next((t for t in free if t[1] == label and iou(t[0], box) >= 0.5), None)
            if hit:
                free.remove(hit)
            said.append(sure)
            right.append(hit is not None)
    return said, right


def _platt(raw: Sequence[float], true: Sequence[bool], rounds: int = 50) -> Platt | None:
    """Logistic regression on the logit by Newton's method; None where it cannot be fitted."""
    import numpy as np

    if len(set(true)) < 2:
        return None
    clipped = np.clip(np.asarray(raw, dtype=float), 1e-4, 1 - 1e-4)
    columns = np.stack([np.ones(len(clipped)), np.log(clipped / (1 - clipped))])
    # Platt's own targets: no certainty from few pictures.
    hits = int(sum(true))
    targets = np.where(true, (hits + 1) / (hits + 2), 1 / (len(true) - hits + 2))
    weights = np.zeros(2)
    for _ in range(rounds):
        said = 1 / (1 + np.exp(-weights @ columns))
        spread = said * (1 - said)
        curve = (columns * spread) @ columns.T + 1e-6 * np.eye(2)
        weights += np.linalg.solve(curve, columns @ (targets - said))
    bias, slope = (float(one) for one in weights)
    return Platt(round(bias, 4), round(slope, 4)) if slope > 0 else None


def figures(card: Card, seen: Sequence[Seen]) -> Mapping[str, Any]:
    """The honest table of one split: AP50 by class and of any class, ranking, false alarms.

    Shares are 0 to 1. "any" counts a box on damage as right whatever it calls it. A figure that
    the pictures do not allow (no clean ones, no damaged ones) is None.
    """
    best, damaged = [one.best for one in seen], [bool(one.truths) for one in seen]
    table: dict[str, Any] = {
        "pictures": len(seen), "damaged": sum(damaged), "clean": len(seen) - sum(damaged),
        "boxes": sum(len(one.truths) for one in seen), "ap50": None, "map50": None,
        "any_ap50": None, "auroc": None, "auroc_95": None, "tpr_at_2": None,
        "false_alarms": None, "found": None,
    }  # fmt: skip
    if any(damaged):
        per_class = ap50_by_class([one.boxes for one in seen], [one.truths for one in seen])
        table["map50"] = round(per_class.pop("all"), 4)
        table["ap50"] = {label: round(value, 4) for label, value in per_class.items()}
        table["any_ap50"] = round(
            ap50(
                [[(sure, box) for sure, box, _ in one.boxes] for one in seen],
                [[box for box, _ in one.truths] for one in seen],
            ),
            4,
        )
        alarms = [one.best >= card.threshold for one in seen if one.truths]
        table["found"] = round(sum(alarms) / len(alarms), 4)
    if not all(damaged):
        alarms = [one.best >= card.threshold for one in seen if not one.truths]
        table["false_alarms"] = round(sum(alarms) / len(alarms), 4)
    if any(damaged) and not all(damaged):
        table["auroc"] = round(auroc(best, damaged), 4)
        table["auroc_95"] = [round(end, 4) for end in bootstrap(auroc, best, damaged)]
        table["tpr_at_2"] = round(tpr_at(best, damaged, 0.02), 4)
    return table
