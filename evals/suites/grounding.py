"""Grounding: replies with a fact, a promise or a deed that nothing of the turn supports."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from agent.guardrails import Evidence, check_output
from evals.stats import classes_of, confusion_of, share
from evals.types import Case, Progress, SuiteResult

if TYPE_CHECKING:
    from evals.subject import Subject

__all__ = ["TITLE", "judge", "load", "run", "size"]

TITLE = "근거 검사"
FOLDER = Path(__file__).resolve().parents[1] / "grounding"
TODAY = date(2026, 11, 20)
SHOWN = 200


def load(part: str) -> list[dict[str, Any]]:
    """The cases of ``dev`` or ``test``: evidence, text, said (or ""), bad (or "")."""
    rows = yaml.safe_load((FOLDER / f"{part}.yaml").read_text("utf-8"))
    return [{"said": "", "bad": "", **row} for row in rows]


def judge(row: dict[str, Any]) -> tuple[str, ...]:
    """The output guard's problems with a case's reply."""
    evidence = Evidence.collect(row["evidence"], message=row["said"], today=TODAY)
    return check_output(row["text"], evidence).problems


def size() -> int:
    """Replies checked."""
    return len(load("test"))


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """The test part; ``subject`` is not needed, the guard is a function of its texts."""
    del subject
    rows = load("test")
    judged = [(row, judge(row)) for row in rows]
    progress(len(rows), len(rows))
    bad = [problems for row, problems in judged if row["bad"]]
    good = [problems for row, problems in judged if not row["bad"]]
    pairs = [_pair(row, problems) for row, problems in judged]
    caught, alarms = sum(map(bool, bad)), sum(map(bool, good))
    right = sum(truth == answer for truth, answer in pairs)
    return SuiteResult(
        "grounding",
        TITLE,
        (
            share("caught", "걸러 낸 근거 없는 답", caught, len(bad), goal=0.95),
            share("alarms", "맞는 답을 막은 비율", alarms, len(good), better="lower", goal=0.03),
            share("accuracy", "정확도", right, len(rows)),
        ),
        classes_of(pairs),
        confusion_of(pairs),
        tuple(_case(row, p) for row, p in judged if bool(row["bad"]) != bool(p))[:SHOWN],
    )


def _pair(row: dict[str, Any], problems: tuple[str, ...]) -> tuple[str, str]:
    return ("bad" if row["bad"] else "ok", "bad" if problems else "ok")


def _case(row: dict[str, Any], problems: tuple[str, ...]) -> Case:
    weight = 2.0 if row["bad"] else 1.0  # a miss costs a promise, an alarm only the wording
    note = f"evidence: {row['evidence']}"
    return Case(row["text"], row["text"], row["bad"] or "ok", " ".join(problems), weight, note)
