"""Turns, counted by hand: intents, hours, what found no answer, guards, times, failures."""

from __future__ import annotations

import pytest
from figures_helpers import Book, at, span

from store import conversations
from store.database import Database, Tx
from store.figures import Cell, Point, Spread, turns


@pytest.fixture
def book(tx: Tx) -> Book:
    return Book(tx)


def test_an_empty_store(database: Database) -> None:
    with database.read() as tx:
        week = span(16, 22)
        assert turns.by_intent(tx, week) == turns.by_hour(tx, week) == ()
        assert turns.unanswered(tx, week) == turns.errors(tx, week) == Point(None, 0, 0)
        assert turns.latency(tx, week) == Spread(None, None, 0)
        assert turns.newest_turn(tx) is None
        assert all(turns.behind(tx, week, which, "x", limit=5) == [] for which in turns._WHICH)


def test_intents_of_answered_turns(book: Book, tx: Tx) -> None:
    # 4 answered: 3 delivery, 1 cancel. Stopped, failed and a person's own do not count.
    book.talk(at(17), *({"intent": "delivery"},) * 3, {"intent": "cancel"},
              {"intent": "unclear", "status": "stopped"}, {"intent": "unclear", "status": "error"},
              {"intent": "handoff", "status": "with_person"})  # fmt: skip
    assert turns.by_intent(tx, span(17, 17)) == (
        Point(0.75, 3, 4, "delivery"), Point(0.25, 1, 4, "cancel"),
    )  # fmt: skip
    found = turns.behind(tx, span(17, 17), "intent", "cancel", limit=9)
    assert [(one.about, one.title, one.turn_id) for one in found] == [
        ("cancel", "user t5", "t5")
    ]  # the very question of that turn


def test_weekdays_and_hours_are_seoul_s(book: Book, tx: Tx) -> None:
    book.talk(at(16, 0, 30))  # Monday 00:30 in Seoul is Sunday in UTC
    book.talk(at(16, 0, 59))
    book.talk(at(22, 23, 59), {"status": "stopped"})  # Sunday; whatever became of it
    assert turns.by_hour(tx, span(16, 22)) == (Cell("0", "00", 2), Cell("6", "23", 1))
    assert len(turns.behind(tx, span(16, 22), "hour", "0|00", limit=9)) == 2
    assert len(turns.behind(tx, span(16, 22), "hour", "6|23", limit=9)) == 1
    assert turns.behind(tx, span(16, 22), "hour", "6|00", limit=9) == []


def test_unanswered(book: Book, tx: Tx) -> None:
    book.talk(at(16), {"unanswered": 1}, {}, {})
    book.talk(at(17), {"unanswered": 1})
    assert turns.unanswered(tx, span(16, 17)) == Point(2 / 4, 2, 4)
    assert turns.unanswered_by_day(tx, span(16, 17)) == (
        Point(1 / 3, 1, 3, "2026-11-16"), Point(1.0, 1, 1, "2026-11-17"),
    )  # fmt: skip
    assert len(turns.behind(tx, span(16, 17), "unanswered", limit=9)) == 2


def test_guards_by_kind(book: Book, tx: Tx) -> None:
    # 4 turns; one was held back for two things.
    book.talk(at(17), {"guardrails": ["pii_phone", "abuse"]}, {"guardrails": ["abuse"]}, {},
              {"status": "stopped"})  # fmt: skip
    assert turns.guard_flags(tx, span(17, 17)) == (
        Point(2 / 4, 2, 4, "abuse"), Point(1 / 4, 1, 4, "pii_phone"),
    )  # fmt: skip
    assert len(turns.behind(tx, span(17, 17), "flag", "abuse", limit=9)) == 2
    assert len(turns.behind(tx, span(17, 17), "flagged", limit=9)) == 2


def test_how_turns_ended(book: Book, tx: Tx) -> None:
    book.talk(at(17), {"status": "stopped"}, {"status": "error"}, {"fallbacks": 1}, {"fallbacks": 2,
              "fallback_reason": "timeout"}, {})  # fmt: skip
    assert turns.stopped(tx, span(17, 17)) == Point(1 / 5, 1, 5)
    assert turns.errors(tx, span(17, 17)) == Point(1 / 5, 1, 5)
    assert turns.fallback_rate(tx, span(17, 17)) == Point(2 / 3, 2, 3)
    assert turns.fallback_reasons(tx, span(17, 17)) == (
        Point(1, 1, key=""), Point(1, 1, key="timeout"),
    )  # fmt: skip
    for which in ("stopped", "failed"):
        assert len(turns.behind(tx, span(17, 17), which, limit=9)) == 1
    assert len(turns.behind(tx, span(17, 17), "fallback_reason", "timeout", limit=9)) == 1


def test_latency_is_nearest_rank_of_two_digits(book: Book, tx: Tx) -> None:
    # 20 turns of 1 to 20 ms: the median is the 10th, the 95th percentile the 19th.
    book.talk(at(16), *({"latency_ms": float(n)} for n in range(1, 21)))
    assert turns.latency(tx, span(16, 16)) == Spread(10, 19, 20)
    # 1,234 counts as 1,200 and 98,765 as 99,000; of two the median is the first.
    book.talk(at(17), {"latency_ms": 1234.0, "provider": "cloud"},
              {"latency_ms": 98765.0, "provider": "cloud"}, {"latency_ms": 151.0},
              {"latency_ms": 9e9, "status": "stopped"}, {"latency_ms": None})  # fmt: skip
    assert turns.latency_by_provider(tx, span(17, 17)) == (
        Spread(1200, 99000, 2, "cloud"), Spread(150, 150, 1, "offline"),
    )  # fmt: skip
    assert [one.key for one in turns.latency_by_day(tx, span(16, 17))] == [
        "2026-11-16", "2026-11-17",
    ]  # fmt: skip
    assert len(turns.behind(tx, span(17, 17), "provider", "cloud", limit=9)) == 2


def test_the_source_and_what_is_deleted(book: Book, tx: Tx) -> None:
    gone = book.talk(at(17), {"guardrails": ["abuse"], "unanswered": 1})
    book.talk(at(17), source="api")
    assert turns.by_intent(tx, span(17, 17, source="api"))[0].of == 1
    assert turns.behind(tx, span(17, 17, source="api"), "unanswered", limit=9) == []
    conversations.delete(tx, gone)
    week = span(17, 17)
    assert turns.by_intent(tx, week) == (Point(1.0, 1, 1, "policy"),)
    assert turns.guard_flags(tx, week) == ()
    assert turns.unanswered(tx, week).n == 0
    assert turns.latency(tx, week).n == 1
    assert turns.by_hour(tx, week) == (Cell("1", "12", 1),)


def test_an_unknown_slice_is_an_error(tx: Tx) -> None:
    with pytest.raises(KeyError):
        turns.behind(tx, span(17, 17), "1 or 1", limit=9)
