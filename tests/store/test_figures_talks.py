"""Conversations, counted by hand: when they count, and what resolved, handed over, cost means."""

from __future__ import annotations

from datetime import timedelta

import pytest
from figures_helpers import Book, at, span

from store import conversations
from store.database import Database, Tx
from store.figures import Cell, Point, talks
from store.models import to_text


@pytest.fixture
def book(tx: Tx) -> Book:
    return Book(tx)


def test_an_empty_store_has_nothing_to_divide(database: Database) -> None:
    with database.read() as tx:
        week = span(16, 22)
        assert talks.conversations(tx, week) == Point(0, 0)
        assert talks.resolution_rate(tx, week) == Point(None, 0, 0)
        assert talks.handoff_rate(tx, week) == Point(None, 0, 0)
        assert talks.cost_each(tx, week) == Point(None, 0, 0)
        assert talks.by_day(tx, week) == talks.resolution_by_day(tx, week) == ()
        assert [point.value for point in talks.resolution_how(tx, week)] == [None] * 3
        assert talks.behind(tx, week, "all", limit=9) == []


def test_a_conversation_counts_on_the_seoul_day_of_its_first_turn(book: Book, tx: Tx) -> None:
    # Midnight in Seoul is 15:00 UTC. In: the 17th 00:00:00 and 23:59:59. Out: a second on
    # either side. The talk of the 16th goes on on the 17th and still counts on the 16th.
    book.talk(at(16, 23, 59, 59), {}, {})
    book.talk(at(17, 0, 0, 0))
    book.talk(at(17, 23, 59, 59), user=None)  # a guest's counts as well
    book.talk(at(18, 0, 0, 0))
    assert talks.conversations(tx, span(17, 17)).n == 2
    assert talks.conversations(tx, span(16, 18)).n == 4
    assert [one.at[:19] for one in talks.behind(tx, span(17, 17), "all", limit=9)] == [
        "2026-11-17T14:59:59", "2026-11-16T15:00:00",
    ]  # fmt: skip
    assert talks.behind(tx, span(17, 17), "all", limit=9)[0].who == ""


def test_an_empty_conversation_is_none(book: Book, tx: Tx) -> None:
    conversations.create(tx, conversation_id="e", user_id="minji", guest_hash=None, at=at(17))
    assert talks.conversations(tx, span(17, 17)).n == 0


def test_resolution_is_said_or_done_never_silent(book: Book, tx: Tx) -> None:
    day, later = at(17), at(17, 13)
    book.talk(day)  # 1 silent: open
    up = book.talk(day)  # 2 thumb up on the last reply: resolved
    book.rate(up, 1, later)
    down = book.talk(day)  # 3 thumb down: open
    book.rate(down, 0, later)
    early = book.talk(day, {})  # 4 thumb up, then another question: open again
    book.rate(early, 1, later)
    book.turn(early, at(17, 14))
    first = book.talk(day)  # 5 thumb up on a reply that is not the last: open
    reply = book.turns[first]
    book.turn(first, at(17, 14))
    book.rate(first, 1, later, reply=reply)
    acted = book.talk(day)  # 6 a confirmed action ran: resolved
    book.act(acted, later)
    refused = book.talk(day)  # 7 a proposal that was declined: open
    book.act(refused, later, status="declined")
    said = book.talk(day)  # 8 "solved" of the ticket's resolution: resolved
    book.ticket(day, conversation_id=said, verdict="solved", verdict_at=later)
    unsaid = book.talk(day)  # 9 acted, but "not solved" is the last word: open
    book.act(unsaid, later)
    book.ticket(day, conversation_id=unsaid, verdict="unsolved", verdict_at=later)
    sorry = book.talk(day)  # 10 acted, then thumb down: open
    book.act(sorry, later)
    book.rate(sorry, 0, later)
    stopped = book.talk(day, {}, {"status": "stopped"})  # 11 the rated reply, a stopped turn after
    book.rate(stopped, 1, later, reply=f"m{book.count - 1}")  # it has no reply of its own: resolved
    found = talks.resolution_rate(tx, span(17, 17))
    assert (found.n, found.of, found.value) == (4, 11, 4 / 11)
    # Of the 4: one said so (8), two by a thumb (2, 11), one acted (6).
    assert talks.resolution_how(tx, span(17, 17)) == (
        Point(0.25, 1, 4, "verdict"), Point(0.5, 2, 4, "rated"), Point(0.25, 1, 4, "acted"),
    )  # fmt: skip
    behind = {one.id for one in talks.behind(tx, span(17, 17), "resolved", limit=50)}
    assert behind == {up, acted, said, stopped}
    assert len(talks.behind(tx, span(17, 17), "end_other", limit=50)) == 7


