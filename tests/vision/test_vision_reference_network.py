"""The region network: what it takes, what it refuses to load, what happens without it."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from evals.vision.reference_pairs import Pair, as_reference, generated
from evals.vision.reference_restyle import blurred
from vision.generate import Design, catalogue_photo, draw, hurt, photograph
from vision.reference import compare
from vision.reference.catalogue import made_ready
from vision.reference.compare import Photo, canvas_of
from vision.reference.difference import Canvas, Difference, difference
from vision.reference.naming import CLASSES, named
from vision.reference.network import NETWORK_FILE, RegionNetwork, inputs, shipped_network
from vision.reference.patches import CHANNELS, NEAR_PX, WIDE_PX
from vision.reference.regions import TRAITS, Region, regions

Looked = tuple[Difference, Canvas, list[Region]]


@pytest.fixture(scope="module")
def damaged() -> Pair:
    design = Design("notebook", (150, 90, 80), seed=6002, text="NOTE 42")
    rng = np.random.default_rng(7001)
    piece, box = hurt(draw(design), "hole", rng)
    photo, boxes = photograph(piece, rng, boxes=[box], hardness=0.5, side_px=800)
    return Pair(catalogue_photo(draw(design)), photo, "hole", tuple(boxes), "notebook")


@pytest.fixture(scope="module")
def looked(damaged: Pair) -> Looked:
    ready, photo = made_ready(damaged.catalogue), Photo(damaged.photo)
    laid = photo.under(ready)
    assert laid is not None
    canvas = canvas_of(ready, damaged.photo, laid)
    assert canvas is not None
    found = difference(canvas)
    return found, canvas, regions(found, canvas)


def test_what_the_network_takes(looked: Looked) -> None:
    count = len(looked[2])
    near, wide, traits = inputs(*looked)
    assert count > 0
    assert near.shape == (count, CHANNELS, NEAR_PX, NEAR_PX)
    assert wide.shape == (count, CHANNELS, WIDE_PX, WIDE_PX)
    assert traits.shape == (count, len(TRAITS) + 1)
    # The last channel is the region itself, in the middle of its patch.
    assert near[0, -1].max() == pytest.approx(1.0, abs=1e-5)
    assert near[0, -1, 0].max() == 0.0
    assert np.abs(near).max() < 8


def test_chances_are_chances_and_one_region_does_not_change_another(looked: Looked) -> None:
    network = shipped_network()
    assert network is not None
    together = network.chances(*looked)
    assert together.shape == (len(looked[2]), len(CLASSES))
    assert np.allclose(together.sum(1), 1, atol=1e-5)
    alone = network.chances(looked[0], looked[1], looked[2][:1])
    assert np.allclose(alone[0], together[0], atol=1e-4)


def test_no_regions_no_patches(looked: Looked) -> None:
    near, wide, traits = inputs(looked[0], looked[1], [])
    assert (len(near), len(wide), len(traits)) == (0, 0, 0)


def test_a_file_that_its_card_does_not_name_is_refused(tmp_path: Path) -> None:
    copy = Path(shutil.copy(NETWORK_FILE, tmp_path / "regions.onnx"))
    with pytest.raises(OSError, match="json"):
        RegionNetwork(copy)
    card = json.loads(NETWORK_FILE.with_suffix(".json").read_text("utf-8"))
    copy.with_suffix(".json").write_text(json.dumps({**card, "sha256": "0" * 64}), "utf-8")
    with pytest.raises(ValueError, match="card"):
        RegionNetwork(copy)
    copy.with_suffix(".json").write_text(json.dumps({**card, "traits": ["other"]}), "utf-8")
    with pytest.raises(ValueError, match="traits"):
        RegionNetwork(copy)
    assert NETWORK_FILE.stat().st_size <= 400_000


def test_without_the_network_the_traits_still_judge(
    damaged: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("vision.reference.compare")
    monkeypatch.setattr(module, "shipped_network", lambda: None)
    said = compare(damaged.photo, [as_reference(damaged.catalogue)])
    assert said.aligned
    assert said.findings


def test_only_what_is_boxy_is_a_crushed_box(looked: Looked) -> None:
    chances: NDArray[np.float64] = np.zeros((1, len(CLASSES)))
    chances[0, [0, CLASSES.index("crushed_box"), CLASSES.index("dent")]] = 0.1, 0.6, 0.3
    assert named(looked[2][:1], chances)[0][1:] == ("crushed_box", 0.9, pytest.approx(2 / 3))
    assert named(looked[2][:1], chances, boxy=False)[0][1:] == ("dent", 0.9, 1.0)


def test_the_label_is_of_the_likeliest_reason(looked: Looked) -> None:
    """A claim's reason decides what is offered: scratch or crack are both "damaged"."""
    chances: NDArray[np.float64] = np.zeros((1, len(CLASSES)))
    places = [CLASSES.index(name) for name in ("none", "stain", "scratch", "crack")]
    chances[0, places] = 0.1, 0.36, 0.3, 0.24
    [found] = named(looked[2][:1], chances)
    assert (found.label, found.named) == ("scratch", pytest.approx(1 / 3))


@pytest.mark.parametrize(
    ("kind", "boxy"), [("shipping_box", True), ("crate", True), ("mug", False), ("shoes", False)]
)
def test_boxes_are_boxy_and_mugs_are_not(kind: str, boxy: bool) -> None:
    photo = catalogue_photo(draw(Design(kind, (150, 120, 90), seed=6003)))
    assert made_ready(photo).boxy is boxy


def test_out_of_focus_is_no_damage() -> None:
    alarms = 0
    for number, pair in enumerate(generated(10, 60_000, clutter=False)):
        if pair.label is None:
            soft = blurred(pair.photo, np.random.default_rng(number), least_px=4.0)
            said = compare(soft, [as_reference(pair.catalogue)])
            alarms += said.aligned and said.score > 0.8
    assert alarms <= 1
