"""Triage of whole tickets, offline: issue type, priority, sentiment, language.

``evals/triage/test.tsv`` was written apart from the training sentences and is reported only;
``dev.tsv``, on which everything was tuned, is told beside it for comparison. The classes and the
confusion are those of the issue type.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from agent.triage import Guess, TriageGuess
from agent.understanding.measure import calibration_error
from evals.stats import bootstrap, classes_of, confusion_of, macro_f1_metric, share
from evals.subject import Subject
from evals.types import Case, ClassRow, Metric, Progress, SuiteResult

__all__ = ["TITLE", "Item", "load", "run", "size"]

TITLE = "문의 분류"
FOLDER = Path(__file__).resolve().parents[1] / "triage"
GOALS = {"issue_type": 0.85, "priority": 0.75}
FIELDS = {
    "issue_type": "유형",
    "priority": "우선순위",
    "sentiment": "고객 기분",
    "language": "언어",
}
SURE, SHOWN = 0.6, 200  # the desk acts by itself from SURE on
_SET = {"test": "시험", "dev": "개발"}
Judged = tuple["Item", TriageGuess]


@dataclass(frozen=True, slots=True)
class Item:
    """A ticket and what a person says of it; ``labels`` by field."""

    text: str
    labels: dict[str, str]


def load(path: Path) -> list[Item]:
    """The tickets of a file: four labels and the text, a tab between; ``\\n`` is a line break."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Item(text.replace("\\n", "\n"), dict(zip(FIELDS, labels, strict=True)))
        for *labels, text in rows
    ]


def size() -> int:
    """Tickets judged."""
    return sum(len(load(FOLDER / f"{name}.tsv")) for name in _SET)


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """Macro-F1 of every field, how often the desk is sure and wrong, and how long it takes."""
    judged: dict[str, list[Judged]] = {}
    took_ms: list[float] = []
    done, of = 0, size()
    for name in _SET:
        judged[name] = []
        for item in load(FOLDER / f"{name}.tsv"):
            started = perf_counter()
            guess = subject.shop.triager(item.text)
            took_ms.append((perf_counter() - started) * 1000)
            judged[name].append((item, guess))
            done += 1
            progress(done, of)
    test = judged["test"]
    metrics = [one for name, rows in judged.items() for one in _figures(name, rows)]
    pairs = _pairs(test, "issue_type")
    return SuiteResult(
        "triage", TITLE, (*metrics, _speed(took_ms)), (*classes_of(pairs), *_priorities(test)),
        confusion_of(pairs), tuple(_wrong(test)[:SHOWN]),
    )  # fmt: skip


def _figures(name: str, rows: Sequence[Judged]) -> list[Metric]:
    """The figures of one set; only the test set has goals, and can fail a run."""
    test = name == "test"
    found = [
        macro_f1_metric(
            f"{name}_{field}", f"{title}, macro-F1 ({_SET[name]})", _pairs(rows, field),
            goal=GOALS.get(field) if test else None, margin=0.01 if test else None,
        )
        for field, title in FIELDS.items()
    ]  # fmt: skip
    if not test:
        return found
    urgent = [guess.priority.value == "urgent" for item, guess in rows
              if item.labels["priority"] == "urgent"]  # fmt: skip
    found.append(share("test_urgent_found", "긴급을 긴급으로 (시험)", sum(urgent), len(urgent)))
    for field in GOALS:
        sure = [
            (one.value == item.labels[field], one.confidence)
            for item, guess in rows
            for one in [_of(guess, field)]
        ]
        wrong = sum(not right and p >= SURE for right, p in sure)
        low, high = bootstrap(sure, calibration_error)
        found += [
            share(f"test_{field}_sure_errors", f"{FIELDS[field]}, 확신한 오답 p ≥ {SURE} (시험)",
                  wrong, len(sure), better="lower", margin=0.02),
            Metric(f"test_{field}_ece", f"{FIELDS[field]}, 보정 오차 ECE (시험)",
                   calibration_error(sure), len(sure), low, high, better="lower", margin=0.03),
        ]  # fmt: skip
    return found


def _speed(took_ms: list[float]) -> Metric:
    ordered = sorted(took_ms)
    middle, slow = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return Metric("ms", "한 건에 걸린 시간 (중앙값)", middle, len(ordered), ordered[0], slow,
                  better="lower", unit="ms", margin=None)  # fmt: skip


def _priorities(rows: Sequence[Judged]) -> list[ClassRow]:
    """The rows of the priorities, told apart from the issue types by their name."""
    return [
        ClassRow(f"우선순위 {row.label}", row.n, row.precision, row.recall, row.f1)
        for row in classes_of(_pairs(rows, "priority"))
    ]


def _pairs(rows: Sequence[Judged], field: str) -> list[tuple[str, str]]:
    return [(item.labels[field], _of(guess, field).value) for item, guess in rows]


def _of(guess: TriageGuess, field: str) -> Guess:
    found: Guess = getattr(guess, field)
    return found


def _wrong(rows: Sequence[Judged]) -> list[Case]:
    """The mistakes in type and priority, the surest first."""
    cases = [
        Case(f"{field}:{item.text[:60]}", item.text, item.labels[field], found.value,
             found.confidence, FIELDS[field])
        for item, guess in rows
        for field in GOALS
        for found in [_of(guess, field)]
        if found.value != item.labels[field]
    ]  # fmt: skip
    return sorted(cases, key=lambda case: -case.weight)
