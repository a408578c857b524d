"""The composition root: accounts, sessions, starting, and the transaction a tool gets."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agent.tools.base import REGISTRY, Tool, ToolContext
from agent.types import Caller
from errors import BadInput, NotFound
from services import Services, build, seed_demo
from settings import load
from tests.conftest import Clock, copy_database, make_services

PASSWORD = "sangdam-demo-2026"
MINJI = "minji@example.com"
STAFF = Caller("staff", "staff_001", "이상담")


def opened(base: Services, folder: Path, clock: Clock, **changes: Any) -> Services:
    """The seeded shop under other settings (nothing heavy is built)."""
    if not (folder / "sangdam.db").exists():
        copy_database(base, folder / "sangdam.db")
    return make_services(folder, clock, **changes)


# ── accounts (more in tests/services/test_accounts.py) ──────────────────────────────────


def test_a_new_customer_sees_nothing_of_others(shop: Services) -> None:
    user = shop.accounts.register("new@example.com", "긴 비밀번호 하나 둘", "새 손님")
    caller = shop.accounts.caller(user.user_id)
    assert shop.tool(caller, "list_orders").items == ()
    assert shop.tool(caller, "list_tickets").items == ()
    assert shop.tool(caller, "list_claims") == []
    assert shop.conversations(caller) == []


def test_the_seeded_accounts_sign_in_with_the_password_that_is_shown(shop: Services) -> None:
    assert [user.user_id for user in shop.accounts.demo_accounts()] == [
        "user_001", "user_002", "staff_001", "admin_001",
    ]  # fmt: skip
    user, session = shop.accounts.sign_in("minji@example.com", "sangdam-demo-2026")
    assert shop.accounts.user_of_session(session) == user


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
    assert shop.accounts.caller("user_001").name == ("김민지" if kind == "READ" else "바뀜")


def test_a_failing_tool_leaves_nothing(
    shop: Services, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probe(ctx: ToolContext) -> None:
        ctx.tx.execute("update users set name = '바뀜' where user_id = 'user_001'")
        raise BadInput("안 돼요.")

    monkeypatch.setitem(REGISTRY, "probe", Tool("probe", "WRITE", probe, "A probe."))
    with pytest.raises(BadInput):
        shop.tool(minji, "probe")
    assert shop.accounts.caller("user_001").name == "김민지"


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
