"""Refresh tokens: single use, kept as hashes, each family tied to one row of ``sessions``.

A family begins with signing in and ends with its session (absolutely: refreshing does not
prolong it). A token that comes back after its use is a copy in two hands; nobody can tell
which hand is the owner's, so the whole family ends.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from store import accounts
from store.database import Tx
from store.models import User, from_text, to_text

__all__ = ["Family", "Rotation", "forget", "open_family", "rotate"]


@dataclass(frozen=True, slots=True)
class Family:
    """A session with its newest refresh token. ``refresh_token`` is told once, here."""

    user: User
    session_hash: str
    refresh_token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Family({self.user.user_id})"  # nothing a log must not hold


@dataclass(frozen=True, slots=True)
class Rotation:
    """What became of a refresh token; ``family`` is there only when it was good.

    ``reused`` ends the family: the transaction must be committed, so nothing is raised here.
    """

    outcome: Literal["rotated", "unknown", "reused", "revoked", "expired"]
    family: Family | None = None
    user_id: str = ""


def open_family(tx: Tx, user: User, *, days: int, at: datetime) -> Family:
    """Start a session that is renewed by refresh tokens instead of a cookie."""
    # Its own secret id is thrown away: no cookie can be made for it.
    session_hash = accounts.session_hash(accounts.open_session(tx, user.user_id, days=days, at=at))
    return _issue(tx, user, session_hash, at)


def rotate(tx: Tx, refresh_token: str, *, at: datetime) -> Rotation:
    """Spend a refresh token and issue the next one of its family.

    The write transaction makes two at the same time follow each other: the second finds
    the token used.
    """
    token_hash = _hash(refresh_token)
    row = tx.row(
        "select t.used_at, s.session_hash, s.user_id, s.revoked_at, s.expires_at "
        "from refresh_tokens t join sessions s using (session_hash) where t.token_hash = ?",
        (token_hash,),
    )
    if row is None:
        return Rotation("unknown")
    if row["revoked_at"]:
        return Rotation("revoked")
    if row["expires_at"] <= to_text(at):
        return Rotation("expired")
    if row["used_at"]:
        accounts.close_hash(tx, row["session_hash"], at=at)
        return Rotation("reused", user_id=row["user_id"])
    user = accounts.get(tx, row["user_id"])
    assert user is not None, "a session's account is there (foreign key)"
    tx.update("refresh_tokens", {"token_hash": token_hash}, {"used_at": to_text(at)})
    return Rotation("rotated", _issue(tx, user, row["session_hash"], at), user.user_id)


def forget(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete at most ``limit`` rows of what was over before a moment; returns how many.

    Tokens go before their sessions; a family that is alive keeps its used ones, by which a
    stolen copy is found out.
    """
    cut = to_text(before)
    over = "(s.expires_at < :cut or s.revoked_at < :cut)"
    deleted = 0
    for statement in (
        "delete from refresh_tokens where token_hash in (select t.token_hash from sessions s "
        f"join refresh_tokens t using (session_hash) where {over} limit :limit)",
        "delete from sessions where session_hash in (select s.session_hash from sessions s "
        f"where {over} and not exists (select 1 from refresh_tokens t "
        "where t.session_hash = s.session_hash) limit :limit)",
        "delete from sign_in_failures where email_hash in (select email_hash "
        "from sign_in_failures where updated_at < :cut "
        "and coalesce(locked_until, '') < :cut limit :limit)",
    ):
        deleted += tx.execute(statement, {"cut": cut, "limit": limit - deleted})
    return deleted


def _issue(tx: Tx, user: User, session_hash: str, at: datetime) -> Family:
    token = secrets.token_urlsafe(32)
    expires_at = tx.value("select expires_at from sessions where session_hash = ?", (session_hash,))
    tx.insert(
        "refresh_tokens",
        {
            "token_hash": _hash(token),
            "session_hash": session_hash,
            "created_at": to_text(at),
            "expires_at": expires_at,
            "used_at": None,
        },
    )
    return Family(user, session_hash, token, from_text(expires_at))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
