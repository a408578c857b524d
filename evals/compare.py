"""What a run is compared with, and what makes it fail.

A figure fails a run when it is worse than before by more than its own margin (see
:class:`services.quality_figures.Figure`), or misses a goal that was reached before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import BadInput
from evals.suites import NAMES
from evals.types import SuiteResult
from services.quality_figures import Figure, Results, figures_of, said
from store import eval_runs
from store.database import Database

__all__ = ["BASELINE", "Earlier", "earlier", "failures", "figures", "read_report", "save_baseline"]

BASELINE = Path(__file__).with_name("baseline.json")


@dataclass(frozen=True, slots=True)
class Earlier:
    """The results a run is compared with; ``label`` says in Korean whose they are."""

    label: str
    results: Results


def earlier(against: str, database: Database) -> Earlier:
    """``last``: each suite's newest stored result, else the baseline's; ``baseline``; a file.

    Raises BadInput for a file that is no report.
    """
    if against == "baseline":
        return Earlier("배포본 기준", read_report(BASELINE) if BASELINE.exists() else {})
    if against != "last":
        return Earlier(against, read_report(Path(against)))
    with database.read() as tx:
        stored = eval_runs.latest(tx)
    base = read_report(BASELINE) if BASELINE.exists() else {}
    label = "직전 측정" if stored else "배포본 기준" if base else "아직 없는 앞선 측정"
    return Earlier(label, {**base, **stored})


def read_report(path: Path) -> dict[str, dict[str, Any]]:
    """The results of a ``report.json``. Raises BadInput for anything else."""
    try:
        results: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))["results"]
        for result in results.values():
            SuiteResult.from_json(result)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            f"{path}: 비교할 보고서를 읽을 수 없습니다. "
            "`python -m evals run`이 쓴 report.json을 주세요."
        ) from error
    return results


def save_baseline(report: Mapping[str, Any], path: Path) -> None:
    """Make the report's figures the baseline; suites it did not measure keep theirs.

    Wrong examples stay out: some are from data sets that may not be handed on.
    """
    results = read_report(path) if path.exists() else {}
    for name, result in report["results"].items():
        if not result["skipped"]:
            results[name] = {**result, "cases": []}
    ordered = {name: results[name] for name in NAMES if name in results}
    kept = {name: report[name] for name in ("started_at", "finished_at", "revision")}
    kept |= {"run_id": "baseline", "results": ordered}
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8")


def figures(results: Mapping[str, SuiteResult], before: Results) -> Iterable[Figure]:
    """Every figure of a run with its earlier value."""
    for name, result in results.items():
        yield from figures_of(name, result.as_json(), before.get(name))


def failures(results: Mapping[str, SuiteResult], before: Results, base: Results) -> list[str]:
    """What makes the run fail, a Korean sentence each: suite, figure, from → to, margin."""
    found = [_regression(one) for one in figures(results, before) if one.regressed]
    lost = {(one.suite, one.name): one for one in figures(results, base) if one.goal_lost}
    lost |= {(one.suite, one.name): one for one in figures(results, before) if one.goal_lost}
    return found + [_lost(one) for one in lost.values()]


def _regression(one: Figure) -> str:
    assert one.margin is not None
    margin = said(one.margin, one.unit).replace("%", "%p")
    return f"{one.suite} · {one.title}: {_from_to(one)} (허용 {margin})"


def _lost(one: Figure) -> str:
    assert one.goal is not None
    goal = said(one.goal, one.unit, signed=one.signed)
    return f"{one.suite} · {one.title}: 목표 {goal}에 닿았다가 놓쳤습니다. {_from_to(one)}"


def _from_to(one: Figure) -> str:
    assert one.before is not None
    return f"{said(one.before, one.unit, signed=one.signed)} → {one.text}"
