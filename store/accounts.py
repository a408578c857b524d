"""Accounts: e-mail, bcrypt password, role, lock-out; and the sessions they sign in with.

One password scheme for console and API: bcrypt over SHA-256/base64 of the password, so
that passphrases longer than bcrypt's 72 bytes (24 Hangul syllables) count in full.
A session's id is random and kept only as a hash: a copy of the database opens no door.
Wrong passwords are counted by e-mail, whether an account has it or not: a lock tells
nothing about who is a customer.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
import secrets
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import bcrypt

from errors import (
    AlreadyExists,
    BadCredentials,
    BadInput,
    TooMany,
    Unavailable,
    WeakPassword,
)
from store.database import Database, Tx
from store.models import User, from_text, to_text

__all__ = [
    "LockOut",
    "by_email",
    "change_address",
    "check_password",
    "close_hash",
    "close_session",
    "close_sessions",
    "create",
    "demo_users",
    "find_by_name_zip",
    "get",
    "hash_password",
    "normal_email",
    "open_session",
    "session_hash",
    "set_password",
    "sign_in",
    "user_of_hash",
    "user_of_session",
    "validate",
    "validate_password",
]

BCRYPT_COST = 12
MIN_PASSWORD_CHARS = 10
# What every list of stolen passwords begins with, digits at its end or not, and digits alone.
_EASY = re.compile(
    r"(password|passwd|qwerty|qwertyuiop|asdfghjkl|iloveyou|letmein|welcome|admin)?\d*"
)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
# Compared against when the e-mail is unknown, so that time tells nothing about it.
_NOBODY = "$2b$12$C6UzMDM.H6dfI/f/IKcEeO7ZBzpDrOxbQ9p7W2vL4u0q3ZyJzV8zW"
# A hash keeps a processor busy: many sign-ins at once must not take them all from the desk.
_HASHES_AT_ONCE = threading.BoundedSemaphore(2)
# Whoever waits for one holds one of the server's threads: as many as get theirs in time.
HASHES_WANTED = 16
_HASHES_WANTED = threading.BoundedSemaphore(HASHES_WANTED)
HASH_WAIT_S = 5.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class LockOut:
    """When an e-mail locks: after ``max_failures`` in a row, for ``minutes``."""

    max_failures: int
    minutes: int


def hash_password(password: str, *, cost: int = BCRYPT_COST) -> str:
    """The stored form of a password. ``cost`` is bcrypt's work factor (12 takes 0.3 to 0.6 s).

    Raises Unavailable when too many wait for theirs. Never call it inside a transaction.
    """
    with _turn_to_hash():
        return bcrypt.hashpw(_digest(password), bcrypt.gensalt(cost)).decode()


def check_password(password: str, stored: str) -> bool:
    """Whether ``password`` belongs to the stored hash; slow like :func:`hash_password`."""
    with _turn_to_hash():
        return bcrypt.checkpw(_digest(password), stored.encode())


@contextmanager
def _turn_to_hash() -> Iterator[None]:
    with _one_of(_HASHES_WANTED, wait_s=0.0), _one_of(_HASHES_AT_ONCE, wait_s=HASH_WAIT_S):
        yield


@contextmanager
def _one_of(places: threading.BoundedSemaphore, *, wait_s: float) -> Iterator[None]:
    if not places.acquire(timeout=wait_s):
        raise Unavailable("지금 이용이 많아요. 잠시 뒤 다시 시도해 주세요.", code="busy")
    try:
        yield
    finally:
        places.release()


def normal_email(email: str) -> str:
    """An address as accounts keep it."""
    return unicodedata.normalize("NFKC", email).strip().lower()


def validate(email: str, password: str, name: str) -> tuple[str, str]:
    """The normalised e-mail and name. Raises BadInput or WeakPassword with what to do."""
    email = normal_email(email)
    name = " ".join(unicodedata.normalize("NFC", name).split())
    # Characters nobody sees would make somebody else's address, or name, of this one.
    if not _EMAIL.fullmatch(email) or len(email) > 254 or not email.isprintable():
        raise BadInput("이메일 주소를 다시 확인해 주세요. 예: minji@example.com")
    if not 1 <= len(name) <= 40 or not any(c.isalpha() for c in name) or not name.isprintable():
        raise BadInput("이름은 1자에서 40자까지 적어 주세요.")
    validate_password(email, password)
    return email, name


def validate_password(email: str, password: str) -> None:
    """Whether this account may have this password. Raises WeakPassword with the rule."""
    if len(password) < MIN_PASSWORD_CHARS:
        raise WeakPassword(f"비밀번호는 {MIN_PASSWORD_CHARS}자 이상이어야 해요.")
    if len(password) > 200:
        raise WeakPassword("비밀번호는 200자까지 쓸 수 있어요.")
    easy = len(set(password)) < 4 or password.lower() in email
    if easy or _EASY.fullmatch(password):
        raise WeakPassword("너무 쉬운 비밀번호예요. 서로 다른 글자를 더 섞어 주세요.")


def create(
    tx: Tx,
    *,
    email: str,
    name: str,
    role: str,
    password_hash: str,
    at: datetime,
    user_id: str | None = None,
    is_demo: bool = False,
    phone: str = "",
    address: tuple[str, str, str] = ("", "", ""),
) -> User:
    """Write an account. ``address`` is (zip, road, detail). Raises AlreadyExists."""
    if tx.value("select 1 from users where email = ?", (email,)):
        raise AlreadyExists("이미 가입한 이메일이에요. 로그인해 주세요.", code="email_taken")
    user_id = user_id or f"user_{secrets.token_hex(6)}"
    zip_code, road, detail = address
    row = {
        "user_id": user_id, "email": email, "name": name, "role": role,
        "password_hash": password_hash, "phone": phone, "zip": zip_code, "road": road,
        "detail": detail, "is_demo": int(is_demo), "failed_logins": 0, "locked_until": None,
        "created_at": to_text(at),
    }  # fmt: skip
    tx.insert("users", row)
    return User.of(row)


def get(tx: Tx, user_id: str) -> User | None:
    """One account by id, or None."""
    row = tx.row("select * from users where user_id = ?", (user_id,))
    return None if row is None else User.of(row)


def by_email(tx: Tx, email: str) -> User | None:
    """One account by its e-mail, or None."""
    row = tx.row("select * from users where email = ?", (normal_email(email),))
    return None if row is None else User.of(row)


def find_by_name_zip(tx: Tx, name: str, zip_code: str) -> list[User]:
    """The accounts of exactly this name (Latin letters in either case) and postal code."""
    name = unicodedata.normalize("NFC", name)
    rows = tx.rows(
        "select * from users where lower(name) = lower(?) and zip = ? order by user_id",
        (name, zip_code),
    )
    return [User.of(row) for row in rows]


def change_address(tx: Tx, user_id: str, *, zip_code: str, road: str, detail: str) -> None:
    """Set an account's default address."""
    tx.update("users", {"user_id": user_id}, {"zip": zip_code, "road": road, "detail": detail})


