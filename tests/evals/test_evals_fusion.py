"""The fusion suite: differences that are judged, the four modes that are told beside them."""

from __future__ import annotations

import pytest

from evals.console import summary
from evals.rankings import Asked, Ranked, RankedSet
from evals.suites import fusion
from services.quality_figures import figures_of, side_by_side

PLACES = (  # keyword, vector, rrf, hybrid
    (1, 3, 1, 1),
    (1, None, 2, 1),
    (2, 1, 1, 2),
    (None, 4, None, 1),
)


@pytest.fixture
def measured(monkeypatch):
    modes = ("keyword", "vector", "rrf", "hybrid")
    rows = tuple(
        Ranked(
            Asked(f"q:{n}", f"{n}번 질문", frozenset({"a"})),
            dict(zip(modes, places, strict=True)), {}, "b", True,
        )
        for n, places in enumerate(PLACES)
    )  # fmt: skip
    sets = (RankedSet("tiny", "작은 묶음", rows),)
    monkeypatch.setattr(fusion, "ranked_sets", lambda *_: sets)
    return fusion.run(None, lambda *_: None)


def test_the_difference_to_the_better_part_is_judged(measured):
    figures = {one.name: one for one in measured.metrics}
    assert figures["tiny.gain.r1"].value == 0.25  # 3 of 4 against the keywords' 2
    assert figures["tiny.gain.r5"].value == 0.25  # 4 of 4 against 3
    assert measured.metrics[0].name == "worst"
    assert [one.id for one in measured.cases] == ["q:2"]


def test_all_four_modes_stand_side_by_side(measured):
    beside, singly = side_by_side(figures_of("fusion", measured.as_json()))
    shares = [{mode: one.value for mode, one in cells.items()} for _, cells in beside]
    assert shares[0] == {"keyword": 0.5, "vector": 0.25, "rrf": 0.5, "hybrid": 0.75}
    assert [title for title, _ in beside] == ["작은 묶음 R@1", "작은 묶음 R@5"]
    assert [one.name for one in singly] == ["worst", "tiny.gain.r1", "tiny.gain.r5"]
    lines = summary({"fusion": measured}, {}).splitlines()
    (line,) = (
        one for one in lines if one.split()[:3] == ["작은", "묶음", "R@1"] and "차이" not in one
    )
    assert line.split()[3:] == ["50.0%", "25.0%", "50.0%", "75.0%", "4"]
