"""Canned replies that staff wrote, changed or removed; the shipped ones lie in ``data/canned``.

A row stands above the shipped reply of the same id. A removed reply stays as a row, so that
its number of versions goes on and a stale save is noticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from store.database import Row, Tx
from store.models import to_text

__all__ = ["CannedReply", "every", "get", "put"]


@dataclass(frozen=True, slots=True)
class CannedReply:
    """A reply to insert; ``issue_type`` "" fits any ticket.

    A shipped one that nobody has changed has version 0, no ``updated_at`` and ``shipped``.
    """

    reply_id: str
    title: str
    text: str
    issue_type: str = ""
    version: int = 0
    updated_by: str | None = None
    updated_at: str | None = None
    deleted_at: str | None = None
    shipped: bool = False


def every(tx: Tx) -> list[CannedReply]:
    """All rows, the removed ones too, by title."""
    return [_reply(row) for row in tx.rows("select * from canned_replies order by title")]


def get(tx: Tx, reply_id: str) -> CannedReply | None:
    """One row, a removed one too, or None."""
    row = tx.row("select * from canned_replies where reply_id = ?", (reply_id,))
    return None if row is None else _reply(row)


def put(tx: Tx, reply: CannedReply, *, actor_id: str | None, at: datetime) -> CannedReply:
    """Write a reply as its next version; the caller has checked the version it was based on."""
    moment = to_text(at)
    tx.execute(
        "insert into canned_replies (reply_id, title, text, issue_type, updated_by, version, "
        "created_at, updated_at, deleted_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "on conflict (reply_id) do update set title = excluded.title, text = excluded.text, "
        "issue_type = excluded.issue_type, updated_by = excluded.updated_by, "
        "version = excluded.version, updated_at = excluded.updated_at, "
        "deleted_at = excluded.deleted_at",
        (reply.reply_id, reply.title, reply.text, reply.issue_type, actor_id, reply.version + 1,
         moment, moment, reply.deleted_at),
    )  # fmt: skip
    saved = get(tx, reply.reply_id)
    assert saved is not None, "it was written in this transaction"
    return saved


def _reply(row: Row) -> CannedReply:
    return CannedReply(
        row["reply_id"], row["title"], row["text"], row["issue_type"] or "", row["version"],
        row["updated_by"], row["updated_at"], row["deleted_at"],
    )  # fmt: skip
