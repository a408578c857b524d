"""Training pictures in YOLO's layout, each drawn and photographed anew.

The three splits draw their designs, damage and photographs from streams of their own: no design
of one is in another.

    python -m vision.generate.dataset FOLDER --train 6000 --val 800 --test 800
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from vision.generate.camera import bounds, shoot
from vision.generate.damage import hurt
from vision.generate.forms import Points, Rgb, box_of, changed
from vision.generate.kinds import SUFFERS, draw, random_design
from vision.labels import DETECTED, Label
from vision.types import Box

__all__ = ["CLEAN_SHARE", "SPLITS", "Example", "example", "main", "write_yolo"]

CLEAN_SHARE = 0.45
SPLITS = ("train", "val", "test")
_CHUNK = 100
# Only three kinds of 45 can be crushed: without these the class has a tenth of another's boxes.
_BOXED = ("box", "shipping_box", "crate")
_BOXED_SHARE = 0.1
# A box smaller than this share of the picture's side cannot be seen at 256 px.
_LEAST_SIDE = 0.02


@dataclass(frozen=True, slots=True)
class Example:
    """A picture (side_px, side_px, 3), its boxes and labels, and the seed of its design."""

    rgb: Rgb
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    design_seed: int


def example(split: str, number: int, *, seed: int, side_px: int = 256) -> Example:
    """Picture ``number`` of a split; the same for the same arguments. ValueError: no such split."""
    rng = np.random.default_rng([seed, SPLITS.index(split), number])
    # The split is in the design's own seed, so that no two splits can share one.
    design = random_design(rng)
    design = type(design)(
        design.kind, design.colour, design.seed * len(SPLITS) + SPLITS.index(split), design.text
    )
    piece, hulls, labels = (
        draw(design, specimen=int(rng.integers(4))),
        list[Points](),
        list[Label](),
    )
    if rng.random() >= CLEAN_SHARE:
        choices = SUFFERS[design.kind]
        for _ in range(2 if rng.random() < 0.25 else 1):
            label = choices[int(rng.integers(len(choices)))]
            after, _ = hurt(piece, label, rng)
            where = changed(piece, after)
            if box_of(where):
                hulls.append(_hull(where))
                labels.append(label)
            piece = after
    near = rng.random() < 0.6
    shot = shoot(
        piece, rng, hardness=float(rng.uniform(0.15, 1.0)), side_px=side_px, stickers=0.3,
        fill=(0.75, 1.1) if near else (0.5, 0.85),
    )  # fmt: skip
    found = [
        (box, label)
        for hull, label in zip(hulls, labels, strict=True)
        if (box := bounds(shot.carried(hull), side_px)) and _visible(box)
    ]
    return Example(
        shot.rgb, tuple(box for box, _ in found), tuple(label for _, label in found), design.seed
    )


def _hull(where: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Points:
    rows, cols = np.nonzero(where)
    points = np.stack([cols, rows], 1).astype(np.int32)
    return np.asarray(cv2.convexHull(points)[:, 0], np.float64)


def _visible(box: Box) -> bool:
    return max(box[2] - box[0], box[3] - box[1]) >= _LEAST_SIDE


def _write(job: tuple[Path, str, int, int, int, int]) -> int:
    """Writes pictures ``first`` to ``last`` of a split; how many of them show damage."""
    folder, split, first, last, seed, side_px = job
    cv2.setNumThreads(1)
    hurt_ones = 0
    for number in range(first, last):
        one = example(split, number, seed=seed, side_px=side_px)
        name = f"{split}-{number:05d}"
        picture = cv2.cvtColor(one.rgb, cv2.COLOR_RGB2BGR)
        path = folder / "images" / split / f"{name}.jpg"
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
        lines = [
            f"{DETECTED.index(label)} {(x1 + x2) / 2:.5f} {(y1 + y2) / 2:.5f}"
            f" {x2 - x1:.5f} {y2 - y1:.5f}"
            for (x1, y1, x2, y2), label in zip(one.boxes, one.labels, strict=True)
        ]
        (folder / "labels" / split / f"{name}.txt").write_text("\n".join(lines))
        hurt_ones += bool(lines)
    return hurt_ones


def _jobs(
    folder: Path, counts: dict[str, int], seed: int, side_px: int
) -> Iterator[tuple[Path, str, int, int, int, int]]:
    for split, count in counts.items():
        for first in range(0, count, _CHUNK):
            yield folder, split, first, min(first + _CHUNK, count), seed, side_px


def write_yolo(
    folder: Path, *, train: int, val: int, test: int, seed: int = 0, side_px: int = 256,
    workers: int = 2,
) -> None:  # fmt: skip
    """Writes images/{split}, labels/{split} and data.yaml; prints how far it is.

    Raises OSError when the folder cannot be written.
    """
    counts = dict(zip(SPLITS, (train, val, test), strict=True))
    for split in SPLITS:
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True, exist_ok=True)
    names = "\n".join(f"  {number}: {label}" for number, label in enumerate(DETECTED))
    places = "".join(f"{split}: images/{split}\n" for split in SPLITS)
    (folder / "data.yaml").write_text(f"path: {folder.resolve()}\n{places}names:\n{names}\n")
    jobs = list(_jobs(folder, counts, seed, side_px))
    started, done, with_damage = time.monotonic(), 0, 0
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for job, hurt_ones in zip(jobs, pool.map(_write, jobs), strict=True):
            done, with_damage = done + job[3] - job[2], with_damage + hurt_ones
            took = time.monotonic() - started
            so_far = f"{done}/{sum(counts.values())} pictures, {with_damage} with damage"
            print(f"{so_far}, {took:.0f} s", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """The command: see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m vision.generate.dataset")
    parser.add_argument("folder", type=Path)
    for split, count in zip(SPLITS, (6000, 800, 800), strict=True):
        parser.add_argument(f"--{split}", type=int, default=count)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", type=int, default=256, help="pixels")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    write_yolo(
        given.folder, train=given.train, val=given.val, test=given.test, seed=given.seed,
        side_px=given.side, workers=given.workers,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
