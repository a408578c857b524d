"""Whether trained weights replace the ones in use: only if better on the shop's own pictures.

Better means a higher mAP50 and no more false alarms on the held-out pictures of an export, of
which there must be enough to tell.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import BadInput, NotAllowedNow
from vision.detector import OWN, Detector, weights_in_use
from vision.training.evaluate import figures, look, samples

__all__ = ["NEEDED", "Compared", "compare", "promote"]

NEEDED = 20  # held-out pictures of the shop


@dataclass(frozen=True, slots=True)
class Compared:
    """The figures of the weights in use (``now``) and of the candidate, on the same pictures."""

    pictures: int
    now: Mapping[str, Any]
    candidate: Mapping[str, Any]
    now_model: str
    candidate_model: str

    @property
    def better(self) -> bool:
        """Whether the candidate finds more and alarms falsely no more often."""
        alarms, before = self.candidate["false_alarms"], self.now["false_alarms"]
        return bool(
            self.candidate["map50"] > self.now["map50"] and (alarms or 0.0) <= (before or 0.0)
        )

    @property
    def words(self) -> str:
        """The comparison in two Korean lines."""
        return "\n".join(
            f"{name} {model}: mAP50 {row['map50']:.3f} · 헛짚음 {_percent(row['false_alarms'])}"
            for name, model, row in (
                ("쓰는 것", self.now_model, self.now),
                ("새것  ", self.candidate_model, self.candidate),
            )
        )


def _percent(share: float | None) -> str:
    return "잴 수 없음" if share is None else f"{share:.1%}"


def compare(candidate: Path, folder: Path, data_path: Path) -> Compared:
    """Measure ``candidate`` (.onnx) and the weights in use on ``folder``'s held-out pictures.

    Raises NotAllowedNow where they are too few or show no damage, Unavailable where weights
    cannot be loaded.
    """
    pictures = samples(folder, "test")
    if len(pictures) < NEEDED:
        raise NotAllowedNow(
            f"비교할 사진이 {NEEDED - len(pictures)}장 모자라요. 따로 떼어 둔 사진이 "
            f"{NEEDED}장 있어야 하는데 지금은 {len(pictures)}장이에요. 사진을 더 고쳐 "
            "표시한 뒤 다시 내보내 주세요."
        )
    if not any(one.truths for one in pictures):
        raise NotAllowedNow("따로 떼어 둔 사진에 손상이 표시된 것이 없어서 비교할 수 없어요.")
    rows = []
    for path in (weights_in_use(data_path), candidate):
        detector = Detector.load(path)
        rows.append((detector.model, figures(detector.card, look(detector, pictures))))
    (now_model, now), (new_model, new) = rows
    return Compared(len(pictures), now, new, now_model, new_model)


def promote(candidate: Path, folder: Path, data_path: Path) -> Compared:
    """Put ``candidate`` in use if it is better; the ones before are kept as previous.onnx.

    Raises NotAllowedNow where it is not better (the message has the figures), BadInput where it
    has no card beside it, and what :func:`compare` raises.
    """
    if not candidate.with_suffix(".json").is_file():
        raise BadInput(f"모델 카드({candidate.with_suffix('.json').name})가 가중치 옆에 없어요.")
    compared = compare(candidate, folder, data_path)
    if not compared.better:
        raise NotAllowedNow(
            f"새 가중치가 더 낫지 않아서 바꾸지 않았어요.\n{compared.words}",
        )
    target = data_path / OWN
    target.parent.mkdir(parents=True, exist_ok=True)
    for ending in (".json", ".onnx"):
        here, before = target.with_suffix(ending), target.with_name(f"previous{ending}")
        if here.exists():
            _replace(here, before)
        else:
            before.unlink(missing_ok=True)
    # The card first: weights that do not match the card beside them are refused, so that a
    # reader in between sees an error it survives, never weights with another's thresholds.
    for ending in (".json", ".onnx"):
        _replace(candidate.with_suffix(ending), target.with_suffix(ending))
    notes = candidate.with_suffix(".md")
    if notes.is_file():
        _replace(notes, target.with_suffix(".md"))
    return compared


def _replace(source: Path, target: Path) -> None:
    """Copy so that ``target`` is at no moment half written, not even after a power cut."""
    fresh = target.with_name(target.name + ".new")
    with source.open("rb") as old, fresh.open("wb") as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())
    os.replace(fresh, target)
