"""Messages of all conversations in the order they were written, for whoever follows along."""

from __future__ import annotations

from store.database import Tx, load
from store.models import StoredMessage

__all__ = ["after", "holds", "last"]


def last(tx: Tx) -> int:
    """The newest message's number; 0 before there is any."""
    return int(tx.value("select max(message_seq) from messages") or 0)


def holds(tx: Tx, seq: int, message_id: str) -> bool:
    """Whether this very message still has the number ``seq``."""
    found = tx.value("select message_id from messages where message_seq = ?", (seq,))
    return bool(found == message_id)


def after(tx: Tx, seq: int, *, limit: int) -> list[tuple[int, StoredMessage]]:
    """Messages numbered higher than ``seq`` with their numbers, oldest first."""
    rows = tx.rows(
        "select * from messages where message_seq > ? order by message_seq limit ?", (seq, limit)
    )
    return [
        (
            row["message_seq"],
            StoredMessage(
                row["message_id"], row["conversation_id"], row["turn_id"], row["role"],
                row["content"], load(row["payload"], {}), row["created_at"],
            ),
        )
        for row in rows
    ]  # fmt: skip
