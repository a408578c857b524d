"""Photos that outlive their chat for a claim, and indexes for a desk of any size.

``attachments.conversation_id`` is NULL once the chat is deleted. ``ix_tickets_queue`` keeps
the order it has had and carries what the queue is filtered by, so that rows that do not match
are passed over inside the index; the audit is read newest first by ``at`` under each filter.
"""

from __future__ import annotations

from store.database import Tx

# Taken over by an index below that begins with the same columns.
_REPLACED = (
    ("tickets", "ix_tickets_queue"),
    ("tickets", "ix14_tickets"),
    ("audit_events", "ix_audit_events_actor"),
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
        "else -julianday(coalesce(updated_at, created_at)) end, ticket_id, "
        "status, assignee_id, priority)",
    ),
    ("ix_tickets_user", "tickets (user_id, created_at, ticket_id, status)"),
    ("ix_tickets_order", "tickets (order_id)"),
    ("ix_users_name", "users (lower(name), zip)"),
    ("ix_audit_events_actor", "audit_events (actor_id, at)"),
    ("ix_audit_events_action", "audit_events (action, at)"),
    ("ix_audit_events_object", "audit_events (object_id, at)"),
    ("ix_audit_events_type", "audit_events (object_type, at)"),
    ("ix_audit_events_source", "audit_events (source, at)"),
    ("ix_audit_events_system", "audit_events (at) where actor_role = 'system'"),
)


def apply(tx: Tx) -> None:
    """Let photos stand without a chat, replace the indexes."""
    detach_photos(tx)
    for _, name in _REPLACED:
        tx.execute(f"drop index {name}")
    for name, place in _INDEXES:
        tx.execute(f"create index {name} on {place}")


def detach_photos(tx: Tx) -> None:
    """Let ``attachments.conversation_id`` be NULL; SQLite needs the table built anew for it.

    Nothing refers to the table and it has no trigger. ``transform()`` itself would commit.
    """
    for sql in tx.tables.table("attachments").transform_sql(not_null={"conversation_id": False}):
        tx.execute(sql)
