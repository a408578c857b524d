"""Tickets, counted by hand: desk time, promises, what is left, what is opened again."""

from __future__ import annotations

import pytest
from figures_helpers import Book, at, span

from store.database import Database, Tx
from store.figures import Flow, Point, Spread, tickets

HOUR = 3600


@pytest.fixture
def book(tx: Tx) -> Book:
    return Book(tx)


def test_an_empty_store(database: Database) -> None:
    with database.read() as tx:
        week = span(16, 17)
        assert tickets.first_response(tx, week) == Spread(None, None, 0)
        assert tickets.promises(tx, week) == tickets.reopen_rate(tx, week) == Point(None, 0, 0)
        assert tickets.backlog(tx, week) == Point(0, 0)
        assert tickets.by_type(tx, week) == tickets.promises_by_priority(tx, week) == ()
        assert tickets.oldest_ticket(tx) is None
        assert all(tickets.behind(tx, week, which, "", limit=5) == [] for which in tickets._WHICH)


def test_first_answers_are_measured_in_desk_time(book: Book, tx: Tx) -> None:
    # Fri 20th 17:00 → Mon 23rd 10:00: 1 h on Friday + 1 h on Monday.
    book.ticket(at(20, 17), first_responded_at=at(23, 10), priority="high")
    # Sat 21st 12:00 → Mon 23rd 09:30: half an hour.
    book.ticket(at(21, 12), first_responded_at=at(23, 9, 30))
    # Mon 23rd 07:00 → 19:00: the whole day's 9 h.
    book.ticket(at(23, 7), first_responded_at=at(23, 19))
    # Sun → Sun: nobody was at the desk.
    book.ticket(at(22, 10), first_responded_at=at(22, 11))
    book.ticket(at(23, 9))  # not answered
    book.ticket(at(23, 9), first_responded_at=at(24, 0))  # answered after the span
    # 0, 1800, 7200, 32400: the median is the 2nd of 4, the 90th percentile the 4th.
    week = span(16, 23)
    assert tickets.first_response(tx, week) == Spread(HOUR / 2, 9 * HOUR, 4)
    assert tickets.first_response_by_priority(tx, week) == (
        Spread(2 * HOUR, 2 * HOUR, 1, "high"), Spread(HOUR / 2, 9 * HOUR, 3, "normal"),
    )  # fmt: skip
    assert len(tickets.behind(tx, week, "first_response", limit=9)) == 4
    assert len(tickets.behind(tx, week, "first_response", "high", limit=9)) == 1


def test_resolution_leaves_the_waiting_out_and_begins_anew_when_reopened(
    book: Book, tx: Tx
) -> None:
    # Mon 10:00 → Tue 12:00 is 8 + 3 = 11 h, 2 of which it waited for the customer.
    book.ticket(at(16, 10), resolved_at=at(17, 12), status="resolved", waited_s=2 * HOUR)
    # Reopened on Wed 9:00, resolved at 10:00: 1 h, whenever it was written.
    book.ticket(at(2, 9), resolved_at=at(18, 10), status="resolved",
                resolution_from=at(18, 9), reopens=1)  # fmt: skip
    book.ticket(at(16, 10))
    assert tickets.resolution(tx, span(16, 18)) == Spread(HOUR, 9 * HOUR, 2)
    assert tickets.resolution(tx, span(17, 17)) == Spread(9 * HOUR, 9 * HOUR, 1)
    assert tickets.resolution_by_priority(tx, span(16, 18))[0].key == "normal"


