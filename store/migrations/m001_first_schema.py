"""The first schema: the shop, the desk, and what the agent remembers.

Money is integer KRW, times are UTC ISO-8601 text of fixed width (so that text order is
time order), lists and objects are JSON text.
"""

from __future__ import annotations

from store.database import Tx

# Table → (columns with type, primary key, not null, foreign keys {column: table.column}).
_TABLES: dict[str, tuple[dict[str, type], str | tuple[str, ...], set[str], dict[str, str]]] = {
    "settings": ({"key": str, "value": str}, "key", {"value"}, {}),
    "users": (
        {
            "user_id": str, "email": str, "name": str, "role": str, "password_hash": str,
            "phone": str, "zip": str, "road": str, "detail": str, "is_demo": int,
            "failed_logins": int, "locked_until": str, "created_at": str,
        },
        "user_id", {"email", "name", "role", "password_hash", "created_at"}, {},
    ),
    "sessions": (
        {"session_hash": str, "user_id": str, "created_at": str, "expires_at": str,
         "revoked_at": str},
        "session_hash", {"user_id", "created_at", "expires_at"}, {"user_id": "users"},
    ),
    "products": (
        {"product_id": str, "name": str, "category": str, "brand": str, "price_krw": int,
         "emoji": str, "description": str, "keywords": str, "attributes": str,
         "returnable": str},
        "product_id", {"name", "category", "price_krw", "returnable"}, {},
    ),
    "product_options": (
        {"sku": str, "product_id": str, "name": str, "extra_krw": int, "stock": int,
         "position": int},
        "sku", {"product_id", "name", "extra_krw", "stock"}, {"product_id": "products"},
    ),
    "orders": (
        {"order_id": str, "user_id": str, "status": str, "created_at": str, "updated_at": str,
         "recipient": str, "phone": str, "zip": str, "road": str, "detail": str, "memo": str,
         "items_krw": int, "coupon_krw": int, "shipping_krw": int, "total_krw": int,
         "delivered_at": str, "version": int},
        "order_id", {"user_id", "status", "created_at", "total_krw", "version"},
        {"user_id": "users"},
    ),
    "order_lines": (
        {"line_id": str, "order_id": str, "position": int, "product_id": str, "sku": str,
         "product_name": str, "option_name": str, "quantity": int, "unit_price_krw": int},
        "line_id", {"order_id", "product_id", "sku", "quantity", "unit_price_krw"},
        {"order_id": "orders", "product_id": "products", "sku": "product_options"},
    ),
    "claims": (
        {"claim_id": str, "order_id": str, "user_id": str, "kind": str, "reason_code": str,
         "reason_text": str, "fault": str, "status": str, "photos": str, "quote": str,
         "refund_krw": int, "note": str, "created_at": str, "updated_at": str, "version": int},
        "claim_id", {"order_id", "user_id", "kind", "reason_code", "fault", "status",
                     "created_at", "version"},
        {"order_id": "orders", "user_id": "users"},
    ),
    "payments": (
        {"payment_id": str, "order_id": str, "claim_id": str, "kind": str, "method": str,
         "label": str, "amount_krw": int, "created_at": str},
        "payment_id", {"order_id", "kind", "method", "amount_krw", "created_at"},
        {"order_id": "orders", "claim_id": "claims"},
    ),
    "shipments": (
        {"shipment_id": str, "order_id": str, "carrier": str, "tracking_no": str,
         "shipped_at": str, "delivered_at": str},
        "shipment_id", {"order_id", "carrier", "tracking_no"}, {"order_id": "orders"},
    ),
    "shipment_events": (
        {"event_seq": int, "shipment_id": str, "at": str, "place": str, "text": str},
        "event_seq", {"shipment_id", "at", "text"}, {"shipment_id": "shipments"},
    ),
    "claim_lines": (
        {"claim_id": str, "line_id": str, "quantity": int, "new_sku": str},
        ("claim_id", "line_id"), {"quantity"},
        {"claim_id": "claims", "line_id": "order_lines", "new_sku": "product_options"},
    ),
    "conversations": (
        {"conversation_id": str, "user_id": str, "guest_hash": str, "title": str,
         "context": str, "context_at": str, "created_at": str, "updated_at": str},
        "conversation_id", {"created_at", "updated_at"}, {"user_id": "users"},
    ),
    "tickets": (
        {"ticket_id": str, "user_id": str, "order_id": str, "claim_id": str,
         "conversation_id": str, "issue_type": str, "priority": str, "status": str,
         "subject": str, "description": str, "assignee_id": str, "resolution": str,
         "first_response_due": str, "resolution_due": str, "first_responded_at": str,
         "resolved_at": str, "tags": str, "version": int, "created_at": str,
         "updated_at": str},
        "ticket_id", {"user_id", "issue_type", "priority", "status", "created_at", "version"},
        {"user_id": "users", "order_id": "orders", "claim_id": "claims",
         "conversation_id": "conversations", "assignee_id": "users"},
    ),
    "ticket_events": (
        {"event_seq": int, "ticket_id": str, "at": str, "actor_id": str, "kind": str,
         "text": str, "internal": int, "before": str, "after": str},
        "event_seq", {"ticket_id", "at", "kind", "internal"}, {"ticket_id": "tickets"},
    ),
    "messages": (
        {"message_seq": int, "message_id": str, "conversation_id": str, "turn_id": str,
         "role": str, "content": str, "payload": str, "created_at": str},
        "message_seq", {"message_id", "conversation_id", "role", "content", "created_at"},
        {"conversation_id": "conversations"},
    ),
    "turns": (
        {"turn_id": str, "conversation_id": str, "status": str, "intent": str,
         "confidence": float, "tools": str, "guardrails": str, "provider": str, "model": str,
         "prompt_tokens": int, "completion_tokens": int, "cost_usd": float,
         "latency_ms": float, "created_at": str},
        "turn_id", {"conversation_id", "status", "created_at"},
        {"conversation_id": "conversations"},
    ),
    "pending_actions": (
        {"action_id": str, "conversation_id": str, "user_id": str, "kind": str,
         "arguments": str, "summary": str, "preview": str, "basis": str, "status": str,
         "result": str, "created_at": str, "expires_at": str, "decided_at": str},
        "action_id", {"conversation_id", "user_id", "kind", "arguments", "summary", "basis",
                      "status", "created_at", "expires_at"},
        {"conversation_id": "conversations", "user_id": "users"},
    ),
    "attachments": (
        {"image_id": str, "conversation_id": str, "user_id": str, "media_type": str,
         "size_bytes": int, "width_px": int, "height_px": int, "created_at": str},
        "image_id", {"conversation_id", "media_type", "size_bytes", "created_at"},
        {"conversation_id": "conversations", "user_id": "users"},
    ),
    "feedback": (
        {"message_id": str, "user_id": str, "rating": int, "reason": str, "created_at": str},
        "message_id", {"rating", "created_at"}, {"user_id": "users"},
    ),
    "audit_events": (
        {"event_seq": int, "at": str, "actor_id": str, "actor_role": str, "source": str,
         "turn_id": str, "action": str, "object_type": str, "object_id": str,
         "before": str, "after": str},
        "event_seq", {"at", "action", "object_type", "object_id"}, {},
    ),
}  # fmt: skip

