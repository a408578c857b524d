"""API keys of service accounts: a secret is kept as its SHA-256 and looked up by that."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from store.database import Row, Tx, dump, load
from store.models import ApiKey, to_text

__all__ = ["add", "all_keys", "by_secret", "get", "name_taken", "revoke", "stale", "touch"]

_TOUCH_EVERY = timedelta(minutes=1)
_SELECT = (
    "select k.*, u.name as creator_name from api_keys k "
    "left join users u on u.user_id = k.created_by "
)


def add(tx: Tx, key: ApiKey, secret: str) -> None:
    """Keep a new key with its secret's hash."""
    names = ("key_id", "name", "created_by", "created_at", "expires_at", "revoked_at",
             "last_used_at")  # fmt: skip
    row = {name: getattr(key, name) for name in names}
    hashed = {"secret_hash": _hash(secret), "scopes": dump(list(key.scopes))}
    tx.insert("api_keys", {**row, **hashed})


def get(tx: Tx, key_id: str) -> ApiKey | None:
    """One key, whatever its state, or None."""
    return _key(tx.row(_SELECT + "where k.key_id = ?", (key_id,)))


def by_secret(tx: Tx, secret: str) -> ApiKey | None:
    """The key of a secret, whatever its state, or None.

    A look-up by hash in a unique index: its time tells nothing about the secrets there are.
    """
    return _key(tx.row(_SELECT + "where k.secret_hash = ?", (_hash(secret),)))


def all_keys(tx: Tx) -> list[ApiKey]:
    """Every key, newest first."""
    rows = tx.rows(_SELECT + "order by k.created_at desc, k.rowid desc")
    return [key for row in rows if (key := _key(row))]


def name_taken(tx: Tx, name: str, *, at: datetime) -> bool:
    """Whether a key that is neither revoked nor over has this name."""
    found = tx.value(
        "select 1 from api_keys where name = ? and revoked_at is null "
        "and (expires_at is null or expires_at > ?)",
        (name, to_text(at)),
    )
    return found is not None


def revoke(tx: Tx, key: ApiKey, *, at: datetime) -> ApiKey:
    """End a key for good; returns it as it is now."""
    revoked = replace(key, revoked_at=to_text(at))
    tx.update("api_keys", {"key_id": key.key_id}, {"revoked_at": revoked.revoked_at})
    return revoked


def stale(key: ApiKey, *, at: datetime) -> bool:
    """Whether ``last_used_at`` is old enough to be written anew (once a minute)."""
    return key.last_used_at is None or key.last_used_at <= to_text(at - _TOUCH_EVERY)


def touch(tx: Tx, key: ApiKey, *, at: datetime) -> None:
    """Write that the key was used; of many at once one writes."""
    tx.execute(
        "update api_keys set last_used_at = ? "
        "where key_id = ? and (last_used_at is null or last_used_at <= ?)",
        (to_text(at), key.key_id, to_text(at - _TOUCH_EVERY)),
    )


def _hash(secret: str) -> str:
    # Whatever a client sends is looked up, half a surrogate pair too.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Row | None) -> ApiKey | None:
    if row is None:
        return None
    return ApiKey(
        row["key_id"], row["name"], tuple(load(row["scopes"], [])), row["created_by"],
        row["created_at"], row["expires_at"], row["revoked_at"], row["last_used_at"],
        row["creator_name"] or "",
    )  # fmt: skip
