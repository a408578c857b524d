"""Conversations, their messages, turns, feedback and photos."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from store import llm_calls, photos, traces
from store.database import Row, Tx, dump, load
from store.models import Conversation, StoredMessage, to_text
from store.photo_files import name_of

__all__ = [
    "add_attachment",
    "add_message",
    "add_turn",
    "answer_of",
    "attachment",
    "create",
    "delete",
    "find",
    "forget_photos",
    "get",
    "messages",
    "messages_after",
    "page",
    "remember",
    "session_of_message",
    "set_answerer",
    "set_feedback",
    "set_summary",
    "start_fresh",
    "take_attachments",
    "touch",
]


def create(
    tx: Tx,
    *,
    conversation_id: str,
    user_id: str | None,
    guest_hash: str | None,
    at: datetime,
    metadata: dict[str, Any] | None = None,
) -> Conversation:
    """Write a new, empty conversation."""
    moment = to_text(at)
    kept = metadata or {}
    tx.insert(
        "conversations",
        {
            "conversation_id": conversation_id,
            "user_id": user_id,
            "guest_hash": guest_hash,
            "title": "",
            "context": "{}",
            "created_at": moment,
            "updated_at": moment,
            **({"metadata": dump(kept)} if kept else {}),
        },
    )
    return Conversation(conversation_id, user_id, guest_hash, "", {}, None, moment, moment, kept)


def get(tx: Tx, conversation_id: str) -> Conversation | None:
    """One conversation of whoever's it is, or None; the caller checks the owner."""
    row = tx.row("select * from conversations where conversation_id = ?", (conversation_id,))
    return None if row is None else _conversation(row)


def find(tx: Tx, *, user_id: str, limit: int = 20) -> list[Conversation]:
    """A customer's conversations that hold a message, last used first."""
    rows = tx.rows(
        "select * from conversations where user_id = ? and title <> '' "
        "order by updated_at desc limit ?",
        (user_id, limit),
    )
    return [_conversation(row) for row in rows]


def page(
    tx: Tx,
    *,
    user_id: str | None,
    guest_hash: str | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 20,
) -> list[Conversation]:
    """An account's conversations, or else a guest's, empty ones too, last used first.

    Those behind ``after`` (updated_at, conversation_id) where it is given.
    """
    column, owner = ("user_id", user_id) if user_id is not None else ("guest_hash", guest_hash)
    where, values = f"{column} = ?", list[Any]([owner])
    if after is not None:
        where += " and (updated_at, conversation_id) < (?, ?)"
        values += after
    rows = tx.rows(
        f"select * from conversations where {where} "
        "order by updated_at desc, conversation_id desc limit ?",
        [*values, limit],
    )
    return [_conversation(row) for row in rows]


def remember(
    tx: Tx, conversation_id: str, *, context: dict[str, Any], title: str, at: datetime
) -> None:
    """Keep what the next turn needs; ``title`` is set only while there is none."""
    moment = to_text(at)
    tx.execute(
        "update conversations set context = ?, context_at = ?, updated_at = ?, "
        "title = case when title = '' then ? else title end where conversation_id = ?",
        (dump(context), moment, moment, title, conversation_id),
    )


def touch(tx: Tx, conversation_id: str, *, at: datetime) -> None:
    """Something was said outside a turn: the conversation was used now."""
    tx.update("conversations", {"conversation_id": conversation_id}, {"updated_at": to_text(at)})


def set_answerer(tx: Tx, conversation_id: str, answerer: str) -> None:
    """Who answers from now on: "agent" or "person"."""
    tx.update("conversations", {"conversation_id": conversation_id}, {"answerer": answerer})


def start_fresh(tx: Tx, conversation_id: str) -> None:
    """What was said so far belongs to a matter that is over: no later turn remembers it."""
    last = "(select coalesce(max(message_seq), 0) from messages where conversation_id = :id)"
    tx.execute(
        "update conversations set context = '{}', context_at = null, summary = '', "
        f"summary_upto = {last}, fresh_from = {last} where conversation_id = :id",
        {"id": conversation_id},
    )


def delete(tx: Tx, conversation_id: str) -> list[str]:
    """Delete a conversation with everything said in it; returns the files its photos lay in.

    Tickets keep their own text. A photo that a claim of the same customer lists stays, without
    a conversation: it is the claim's evidence. What models were paid stays, tied to nothing.
    """
    llm_calls.forget(tx, conversation_id)
    traces.delete(tx, conversation_id)
    tx.execute(
        "update tickets set conversation_id = null where conversation_id = ?", (conversation_id,)
    )
    tx.execute(
        "delete from feedback where message_id in "
        "(select message_id from messages where conversation_id = ?)",
        (conversation_id,),
    )
    tx.execute(
        "update attachments set conversation_id = null where conversation_id = ? and exists "
        "(select 1 from claims c, json_each(c.photos) p "
        "where c.user_id = attachments.user_id and p.value = attachments.image_id)",
        (conversation_id,),
    )
    gone = tx.rows(
        "select image_id, sha256 from attachments where conversation_id = ?", (conversation_id,)
    )
    photos.forget_reports(tx, [row["image_id"] for row in gone])
    for table in (
        "messages", "turns", "pending_actions", "attachments", "transcripts", "conversations",
    ):  # fmt: skip
        tx.execute(f"delete from {table} where conversation_id = ?", (conversation_id,))
    return [name_of(row) for row in gone]


