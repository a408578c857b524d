"""Rows of the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from store.database import Row, dump
from store.models import to_text

__all__ = ["change"]


def change(
    at: datetime,
    actor_id: str | None,
    action: str,
    object_type: str,
    object_id: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> Row:
    """One event. The role follows from the actor's id; None is the system itself."""
    kind = (actor_id or "system").partition("_")[0]
    role = "customer" if kind == "user" else kind
    return {
        "at": to_text(at),
        "actor_id": actor_id,
        "actor_role": role,
        "source": {"customer": "chat", "system": "system"}.get(role, "page"),
        "turn_id": None,
        "action": action,
        "object_type": object_type,
        "object_id": object_id,
        "before": dump(before),
        "after": dump(after),
    }
