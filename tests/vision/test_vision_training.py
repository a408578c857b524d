"""What needs no torch: figures, thresholds, the shop's export, promotion."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from errors import BadInput, MissingExtra, NotAllowedNow, Unavailable
from vision import clean_photo
from vision.card import Card
from vision.detector import OWN, SHIPPED, Detector, weights_in_use
from vision.generate import draw, hurt, photograph, random_design
from vision.labels import DETECTED, Label
from vision.training.evaluate import Seen, calibrate, figures, look, samples
from vision.training.package import model_card
from vision.training.promote import NEEDED, compare, promote
from vision.training.shop import Corrected, split_of, write_folder
from vision.types import Box
from vision.yolo_client import Worker

BOX: Box = (0.1, 0.2, 0.5, 0.6)
PLAIN = Card("c", "c", DETECTED)


def seen(truth: bool, *sure: float, label: Label = "hole") -> Seen:
    boxes = tuple((one, BOX, label) for one in sure)
    return Seen(((BOX, "hole"),) if truth else (), boxes)


def jpeg(rgb: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=92)
    return clean_photo(out.getvalue(), max_mb=10).data


def picture(number: int) -> bytes:
    """A small JPEG that no other number gives."""
    blocks = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return jpeg(np.kron(blocks, np.ones((16, 16, 1), np.uint8)))


# -- figures and thresholds ----------------------------------------------------------------


def test_figures_count_what_they_say() -> None:
    table = figures(
        replace(PLAIN, threshold=0.5),
        [seen(True, 0.9), seen(True, 0.3), seen(True, 0.8, label="dent"), seen(False, 0.7),
         seen(False), seen(False), seen(False)],
    )  # fmt: skip
    assert (table["pictures"], table["damaged"], table["clean"]) == (7, 3, 4)
    assert table["found"] == pytest.approx(2 / 3, abs=1e-4)
    assert table["false_alarms"] == 0.25
    # Surest first: right, (dent: other class), wrong on the clean one, right: 1/3 + 1/3 × 2/3.
    assert table["ap50"]["hole"] == pytest.approx(1 / 3 + 2 / 9, abs=1e-3)
    assert table["any_ap50"] > table["map50"]


def test_figures_that_cannot_be_measured_are_none() -> None:
    clean = figures(PLAIN, [seen(False, 0.1)])
    assert clean["map50"] is None
    assert clean["auroc"] is None
    assert clean["false_alarms"] == 0
    damaged = figures(PLAIN, [seen(True, 0.9)])
    assert damaged["false_alarms"] is None
    assert damaged["map50"] == 1


def test_at_the_threshold_one_clean_picture_in_a_hundred_alarms() -> None:
    rng = np.random.default_rng(3)
    rows = [seen(True, float(one)) for one in rng.beta(3, 3, 400)]
    rows += [seen(False, float(one)) for one in rng.beta(1, 6, 600)]
    card = calibrate(PLAIN, rows)
    table = figures(card, rows)
    assert 0 < table["false_alarms"] <= 0.01
    assert table["found"] > 0.2
    assert 0.02 <= card.floor < card.threshold
    sure = [card.image.at(one / 100) for one in range(100)]
    assert sure == sorted(sure)
    assert sure[0] < 0.3 < 0.9 < sure[-1]


def test_without_clean_pictures_a_card_stays_as_it_is() -> None:
    assert calibrate(PLAIN, [seen(True, 0.9)] * 5) == PLAIN
    assert calibrate(PLAIN, [seen(False, 0.1)] * 5) == PLAIN


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=2, max_size=40))
def test_calibration_never_turns_the_order_round(rows: Sequence[tuple[bool, float]]) -> None:
    card = calibrate(PLAIN, [seen(truth, sure) for truth, sure in rows])
    for fitted in (card.image, card.finding):
        said = [fitted.at(one / 20) for one in range(21)]
        assert said == sorted(said)
        assert 0 <= said[0] <= said[-1] <= 1
    assert 0 < card.floor <= card.threshold <= 1.0001


def test_a_yolo_folder_is_read_and_nonsense_in_it_named(tmp_path: Path) -> None:
    write_folder([Corrected(picture(1), (("dent", BOX),), "g", "")], tmp_path)
    split = split_of("g")
    (one,) = samples(tmp_path, split)
    (((x1, y1, x2, y2), label),) = one.truths
    assert label == "dent"
    assert (x1, y1, x2, y2) == pytest.approx(BOX, abs=1e-5)
    (tmp_path / "labels" / split / f"{one.path.stem}.txt").write_text("9 .1 .1 .1 .1\n")
    with pytest.raises(BadInput, match="YOLO"):
        samples(tmp_path, split)


# -- the shop's export ---------------------------------------------------------------------


def test_a_split_is_the_same_at_every_export_and_near_its_share() -> None:
    splits = [split_of(f"CLM-{number}") for number in range(2000)]
    assert splits == [split_of(f"CLM-{number}") for number in range(2000)]
    assert 0.65 < splits.count("train") / 2000 < 0.75
    assert 0.12 < splits.count("test") / 2000 < 0.18


def test_pictures_of_one_claim_stay_together(tmp_path: Path) -> None:
    rows = [Corrected(picture(n), (("hole", BOX),), f"claim {n // 5}", "") for n in range(200)]
    made = write_folder(rows, tmp_path)
    assert sum(made.pictures.values()) == 200
    assert all(made.pictures.values())
    assert all(count % 5 == 0 for count in made.pictures.values())


def test_an_export_names_no_customer_and_counts_honestly(tmp_path: Path) -> None:
    rows = [
        Corrected(picture(1), (("crack", BOX), ("dent", BOX)), "CLM-20261103-77", "2026-11-20"),
        Corrected(picture(2), (), "20261103-0000042", "2026-11-20"),
        Corrected(picture(3), (("missing_part", BOX),), "CLM-9", "2026-11-20"),
    ]
    made = write_folder(rows, tmp_path)
    assert made.left_out == 1
    assert sum(made.pictures.values()) == 2
    manifest = (tmp_path / "manifest.json").read_text("utf-8")
    assert "CLM" not in manifest
    assert "0000042" not in manifest
    entries = json.loads(manifest)["entries"]
    assert sorted(one["labels"] for one in entries) == [[], ["crack", "dent"]]
    for one in entries:
        assert (tmp_path / "images" / one["split"] / f"{one['sha256']}.jpg").is_file()


def test_a_later_export_forgets_what_is_gone(tmp_path: Path) -> None:
    write_folder([Corrected(picture(n), (), f"g{n}", "") for n in range(9)], tmp_path)
    made = write_folder([Corrected(picture(1), (("hole", BOX),), "g1", "")], tmp_path)
    assert sum(made.pictures.values()) == 1
    assert len(list(tmp_path.glob("images/*/*.jpg"))) == 1
    assert len(list(tmp_path.glob("labels/*/*.txt"))) == 1


# -- promotion -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 40 held-out pictures, half of them with a hole, drawn from own seeds."""
    folder = tmp_path_factory.mktemp("held")
    rows: list[Corrected] = []
    groups = (name for n in range(10_000) if split_of(name := f"claim {n}") == "test")
    for number in range(40):
        rng = np.random.default_rng(70_000 + number)
        piece, boxes = draw(random_design(rng)), []
        if number % 2:
            piece, box = hurt(piece, "hole", rng)
            boxes.append(box)
        rgb, placed = photograph(piece, rng, boxes=boxes, hardness=0.5, side_px=256)
        rows.append(Corrected(jpeg(rgb), tuple(("hole", one) for one in placed), next(groups), ""))
    write_folder(rows, folder)
    return folder


