"""Conversations for pages and routes: whose they are, what was said, photos, opinions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent import actions
from agent.guardrails import mask_pii
from agent.types import MOST_PHOTOS, TOO_MANY_PHOTOS, Caller, PendingActionView
from errors import BadInput, Forbidden, NotFound
from store import accounts, conversations, photo_files
from store import actions as stored_actions
from store.database import Database, Row, Tx
from store.models import Conversation, StoredMessage, from_text, to_text
from vision import CleanPhoto, Limits, clean_photo

__all__ = [
    "answer_of",
    "check_photo",
    "delete",
    "find",
    "forget_photos",
    "messages",
    "open_or_create",
    "owned",
    "pending_action",
    "photo",
    "rate",
    "save_photo",
    "take_photos",
]

_NO_PHOTO = "사진을 찾을 수 없어요. 다시 올려 주세요."
GONE = "대화를 찾을 수 없어요. 새 대화를 시작해 주세요."


def guest_hash(caller: Caller, session_id: str = "") -> str | None:
    """How the store knows a guest: a hash of their key; None for an account.

    A guest without a key (an API call without a token) is known by the chat's own id, which
    nobody can guess.
    """
    if caller.user_id is not None:
        return None
    key = caller.guest_key or (session_id and f"chat:{session_id}")
    return hashlib.sha256(key.encode()).hexdigest() if key else None


def owned(tx: Tx, caller: Caller, session_id: str, *, named: bool = True) -> Conversation:
    """The caller's conversation. Raises NotFound for a missing one and another's alike.

    A guest without a key is let into the chat whose id they ``named`` themselves.
    """
    found = conversations.get(tx, session_id)
    if found is None or not (_may_see(found, caller) or (named and _knows(found, caller))):
        raise NotFound(GONE)
    return found


def _knows(conversation: Conversation, caller: Caller) -> bool:
    mine = guest_hash(caller, conversation.conversation_id)
    return mine is not None and mine == conversation.guest_hash


def _may_see(conversation: Conversation, caller: Caller) -> bool:
    if caller.is_staff:
        return True
    if conversation.user_id is not None:
        return conversation.user_id == caller.user_id
    mine = guest_hash(caller)
    return mine is not None and mine == conversation.guest_hash


def open_or_create(
    tx: Tx, caller: Caller, session_id: str | None, *, now: datetime
) -> Conversation:
    """The caller's own conversation, or a new one when none is named. Raises NotFound.

    Staff may read any conversation, but speak as the customer in none.
    """
    if session_id is not None:
        found = owned(tx, caller, session_id)
        if caller.is_staff and found.user_id != caller.user_id:
            raise NotFound(GONE)
        return found
    new_id = f"s_{secrets.token_urlsafe(12)}"
    return conversations.create(
        tx,
        conversation_id=new_id,
        user_id=caller.user_id,
        guest_hash=guest_hash(caller, new_id),
        at=now,
    )


def find(database: Database, caller: Caller, *, limit: int) -> list[Conversation]:
    """The caller's conversations, last used first; none for a guest."""
    if caller.user_id is None:
        return []
    with database.read() as tx:
        return conversations.find(tx, user_id=caller.user_id, limit=limit)


def messages(
    database: Database, caller: Caller, session_id: str, *, limit: int
) -> list[StoredMessage]:
    """A conversation's messages, oldest first. Raises NotFound."""
    with database.read() as tx:
        owned(tx, caller, session_id)
        return conversations.messages(tx, session_id, limit=limit)


def answer_of(
    database: Database, caller: Caller, turn_id: str, session_id: str | None = None
) -> dict[str, Any] | None:
    """The desk's answer of a turn as POST /api/chat gave it; None when it is not the caller's.

    ``session_id`` is the chat as a guest without a key names it.
    """
    with database.read() as tx:
        found = conversations.answer_of(tx, turn_id)
        if found is None:
            return None
        named = found.conversation_id == session_id
        try:
            owned(tx, caller, found.conversation_id, named=named)
        except NotFound:
            return None
    return found.payload


def pending_action(
    database: Database, caller: Caller, session_id: str, *, now: datetime
) -> PendingActionView | None:
    """The change that still waits for a yes, or None. Raises NotFound."""
    with database.read() as tx:
        owned(tx, caller, session_id)
        found = stored_actions.pending(tx, session_id)
    if found is None or found.user_id != caller.user_id or now >= from_text(found.expires_at):
        return None
    return actions.view(found)


def delete(database: Database, caller: Caller, session_id: str, *, folder: Path) -> None:
    """Delete a conversation and its photos but a claim's. Raises NotFound."""
    with database.write() as tx:
        owned(tx, caller, session_id)
        gone = conversations.delete(tx, session_id)
    photo_files.drop_unnamed(database, folder, gone)


