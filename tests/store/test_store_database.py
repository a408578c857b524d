from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Unavailable
from store import database as handle
from store import migrations
from store.database import Database, Tx, dump, load
from store.models import from_text, to_text


def test_migrations_run_once(database: Database) -> None:
    database.prepare()
    with database.write() as tx:
        assert migrations.apply(tx) == []
        assert tx.value("select count(*) from migrations") == len(migrations.MIGRATIONS)


def test_prepare_by_eight_threads_at_once(tmp_path: Path) -> None:
    database = Database(tmp_path / "new" / "shop.db")
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(database.prepare) for _ in range(8)]:
            done.result()
    with database.read() as tx:
        assert tx.value("select count(*) from users") == 0


def test_eight_threads_read_modify_write_without_a_lost_update(database: Database) -> None:
    with database.write() as tx:
        tx.insert("settings", {"key": "n", "value": "0"})

    def add() -> None:
        for _ in range(10):
            with database.write(durable=False) as tx:
                value = int(tx.value("select value from settings where key = 'n'"))
                tx.update("settings", {"key": "n"}, {"value": str(value + 1)})

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(add) for _ in range(8)]:
            done.result()
    with database.read() as tx:
        assert tx.value("select value from settings where key = 'n'") == "80"


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    row = {"key": "a", "value": "1"}
    with pytest.raises(sqlite3.IntegrityError), database.write() as tx:
        tx.tables.table("settings").insert_all([row, row])
    with database.read() as tx:
        assert tx.row("select * from settings") is None


def test_a_reader_sees_one_snapshot(database: Database) -> None:
    with database.read() as reader:
        assert reader.rows("select * from settings") == []
        with database.write(durable=False) as tx:
            tx.insert("settings", {"key": "a", "value": "1"})
        assert reader.rows("select * from settings") == []


def test_a_writer_that_waits_too_long_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handle, "BUSY_TIMEOUT_S", 0.05)
    with database.write(), pytest.raises(Unavailable), database.write():
        pass


def test_references_are_enforced(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.write() as tx:
        tx.insert("sessions", {"session_hash": "h", "user_id": "nobody", "created_at": "", "expires_at": ""})  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("sql", ["update audit_events set at = ''", "delete from audit_events"])
def test_the_audit_is_append_only(tx: Tx, sql: str) -> None:
    tx.insert("audit_events", {"at": "t", "action": "a", "object_type": "o", "object_id": "1"})
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        tx.execute(sql)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))]),
                    min_value=datetime(1000, 1, 1), max_value=datetime(9998, 1, 1)))  # fmt: skip
def test_times_survive_to_the_millisecond(moment: datetime) -> None:
    text = to_text(moment)
    assert len(text) == 24
    assert timedelta(0) <= moment - from_text(text) < timedelta(milliseconds=1)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        to_text(datetime(2026, 1, 1))


def test_json_columns_keep_korean_and_order() -> None:
    assert dump({"나": 1, "가": [2]}) == '{"나":1,"가":[2]}'
    assert load(None, {}) == load("", {}) == {}
