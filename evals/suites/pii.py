"""Masking of personal data: generated forms that must go, and digits that must stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.guardrails import mask_pii
from evals.pii.generate import Form, caught, negatives, positives
from evals.stats import share
from evals.types import Case, ClassRow, Progress, SuiteResult

if TYPE_CHECKING:
    from evals.subject import Subject

__all__ = ["TITLE", "run", "size"]

TITLE = "개인정보 가림"
SHOWN = 200


def size() -> int:
    """Sentences masked."""
    return len(positives("test")) + len(negatives("test"))


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """The test part as it goes to a cloud model; ``subject`` is not needed."""
    del subject
    forms, plain = positives("test"), negatives("test")
    hits = [(form, caught(form)) for form in forms]
    progress(len(forms), len(forms) + len(plain))
    touched = [text for text in plain if mask_pii(text, for_cloud=True).text != text]
    progress(len(forms) + len(plain), len(forms) + len(plain))
    missed = [form for form, hit in hits if not hit]
    return SuiteResult(
        "pii",
        TITLE,
        (
            share("recall", "가린 비율", len(forms) - len(missed), len(forms), goal=0.99),
            share("false_masks", "잘못 가린 문장", len(touched), len(plain),
                  better="lower", goal=0.0, margin=0.0),
        ),
        _classes(hits),
        cases=(*map(_missed, missed), *map(_touched, touched))[:SHOWN],
    )  # fmt: skip


def _classes(hits: list[tuple[Form, bool]]) -> tuple[ClassRow, ...]:
    """Recall of each kind and of each way of writing; precision is told by the negatives."""
    rows = []
    for label in dict.fromkeys([f.kind for f, _ in hits] + [f"· {f.style}" for f, _ in hits]):
        mine = [hit for form, hit in hits if label in (form.kind, f"· {form.style}")]
        recall = sum(mine) / len(mine)
        rows.append(ClassRow(label, len(mine), 1.0, recall, 2 * recall / (1 + recall)))
    return tuple(sorted(rows, key=lambda row: row.recall))


def _missed(form: Form) -> Case:
    got = mask_pii(form.text, for_cloud=True).text
    return Case(f"{form.kind}:{form.text[:60]}", form.text, form.kind, got, 2.0, form.style)


def _touched(text: str) -> Case:
    return Case(f"plain:{text[:60]}", text, text, mask_pii(text, for_cloud=True).text, 1.0)
