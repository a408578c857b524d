"""Tickets with a clock that can stand still, and two histories that only grow.

``tickets.waited_s`` is desk time in seconds; ``ticket_events.version`` is the version of the
ticket that the entry's save made (NULL for entries older than this migration). The queue's
index repeats the order of ``store.tickets.queue``.
"""

from __future__ import annotations

from store.database import Tx

_COLUMNS = (
    ("tickets", "closed_at", "text"),
    ("tickets", "waiting_since", "text"),
    ("tickets", "waited_s", "integer not null default 0"),
    ("tickets", "resolution_from", "text"),
    ("ticket_events", "version", "integer"),
)
_INDEXES = (
    (
        "ix_tickets_queue",
        "tickets (case status when 'open' then 0 when 'in_progress' then 0 "
        "when 'waiting_customer' then 1 when 'resolved' then 2 else 3 end, "
        "case when status in ('open', 'in_progress', 'waiting_customer') then julianday("
        "case when first_responded_at is null "
        "then coalesce(first_response_due, resolution_due, '9999-12-31') "
        "else coalesce(resolution_due, '9999-12-31') end) "
        "else -julianday(coalesce(updated_at, created_at)) end, ticket_id)",
    ),
    ("ix_tickets_assignee", "tickets (assignee_id, status)"),
    ("ix_audit_events_actor", "audit_events (actor_id)"),
    ("ix_audit_events_turn", "audit_events (turn_id)"),
    ("ix_audit_events_at", "audit_events (at)"),
)


def apply(tx: Tx) -> None:
    """Add the columns, fill in what is known, then close both histories for good."""
    for table, column, kind in _COLUMNS:
        tx.execute(f'alter table "{table}" add column "{column}" {kind}')
    tx.execute("update tickets set closed_at = updated_at where status = 'closed'")
    tx.execute("update tickets set waiting_since = updated_at where status = 'waiting_customer'")
    for name, place in _INDEXES:
        tx.execute(f"create index {name} on {place}")
    for table in ("ticket_events", "audit_events"):
        _only_grows(tx, table)


def _only_grows(tx: Tx, table: str) -> None:
    """Refuse updates, deletes, and inserts over a row that is there.

    ``insert or replace`` deletes without a delete trigger unless a connection asks for it.
    A key nobody gave reads -1 in a before trigger, so -1 itself must stay free.
    """
    for verb in ("update", "delete"):
        if table != "audit_events":  # the first schema has its own
            tx.execute(
                f"create trigger {table}_no_{verb} before {verb} on {table} "
                f"begin select raise(abort, '{table} is append-only'); end"
            )
    tx.execute(
        f"create trigger {table}_no_replace before insert on {table} "
        f"when exists (select 1 from {table} where event_seq = new.event_seq) "
        f"begin select raise(abort, '{table} is append-only'); end"
    )
    tx.execute(
        f"create trigger {table}_no_free_key after insert on {table} when new.event_seq < 1 "
        f"begin select raise(abort, '{table} counts from 1'); end"
    )