def test_the_newest_verdict_counts(book: Book, tx: Tx) -> None:
    talk = book.talk(at(17))
    book.ticket(at(17), conversation_id=talk, verdict="unsolved", verdict_at=at(17, 15))
    book.ticket(at(17), conversation_id=talk, verdict="solved", verdict_at=at(17, 16))
    assert talks.resolution_rate(tx, span(17, 17)).n == 1


def test_handed_over_and_the_days(book: Book, tx: Tx) -> None:
    both, handed = book.talk(at(16)), book.talk(at(16))
    book.talk(at(18))
    other = book.talk(at(18))
    for talk in (both, handed):
        book.ticket(at(16), conversation_id=talk, handoff_reason="asked")
    book.ticket(at(18), conversation_id=other)  # a ticket of a chat that was not handed over
    book.rate(both, 1, at(16, 13))
    week = span(16, 18)
    assert talks.handoff_rate(tx, week) == Point(2 / 4, 2, 4)
    assert talks.handoffs_by_day(tx, week) == (
        Point(1.0, 2, 2, "2026-11-16"), Point(0.0, 0, 2, "2026-11-18"),
    )  # fmt: skip
    # One that was both counts as resolved.
    assert talks.by_day(tx, week) == (
        Cell("2026-11-16", "handed", 1), Cell("2026-11-16", "resolved", 1),
        Cell("2026-11-18", "other", 2),
    )  # fmt: skip
    assert talks.resolution_by_day(tx, week) == (
        Point(0.5, 1, 2, "2026-11-16"), Point(0.0, 0, 2, "2026-11-18"),
    )  # fmt: skip
    (one,) = talks.behind(tx, week.within("2026-11-16"), "end_other", limit=9) or [None]
    assert one is None


def test_a_ticket_made_in_the_first_turn_counts(book: Book, tx: Tx) -> None:
    """Its row is written before the turn's."""
    conversations.create(tx, conversation_id="n", user_id="minji", guest_hash=None, at=at(17))
    book.ticket(at(17), conversation_id="n", handoff_reason="asked")
    book.turn("n", at(17))
    assert talks.handoff_rate(tx, span(17, 17)).n == 1


def test_the_cost_of_a_conversation_leaves_unknown_prices_out(book: Book, tx: Tx) -> None:
    book.talk(at(17), {"cost_usd": 0.02}, {"cost_usd": 0.01})
    book.talk(at(17), {"cost_usd": 0.0})
    book.talk(at(17), {"cost_usd": 0.5}, {"cost_usd": None})
    # (0.02 + 0.01 + 0) / 2; the third has a turn of unknown price.
    found = talks.cost_each(tx, span(17, 17))
    assert found.value == pytest.approx(0.015)
    assert (found.n, found.of) == (2, 3)


def test_the_source_is_that_of_the_first_turn(book: Book, tx: Tx) -> None:
    book.talk(at(17), source="api")
    mixed = book.talk(at(17))
    book.turn(mixed, at(17, 14), source="api")
    old = book.talk(at(17), source=None)  # turns from before sources were kept
    assert talks.conversations(tx, span(17, 17, source="api")).n == 1
    assert talks.conversations(tx, span(17, 17, source="chat")).n == 2
    assert old in {one.id for one in talks.behind(tx, span(17, 17, source="chat"), "all", limit=9)}


def test_a_deleted_conversation_is_gone_from_every_figure(book: Book, tx: Tx) -> None:
    gone, stays = book.talk(at(17), {"guardrails": ["abuse"]}), book.talk(at(17))
    book.rate(gone, 1, at(17, 13))
    book.ticket(at(17), conversation_id=gone, handoff_reason="asked")
    conversations.delete(tx, gone)
    assert talks.conversations(tx, span(17, 17)).n == 1
    assert talks.resolution_rate(tx, span(17, 17)).n == 0
    assert [one.id for one in talks.behind(tx, span(17, 17), "all", limit=9)] == [stays]
    assert tx.value("select total(turns) from figures_turns") == 1
    assert tx.value("select total(turns) from figures_flags") == 0


def test_newest_first_and_no_more_than_asked(book: Book, tx: Tx) -> None:
    ids = [book.talk(at(17) + timedelta(minutes=10 * n)) for n in range(5)]
    found = talks.behind(tx, span(17, 17), "all", limit=3)
    assert [one.id for one in found] == ids[:1:-1]
    assert found[0].at == to_text(at(17) + timedelta(minutes=40))
