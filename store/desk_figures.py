"""How the desk stands, in figures cheap enough to be asked every few seconds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from store.database import Database, Tx
from store.models import to_text

__all__ = ["DeskFigures", "figures", "size_bytes"]

_OPEN = "status in ('open', 'in_progress', 'waiting_customer')"


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """``tickets`` counts by (status, priority); ``late`` open ones by the broken promise.

    A promise is "first_response" or "resolution"; a ticket may have broken both.
    """

    tickets: dict[tuple[str, str], int]
    late: dict[str, int]


def figures(database: Database, now: datetime) -> DeskFigures | None:
    """The figures at ``now``; None while there is no store to read (first start, no rights)."""
    if not database.path.is_file():  # opening it would make an empty one
        return None
    try:
        with database.read() as tx:
            return DeskFigures(_tickets(tx), _late(tx, now))
    except sqlite3.Error:
        return None


def size_bytes(database: Database) -> int:
    """The bytes on disk, the log that is still to be written into the file included."""
    parts = (database.path, Path(f"{database.path}-wal"))
    return sum(_size(part) for part in parts)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # SQLite takes its log away when the last connection closes
        return 0


def _tickets(tx: Tx) -> dict[tuple[str, str], int]:
    rows = tx.rows("select status, priority, count(*) as n from tickets group by status, priority")
    return {(row["status"], row["priority"]): row["n"] for row in rows}


def _late(tx: Tx, now: datetime) -> dict[str, int]:
    """The clocks of ``store.tickets.queue``, each promise by itself."""
    row = tx.row(
        "select total(first_responded_at is null and first_response_due < :now) as first_response, "
        "total(resolution_due < coalesce(waiting_since, :now)) as resolution "
        f"from tickets where {_OPEN}",
        {"now": to_text(now)},
    )
    return {promise: int(n) for promise, n in (row or {}).items()}
