"""Accounts: e-mail, bcrypt password, role, lock-out; and the sessions they sign in with.

One password scheme for console and API: bcrypt over SHA-256/base64 of the password, so
that passphrases longer than bcrypt's 72 bytes (24 Hangul syllables) count in full.
A session's id is random and kept only as a hash: a copy of the database opens no door.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

import bcrypt

from errors import AlreadyExists, BadCredentials, BadInput, TooMany, WeakPassword
from store.database import Database, Tx
from store.models import User, from_text, to_text

__all__ = [
    "LockOut",
    "by_email",
    "change_address",
    "check_password",
    "close_session",
    "close_sessions",
    "create",
    "demo_users",
    "find_by_name_zip",
    "get",
    "hash_password",
    "open_session",
    "sign_in",
    "user_of_session",
    "validate",
]

BCRYPT_COST = 12
MIN_PASSWORD_CHARS = 10
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
# Compared against when the e-mail is unknown, so that time tells nothing about it.
_NOBODY = b"$2b$12$C6UzMDM.H6dfI/f/IKcEeO7ZBzpDrOxbQ9p7W2vL4u0q3ZyJzV8zW"


@dataclass(frozen=True, slots=True)
class LockOut:
    """When an account locks: after ``max_failures`` in a row, for ``minutes``."""

    max_failures: int
    minutes: int


def hash_password(password: str, *, cost: int = BCRYPT_COST) -> str:
    """The stored form of a password. ``cost`` is bcrypt's work factor (12 takes 0.3 to 0.6 s)."""
    return bcrypt.hashpw(_digest(password), bcrypt.gensalt(cost)).decode()


def check_password(password: str, stored: str) -> bool:
    """Whether ``password`` belongs to the stored hash."""
    return bcrypt.checkpw(_digest(password), stored.encode())


def validate(email: str, password: str, name: str) -> tuple[str, str]:
    """The normalised e-mail and name. Raises BadInput or WeakPassword with what to do."""
    email = unicodedata.normalize("NFKC", email).strip().lower()
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise BadInput("이메일 주소를 다시 확인해 주세요. 예: minji@example.com")
    if not 1 <= len(name) <= 40 or not any(c.isalpha() for c in name):
        raise BadInput("이름은 1자에서 40자까지 적어 주세요.")
    if len(password) < MIN_PASSWORD_CHARS:
        raise WeakPassword(f"비밀번호는 {MIN_PASSWORD_CHARS}자 이상이어야 해요.")
    if len(password) > 200:
        raise WeakPassword("비밀번호는 200자까지 쓸 수 있어요.")
    if len(set(password)) < 4 or password.lower() in email:
        raise WeakPassword("너무 쉬운 비밀번호예요. 서로 다른 글자를 더 섞어 주세요.")
    return email, name


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
    row = tx.row("select * from users where email = ?", (email.strip().lower(),))
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


def sign_in(database: Database, email: str, password: str, *, lock: LockOut, at: datetime) -> User:
    """The account of this e-mail and password.

    Raises BadCredentials (never saying which of the two was wrong) and TooMany while the
    account is locked. The slow hash runs outside of any transaction; failures are counted.
    """
    email = unicodedata.normalize("NFKC", email).strip().lower()
    with database.read() as tx:
        row = tx.row("select * from users where email = ?", (email,))
    if row is not None and row["locked_until"]:
        left_s = (from_text(row["locked_until"]) - at).total_seconds()
        if left_s > 0:
            raise _locked(math.ceil(left_s))
    good = bcrypt.checkpw(_digest(password), row["password_hash"].encode() if row else _NOBODY)
    if row is None:
        raise _wrong()
    with database.write() as tx:
        # Looked at again: guesses made at the same time must not slip past the lock.
        locked_now = tx.value("select locked_until from users where user_id = ?", (row["user_id"],))
        if locked_now and from_text(locked_now) > at:
            raise _locked(math.ceil((from_text(locked_now) - at).total_seconds()))
        if good:
            tx.update(
                "users", {"user_id": row["user_id"]}, {"failed_logins": 0, "locked_until": None}
            )
            return User.of(row)
        locked = _count_failure(tx, row["user_id"], lock, at)
    raise _locked(lock.minutes * 60) if locked else _wrong()


def _count_failure(tx: Tx, user_id: str, lock: LockOut, at: datetime) -> bool:
    failures = int(tx.value("select failed_logins from users where user_id = ?", (user_id,))) + 1
    locked = failures >= lock.max_failures
    tx.update(
        "users",
        {"user_id": user_id},
        {
            "failed_logins": 0 if locked else failures,
            "locked_until": to_text(at + timedelta(minutes=lock.minutes)) if locked else None,
        },
    )
    return locked


def open_session(tx: Tx, user_id: str, *, days: int, at: datetime) -> str:
    """Start a session; returns its secret id, which only the browser's cookie keeps."""
    session_id = secrets.token_urlsafe(32)
    tx.insert(
        "sessions",
        {
            "session_hash": _session_hash(session_id),
            "user_id": user_id,
            "created_at": to_text(at),
            "expires_at": to_text(at + timedelta(days=days)),
            "revoked_at": None,
        },
    )
    return session_id


def user_of_session(tx: Tx, session_id: str, *, at: datetime) -> User | None:
    """The account of a session that is neither revoked nor over, or None."""
    row = tx.row(
        "select u.* from sessions s join users u using (user_id) "
        "where s.session_hash = ? and s.revoked_at is null and s.expires_at > ?",
        (_session_hash(session_id), to_text(at)),
    )
    return None if row is None else User.of(row)


def close_session(tx: Tx, session_id: str, *, at: datetime) -> None:
    """Sign out here."""
    tx.execute(
        "update sessions set revoked_at = ? where session_hash = ? and revoked_at is null",
        (to_text(at), _session_hash(session_id)),
    )


def close_sessions(tx: Tx, user_id: str, *, at: datetime) -> int:
    """Sign out everywhere; returns how many sessions were open."""
    return tx.execute(
        "update sessions set revoked_at = ? "
        "where user_id = ? and revoked_at is null and expires_at > ?",
        (to_text(at), user_id, to_text(at)),
    )


def _digest(password: str) -> bytes:
    normal = unicodedata.normalize("NFKC", password)
    return base64.b64encode(hashlib.sha256(normal.encode()).digest())


def _session_hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


def _wrong() -> BadCredentials:
    return BadCredentials("이메일이나 비밀번호가 맞지 않아요. 다시 확인해 주세요.")


def _locked(seconds: int) -> TooMany:
    minutes = -(-seconds // 60)
    return TooMany(
        f"로그인을 여러 번 실패해서 잠시 잠갔어요. {minutes}분 뒤에 다시 시도해 주세요.",
        retry_after_s=seconds,
        code="account_locked",
    )
