"""The sandbox: it reads the shop, keeps its writes to itself, and cannot write anything else."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_helpers import NOW, add_user, new_database

from store import conversations
from store import sandbox as sandboxes
from store.database import Database, Tx
from store.models import StoredMessage, to_text
from store.sandbox import Before, Sandbox, Scope, rewind

MINE, OTHER, CHAT = "u_mine", "u_other", "s_chat"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Two customers with an order each, one of them with a chat of two messages."""
    made = new_database(tmp_path / "sangdam.db")
    with made.write() as tx:
        add_user(tx, MINE, "mine@example.com")
        add_user(tx, OTHER, "other@example.com")
        for number, user in enumerate((MINE, OTHER), 1):
            tx.insert("orders", {
                "order_id": f"20261101-000000{number}", "user_id": user, "status": "paid",
                "created_at": to_text(NOW), "total_krw": 1000, "version": 1,
            })  # fmt: skip
        tx.insert("products", {"product_id": "P1", "name": "컵", "category": "주방",
                               "price_krw": 1000, "returnable": "normal"})  # fmt: skip
        tx.insert("product_options", {"sku": "P1-1", "product_id": "P1", "name": "흰색",
                                      "extra_krw": 0, "stock": 5})  # fmt: skip
        conversations.create(tx, conversation_id=CHAT, user_id=MINE, guest_hash=None, at=NOW)
        say(tx, "m1", "안녕하세요")
        say(tx, "m2", "반품할게요")
    return made


@pytest.fixture
def sandbox(database: Database) -> Iterator[Sandbox]:
    with Sandbox(database.path, Scope(CHAT, MINE)) as made:
        yield made


def say(tx: Tx, message_id: str, text: str) -> None:
    message = StoredMessage(message_id, CHAT, f"t_{message_id}", "user", text, {}, to_text(NOW))
    conversations.add_message(tx, message)


