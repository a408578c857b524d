"""Who somebody is: signing in, sessions of the console, tokens of the API, passwords.

Console and API share accounts, lock-out and the ``sessions`` table: a page's cookie and an
API client's token each name one row of it. An access token is a signed note of which row;
what it is worth is read from the database at every call, so signing out, signing out
everywhere, another password and another role take effect at once.

A refresh token is spent by its use, and one that is used twice ends its family, also when
two requests of one client race (exactly one of them wins, then both are signed out): a
grace period would be the time in which a stolen token works unseen. A client refreshes
from one place.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import jwt
from jwt.types import Options

from agent.types import Caller, Role
from errors import (
    BadCredentials,
    BadInput,
    Forbidden,
    NotFound,
    NotSignedIn,
    TooMany,
)
from services.secret import derived_key
from settings import Settings
from store import accounts, tokens
from store.database import Database, Tx
from store.models import User

if TYPE_CHECKING:
    from services.limits import RateLimits

__all__ = ["Accounts", "Identity", "Tokens", "caller_of"]

log = logging.getLogger("sangdam.accounts")

Result = TypeVar("Result")
Kind = Literal["access", "guest"]
_REQUIRED = ["sub", "sid", "typ", "jti", "iat", "exp"]
# The moment is the shop's own clock's, so PyJWT does not look at the machine's.
_OPTIONS: Options = {"require": _REQUIRED, "verify_exp": False, "verify_iat": False}
_INVALID = "로그인 정보를 읽을 수 없어요. 다시 로그인해 주세요."
_EXPIRED = "로그인 시간이 지났어요. 다시 로그인해 주세요."
_REVOKED = "로그인이 끝났어요. 다시 로그인해 주세요."
_FORGET_AFTER = timedelta(days=30)
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an API client signs in with; ``expires_in`` is the access token's (seconds)."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token belongs to. ``session`` is its session's hash; "" for a guest."""

    caller: Caller
    session: str


