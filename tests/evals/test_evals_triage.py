"""The suite for triage: what the delivered data hold, and that the promise is kept."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import cast

import pytest

from agent.shop import words
from agent.triage import Guess, TriageGuess
from evals.subject import Subject
from evals.suites import triage
from services import Services

KNOWN = {"issue_type": words.ISSUE_TYPE, "priority": words.PRIORITY,
         "sentiment": words.SENTIMENT, "language": words.LANGUAGE}  # fmt: skip


def subject(triager: object) -> Subject:
    return cast(Subject, SimpleNamespace(shop=SimpleNamespace(triager=triager)))


def quiet(done: int, of: int) -> None:
    assert done <= of


def test_the_written_tickets_are_many_of_every_kind_and_none_twice() -> None:
    items = triage.load(triage.FOLDER / "test.tsv")
    assert len(items) >= 240
    assert len({item.text for item in items}) == len(items)
    for field, table in KNOWN.items():
        counts = Counter(item.labels[field] for item in items)
        assert set(counts) <= set(table)
    assert min(Counter(item.labels["issue_type"] for item in items).values()) >= 20
    assert min(Counter(item.labels["priority"] for item in items).values()) >= 20
    assert sum(item.labels["language"] == "ko" for item in items) >= 200
    assert any("\n" in item.text for item in items)  # transcripts are read as such


def test_the_promised_quality_is_reached(base: Services) -> None:
    result = triage.run(subject(base.triager), quiet)
    figures = {metric.name: metric for metric in result.metrics}
    assert figures["test_issue_type"].goal == 0.85
    assert figures["test_priority"].goal == 0.75
    for metric in result.metrics:
        assert metric.reached, metric
        assert metric.low <= metric.value <= metric.high
    assert figures["test_urgent_found"].value >= 0.9
    assert {row.label for row in result.classes} >= set(words.ISSUE_TYPE)
    assert result.confusion is not None
    assert sum(map(sum, result.confusion.counts)) == figures["test_issue_type"].n


def test_a_blind_triage_is_told_as_such() -> None:
    blind = TriageGuess(Guess("other", 0.9), Guess("normal", 0.9), Guess("neutral", 0.9),
                        Guess("ko", 1.0))  # fmt: skip
    result = triage.run(subject(lambda text: blind), quiet)
    figures = {metric.name: metric.value for metric in result.metrics}
    assert figures["test_issue_type"] < 0.05
    assert figures["test_urgent_found"] == 0
    assert figures["test_issue_type_sure_errors"] == pytest.approx(0.9, abs=0.05)
    assert len(result.cases) == triage.SHOWN
    assert all(case.expected != case.got for case in result.cases)
