"""Tickets and their history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from store.database import Row, Tx, dump, load
from store.models import Ticket, TicketEvent, to_text

__all__ = ["add", "add_event", "change", "find", "get", "next_id", "open_of_conversation"]


def next_id(tx: Tx, day: str) -> str:
    """The next free number of ``day`` (YYYYMMDD): ``T20261103-0001``."""
    last = tx.value(
        "select max(ticket_id) from tickets where ticket_id >= ? and ticket_id < ?",
        (f"T{day}-", f"T{day}."),
    )
    serial = int(last.rsplit("-", 1)[1]) + 1 if last else 1
    return f"T{day}-{serial:04d}"


def get(tx: Tx, ticket_id: str, *, user_id: str | None, internal: bool = False) -> Ticket | None:
    """One ticket with its history; internal notes only when ``internal``.

    None when there is none or it is not ``user_id``'s (None: any owner).
    """
    row = tx.row("select * from tickets where ticket_id = ?", (ticket_id,))
    if row is None or (user_id is not None and row["user_id"] != user_id):
        return None
    events = tx.rows(
        "select at, actor_id, kind, text, internal from ticket_events "
        "where ticket_id = ? and internal <= ? order by event_seq",
        (ticket_id, int(internal)),
    )
    return _ticket(row, tuple(_event(event) for event in events))


def find(
    tx: Tx, *, user_id: str | None, statuses: tuple[str, ...] = (), limit: int = 20
) -> list[Ticket]:
    """Tickets without their history, newest first."""
    where, values = "1", list[Any]()
    if user_id is not None:
        where, values = "user_id = ?", [user_id]
    if statuses:
        where += f" and status in ({', '.join('?' for _ in statuses)})"
        values += statuses
    rows = tx.rows(
        f"select * from tickets where {where} order by created_at desc, ticket_id desc limit ?",
        [*values, limit],
    )
    return [_ticket(row, ()) for row in rows]


def open_of_conversation(tx: Tx, conversation_id: str) -> Ticket | None:
    """The newest ticket of a chat that is neither resolved nor closed."""
    row = tx.row(
        "select * from tickets where conversation_id = ? and status not in "
        "('resolved', 'closed') order by created_at desc limit 1",
        (conversation_id,),
    )
    return None if row is None else _ticket(row, ())


def add(tx: Tx, ticket: Ticket) -> None:
    """Write a new ticket."""
    names = (
        "ticket_id", "user_id", "order_id", "claim_id", "conversation_id", "issue_type",
        "priority", "status", "subject", "description", "assignee_id", "resolution",
        "first_response_due", "resolution_due", "first_responded_at", "resolved_at",
        "version", "created_at", "updated_at",
    )  # fmt: skip
    row = {name: getattr(ticket, name) for name in names}
    tx.insert("tickets", {**row, "tags": dump(list(ticket.tags))})


def change(tx: Tx, ticket: Ticket, changes: dict[str, Any], *, at: datetime) -> int:
    """Write ``changes`` and the next version. Returns 0 when ``ticket`` is stale."""
    return tx.update(
        "tickets",
        {"ticket_id": ticket.ticket_id, "version": ticket.version},
        {**changes, "version": ticket.version + 1, "updated_at": to_text(at)},
    )


def add_event(
    tx: Tx,
    ticket_id: str,
    *,
    at: datetime,
    actor_id: str | None,
    kind: str,
    text: str = "",
    internal: bool = False,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add an entry to the history."""
    tx.insert(
        "ticket_events",
        {
            "ticket_id": ticket_id,
            "at": to_text(at),
            "actor_id": actor_id,
            "kind": kind,
            "text": text,
            "internal": int(internal),
            "before": dump(before or {}),
            "after": dump(after or {}),
        },
    )


def _event(row: Row) -> TicketEvent:
    return TicketEvent(
        row["at"], row["actor_id"], row["kind"], row["text"] or "", bool(row["internal"])
    )


def _ticket(row: Row, events: tuple[TicketEvent, ...]) -> Ticket:
    values = {**row, "tags": tuple(load(row["tags"], [])), "events": events}
    for name in ("subject", "description", "resolution"):
        values[name] = values[name] or ""
    return Ticket(**values)
