"""Tickets: how long people wait, which promises are kept, what is left.

Times are desk time in seconds (:mod:`store.figures.desk_time`). Under a source only tickets count
whose conversation came that way.
"""

from __future__ import annotations

from datetime import datetime

from store.database import Tx
from store.figures.desk_time import desk_times, moments
from store.figures.types import Behind, Flow, Point, Span, Spread
from store.models import from_text

__all__ = [
    "PROMISES",
    "backlog",
    "backlog_by_day",
    "behind",
    "by_type",
    "first_response",
    "first_response_by_priority",
    "handoff_reasons",
    "oldest_ticket",
    "promises",
    "promises_by_priority",
    "reopen_rate",
    "resolution",
    "resolution_by_priority",
]

_ALL = "''"  # one slice for everything
PROMISES = ("first_response", "resolution")
_SOURCE = (
    "(:source = '' or exists (select 1 from figures_talks k "
    "where k.conversation_id = t.conversation_id and k.source = :source))"
)
_CREATED = f"t.created_at >= :since and t.created_at < :until and {_SOURCE}"
_RUNNING = "t.status in ('open', 'in_progress', 'waiting_customer')"
_DONE = {"first_response": "t.first_responded_at", "resolution": "t.resolved_at"}
_FROM = {
    "first_response": "t.created_at",
    "resolution": "coalesce(t.resolution_from, t.created_at)",
}
_WAITED = {"first_response": "null", "resolution": "t.waited_s"}
# The resolution clock stands still while the customer is asked something.
_LATE_AT = {"first_response": ":now", "resolution": "coalesce(t.waiting_since, :now)"}


def oldest_ticket(tx: Tx) -> datetime | None:
    """When the first ticket of all was written; None without any."""
    found = tx.value("select min(created_at) from tickets")
    return None if found is None else from_text(found)


def first_response(tx: Tx, span: Span) -> Spread:
    """Desk time from a ticket's creation to its first answer, of those first answered in the
    span: median and 90th percentile (nearest rank), seconds.
    """
    return _whole(_spreads(tx, span, "first_response", _ALL))


def first_response_by_priority(tx: Tx, span: Span) -> tuple[Spread, ...]:
    """:func:`first_response` by the ticket's priority."""
    return _spreads(tx, span, "first_response", "t.priority")


def resolution(tx: Tx, span: Span) -> Spread:
    """Desk time from a ticket's creation (or its last reopening) to its resolution, without
    the time it waited for the customer, of those resolved in the span: median and 90th
    percentile (nearest rank), seconds.
    """
    return _whole(_spreads(tx, span, "resolution", _ALL))


def resolution_by_priority(tx: Tx, span: Span) -> tuple[Spread, ...]:
    """:func:`resolution` by the ticket's priority."""
    return _spreads(tx, span, "resolution", "t.priority")


def promises(tx: Tx, span: Span) -> Point:
    """Promises kept ÷ promises decided in the span, first answers and resolutions together.

    A promise is decided when it is kept, or when its time is over without that: a ticket that
    nobody has answered counts as soon as it is late.
    """
    rows = [row for name in PROMISES for row in _promised(tx, span, name, _ALL)]
    n, of = sum(row["n"] for row in rows), sum(row["whole"] for row in rows)
    return Point(n / of if of else None, n, of)


def promises_by_priority(tx: Tx, span: Span) -> tuple[Point, ...]:
    """:func:`promises` by promise and priority; keys are ``promise|priority``."""
    return tuple(
        Point(row["n"] / row["whole"], row["n"], row["whole"], f"{name}|{row['slice']}")
        for name in PROMISES
        for row in _promised(tx, span, name, "t.priority")
    )


def backlog(tx: Tx, span: Span) -> Point:
    """Tickets that were open at the end of the span (or now, if that comes first).

    One that was reopened counts as open from its creation on, one that was resolved as done
    since it was resolved for the last time.
    """
    n = int(tx.value(f"select count(*) from tickets t where {_OPEN_AT}", span.bounds))
    return Point(n, n)


def backlog_by_day(tx: Tx, span: Span) -> tuple[Flow, ...]:
    """Tickets come in, resolved and still open at the end of each day: the day before's, plus
    those that came in, minus those resolved.
    """
    names = dict.fromkeys(span.days, (0, 0))
    left = backlog(tx, span).n
    opened, resolved = (_per_day(tx, span, column) for column in ("created_at", "resolved_at"))
    flows = []
    for day in reversed(tuple(names)):
        flow = Flow(day, opened.get(day, 0), resolved.get(day, 0), left)
        flows.append(flow)
        left -= flow.opened - flow.resolved
    return tuple(reversed(flows))


def reopen_rate(tx: Tx, span: Span) -> Point:
    """Tickets that were opened again ÷ tickets ever resolved, of those created in the span."""
    row = tx.row(
        "select total(t.reopens > 0) as n, count(*) as whole from tickets t "
        f"where {_CREATED} and (t.resolved_at is not null or t.reopens > 0)",
        span.bounds,
    )
    found = row or {}
    n, of = int(found["n"]), int(found["whole"])
    return Point(n / of if of else None, n, of)


