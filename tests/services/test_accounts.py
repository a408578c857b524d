"""Signing in, sessions, lock-out, passwords: what the page and the API share."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from accounts_helpers import MINJI, PASSWORD, Make

from agent.types import Caller
from errors import (
    AlreadyExists,
    BadInput,
    Forbidden,
    NotFound,
    NotSignedIn,
    SangdamError,
    Unavailable,
    WeakPassword,
)
from services import Accounts
from store import accounts
from store.models import to_text
from tests.conftest import NOW, Clock

NEW = "완전히 새로운 비밀번호"
NOBODY = "nobody@example.kr"


def rows(people: Accounts, table: str) -> int:
    with people.database.read() as tx:
        return int(tx.value(f"select count(*) from {table}"))


def refused(work: Any, *arguments: Any, **options: Any) -> tuple[str, str, int]:
    """How a call is refused: the code, the message, the seconds to wait."""
    with pytest.raises(SangdamError) as caught:
        work(*arguments, **options)
    error = caught.value
    return error.code, error.message, getattr(error, "retry_after_s", 0)


# ── sessions ─────────────────────────────────────────────────────────────────────────────


def test_signing_in_and_out(people: Accounts) -> None:
    user, session = people.sign_in(MINJI, PASSWORD)
    assert (user.user_id, user.role) == ("user_a", "customer")
    assert people.user_of_session(session) == user
    people.sign_out(session)
    assert people.user_of_session(session) is None
    people.sign_out(session)
    assert people.user_of_session("no-such-session") is None


def test_a_session_is_over_after_its_days(people: Accounts, clock: Clock) -> None:
    _, session = people.sign_in(MINJI, PASSWORD)
    clock.pass_(days=people.settings.session_days, milliseconds=-1)
    assert people.user_of_session(session)
    clock.pass_(milliseconds=1)
    assert people.user_of_session(session) is None


def test_only_a_hash_of_the_session_is_stored(people: Accounts) -> None:
    _, session = people.sign_in(MINJI, PASSWORD)
    with people.database.read() as tx:
        kept = [row["session_hash"] for row in tx.rows("select session_hash from sessions")]
    assert kept == [people.session_of(session)]
    assert people.user_of_session(kept[0]) is None


def test_signing_out_everywhere_ends_ones_own_sessions_only(people: Accounts) -> None:
    mine = [people.sign_in(MINJI, PASSWORD)[1] for _ in range(2)]
    _, jihuns = people.sign_in("jihun@example.kr", PASSWORD)
    assert people.sign_out_everywhere("user_a") == 2
    assert [people.user_of_session(session) for session in mine] == [None, None]
    assert people.user_of_session(jihuns)
    assert people.sign_out_everywhere("user_a") == 0


def test_callers_come_from_known_accounts(people: Accounts) -> None:
    assert people.caller("staff_a").is_staff
    assert people.caller("user_a") == Caller("customer", "user_a", "김민지")
    assert people.user("user_a").email == MINJI
    for look in (people.caller, people.user):
        with pytest.raises(NotFound, match="user_999"):
            look("user_999")


# ── registering ──────────────────────────────────────────────────────────────────────────


def test_a_new_customer_can_sign_in(people: Accounts) -> None:
    user = people.register(" New@Example.com ", "긴 비밀번호 하나 둘", "  새 손님 ")
    assert (user.email, user.name, user.role, user.is_demo) == (
        "new@example.com", "새 손님", "customer", False,
    )  # fmt: skip
    signed_in, _ = people.sign_in("NEW@example.com", "긴 비밀번호 하나 둘")
    assert signed_in == user


@pytest.mark.parametrize(
    ("email", "password", "name", "error"),
    [
        ("no-address", "abcdefghij1", "이름", BadInput),
        ("a@example.com", "abcdefghij1", " ", BadInput),
        ("a@example.com", "short", "이름", WeakPassword),
        ("a@example.com", "aaaaaaaaaaaa", "이름", WeakPassword),
        (MINJI, "abcdefghij1", "이름", AlreadyExists),
        ("MINJI@example.kr", "abcdefghij1", "이름", AlreadyExists),
    ],
)
def test_what_no_account_can_be_made_of(
    people: Accounts, email: str, password: str, name: str, error: type[Exception]
) -> None:
    count = rows(people, "users")
    with pytest.raises(error):
        people.register(email, password, name)
    assert rows(people, "users") == count


# ── lock-out ─────────────────────────────────────────────────────────────────────────────


def test_known_and_unknown_addresses_lock_alike(make_accounts: Make, clock: Clock) -> None:
    people = make_accounts(login_max_failures=3, login_lock_minutes=3)
    said = {
        email: [refused(people.sign_in, email, "wrong") for _ in range(4)]
        for email in (MINJI, NOBODY)
    }
    assert said[MINJI] == said[NOBODY]
    codes = [code for code, _, _ in said[MINJI]]
    assert codes == ["bad_credentials"] * 2 + ["account_locked"] * 2
    assert said[MINJI][-1][2] == 180
    clock.pass_(minutes=2)
    assert refused(people.log_in, MINJI, PASSWORD)[2] == 60
    clock.pass_(minutes=1)
    assert people.sign_in(MINJI, PASSWORD)
    assert refused(people.sign_in, NOBODY, "wrong")[0] == "bad_credentials"


def test_an_unknown_address_takes_the_time_of_a_hash(people: Accounts) -> None:
    began = time.perf_counter()
    accounts.check_password("wrong", accounts._NOBODY)
    one = time.perf_counter() - began
    began = time.perf_counter()
    refused(people.sign_in, NOBODY, "wrong")
    assert time.perf_counter() - began > 0.5 * one
    assert accounts._NOBODY[4:6] == str(accounts.BCRYPT_COST)


def test_the_store_keeps_no_address_that_was_tried(people: Accounts) -> None:
    refused(people.sign_in, NOBODY, "wrong")
    with people.database.read() as tx:
        kept = tx.rows("select * from sign_in_failures")
    assert [row["failures"] for row in kept] == [1]
    assert "nobody" not in str(kept)


def test_guesses_at_the_same_time_do_not_slip_past_the_lock(people: Accounts) -> None:
    with ThreadPoolExecutor(12) as pool:
        tried = [pool.submit(refused, people.sign_in, MINJI, f"wrong-{n}") for n in range(12)]
    codes = [one.result()[0] for one in tried]
    most = people.settings.login_max_failures
    assert codes.count("bad_credentials") == most - 1
    assert codes.count("account_locked") == 12 - (most - 1)


def test_an_address_that_guesses_over_many_accounts_is_stopped(make_accounts: Make) -> None:
    people = make_accounts(sign_in_tries_per_minute=2)
    for email in (MINJI, "jihun@example.kr"):
        assert refused(people.log_in, email, "wrong", address="192.0.2.1")[0] == "bad_credentials"
    code, _, wait_s = refused(people.log_in, "staff@example.kr", PASSWORD, address="192.0.2.1")
    assert code == "too_many_sign_ins"
    assert 0 < wait_s <= 60
    assert people.log_in("staff@example.kr", PASSWORD, address="192.0.2.2")
    assert people.sign_in("staff@example.kr", PASSWORD)  # no address, no share


def test_a_right_guess_among_many_at_the_same_time_is_stopped_too(make_accounts: Make) -> None:
    people = make_accounts(sign_in_tries_per_minute=2)
    checked = accounts.check_password

    def slow(password: str, stored: str) -> bool:
        """The hash takes its time; meanwhile the address's other guesses turn out wrong."""
        for _ in range(2):
            people.limits.sign_in_failed("192.0.2.1")  # type: ignore[union-attr]
        return checked(password, stored)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "check_password", slow)
        assert refused(people.log_in, MINJI, PASSWORD, address="192.0.2.1")[0] == (
            "too_many_sign_ins"
        )
    assert rows(people, "sessions") == 0
    assert people.log_in(MINJI, PASSWORD, address="192.0.2.2")


