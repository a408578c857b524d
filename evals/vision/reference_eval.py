"""Measure the comparison with catalogue photos: ``python -m evals.vision.reference_eval``.

Each function returns a plain dict of figures. What was tuned on is not reported as a test: the
traits' model saw drawn pairs with seeds below 1000, the network those from 100000 on, the tests
draw from 7000 on; of the real boards the first twenty names were tuned on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.vision.boards import TUNED, boards
from evals.vision.reference_pairs import Pair, as_reference, generated, printed
from evals.vision.reference_restyle import blurred
from vision.labels import REASON_OF
from vision.measure import ap50, figures, iou, threshold_at
from vision.phrases import SURE_NAME
from vision.reference import Comparison, compare
from vision.types import Box

__all__ = [
    "TEST_SEED", "deeppcb", "judged", "main", "out_of_focus", "real_prints", "rephotographed",
    "wrong_item",
]  # fmt: skip

Pixels = NDArray[np.uint8]
Table = dict[str, Any]

TEST_SEED = 7000
SEEN_AT = 0.5  # from here on fusion counts a difference as seen


def deeppcb(folder: Path) -> Table:
    """AP50, whatever the label, on DeepPCB's pairs; an unaligned board counts as missed."""
    found: list[list[tuple[float, Box]]] = []
    truths: list[list[Box]] = []
    unaligned = 0
    for board in boards(folder):
        said = compare(_read(board.tested), [as_reference(_read(board.template))])
        unaligned += not said.aligned
        found.append([(one.confidence, one.box) for one in said.findings])
        truths.append(list(board.faults))
    return {
        "pairs": len(found), "unaligned": unaligned,
        "ap50_tuned": round(ap50(found[:TUNED], truths[:TUNED]), 4),
        "ap50_test": round(ap50(found[TUNED:], truths[TUNED:]), 4),
        "ap50_all": round(ap50(found, truths), 4),
    }  # fmt: skip


def _read(path: Path) -> Pixels:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def judged(pairs: Iterable[Pair]) -> list[tuple[Pair, Comparison]]:
    """Each pair with what the comparison says of it."""
    return [(pair, compare(pair.photo, [as_reference(pair.catalogue)])) for pair in pairs]


def rephotographed(
    pairs: int = 200, seed: int = TEST_SEED, specimen: int = 0, *, clutter: bool = False
) -> Table:
    """Drawn products photographed anew at full hardness, every second one damaged.

    ``specimen`` 0 photographs the catalogue's own piece, others another piece of the product;
    with ``clutter`` price stickers and fingers lie on some.
    """
    return _table(judged(generated(pairs, seed, specimen=specimen, clutter=clutter)))


def out_of_focus(pairs: int = 120, seed: int = TEST_SEED, at: float = SEEN_AT) -> Table:
    """Unharmed products out of focus (σ 4 to 12 px at 640): how many score ``at`` or more."""
    scores, aligned = [], 0
    for number, pair in enumerate(generated(pairs, seed, clutter=False)):
        if pair.label is None:
            soft = blurred(pair.photo, np.random.default_rng([seed, number]), least_px=4.0)
            said = compare(soft, [as_reference(pair.catalogue)])
            aligned += said.aligned
            scores.append(said.score if said.aligned else 0.0)
    return {
        "photos": len(scores), "aligned": aligned, "at": round(at, 4),
        "false_alarms": round(float(np.mean(np.array(scores) >= at)), 4),
    }  # fmt: skip


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
    named = [(pair.label, said.findings[0].label) for pair, said in damaged if said.findings]
    first = [said.findings[0] for _, said in damaged if said.findings]
    told = [
        pair.label == said.findings[0].label
        for pair, said in damaged
        if said.findings and said.findings[0].named >= SURE_NAME
    ]
    return {
        **figures(scores, harmed),
        "threshold": round(threshold_at(scores, harmed), 4),
        "unaligned_damaged": sum(not said.aligned for _, said in damaged),
        "unaligned_clean": sum(not said.aligned for pair, said in rows if not pair.label),
        "box_iou30_of_top3": round(float(np.mean(np.array(hits) >= 0.3)), 4),
        "label_right": _share([wanted == got for wanted, got in named], len(damaged)),
        "reason_right": _share(
            [REASON_OF[wanted] == REASON_OF[got] for wanted, got in named if wanted], len(damaged)
        ),
        "label_told": _share([one.named >= SURE_NAME for one in first], len(damaged)),
        "told_label_right": _share(told, len(told)),
        "tpr_by_label": _by_label(damaged, threshold_at(scores, harmed)),
        "ms_median": round(float(np.median([said.took_ms for _, said in rows]))),
    }


def _share(right: Sequence[bool], of: int) -> float:
    return round(sum(right) / of, 4) if of else 0.0


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
    parser.add_argument("--pairs", type=int, default=200)
    asked = parser.parse_args(argv)
    out: Table = {"rephotographed": rephotographed(asked.pairs)}
    out["cluttered"] = rephotographed(asked.pairs, clutter=True)
    out["out_of_focus"] = out_of_focus(asked.pairs, at=out["rephotographed"]["threshold"])
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
