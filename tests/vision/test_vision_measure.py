"""The figures every photo measurement rests on, against hand-counted cases and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.measure import (
    ap50,
    ap50_by_class,
    auroc,
    bootstrap,
    brier,
    calibration_error,
    contained,
    figures,
    iou,
    threshold_at,
    tpr_at,
)
from vision.types import Box

LEFT, RIGHT, HALF = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0), (0.0, 0.0, 0.5, 0.5)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40).filter(
        lambda rows: len({truth for _, truth in rows}) == 2
    )
)
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    scores, truth = zip(*rows, strict=True)
    wins = [
        1.0 if bad > good else 0.5 if bad == good else 0.0
        for bad, is_bad in rows
        if is_bad
        for good, is_bad_too in rows
        if not is_bad_too
    ]
    assert auroc(scores, truth) == pytest.approx(float(np.mean(wins)))


@given(st.lists(st.floats(0, 1), min_size=3, max_size=60), st.integers(0, 30))
def test_no_more_alarms_than_allowed(clean: list[float], percent: int) -> None:
    scores, truth = [*clean, 2.0], [False] * len(clean) + [True]
    threshold = threshold_at(scores, truth, percent / 100)
    assert np.mean(np.array(clean) > threshold) <= percent / 100 + 1e-9
    assert tpr_at(scores, truth, percent / 100) == 1.0


def test_tpr_counts_ties_with_a_clean_picture_as_missed() -> None:
    assert tpr_at([0.9, 0.5, 0.5, 0.1], [True, True, False, False], 0.0) == 0.5


def test_one_kind_alone_cannot_be_ranked() -> None:
    with pytest.raises(ValueError, match="both"):
        auroc([0.1, 0.2], [True, True])
    with pytest.raises(ValueError, match="equally long"):
        auroc([0.1, 0.2], [True, False, True])


def test_boxes_overlap_as_areas_do() -> None:
    assert iou(LEFT, RIGHT) == 0.0
    assert iou(LEFT, LEFT) == 1.0
    assert iou(LEFT, HALF) == pytest.approx(0.5)
    assert contained(LEFT, HALF) == 1.0
    assert iou(LEFT, (0.2, 0.2, 0.2, 0.2)) == 0.0


def test_average_precision_of_a_known_ranking() -> None:
    # Right, wrong, right: precision 1 at recall 1/2, 2/3 at recall 1.
    found = [[(0.9, LEFT), (0.8, (0.9, 0.9, 1.0, 1.0)), (0.7, RIGHT)]]
    assert ap50(found, [[LEFT, RIGHT]]) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_a_second_box_on_one_place_is_wrong() -> None:
    assert ap50([[(0.9, LEFT), (0.8, LEFT)]], [[LEFT]]) == 1.0
    assert ap50([[(0.9, LEFT), (0.8, LEFT), (0.7, RIGHT)]], [[LEFT, RIGHT]]) == pytest.approx(
        0.5 + 0.5 * 2 / 3
    )


def test_pictures_do_not_share_boxes() -> None:
    assert ap50([[(0.9, LEFT)], []], [[], [LEFT]]) == 0.0
    assert ap50([[], []], [[], [LEFT]]) == 0.0
    with pytest.raises(ValueError, match="at least one true box"):
        ap50([[]], [[]])


def test_average_precision_by_class_needs_the_right_name() -> None:
    found: list[list[tuple[float, Box, str]]] = [[(0.9, LEFT, "hole"), (0.8, RIGHT, "hole")]]
    table = ap50_by_class(found, [[(LEFT, "hole"), (RIGHT, "stain")]])
    assert table == {"hole": 1.0, "stain": 0.0, "all": 0.5}


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    truth = [True, False] * 50
    assert calibration_error([0.5] * 100, truth, bins=1) == pytest.approx(0.0)
    assert calibration_error([0.9] * 100, truth, bins=5) == pytest.approx(0.4)
    assert brier([0.5] * 100, truth) == pytest.approx(0.25)


def test_bootstrap_holds_the_figure_and_is_the_same_each_time() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(200) < 0.5
    scores = truth + rng.normal(0, 1, 200)
    low, high = bootstrap(auroc, scores, truth)
    assert low < auroc(scores, truth) < high
    assert (low, high) == bootstrap(auroc, scores, truth)
    row = figures(scores, truth)
    assert row["pictures"] == 200
    assert row["auroc_95"] == [round(low, 4), round(high, 4)]
    with pytest.raises(ValueError, match="no round"):
        bootstrap(auroc, [0.1, 0.2], [True, True], rounds=3)