def weights(folder: Path, *, shifted: bool = False, **changes: object) -> Path:
    """A copy of the shipped weights; ``shifted``: with every class called by another's name,
    so that the same boxes are all of the wrong kind."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "w.onnx"
    path.write_bytes(SHIPPED.read_bytes())
    card = Card.read(SHIPPED.with_suffix(".json"))
    labels = (*DETECTED[1:], DETECTED[0]) if shifted else DETECTED
    replace(card, labels=labels, **changes).write(path.with_suffix(".json"))  # type: ignore[arg-type]
    return path


def put_in_use(source: Path, data: Path) -> None:
    target = data / OWN
    target.parent.mkdir(parents=True, exist_ok=True)
    for ending in (".onnx", ".json"):
        target.with_suffix(ending).write_bytes(source.with_suffix(ending).read_bytes())


def test_too_few_held_out_pictures_are_named(tmp_path: Path) -> None:
    rows = [Corrected(picture(n), (("hole", BOX),), f"g{n}", "") for n in range(30)]
    made = write_folder(rows, tmp_path / "export")
    missing = NEEDED - made.pictures["test"]
    assert missing > 0
    with pytest.raises(NotAllowedNow, match=f"{missing}장 모자라요"):
        promote(weights(tmp_path / "w"), tmp_path / "export", tmp_path)
    assert not (tmp_path / OWN).exists()


def test_better_weights_take_over_and_the_old_ones_are_kept(held_out: Path, tmp_path: Path) -> None:
    put_in_use(weights(tmp_path / "old", shifted=True), tmp_path)
    before = (tmp_path / OWN).with_suffix(".json").read_bytes()
    compared = promote(weights(tmp_path / "new"), held_out, tmp_path)
    assert compared.better
    assert compared.candidate["map50"] > compared.now["map50"]
    current = weights_in_use(tmp_path)
    assert current == tmp_path / OWN
    assert Detector.load(current).card.labels == DETECTED
    previous = current.with_name("previous.json")
    assert previous.read_bytes() == before
    assert Detector.load(previous.with_suffix(".onnx")).card.labels != DETECTED
    assert not list(current.parent.glob("*.new"))


def test_weights_that_are_not_better_are_refused_with_the_figures(
    held_out: Path, tmp_path: Path
) -> None:
    with pytest.raises(NotAllowedNow, match="mAP50"):  # the very same ones
        promote(weights(tmp_path / "same"), held_out, tmp_path)
    with pytest.raises(NotAllowedNow, match="더 낫지"):
        promote(weights(tmp_path / "worse", shifted=True), held_out, tmp_path)
    assert weights_in_use(tmp_path) == SHIPPED


def test_more_false_alarms_are_not_better(held_out: Path, tmp_path: Path) -> None:
    put_in_use(weights(tmp_path / "old", shifted=True, threshold=0.999), tmp_path)
    eager = weights(tmp_path / "eager", threshold=0.01)
    compared = compare(eager, held_out, tmp_path)
    assert compared.candidate["map50"] > compared.now["map50"]
    assert compared.candidate["false_alarms"] > compared.now["false_alarms"] == 0
    assert not compared.better


def test_weights_without_a_card_or_changed_after_it_are_refused(
    held_out: Path, tmp_path: Path
) -> None:
    bare = weights(tmp_path / "bare")
    bare.with_suffix(".json").unlink()
    with pytest.raises(BadInput, match="모델 카드"):
        promote(bare, held_out, tmp_path)
    changed = weights(tmp_path / "changed")
    changed.write_bytes(changed.read_bytes() + b"\0")
    with pytest.raises(Unavailable, match="SHA-256"):
        promote(changed, held_out, tmp_path)


def test_the_shipped_card_tells_people_what_the_weights_are() -> None:
    card = Card.read(SHIPPED.with_suffix(".json"))
    text = SHIPPED.with_suffix(".md").read_text("utf-8")
    assert text == model_card(card)
    assert "예시 모델 (합성 이미지로 학습)" in text
    assert card.sha256 in text
    assert "AGPL-3.0" in text
    assert "힌트일 뿐" in text
    assert SHIPPED.stat().st_size < 10_000_000


def test_the_detector_ranks_and_keeps_quiet_on_pictures_it_never_saw(held_out: Path) -> None:
    detector = Detector.load(SHIPPED)
    table = figures(detector.card, look(detector, samples(held_out, "test")))
    assert table["auroc"] > 0.7
    assert table["false_alarms"] <= 0.05  # one in twenty is one picture here


# -- a user's .pt without the extra --------------------------------------------------------


def test_a_pt_file_needs_the_vision_extra_and_says_so(tmp_path: Path) -> None:
    import importlib.util
    import sys

    if importlib.util.find_spec("ultralytics"):
        pytest.skip("this environment has the vision extra")
    path = tmp_path / "mine.pt"
    path.write_bytes(b"no weights")
    with pytest.raises(Unavailable, match="ONNX"):
        Worker(path, python=Path(sys.executable))
    from vision.training.guards import guard

    with pytest.raises(MissingExtra, match="setup-vision"):
        guard()
