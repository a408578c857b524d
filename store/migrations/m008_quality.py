"""What the policy owner and the operator look at: questions without an answer, evaluations.

``unanswered`` has one row a question (``key``: its text without marks and spaces), however
often it was asked. ``eval_results`` has one row a suite of a run; ``result`` is its JSON.
"""

from __future__ import annotations

from store.database import Tx

__all__ = ["apply"]


def apply(tx: Tx) -> None:
    """Add the tables and the indexes they are read by."""
    tx.tables.create_table(
        "unanswered",
        {"key": str, "question": str, "intent": str, "nearest_chunk_id": str,
         "nearest_score": float, "times": int, "first_at": str, "last_at": str,
         "settled_at": str, "settled_by": str},
        pk="key",
        not_null={"question", "intent", "times", "first_at", "last_at"},
    )  # fmt: skip
    tx.execute("create index ix_unanswered_open on unanswered (settled_at, times, last_at)")
    tx.tables.create_table(
        "eval_runs",
        {"run_id": str, "started_at": str, "finished_at": str, "revision": str},
        pk="run_id",
        not_null={"started_at", "finished_at", "revision"},
    )
    tx.execute("create index ix_eval_runs_at on eval_runs (started_at)")
    tx.tables.create_table(
        "eval_results",
        {"run_id": str, "suite": str, "result": str},
        pk=("run_id", "suite"),
        not_null={"result"},
        foreign_keys=[("run_id", "eval_runs", "run_id")],
    )
    tx.execute("create index ix_eval_results_suite on eval_results (suite, run_id)")