def demo_users(tx: Tx) -> list[User]:
    """The fixed demonstration accounts, customers first."""
    rows = tx.rows(
        "select * from users where is_demo = 1 "
        "order by case role when 'customer' then 0 when 'staff' then 1 else 2 end, user_id"
    )
    return [User.of(row) for row in rows]


def set_password(tx: Tx, user: User, password_hash: str) -> None:
    """Give an account another password; what was typed wrong before is forgotten.

    Whoever changes it also ends the sessions (:func:`close_sessions`).
    """
    tx.update("users", {"user_id": user.user_id}, {"password_hash": password_hash})
    _forget_failures(tx, _hash(user.email))


def sign_in(
    database: Database,
    email: str,
    password: str,
    *,
    lock: LockOut,
    at: datetime,
    then: Callable[[Tx, User], Result],
) -> Result:
    """What ``then`` makes of the account of this e-mail and password, in one transaction
    with the last look at it.

    Raises BadCredentials (never saying which of the two was wrong) and TooMany while the
    e-mail is locked, whether it has an account or not. The slow hash runs outside of any
    transaction; failures are counted.
    """
    email = normal_email(email)
    with database.read() as tx:
        _refuse_locked(tx, email, at)
        row = tx.row("select * from users where email = ?", (email,))
    good = check_password(password, row["password_hash"] if row else _NOBODY)
    with database.write() as tx:
        # Looked at again: guesses made at the same time must not slip past the lock, nor
        # an old password past its change.
        _refuse_locked(tx, email, at)
        now = tx.row("select * from users where email = ?", (email,))
        if good and row and now and now["password_hash"] == row["password_hash"]:
            _forget_failures(tx, _hash(email))
            return then(tx, User.of(now))
        locked = _count_failure(tx, _hash(email), lock, at)
    raise _locked(lock.minutes * 60) if locked else _wrong()


