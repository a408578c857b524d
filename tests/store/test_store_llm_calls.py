"""The books of models' calls: rows, sums of Korean days, and a deleted conversation."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from store_helpers import NOW, add_user, new_database

from store import conversations, llm_calls
from store.database import Database, Tx
from store.llm_calls import DayRow, LlmCall
from store.models import to_text
from store.transfer import export, import_

AT = "2026-11-21T03:00:00.000Z"
CALL = LlmCall(
    "compose", "ollama", "exaone", AT, "t_1", "s_1", "policy@1-abcd1234", "", "timeout",
    input_tokens=120, output_tokens=30, cached_tokens=20, cache_write_tokens=5, estimated=True,
    cost_usd=0.25, first_token_ms=80.5, latency_ms=900.0, retries=1, fallbacks=2,
)  # fmt: skip


@pytest.fixture
def book(tx: Tx) -> Tx:
    """A store with the conversation ``s_1``."""
    conversations.create(tx, conversation_id="s_1", user_id="minji", guest_hash=None, at=NOW)
    return tx


def test_a_call_comes_back_as_it_was(book: Tx) -> None:
    other = replace(CALL, cost_usd=None, first_token_ms=None, error="timeout", estimated=False)
    llm_calls.add(book, CALL)
    llm_calls.add(book, other)
    llm_calls.add(book, replace(CALL, turn_id="t_2"))
    assert llm_calls.of_turn(book, "t_1") == [CALL, other]
    assert llm_calls.of_turn(book, "t_3") == []


def test_days_are_summed_by_provider_model_and_purpose(book: Tx) -> None:
    for call in (
        CALL,
        CALL,
        replace(CALL, cost_usd=None),
        replace(CALL, error="timeout"),
        replace(CALL, error=llm_calls.CANCELLED),
        replace(CALL, purpose="triage"),
        replace(CALL, model="other"),
    ):
        llm_calls.add(book, call)
    rows = llm_calls.daily(book, "2026-11-21", "2026-11-21")
    assert rows[0] == DayRow(
        "2026-11-21", "ollama", "exaone", "compose", calls=5, errors=1, input_tokens=600,
        output_tokens=150, cached_tokens=100, cost_usd=1.0, unpriced=1,
    )  # fmt: skip
    assert [(one.model, one.purpose, one.calls) for one in rows[1:]] == [
        ("exaone", "triage", 1),
        ("other", "compose", 1),
    ]
    assert llm_calls.spent_usd(book, "2026-11-21") == 1.5
    assert llm_calls.spent_usd(book, "2026-11-22") == 0.0


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-21T14:59:59.999Z", "2026-11-21"),
        ("2026-11-21T15:00:00.000Z", "2026-11-22"),
        ("2026-12-31T15:00:00.000Z", "2027-01-01"),
    ],
)
def test_a_day_begins_at_midnight_in_seoul(book: Tx, at: str, day: str) -> None:
    llm_calls.add(book, replace(CALL, created_at=at))
    assert [row.day for row in llm_calls.daily(book, "2026-11-01", "2027-12-31")] == [day]
    assert llm_calls.spent_usd(book, day) == 0.25


def test_days_come_newest_first_and_within_bounds(book: Tx) -> None:
    for day in (19, 20, 21):
        llm_calls.add(book, replace(CALL, created_at=f"2026-11-{day}T03:00:00.000Z"))
    found = llm_calls.daily(book, "2026-11-20", "2026-11-30")
    assert [row.day for row in found] == ["2026-11-21", "2026-11-20"]


def test_a_deleted_conversation_leaves_the_sums_and_no_trace(book: Tx) -> None:
    conversations.create(book, conversation_id="s_2", user_id="minji", guest_hash=None, at=NOW)
    llm_calls.add(book, CALL)
    kept = replace(CALL, conversation_id="s_2", turn_id="t_2")
    llm_calls.add(book, kept)
    conversations.delete(book, "s_1")
    llm_calls.add(book, CALL)  # it ended after its conversation was gone
    assert book.value("select count(*) from llm_calls") == 3
    tied = book.rows("select turn_id, conversation_id from llm_calls where turn_id is not null "
                     "or conversation_id is not null")  # fmt: skip
    assert tied == [{"turn_id": "t_2", "conversation_id": "s_2"}]
    assert llm_calls.of_turn(book, "t_2") == [kept]
    assert [row.calls for row in llm_calls.daily(book, "2026-11-21", "2026-11-21")] == [3]


def test_a_call_of_no_conversation_keeps_its_turn(book: Tx) -> None:
    llm_calls.add(book, replace(CALL, conversation_id=None))
    assert [one.conversation_id for one in llm_calls.of_turn(book, "t_1")] == [None]


def test_a_conversation_has_no_summary_before_there_is_one(book: Tx) -> None:
    fresh = conversations.get(book, "s_1")
    assert fresh is not None
    assert (fresh.summary, fresh.summary_upto) == ("", 0)
    change = {"summary": "반품을 물었어요.", "summary_upto": 7}
    book.update("conversations", {"conversation_id": "s_1"}, change)
    [told] = conversations.page(book, user_id="minji")
    assert (told.summary, told.summary_upto) == ("반품을 물었어요.", 7)


def test_a_call_that_is_not_counted_is_not_written(tmp_path: Path) -> None:
    database = Database(tmp_path / "shop.db")
    database.prepare()
    with database.write(durable=False) as tx:
        tx.execute("drop table llm_days")  # its day cannot be counted
    with pytest.raises(sqlite3.OperationalError), database.write(durable=False) as tx:
        llm_calls.add(tx, CALL)
    with database.read() as tx:
        assert llm_calls.of_turn(tx, "t_1") == []


def test_the_books_travel_with_an_export(tmp_path: Path) -> None:
    one, other = new_database(tmp_path / "one.db"), new_database(tmp_path / "other.db")
    with one.write() as tx:
        add_user(tx, "minji", "minji@example.com")
        conversations.create(tx, conversation_id="s_1", user_id="minji", guest_hash=None, at=NOW)
        llm_calls.add(tx, replace(CALL, created_at=to_text(NOW)))
    counts = export(one, tmp_path / "out")
    assert counts["llm_calls"] == counts["llm_days"] == 1
    import_(other, tmp_path / "out")
    with other.read() as tx:
        assert llm_calls.of_turn(tx, "t_1") == [replace(CALL, created_at=to_text(NOW))]
        assert llm_calls.spent_usd(tx, "2026-11-21") == 0.25
