"""Slots: what a message says besides its intent, exactly as a person reads it.

A slot counts when its whole value is right. Product words are compared without spaces, and
one that holds the other counts: "무선 이어폰" and "이어폰" find the same goods.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from agent.types import Slots
from agent.understanding import extract_slots
from evals.stats import bootstrap
from evals.subject import Subject
from evals.types import Case, ClassRow, Metric, Progress, SuiteResult

__all__ = [
    "NAMES",
    "TITLE",
    "Item",
    "Outcome",
    "compare",
    "load",
    "run",
    "size",
    "values_of",
]

TITLE = "문장 속 정보(날짜·금액·상품 …)"
FOLDER = Path(__file__).resolve().parents[1] / "slots"
GOAL = 0.90
NAMES = (
    "order_ids", "when", "amount_krw", "ordinal", "quantity", "products", "yes_no", "email",
    "reason", "option",
)  # fmt: skip
# The shop's reason codes in the words of the data set.
REASONS = {
    "damaged": "broken",
    "defect": "broken",
    "wrong_item": "wrong_item",
    "missing_item": "missing",
    "change_of_mind": "changed_mind",
    "wrong_option": "size",
    "late_delivery": "late",
    "not_as_described": "other",
    "other": "other",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A message with the slots a person found in it, by name."""

    id: str
    text: str
    expected: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One slot of one message: values that are right, found but wrong, and overlooked."""

    slot: str
    hits: int
    wrong: int
    missed: int


def load(path: Path) -> tuple[datetime, tuple[Item, ...]]:
    """The time the messages were written at, and the items. Raises OSError, KeyError."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    now = data["now"]
    moment = now if isinstance(now, datetime) else datetime.fromisoformat(str(now))
    return moment, tuple(
        Item(
            f"{path.stem}:{number}",
            row["text"],
            {name: _plain(row[name]) for name in NAMES if row.get(name) is not None},
        )
        for number, row in enumerate(data["items"], 1)
    )


def size() -> int:
    """Messages judged."""
    paths = [FOLDER / f"{name}.yaml" for name in ("test", "dev")]
    return sum(len(load(path)[1]) for path in paths if path.exists())


