"""One training run by ultralytics: from scratch, or on from weights; needs the vision extra.

The network is built from ultralytics' description of it, so that nothing is downloaded; the
pictures are a YOLO folder (``images/train``, ``labels/train``, …, see
:mod:`vision.generate.dataset`), more folders may be mixed in.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from errors import BadInput
from vision.labels import DETECTED
from vision.training.guards import faster_training, guard, stand_in_for_torchvision

__all__ = ["Recipe", "train"]

Progress = Callable[[int, int, float], None]  # epoch done, epochs, validation mAP50


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a run trains. ``side_px`` is the square the network sees; ``rate`` the highest learning
    rate of MuSGD (in a trial of 120 steps mAP50 .48, AdamW's .18); ``hours`` (None: no limit)
    ends the run instead of ``epochs``, and the learning rate then follows the clock, so that a
    run on a busy machine ends as settled as on a quiet one. Mosaic is off: at 256 px it shrinks
    damage to a few pixels."""

    model: str = "yolo26n"
    epochs: int = 12
    side_px: int = 256
    batch: int = 16
    rate: float = 0.01
    seed: int = 0
    hours: float | None = None
    threads: int = 2

    def arguments(self) -> dict[str, Any]:
        """As ultralytics' trainer takes them."""
        return {
            "epochs": 10_000 if self.hours else self.epochs, "imgsz": self.side_px,
            "batch": self.batch, "nbs": self.batch, "optimizer": "MuSGD", "lr0": self.rate,
            "lrf": 1.0, "momentum": 0.9, "weight_decay": 0.0005,
            "warmup_epochs": 0.5, "warmup_bias_lr": 0.0, "mosaic": 0.0, "close_mosaic": 0,
            "scale": 0.25, "translate": 0.1, "flipud": 0.3, "fliplr": 0.5, "hsv_h": 0.01,
            "hsv_s": 0.4, "hsv_v": 0.3, "seed": self.seed, "deterministic": False,
            "cache": "ram", "workers": 0, "device": "cpu", "plots": False, "save_period": 1,
            "patience": 1000, "nms": False, "amp": False, "pretrained": False,
        }  # fmt: skip


def train(
    folder: Path,
    out: Path,
    recipe: Recipe | None = None,
    *,
    mixed: Sequence[Path] = (),
    start: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Train on a YOLO folder; returns the best weights (.pt) by validation mAP50-95.

    ``mixed`` folders add their training pictures; ``start`` are weights (.pt) to go on from.
    Everything is written under ``out`` (``weights/epochN.pt`` after each epoch). Raises BadInput
    where a folder has no training pictures, Unavailable without the vision extra.
    """
    recipe = recipe or Recipe()
    guard()
    out.mkdir(parents=True, exist_ok=True)
    data = _describe([folder, *mixed], folder, out)
    trainer = _trainer(recipe, data, out, start)
    pace = _Pace(recipe)
    trainer.add_callback("on_train_batch_start", pace.before)
    trainer.add_callback("on_train_batch_end", pace.after)
    if progress:
        trainer.add_callback("on_fit_epoch_end", _told(progress))
    began = time.monotonic()
    trainer.train()
    best = out / "weights" / "best.pt"
    made = {**asdict(recipe), "epochs_done": trainer.epoch + 1,
            "minutes": round((time.monotonic() - began) / 60, 1)}  # fmt: skip
    (out / "run.json").write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    return best


def _describe(sources: Sequence[Path], valid: Path, out: Path) -> Path:
    """Ultralytics' description of the data, with our labels in our order."""
    folders = [(one / "images" / "train").resolve() for one in sources]
    empty = [one for one in folders if not one.is_dir() or not any(one.iterdir())]
    if empty:
        raise BadInput(f"학습할 사진이 없어요: {empty[0]}")
    held = (valid / "images" / "val").resolve()
    if not held.is_dir() or not any(held.iterdir()):
        held = folders[0]  # a small shop's export may have no validation picture yet
    rows = {
        "train": [str(one) for one in folders],
        "val": str(held),
        "names": dict(enumerate(DETECTED)),
    }
    for cache in {one.parent.parent / "labels" for one in folders}:
        for old in cache.glob("*.cache"):  # of another set of pictures at the same place
            old.unlink()
    path = out / "data.yaml"
    path.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")  # JSON is YAML
    return path


def _trainer(recipe: Recipe, data: Path, out: Path, start: Path | None) -> Any:
    import torch

    stand_in_for_torchvision()
    from ultralytics.models.yolo.detect import DetectionTrainer

    fast = faster_training()

    class Trainer(DetectionTrainer):  # type: ignore[misc]
        """Ultralytics' own, with the memory layout that bfloat16 convolutions are quick in."""

        def get_model(self, *args: Any, **more: Any) -> Any:
            model = super().get_model(*args, **more)
            return model.to(memory_format=torch.channels_last) if fast else model

        def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
            batch = super().preprocess_batch(batch)
            if fast:
                batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
            return batch

        def final_eval(self) -> None:
            """Ours measures with the exported model; the weights only lose their optimizer."""
            for path in (self.last, self.best):
                if path.exists():
                    _strip(path)

    shutil.rmtree(out / "weights", ignore_errors=True)
    model = str(start) if start else f"{recipe.model}.yaml"
    where = {"project": str(out.parent.resolve()), "name": out.name, "exist_ok": True}
    return Trainer(overrides={**recipe.arguments(), **where, "model": model, "data": str(data)})


class _Pace:
    """Step by step: the learning rate (held for half the run, then a cosine down to 2 %), the
    share of the end-to-end head's loss (from 20 to 90 %), the threads, the end by the clock."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._began = time.monotonic()
        self._steps = 0

    def before(self, trainer: Any) -> None:
        """Called by the trainer before each batch."""
        if self._steps == 0:
            self._began = time.monotonic()
        done = self._done(len(trainer.train_loader) * self._recipe.epochs)
        falling = max(done - 0.5, 0.0) * 2
        share = 0.02 + 0.98 * (1 + math.cos(math.pi * min(falling, 1.0))) / 2
        for group in trainer.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * share
        criterion: Any = getattr(trainer.model, "criterion", None)
        if hasattr(criterion, "o2m"):
            criterion.o2m = 0.8 - 0.7 * min(done, 1.0)
            criterion.o2o = 1 - criterion.o2m
        if self._steps % 20 == 0:
            # Two threads on a busy machine mostly wait for each other.
            busy = os.getloadavg()[0] > self._recipe.threads + 2
            _set_threads(1 if busy else self._recipe.threads)
        self._steps += 1

    def after(self, trainer: Any) -> None:
        """Called by the trainer after each batch: ends a run whose time is over."""
        if self._recipe.hours and self._done(1) >= 1:
            trainer.stop = True

    def _done(self, steps: int) -> float:
        """How much of the run is over (0 to 1)."""
        if self._recipe.hours:
            return (time.monotonic() - self._began) / (self._recipe.hours * 3600)
        return self._steps / steps


def _set_threads(count: int) -> None:
    import torch

    torch.set_num_threads(count)


def _strip(path: Path) -> None:
    from ultralytics.utils.torch_utils import strip_optimizer

    strip_optimizer(path)


def _told(progress: Progress) -> Callable[[Any], None]:
    def told(trainer: Any) -> None:
        found = float(trainer.metrics.get("metrics/mAP50(B)", 0.0))
        progress(trainer.epoch + 1, trainer.epochs, found)

    return told
