"""The drawn world: the same from the same seeds, damage where its box says, files as drawn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from vision.generate import (
    CANVAS_PX,
    KINDS,
    SUFFERS,
    Design,
    Piece,
    box_of,
    catalogue_photo,
    changed,
    draw,
    hurt,
    photograph,
    random_design,
)  # fmt: skip
from vision.generate.catalogue import PHOTO_PX, pictured, shop_photo, write_catalogue
from vision.generate.damage import MAKERS
from vision.generate.dataset import SPLITS, example
from vision.generate.examples import EXAMPLES, take, write_examples
from vision.generate.shop import DESIGNS
from vision.labels import DETECTED
from vision.types import Box

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE, SHOWN = ROOT / "data" / "catalogue", ROOT / "data" / "examples"
MUG = Design("mug", (214, 208, 196), 5, "HELLO")


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng([404, *seed])


def within(box: Box, mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> float:
    """The share of ``mask`` that lies in ``box``."""
    height, width = mask.shape
    x1, y1, x2, y2 = box
    part = mask[round(y1 * height) : round(y2 * height), round(x1 * width) : round(x2 * width)]
    return float(part.sum() / max(1, mask.sum()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_drawn_the_same_twice_and_another_specimen_differs_a_little(kind: str) -> None:
    design = random_design(rng(1), kind)
    one, same, other = draw(design), draw(design), draw(design, specimen=1)
    assert np.array_equal(one.rgb, same.rgb)
    assert np.array_equal(one.mask, same.mask)
    assert one.rgb.shape == (CANVAS_PX, CANVAS_PX, 3)
    assert 0.08 < one.mask.mean() < 0.8
    assert not np.array_equal(one.rgb, other.rgb)
    union = (one.mask | other.mask).sum()
    assert (one.mask & other.mask).sum() / union > 0.9
    both = one.mask & other.mask
    far = np.abs(one.rgb.astype(int) - other.rgb.astype(int))[both].mean()
    assert far < 40


def test_other_seeds_and_texts_give_other_products() -> None:
    one, other = draw(MUG), draw(Design("mug", MUG.colour, 5, "WORLD"))
    assert changed(one, other).any()
    assert len({random_design(rng(2, k)).seed for k in range(50)}) == 50


@pytest.mark.parametrize("kind", KINDS)
def test_things_have_something_to_be_recognised_by(kind: str) -> None:
    shown = catalogue_photo(draw(random_design(rng(3), kind)))
    found = cv2.ORB.create(600, fastThreshold=12).detect(
        cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), None
    )
    assert len(found) >= 100


@pytest.mark.parametrize("label", list(MAKERS))
def test_every_kind_can_be_hurt_and_the_box_holds_what_changed(label: str) -> None:
    for number, kind in enumerate(KINDS):
        source = rng(4, number)
        piece = draw(random_design(source, kind))
        before = piece.rgb.copy()
        after, box = hurt(piece, label, source)  # type: ignore[arg-type]
        differs = changed(piece, after)
        assert np.array_equal(piece.rgb, before), "the whole piece stays as it was"
        assert differs.sum() >= 60, f"{label} on {kind} does not show"
        assert within(box, differs) >= 0.95
        x1, y1, x2, y2 = box
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1
        assert not (after.mask & ~piece.mask).any(), "damage adds nothing to a product"


def test_damage_varies_in_size() -> None:
    spans = []
    for number in range(40):
        source = rng(5, number)
        piece = draw(random_design(source))
        _, (x1, y1, x2, y2) = hurt(piece, "crack", source)
        spans.append(max(x2 - x1, y2 - y1))
    assert min(spans) < 0.12
    assert max(spans) > 0.3


def test_wrong_item_is_no_damage() -> None:
    with pytest.raises(KeyError):
        hurt(draw(MUG), "wrong_item", rng(6))


def test_an_empty_piece_cannot_be_hurt() -> None:
    nothing = Piece(np.zeros((512, 512, 3), np.uint8), np.zeros((512, 512), np.bool_))
    with pytest.raises(ValueError, match="empty"):
        hurt(nothing, "crack", rng(6))


@pytest.mark.parametrize("hardness", [0.0, 0.5, 1.0])
def test_a_box_is_carried_to_where_its_mark_is_on_the_photo(hardness: float) -> None:
    for number in range(8):
        piece = draw(random_design(rng(7, number)))
        rows, cols = np.nonzero(piece.mask)
        x, y = int(np.median(cols)), int(np.median(rows))
        marked, box = (
            piece.rgb.copy(),
            tuple(v / CANVAS_PX for v in (x - 24, y - 30, x + 24, y + 30)),
        )
        marked[y - 30 : y + 30, x - 24 : x + 24] = (255, 0, 255)
        mask = piece.mask.copy()
        mask[y - 30 : y + 30, x - 24 : x + 24] = True
        shot = [
            photograph(Piece(rgb, mask), rng(8, number), boxes=[box], hardness=hardness)  # type: ignore[list-item]
            for rgb in (piece.rgb, marked)
        ]
        (plain, _), (pink, (carried,)) = shot
        differs = np.abs(plain.astype(int) - pink.astype(int)).max(axis=2) > 40
        core = cv2.erode(differs.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        assert within(carried, core) >= 0.98
        seen = box_of(core)
        assert seen is not None
        assert max(abs(a - b) for a, b in zip(seen, carried, strict=True)) < 0.03


def test_the_same_photograph_twice_and_the_ground_around_it() -> None:
    piece = draw(MUG)
    one, two = photograph(piece, rng(9)), photograph(piece, rng(9))
    assert np.array_equal(one[0], two[0])
    assert one[0].shape == (640, 640, 3)
    shown = catalogue_photo(piece, side_px=320)
    assert shown.shape == (320, 320, 3)
    assert shown[:8].mean() > 235, "near white"


def test_an_example_is_reproducible_and_no_design_is_in_two_splits() -> None:
    seeds: dict[str, set[int]] = {}
    for split in SPLITS:
        seeds[split] = {example(split, k, seed=0, side_px=64).design_seed for k in range(25)}
        again = example(split, 3, seed=0, side_px=64)
        assert np.array_equal(again.rgb, example(split, 3, seed=0, side_px=64).rgb)
    train, val, test = seeds.values()
    assert not train & val
    assert not train & test
    assert not val & test


def test_the_written_set_is_what_yolo_reads(tmp_path: Path) -> None:
    counts = ["--train", "30", "--val", "4", "--test", "4", "--seed", "3", "--side", "96"]
    command = [sys.executable, "-m", "vision.generate.dataset", str(tmp_path), *counts]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    said = yaml.safe_load((tmp_path / "data.yaml").read_text())
    assert tuple(said["names"].values()) == DETECTED
    pictures = sorted((tmp_path / "images" / "train").glob("*.jpg"))
    assert len(pictures) == 30
    clean = 0
    for picture in pictures:
        lines = (tmp_path / "labels" / "train" / f"{picture.stem}.txt").read_text().splitlines()
        clean += not lines
        assert len(lines) <= 2
        for line in lines:
            number, x, y, w, h = line.split()
            assert 0 <= int(number) < len(DETECTED)
            assert 0 < float(w) <= 1
            assert 0 < float(h) <= 1
            assert float(x) - float(w) / 2 >= -1e-4
            assert float(y) + float(h) / 2 <= 1 + 1e-4
        read = cv2.imread(str(picture))
        assert read is not None
        assert read.shape == (96, 96, 3)
    assert 5 <= clean <= 22


def test_what_kinds_suffer_has_names_a_detector_knows() -> None:
    assert set(SUFFERS) == set(KINDS)
    assert {label for labels in SUFFERS.values() for label in labels} == set(DETECTED)


def shop() -> dict[str, set[str]]:
    """product_id → its skus, as the demo shop is seeded."""
    rows = yaml.safe_load((ROOT / "data" / "seed" / "catalogue.yaml").read_text("utf-8"))
    return {
        row["product_id"]: {option["sku"] for option in row["options"]} for row in rows["products"]
    }


def test_every_product_has_its_photo_and_no_other_does() -> None:
    products = shop()
    skus = {sku for options in products.values() for sku in options}
    assert set(DESIGNS) <= set(products) | skus
    files = {path.stem for path in CATALOGUE.glob("*.jpg")}
    assert files == {name for name, _ in pictured()}
    assert set(products) <= files
    assert sum(path.stat().st_size for path in CATALOGUE.glob("*.jpg")) <= 1_200_000


def test_options_in_a_colour_of_their_own_are_told_apart() -> None:
    assert DESIGNS["P2001-GY-M"] == DESIGNS["P2001-GY-L"] != DESIGNS["P2001"]
    assert DESIGNS["P2001-NV-M"] == DESIGNS["P2001"]
    assert "P2001-NV-M" not in dict(pictured())


@pytest.mark.parametrize("name", ["P1004", "P3001-SG", "P5004"])
def test_a_catalogue_file_is_what_is_drawn(name: str) -> None:
    stored = cv2.imread(str(CATALOGUE / f"{name}.jpg"))
    assert stored is not None
    drawn = shop_photo(DESIGNS[name])
    assert stored.shape == (PHOTO_PX, PHOTO_PX, 3)
    assert np.abs(stored[..., ::-1].astype(int) - drawn).mean() < 4


def test_the_catalogue_can_be_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: DESIGNS[name] for name in ("P1003", "P1003-BK", "P1003-WH")}
    monkeypatch.setattr("vision.generate.catalogue.pictured", lambda: pictured(few))
    assert write_catalogue(tmp_path) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"P1003.jpg", "P1003-WH.jpg"}
    again = (tmp_path / "P1003.jpg").read_bytes()
    assert again == (CATALOGUE / "P1003.jpg").read_bytes()


def test_examples_are_listed_small_and_as_taken(tmp_path: Path) -> None:
    rows = yaml.safe_load((SHOWN / "examples.yaml").read_text("utf-8"))["examples"]
    assert [row["file"] for row in rows] == [one.file for one in EXAMPLES]
    products = shop()
    for row in rows:
        assert row["product_id"] in products
        assert row["caption"]
        assert (SHOWN / row["file"]).stat().st_size <= 80_000
    stored = cv2.imread(str(SHOWN / EXAMPLES[0].file))
    assert stored is not None
    assert np.abs(stored[..., ::-1].astype(int) - take(EXAMPLES[0])).mean() < 6
    assert write_examples(tmp_path) == len(EXAMPLES)
    assert (tmp_path / "examples.yaml").read_text() == (SHOWN / "examples.yaml").read_text()