def _refuse_locked(tx: Tx, email: str, at: datetime) -> None:
    until = tx.value(
        "select locked_until from sign_in_failures where email_hash = ?", (_hash(email),)
    )
    if until and (left_s := (from_text(until) - at).total_seconds()) > 0:
        raise _locked(math.ceil(left_s))


def _count_failure(tx: Tx, email_hash: str, lock: LockOut, at: datetime) -> bool:
    known = tx.value("select failures from sign_in_failures where email_hash = ?", (email_hash,))
    failures = int(known or 0) + 1
    locked = failures >= lock.max_failures
    until = to_text(at + timedelta(minutes=lock.minutes)) if locked else None
    tx.execute(
        "insert into sign_in_failures (email_hash, failures, locked_until, updated_at) "
        "values (?, ?, ?, ?) on conflict (email_hash) do update set failures = excluded.failures, "
        "locked_until = excluded.locked_until, updated_at = excluded.updated_at",
        (email_hash, 0 if locked else failures, until, to_text(at)),
    )
    return locked


def _forget_failures(tx: Tx, email_hash: str) -> None:
    tx.execute("delete from sign_in_failures where email_hash = ?", (email_hash,))


def open_session(tx: Tx, user_id: str, *, days: int, at: datetime) -> str:
    """Start a session; returns its secret id, which only the browser's cookie keeps."""
    session_id = secrets.token_urlsafe(32)
    tx.insert(
        "sessions",
        {
            "session_hash": session_hash(session_id),
            "user_id": user_id,
            "created_at": to_text(at),
            "expires_at": to_text(at + timedelta(days=days)),
            "revoked_at": None,
        },
    )
    return session_id


def session_hash(session_id: str) -> str:
    """The name of a session that may be told: what the table keeps of its secret id."""
    return _hash(session_id)


def user_of_session(tx: Tx, session_id: str, *, at: datetime) -> User | None:
    """The account of a session that is neither revoked nor over, or None."""
    return user_of_hash(tx, session_hash(session_id), at=at)


def user_of_hash(tx: Tx, session_hash: str, *, at: datetime) -> User | None:
    """:func:`user_of_session` by the session's hash, which a signed token carries."""
    row = tx.row(
        "select u.* from sessions s join users u using (user_id) "
        "where s.session_hash = ? and s.revoked_at is null and s.expires_at > ?",
        (session_hash, to_text(at)),
    )
    return None if row is None else User.of(row)


def close_session(tx: Tx, session_id: str, *, at: datetime) -> None:
    """Sign out here."""
    close_hash(tx, session_hash(session_id), at=at)


def close_hash(tx: Tx, session_hash: str, *, at: datetime) -> None:
    """:func:`close_session` by the session's hash."""
    tx.execute(
        "update sessions set revoked_at = ? where session_hash = ? and revoked_at is null",
        (to_text(at), session_hash),
    )


def close_sessions(tx: Tx, user_id: str, *, at: datetime, keep: str = "") -> int:
    """Sign out everywhere but in the session whose hash is ``keep``; returns how many ended."""
    return tx.execute(
        "update sessions set revoked_at = ? "
        "where user_id = ? and session_hash <> ? and revoked_at is null and expires_at > ?",
        (to_text(at), user_id, keep, to_text(at)),
    )


def _digest(password: str) -> bytes:
    normal = unicodedata.normalize("NFKC", password)
    return base64.b64encode(hashlib.sha256(normal.encode()).digest())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _wrong() -> BadCredentials:
    return BadCredentials("이메일이나 비밀번호가 맞지 않아요. 다시 확인해 주세요.")


def _locked(seconds: int) -> TooMany:
    minutes = -(-seconds // 60)
    return TooMany(
        f"로그인을 여러 번 실패해서 잠시 잠갔어요. {minutes}분 뒤에 다시 시도해 주세요.",
        retry_after_s=seconds,
        code="account_locked",
    )