def _plain(value: Any) -> Any:
    """Dates as ISO text, whichever way the YAML reader took them."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def values_of(slots: Slots) -> dict[str, Any]:
    """Our slots in the form of the data set, empty ones left out."""
    when = slots.when
    found = {
        "order_ids": list(slots.order_ids),
        "when": [when.start.isoformat(), when.end.isoformat()] if when else None,
        "amount_krw": slots.amount_krw,
        "ordinal": slots.ordinal,
        "quantity": slots.quantity,
        "products": list(slots.products),
        "yes_no": slots.yes_no,
        "email": slots.email,
        "reason": REASONS[slots.reason_code] if slots.reason_code else None,
        "option": slots.wanted_option,
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def compare(expected: dict[str, Any], found: dict[str, Any]) -> list[Outcome]:
    """What became of every slot that is expected or found."""
    outcomes = []
    for name in NAMES:
        wanted, got = expected.get(name), found.get(name)
        if name == "products":
            outcome = _products(wanted or [], got or [])
        elif name == "order_ids":
            hits = len(set(wanted or []) & set(got or []))
            outcome = Outcome(name, hits, len(got or []) - hits, len(wanted or []) - hits)
        else:
            right = wanted is not None and _same(name, wanted, got)
            outcome = Outcome(
                name, right, got is not None and not right, wanted is not None and not right
            )
        if outcome.hits or outcome.wrong or outcome.missed:
            outcomes.append(outcome)
    return outcomes


def _same(name: str, wanted: Any, got: Any) -> bool:
    if name == "option":
        return _joined(str(wanted)) == _joined(str(got))
    return bool(wanted == got)


def _products(wanted: Sequence[str], got: Sequence[str]) -> Outcome:
    first, second = [_joined(word) for word in wanted], [_joined(word) for word in got]
    hits = sum(any(a in b or b in a for b in second) for a in first)
    wrong = sum(not any(a in b or b in a for a in first) for b in second)
    return Outcome("products", hits, wrong, len(first) - hits)


def _joined(text: str) -> str:
    return text.replace(" ", "").lower()


def _f1(outcomes: Iterable[Outcome]) -> float:
    return _row("", list(outcomes)).f1


def _row(label: str, outcomes: Sequence[Outcome]) -> ClassRow:
    """Precision, recall and F1 of ``outcomes``; 1.0 where nothing could go wrong."""
    hits = sum(one.hits for one in outcomes)
    wrong, missed = sum(one.wrong for one in outcomes), sum(one.missed for one in outcomes)
    both = 2 * hits + wrong + missed
    return ClassRow(
        label,
        hits + missed,
        hits / (hits + wrong) if hits + wrong else 1.0,
        hits / (hits + missed) if hits + missed else 1.0,
        2 * hits / both if both else 1.0,
    )


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """Every slot of the test set, with a row a slot; one figure of the development set."""
    metrics: list[Metric] = []
    rows: tuple[ClassRow, ...] = ()
    cases: list[Case] = []
    sets = [name for name in ("test", "dev") if (FOLDER / f"{name}.yaml").exists()]
    if not sets:
        return SuiteResult("slots", TITLE, skipped=f"no data in {FOLDER.name}")
    for number, name in enumerate(sets):
        now, items = load(FOLDER / f"{name}.yaml")
        found = [
            values_of(extract_slots(item.text, now=now, tokenizer=subject.shop.tokenizer))
            for item in items
        ]
        compared = [compare(item.expected, got) for item, got in zip(items, found, strict=True)]
        metrics += _metrics(name, compared)
        if number == 0:
            rows = _rows(compared)
            cases = _cases(items, found, compared)
        progress(number + 1, len(sets))
    return SuiteResult("slots", TITLE, tuple(metrics), rows, cases=tuple(cases))


def _metrics(name: str, compared: Sequence[Sequence[Outcome]]) -> list[Metric]:
    def micro(part: Sequence[Sequence[Outcome]]) -> float:
        return _f1(outcome for outcomes in part for outcome in outcomes)

    n = sum(outcome.hits + outcome.missed for outcomes in compared for outcome in outcomes)
    low, high = bootstrap(compared, micro)
    title = "F1, 모든 항목" if name == "test" else "F1, 개발용 문장"
    return [
        Metric(
            f"{name}_f1", title, micro(compared), n, low, high,
            goal=GOAL if name == "test" else None,
        )
    ]  # fmt: skip


def _rows(compared: Sequence[Sequence[Outcome]]) -> tuple[ClassRow, ...]:
    by_slot: dict[str, list[Outcome]] = {}
    for outcomes in compared:
        for outcome in outcomes:
            by_slot.setdefault(outcome.slot, []).append(outcome)
    rows = [_row(name, outcomes) for name, outcomes in by_slot.items()]
    return tuple(sorted(rows, key=lambda row: row.f1))


def _cases(
    items: Sequence[Item],
    found: Sequence[dict[str, Any]],
    compared: Sequence[Sequence[Outcome]],
) -> list[Case]:
    """Messages with a mistake, those with most first."""
    cases = []
    for item, got, outcomes in zip(items, found, compared, strict=True):
        mistakes = Counter({one.slot: one.wrong + one.missed for one in outcomes})
        slots = [slot for slot, count in mistakes.items() if count]
        if slots:
            cases.append(
                Case(
                    item.id,
                    item.text,
                    _told(item.expected, slots),
                    _told(got, slots),
                    float(mistakes.total()),
                )
            )
    return sorted(cases, key=lambda case: -case.weight)[:200]


def _told(values: dict[str, Any], slots: Sequence[str]) -> str:
    return ", ".join(f"{slot}={values.get(slot, '-')}" for slot in slots)
