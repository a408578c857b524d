"""What a suite answers: figures with intervals, rows a class, a confusion matrix, cases.

Plain frozen values that turn into JSON (:meth:`SuiteResult.as_json`) and back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from evals.subject import Subject

__all__ = ["Case", "ClassRow", "Confusion", "Metric", "Progress", "Suite", "SuiteResult"]

Progress = Callable[[int, int], None]  # (done, of)
Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure over ``n`` examples with its 95 % interval ``low`` … ``high``.

    ``unit`` is ``share`` (0 to 1), ``count`` or ``ms``. ``goal`` is what the project promises
    (None: told for comparison only) and ``margin`` how far the figure may fall behind an
    earlier run before that counts as a regression, in the figure's own unit. A figure whose
    ``margin`` is None (times, baselines) never fails a run.
    """

    name: str
    title: str  # Korean, for the page and the report
    value: float
    n: int
    low: float
    high: float
    better: Better = "higher"
    unit: Literal["share", "count", "ms"] = "share"
    goal: float | None = None
    margin: float | None = 0.01

    @property
    def reached(self) -> bool:
        """Whether the goal is met; true without one."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.better == "higher" else self.value <= self.goal


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: ``n`` examples, precision, recall and F1 (0 to 1)."""

    label: str
    n: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """``counts[i][j]``: examples of ``labels[i]`` that were answered ``labels[j]``."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A wrong example, for people to read. ``weight`` orders the cases, worst first (largest).

    ``id`` is stable over runs (a line of a file, an example's own id).
    """

    id: str
    text: str
    expected: str
    got: str
    weight: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """What one suite found. ``skipped`` says why nothing was measured (data not there).

    ``cases`` holds the worst ones, at most 200.
    """

    suite: str
    title: str  # Korean
    metrics: tuple[Metric, ...] = ()
    classes: tuple[ClassRow, ...] = ()
    confusion: Confusion | None = None
    cases: tuple[Case, ...] = ()
    skipped: str = ""
    took_s: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SuiteResult:
        """The reverse of :meth:`as_json`. Raises KeyError or TypeError for other data."""
        confusion = data["confusion"]
        return cls(
            suite=data["suite"],
            title=data["title"],
            metrics=tuple(Metric(**row) for row in data["metrics"]),
            classes=tuple(ClassRow(**row) for row in data["classes"]),
            confusion=confusion
            and Confusion(
                tuple(confusion["labels"]), tuple(tuple(row) for row in confusion["counts"])
            ),
            cases=tuple(Case(**row) for row in data["cases"]),
            skipped=data["skipped"],
            took_s=data["took_s"],
        )


# A suite's module has ``TITLE`` (Korean) and this function, called ``run``.
Suite = Callable[["Subject", Progress], SuiteResult]
