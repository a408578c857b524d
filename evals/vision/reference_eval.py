"""Measure the comparison with catalogue photos: ``python -m evals.vision.reference_eval``.

Each function returns a plain dict of figures. What was tuned on is not reported as a test: the
fitted model saw drawn pairs with seeds below 1000, the tests draw from 5000 on; of the real
boards the first twenty names were tuned on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.vision.reference_pairs import Pair, as_reference, generated, printed
from vision.measure import ap50, figures, iou
from vision.reference import Comparison, compare
from vision.types import Box

__all__ = ["TEST_SEED", "deeppcb", "judged", "main", "real_prints", "rephotographed", "wrong_item"]

Pixels = NDArray[np.uint8]
Table = dict[str, Any]

TEST_SEED = 5000
TUNED_BOARDS = 20


def deeppcb(folder: Path) -> Table:
    """AP50, whatever the label, on DeepPCB's pairs; an unaligned board counts as missed.

    ``folder`` holds NAME_temp.jpg, NAME_test.jpg and NAME.txt (``x1 y1 x2 y2 class``, px).
    """
    found: list[list[tuple[float, Box]]] = []
    truths: list[list[Box]] = []
    unaligned = 0
    for template in sorted(folder.glob("*_temp.jpg")):
        name = template.name.removesuffix("_temp.jpg")
        said = compare(_read(folder / f"{name}_test.jpg"), [as_reference(_read(template))])
        unaligned += not said.aligned
        found.append([(one.confidence, one.box) for one in said.findings])
        truths.append(_board(folder / f"{name}.txt"))
    return {
        "pairs": len(found), "unaligned": unaligned,
        "ap50_tuned": round(ap50(found[:TUNED_BOARDS], truths[:TUNED_BOARDS]), 4),
        "ap50_test": round(ap50(found[TUNED_BOARDS:], truths[TUNED_BOARDS:]), 4),
        "ap50_all": round(ap50(found, truths), 4),
    }  # fmt: skip


def _read(path: Path) -> Pixels:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _board(path: Path, side_px: int = 640) -> list[Box]:
    out: list[Box] = []
    for line in path.read_text("utf-8").splitlines():
        x1, y1, x2, y2 = (int(word) / side_px for word in line.split()[:4])
        out.append((x1, y1, x2, y2))
    return out


def judged(pairs: Iterable[Pair]) -> list[tuple[Pair, Comparison]]:
    """Each pair with what the comparison says of it."""
    return [(pair, compare(pair.photo, [as_reference(pair.catalogue)])) for pair in pairs]


def rephotographed(pairs: int = 120, seed: int = TEST_SEED, specimen: int = 0) -> Table:
    """Drawn products photographed anew at full hardness, every second one damaged.

    ``specimen`` 0 photographs the catalogue's own piece, others another piece of the product.
    """
    return _table(judged(generated(pairs, seed, specimen=specimen)))


def real_prints(pictures: Sequence[Pixels], pairs: int = 80, seed: int = TEST_SEED) -> Table:
    """As :func:`rephotographed`, on flat prints of real photographs (uint8 RGB)."""
    return _table(judged(printed(pictures, pairs, seed)))


def _table(rows: Sequence[tuple[Pair, Comparison]]) -> Table:
    """An unaligned pair scores 0: a damaged one is missed, a clean one gives no alarm."""
    harmed = [pair.label is not None for pair, _ in rows]
    scores = [said.score if said.aligned else 0.0 for _, said in rows]
    damaged = [(pair, said) for pair, said in rows if pair.label]
    hits = [
        max((iou(one.box, pair.boxes[0]) for one in said.findings[:3]), default=0.0)
        for pair, said in damaged
    ]
    right = [bool(said.findings) and said.findings[0].label == pair.label for pair, said in damaged]
    return {
        **figures(scores, harmed),
        "unaligned_damaged": sum(not said.aligned for _, said in damaged),
        "unaligned_clean": sum(not said.aligned for pair, said in rows if not pair.label),
        "box_iou30_of_top3": round(float(np.mean(np.array(hits) >= 0.3)), 4),
        "label_right": round(float(np.mean(right)), 4),
        "tpr_by_label": _by_label(damaged, _threshold(scores, harmed)),
        "ms_median": round(float(np.median([said.took_ms for _, said in rows]))),
    }


def _threshold(scores: Sequence[float], harmed: Sequence[bool]) -> float:
    from vision.measure import threshold_at

    return threshold_at(scores, harmed)


def _by_label(rows: Sequence[tuple[Pair, Comparison]], at: float) -> dict[str, str]:
    out: dict[str, str] = {}
    for label in sorted({str(pair.label) for pair, _ in rows}):
        ours = [said.score > at for pair, said in rows if pair.label == label]
        out[label] = f"{sum(ours)}/{len(ours)}"
    return out


def wrong_item(pairs: int = 40, seed: int = TEST_SEED, others: int = 8) -> Table:
    """How often another product's photo is told, and how often the right one is called wrong.

    The ordered product is that of the pair, or (wrong) the one of the next pair; the other
    references are catalogue photos of ``others`` pairs, the photographed product's among them
    where it is not the ordered one.
    """
    drawn = list(generated(pairs, seed))
    named = [as_reference(pair.catalogue, f"p{i}") for i, pair in enumerate(drawn)]
    told, named_right, false = 0, 0, 0
    for place, pair in enumerate(drawn):
        around = [(place + step) % pairs for step in range(1, others + 1)]
        lot = [as_reference(drawn[i].catalogue, f"p{i}", ordered=False) for i in around]
        said = compare(pair.photo, [named[place], *lot])
        false += bool(said.other)
        own = as_reference(pair.catalogue, f"p{place}", ordered=False)
        said = compare(pair.photo, [named[around[0]], *lot[1:], own])
        told += bool(said.other)
        named_right += said.other == f"p{place}"
    return {
        "pairs": pairs, "wrong_told": round(told / pairs, 4),
        "wrong_named_right": round(named_right / pairs, 4),
        "right_called_wrong": round(false / pairs, 4),
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deeppcb", type=Path)
    parser.add_argument("--pictures", type=Path, nargs="*", default=[])
    parser.add_argument("--pairs", type=int, default=120)
    asked = parser.parse_args(argv)
    out: Table = {"rephotographed": rephotographed(asked.pairs)}
    out["other_specimen"] = rephotographed(asked.pairs, specimen=1)
    out["wrong_item"] = wrong_item()
    if asked.deeppcb:
        out["deeppcb"] = deeppcb(asked.deeppcb)
    if asked.pictures:
        out["real_prints"] = real_prints([_read(path) for path in asked.pictures])
    print(json.dumps(out, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
