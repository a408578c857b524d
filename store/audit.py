"""Who did what to which object: append-only (a trigger refuses updates and deletes)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from store.database import Row, Tx, dump
from store.models import to_text

__all__ = ["of_object", "write"]


def write(
    tx: Tx,
    *,
    at: datetime,
    actor_id: str | None,
    actor_role: str,
    source: str,
    turn_id: str | None,
    action: str,
    object_type: str,
    object_id: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """Write one event in the transaction of the change itself."""
    tx.insert(
        "audit_events",
        {
            "at": to_text(at),
            "actor_id": actor_id,
            "actor_role": actor_role,
            "source": source,
            "turn_id": turn_id,
            "action": action,
            "object_type": object_type,
            "object_id": object_id,
            "before": dump(before),
            "after": dump(after),
        },
    )


def of_object(tx: Tx, object_type: str, object_id: str) -> list[Row]:
    """An object's events, oldest first."""
    return tx.rows(
        "select * from audit_events where object_type = ? and object_id = ? order by event_seq",
        (object_type, object_id),
    )