def by_type(tx: Tx, span: Span) -> tuple[Point, ...]:
    """Tickets created in the span by their type ÷ all of them, the most frequent first."""
    return _slices(tx, span, "t.issue_type", "1")


def handoff_reasons(tx: Tx, span: Span) -> tuple[Point, ...]:
    """Why chats were handed to a person: tickets of a hand-off created in the span by their
    reason ÷ all of these, the most frequent first.
    """
    return _slices(tx, span, "t.handoff_reason", "t.handoff_reason is not null")


_OPEN_AT = (
    "t.created_at < min(:until, :now) and (t.resolved_at >= min(:until, :now) "
    f"or (t.resolved_at is null and {_RUNNING})) and {_SOURCE}"
)
_DECIDED = {
    name: (
        f"case when {_DONE[name]} <= t.{name}_due then {_DONE[name]} "
        f"when t.{name}_due < coalesce({_DONE[name]}, {_LATE_AT[name]}) then t.{name}_due end"
    )
    for name in PROMISES
}
_LATE = {
    name: (
        f"{decided} >= :since and {decided} < :until and coalesce({_DONE[name]} > t.{name}_due, 1)"
    )
    for name, decided in _DECIDED.items()
}
_WHICH = {
    "created": f"{_CREATED}",
    "type": f"{_CREATED} and t.issue_type = :key",
    "handed": f"{_CREATED} and t.handoff_reason is not null",
    "reason": f"{_CREATED} and t.handoff_reason = :key",
    "reopened": f"{_CREATED} and t.reopens > 0",
    "open": _OPEN_AT,
    **{
        name: f"{done} >= :since and {done} < :until and {_SOURCE} "
        "and (:key = '' or t.priority = :key)"
        for name, done in _DONE.items()
    },
    "late": f"({' or '.join(_LATE.values())}) and {_SOURCE}",
    **{
        f"late_{name}": f"{late} and {_SOURCE} and (:key = '' or t.priority = :key)"
        for name, late in _LATE.items()
    },
}


def behind(tx: Tx, span: Span, which: str, key: str = "", *, limit: int) -> list[Behind]:
    """The tickets that a count is made of, newest first. Raises KeyError for no row of
    ``_WHICH``; ``key`` is the slice of it.
    """
    rows = tx.rows(
        "select t.ticket_id, t.created_at, t.subject, t.status, t.issue_type, u.name "
        f"from tickets t join users u using (user_id) where {_WHICH[which]} "
        "order by t.created_at desc, t.ticket_id limit :limit",
        {**span.bounds, "limit": limit, "key": key},
    )
    return [
        Behind(
            "ticket", row["ticket_id"], row["created_at"], row["subject"] or "", row["name"],
            row["status"], row["issue_type"],
        )
        for row in rows
    ]  # fmt: skip


def _slices(tx: Tx, span: Span, key: str, where: str) -> tuple[Point, ...]:
    rows = tx.rows(
        f"select {key} as slice, count(*) as n, sum(count(*)) over () as whole from tickets t "
        f"where {_CREATED} and {where} group by slice order by n desc, slice",
        span.bounds,
    )
    return tuple(
        Point(row["n"] / row["whole"], row["n"], row["whole"], row["slice"]) for row in rows
    )


def _spreads(tx: Tx, span: Span, name: str, key: str) -> tuple[Spread, ...]:
    start, done = _FROM[name], _DONE[name]
    rows = tx.rows(
        f"select {key} as slice, {moments(start)} as starts, {moments(done)} as ends, "
        f"group_concat({_WAITED[name]}) as waited from tickets t "
        f"where {done} >= :since and {done} < :until and {_SOURCE} {_by(key)}",
        span.bounds,
    )
    return tuple(
        desk_times(span.desk, row["starts"], row["ends"], row["waited"], row["slice"])
        for row in rows
        if row["ends"]
    )


def _by(key: str) -> str:
    """Groups, in their order, where there are any: grouping by a constant sorts all rows."""
    return "" if key == _ALL else "group by slice order by slice"


def _whole(found: tuple[Spread, ...]) -> Spread:
    return found[0] if found else Spread(None, None, 0)


def _promised(tx: Tx, span: Span, name: str, key: str) -> list[dict[str, int]]:
    return tx.rows(
        f"select {key} as slice, count(*) filter (where {_DONE[name]} <= t.{name}_due) as n, "
        f"count(*) as whole from tickets t where {_DECIDED[name]} >= :since "
        f"and {_DECIDED[name]} < :until and {_SOURCE} {_by(key)}",
        span.bounds,
    )


def _per_day(tx: Tx, span: Span, column: str) -> dict[str, int]:
    rows = tx.rows(
        f"select date(t.{column}, '+9 hours') as day, count(*) as n from tickets t "
        f"where t.{column} >= :since and t.{column} < :until and {_SOURCE} group by day",
        span.bounds,
    )
    return {row["day"]: row["n"] for row in rows}
