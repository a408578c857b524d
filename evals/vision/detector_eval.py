"""What the detector is worth: on generated test pictures, and the truth on real ones.

``python -m evals.vision.detector_eval`` prints the tables; ``--ship`` also writes the real
figures into the shipped card. Nothing was trained or calibrated on what is measured here.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.vision.boards import DEEPPCB, boards
from vision.detector import SHIPPED, Detector
from vision.labels import Label
from vision.training.evaluate import Seen, boxes_of, figures, look, samples
from vision.types import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

__all__ = ["deeppcb", "generated", "main", "measure", "photographs"]

ROOT = Path(__file__).resolve().parents[2]
TEST_SEED = 90_001  # training's folders are drawn from other seeds
# Freely licensed photographs that come with Python packages: nothing on them is damaged.
PHOTOGRAPHS = (
    "ultralytics/assets/bus.jpg",
    "ultralytics/assets/zidane.jpg",
    "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
    "matplotlib/mpl-data/sample_data/Minduka_Present_Blue_Pack.png",
)
CROPS = 60  # of each photograph, 40 % to 100 % of its shorter side
_ANY: Label = "broken"  # a board's faults have no label of ours: only "any" figures count


def generated(detector: Detector, count: int = 400) -> Mapping[str, Any]:
    """On ``count`` pictures drawn now from seeds of their own: about half of them damaged."""
    from vision.generate.dataset import write_yolo

    with tempfile.TemporaryDirectory(prefix="sangdam-detector-") as folder:
        write_yolo(Path(folder), train=0, val=0, test=count, seed=TEST_SEED, side_px=256, workers=1)
        return figures(detector.card, look(detector, samples(Path(folder), "test")))


def deeppcb(detector: Detector, folder: Path = DEEPPCB) -> Mapping[str, Any]:
    """On real circuit boards: 60 with marked faults and their 60 faultless templates.

    Their faults are none of the labels, so only the figures of any label say something.
    """
    seen = []
    for board in boards(folder):
        seen.append(_seen(detector, _open(board.tested), board.faults))
        seen.append(_seen(detector, _open(board.template)))
    return _any_only(figures(detector.card, seen))


def photographs(detector: Detector, files: Sequence[Path] | None = None) -> Mapping[str, Any]:
    """False alarms on crops of real photographs without damage; ``photographs`` says of how
    many, since crops of one are no independent pictures."""
    files = installed() if files is None else files
    seen = [_seen(detector, crop) for path in files for crop in _crops(_open(path))]
    return {"photographs": len(files), **_any_only(figures(detector.card, seen))}


def installed() -> list[Path]:
    """The photographs of PHOTOGRAPHS that this machine's environments have."""
    places = sorted(ROOT.glob(".venv*/lib/python3*/site-packages"))
    found = {name: place / name for place in places for name in PHOTOGRAPHS
             if (place / name).is_file()}  # fmt: skip
    return [found[name] for name in PHOTOGRAPHS if name in found]


def measure(detector: Detector | None = None, *, count: int = 400) -> dict[str, Mapping[str, Any]]:
    """Every table: "generated", "deeppcb", "photographs"; {"skipped": why} where data lack."""
    judge = detector or Detector.load(SHIPPED)
    tables: dict[str, Mapping[str, Any]] = {"generated": {"skipped": "0 pictures asked for"}}
    if count:
        tables["generated"] = generated(judge, count)
    if DEEPPCB.is_dir():
        tables["deeppcb"] = deeppcb(judge)
    else:
        tables["deeppcb"] = {"skipped": f"{DEEPPCB} is not there"}
    if installed():
        tables["photographs"] = photographs(judge)
    else:
        tables["photographs"] = {"skipped": "no package with photographs: make setup-vision"}
    return tables


def _open(path: Path) -> Pixels:
    import numpy as np
    from PIL import Image

    with Image.open(path, formats=["JPEG", "PNG"]) as picture:
        return np.asarray(picture.convert("RGB"))


def _seen(detector: Detector, rgb: Pixels, boxes: Sequence[Box] = ()) -> Seen:
    return Seen(tuple((box, _ANY) for box in boxes), boxes_of(detector, rgb))


def _crops(rgb: Pixels) -> Iterator[Pixels]:
    import numpy as np

    rng = np.random.default_rng(7)
    high, wide = rgb.shape[:2]
    for _ in range(CROPS):
        side = int(min(high, wide) * rng.uniform(0.4, 1.0))
        top, left = int(rng.integers(high - side + 1)), int(rng.integers(wide - side + 1))
        yield np.ascontiguousarray(rgb[top : top + side, left : left + side])


def _any_only(table: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**table, "ap50": None, "map50": None}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables as JSON; with ``--ship`` the card of the weights gets the real ones."""
    parser = argparse.ArgumentParser(prog="python -m evals.vision.detector_eval")
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--count", type=int, default=400, help="generated pictures")
    parser.add_argument("--ship", action="store_true", help="write the real figures into the card")
    options = parser.parse_args(arguments)
    detector = Detector.load(options.weights)
    tables = measure(detector, count=options.count)
    print(json.dumps(tables, ensure_ascii=False, indent=1))
    if options.ship:
        from vision.training.package import write_card

        real = {name: dict(tables[name]) for name in ("deeppcb", "photographs")
                if "skipped" not in tables[name]}  # fmt: skip
        card = replace(detector.card, figures={**detector.card.figures, **real})
        write_card(card, options.weights)
    return 0


if __name__ == "__main__":
    sys.exit(main())
