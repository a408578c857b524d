"""Fitting the weights, on judges whose skill is known; and the generated cases themselves."""

from __future__ import annotations

import numpy as np
import pytest

from evals.vision.fusion_eval import summary
from vision.fusion.calibrate import Judged, fit
from vision.fusion.join import score_of
from vision.fusion.weights import shipped
from vision.generate.cases import CALIBRATION_SEED, TEST_SEED, case
from vision.measure import auroc, calibration_error
from vision.types import Box, Finding, Judge, Opinion, Quality

PLACE: Box = (0.4, 0.4, 0.6, 0.6)
GOOD = Quality(True, 1.0, 1.0, 1.0, 1.0)


def opinion(judge: Judge, score: float | None, *boxes: Box) -> Opinion:
    if score is None:
        return Opinion(judge, "unsure")
    findings = tuple(Finding("broken", score, box, (judge,)) for box in boxes)
    return Opinion(judge, "seen" if findings else "clear", score, findings)


def rows(count: int, seed: int) -> list[Judged]:
    """A skilled comparison that fails to align each tenth case, a poor detector."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        damaged = number % 2 == 0
        sharp = float(np.clip(rng.normal(0.7 if damaged else 0.25, 0.18), 0, 1))
        vague = float(np.clip(rng.normal(0.45 if damaged else 0.35, 0.2), 0, 1))
        x = float(rng.uniform(0, 0.7))
        there = PLACE if damaged else (x, x, x + 0.1, x + 0.1)
        compared = opinion("reference", None if rng.random() < 0.1 else sharp, there)
        hinted = opinion("detector", vague, *([there] if rng.random() < vague else []))
        truth = (PLACE,) if damaged else ()
        found.append(Judged((compared, hinted), truth, damaged, 0, GOOD))
    return found


def test_the_fit_trusts_the_skilled_judge_and_keeps_the_promise_on_claims() -> None:
    weights = fit(rows(600, 1))
    assert all(slope >= 0 for slope in (*weights.reference.slopes, *weights.detector.slopes))
    assert weights.agree >= 0
    assert weights.reference.at(1.0) - weights.reference.at(0.0) > 2 * (
        weights.detector.at(1.0) - weights.detector.at(0.0)
    )
    unseen = rows(600, 2)
    truth = [row.damaged for row in unseen]
    scores = [score_of(row.opinions, weights) or 0.0 for row in unseen]
    alone = [row.opinions[0].score or 0.0 for row in unseen]
    assert auroc(scores, truth) >= auroc(alone, truth)
    assert calibration_error(scores, truth) < 0.08
    table = summary(unseen, weights)
    assert table["claim_share_clean"] <= 0.02
    assert table["claim_share_damaged"] > 0.5
    assert table["right_place_of_claims"] == 1.0
    assert sum(table["verdicts_damaged"].values()) == 300


def test_a_judge_that_never_spoke_gets_no_voice() -> None:
    silent = [
        Judged((row.opinions[0], Opinion("detector", "absent")), row.boxes, row.damaged, 0, GOOD)
        for row in rows(200, 3)
    ]
    weights = fit(silent)
    assert weights.detector.at(1.0) == pytest.approx(0.0, abs=1e-6)


def test_the_shipped_weights_say_what_they_were_fitted_on() -> None:
    fitted = shipped().fitted
    first, last = fitted["seeds"]
    assert first == CALIBRATION_SEED
    assert last < 2000 < TEST_SEED
    assert fitted["cases"] >= 200
    assert shipped().damage_at >= 0.5


def test_a_case_is_the_same_each_time_and_half_are_damaged() -> None:
    numbers = range(TEST_SEED + 4010, TEST_SEED + 4016)
    cases = [case(number) for number in numbers]
    assert [one.damaged for one in cases] == [True, False] * 3
    assert case(TEST_SEED + 4010) == cases[0]
    assert all(bool(one.boxes) == one.damaged for one in cases)
    assert {one.specimen == 0 for one in cases} <= {True, False}
    assert case(TEST_SEED + 4011, specimen=2).specimen == 2