def test_a_promise_is_decided_when_kept_or_when_its_time_is_over(book: Book, tx: Tx) -> None:
    now = at(17, 15)
    day = span(17, 17, now=now)
    kept = {"first_response_due": at(17, 12), "first_responded_at": at(17, 12)}  # on the minute
    book.ticket(at(17, 9), **kept)
    late = {"first_response_due": at(17, 12), "first_responded_at": at(17, 12, 1)}
    book.ticket(at(17, 9), priority="high", **late)
    book.ticket(at(17, 9), first_response_due=at(17, 14))  # late and still unanswered
    book.ticket(at(17, 9), first_response_due=at(17, 16))  # not yet
    book.ticket(at(17, 9), first_response_due=at(18, 9), first_responded_at=at(18, 8))  # tomorrow
    book.ticket(at(17, 9))  # nothing was promised
    # First answers: 1 kept of 3. The resolution's clock stands still while it waits:
    book.ticket(at(16, 9), resolution_due=at(17, 14), status="waiting_customer",
                waiting_since=at(17, 13))  # fmt: skip
    book.ticket(at(16, 9), resolution_due=at(17, 14), resolved_at=at(17, 10), status="resolved")
    assert tickets.promises_by_priority(tx, day) == (
        Point(0.0, 0, 1, "first_response|high"), Point(0.5, 1, 2, "first_response|normal"),
        Point(1.0, 1, 1, "resolution|normal"),
    )  # fmt: skip
    assert tickets.promises(tx, day) == Point(2 / 4, 2, 4)
    assert len(tickets.behind(tx, day, "late", limit=9)) == 2
    assert len(tickets.behind(tx, day, "late_first_response", "high", limit=9)) == 1
    assert tickets.behind(tx, day, "late_resolution", limit=9) == []


def test_what_is_left_at_the_end_of_each_day(book: Book, tx: Tx) -> None:
    book.ticket(at(10))  # old and open: 1 before the span
    book.ticket(at(16), resolved_at=at(17), status="resolved")
    book.ticket(at(16, 23, 59, 59), resolved_at=at(18, 0), status="closed")
    book.ticket(at(17, 0))
    # 16th: 1 + 2 - 0 = 3; 17th: 3 + 1 - 1 = 3; 18th: 3 + 0 - 1 = 2.
    assert tickets.backlog_by_day(tx, span(16, 18)) == (
        Flow("2026-11-16", 2, 0, 3), Flow("2026-11-17", 1, 1, 3), Flow("2026-11-18", 0, 1, 2),
    )  # fmt: skip
    assert tickets.backlog(tx, span(16, 18)) == Point(2, 2)
    assert tickets.backlog(tx, span(16, 16)) == Point(3, 3)
    assert len(tickets.behind(tx, span(16, 16), "open", limit=9)) == 3
    # The day is not over: what is open now.
    assert tickets.backlog(tx, span(16, 16, now=at(16, 13))).n == 2


def test_reopened_types_and_reasons(book: Book, tx: Tx) -> None:
    book.ticket(at(16), resolved_at=at(17), status="resolved", handoff_reason="asked")
    book.ticket(at(16), reopens=2, status="in_progress", issue_type="refund")
    book.ticket(at(16), handoff_reason="asked")
    book.ticket(at(15), reopens=1, resolved_at=at(16), status="resolved")  # before the span
    week = span(16, 17)
    assert tickets.reopen_rate(tx, week) == Point(1 / 2, 1, 2)
    assert tickets.by_type(tx, week) == (
        Point(2 / 3, 2, 3, "delivery"), Point(1 / 3, 1, 3, "refund"),
    )  # fmt: skip
    assert tickets.handoff_reasons(tx, week) == (Point(1.0, 2, 2, "asked"),)
    assert len(tickets.behind(tx, week, "reason", "asked", limit=9)) == 2
    assert len(tickets.behind(tx, week, "type", "refund", limit=9)) == 1


def test_under_a_source_only_its_conversations_tickets_count(book: Book, tx: Tx) -> None:
    talk = book.talk(at(16), source="api")
    mine = book.ticket(at(16), conversation_id=talk, first_responded_at=at(16, 13))
    book.ticket(at(16), first_responded_at=at(16, 13))
    day = span(16, 16, source="api")
    assert tickets.first_response(tx, day).n == 1
    assert tickets.backlog(tx, day).n == 1
    assert [one.id for one in tickets.behind(tx, day, "created", limit=9)] == [mine]
