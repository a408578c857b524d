"""The composition root: accounts, sessions, starting, and the transaction a tool gets."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agent.tools.base import REGISTRY, Tool, ToolContext
from agent.types import Caller
from errors import AlreadyExists, BadCredentials, BadInput, NotFound, TooMany, WeakPassword
from services import Services, build, seed_demo
from settings import load
from store import accounts
from tests.conftest import Clock, copy_database, make_services

PASSWORD = "sangdam-demo-2026"
MINJI = "minji@example.com"
STAFF = Caller("staff", "staff_001", "이상담")


def opened(base: Services, folder: Path, clock: Clock, **changes: Any) -> Services:
    """The seeded shop under other settings (nothing heavy is built)."""
    if not (folder / "sangdam.db").exists():
        copy_database(base, folder / "sangdam.db")
    return make_services(folder, clock, **changes)


# ── accounts ─────────────────────────────────────────────────────────────────────────────


def test_signing_in_and_out(shop: Services) -> None:
    user, session = shop.sign_in(MINJI, PASSWORD)
    assert (user.user_id, user.role) == ("user_001", "customer")
    assert shop.user_of_session(session) == user
    shop.sign_out(session)
    assert shop.user_of_session(session) is None
    shop.sign_out(session)
    assert shop.user_of_session("no-such-session") is None


def test_a_session_is_over_after_its_days(shop: Services, clock: Clock) -> None:
    _, session = shop.sign_in(MINJI, PASSWORD)
    clock.pass_(days=shop.settings.session_days, milliseconds=-1)
    assert shop.user_of_session(session)
    clock.pass_(milliseconds=1)
    assert shop.user_of_session(session) is None


def test_only_a_hash_of_the_session_is_stored(shop: Services) -> None:
    _, session = shop.sign_in(MINJI, PASSWORD)
    with shop.database.read() as tx:
        kept = [row["session_hash"] for row in tx.rows("select session_hash from sessions")]
    assert session not in kept
    assert hashlib.sha256(session.encode()).hexdigest() in kept


def test_signing_out_everywhere_ends_ones_own_sessions_only(shop: Services) -> None:
    with shop.database.write() as tx:
        first, second, jihuns = (
            accounts.open_session(tx, user_id, days=14, at=shop.clock())
            for user_id in ("user_001", "user_001", "user_002")
        )
    assert shop.sign_out_everywhere("user_001") == 2
    assert [shop.user_of_session(session) for session in (first, second)] == [None, None]
    assert shop.user_of_session(jihuns)
    assert shop.sign_out_everywhere("user_001") == 0


def test_a_new_customer_can_sign_in_and_sees_nothing_of_others(shop: Services) -> None:
    user = shop.register(" New@Example.com ", "긴 비밀번호 하나 둘", "  새 손님 ")
    assert (user.email, user.name, user.role, user.is_demo) == (
        "new@example.com", "새 손님", "customer", False,
    )  # fmt: skip
    signed_in, _ = shop.sign_in("NEW@example.com", "긴 비밀번호 하나 둘")
    assert signed_in == user
    caller = shop.caller(user.user_id)
    for name in ("list_orders", "list_claims", "list_tickets"):
        assert shop.tool(caller, name) == []
    assert shop.conversations(caller) == []


@pytest.mark.parametrize(
    ("email", "password", "name", "error"),
    [
        ("no-address", "abcdefghij1", "이름", BadInput),
        ("a@example.com", "abcdefghij1", " ", BadInput),
        ("a@example.com", "short", "이름", WeakPassword),
        ("a@example.com", "aaaaaaaaaaaa", "이름", WeakPassword),
        (MINJI, "abcdefghij1", "이름", AlreadyExists),
        ("MINJI@example.com", "abcdefghij1", "이름", AlreadyExists),
    ],
)
def test_what_no_account_can_be_made_of(
    shop: Services, email: str, password: str, name: str, error: type[Exception]
) -> None:
    with shop.database.read() as tx:
        count = tx.value("select count(*) from users")
    with pytest.raises(error):
        shop.register(email, password, name)
    with shop.database.read() as tx:
        assert tx.value("select count(*) from users") == count


def test_failed_sign_ins_lock_the_account(base: Services, tmp_path: Path, clock: Clock) -> None:
    shop = opened(base, tmp_path, clock, login_max_failures=2, login_lock_minutes=3)
    with pytest.raises(BadCredentials):
        shop.sign_in(MINJI, "wrong")
    for password in ("wrong", PASSWORD):
        with pytest.raises(TooMany) as caught:
            shop.sign_in(MINJI, password)
        assert 0 < caught.value.retry_after_s <= 180
    clock.pass_(minutes=3)
    assert shop.sign_in(MINJI, PASSWORD)


# ── the demonstration accounts ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changes", [{"host": "0.0.0.0"}, {"host": "shop.example.com"}, {"demo": False}]
)
def test_demo_accounts_are_closed_beyond_loopback(
    base: Services, tmp_path: Path, clock: Clock, changes: dict[str, Any]
) -> None:
    here = opened(base, tmp_path, clock)
    with here.database.write() as tx:
        session = accounts.open_session(tx, "user_001", days=14, at=clock())
    assert here.user_of_session(session)
    closed = opened(base, tmp_path, clock, **changes)
    assert closed.demo_accounts() == []
    assert closed.user_of_session(session) is None  # opened while it was allowed
    with pytest.raises(BadCredentials) as caught:
        closed.sign_in(MINJI, PASSWORD)
    assert caught.value.code == "demo_closed"
    with closed.database.read() as tx:
        assert tx.value("select count(*) from sessions") == 1


def test_a_wrong_password_does_not_tell_that_the_account_is_a_demo(
    base: Services, tmp_path: Path, clock: Clock
) -> None:
    closed = opened(base, tmp_path, clock, host="0.0.0.0")
    codes = set()
    for email in (MINJI, "nobody@example.com"):
        with pytest.raises(BadCredentials) as caught:
            closed.sign_in(email, "wrong-password")
        codes.add((caught.value.code, caught.value.message))
    assert len(codes) == 1


def test_real_accounts_sign_in_anywhere(base: Services, tmp_path: Path, clock: Clock) -> None:
    public = opened(base, tmp_path, clock, host="0.0.0.0")
    public.register("new@example.com", "긴 비밀번호 하나 둘", "새 손님")
    _, session = public.sign_in("new@example.com", "긴 비밀번호 하나 둘")
    assert public.user_of_session(session)


def test_the_owner_may_open_the_demo_on_any_host(
    base: Services, tmp_path: Path, clock: Clock
) -> None:
    allowed = opened(base, tmp_path, clock, host="0.0.0.0", demo_on_any_host=True)
    assert {user.user_id for user in allowed.demo_accounts()} == {
        "user_001", "user_002", "staff_001", "admin_001",
    }  # fmt: skip
    user, session = allowed.sign_in(MINJI, PASSWORD)
    assert allowed.user_of_session(session) == user


def test_callers_come_from_known_accounts(shop: Services) -> None:
    assert shop.caller("staff_001").is_staff
    assert shop.caller("user_001") == Caller("customer", "user_001", "김민지")
    with pytest.raises(NotFound, match="user_999"):
        shop.caller("user_999")


# ── starting ─────────────────────────────────────────────────────────────────────────────


def rows(shop: Services) -> dict[str, int]:
    with shop.database.read() as tx:
        kept = "type = 'table' and sql not like 'create virtual%'"
        sql = f"select name from sqlite_master where {kept}"
        names = [r["name"] for r in tx.rows(sql)]
        return {name: tx.value(f'select count(*) from "{name}"') for name in names}


def test_preparing_twice_changes_nothing(base: Services) -> None:
    before = rows(base)
    told: list[tuple[str, int, int]] = []
    base.prepare(lambda *step: told.append(step))
    assert told == []  # it is ready
    second = make_services(base.settings.data_path)
    for part in ("tokenizer", "encoder", "index", "policies", "understander"):
        second.__dict__[part] = getattr(base, part)
    assert not second.ready
    second.prepare(lambda *step: told.append(step))
    assert second.ready
    assert [done for _, done, _ in told] == [0, 1, 2, 3, 4]
    assert rows(base) == before


def test_a_shop_without_the_demonstration_is_empty(tmp_path: Path, clock: Clock) -> None:
    bare = make_services(tmp_path, clock, demo=False)
    bare.database.prepare()
    bare.database.prepare()
    counts = rows(bare)
    assert counts["users"] == counts["orders"] == counts["products"] == 0


def test_a_store_with_data_is_not_seeded(shop: Services) -> None:
    before = rows(shop)
    assert seed_demo(shop.settings, database=shop.database, clock=shop.clock) is None
    assert rows(shop) == before


def test_building_does_nothing_yet(tmp_path: Path) -> None:
    plain = load({}, env_file=tmp_path / "none", toml_file=tmp_path / "none")
    lazy = build(plain.replace(data_dir=str(tmp_path / "new"), return_window_days=14))
    assert not lazy.ready
    assert lazy.rules.return_window_days == 14
    assert not (tmp_path / "new").exists()


# ── tools ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["READ", "WRITE"])
def test_a_tool_gets_the_transaction_of_its_kind(
    shop: Services, minji: Caller, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    seen: list[ToolContext] = []

    def probe(ctx: ToolContext, *, word: str) -> str:
        seen.append(ctx)
        ctx.tx.execute("update users set name = '바뀜' where user_id = 'user_001'")
        return word

    monkeypatch.setitem(REGISTRY, "probe", Tool("probe", kind, probe, "A probe."))
    if kind == "READ":
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            shop.tool(minji, "probe", word="x")
    else:
        assert shop.tool(minji, "probe", word="x", source="api") == "x"
    [context] = seen
    assert context.tx.writable is (kind == "WRITE")
    assert (context.caller, context.now, context.rules) == (minji, shop.clock(), shop.rules)
    assert context.source == ("page" if kind == "READ" else "api")
    assert shop.caller("user_001").name == ("김민지" if kind == "READ" else "바뀜")


def test_a_failing_tool_leaves_nothing(
    shop: Services, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probe(ctx: ToolContext) -> None:
        ctx.tx.execute("update users set name = '바뀜' where user_id = 'user_001'")
        raise BadInput("안 돼요.")

    monkeypatch.setitem(REGISTRY, "probe", Tool("probe", "WRITE", probe, "A probe."))
    with pytest.raises(BadInput):
        shop.tool(minji, "probe")
    assert shop.caller("user_001").name == "김민지"


def test_staff_clauses_are_missing_for_customers(
    shop: Services, minji: Caller, guest: Caller
) -> None:
    hits = shop.tool(STAFF, "search_policies", query="환불 승인 절차 내부", top_k=20).hits
    inside = next(h.chunk for h in hits if h.chunk.chunk_id.startswith("staff-"))
    public = next(h.chunk for h in hits if not h.chunk.chunk_id.startswith("staff-"))
    assert shop.clause(STAFF, inside.chunk_id).text == inside.text
    for caller in (minji, guest):
        assert shop.clause(caller, public.chunk_id).text == public.text
        told = []
        for key in (inside.chunk_id, "staff-refund-approval#missing"):
            with pytest.raises(NotFound) as caught:
                shop.clause(caller, key)
            told.append((caught.value.message, caught.value.code))
        assert told[0] == told[1]
