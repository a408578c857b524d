from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from store_helpers import NOW, add_user

from errors import AlreadyExists, BadCredentials, BadInput, TooMany, WeakPassword
from store import accounts
from store.accounts import LockOut
from store.database import Database, Tx
from store.models import User

PASSWORD = "비밀번호는열글자넘게"
LOCK = LockOut(max_failures=3, minutes=15)


@pytest.fixture
def shop(database: Database) -> Database:
    with database.write(durable=False) as tx:
        add_user(tx, "minji", "minji@example.com")
    return database


def sign_in(shop: Database, email: str, password: str, at: datetime = NOW) -> User:
    return accounts.sign_in(shop, email, password, lock=LOCK, at=at, then=lambda tx, user: user)


def test_hangul_passphrases_beyond_72_bytes_are_told_apart() -> None:
    long = "가나다라마바사아자차" * 4  # 120 bytes
    stored = accounts.hash_password(long + "끝", cost=4)
    assert accounts.check_password(long + "끝", stored)
    assert not accounts.check_password(long + "끗", stored)


def test_the_same_password_typed_on_another_keyboard() -> None:
    decomposed = "\u1112\u1161\u11ab\u1100\u1173\u11af-passphrase"
    assert accounts.check_password("한글-passphrase", accounts.hash_password(decomposed, cost=4))


def test_signing_in_ignores_the_case_of_the_address(shop: Database) -> None:
    user = sign_in(shop, " Minji@Example.com ", PASSWORD)
    assert user.user_id == "minji"
    assert "hash" not in repr(user)


def test_a_wrong_password_and_an_unknown_address_answer_alike(shop: Database) -> None:
    said = set()
    for email in ("minji@example.com", "nobody@example.com"):
        with pytest.raises(BadCredentials) as caught:
            sign_in(shop, email, "wrong")
        said.add(str(caught.value))
    assert len(said) == 1


def test_the_account_locks_and_opens_again(shop: Database) -> None:
    def fail() -> None:
        sign_in(shop, "minji@example.com", "wrong")

    for _ in range(LOCK.max_failures - 1):
        with pytest.raises(BadCredentials):
            fail()
    with pytest.raises(TooMany) as caught:
        fail()
    assert caught.value.retry_after_s == 900
    with pytest.raises(TooMany, match="15분"):
        sign_in(shop, "minji@example.com", PASSWORD)
    later = NOW + timedelta(minutes=15)
    assert sign_in(shop, "minji@example.com", PASSWORD, later)


def test_a_success_forgets_earlier_failures(shop: Database) -> None:
    for _ in range(3):
        for _ in range(LOCK.max_failures - 1):
            with pytest.raises(BadCredentials):
                sign_in(shop, "minji@example.com", "wrong")
        sign_in(shop, "minji@example.com", PASSWORD)


def test_what_follows_a_sign_in_fails_with_it(shop: Database) -> None:
    """One transaction: a session that cannot be opened leaves the failures counted."""

    def refuse(tx: Tx, user: User) -> None:
        accounts.open_session(tx, user.user_id, days=1, at=NOW)
        raise BadInput("아니요")

    with pytest.raises(BadCredentials):
        sign_in(shop, "minji@example.com", "wrong")
    with pytest.raises(BadInput):
        accounts.sign_in(shop, "minji@example.com", PASSWORD, lock=LOCK, at=NOW, then=refuse)
    with shop.read() as tx:
        assert tx.value("select failures from sign_in_failures") == 1
        assert tx.value("select count(*) from sessions") == 0


def test_another_password_opens_a_locked_account(shop: Database) -> None:
    for _ in range(LOCK.max_failures):
        with pytest.raises((BadCredentials, TooMany)):
            sign_in(shop, "minji@example.com", "wrong")
    with shop.write() as tx:
        user = accounts.by_email(tx, "minji@example.com")
        assert user is not None
        accounts.set_password(tx, user, accounts.hash_password("다른비밀번호열글자", cost=4))
    assert sign_in(shop, "minji@example.com", "다른비밀번호열글자") == user
    with pytest.raises(BadCredentials):
        sign_in(shop, "minji@example.com", PASSWORD)


@pytest.mark.parametrize(
    ("email", "password", "name", "error"),
    [
        ("minji", "길고도어려운비밀번호", "김민지", BadInput),
        ("a b@example.com", "길고도어려운비밀번호", "김민지", BadInput),
        ("minji@example.com", "길고도어려운비밀번호", "  ", BadInput),
        ("minji\u200b@example.com", "길고도어려운비밀번호", "김민지", BadInput),
        ("minji@example.com\x00", "길고도어려운비밀번호", "김민지", BadInput),
        ("minji@example.com", "길고도어려운비밀번호", "김\u202e민지", BadInput),
        ("minji@example.com", "짧아요", "김민지", WeakPassword),
        ("minji@example.com", "가" * 20, "김민지", WeakPassword),
        ("minji@example.com", "가나다라" * 60, "김민지", WeakPassword),
        ("longminjikim@example.com", "longminjikim", "김민지", WeakPassword),
    ],
)
def test_validation(email: str, password: str, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        accounts.validate(email, password, name)


def test_validation_normalises() -> None:
    assert accounts.validate(" Minji@Example.COM", "길고도어려운비밀번호", " 김  민지 ") == (
        "minji@example.com",
        "김 민지",
    )


def test_an_address_is_taken_once(tx: Tx) -> None:
    with pytest.raises(AlreadyExists) as caught:
        add_user(tx, "other", "minji@example.com")
    assert caught.value.code == "email_taken"


def test_looking_up(tx: Tx) -> None:
    found = accounts.by_email(tx, "MINJI@example.com ")
    assert found == accounts.get(tx, "minji")
    assert accounts.get(tx, "nobody") is None
    assert accounts.by_email(tx, "nobody@example.com") is None
    assert accounts.demo_users(tx) == []


def test_sessions_end(tx: Tx) -> None:
    first = accounts.open_session(tx, "minji", days=14, at=NOW)
    second = accounts.open_session(tx, "minji", days=14, at=NOW)
    day = timedelta(days=1)
    user = accounts.user_of_session(tx, first, at=NOW + 13 * day)
    assert user is not None
    assert user.user_id == "minji"
    assert accounts.user_of_session(tx, first, at=NOW + 14 * day) is None  # expired
    assert accounts.user_of_session(tx, "guess", at=NOW) is None
    accounts.close_session(tx, first, at=NOW)
    assert accounts.user_of_session(tx, first, at=NOW) is None  # revoked
    kept = accounts.session_hash(second)
    assert accounts.close_sessions(tx, "minji", at=NOW, keep=kept) == 0
    assert accounts.user_of_hash(tx, kept, at=NOW) == user
    assert accounts.close_sessions(tx, "minji", at=NOW) == 1
    assert accounts.user_of_session(tx, second, at=NOW) is None


def test_a_stolen_table_opens_no_door(tx: Tx) -> None:
    session_id = accounts.open_session(tx, "minji", days=1, at=NOW)
    stored = tx.value("select session_hash from sessions")
    assert session_id not in stored
    assert accounts.user_of_session(tx, stored, at=NOW) is None