def digest(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_written_is_seen_inside_and_nowhere_else(
    database: Database, sandbox: Sandbox
) -> None:
    before = digest(database.path)
    with sandbox.write() as tx:
        say(tx, "m3", "세 번째")
        tx.update("orders", {"order_id": "20261101-0000001"}, {"status": "cancelled"})
        assert tx.execute("update product_options set stock = stock - 1 where sku = 'P1-1'") == 1
    with sandbox.read() as tx:
        assert len(conversations.messages(tx, CHAT)) == 3
        assert tx.value("select status from orders where user_id = ?", (MINE,)) == "cancelled"
        assert tx.value("select stock from product_options") == 4
    with database.read() as tx:
        assert len(conversations.messages(tx, CHAT)) == 2
        assert tx.value("select status from orders where user_id = ?", (MINE,)) == "paid"
        assert tx.value("select stock from product_options") == 5
    assert digest(database.path) == before


@pytest.mark.parametrize(
    "statement",
    [
        "insert into settings values ('a', 'b')",
        "update products set price_krw = 1",
        "delete from feedback",
        "update main.orders set status = 'cancelled'",
        "delete from main.messages",
        "insert into sessions values ('h', 'u_mine', 'a', 'b', null)",
        "create table more (a)",
        "drop table main.orders",
    ],
)
def test_anything_else_cannot_be_written(
    database: Database, sandbox: Sandbox, statement: str
) -> None:
    before = digest(database.path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"), sandbox.write() as tx:
        tx.execute(statement)
    assert digest(database.path) == before


def test_a_failed_transaction_leaves_nothing_even_inside(sandbox: Sandbox) -> None:
    def fail() -> None:
        with sandbox.write() as tx:
            say(tx, "m3", "사라질 말")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with sandbox.read() as tx:
        assert len(conversations.messages(tx, CHAT)) == 2


def test_a_write_inside_a_read_sees_and_is_seen(sandbox: Sandbox) -> None:
    with sandbox.read() as reading:
        with sandbox.write() as tx:
            say(tx, "m3", "안에서")
        assert len(conversations.messages(reading, CHAT)) == 3
        assert not reading.writable


def test_a_customers_sandbox_holds_only_that_customers_things(sandbox: Sandbox) -> None:
    with sandbox.read() as tx:
        assert tx.rows("select user_id from orders") == [{"user_id": MINE}]
        assert tx.value("select count(*) from main.orders") == 2
        assert {row["user_id"] for row in tx.rows("select user_id from users")} == {MINE}


def test_staff_and_guests_see_every_order(database: Database) -> None:
    for scope in (Scope(CHAT, OTHER, staff=True), Scope(CHAT)):
        with Sandbox(database.path, scope) as made, made.read() as tx:
            assert tx.value("select count(*) from orders") == 2


def test_a_guests_sandbox_copies_no_other_chats_tickets(database: Database) -> None:
    """A shop has 100,000 of them: 7 s for each turn of a guest's."""
    with database.write() as tx:
        for number, chat in ((1, CHAT), (2, None)):
            tx.insert("tickets", {
                "ticket_id": f"T20261101-000{number}", "user_id": MINE, "conversation_id": chat,
                "subject": "문의", "description": "문의", "issue_type": "other",
                "priority": "normal", "status": "open", "created_at": to_text(NOW), "version": 1,
            })  # fmt: skip
    with Sandbox(database.path, Scope(CHAT)) as made, made.read() as tx:
        assert tx.rows("select ticket_id from tickets") == [{"ticket_id": "T20261101-0001"}]


def test_what_is_too_large_to_copy_is_read_in_place(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandboxes, "MOST_COPIED", 1)
    with Sandbox(database.path, Scope(CHAT, OTHER, staff=True)) as made:
        with made.read() as tx:
            assert tx.value("select count(*) from orders") == 2
        with pytest.raises(sqlite3.OperationalError, match="readonly"), made.write() as tx:
            tx.execute("update orders set status = 'cancelled'")
    with Sandbox(database.path, Scope(CHAT, MINE)) as made, made.write() as tx:
        assert tx.execute("update orders set status = 'cancelled'") == 1  # a customer's few are


def test_a_guest_can_write_words_but_no_order(database: Database) -> None:
    with Sandbox(database.path, Scope(CHAT)) as made:
        with made.write() as tx:
            say(tx, "m3", "손님이에요")
        with pytest.raises(sqlite3.OperationalError, match="readonly"), made.write() as tx:
            tx.execute("update orders set status = 'cancelled'")


def test_indexes_that_queries_name_and_generated_columns_are_there(sandbox: Sandbox) -> None:
    with sandbox.read() as tx:
        assert tx.value("select count(*) from orders indexed by ix_orders_user_place") == 1
        assert tx.value("select place from orders") > 0


def test_it_shows_one_moment(database: Database, sandbox: Sandbox) -> None:
    with database.write() as tx:
        tx.execute("update products set name = '새 이름'")
    with sandbox.read() as tx:
        assert tx.value("select name from products") == "컵"


def test_a_sandbox_cannot_be_migrated(sandbox: Sandbox) -> None:
    with pytest.raises(TypeError):
        sandbox.prepare()


def test_rewinding_puts_the_chat_back(database: Database) -> None:
    with database.write() as tx:
        for name, status in (("act_old", "executed"), ("act_open", "pending")):
            tx.insert("pending_actions", {
                "action_id": name, "conversation_id": CHAT, "user_id": MINE, "kind": "cancel",
                "arguments": "{}", "summary": "취소", "basis": "{}", "status": status,
                "created_at": to_text(NOW), "expires_at": to_text(NOW), "result": '{"a": 1}',
            })  # fmt: skip
        last = tx.value("select max(message_seq) from messages")
    scope = Scope(CHAT, MINE)
    before = Before(to_text(NOW), last - 1, '{"intent": "cancel"}', "act_old", fresh_from=1)
    with Sandbox(database.path, scope) as made:
        with made.write() as tx:
            rewind(tx, scope, before)
        with made.read() as tx:
            chat = conversations.get(tx, CHAT)
            said = conversations.messages(tx, CHAT)
            states = tx.rows("select action_id, status, result from pending_actions")
    assert [one.content for one in said] == ["안녕하세요"]
    assert chat is not None
    assert (chat.context, chat.fresh_from) == ({"intent": "cancel"}, 1)
    assert states == [{"action_id": "act_old", "status": "pending", "result": "{}"}]


def test_a_turn_may_write_no_table_that_is_not_hidden(database: Database) -> None:
    """A new table must be thought of: it is hidden, or no turn writes it."""
    written_by_no_turn = {
        "api_keys", "canned_replies", "claim_events", "eval_results", "eval_runs", "feedback",
        "llm_calls", "llm_days", "migrations", "photo_corrections", "product_photos",
        "product_ratings", "products", "refresh_tokens",
        "requests", "reviews", "sessions", "settings", "shipment_events", "sign_in_failures",
        "transcripts", "triage_corrections", "turn_reviews",
    }  # fmt: skip
    with database.read() as tx:
        names = {
            row["name"]
            for row in tx.rows("select name from sqlite_master where type = 'table'")
            if not row["name"].startswith(("sqlite", "order_search", "product_search", "figures_"))
        }
    assert names - set(Scope(CHAT, MINE).shadows) <= written_by_no_turn
