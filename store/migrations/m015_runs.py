"""What staff think of a turn of the agent's; gone with its conversation, hence no foreign key."""

from __future__ import annotations

from store.database import Tx

__all__ = ["apply"]


def apply(tx: Tx) -> None:
    """Add the table: one opinion a turn and reviewer, ``good`` 1 or 0."""
    tx.tables.create_table(
        "turn_reviews",
        {"turn_id": str, "reviewer_id": str, "good": int, "note": str, "created_at": str},
        pk=("turn_id", "reviewer_id"),
        not_null={"good", "note", "created_at"},
    )
