"""Tickets and their history: one save, one version, one entry that only a new one follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from store import audit
from store.database import Row, Tx, dump, load
from store.models import Ticket, TicketEvent, from_text, to_text

__all__ = [
    "Saved",
    "add",
    "add_event",
    "change",
    "changes_since",
    "close_silent_tickets",
    "find",
    "get",
    "heard",
    "last_heard",
    "next_id",
    "of_claim",
    "of_conversation",
    "of_row",
    "open_of_conversation",
    "save",
    "snapshot",
]

# What the history tells of a save; the clocks' own columns follow from these.
TOLD = (
    "status", "assignee_id", "priority", "issue_type", "subject", "tags", "order_id", "claim_id",
    "resolution",
)  # fmt: skip
_STAFFS = ("sentiment", "language", "summary")  # told in the staff's own entries only
_COLUMNS = tuple(f.name for f in fields(Ticket) if f.name != "events")
# The last time customer or staff said something public; what is said at :now does not count.
_HEARD = (
    "max(coalesce(t.resolved_at, t.updated_at, t.created_at), "
    "coalesce((select max(e.at) from ticket_events e where e.ticket_id = t.ticket_id "
    "and e.internal = 0 and e.at < :now), ''), "
    "coalesce((select max(m.created_at) from messages m where m.role = 'user' "
    "and m.conversation_id = t.conversation_id and m.created_at < :now), ''))"
)


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save changed of the told fields."""

    before: dict[str, Any]
    after: dict[str, Any]


def next_id(tx: Tx, day: str) -> str:
    """The next free number of ``day`` (YYYYMMDD): ``T20261103-0001``."""
    last = tx.value(
        "select ticket_id from tickets where ticket_id >= ? and ticket_id < ? "
        "order by length(ticket_id) desc, ticket_id desc limit 1",  # as numbers: 10000 follows 9999
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
        "select e.*, u.name, u.role from ticket_events e left join users u "
        "on u.user_id = e.actor_id where ticket_id = ? and internal <= ? order by event_seq",
        (ticket_id, int(internal)),
    )
    return of_row(row, tuple(_event(event) for event in events))


def find(
    tx: Tx,
    *,
    user_id: str | None,
    statuses: tuple[str, ...] = (),
    after: tuple[str, str] | None = None,
    limit: int = 20,
) -> list[Ticket]:
    """Tickets without their history, newest first; behind ``after`` (created_at, ticket_id)."""
    where, values = "1", list[Any]()
    if user_id is not None:
        where, values = "user_id = ?", [user_id]
    if statuses:
        where += f" and status in ({', '.join('?' for _ in statuses)})"
        values += statuses
    if after is not None:
        where += " and (created_at, ticket_id) < (?, ?)"
        values += after
    rows = tx.rows(
        f"select * from tickets where {where} order by created_at desc, ticket_id desc limit ?",
        [*values, limit],
    )
    return [of_row(row) for row in rows]


def of_claim(tx: Tx, claim_id: str, *, user_id: str) -> Ticket | None:
    """The oldest ticket about a customer's claim, without its history."""
    row = tx.row(
        "select * from tickets where user_id = ? and claim_id = ? "
        "order by created_at, ticket_id limit 1",
        (user_id, claim_id),
    )
    return None if row is None else of_row(row)


def open_of_conversation(tx: Tx, conversation_id: str) -> Ticket | None:
    """The newest ticket of a chat that is neither resolved nor closed."""
    return of_conversation(tx, conversation_id, ("open", "in_progress", "waiting_customer"))


def of_conversation(tx: Tx, conversation_id: str, statuses: Sequence[str]) -> Ticket | None:
    """The newest ticket of a chat in one of ``statuses``."""
    row = tx.row(
        f"select * from tickets where conversation_id = ? and status in "
        f"({', '.join('?' for _ in statuses)}) order by created_at desc, ticket_id desc limit 1",
        [conversation_id, *statuses],
    )
    return None if row is None else of_row(row)


def add(tx: Tx, ticket: Ticket) -> None:
    """Write a new ticket."""
    row = {name: getattr(ticket, name) for name in _COLUMNS}
    tx.insert("tickets", {**row, "tags": dump(list(ticket.tags))})


def change(tx: Tx, ticket: Ticket, changes: Mapping[str, Any], *, at: datetime) -> int:
    """Write ``changes`` and the next version. Returns 0 when ``ticket`` is stale."""
    row = {n: dump(list(v)) if n == "tags" else v for n, v in changes.items()}
    return tx.update(
        "tickets",
        {"ticket_id": ticket.ticket_id, "version": ticket.version},
        {**row, "version": ticket.version + 1, "updated_at": to_text(at)},
    )


