"""The network that tells damage from what is harmless, and which damage: regions.onnx.

A small convolutional network over :mod:`vision.reference.patches` and the regions' traits,
trained by ``python -m evals.vision.reference_train`` on drawn pairs; run by onnxruntime on one
thread. ``regions.json`` beside it is its card: what it was made of, and its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.onnx_session import open_session
from vision.reference.difference import Canvas, Difference
from vision.reference.naming import CLASSES
from vision.reference.patches import patches
from vision.reference.regions import TRAITS, Region

__all__ = ["NETWORK_FILE", "RegionNetwork", "inputs", "shipped_network"]

Floats = NDArray[Any]

NETWORK_FILE = Path(__file__).parents[2] / "data" / "models" / "regions.onnx"
log = logging.getLogger(__name__)


class RegionNetwork:
    """The network in memory; ``chances`` may be called from several threads at once."""

    def __init__(self, path: Path = NETWORK_FILE) -> None:
        """Load ``path`` and the card beside it (.json).

        Raises OSError where one is missing, ValueError where the two do not belong together or
        are of another program's classes or traits.
        """
        data = path.read_bytes()
        card = json.loads(path.with_suffix(".json").read_text("utf-8"))
        if card["sha256"] != hashlib.sha256(data).hexdigest():
            raise ValueError(f"{path} is not the file that its card names")
        if card["classes"] != list(CLASSES) or card["traits"] != list(TRAITS):
            raise ValueError(f"{path} is of other classes or traits; run reference_train")
        self._session = open_session(data)

    def chances(self, found: Difference, canvas: Canvas, regions: Sequence[Region]) -> Floats:
        """The chance of each of :data:`vision.reference.naming.CLASSES` (N×9) for ``regions``."""
        near, wide, traits = inputs(found, canvas, regions)
        feeds = {"near": near, "wide": wide, "traits": traits}
        (out,) = self._session.run(["chances"], feeds)
        return np.asarray(out, np.float64)


def inputs(
    found: Difference, canvas: Canvas, regions: Sequence[Region]
) -> tuple[Floats, Floats, Floats]:
    """What the network takes: both patches (float32) and the traits with the size (N×21)."""
    looks = patches(found, canvas, regions)
    side = max(canvas.inside.shape)
    sizes = [np.log(max(one.box[2] - one.box[0], one.box[3] - one.box[1]) / side)
             for one in regions]  # fmt: skip
    traits = np.array([one.traits for one in regions], np.float32).reshape(-1, len(TRAITS))
    sized = np.array(sizes, np.float32).reshape(-1, 1)
    return looks.near, looks.wide, np.hstack([traits, sized])


@lru_cache(maxsize=1)
def shipped_network() -> RegionNetwork | None:
    """The network that comes with the program; None where it cannot be used (logged once)."""
    try:
        return RegionNetwork()
    except Exception as error:  # no file, another file, no engine: the traits alone must do
        log.warning("the region network cannot be used: %s", error)
        return None
