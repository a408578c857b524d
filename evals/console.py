"""A run in the terminal: a table a suite, the weakest classes, the worst cases."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from evals.runner import Tell
from evals.types import Case, ClassRow, SuiteResult
from services.quality_figures import (
    MODES,
    Figure,
    Results,
    Side,
    figures_of,
    said,
    side_by_side,
)

__all__ = ["Lines", "bars", "columns", "summary"]

CLASSES, CASES, LONGEST = 8, 5, 60
EVERY_S = 0.2  # seconds between two lines of progress of one suite


def bars(stream: TextIO) -> Tell:
    """A progress bar a suite on ``stream``, where a person sees it."""
    from tqdm import tqdm

    open_: dict[str, Any] = {}

    def tell(suite: str, done: int, of: int) -> None:
        bar = open_.get(suite)
        if bar is None:
            bar = open_[suite] = tqdm(desc=suite, file=stream, disable=None, leave=False)
        bar.total = of
        bar.update(done - bar.n)
        if done >= of:
            bar.close()

    return tell


class Lines:
    """Progress as JSON lines for a program; ``-`` is standard output."""

    def __init__(self, target: str, output: TextIO) -> None:
        self._path = None if target == "-" else Path(target)
        self._output = output
        self._last: tuple[str, float] = ("", 0.0)
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text("", "utf-8")

    def __call__(self, suite: str, done: int, of: int) -> None:
        """Tell it, unless the same suite told something a moment ago and is not through."""
        now = time.monotonic()
        if done < of and self._last[0] == suite and now - self._last[1] < EVERY_S:
            return
        self._last = (suite, now)
        line = json.dumps({"suite": suite, "done": done, "of": of})
        if self._path is None:
            print(line, file=self._output, flush=True)
        else:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


def summary(results: Mapping[str, SuiteResult], before: Results) -> str:
    """Every suite with its figures, in words."""
    parts = [_suite(name, result, before) for name, result in results.items()]
    return "\n\n".join(parts)


def columns(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> list[str]:
    """Rows as lines of a table; Hangul takes two columns. ``right`` are aligned right."""
    widths = [max(_width(row[at]) for row in rows) for at in range(len(rows[0]))]
    numbers = set(right)
    return [
        "  ".join(_pad(cell, widths[at], at in numbers) for at, cell in enumerate(row)).rstrip()
        for row in rows
    ]


def _suite(name: str, result: SuiteResult, before: Results) -> str:
    head = f"■ {result.title} ({name})"
    if result.skipped:
        return f"{head}\n  건너뜀: {result.skipped}"
    beside, singly = side_by_side(figures_of(name, result.as_json(), before.get(name)))
    rows = [("", "값", "95% 구간", "예문", "목표", "변화"), *map(_figure_row, singly)]
    lines = [f"{head} · {result.took_s:.1f}초", *_indent(columns(rows, right=(1, 2, 3, 5)))]
    if beside:
        lines += ["", *_indent(_modes(beside))]
    if result.classes:
        lines += ["  낮은 분류", *_indent(_classes(result.classes))]
    if result.cases:
        lines += ["  가장 나쁜 사례", *(_case(case) for case in result.cases[:CASES])]
    return "\n".join(lines)


def _figure_row(one: Figure) -> tuple[str, ...]:
    goal = ""
    if one.goal is not None:
        sign = "≥" if one.better == "higher" else "≤"
        mark = "✓" if one.reached else "✗"
        goal = f"{mark} {sign} {said(one.goal, one.unit, signed=one.signed)}"
    return one.title, one.text, one.interval, f"{one.n:,}", goal, _change(one)


def _modes(beside: Sequence[Side]) -> list[str]:
    """The ways to search beside each other."""
    rows = [("", *MODES.values(), "예문")]
    rows += [
        (
            title,
            *(cells[mode].text if mode in cells else "–" for mode in MODES),
            f"{next(iter(cells.values())).n:,}",
        )
        for title, cells in beside
    ]
    return columns(rows, right=range(1, len(MODES) + 2))


def _change(one: Figure) -> str:
    if one.before is None:
        return "처음"
    gain = one.value - one.before
    if one.unit != "share":
        return f"{gain:+,.1f}" if gain else "="
    return f"{gain * 100:+.1f}%p" + (" !" if one.regressed else "") if gain else "="


def _classes(classes: Sequence[ClassRow]) -> list[str]:
    rows = [("", "예문", "정밀도", "재현율", "F1")]
    rows += [
        (row.label, str(row.n), f"{row.precision:.2f}", f"{row.recall:.2f}", f"{row.f1:.2f}")
        for row in sorted(classes, key=lambda row: row.f1)[:CLASSES]
    ]
    return columns(rows, right=(1, 2, 3, 4))


def _case(case: Case) -> str:
    text, expected, got = (_clip(part) for part in (case.text, case.expected, case.got))
    return f"    {text}\n      기대 {expected} → 답 {got}  ({case.id})"


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _clip(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= LONGEST else joined[: LONGEST - 1] + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
