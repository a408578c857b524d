"""The suites for intents and slots: how they count, on sentences made here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.types import DateRange, IntentGuess, Slots, Understood
from evals.subject import Subject
from evals.suites import intents, slots

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


class Says:
    """Understands every message as one intent."""

    def __init__(self, intent: str, confidence: float = 0.9, **found: Any) -> None:
        self.answer = Understood(
            intent, confidence, Slots(**found), (IntentGuess("policy", 1 - confidence),)
        )

    def understand(self, text: str, now: datetime) -> Understood:
        return self.answer


def subject(understander: Says) -> Subject:
    settings = SimpleNamespace(intent_min_percent=40)
    return cast(
        Subject, SimpleNamespace(shop=SimpleNamespace(understander=understander, settings=settings))
    )


def quiet(done: int, of: int) -> None:
    assert done <= of


# ── slots ────────────────────────────────────────────────────────────────────────────────


def test_our_slots_in_the_words_of_the_data_set() -> None:
    day = DateRange(date(2026, 11, 20), date(2026, 11, 20), "어제")
    found = Slots(
        order_ids=("20261103-0000042",), when=day, reason_code="damaged", wanted_option="L",
        yes_no=False, products=("이어폰",),
    )  # fmt: skip
    assert slots.values_of(found) == {
        "order_ids": ["20261103-0000042"], "when": ["2026-11-20", "2026-11-20"],
        "products": ["이어폰"], "yes_no": False, "reason": "broken", "option": "L",
    }  # fmt: skip
    assert slots.values_of(Slots()) == {}


@pytest.mark.parametrize(
    ("expected", "found", "counts"),
    [
        ({"amount_krw": 3000}, {"amount_krw": 3000}, (1, 0, 0)),
        ({"amount_krw": 3000}, {"amount_krw": 5000}, (0, 1, 1)),
        ({"amount_krw": 3000}, {}, (0, 0, 1)),
        ({}, {"amount_krw": 3000}, (0, 1, 0)),
        ({"yes_no": False}, {"yes_no": False}, (1, 0, 0)),
        ({"option": "네이비 M"}, {"option": "네이비M"}, (1, 0, 0)),
        ({"products": ["무선 이어폰"]}, {"products": ["이어폰"]}, (1, 0, 0)),
        ({"products": ["이어폰"]}, {"products": ["무선이어폰", "케이스"]}, (1, 1, 0)),
        ({"products": ["이어폰", "컵"]}, {"products": ["이어폰"]}, (1, 0, 1)),
        ({"order_ids": ["a", "b"]}, {"order_ids": ["b", "c"]}, (1, 1, 1)),
    ],
)
def test_a_slot_counts_when_its_whole_value_is_right(
    expected: dict[str, Any], found: dict[str, Any], counts: tuple[int, int, int]
) -> None:
    (outcome,) = slots.compare(expected, found)
    assert (outcome.hits, outcome.wrong, outcome.missed) == counts


def test_slots_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "dev.yaml"
    file.write_text(
        "now: 2026-11-21T10:00:00+09:00\nitems:\n"
        "- {text: 어제 거요, when: [2026-11-20, 2026-11-20]}\n- {text: 네, yes_no: false}\n",
        "utf-8",
    )
    now, items = slots.load(file)
    assert now.isoformat() == "2026-11-21T10:00:00+09:00"
    assert items[0].expected == {"when": ["2026-11-20", "2026-11-20"]}
    assert (items[1].id, items[1].expected) == ("dev:2", {"yes_no": False})


# ── intents ──────────────────────────────────────────────────────────────────────────────


def after(asking: str, last: str = "cancel") -> intents.Followup:
    return intents.Followup("x:1", last, asking, "그거요", last)


def test_a_yes_to_an_offer_stays_with_the_offer() -> None:
    yes = subject(Says("smalltalk", yes_no=True))
    assert intents.meaning(yes, after("yes_no")).intent == "cancel"
    assert intents.meaning(yes, after("")).intent == "smalltalk"
    other = subject(Says("policy"))
    assert intents.meaning(other, after("yes_no")).intent == "policy"


def test_the_open_question_goes_first() -> None:
    named = subject(Says("product_info", 0.5, products=("이어폰",)))
    assert intents.meaning(named, after("order")).intent == "cancel"
    assert intents.meaning(named, after("")).intent == "product_info"


@pytest.mark.parametrize("head", ["items:\n", ""])
def test_followups_stand_in_a_list_or_under_items(head: str, tmp_path: Path) -> None:
    file = tmp_path / "followups_dev.yaml"
    file.write_text(
        head + "- {last_intent: cancel, asking: order, text: 그거요, intent: cancel}\n"
        "- {last_intent: policy, asking: null, text: 왜요, intent: policy}\n",
        "utf-8",
    )
    first, second = intents.load_followups(file)
    assert (first.id, first.asking) == ("followups_dev:1", "order")
    assert (second.last_intent, second.asking) == ("policy", "")


def test_intents_of_both_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intents, "FOLDER", tmp_path)
    (tmp_path / "test.tsv").write_text("cancel\t취소요\npolicy\t규정이요\n", "utf-8")
    (tmp_path / "followups_test.yaml").write_text(
        "items:\n- {last_intent: policy, asking: null, text: 그럼 취소요, intent: policy}\n",
        "utf-8",
    )
    result = intents.run(subject(Says("cancel")), quiet)
    figures = {metric.name: metric.value for metric in result.metrics}
    assert figures["test_accuracy"] == 0.5
    assert figures["test_macro_f1"] == pytest.approx(1 / 3)
    assert figures["test_confident_errors"] == 0.5
    assert figures["test_followups"] == 0
    assert {case.expected for case in result.cases} == {"policy"}
    assert not any(name.startswith("dev") for name in figures)
    assert intents.size() == 3


def test_without_data_nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for suite in (intents, slots):
        monkeypatch.setattr(suite, "FOLDER", tmp_path)
        assert suite.run(subject(Says("cancel")), quiet).skipped
        assert suite.size() == 0
