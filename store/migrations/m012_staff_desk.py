"""The staff desk: who answers a chat, what triage found, canned replies, what a turn did.

``conversations.answerer`` is ``agent`` or ``person``; messages numbered ``fresh_from`` and lower
belong to a matter that is over, no later turn looks at them. ``tickets.customer_spoke_at`` and
``staff_spoke_at`` move without a new version: being written to makes nobody's save stale.
``ticket_triage`` and ``turn_traces`` hold JSON; ``triage_corrections`` is training data, masked.
"""

from __future__ import annotations

from store.database import Tx

__all__ = ["apply"]

# Table → (columns with type, primary key, not null, foreign keys {column: table}).
_TABLES: dict[str, tuple[dict[str, type], str, set[str], dict[str, str]]] = {
    "ticket_triage": (
        {"ticket_id": str, "made_by": str, "model": str, "fields": str, "reply": str,
         "reply_confidence": float, "sources": str, "basis": str, "created_at": str,
         "updated_at": str},
        "ticket_id", {"made_by", "fields", "created_at", "updated_at"},
        {"ticket_id": "tickets"},
    ),
    "triage_corrections": (
        {"correction_seq": int, "ticket_id": str, "actor_id": str, "field": str,
         "predicted": str, "confidence": float, "corrected": str, "text": str,
         "created_at": str},
        "correction_seq", {"ticket_id", "field", "corrected", "text", "created_at"},
        {"ticket_id": "tickets"},
    ),
    "canned_replies": (
        {"reply_id": str, "title": str, "text": str, "issue_type": str, "updated_by": str,
         "version": int, "created_at": str, "updated_at": str, "deleted_at": str},
        "reply_id", {"title", "text", "version", "created_at", "updated_at"}, {},
    ),
    "turn_traces": (
        {"turn_id": str, "conversation_id": str, "trace": str, "created_at": str},
        "turn_id", {"conversation_id", "trace", "created_at"}, {},
    ),
}  # fmt: skip

_STATEMENTS = (
    "alter table conversations add column answerer text not null default 'agent'",
    "alter table conversations add column fresh_from integer not null default 0",
    "alter table tickets add column sentiment text",
    "alter table tickets add column language text",
    "alter table tickets add column summary text",
    # Why a chat was handed to a person: asked, complaint, …; NULL: it came another way.
    "alter table tickets add column handoff_reason text",
    # What the customer said of the resolution: solved, unsolved.
    "alter table tickets add column verdict text",
    "alter table tickets add column verdict_at text",
    "alter table tickets add column reopens integer not null default 0",
    "alter table tickets add column customer_spoke_at text",
    "alter table tickets add column staff_spoke_at text",
    "create index ix_turn_traces_created on turn_traces (created_at)",
    "create index ix_turn_traces_conversation on turn_traces (conversation_id)",
    "create index ix_triage_corrections_ticket on triage_corrections (ticket_id)",
    # The order of m007; behind it what the queue is filtered by, so that it need not leave it.
    "drop index ix_tickets_queue",
    "create index ix_tickets_queue on tickets "
    "(case status when 'open' then 0 when 'in_progress' then 0 "
    "when 'waiting_customer' then 1 when 'resolved' then 2 else 3 end, "
    "case when status in ('open', 'in_progress', 'waiting_customer') then julianday("
    "case when first_responded_at is null "
    "then coalesce(first_response_due, resolution_due, '9999-12-31') "
    "else coalesce(resolution_due, '9999-12-31') end) "
    "else -julianday(coalesce(updated_at, created_at)) end, ticket_id, "
    "status, assignee_id, priority, issue_type, sentiment, customer_spoke_at, staff_spoke_at, "
    "first_responded_at, first_response_due, resolution_due, waiting_since, tags)",
    # What the desk's views count at every look.
    "create index ix_tickets_running on tickets (assignee_id, status, first_responded_at, "
    "first_response_due, resolution_due, waiting_since, customer_spoke_at, staff_spoke_at) "
    "where status in ('open', 'in_progress', 'waiting_customer')",
)


def apply(tx: Tx) -> None:
    """Add the tables, the columns and the indexes."""
    for name, (columns, key, required, foreign) in _TABLES.items():
        tx.tables.table(name).create(
            columns,
            pk=key,
            not_null=required | {key},
            foreign_keys=[(column, table, column) for column, table in foreign.items()],
        )
    for statement in _STATEMENTS:
        tx.execute(statement)
