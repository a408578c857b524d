"""A tiny suite whose outcome a test decides, and results made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from evals.stats import share
from evals.subject import Subject
from evals.types import Case, Metric, Progress, SuiteResult

__all__ = ["Tiny", "result"]


@dataclass
class Tiny:
    """A suite as a module would be: ``TITLE`` and ``run``."""

    hits: int = 9
    n: int = 10
    goal: float | None = None
    error: type[BaseException] | None = None
    TITLE: str = "작은 묶음"
    subjects: list[Subject] = field(default_factory=list)

    def run(self, subject: Subject, progress: Progress) -> SuiteResult:
        self.subjects.append(subject)
        if self.error is not None:
            raise self.error("broken on purpose")
        for done in range(1, self.n + 1):
            progress(done, self.n)
        return result(self.hits, self.n, goal=self.goal)

    def size(self) -> int:
        return self.n


def result(hits: int, n: int, **options: object) -> SuiteResult:
    """``hits`` of ``n`` right, one of the wrong ones as a case."""
    metric: Metric = share("accuracy", "정확도", hits, n, **options)
    case = Case("evals/tiny.tsv:3", "환불 <b>언제</b> 돼요?", "refund_status", "policy", 1.0)
    return SuiteResult("tiny", "작은 묶음", (metric,), cases=(case,) if hits < n else ())
