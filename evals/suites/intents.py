"""Intents: messages alone, and messages that need the turn before.

The test files are written by people who never saw the examples. The development set, on
which everything was tuned, is told beside them for comparison only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from agent.memory import Asking, Context
from agent.resolve import resolve
from agent.types import Understood
from agent.understanding.measure import SURE, calibration_error, read_labelled
from evals.stats import bootstrap, classes_of, confusion_of, macro_f1_metric, share
from evals.subject import NOW, Subject
from evals.types import Case, Metric, Progress, SuiteResult

__all__ = ["TITLE", "Followup", "load_followups", "meaning", "run", "size"]

TITLE = "의도"
FOLDER = Path(__file__).resolve().parents[1] / "intents"
GOAL, MOST_CONFIDENT_ERRORS = 0.90, 0.03
SHOWN = 200
Judged = tuple[str, str, Understood]  # (label, text, what we understood)


@dataclass(frozen=True, slots=True)
class Followup:
    """A message after another turn; ``asking`` names the slot that was asked for, or ""."""

    id: str
    last_intent: str
    asking: str
    text: str
    intent: str


def size() -> int:
    """Messages judged."""
    return sum(
        len(_labelled(name)) + len(load_followups(FOLDER / f"followups_{name}.yaml"))
        for name in ("test", "dev")
    )


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """Accuracy, macro-F1, calibration and follow-ups, of the test and the development set."""
    metrics: list[Metric] = []
    judged = {name: _judge(subject, name) for name in ("test", "dev")}
    done, of = sum(map(len, judged.values())), size()
    progress(done, of)
    cases: list[Case] = []
    for name, rows in judged.items():
        metrics += _figures(name, rows)
        followups = load_followups(FOLDER / f"followups_{name}.yaml")
        answers = [meaning(subject, one) for one in followups]
        done += len(followups)
        progress(done, of)
        hits = sum(a.intent == one.intent for a, one in zip(answers, followups, strict=True))
        if followups:
            metrics.append(
                share(f"{name}_followups", f"이어지는 말, 정확도 ({_SET[name]})", hits,
                      len(followups), goal=0.85 if name == "test" else None, margin=0.03)
            )  # fmt: skip
        if name == "test":
            cases += _wrong_followups(followups, answers)
    shown = judged["test"] or judged["dev"]
    if not shown:
        return SuiteResult("intents", TITLE, skipped=f"no data in {FOLDER.name}")
    pairs = [(label, found.intent) for label, _, found in shown]
    worst = sorted((*_wrong(shown), *cases), key=lambda case: -case.weight)[:SHOWN]
    return SuiteResult(
        "intents", TITLE, tuple(metrics), classes_of(pairs), confusion_of(pairs), tuple(worst)
    )


_SET = {"test": "시험", "dev": "개발"}


def _labelled(name: str) -> list[tuple[str, str]]:
    path = FOLDER / f"{name}.tsv"
    return read_labelled(path) if path.exists() else []


def _judge(subject: Subject, name: str) -> list[Judged]:
    understand = subject.shop.understander.understand
    return [(label, text, understand(text, NOW)) for label, text in _labelled(name)]


def _figures(name: str, rows: Sequence[Judged]) -> list[Metric]:
    """The figures of one set; only the test set has goals, and can fail a run."""
    if not rows:
        return []
    test, told = name == "test", _SET[name]
    pairs = [(label, found.intent) for label, _, found in rows]
    sure = [(label == found.intent, found.confidence) for label, _, found in rows]
    wrong = sum(not right and p >= SURE for right, p in sure)
    low, high = bootstrap(sure, calibration_error)
    return [
        macro_f1_metric(f"{name}_macro_f1", f"macro-F1 ({told})", pairs,
                        goal=GOAL if test else None),
        share(f"{name}_accuracy", f"정확도 ({told})", sum(right for right, _ in sure), len(rows)),
        share(f"{name}_confident_errors", f"확신한 오답, p ≥ {SURE} ({told})", wrong, len(rows),
              better="lower", goal=MOST_CONFIDENT_ERRORS if test else None),
        share(f"{name}_confident", f"p ≥ {SURE}로 답한 비율 ({told})",
              sum(p >= SURE for _, p in sure), len(rows), margin=None),
        Metric(f"{name}_ece", f"보정 오차 ECE ({told})", calibration_error(sure), len(rows), low,
               high, better="lower", margin=0.02),
    ]  # fmt: skip


def _wrong(rows: Sequence[Judged]) -> list[Case]:
    """The mistakes, the surest first."""
    return [
        Case(f"{label}:{text[:60]}", text, label, found.intent, found.confidence)
        for label, text, found in rows
        if label != found.intent
    ]


def load_followups(path: Path) -> tuple[Followup, ...]:
    """The follow-ups of a file; none when it is not there. Raises KeyError."""
    if not path.exists():
        return ()
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = data if isinstance(data, list) else data["items"]
    return tuple(
        Followup(
            f"{path.stem}:{number}",
            row["last_intent"],
            row.get("asking") or "",
            row["text"],
            row["intent"],
        )
        for number, row in enumerate(rows, 1)
    )


def meaning(subject: Subject, item: Followup, now: datetime = NOW) -> Understood:
    """What the desk takes ``item`` for. A plain yes or no to an offer stays with the offer
    (``agent.core``), whatever the words alone would mean."""
    understood = subject.shop.understander.understand(item.text, now)
    if item.asking == "yes_no" and understood.slots.yes_no is not None:
        return Understood(item.last_intent, 1.0, understood.slots)
    asking = Asking(item.last_intent, item.asking) if item.asking not in ("", "yes_no") else None
    context = Context(asking=asking, intent=item.last_intent)
    limit = subject.shop.settings.intent_min_percent / 100
    return resolve(understood, item.text, context, images=False, min_confidence=limit)


def _wrong_followups(items: Sequence[Followup], answers: Sequence[Understood]) -> list[Case]:
    return [
        Case(
            item.id, item.text, item.intent, answer.intent, answer.confidence,
            f"after {item.last_intent}, asked {item.asking or 'nothing'}",
        )
        for item, answer in zip(items, answers, strict=True)
        if item.intent != answer.intent
    ]  # fmt: skip