def add_message(tx: Tx, message: StoredMessage) -> None:
    """Write one message; its place in the conversation is the order of writing."""
    tx.insert(
        "messages",
        {
            "message_id": message.message_id,
            "conversation_id": message.conversation_id,
            "turn_id": message.turn_id,
            "role": message.role,
            "content": message.content,
            "payload": dump(message.payload),
            "created_at": message.created_at,
        },
    )


def messages(
    tx: Tx, conversation_id: str, *, limit: int = 200, after: int = 0
) -> list[StoredMessage]:
    """The last ``limit`` messages, oldest first; those numbered ``after`` and lower left out."""
    rows = tx.rows(
        "select * from (select m.*, f.rating, f.reason from messages m "
        "left join feedback f using (message_id) where conversation_id = ? and message_seq > ? "
        "order by message_seq desc limit ?) order by message_seq",
        (conversation_id, after, limit),
    )
    return [_message(row) for row in rows]


def messages_after(tx: Tx, conversation_id: str, seq: int) -> list[tuple[int, StoredMessage]]:
    """The messages numbered higher than ``seq``, each with its number, oldest first."""
    rows = tx.rows(
        "select m.*, null rating, null reason from messages m "
        "where conversation_id = ? and message_seq > ? order by message_seq",
        (conversation_id, seq),
    )
    return [(row["message_seq"], _message(row)) for row in rows]


def set_summary(tx: Tx, conversation_id: str, summary: str, *, upto: int) -> None:
    """Keep what was said up to the message numbered ``upto``, that one included."""
    tx.update(
        "conversations", {"conversation_id": conversation_id},
        {"summary": summary, "summary_upto": upto},
    )  # fmt: skip


def answer_of(tx: Tx, turn_id: str) -> StoredMessage | None:
    """What the desk answered in a turn; the caller checks the owner."""
    row = tx.row(
        "select m.*, null rating, null reason from messages m join turns t using (turn_id) "
        "where t.turn_id = ? and m.conversation_id = t.conversation_id "
        "and m.role in ('assistant', 'receipt')",
        (turn_id,),
    )
    return None if row is None else _message(row)


def session_of_message(tx: Tx, message_id: str) -> str | None:
    """The conversation a desk's reply belongs to, or None."""
    found = tx.value(
        "select conversation_id from messages where message_id = ? and role <> 'user'",
        (message_id,),
    )
    return None if found is None else str(found)


def add_turn(tx: Tx, row: dict[str, Any]) -> None:
    """Write the record of one turn (columns of ``turns``; lists as JSON)."""
    tx.insert("turns", {k: dump(v) if isinstance(v, list) else v for k, v in row.items()})


def set_feedback(
    tx: Tx, message_id: str, *, user_id: str | None, rating: int, reason: str, at: datetime
) -> None:
    """Keep the newest opinion on a reply: ``rating`` 1 good, 0 bad."""
    tx.execute(
        "insert into feedback (message_id, user_id, rating, reason, created_at) "
        "values (?, ?, ?, ?, ?) on conflict (message_id) do update set "
        "rating = excluded.rating, reason = excluded.reason, created_at = excluded.created_at",
        (message_id, user_id, rating, reason, to_text(at)),
    )


def add_attachment(tx: Tx, row: dict[str, Any]) -> None:
    """Write the record of a stored photo (columns of ``attachments``)."""
    tx.insert("attachments", row)


def attachment(tx: Tx, image_id: str) -> Row | None:
    """A photo's record, or None; the caller checks the owner.

    ``conversation_id`` is None once its chat is deleted and only a claim keeps it.
    """
    return tx.row("select * from attachments where image_id = ?", (image_id,))


def take_attachments(
    tx: Tx, image_ids: Sequence[str], conversation_id: str, *, user_id: str
) -> None:
    """Make those of a customer's photos that are part of no conversation part of this one."""
    tx.execute(
        "update attachments set conversation_id = ? where conversation_id is null "
        "and user_id = ? and image_id in (select value from json_each(?))",
        (conversation_id, user_id, dump(list(image_ids))),
    )


def forget_photos(tx: Tx, *, before: datetime) -> list[str]:
    """Delete the photos older than that which no conversation and no claim holds and no member
    of staff has corrected (the detector learns from these), with what was found on them;
    returns the files they lay in."""
    gone = tx.rows(
        "select image_id, sha256 from attachments a where conversation_id is null "
        "and created_at < ? and not exists (select 1 from claims c, json_each(c.photos) p "
        "where p.value = a.image_id) and not exists (select 1 from photo_reports r "
        "join photo_corrections c on c.report_id = r.report_id where r.image_id = a.image_id)",
        (to_text(before),),
    )
    image_ids = [row["image_id"] for row in gone]
    photos.forget_reports(tx, image_ids)
    tx.execute(
        "delete from attachments where image_id in (select value from json_each(?))",
        (dump(image_ids),),
    )
    return [name_of(row) for row in gone]


def _conversation(row: Row) -> Conversation:
    values = {name: load(row[name], {}) for name in ("context", "metadata")}
    told = {"summary": row["summary"] or "", "summary_upto": row["summary_upto"] or 0}
    return Conversation(**{**row, **values, **told})


def _message(row: Row) -> StoredMessage:
    payload = load(row["payload"], {})
    if row["rating"] is not None:
        payload["feedback"] = {"rating": row["rating"], "reason": row["reason"] or ""}
    return StoredMessage(
        row["message_id"], row["conversation_id"], row["turn_id"], row["role"], row["content"],
        payload, row["created_at"],
    )  # fmt: skip
