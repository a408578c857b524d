"""Pending actions: what the desk proposed and the customer has yet to confirm."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from store.database import Row, Tx, dump, load
from store.models import PendingAction, to_text

__all__ = ["add", "decide", "get", "pending"]


def add(tx: Tx, action: PendingAction, *, at: datetime) -> None:
    """Write a proposal; an older one of the same conversation becomes ``superseded``."""
    tx.execute(
        "update pending_actions set status = 'superseded', decided_at = ? "
        "where conversation_id = ? and status = 'pending'",
        (to_text(at), action.conversation_id),
    )
    tx.insert(
        "pending_actions",
        {
            "action_id": action.action_id,
            "conversation_id": action.conversation_id,
            "user_id": action.user_id,
            "kind": action.kind,
            "arguments": dump(action.arguments),
            "summary": action.summary,
            "preview": dump(action.preview),
            "basis": dump(action.basis),
            "status": action.status,
            "result": dump(action.result),
            "created_at": action.created_at,
            "expires_at": action.expires_at,
        },
    )


def get(tx: Tx, action_id: str, *, user_id: str) -> PendingAction | None:
    """One proposal of ``user_id``; None when it does not exist or is somebody else's."""
    row = tx.row(
        "select * from pending_actions where action_id = ? and user_id = ?", (action_id, user_id)
    )
    return None if row is None else _action(row)


def pending(tx: Tx, conversation_id: str) -> PendingAction | None:
    """The conversation's open proposal, expired or not."""
    row = tx.row(
        "select * from pending_actions where conversation_id = ? and status = 'pending'",
        (conversation_id,),
    )
    return None if row is None else _action(row)


def decide(tx: Tx, action_id: str, *, status: str, result: dict[str, Any], at: datetime) -> bool:
    """Close an open proposal. False when somebody else has closed it meanwhile."""
    changed = tx.execute(
        "update pending_actions set status = ?, result = ?, decided_at = ? "
        "where action_id = ? and status = 'pending'",
        (status, dump(result), to_text(at), action_id),
    )
    return changed == 1


def _action(row: Row) -> PendingAction:
    return PendingAction(
        row["action_id"], row["conversation_id"], row["user_id"], row["kind"],
        load(row["arguments"], {}), row["summary"], load(row["preview"], {}),
        load(row["basis"], {}), row["status"], load(row["result"], {}), row["created_at"],
        row["expires_at"],
    )  # fmt: skip
