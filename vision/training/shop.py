"""Staff's corrections as a YOLO folder to learn from: pictures, boxes, a manifest.

Nothing of the customer goes in: pictures are named by their content, and what a picture is
grouped by (its claim, else its order, else itself) decides the split but is not written.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from vision.labels import DETECTED
from vision.types import Box

__all__ = ["Corrected", "Exported", "split_of", "write_folder"]

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
TRAIN_SHARE, VALID_SHARE = 70, 15  # percent; the rest is held out


@dataclass(frozen=True, slots=True)
class Corrected:
    """A photo (JPEG without metadata) and what staff say is on it; no boxes: nothing.

    ``group`` is what may not straddle splits; ``corrected_at`` an ISO time.
    """

    jpeg: bytes
    boxes: tuple[tuple[str, Box], ...]
    group: str
    corrected_at: str


@dataclass(frozen=True, slots=True)
class Exported:
    """How many pictures went where; ``left_out`` have only labels no detector is trained for."""

    folder: Path
    pictures: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]
    left_out: int

    def __str__(self) -> str:
        """What happened, in Korean, for the command's user."""
        counts = " · ".join(f"{split} {count}" for split, count in self.pictures.items())
        left = (
            f"\n검출 모델이 배우지 않는 표시만 있는 {self.left_out}장은 뺐습니다."
            if self.left_out
            else ""
        )
        return f"{self.folder}에 사진 {sum(self.pictures.values())}장을 썼습니다({counts}).{left}"


def split_of(group: str) -> Split:
    """The split of a claim, order or picture: the same at every export, 70 / 15 / 15 %."""
    digest = hashlib.sha256(f"sangdam split {group}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") % 100
    if place < TRAIN_SHARE:
        return "train"
    return "val" if place < TRAIN_SHARE + VALID_SHARE else "test"


def write_folder(rows: Iterable[Corrected], folder: Path) -> Exported:
    """Write images/{split}, labels/{split}, data.yaml and manifest.json under ``folder``.

    Of a picture that was corrected more than once the last one counts. What an earlier export
    left there is removed, so that a photo deleted in the shop is not learnt from.
    """
    latest = {hashlib.sha256(row.jpeg).hexdigest(): row for row in rows}
    _clear(folder)
    entries: list[dict[str, Any]] = []
    left_out = 0
    for name, row in sorted(latest.items()):
        known = [(label, box) for label, box in row.boxes if label in DETECTED]
        if row.boxes and not known:
            left_out += 1
            continue
        split = split_of(row.group)
        (folder / "images" / split / f"{name}.jpg").write_bytes(row.jpeg)
        lines = [_line(label, box) for label, box in known]
        (folder / "labels" / split / f"{name}.txt").write_text("".join(lines), "utf-8")
        entries.append(
            {"sha256": name, "split": split, "labels": sorted(label for label, _ in known),
             "corrected_at": row.corrected_at}
        )  # fmt: skip
    return _finish(folder, entries, left_out)


def _clear(folder: Path) -> None:
    for kind, ending in (("images", "jpg"), ("labels", "txt")):
        for split in SPLITS:
            place = folder / kind / split
            place.mkdir(parents=True, exist_ok=True)
            for old in place.glob(f"*.{ending}"):
                old.unlink()


def _line(label: str, box: Box) -> str:
    """YOLO's row: class, middle, width and height, as fractions."""
    x1, y1, x2, y2 = (min(max(edge, 0.0), 1.0) for edge in box)
    kind = [str(one) for one in DETECTED].index(label)
    return f"{kind} {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}\n"


def _finish(folder: Path, entries: list[dict[str, Any]], left_out: int) -> Exported:
    pictures: dict[str, int] = {
        split: sum(one["split"] == split for one in entries) for split in SPLITS
    }
    labels: dict[str, dict[str, int]] = {
        split: dict(
            sorted(
                Counter(
                    label
                    for one in entries
                    if one["split"] == split
                    for label in one["labels"] or ["clean"]
                ).items()
            )
        )
        for split in SPLITS
    }
    names = "".join(f"  {number}: {label}\n" for number, label in enumerate(DETECTED))
    paths = "".join(f"{split}: images/{split}\n" for split in SPLITS)
    (folder / "data.yaml").write_text(f"path: .\n{paths}names:\n{names}", "utf-8")
    manifest = {
        "split_by": "claim, else order, else picture",
        "pictures": pictures,
        "labels": labels,
        "left_out": left_out,
        "entries": entries,
    }
    fresh = folder / "manifest.json.new"
    fresh.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")
    os.replace(fresh, folder / "manifest.json")
    return Exported(folder, pictures, labels, left_out)