def rate(
    database: Database, caller: Caller, message_id: str, *, good: bool, reason: str, now: datetime
) -> None:
    """Keep an opinion on a reply in one's own conversation. Raises NotFound."""
    with database.write() as tx:
        session_id = conversations.session_of_message(tx, message_id)
        owned(tx, caller, session_id or "", named=False)
        conversations.set_feedback(
            tx,
            message_id,
            user_id=caller.user_id,
            rating=int(good),
            reason=mask_pii(reason[:500]).text,
            at=now,
        )


def save_photo(
    database: Database,
    caller: Caller,
    data: bytes,
    *,
    session_id: str | None,
    folder: Path,
    limits: Limits,
    now: datetime,
    owner_id: str | None = None,
) -> tuple[str, str]:
    """Clean, store and record a photo; (session id, image id).

    Staff name the customer (``owner_id``) whose claim it is for, a customer themself where it is
    part of no chat: the session id is "" then. Raises BadInput, NotFound, and Forbidden for a
    customer who names another.
    """
    if owner_id is not None and owner_id != caller.user_id and not caller.is_staff:
        raise Forbidden("다른 고객의 사진은 올릴 수 없어요.")
    with database.read() as tx:  # before a stranger's picture is decoded
        if owner_id is not None and accounts.get(tx, owner_id) is None:
            raise NotFound("고객을 찾을 수 없어요.")
        if session_id is not None and owner_id is None:
            owned(tx, caller, session_id)
    photo = clean_photo(data, limits)
    image_id = f"img_{secrets.token_urlsafe(12)}"
    part = photo_files.stage(folder, photo.data)
    row = _record(photo, image_id, now)
    try:
        with database.write() as tx:
            if owner_id is not None:
                row |= {"conversation_id": None, "user_id": owner_id}
            else:
                chat = open_or_create(tx, caller, session_id, now=now)
                row |= {"conversation_id": chat.conversation_id, "user_id": caller.user_id}
            photo_files.place(tx, folder, part, photo.sha256)
            conversations.add_attachment(tx, row)
    except BaseException:
        part.unlink(missing_ok=True)
        photo_files.drop_unnamed(database, folder, [photo.sha256])
        raise
    return row["conversation_id"] or "", image_id


def _record(photo: CleanPhoto, image_id: str, now: datetime) -> dict[str, Any]:
    """The attachment's columns, without whose it is."""
    return {
        "image_id": image_id,
        "sha256": photo.sha256,
        "media_type": photo.media_type,
        "size_bytes": len(photo.data),
        "width_px": photo.width_px,
        "height_px": photo.height_px,
        "upload_width_px": photo.upload_width_px,
        "upload_height_px": photo.upload_height_px,
        "created_at": to_text(now),
    }


def take_photos(tx: Tx, caller: Caller, image_ids: Sequence[str], session_id: str) -> None:
    """The photos of one message. Raises BadInput for too many of them, NotFound.

    One of the caller's own that was part of no chat is part of this one from now on: it is kept
    as long as the chat is, and goes with it.
    """
    if len(image_ids) > MOST_PHOTOS:
        raise BadInput(TOO_MANY_PHOTOS)
    for image_id in image_ids:
        check_photo(tx, caller, image_id)
    if image_ids and caller.user_id is not None:
        conversations.take_attachments(tx, image_ids, session_id, user_id=caller.user_id)


def check_photo(tx: Tx, caller: Caller, image_id: str) -> None:
    """Raises NotFound for a missing photo and somebody else's alike."""
    row = conversations.attachment(tx, image_id)
    if row is None or not _may_see_photo(tx, row, caller):
        raise NotFound(_NO_PHOTO)


def _may_see_photo(tx: Tx, row: Row, caller: Caller) -> bool:
    if row["conversation_id"] is None:  # its chat is deleted, a claim keeps it
        return caller.is_staff or row["user_id"] == caller.user_id is not None
    found = conversations.get(tx, row["conversation_id"])
    return found is not None and _may_see(found, caller)


def photo(database: Database, caller: Caller, image_id: str, *, folder: Path) -> bytes:
    """A photo of one's own conversation or claim as JPEG. Raises NotFound."""
    with database.read() as tx:
        check_photo(tx, caller, image_id)
        row = conversations.attachment(tx, image_id)
    assert row is not None  # just checked
    try:
        return photo_files.path_of(folder, row).read_bytes()
    except FileNotFoundError as error:
        raise NotFound("사진을 찾을 수 없어요.") from error


def forget_photos(database: Database, *, folder: Path, days: int, now: datetime) -> int:
    """Forget the photos that no chat and no claim has held for so many days (0: none of them),
    and the files nobody names; returns how many files went."""
    names: list[str] = []
    if days > 0:
        with database.write(durable=False) as tx:
            names = conversations.forget_photos(tx, before=now - timedelta(days=days))
    gone = photo_files.drop_unnamed(database, folder, names)
    return gone + photo_files.sweep(database, folder)