class Accounts:
    """Accounts, their sessions and tokens. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Callable[[], datetime],
        limits: RateLimits | None = None,
        told: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        """``told`` hears how each sign-in went: "ok" or the error's code."""
        self.settings = settings
        self.database = database
        self.clock = clock
        self.limits = limits
        self._told = told

    # ── signing in ───────────────────────────────────────────────────────────────────────

    def sign_in(self, email: str, password: str, *, address: str = "") -> tuple[User, str]:
        """The account and a new session's secret id. Raises BadCredentials, TooMany."""

        def enter(tx: Tx, user: User) -> tuple[User, str]:
            days, now = self.settings.session_days, self.clock()
            return user, accounts.open_session(tx, user.user_id, days=days, at=now)

        return self._enter(email, password, address, enter)

    def log_in(self, email: str, password: str, *, address: str = "") -> Tokens:
        """A new pair of tokens for the API. Raises BadCredentials, TooMany."""

        def enter(tx: Tx, user: User) -> tokens.Family:
            days, now = self.settings.session_days, self.clock()
            return tokens.open_family(tx, user, days=days, at=now)

        return self._pair(self._enter(email, password, address, enter))

    def register(self, email: str, password: str, name: str) -> User:
        """A new customer. Raises BadInput, WeakPassword, AlreadyExists."""
        email, name = accounts.validate(email, password, name)
        hashed = accounts.hash_password(password)
        with self.database.write() as tx:
            return accounts.create(
                tx, email=email, name=name, role="customer", password_hash=hashed, at=self.clock()
            )

    def change_password(self, caller: Caller, current: str, new: str, *, keep: str = "") -> int:
        """Set another password and end the account's other sessions and tokens.

        ``keep`` is the session that stays (``Identity.session``, or :meth:`session_of` a
        page's). Returns how many ended. Raises WeakPassword, BadInput for the same password,
        Forbidden for a demonstration account, and what signing in raises: a wrong current
        password counts as a failed sign-in.
        """
        user = self._changeable(caller)
        accounts.validate_password(user.email, new)
        if new == current:
            raise BadInput("지금과 다른 비밀번호를 적어 주세요.", code="same_password")
        hashed = accounts.hash_password(new)

        def change(tx: Tx, user: User) -> int:
            accounts.set_password(tx, user, hashed)
            return accounts.close_sessions(tx, user.user_id, at=self.clock(), keep=keep)

        try:
            return self._checked(user.email, current, change)
        except BadCredentials as error:
            raise BadCredentials("지금 비밀번호가 맞지 않아요. 다시 확인해 주세요.") from error

    def _changeable(self, caller: Caller) -> User:
        if caller.user_id is None:
            raise NotSignedIn("비밀번호를 바꾸려면 로그인해 주세요.")
        user = self.user(caller.user_id)
        if user.is_demo:  # its password is on the sign-in page, for everybody
            raise Forbidden("데모 계정의 비밀번호는 바꿀 수 없어요.", code="demo_account")
        return user

    def _enter(
        self, email: str, password: str, address: str, enter: Callable[[Tx, User], Result]
    ) -> Result:
        """:meth:`_checked` for somebody from outside, whose address is counted as well."""

        def admit(tx: Tx, user: User) -> Result:
            allow()  # again: guesses made at the same time count each other
            if user.is_demo and not self.demo_open:
                raise BadCredentials("데모 계정은 이 서버에서 쓸 수 없어요.", code="demo_closed")
            return enter(tx, user)

        def allow() -> None:
            if self.limits is not None and address:
                self.limits.sign_in_allowed(address)

        try:
            allow()
            entered = self._checked(email, password, admit)
        except (BadCredentials, TooMany) as error:
            if self.limits is not None and address:
                self.limits.sign_in_failed(address)
            self._told(error.code)
            raise
        self._told("ok")
        return entered

    def _checked(self, email: str, password: str, then: Callable[[Tx, User], Result]) -> Result:
        lock = accounts.LockOut(self.settings.login_max_failures, self.settings.login_lock_minutes)
        return accounts.sign_in(
            self.database, email, password, lock=lock, at=self.clock(), then=then
        )

    # ── sessions of the console ──────────────────────────────────────────────────────────

    def user_of_session(self, session_id: str) -> User | None:
        """Who a session belongs to while it is neither revoked nor over."""
        return self._user_of(self.session_of(session_id))

    def session_of(self, session_id: str) -> str:
        """What ``Identity.session`` is for a page's session: its hash."""
        return accounts.session_hash(session_id)

    def sign_out(self, session_id: str) -> None:
        """End one session."""
        with self.database.write() as tx:
            accounts.close_session(tx, session_id, at=self.clock())

    def sign_out_everywhere(self, user_id: str) -> int:
        """End all of an account's sessions, the API's too; returns how many were open."""
        with self.database.write() as tx:
            return accounts.close_sessions(tx, user_id, at=self.clock())

    def _user_of(self, session: str) -> User | None:
        with self.database.read() as tx:
            user = accounts.user_of_hash(tx, session, at=self.clock())
        return user if user and self._may_be_used(user) else None

    def _may_be_used(self, user: User) -> bool:
        return self.demo_open or not user.is_demo

    # ── tokens of the API ────────────────────────────────────────────────────────────────

    def refresh(self, refresh_token: str) -> Tokens:
        """The next pair for a refresh token, which is spent by it.

        Raises NotSignedIn: token_invalid for an unknown one, token_expired, token_revoked
        for one whose session ended. One that was used before ends its session.
        """
        with self.database.write() as tx:
            spent = tokens.rotate(tx, refresh_token, at=self.clock())
        if spent.outcome == "reused":
            log.warning("a used refresh token came back: session of %s closed", spent.user_id)
        if spent.outcome == "unknown":
            raise NotSignedIn(_INVALID, code="token_invalid")
        if spent.outcome == "expired":
            raise NotSignedIn(_EXPIRED, code="token_expired")
        if spent.family is None or not self._may_be_used(spent.family.user):
            raise NotSignedIn(_REVOKED, code="token_revoked")
        return self._pair(spent.family)

    def identify(self, token: str) -> Identity:
        """Who an access or a guest token belongs to now.

        Raises NotSignedIn: token_invalid, token_expired, token_revoked.
        """
        claims = self._read(token)
        if claims["typ"] == "guest":
            return Identity(Caller(guest_key=claims["sub"]), "")
        user = self._user_of(claims["sid"])
        if user is None or user.user_id != claims["sub"]:
            raise NotSignedIn(_REVOKED, code="token_revoked")
        return Identity(caller_of(user), claims["sid"])

    def log_out(self, identity: Identity) -> None:
        """End the session of a token, its refresh tokens with it; nothing for a guest."""
        if not identity.session:
            return
        with self.database.write() as tx:
            accounts.close_hash(tx, identity.session, at=self.clock())

    def guest_token(self, guest_key: str | None = None) -> tuple[str, int]:
        """A token for a guest, new or known by its key, and how long it lasts (seconds)."""
        seconds = self.settings.guest_token_days * 86400
        return self._signed("guest", guest_key or secrets.token_urlsafe(24), "", seconds), seconds

    def _pair(self, family: tokens.Family) -> Tokens:
        left_s = int((family.expires_at - self.clock()).total_seconds())
        seconds = min(self.settings.access_token_minutes * 60, left_s)
        access = self._signed("access", family.user.user_id, family.session_hash, seconds)
        return Tokens(access, family.refresh_token, seconds)

    def _signed(self, kind: Kind, subject: str, session: str, seconds: int) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "sub": subject, "sid": session, "typ": kind, "jti": secrets.token_hex(8),
            "iat": now, "exp": now + seconds,
        }  # fmt: skip
        return jwt.encode(claims, self._key, algorithm="HS256")

    def _read(self, token: str) -> dict[str, Any]:
        """The claims of a token that was signed here and is not over."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._key, algorithms=["HS256"], options=_OPTIONS
            )
        except (jwt.PyJWTError, ValueError) as error:  # ValueError: not even text for a header
            raise NotSignedIn(_INVALID, code="token_invalid") from error
        if claims["typ"] not in ("access", "guest"):
            raise NotSignedIn(_INVALID, code="token_invalid")
        if claims["exp"] <= self.clock().timestamp():
            raise NotSignedIn(_EXPIRED, code="token_expired")
        return claims

    @cached_property
    def _key(self) -> bytes:
        return derived_key(self.settings.data_path, "access-token")

    # ── accounts ─────────────────────────────────────────────────────────────────────────

    @property
    def demo_open(self) -> bool:
        """Whether the demonstration accounts may sign in (domain.md: loopback only)."""
        safe = self.settings.on_loopback or self.settings.demo_on_any_host
        return bool(self.settings.demo and safe)

    def demo_accounts(self) -> list[User]:
        """The accounts the sign-in page may show; none when they are refused anyway."""
        if not self.demo_open:
            return []
        with self.database.read() as tx:
            return accounts.demo_users(tx)

    def user(self, user_id: str) -> User:
        """One account. Raises NotFound."""
        with self.database.read() as tx:
            user = accounts.get(tx, user_id)
        if user is None:
            raise NotFound(f"{user_id} 계정이 없어요.")
        return user

    def caller(self, user_id: str) -> Caller:
        """A caller for a known account, for commands. Raises NotFound."""
        return caller_of(self.user(user_id))

    def forget_old(self) -> int:
        """Delete sessions, refresh tokens and counted failures that have been over for 30
        days, in short transactions; returns how many rows."""
        total, before = 0, self.clock() - _FORGET_AFTER
        while True:
            with self.database.write(durable=False) as tx:
                deleted = tokens.forget(tx, before=before, limit=_BATCH)
            total += deleted
            if deleted < _BATCH:
                return total


def caller_of(user: User) -> Caller:
    """The caller a signed-in account makes."""
    role: Role = user.role  # type: ignore[assignment]  # the store holds only these
    return Caller(role=role, user_id=user.user_id, name=user.name)