def test_success_costs_an_address_nothing(make_accounts: Make) -> None:
    people = make_accounts(sign_in_tries_per_minute=2)
    for _ in range(4):
        assert people.log_in(MINJI, PASSWORD, address="192.0.2.1")


def test_hashing_leaves_processors_to_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "HASH_WAIT_S", 0.05)
    inside = threading.Barrier(3)
    release = threading.Event()

    def hold() -> None:
        with accounts._turn_to_hash():
            inside.wait(5)
            release.wait(5)

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for thread in holders:
        thread.start()
    inside.wait(5)
    with pytest.raises(Unavailable) as caught:
        accounts.hash_password("a third", cost=4)
    assert caught.value.code == "busy"
    release.set()
    for thread in holders:
        thread.join()
    assert accounts.hash_password("a third", cost=4)


def test_few_wait_for_their_hash_and_the_rest_are_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who waits holds a thread of the server: all of them would hold all."""
    monkeypatch.setattr(accounts, "_HASHES_AT_ONCE", threading.BoundedSemaphore(1))
    monkeypatch.setattr(accounts, "_HASHES_WANTED", threading.BoundedSemaphore(2))
    with ThreadPoolExecutor(1) as pool:
        with accounts._turn_to_hash():
            waits = pool.submit(accounts.hash_password, "a second", cost=4)
            while accounts._HASHES_WANTED.acquire(blocking=False):  # until it is in the queue
                accounts._HASHES_WANTED.release()
            began = time.perf_counter()
            with pytest.raises(Unavailable) as caught:
                accounts.hash_password("a third", cost=4)
            assert time.perf_counter() - began < accounts.HASH_WAIT_S / 5
        assert caught.value.code == "busy"
        assert waits.result()
    assert accounts.hash_password("a third", cost=4)


# ── another password ─────────────────────────────────────────────────────────────────────


def test_another_password_ends_all_other_sessions_and_tokens(people: Accounts) -> None:
    _, here = people.sign_in(MINJI, PASSWORD)
    _, there = people.sign_in(MINJI, PASSWORD)
    pair = people.log_in(MINJI, PASSWORD)
    _, jihuns = people.sign_in("jihun@example.kr", PASSWORD)
    minji = people.caller("user_a")
    assert people.change_password(minji, PASSWORD, NEW, keep=people.session_of(here)) == 2
    assert people.user_of_session(here)
    assert people.user_of_session(jihuns)
    assert people.user_of_session(there) is None
    assert refused(people.identify, pair.access_token)[0] == "token_revoked"
    assert refused(people.refresh, pair.refresh_token)[0] == "token_revoked"
    assert refused(people.sign_in, MINJI, PASSWORD)[0] == "bad_credentials"
    assert people.sign_in(MINJI, NEW)


def test_an_api_session_survives_its_own_change_of_password(people: Accounts) -> None:
    pair, other = (people.log_in(MINJI, PASSWORD) for _ in range(2))
    me = people.identify(pair.access_token)
    assert people.change_password(me.caller, PASSWORD, NEW, keep=me.session) == 1
    assert people.identify(pair.access_token) == me
    assert people.refresh(pair.refresh_token)
    assert refused(people.refresh, other.refresh_token)[0] == "token_revoked"


def test_a_wrong_current_password_locks_like_a_wrong_sign_in(make_accounts: Make) -> None:
    people = make_accounts(login_max_failures=2)
    minji = people.caller("user_a")
    code, message, _ = refused(people.change_password, minji, "wrong", NEW)
    assert (code, "지금 비밀번호" in message) == ("bad_credentials", True)
    assert refused(people.change_password, minji, "wrong", NEW)[0] == "account_locked"
    assert refused(people.change_password, minji, PASSWORD, NEW)[0] == "account_locked"
    assert refused(people.sign_in, MINJI, PASSWORD)[0] == "account_locked"


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("short", "weak_password"),
        ("aaaaaaaaaaaaaa", "weak_password"),
        (MINJI, "weak_password"),
        (PASSWORD, "same_password"),
    ],
)
def test_what_no_password_can_be_changed_to(people: Accounts, new: str, code: str) -> None:
    assert refused(people.change_password, people.caller("user_a"), PASSWORD, new)[0] == code
    assert people.sign_in(MINJI, PASSWORD)


def test_guests_and_demo_accounts_change_no_password(people: Accounts) -> None:
    with pytest.raises(NotSignedIn):
        people.change_password(Caller(guest_key="a-browser"), PASSWORD, NEW)
    with pytest.raises(Forbidden, match="데모"):
        people.change_password(people.caller("demo_a"), PASSWORD, NEW)
    assert people.sign_in("demo@example.kr", PASSWORD)


def test_an_old_password_cannot_slip_in_while_it_is_changed(people: Accounts) -> None:
    """The old password was checked before the change, its session opened after it."""
    checked = accounts.check_password

    def slow(password: str, stored: str) -> bool:
        good = checked(password, stored)
        with people.database.write() as tx:
            accounts.set_password(tx, people.user("user_a"), accounts.hash_password(NEW, cost=4))
        return good

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "check_password", slow)
        assert refused(people.sign_in, MINJI, PASSWORD)[0] == "bad_credentials"
    assert rows(people, "sessions") == 0


# ── the demonstration accounts ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changes", [{"host": "0.0.0.0"}, {"host": "shop.example.com"}, {"demo": False}]
)
def test_demo_accounts_are_closed_beyond_loopback(
    make_accounts: Make, changes: dict[str, Any]
) -> None:
    here, closed = make_accounts(), make_accounts(**changes)
    _, session = here.sign_in("demo@example.kr", PASSWORD)
    pair = here.log_in("demo@example.kr", PASSWORD)
    assert here.user_of_session(session)
    assert here.identify(pair.access_token).caller.user_id == "demo_a"
    assert closed.demo_accounts() == []
    assert closed.user_of_session(session) is None  # opened while it was allowed
    assert refused(closed.identify, pair.access_token)[0] == "token_revoked"
    assert refused(closed.refresh, pair.refresh_token)[0] == "token_revoked"
    for enter in (closed.sign_in, closed.log_in):
        assert refused(enter, "demo@example.kr", PASSWORD)[0] == "demo_closed"
    assert rows(closed, "sessions") == 2


def test_a_wrong_password_does_not_tell_that_the_account_is_a_demo(make_accounts: Make) -> None:
    closed = make_accounts(host="0.0.0.0")
    said = {refused(closed.sign_in, email, "wrong") for email in ("demo@example.kr", NOBODY)}
    assert len(said) == 1


def test_real_accounts_sign_in_anywhere(make_accounts: Make) -> None:
    public = make_accounts(host="0.0.0.0")
    _, session = public.sign_in(MINJI, PASSWORD)
    assert public.user_of_session(session)


def test_the_owner_may_open_the_demo_on_any_host(make_accounts: Make) -> None:
    allowed = make_accounts(host="0.0.0.0", demo_on_any_host=True)
    assert [user.user_id for user in allowed.demo_accounts()] == ["demo_a"]
    user, session = allowed.sign_in("demo@example.kr", PASSWORD)
    assert allowed.user_of_session(session) == user


# ── housekeeping ─────────────────────────────────────────────────────────────────────────


def test_what_is_long_over_is_forgotten_and_nothing_else(people: Accounts, clock: Clock) -> None:
    days = people.settings.session_days
    old = people.log_in(MINJI, PASSWORD)
    people.refresh(old.refresh_token)
    refused(people.sign_in, "jihun@example.kr", "wrong")
    clock.pass_(days=30 + days)
    assert people.forget_old() == 1, "the failure; the session has been over for 30 days only now"
    clock.pass_(seconds=1)
    live = people.log_in(MINJI, PASSWORD)
    live = people.refresh(live.refresh_token)
    refused(people.sign_in, NOBODY, "wrong")
    assert people.forget_old() == 3  # two refresh tokens and their session
    assert people.forget_old() == 0
    assert (rows(people, "sessions"), rows(people, "refresh_tokens")) == (1, 2)
    assert rows(people, "sign_in_failures") == 1
    assert people.refresh(live.refresh_token)


def test_much_is_forgotten_in_short_transactions(people: Accounts, clock: Clock) -> None:
    with people.database.write(durable=False) as tx:
        tx.execute_many(
            "insert into sign_in_failures (email_hash, failures, updated_at) values (?, 1, ?)",
            [(f"{n:064}", to_text(NOW - timedelta(days=31))) for n in range(2500)],
        )
    assert people.forget_old() == 2500
    assert rows(people, "sign_in_failures") == 0
