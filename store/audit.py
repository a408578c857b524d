"""Who did what to which object: append-only (triggers refuse updates, deletes, replaces)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from store.database import Row, Tx, dump, load
from store.models import AuditEntry, to_text

__all__ = ["find", "of_object", "write"]


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


def find(
    tx: Tx,
    *,
    object_type: str = "",
    object_id: str = "",
    actor_id: str = "",
    action: str = "",
    source: str = "",
    turn_id: str = "",
    since: datetime | None = None,
    before_seq: int | None = None,
    limit: int = 50,
) -> list[AuditEntry]:
    """Events with the names of who did them, newest first; "" is any.

    ``actor_id`` is an account's id or e-mail address, or "system" for the program itself;
    ``before_seq`` is the last entry of the page before. "Newest" is by ``at``, which is the
    second column of the index under each filter (m007).
    """
    if actor_id and actor_id != "system":
        found = tx.value("select user_id from users where email = ?", (actor_id.lower(),))
        actor_id = found or actor_id
    wanted = {  # the most telling first
        "turn_id": turn_id, "object_id": object_id,
        "actor_role": actor_id if actor_id == "system" else "",
        "actor_id": actor_id if actor_id != "system" else "",
        "action": action, "object_type": object_type, "source": source,
    }  # fmt: skip
    given = [name for name, value in wanted.items() if value]
    values: dict[str, Any] = {**wanted, "limit": limit}
    # An index serves the first alone: "+" keeps the planner from another's. The system's
    # own is partial, which takes a literal.
    where = [
        f"{'+' if at else ''}a.{name} = " + ("'system'" if name == "actor_role" else f":{name}")
        for at, name in enumerate(given)
    ]
    if since is not None:
        where.append("a.at >= :since")
        values["since"] = to_text(since)
    if before_seq is not None:
        where.append(
            "(a.at, a.event_seq) < "
            "((select at from audit_events where event_seq = :before), :before)"
        )
        values["before"] = before_seq
    rows = tx.rows(
        "select a.*, u.name from audit_events a left join users u on u.user_id = a.actor_id "
        f"where {' and '.join(where) or '1'} "
        "order by a.at desc, a.event_seq desc limit :limit",
        values,
    )
    return [_entry(row) for row in rows]


def _entry(row: Row) -> AuditEntry:
    return AuditEntry(
        row["event_seq"], row["at"], row["actor_id"], row["name"] or "", row["actor_role"] or "",
        row["source"] or "", row["turn_id"], row["action"], row["object_type"],
        row["object_id"], load(row["before"], {}), load(row["after"], {}),
    )  # fmt: skip