# (table, columns, unique, where): each serves a query named in a repository.
_INDEXES = (
    ("users", "email", True, ""),
    ("sessions", "user_id", False, ""),
    ("product_options", "product_id", False, ""),
    ("orders", "user_id, created_at", False, ""),
    ("orders", "user_id, status, created_at", False, ""),
    ("orders", "status, created_at", False, ""),
    ("order_lines", "order_id, position", True, ""),
    ("order_lines", "product_id", False, ""),
    ("payments", "order_id", False, ""),
    ("shipments", "order_id", False, ""),
    ("shipment_events", "shipment_id, at", False, ""),
    ("claims", "order_id", False, ""),
    ("claims", "user_id, created_at", False, ""),
    ("claim_lines", "line_id", False, ""),
    ("tickets", "user_id, created_at", False, ""),
    ("tickets", "status, created_at", False, ""),
    ("tickets", "conversation_id", False, ""),
    ("ticket_events", "ticket_id", False, ""),
    ("conversations", "user_id, updated_at", False, ""),
    ("messages", "message_id", True, ""),
    ("messages", "conversation_id, message_seq", False, ""),
    ("turns", "conversation_id, created_at", False, ""),
    # One open question a conversation (domain.md, Confirmation).
    ("pending_actions", "conversation_id", True, "where status = 'pending'"),
    ("pending_actions", "user_id", False, ""),
    ("attachments", "conversation_id", False, ""),
    ("audit_events", "object_type, object_id", False, ""),
)


def apply(tx: Tx) -> None:
    """Create every table, index and the triggers that keep the audit append-only."""
    for name, (columns, key, required, foreign) in _TABLES.items():
        tx.tables.table(name).create(
            columns,
            pk=key,
            not_null=required | ({key} if isinstance(key, str) else set(key)),
            foreign_keys=[(column, table, _TABLES[table][1]) for column, table in foreign.items()],
        )
    for position, (table, columns_sql, unique, where) in enumerate(_INDEXES):
        kind = "unique index" if unique else "index"
        tx.execute(f"create {kind} ix{position:02d}_{table} on {table} ({columns_sql}) {where}")
    for verb in ("update", "delete"):
        tx.execute(
            f"create trigger audit_no_{verb} before {verb} on audit_events "
            "begin select raise(abort, 'audit_events is append-only'); end"
        )
