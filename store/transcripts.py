"""Which conversation a transcript belongs to, for clients that send the whole history.

A row says: whoever has said and heard exactly this stands there in that conversation, after
that message, with that memory. The digest is the key and holds the caller's identity; the
texts themselves are not kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Tx, dump, load
from store.models import from_text, to_text

__all__ = ["Transcript", "find", "forget", "keep", "take"]


@dataclass(frozen=True, slots=True)
class Transcript:
    """Where a transcript stands; ``context`` is the memory after its last message."""

    digest: str
    conversation_id: str
    message_id: str
    context: dict[str, Any]
    at: datetime


def keep(tx: Tx, transcript: Transcript) -> None:
    """Write where a transcript stands; the newest of two equal ones counts."""
    tx.execute(
        "insert into transcripts (digest, conversation_id, message_id, context, created_at) "
        "values (?, ?, ?, ?, ?) on conflict (digest) do update set "
        "conversation_id = excluded.conversation_id, message_id = excluded.message_id, "
        "context = excluded.context, created_at = excluded.created_at",
        (transcript.digest, transcript.conversation_id, transcript.message_id,
         dump(transcript.context), to_text(transcript.at)),
    )  # fmt: skip


def find(tx: Tx, digest: str) -> Transcript | None:
    """Where a transcript stands, or None."""
    row = tx.row("select * from transcripts where digest = ?", (digest,))
    if row is None:
        return None
    return Transcript(
        row["digest"], row["conversation_id"], row["message_id"], load(row["context"], {}),
        from_text(row["created_at"]),
    )  # fmt: skip


def take(tx: Tx, transcript: Transcript) -> bool:
    """Whether its conversation still stands at its message; if so, nobody may take it again.

    The next one with the same transcript (a second window, a repeated request) finds the
    conversation moved on, even before the first one's message is written. What staff wrote
    into the chat does not count: these clients never see it.
    """
    newest = tx.value(
        "select message_id from messages where conversation_id = ? "
        "and role in ('user', 'assistant') order by message_seq desc limit 1",
        (transcript.conversation_id,),
    )
    if newest is None or newest != transcript.message_id:
        return False
    return bool(
        tx.execute(
            "update transcripts set message_id = '' where digest = ? and message_id = ?",
            (transcript.digest, transcript.message_id),
        )
    )


def forget(tx: Tx, before: datetime) -> int:
    """Delete what was written before a moment; returns how many."""
    return tx.execute("delete from transcripts where created_at < ?", (to_text(before),))
