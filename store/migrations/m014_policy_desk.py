"""Questions that were answered though the search was hardly sure, as ``unanswered`` keeps
those without an answer; ``nearest_score`` is the confidence they were answered with."""

from __future__ import annotations

from store.database import Tx

__all__ = ["apply"]


def apply(tx: Tx) -> None:
    """Add the table and its index."""
    tx.tables.table("unsure_questions").create(
        {
            "key": str,
            "question": str,
            "intent": str,
            "nearest_chunk_id": str,
            "nearest_score": float,
            "times": int,
            "first_at": str,
            "last_at": str,
            "settled_at": str,
            "settled_by": str,
        },
        pk="key",
        not_null={"key", "question", "intent", "times", "first_at", "last_at"},
    )
    tx.execute(
        "create index ix_unsure_questions_open on unsure_questions (settled_at, times, last_at)"
    )
