"""Results of evaluations as people read them: figures, goals, and what changed.

Takes the JSON of ``evals.types.SuiteResult``; the command, its report and the page share
these words and this rule of what counts as worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["MODES", "Figure", "Results", "Side", "figures_of", "said", "side_by_side"]

# How the ways to search are called; a figure of one is named "set.mode.measure".
MODES = {"keyword": "키워드", "vector": "의미", "rrf": "RRF", "hybrid": "하이브리드"}

Result = Mapping[str, Any]
Results = Mapping[str, Result]  # suite → its JSON


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of a suite with the same one of an earlier run (None: there was none).

    ``value``, ``low``, ``high``, ``goal``, ``margin`` and ``before`` are in ``unit``: ``share``
    (0 to 1), ``count`` or ``ms``.
    """

    suite: str
    name: str
    title: str
    value: float
    n: int
    low: float
    high: float
    better: str
    unit: str
    goal: float | None
    margin: float | None
    before: float | None = None
    before_n: int = 0

    @property
    def reached(self) -> bool:
        """Whether the goal is met; true without one."""
        return self._meets(self.value)

    @property
    def goal_lost(self) -> bool:
        """Whether the earlier run met the goal and this one does not."""
        return self.before is not None and self._meets(self.before) and not self.reached

    @property
    def change(self) -> float:
        """How much better (positive) or worse than before; 0 without an earlier value."""
        if self.before is None:
            return 0.0
        gain = self.value - self.before
        return gain if self.better == "higher" else -gain

    @property
    def regressed(self) -> bool:
        """Worse than before by more than the margin.

        The same number of examples is taken for the same examples: nothing is left to
        chance there, and the margin alone decides. With another number the data changed, so
        the earlier value must also lie outside this one's 95 % interval.
        """
        if self.before is None or self.margin is None or self.change >= -self.margin - 1e-9:
            return False
        return self.n == self.before_n or not self.low <= self.before <= self.high

    @property
    def moved(self) -> int:
        """1 better, −1 worse, 0 within the margin (half a point where there is none)."""
        bound = 0.005 if self.margin is None else self.margin
        if self.before is None or self.unit == "ms" or abs(self.change) <= bound + 1e-9:
            return 0
        return 1 if self.change > 0 else -1

    @property
    def text(self) -> str:
        """The value in words: "91.2%"."""
        return said(self.value, self.unit, signed=self.signed)

    @property
    def interval(self) -> str:
        """The 95 % interval in words: "89.0~93.1%"."""
        low, high = (said(one, self.unit, signed=self.signed) for one in (self.low, self.high))
        unit = high.lstrip("+−0123456789.,")
        return f"{low.removesuffix(unit)}~{high}"

    @property
    def signed(self) -> bool:
        """Whether this is a difference of two shares."""
        return self.unit == "share" and (self.low < 0 or (self.goal or 0) < 0)

    def _meets(self, value: float) -> bool:
        if self.goal is None:
            return True
        return value >= self.goal if self.better == "higher" else value <= self.goal


def figures_of(suite: str, result: Result, earlier: Result | None = None) -> tuple[Figure, ...]:
    """A result's metrics in their order (the first is the suite's own), with those before."""
    old = {row["name"]: row for row in (earlier or {}).get("metrics", ())}
    return tuple(
        Figure(
            suite=suite,
            **row,
            before=old[row["name"]]["value"] if row["name"] in old else None,
            before_n=old[row["name"]]["n"] if row["name"] in old else 0,
        )
        for row in result.get("metrics", ())
    )


Side = tuple[str, dict[str, Figure]]  # a row's title, its figure a mode


def side_by_side(figures: Iterable[Figure]) -> tuple[list[Side], list[Figure]]:
    """Figures of several modes as rows (titled as the hybrid one); the figures told singly.

    The second leave out those of the other modes, and of hybrid those that nothing judges.
    """
    rows: dict[str, Side] = {}
    singly: list[Figure] = []
    for one in figures:
        data, mode, measure = (*one.name.split("."), "", "")[:3]
        if mode in MODES:
            title, cells = rows.get(f"{data}.{measure}", (one.title, {}))
            rows[f"{data}.{measure}"] = (one.title if mode == "hybrid" else title, cells)
            cells[mode] = one
        judged = one.margin is not None or one.goal is not None
        if mode not in MODES or (mode == "hybrid" and judged):
            singly.append(one)
    return list(rows.values()), singly


def said(value: float, unit: str, *, signed: bool = False) -> str:
    """A value with its unit: "91.2%", "+0.4%p", "3", "4.1 ms"."""
    if unit == "count":
        return f"{value:,.0f}"
    if unit == "ms":
        return f"{value:,.1f} ms" if value < 100 else f"{value:,.0f} ms"
    percent = round(value * 100, 1) + 0.0  # no "-0.0"
    if signed:
        return f"{'+' if percent > 0 else '−' if percent < 0 else ''}{abs(percent):.1f}%p"
    if value not in (0, 1) and percent in (0, 100):  # a single miss in 2,000 must show
        return f"{value * 100:.2f}%"
    return f"{percent:.1f}%"
