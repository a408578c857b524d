"""Evaluations as they are kept: a run, and one JSON result a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Row, Tx, dump, load
from store.models import to_text

__all__ = ["EvalRun", "add", "latest", "prune", "results", "runs"]


@dataclass(frozen=True, slots=True)
class EvalRun:
    """One run; times are UTC ISO-8601, ``revision`` names the code and data measured."""

    run_id: str
    started_at: str
    finished_at: str
    revision: str
    suites: tuple[str, ...]


def add(
    tx: Tx,
    run_id: str,
    *,
    started: datetime,
    finished: datetime,
    revision: str,
    results: Mapping[str, Mapping[str, Any]],
) -> None:
    """Keep a finished run: ``results`` maps a suite to its JSON."""
    tx.insert(
        "eval_runs",
        {"run_id": run_id, "started_at": to_text(started), "finished_at": to_text(finished),
         "revision": revision},
    )  # fmt: skip
    for suite, result in results.items():
        tx.insert("eval_results", {"run_id": run_id, "suite": suite, "result": dump(dict(result))})


def runs(tx: Tx, *, limit: int = 50) -> list[EvalRun]:
    """The latest runs, newest first."""
    found = tx.rows("select * from eval_runs order by started_at desc, run_id desc limit ?",
                    (limit,))  # fmt: skip
    suites: dict[str, list[str]] = {}
    for row in tx.rows(
        "select run_id, suite from eval_results where run_id in (select value from json_each(?))",
        (dump([row["run_id"] for row in found]),),
    ):
        suites.setdefault(row["run_id"], []).append(row["suite"])
    return [_run(row, suites.get(row["run_id"], [])) for row in found]


def results(tx: Tx, run_id: str) -> dict[str, dict[str, Any]]:
    """A run's results by suite; empty for an unknown run."""
    rows = tx.rows("select suite, result from eval_results where run_id = ?", (run_id,))
    return {row["suite"]: load(row["result"], {}) for row in rows}


def latest(tx: Tx, *, before: str = "") -> dict[str, dict[str, Any]]:
    """Each suite's newest result that measured something, of runs other than ``before``."""
    rows = tx.rows(
        "select e.suite, e.result from eval_results e join eval_runs r using (run_id) "
        "where r.run_id <> ? order by r.started_at, r.run_id",
        (before,),
    )
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        result = load(row["result"], {})
        if not result.get("skipped"):
            found[row["suite"]] = result
    return found


def prune(tx: Tx, *, keep: int) -> None:
    """Forget all but the newest ``keep`` runs."""
    old = "select run_id from eval_runs order by started_at desc, run_id desc limit -1 offset ?"
    for table in ("eval_results", "eval_runs"):
        tx.execute(f"delete from {table} where run_id in ({old})", (keep,))


def _run(row: Row, suites: Sequence[str]) -> EvalRun:
    return EvalRun(
        row["run_id"], row["started_at"], row["finished_at"], row["revision"],
        tuple(sorted(suites)),
    )  # fmt: skip
