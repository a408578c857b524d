"""The guards' measured sets keep their size and their figures."""

from __future__ import annotations

from evals.pii.generate import caught, negatives, positives
from evals.suites import grounding, pii


def test_personal_data_is_masked_and_nothing_else() -> None:
    result = pii.run(None, lambda done, of: None)  # type: ignore[arg-type]
    figures = {metric.name: (metric.value, metric.n) for metric in result.metrics}
    assert figures["recall"][0] >= 0.99
    assert figures["recall"][1] == 500
    assert figures["false_masks"][0] <= 0.001
    assert figures["false_masks"][1] == 1000


def test_development_and_test_forms_differ() -> None:
    assert not {form.text for form in positives("dev")} & {form.text for form in positives("test")}
    assert not set(negatives("dev")) & set(negatives("test"))
    assert sum(caught(form) for form in positives("dev", more=1)) >= 495


def test_replies_without_support_are_caught() -> None:
    assert [row["text"] for row in grounding.load("dev") if bool(row["bad"]) != bool(
        grounding.judge(row))] == []  # fmt: skip
    result = grounding.run(None, lambda done, of: None)  # type: ignore[arg-type]
    figures = {metric.name: metric.value for metric in result.metrics}
    assert len(grounding.load("test")) >= 150
    assert figures["caught"] >= 0.95
    assert figures["alarms"] <= 0.03