def save(
    tx: Tx,
    ticket: Ticket,
    changes: Mapping[str, Any],
    *,
    at: datetime,
    actor_id: str | None,
    kind: str,
    text: str = "",
    internal: bool = False,
) -> Saved | None:
    """Write ``changes`` with their entry in the history; None when ``ticket`` is stale."""
    if not change(tx, ticket, changes, at=at):
        return None
    told = [name for name in (*TOLD, *_STAFFS) if name in changes]
    saved = Saved(
        {name: _plain(getattr(ticket, name)) for name in told},
        {name: _plain(changes[name]) for name in told},
    )
    add_event(
        tx, ticket.ticket_id, at=at, actor_id=actor_id, kind=kind, text=text, internal=internal,
        before=saved.before, after=saved.after, version=ticket.version + 1,
    )  # fmt: skip
    return saved


def snapshot(ticket: Ticket) -> dict[str, Any]:
    """Every told field, as the first entry of the history states them."""
    return {name: _plain(getattr(ticket, name)) for name in TOLD}


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
    version: int | None = None,
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
            "version": version,
        },
    )


def changes_since(
    tx: Tx, ticket_id: str, version: int
) -> tuple[dict[str, tuple[Any, Any]], tuple[str, ...]]:
    """What happened after ``version``: field → (was, is now), and the kinds of the entries.

    A field that changed and changed back is left out.
    """
    first, last = dict[str, Any](), dict[str, Any]()
    rows = tx.rows(
        "select kind, before, after from ticket_events where ticket_id = ? and version > ? "
        "order by event_seq",
        (ticket_id, version),
    )
    for row in rows:
        first = {**load(row["before"], {}), **first}
        last |= load(row["after"], {})
    changes = {
        name: (first.get(name), last[name]) for name in last if first.get(name) != last[name]
    }
    return changes, tuple(row["kind"] for row in rows)


def heard(tx: Tx, ticket_id: str, who: str, *, at: datetime) -> None:
    """``who`` ("customer" or "staff") has spoken. No new version: nobody's save is stale by it."""
    tx.update("tickets", {"ticket_id": ticket_id}, {f"{who}_spoke_at": to_text(at)})


def last_heard(tx: Tx, ticket: Ticket, now: datetime) -> datetime:
    """When customer or staff last said something public about a ticket, before ``now``."""
    text = tx.value(
        f"select {_HEARD} from tickets t where t.ticket_id = :ticket_id",
        {"ticket_id": ticket.ticket_id, "now": to_text(now)},
    )
    return from_text(text)


def close_silent_tickets(tx: Tx, now: datetime, days: int) -> list[str]:
    """Close resolved tickets that nobody has spoken about for ``days``; returns their ids.

    Idempotent, and safe beside other processes: the transaction is the only writer.
    """
    rows = tx.rows(
        f"select t.* from tickets t where t.status = 'resolved' and {_HEARD} <= :limit "
        "order by t.ticket_id",
        {"now": to_text(now), "limit": to_text(now - timedelta(days=days))},
    )
    found = [of_row(row) for row in rows]
    for ticket in found:
        done = {"status": "closed", "closed_at": to_text(now)}
        saved = save(tx, ticket, done, at=now, actor_id=None, kind="closed")
        assert saved is not None, "nobody else writes inside this transaction"
        audit.write(
            tx, at=now, actor_id=None, actor_role="system", source="system", turn_id=None,
            action="close", object_type="ticket", object_id=ticket.ticket_id,
            before=saved.before, after=saved.after,
        )  # fmt: skip
    return [ticket.ticket_id for ticket in found]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _event(row: Row) -> TicketEvent:
    return TicketEvent(
        row["at"], row["actor_id"], row["kind"], row["text"] or "", bool(row["internal"]),
        load(row["before"], {}), load(row["after"], {}), row["version"], row["name"] or "",
        row["role"] or "",
    )  # fmt: skip


def of_row(row: Row, events: tuple[TicketEvent, ...] = ()) -> Ticket:
    """A row of ``tickets`` as the record."""
    values = {**row, "tags": tuple(load(row["tags"], [])), "events": events}
    for name in ("subject", "description", "resolution"):
        values[name] = values[name] or ""
    return Ticket(**values)
