"""Numbers past 9,999 a day, and questions that an index answers however much there is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from store_helpers import NOW, add_user, new_database

from store import accounts, audit, claims, conversations, migrations, ticket_queue, tickets
from store.database import Database, Row, Tx
from store.models import Claim, Ticket, to_text

MOMENT = to_text(NOW)
TICKET = Ticket(
    "T20261121-0001", "minji", None, None, None, "delivery", "normal", "open", "배송", "안 와요",
    None, "", MOMENT, MOMENT, None, None, (), 1, MOMENT, MOMENT,
)  # fmt: skip
CLAIM = Claim(
    "C20261121-0001", "20261102-0000002", "minji", "return", "defect", "", "seller", "requested",
    (), {}, 0, "", MOMENT, MOMENT, 1, (),
)  # fmt: skip


# ── numbers ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("taken", "following"),
    [((), "0001"), ((9998,), "9999"), ((9999,), "10000"), ((9999, 10000), "10001"),
     ((10000, 9999, 99999), "100000"), ((2, 10), "0011")],
)  # fmt: skip
def test_the_next_number_follows_the_highest_of_the_day(
    tx: Tx, taken: tuple[int, ...], following: str
) -> None:
    for serial in taken:
        tickets.add(tx, replace(TICKET, ticket_id=f"T20261121-{serial:04d}"))
        claims.add(tx, replace(CLAIM, claim_id=f"C20261121-{serial:04d}"))
    tickets.add(tx, replace(TICKET, ticket_id="T20261122-123456"))
    claims.add(tx, replace(CLAIM, claim_id="C20261120-123456"))
    assert tickets.next_id(tx, "20261121") == f"T20261121-{following}"
    assert claims.next_id(tx, "20261121") == f"C20261121-{following}"


def test_a_limit_is_a_value_and_no_sql(tx: Tx) -> None:
    claims.add(tx, CLAIM)
    assert len(claims.find(tx, user_id="minji", limit=1)) == 1
    with pytest.raises(sqlite3.Error):
        claims.find(tx, user_id="minji", limit="(select 1)")  # type: ignore[arg-type]


# ── a photo outlives its chat only for a claim ───────────────────────────────────────────


def test_deleting_a_chat_keeps_only_what_its_customers_claim_lists(tx: Tx) -> None:
    conversations.create(tx, conversation_id="chat", user_id="minji", guest_hash=None, at=NOW)
    for image_id in ("img_claim", "img_other", "img_theirs"):
        conversations.add_attachment(tx, {
            "image_id": image_id, "conversation_id": "chat", "user_id": "minji",
            "media_type": "image/jpeg", "size_bytes": 1, "created_at": MOMENT,
        })  # fmt: skip
    claims.add(tx, replace(CLAIM, photos=("img_claim",)))
    claims.add(
        tx, replace(CLAIM, claim_id="C20261121-0002", user_id="jihun", photos=("img_theirs",))
    )
    assert sorted(conversations.delete(tx, "chat")) == ["img_other", "img_theirs"]
    rows = tx.rows("select image_id, conversation_id, user_id from attachments")
    assert rows == [{"image_id": "img_claim", "conversation_id": None, "user_id": "minji"}]
    assert conversations.get(tx, "chat") is None
    assert tx.rows("pragma foreign_key_check") == []


def test_photos_of_before_survive_the_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = migrations.MIGRATIONS
    names = [name for name, _ in every]
    monkeypatch.setattr(migrations, "MIGRATIONS", every[: names.index("m007_desk_limits")])
    database = new_database(tmp_path / "old.db")
    with database.write() as tx:
        add_user(tx, "minji", "minji@example.com")
        conversations.create(tx, conversation_id="chat", user_id="minji", guest_hash=None, at=NOW)
        conversations.add_attachment(tx, {
            "image_id": "i", "conversation_id": "chat", "user_id": "minji", "width_px": 3,
            "media_type": "image/jpeg", "size_bytes": 1, "created_at": MOMENT,
        })  # fmt: skip
        before = tx.rows("select * from attachments")
        old = tx.rows("pragma table_info(attachments)")
        keys = tx.rows("pragma foreign_key_list(attachments)")
    monkeypatch.setattr(migrations, "MIGRATIONS", every[: names.index("m008_quality")])
    database.prepare()
    with database.read() as tx:
        assert tx.rows("select * from attachments") == before
        assert tx.rows("pragma foreign_key_list(attachments)") == keys
        free = {"conversation_id": 0}
        assert tx.rows("pragma table_info(attachments)") == [
            {**column, "notnull": free.get(column["name"], column["notnull"])} for column in old
        ]
        indexed = tx.rows("select sql from sqlite_master where tbl_name = 'attachments'")
        assert any("(conversation_id)" in (row["sql"] or "") for row in indexed)


# ── the way SQLite takes ─────────────────────────────────────────────────────────────────


class Watched(Tx):
    """Notes how SQLite would answer each query."""

    plan: list[str]

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        self.plan += [
            row["detail"] for row in super().rows(f"explain query plan {sql}", parameters)
        ]
        return super().rows(sql, parameters)


@pytest.fixture
def watched(database: Database) -> Iterator[Watched]:
    with closing(sqlite3.connect(database.path)) as connection:
        tx = Watched(connection, writable=True)
        tx.plan = []
        add_user(tx, "minji", "minji@example.com")
        yield tx


Ask = Callable[[Tx], object]
SINCE = NOW - timedelta(days=1)
ALL = ("open", "in_progress", "waiting_customer", "resolved", "closed")


def audited(**filters: Any) -> Ask:
    return lambda tx: audit.find(tx, **filters)


def queued(**filters: Any) -> Ask:
    after = filters.pop("after", None)
    wanted = ticket_queue.Filters(**filters)
    return lambda tx: ticket_queue.find(tx, now=NOW, filters=wanted, after=after)


ASKED: dict[str, Ask] = {
    "audit": audited(),
    "audit days": audited(since=SINCE),
    "audit e-mail": audited(actor_id="minji@example.com"),
    "audit stranger": audited(actor_id="nobody@example.com"),
    "audit id": audited(actor_id="minji", since=SINCE),
    "audit system": audited(actor_id="system"),
    "audit system days": audited(actor_id="system", since=SINCE),
    "audit action": audited(action="edit"),
    "audit action days": audited(action="edit", since=SINCE),
    "audit object": audited(object_id="T1"),
    "audit page": audited(action="edit", before_seq=7),
    "own tickets": lambda tx: tickets.find(tx, user_id="minji"),
    "own tickets by state": lambda tx: tickets.find(tx, user_id="minji", statuses=ALL[:3]),
    "own tickets page": lambda tx: tickets.find(tx, user_id="minji", after=("2026", "T1")),
    "queue": queued(),
    "queue of all states": queued(statuses=ALL),
    "queue of one state": queued(statuses=("closed",)),
    "queue of nobody": queued(statuses=ALL, nobodys=True),
    "queue of one": queued(assignee_id="staff"),
    "queue by priority": queued(priority="urgent"),
    "queue by tag": queued(tag="급함"),
    "queue of the unread": queued(unread=True, sentiment="angry", issue_type="refund"),
    "queue page": queued(statuses=("closed",), after=(3, -1.0, "T1")),
    "customer": lambda tx: accounts.find_by_name_zip(tx, "홍길동", "04524"),
}


@pytest.mark.parametrize("name", ASKED)
def test_an_index_gives_the_rows_in_their_order(watched: Watched, name: str) -> None:
    ASKED[name](watched)
    assert watched.plan
    for step in watched.plan:
        assert not (step.startswith("SCAN") and "INDEX" not in step), watched.plan
        assert name == "customer" or "TEMP B-TREE" not in step, watched.plan


# ── text in the queue ────────────────────────────────────────────────────────────────────


@pytest.fixture
def long_queue(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> Tx:
    """Six tickets, of which the newest three count as recent."""
    monkeypatch.setattr(ticket_queue, "RECENT", 3)
    tx.execute("update users set name = 'Mei Kovacs' where user_id = 'jihun'")
    for number in range(1, 7):
        tickets.add(tx, replace(
            TICKET, ticket_id=f"T20261121-{number:04d}", subject=f"배송 {number}번",
            user_id="jihun" if number % 2 else "minji", order_id="20261101-0000001",
        ))  # fmt: skip
    return tx


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("배송", {4, 5, 6}),
        ("2번", set()),
        ("5번", {5}),
        ("T20261121-0002", {2}),
        ("t20261121-0002", {2}),
        ("T20261121", {1, 2, 3, 4, 5, 6}),
        ("20261101", {1, 2, 3, 4, 5, 6}),
        ("mei k", {1, 3, 5}),
        ("KOVACS", {5}),
        ("100%", set()),
        ("없는 말", set()),
    ],
)
def test_words_are_looked_for_in_the_newest_and_beginnings_in_all(
    long_queue: Tx, text: str, found: set[int]
) -> None:
    wanted = ticket_queue.Filters(text=text)
    rows = ticket_queue.find(long_queue, now=NOW, filters=wanted)
    assert {int(row.ticket.ticket_id[-4:]) for row in rows} == found
    wanted = replace(wanted, statuses=("open",))
    open_ones = ticket_queue.find(long_queue, now=NOW, filters=wanted, limit=2)
    assert len(open_ones) == min(2, len(found))
    wanted = replace(wanted, statuses=("closed",))
    assert ticket_queue.find(long_queue, now=NOW, filters=wanted) == []
