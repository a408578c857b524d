"""Conversations: how many there were, and what became of them.

A conversation counts in the hour of its first turn. It is resolved when the customer says so
or acts; a customer who says nothing leaves it open. See the SQL of ``_RESOLVED``.
"""

from __future__ import annotations

from store.database import Row, Tx
from store.figures.types import Behind, Cell, Point, Span

__all__ = [
    "HOWS",
    "OUTCOME",
    "behind",
    "by_day",
    "conversations",
    "cost_each",
    "handoff_rate",
    "handoffs_by_day",
    "resolution_by_day",
    "resolution_how",
    "resolution_rate",
]

_IN = "hour between :first and :last and (:source = '' or source = :source)"
# The last word counts: "not solved" and a thumb down beat what was done before.
_RESOLVED = (
    "coalesce(verdict = 'solved' or "
    "(verdict is null and rated is not 0 and (acted or rated = 1)), 0)"
)
OUTCOME = f"case when {_RESOLVED} then 'resolved' when handed then 'handed' else 'other' end"
_ENDS = ("handed", "other", "resolved")
HOWS = ("verdict", "rated", "acted")
_HOW = {
    "verdict": "verdict = 'solved'",
    "rated": f"{_RESOLVED} and rated = 1",
    "acted": f"{_RESOLVED} and acted",
}
_WHICH = {
    "all": "1",
    "resolved": _RESOLVED,
    "handed": "handed",
    "priced": "unpriced = 0",
    **{f"end_{end}": f"{OUTCOME} = '{end}'" for end in _ENDS},
    **_HOW,
}


def conversations(tx: Tx, span: Span) -> Point:
    """How many conversations began: those whose first turn lies in the span."""
    n = int(tx.value(f"select count(*) from figures_talks where {_IN}", span.bounds))
    return Point(n, n)


def by_day(tx: Tx, span: Span) -> tuple[Cell, ...]:
    """Conversations by the day they began and by how they ended.

    "resolved" comes before "handed" for one that was both; "other" is neither.
    """
    # By the hour first: the index has them in that order, so nothing is sorted.
    rows = tx.rows(
        "select substr(hour, 1, 10) as day, sum(handed) as handed, "
        "sum(n - handed - resolved) as other, sum(resolved) as resolved from "
        f"(select hour, count(*) as n, count(*) filter (where {_RESOLVED}) as resolved, "
        f"count(*) filter (where handed and not {_RESOLVED}) as handed "
        f"from figures_talks where {_IN} group by hour) group by day order by day",
        span.bounds,
    )
    return tuple(Cell(row["day"], end, row[end]) for row in rows for end in _ENDS if row[end])


def resolution_rate(tx: Tx, span: Span) -> Point:
    """Conversations resolved ÷ conversations.

    Resolved: the customer called the ticket's resolution good, or, without any such word, did
    what the desk proposed (a confirmed action that ran) or put a thumb up on the last reply,
    and no thumb down. Silence is no resolution.
    """
    return _share(tx, span, _RESOLVED)


def resolution_by_day(tx: Tx, span: Span) -> tuple[Point, ...]:
    """:func:`resolution_rate` of each day."""
    return _shares_by_day(tx, span, _RESOLVED)


def resolution_how(tx: Tx, span: Span) -> tuple[Point, ...]:
    """How it is known that conversations were resolved: each way ÷ the resolved ones.

    One conversation can count in several ways.
    """
    sums = ", ".join(f"total({sql}) as {how}" for how, sql in _HOW.items())
    row = tx.row(
        f"select total({_RESOLVED}) as resolved, {sums} from figures_talks where {_IN}",
        span.bounds,
    )
    found = row or {}
    return tuple(_point(found[how], found["resolved"], how) for how in HOWS)


def handoff_rate(tx: Tx, span: Span) -> Point:
    """Conversations that were handed to a person ÷ conversations."""
    return _share(tx, span, "handed")


def handoffs_by_day(tx: Tx, span: Span) -> tuple[Point, ...]:
    """:func:`handoff_rate` of each day."""
    return _shares_by_day(tx, span, "handed")


def cost_each(tx: Tx, span: Span) -> Point:
    """What models cost for a conversation (USD): Σ cost ÷ conversations, of those of which
    every turn's price is known; ``n`` of ``of`` conversations are.
    """
    row = tx.row(
        "select total(cost_usd) filter (where unpriced = 0) as usd, "
        f"total(unpriced = 0) as known, count(*) as n from figures_talks where {_IN}",
        span.bounds,
    )
    found = row or {}
    known = int(found["known"])
    return Point(found["usd"] / known if known else None, known, found["n"])


def behind(tx: Tx, span: Span, which: str, *, limit: int) -> list[Behind]:
    """The conversations that a count is made of, newest first.

    ``which`` is a way they ended: "all", "resolved", "handed", "priced", one of ``HOWS``, or
    "end_" and an outcome, of which each conversation has one. Raises KeyError for any other word.
    """
    rows = tx.rows(
        f"select k.conversation_id, k.started_at, c.title, u.name, {OUTCOME} as state, k.source "
        "from figures_talks k join conversations c using (conversation_id) "
        "left join users u using (user_id) where k.started_at >= :since and k.started_at < :until "
        f"and (:source = '' or k.source = :source) and {_WHICH[which]} "
        "order by k.started_at desc, k.conversation_id limit :limit",
        {**span.bounds, "limit": limit},
    )
    return [_behind(row) for row in rows]


def _behind(row: Row) -> Behind:
    return Behind(
        "conversation", row["conversation_id"], row["started_at"], row["title"] or "",
        row["name"] or "", row["state"], row["source"],
    )  # fmt: skip


def _share(tx: Tx, span: Span, condition: str) -> Point:
    row = tx.row(
        f"select total({condition}) as n, count(*) as whole from figures_talks where {_IN}",
        span.bounds,
    )
    found = row or {}
    return _point(found["n"], found["whole"])


def _shares_by_day(tx: Tx, span: Span, condition: str) -> tuple[Point, ...]:
    rows = tx.rows(
        "select substr(hour, 1, 10) as day, sum(n) as n, sum(whole) as whole from "
        f"(select hour, total({condition}) as n, count(*) as whole from figures_talks "
        f"where {_IN} group by hour) group by day order by day",
        span.bounds,
    )
    return tuple(_point(row["n"], row["whole"], row["day"]) for row in rows)


def _point(n: float, of: float, key: str = "") -> Point:
    return Point(n / of if of else None, int(n), int(of), key)
