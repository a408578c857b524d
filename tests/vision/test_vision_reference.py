"""The comparison with catalogue photos on a few drawn pairs: what it finds and never says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from evals.vision.reference_pairs import as_reference
from vision.generate import Design, catalogue_photo, draw, hurt, photograph
from vision.labels import LABELS
from vision.measure import contained
from vision.reference import Comparison, compare
from vision.reference.catalogue import KEPT, _kept, prepare, product_mask
from vision.types import Box

Pixels = NDArray[np.uint8]

MUG = Design("mug", (70, 110, 150), seed=6001, text="GOOD DAY 7")
BOOK = Design("notebook", (150, 90, 80), seed=6002, text="NOTE 42")
BOX = Design("shipping_box", (180, 140, 100), seed=6003, text="SANGDAM 11")


def catalogue(design: Design) -> Pixels:
    return catalogue_photo(draw(design))


def taken(design: Design, seed: int, *, hole: bool = False) -> tuple[Pixels, list[Box]]:
    rng = np.random.default_rng(seed)
    piece, boxes = draw(design), []
    if hole:
        piece, box = hurt(piece, "hole", rng)
        boxes = [box]
    return photograph(piece, rng, boxes=boxes, hardness=0.5, side_px=800)


def same(one: Comparison, other: Comparison) -> bool:
    return (one.aligned, one.score, one.findings) == (other.aligned, other.score, other.findings)


def test_the_catalogue_photo_itself_shows_nothing() -> None:
    photo = catalogue(BOOK)
    said = compare(photo, [as_reference(photo, "P1", "S1")])
    assert said.aligned
    assert said.score < 0.2
    assert (said.product_id, said.sku, said.other) == ("P1", "S1", "")


@pytest.mark.parametrize("design", [MUG, BOOK, BOX], ids=lambda one: one.kind)
def test_a_hole_scores_above_the_same_product_unharmed_and_is_where_it_is(design: Design) -> None:
    reference = [as_reference(catalogue(design))]
    clean = compare(taken(design, 7001)[0], reference)
    photo, boxes = taken(design, 7001, hole=True)
    said = compare(photo, reference)
    assert said.aligned
    assert clean.aligned
    assert said.score > clean.score + 0.2
    assert contained(said.findings[0].box, boxes[0]) > 0.5


def test_turned_by_a_right_angle_and_seen_in_part() -> None:
    reference = [as_reference(catalogue(BOOK))]
    photo = taken(BOOK, 7003)[0]
    turned = compare(np.ascontiguousarray(np.rot90(photo)), reference)
    assert turned.aligned
    close = catalogue_photo(draw(BOOK), side_px=900)[200:620, 250:800]
    assert compare(np.ascontiguousarray(close), reference).aligned


def test_another_picture_is_not_aligned_and_nothing_is_said_of_it() -> None:
    said = compare(taken(MUG, 7004)[0], [as_reference(catalogue(BOOK))])
    assert not said.aligned
    assert said.findings == ()
    assert said.score == 0.0
    assert "맞춰 보지 못했어요" in said.reason


def test_a_plain_picture_is_not_aligned() -> None:
    plain = np.full((300, 400, 3), 128, np.uint8)
    assert not compare(plain, [as_reference(catalogue(MUG))]).aligned
    assert not compare(taken(MUG, 7004)[0], [as_reference(plain)]).aligned


def test_another_product_of_the_shop_is_named() -> None:
    ordered = as_reference(catalogue(BOOK), "P-BOOK")
    others = [
        as_reference(catalogue(BOX), "P-BOX", ordered=False),
        as_reference(catalogue(MUG), "P-MUG", ordered=False),
    ]
    said = compare(taken(MUG, 7004)[0], [ordered, *others])
    assert (said.aligned, said.other) == (False, "P-MUG")
    assert [one.label for one in said.findings] == ["wrong_item"]
    right = compare(taken(BOOK, 7001)[0], [ordered, *others])
    assert (right.aligned, right.other) == (True, "")


def test_the_best_fitting_reference_is_compared() -> None:
    other = Design("notebook", (60, 120, 90), seed=6011, text="ZETA 9")
    references = [
        as_reference(catalogue(other), "P1", "S-GREEN"),
        as_reference(catalogue(BOOK), "P1", "S-RED"),
    ]
    assert compare(taken(BOOK, 7001)[0], references).sku == "S-RED"


def test_nothing_to_compare_with() -> None:
    said = compare(taken(MUG, 7004)[0], [])
    assert not said.aligned
    assert said.reason


def test_findings_are_sorted_inside_and_never_a_clean_bill() -> None:
    photo, _ = taken(MUG, 7005, hole=True)
    said = compare(photo, [as_reference(catalogue(MUG))])
    confidences = [one.confidence for one in said.findings]
    assert confidences == sorted(confidences, reverse=True)
    for one in said.findings:
        assert one.label in LABELS
        x1, y1, x2, y2 = one.box
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1
        assert 0 < one.confidence <= 1
    assert "이상" not in said.reason
    assert "손상이 없" not in said.reason


def test_threads_and_repetition_give_one_answer() -> None:
    photo, _ = taken(BOOK, 7006, hole=True)
    reference = [as_reference(catalogue(BOOK))]
    first = compare(photo, reference)
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _: compare(photo, reference), range(4)))
    assert all(same(first, one) for one in again)


def test_prepared_references_are_kept_but_not_for_ever() -> None:
    reference = as_reference(catalogue(MUG))
    assert prepare(reference) is prepare(reference)
    for shade in range(KEPT + 3):
        prepare(as_reference(np.full((40, 40, 3), shade, np.uint8)))
    assert len(_kept) <= KEPT


def test_the_mask_is_the_product_where_the_ground_is_flat() -> None:
    piece = draw(MUG)
    mask, flat = product_mask(catalogue_photo(piece, side_px=512))
    assert flat
    assert 0.5 < (mask > 0).sum() / max(piece.mask.sum(), 1) < 2.0
    whole, flat = product_mask(np.random.default_rng(1).integers(0, 255, (90, 90, 3), np.uint8))
    assert not flat
    assert (whole == 255).all()


def test_a_photo_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        compare(np.zeros((40, 40), np.uint8), [])
