"""Weights (.pt) to the ONNX file that the product runs, half the size in float16; vision extra.

Exported with the end-to-end head (``nms=False``): it needs no suppression of overlapping boxes
and no torchvision.
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

from vision.training.guards import guard, stand_in_for_torchvision

__all__ = ["to_onnx"]


def to_onnx(weights: Path, target: Path, *, side_px: int = 256) -> Path:
    """Write ``weights`` as ONNX to ``target``; the square the network sees has ``side_px``.

    Raises Unavailable without the vision extra.
    """
    guard()
    stand_in_for_torchvision()
    from ultralytics import YOLO

    with warnings.catch_warnings():
        # torch remarks on ultralytics' way to ONNX: an older one, and traced.
        warnings.simplefilter("ignore")
        made = YOLO(str(weights), task="detect").export(
            format="onnx", nms=False, imgsz=side_px, quantize=16, device="cpu", simplify=False,
            verbose=False,
        )  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, target)
    return target
