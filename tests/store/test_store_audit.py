"""The audit: found by every filter, page by page; nobody changes or removes what is written."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from store_helpers import NOW, add_user

from store import audit, ticket_queue, tickets, transfer
from store.database import Database, Tx, dump
from store.models import Ticket, to_text

MOMENT = to_text(NOW)
TICKET = Ticket(
    "T1", "minji", None, None, None, "delivery", "normal", "open", "배송", "안 와요", None, "",
    MOMENT, MOMENT, None, None, (), 1, MOMENT, MOMENT,
)  # fmt: skip
TABLES = ("audit_events", "ticket_events")


def write(tx: Tx, number: int = 0, **changes: Any) -> None:
    plain: dict[str, Any] = {
        "at": NOW + timedelta(hours=number), "actor_id": "minji", "actor_role": "customer",
        "source": "chat", "turn_id": f"t_{number}", "action": "cancel", "object_type": "order",
        "object_id": f"o{number}", "before": {"status": "paid"}, "after": {"status": "cancelled"},
    }  # fmt: skip
    audit.write(tx, **{**plain, **changes})


@pytest.fixture
def full(tx: Tx) -> Tx:
    """Ten entries of the audit, one hour apart, and one of a ticket's history."""
    for number in range(8):
        write(tx, number)
    write(
        tx, 8, actor_id="jihun", source="page", turn_id=None, action="change", object_type="claim"
    )
    write(tx, 9, actor_id=None, actor_role="system", source="system", turn_id=None, action="close")
    tickets.add(tx, TICKET)
    tickets.add_event(tx, "T1", at=NOW, actor_id="minji", kind="created", version=1)
    return tx


def seqs(tx: Tx, **filters: Any) -> list[int]:
    return [entry.event_seq for entry in audit.find(tx, **filters)]


# ── append-only ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "sql",
    [
        "update {t} set at = 'x'",
        "update {t} set at = 'x' where event_seq = 1",
        "update or replace {t} set event_seq = 1 where event_seq > 0",
        "delete from {t}",
        "delete from {t} where event_seq = (select max(event_seq) from {t})",
        "insert or replace into {t} select * from {t} where event_seq = 1",
        "replace into {t} select * from {t} where event_seq = 1",
        "insert into {t} select * from {t} where true on conflict do update set at = 'x'",
        "insert or ignore into {t} select * from {t} where event_seq = 1",
    ],
)
def test_what_is_written_stays(full: Tx, table: str, sql: str) -> None:
    before = full.rows(f"select * from {table}")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        full.execute(sql.format(t=table))
    assert full.rows(f"select * from {table}") == before


@pytest.mark.parametrize("table", TABLES)
def test_a_made_up_key_cannot_stop_the_next_entry(full: Tx, table: str) -> None:
    columns = [row["name"] for row in full.rows(f"pragma table_info({table})")]
    rest = ", ".join(columns[1:])
    for key in (-1, 0):
        with pytest.raises(sqlite3.IntegrityError, match="counts from 1"):
            full.execute(
                f"insert into {table} ({', '.join(columns)}) "
                f"select {key}, {rest} from {table} where event_seq = 1"
            )
    write(full, 10)
    tickets.add_event(full, "T1", at=NOW, actor_id=None, kind="note", internal=True)
    assert full.value("select max(event_seq) from audit_events") == 11
    assert full.value("select max(event_seq) from ticket_events") == 2


def test_emptying_the_database_leaves_the_histories_protected(database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "minji", "minji@example.com")
        write(tx)
    with database.write() as tx:
        transfer.empty(tx)
    with database.write() as tx:
        assert tx.value("select count(*) from audit_events") == 0
        write(tx)
        for verb in ("update audit_events set at = 'x'", "delete from audit_events",
                     "replace into audit_events select * from audit_events"):  # fmt: skip
            with pytest.raises(sqlite3.IntegrityError):
                tx.execute(verb)


# ── finding ──────────────────────────────────────────────────────────────────────────────


def test_the_newest_come_first_page_by_page(full: Tx) -> None:
    every = seqs(full, limit=100)
    assert every == list(range(10, 0, -1))
    found: list[int] = []
    while page := seqs(full, limit=3, before_seq=found[-1] if found else None):
        found += page
        write(full, 20)  # what is added meanwhile moves no page
    assert found == every


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"object_type": "claim"}, [9]),
        ({"object_type": "order", "object_id": "o3"}, [4]),
        ({"action": "close"}, [10]),
        ({"source": "page"}, [9]),
        ({"turn_id": "t_2"}, [3]),
        ({"actor_id": "jihun"}, [9]),
        ({"actor_id": "jihun@example.com"}, [9]),
        ({"actor_id": "system"}, [10]),
        ({"since": NOW + timedelta(hours=7)}, [10, 9, 8]),
        ({"actor_id": "minji", "since": NOW + timedelta(hours=6)}, [8, 7]),
        ({"object_id": "o%"}, []),
        ({"actor_id": "' or 1=1 --"}, []),
    ],
)
def test_every_filter_is_exact(full: Tx, filters: dict[str, Any], found: list[int]) -> None:
    assert seqs(full, **filters) == found


def test_an_entry_is_whole_and_knows_the_name(full: Tx) -> None:
    (entry,) = audit.find(full, object_id="o0")
    assert (entry.actor_name, entry.actor_role, entry.turn_id) == ("홍길동", "customer", "t_0")
    assert (entry.before, entry.after) == ({"status": "paid"}, {"status": "cancelled"})
    (program,) = audit.find(full, action="close")
    assert (program.actor_id, program.actor_name) == (None, "")


# ── a ticket's saves ─────────────────────────────────────────────────────────────────────


def test_a_save_tells_what_it_changed_and_a_stale_one_writes_nothing(full: Tx) -> None:
    saved = tickets.save(
        full, TICKET, {"priority": "high", "tags": ("급함",), "waited_s": 5}, at=NOW,
        actor_id="minji", kind="edited", internal=True,
    )  # fmt: skip
    assert saved is not None
    assert saved.before == {"priority": "normal", "tags": []}
    assert saved.after == {"priority": "high", "tags": ["급함"]}
    rows = full.rows("select * from ticket_events")
    assert tickets.save(full, TICKET, {"priority": "low"}, at=NOW, actor_id=None, kind="x") is None
    assert full.rows("select * from ticket_events") == rows
    now = tickets.get(full, "T1", user_id=None, internal=True)
    assert now is not None
    assert (now.version, now.tags, now.waited_s) == (2, ("급함",), 5)
    assert now.events[-1].version == 2
    changes, kinds = tickets.changes_since(full, "T1", 1)
    assert changes == {"priority": ("normal", "high"), "tags": ([], ["급함"])}
    assert kinds == ("edited",)


def test_the_queue_walks_its_index(full: Tx) -> None:
    index = full.value("select sql from sqlite_master where name = 'ix_tickets_queue'")
    assert index is not None
    plain = ticket_queue._URGENCY.replace("t.", "")
    assert plain in index, "the index of m012 and the queue's order have parted"
    assert ticket_queue._RANK.replace("t.", "") in index


def test_a_history_without_versions_still_reads(full: Tx) -> None:
    full.insert("ticket_events", {
        "ticket_id": "T1", "at": MOMENT, "kind": "status", "internal": 0,
        "before": dump({"status": "open"}), "after": dump({"status": "resolved"}),
    })  # fmt: skip
    found = tickets.get(full, "T1", user_id=None)
    assert found is not None
    assert found.events[-1].version is None
    assert tickets.changes_since(full, "T1", 1) == ({}, ())
