"""What a request with an ``Idempotency-Key`` was answered, so that a repeat gets the same."""

from __future__ import annotations

from datetime import datetime

from store.database import Row, Tx
from store.models import to_text

__all__ = ["add", "find", "forget"]


def find(tx: Tx, caller: str, key: str, *, since: datetime) -> Row | None:
    """The caller's request of this key (fingerprint, answer) unless it is older than ``since``."""
    return tx.row(
        "select fingerprint, answer from requests where caller = ? and key = ? and created_at > ?",
        (caller, key, to_text(since)),
    )


def add(tx: Tx, caller: str, key: str, *, fingerprint: str, answer: str, at: datetime) -> None:
    """Keep an answer (JSON text) in the transaction of what it tells; an old one gives way."""
    tx.execute("delete from requests where caller = ? and key = ?", (caller, key))
    tx.insert(
        "requests",
        {
            "caller": caller,
            "key": key,
            "fingerprint": fingerprint,
            "answer": answer,
            "created_at": to_text(at),
        },
    )


def forget(tx: Tx, *, before: datetime) -> int:
    """Delete what is as old as ``before`` or older; returns how many."""
    return tx.execute("delete from requests where created_at <= ?", (to_text(before),))
