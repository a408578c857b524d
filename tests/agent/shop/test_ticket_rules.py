"""The ticket's rules by themselves: states, desk time, the two clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.shop import tickets, words
from agent.shop.calendar import (
    SEOUL,
    add_business_hours,
    add_business_time,
    business_minutes_between,
    business_time_between,
    is_business_day,
)
from agent.shop.rules import Rules
from errors import NotAllowedNow
from store.models import Ticket, from_text, to_text

RULES = Rules()
DESK = {"start": 9, "end": 18}
STATES = tuple(words.TICKET_STATUS)
MOMENTS = st.datetimes(
    datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)
)  # years with every Korean holiday, substitute ones too


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in Seoul in November 2026 (the 20th is a Friday)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SEOUL)


def make(status: str = "open", created: datetime | None = None, **changes: Any) -> Ticket:
    created = created or at(20, 12)
    first, solved = tickets.due_times(changes.get("priority", "normal"), created, RULES)
    plain = Ticket(
        "T1", "user_001", None, None, None, "delivery", "normal", status, "제목", "내용", None, "",
        to_text(first), to_text(solved), None, None, (), 1, to_text(created), to_text(created),
    )  # fmt: skip
    return replace(plain, **changes)


def move(ticket: Ticket, to: str, now: datetime) -> Ticket:
    return replace(ticket, **tickets.moved(ticket, to, now, RULES))


# ── desk time ────────────────────────────────────────────────────────────────────────────


@given(MOMENTS, st.integers(1, 100))
@settings(max_examples=200, deadline=None)
def test_minutes_between_undo_adding_hours(moment: datetime, hours: int) -> None:
    later = add_business_hours(moment, hours, **DESK)
    assert business_minutes_between(moment, later, **DESK) == hours * 60
    assert business_minutes_between(later, moment, **DESK) == -hours * 60


@given(MOMENTS, MOMENTS)
@settings(max_examples=200, deadline=None)
def test_adding_what_lies_between_leaves_no_desk_time(a: datetime, b: datetime) -> None:
    a, b = min(a, b), max(a, b)
    back = add_business_time(a, business_time_between(a, b, **DESK), **DESK)
    assert business_time_between(back, b, **DESK) == timedelta(0)


@given(MOMENTS, MOMENTS, MOMENTS)
@settings(max_examples=200, deadline=None)
def test_desk_time_adds_up(a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted((a, b, c))
    parts = business_time_between(a, b, **DESK) + business_time_between(b, c, **DESK)
    assert parts == business_time_between(a, c, **DESK)


@given(MOMENTS)
@settings(max_examples=100, deadline=None)
def test_a_day_has_nine_hours_or_none(moment: datetime) -> None:
    day = moment.astimezone(SEOUL).replace(hour=0, minute=0, second=0, microsecond=0)
    minutes = business_minutes_between(day, day + timedelta(days=1), **DESK)
    assert minutes == (540 if is_business_day(day.date()) else 0)


def test_nights_weekends_and_holidays_do_not_count() -> None:
    assert business_minutes_between(at(20, 17), at(23, 10), **DESK) == 120
    assert business_minutes_between(at(20, 18), at(23, 9), **DESK) == 0
    christmas = datetime(2026, 12, 24, 17, tzinfo=SEOUL)  # a Thursday; the 25th is off
    assert (
        business_minutes_between(christmas, datetime(2026, 12, 28, 10, tzinfo=SEOUL), **DESK) == 120
    )
    assert business_minutes_between(at(20, 9), at(20, 9, 1) - timedelta(seconds=1), **DESK) == 0


# ── states ───────────────────────────────────────────────────────────────────────────────

LEGAL = {
    ("open", "in_progress"), ("open", "waiting_customer"), ("open", "resolved"),
    ("in_progress", "waiting_customer"), ("in_progress", "resolved"),
    ("waiting_customer", "in_progress"), ("waiting_customer", "resolved"),
    ("resolved", "open"), ("resolved", "in_progress"), ("resolved", "closed"),
}  # fmt: skip


@pytest.mark.parametrize("was", STATES)
@pytest.mark.parametrize("to", STATES)
def test_every_pair_of_states_is_legal_or_refused_with_what_is(was: str, to: str) -> None:
    ticket = make(was, waiting_since=to_text(at(20, 12)) if was == "waiting_customer" else None)
    if (was, to) in LEGAL:
        assert move(ticket, to, at(20, 13)).status == to
        return
    with pytest.raises(NotAllowedNow) as caught:
        tickets.moved(ticket, to, at(20, 13), RULES)
    if was == "closed":
        assert caught.value.allowed == ("create_ticket",)
        assert "새 문의" in caught.value.message
    else:
        assert set(caught.value.allowed) == {b for a, b in LEGAL if a == was}
        for state in caught.value.allowed:
            assert words.TICKET_STATUS[state] in caught.value.message


def test_nothing_leaves_the_closed_state_and_everything_reaches_it() -> None:
    assert tickets.NEXT["closed"] == ()
    reached = {"open"}
    for _ in STATES:
        reached |= {to for state in reached for to in tickets.NEXT[state]}
    assert reached == set(STATES)


def test_a_resolved_ticket_goes_back_to_who_had_it() -> None:
    assert tickets.reopened_status(make(assignee_id="staff_001")) == "in_progress"
    assert tickets.reopened_status(make()) == "open"


@pytest.mark.parametrize(("days", "silent"), [(6.99, False), (7, True), (30, True)])
def test_silence_is_counted_in_days(days: float, silent: bool) -> None:
    now = at(20, 12)
    assert tickets.is_silent(now - timedelta(days=days), now, RULES) is silent


# ── clocks ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("priority", "first", "solved"),
    [
        ("urgent", at(20, 13), at(23, 11)),
        ("high", at(20, 16), at(24, 18)),
        ("normal", at(23, 11), at(27, 15)),
        ("low", at(24, 18), datetime(2026, 12, 2, 12, tzinfo=SEOUL)),
    ],
)
def test_the_promises_of_each_priority(priority: str, first: datetime, solved: datetime) -> None:
    assert tickets.due_times(priority, at(20, 12), RULES) == (first, solved)


def test_a_fresh_ticket_has_all_its_time() -> None:
    state = tickets.sla(make(), at(20, 12), RULES)
    assert state.first_response.remaining_minutes == 8 * 60
    assert state.resolution.remaining_minutes == 48 * 60
    assert not state.breached


def test_what_is_late_is_negative_and_broken() -> None:
    state = tickets.sla(make(), at(23, 11, 30), RULES)
    assert (state.first_response.breached, state.first_response.remaining_minutes) == (True, -30)
    assert not state.resolution.breached
    assert state.breached


def test_the_first_answer_meets_the_promise_once() -> None:
    ticket = make()
    answered = replace(ticket, **tickets.responded(ticket, at(20, 14)))
    assert tickets.responded(answered, at(24, 14)) == {}
    clock = tickets.sla(answered, at(27, 17), RULES).first_response
    assert (clock.met_at, clock.breached, clock.remaining_minutes) == (at(20, 14), False, None)


def test_a_late_first_answer_stays_broken_but_no_longer_runs() -> None:
    late = replace(make(), **tickets.responded(make(), at(24, 9)))
    state = tickets.sla(late, at(24, 9), RULES)
    assert state.first_response.breached
    assert not state.breached


def test_waiting_stops_the_resolution_clock_only() -> None:
    waiting = move(make("in_progress"), "waiting_customer", at(20, 14))
    for now in (at(20, 15), at(30, 9)):
        state = tickets.sla(waiting, now, RULES)
        assert state.resolution.paused
        assert state.resolution.remaining_minutes == 46 * 60
        assert not state.first_response.paused
    assert tickets.sla(waiting, at(30, 9), RULES).first_response.breached


@given(st.integers(0, 3000), st.integers(0, 5000))
@settings(max_examples=150, deadline=None)
def test_the_answer_gives_back_what_was_left(worked: int, waited: int) -> None:
    ask = at(20, 12) + timedelta(minutes=worked)
    reply = ask + timedelta(minutes=waited)
    waiting = move(make("in_progress"), "waiting_customer", ask)
    running = move(waiting, "in_progress", reply)
    before = tickets.sla(waiting, reply, RULES).resolution
    after = tickets.sla(running, reply, RULES).resolution
    assert before.remaining_minutes == after.remaining_minutes
    assert running.waiting_since is None
    assert running.waited_s == business_time_between(ask, reply, **DESK).total_seconds()


def test_solving_while_waiting_counts_the_wait_first() -> None:
    waiting = move(make("in_progress"), "waiting_customer", at(20, 14))
    solved = move(waiting, "resolved", at(30, 15))
    clock = tickets.sla(solved, at(30, 16), RULES).resolution
    assert (clock.met_at, clock.breached, clock.paused) == (at(30, 15), False, False)


def test_another_priority_counts_from_the_creation_and_keeps_the_wait() -> None:
    ticket = make("in_progress")
    urgent = replace(ticket, **tickets.reprioritised(ticket, "urgent", RULES))
    assert from_text(urgent.first_response_due or "") == at(20, 13)
    assert from_text(urgent.resolution_due or "") == at(23, 11)
    waited = move(move(ticket, "waiting_customer", at(20, 14)), "in_progress", at(20, 16))
    urgent = replace(waited, **tickets.reprioritised(waited, "urgent", RULES))
    assert from_text(urgent.resolution_due or "") == at(23, 13)
    back = tickets.reprioritised(urgent, "normal", RULES)
    assert back["resolution_due"] == waited.resolution_due


def test_reopening_starts_the_resolution_clock_anew() -> None:
    solved = replace(move(make("in_progress"), "resolved", at(20, 14)), resolution="했어요")
    again = move(solved, "in_progress", at(24, 10))
    assert (again.resolved_at, again.resolution, again.waited_s) == (None, "", 0)
    clock = tickets.sla(again, at(24, 10), RULES).resolution
    assert (clock.met_at, clock.remaining_minutes) == (None, 48 * 60)
    urgent = replace(again, **tickets.reprioritised(again, "urgent", RULES))
    assert from_text(urgent.resolution_due or "") == add_business_hours(at(24, 10), 8, **DESK)
    assert from_text(urgent.first_response_due or "") == at(20, 13)


def test_a_ticket_without_a_promise_has_no_clock() -> None:
    state = tickets.sla(make(first_response_due=None, resolution_due=None), at(30, 9), RULES)
    assert (state.first_response.due, state.first_response.remaining_minutes) == (None, None)
    assert not state.breached


# ── words ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("담당자",), "담당자가"),
        (("제목",), "제목이"),
        (("담당자", "우선순위"), "담당자와 우선순위가"),
        (("상태", "제목", "유형"), "상태, 제목과 유형이"),
    ],
)
def test_field_names_are_joined_with_their_particles(names: tuple[str, ...], said: str) -> None:
    assert words.with_subject(names) == said


@pytest.mark.parametrize(("start", "end"), [(9, 9), (18, 9), (9, 25), (-1, 9), (24, 24)])
def test_hours_in_which_no_time_passes_are_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="desk"):
        add_business_hours(at(20, 10), 8, start=start, end=end)
    with pytest.raises(ValueError, match="desk"):
        business_minutes_between(at(20, 10), at(20, 11), start=start, end=end)
