"""Refresh tokens in the store: single use, hashed, forgotten with their session."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from store_helpers import NOW

from store import accounts, tokens
from store.database import Tx
from store.models import User
from store.tokens import Family

DAY = timedelta(days=1)


@pytest.fixture
def minji(tx: Tx) -> User:
    user = accounts.get(tx, "minji")
    assert user is not None
    return user


@pytest.fixture
def family(tx: Tx, minji: User) -> Family:
    return tokens.open_family(tx, minji, days=14, at=NOW)


def outcome(tx: Tx, token: str, at: datetime = NOW) -> str:
    return tokens.rotate(tx, token, at=at).outcome


def test_a_family_is_a_session(tx: Tx, minji: User, family: Family) -> None:
    assert accounts.user_of_hash(tx, family.session_hash, at=NOW) == minji
    assert family.expires_at == NOW + 14 * DAY
    assert family.refresh_token not in repr(family)
    assert family.refresh_token not in str(tx.rows("select * from refresh_tokens"))


def test_rotating_spends_the_old_and_keeps_the_end(tx: Tx, family: Family) -> None:
    turned = tokens.rotate(tx, family.refresh_token, at=NOW + DAY)
    assert turned.outcome == "rotated"
    assert turned.family is not None
    assert turned.family.session_hash == family.session_hash
    assert turned.family.expires_at == family.expires_at
    assert turned.family.refresh_token != family.refresh_token


def test_reuse_closes_the_session_once(tx: Tx, family: Family) -> None:
    first = tokens.rotate(tx, family.refresh_token, at=NOW)
    assert first.family is not None
    assert outcome(tx, family.refresh_token) == "reused"
    assert accounts.user_of_hash(tx, family.session_hash, at=NOW) is None
    assert outcome(tx, family.refresh_token) == "revoked"
    assert outcome(tx, first.family.refresh_token) == "revoked"


def test_what_cannot_be_spent(tx: Tx, minji: User, family: Family) -> None:
    assert outcome(tx, "guess") == "unknown"
    assert outcome(tx, family.session_hash) == "unknown"
    hashed = tx.value("select token_hash from refresh_tokens")
    assert outcome(tx, hashed) == "unknown"
    assert outcome(tx, family.refresh_token, NOW + 14 * DAY) == "expired"
    accounts.close_sessions(tx, minji.user_id, at=NOW)
    assert outcome(tx, family.refresh_token) == "revoked"


def test_only_what_is_over_is_forgotten_and_in_portions(tx: Tx, minji: User) -> None:
    over, alive = (tokens.open_family(tx, minji, days=days, at=NOW) for days in (1, 14))
    for family in (over, alive):
        for _ in range(3):
            turned = tokens.rotate(tx, family.refresh_token, at=NOW).family
            assert turned is not None
            family = turned
    later = NOW + 2 * DAY
    portions = [tokens.forget(tx, before=later, limit=2) for _ in range(4)]
    assert portions == [2, 2, 1, 0]  # four tokens, then their session
    assert accounts.user_of_hash(tx, alive.session_hash, at=later)
    assert outcome(tx, alive.refresh_token, later) == "reused"  # its used ones are still known


def test_revoked_sessions_are_forgotten_before_their_days_are_over(tx: Tx, family: Family) -> None:
    accounts.close_hash(tx, family.session_hash, at=NOW)
    assert tokens.forget(tx, before=NOW, limit=10) == 0
    assert tokens.forget(tx, before=NOW + timedelta(seconds=1), limit=10) == 2
