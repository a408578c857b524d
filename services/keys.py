"""The API keys of service accounts: made once, checked at every request, revoked for good.

A key's secret is shown to whoever makes it and kept nowhere; the store has its hash. Nothing
is cached: a revoked key is refused at its next request, whichever process answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

from agent.types import Caller
from errors import AlreadyExists, BadInput, Forbidden, NotFound, NotSignedIn, Unavailable
from store import api_keys, audit
from store.database import Database, Tx
from store.models import ApiKey, to_text

__all__ = ["OPERATOR", "PREFIX", "SCOPES", "ApiKeys"]

PREFIX = "sk-sangdam-"
SCOPES: Mapping[str, str] = {
    "chat": "상담 창구가 정책과 상품을 찾아 답해요.",
    "passthrough": "상담 창구를 거치지 않고 설정된 언어 모델이 바로 답해요.",
    "act_for_customers": "요청에 적힌 고객이 되어 주문과 문의를 보고 바꿔요. "
    "믿을 수 있는 서버에만 주세요.",
}
# Who types at the server's own terminal: may do what an admin may, and is no account.
OPERATOR = Caller(role="admin", name="운영자")
MOST_NAME_CHARS = 60
MOST_DAYS = 3650
_RANDOM_BYTES = 32  # 43 url-safe characters


class ApiKeys:
    """Makes, lists, checks and revokes keys. Thread safe."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def create(
        self, caller: Caller, name: str, scopes: Iterable[str], *, days: int | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its secret, which nobody can read again. ``days`` None never ends.

        Raises NotSignedIn, Forbidden (admins only), BadInput, AlreadyExists (a living key
        has the name).
        """
        _require_admin(caller)
        name, rights = _name(name), _rights(scopes)
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise BadInput(f"사용 기간은 1일부터 {MOST_DAYS:,}일까지 정할 수 있어요.")
        now = self._clock()
        key = ApiKey(
            key_id=f"key_{secrets.token_hex(6)}", name=name, scopes=rights,
            created_by=caller.user_id, created_at=to_text(now),
            expires_at=None if days is None else to_text(now + timedelta(days=days)),
            revoked_at=None, last_used_at=None, creator_name=caller.name if caller.user_id else "",
        )  # fmt: skip
        secret = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        with self._database.write() as tx:
            if api_keys.name_taken(tx, name, at=now):
                raise AlreadyExists(
                    "같은 이름의 키가 있어요. 다른 이름을 적어 주세요.", code="name_taken"
                )
            api_keys.add(tx, key, secret)
            after = {"name": name, "scopes": list(rights), "expires_at": key.expires_at}
            _audit(tx, caller, now, "create", key, {}, {**after, "status": "active"})
        return key, secret

    def all(self, caller: Caller) -> list[ApiKey]:
        """Every key, newest first, ended ones too. Raises NotSignedIn, Forbidden."""
        _require_admin(caller)
        with self._database.read() as tx:
            return api_keys.all_keys(tx)

    def status(self, key: ApiKey) -> Literal["active", "expired", "revoked"]:
        """What a key is worth now."""
        return key.status(self._clock())

    def revoke(self, caller: Caller, key_id: str) -> ApiKey:
        """End a key at once; one that is revoked already stays as it is.

        Raises NotSignedIn, Forbidden, NotFound.
        """
        _require_admin(caller)
        now = self._clock()
        with self._database.write() as tx:
            key = api_keys.get(tx, key_id)
            if key is None:
                raise NotFound("해당 API 키를 찾을 수 없어요. 목록에서 다시 골라 주세요.")
            if key.revoked_at:
                return key
            was = key.status(now)
            _audit(tx, caller, now, "revoke", key, {"status": was}, {"status": "revoked"})
            return api_keys.revoke(tx, key, at=now)

    def check(self, secret: str) -> ApiKey:
        """The active key of a secret.

        Raises NotSignedIn (code ``invalid_api_key``), the same for a key that is unknown,
        revoked or over.
        """
        now = self._clock()
        with self._database.read() as tx:
            key = api_keys.by_secret(tx, secret)
        if key is None or key.status(now) != "active":
            raise NotSignedIn(
                "API 키를 쓸 수 없어요. 키를 다시 확인하거나 관리자에게 새 키를 요청해 주세요.",
                code="invalid_api_key",
            )
        if api_keys.stale(key, at=now):
            # A busy store must not turn away a good key for a note.
            with suppress(Unavailable), self._database.write(durable=False) as tx:
                api_keys.touch(tx, key, at=now)
        return key


def _require_admin(caller: Caller) -> None:
    if caller.role == "guest":
        raise NotSignedIn("로그인이 필요한 일이에요. 관리자 계정으로 로그인해 주세요.")
    if caller.role != "admin":
        raise Forbidden("관리자만 할 수 있는 일이에요.")


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= MOST_NAME_CHARS or not name.isprintable():
        raise BadInput(f"이름을 1자에서 {MOST_NAME_CHARS}자까지 적어 주세요.")
    return name


def _rights(scopes: Iterable[str]) -> tuple[str, ...]:
    wanted = set(scopes)
    if not wanted:
        raise BadInput("권한을 하나 이상 골라 주세요.")
    if unknown := wanted - SCOPES.keys():
        words, known = ", ".join(sorted(unknown)), ", ".join(SCOPES)
        raise BadInput(f"없는 권한이에요: {words}. {known} 가운데 골라 주세요.")
    return tuple(scope for scope in SCOPES if scope in wanted)


def _audit(
    tx: Tx,
    caller: Caller,
    now: datetime,
    action: str,
    key: ApiKey,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    """Write who did it; without an account that is the operator at a terminal."""
    person = caller.user_id is not None
    audit.write(
        tx, at=now, actor_id=caller.user_id, actor_role=caller.role if person else "system",
        source="page" if person else "terminal", turn_id=None, action=action,
        object_type="api_key", object_id=key.key_id, before=before, after=after,
    )  # fmt: skip
