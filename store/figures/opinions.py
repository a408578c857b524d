"""What customers think of replies: thumbs and the reasons given with those down."""

from __future__ import annotations

from store.database import Tx
from store.figures.talks import OUTCOME
from store.figures.types import Behind, Point, Span

__all__ = ["behind", "reasons", "satisfaction", "satisfaction_by_day"]

_IN = (
    "f.created_at >= :since and f.created_at < :until and (:source = '' or exists (select 1 "
    "from messages m join figures_talks k using (conversation_id) "
    "where m.message_id = f.message_id and k.source = :source))"
)
_WHICH = {
    "all": "1",
    "good": "f.rating = 1",
    "bad": "f.rating = 0",
    "reason": "f.rating = 0 and coalesce(f.reason, '') = :key",
}


def satisfaction(tx: Tx, span: Span) -> Point:
    """Thumbs up ÷ thumbs up and down given in the span; the last one on a reply counts."""
    row = tx.row(
        f"select total(f.rating = 1) as n, count(*) as whole from feedback f where {_IN}",
        span.bounds,
    )
    found = row or {}
    return _point(found["n"], found["whole"])


def satisfaction_by_day(tx: Tx, span: Span) -> tuple[Point, ...]:
    """:func:`satisfaction` of each day."""
    rows = tx.rows(
        "select date(f.created_at, '+9 hours') as day, total(f.rating = 1) as n, "
        f"count(*) as whole from feedback f where {_IN} group by day order by day",
        span.bounds,
    )
    return tuple(_point(row["n"], row["whole"], row["day"]) for row in rows)


def reasons(tx: Tx, span: Span) -> tuple[Point, ...]:
    """The reasons given with thumbs down ÷ thumbs down; "" is none given."""
    rows = tx.rows(
        "select coalesce(f.reason, '') as reason, count(*) as n, "
        f"sum(count(*)) over () as whole from feedback f where {_IN} and f.rating = 0 "
        "group by reason order by n desc, reason",
        span.bounds,
    )
    return tuple(_point(row["n"], row["whole"], row["reason"]) for row in rows)


def behind(tx: Tx, span: Span, which: str, key: str = "", *, limit: int) -> list[Behind]:
    """The rated replies' conversations, newest opinion first. Raises KeyError."""
    rows = tx.rows(
        "select m.conversation_id, m.turn_id, f.created_at, c.title, u.name, f.reason, "
        f"(select {OUTCOME} from figures_talks k where k.conversation_id = m.conversation_id) "
        "as state from feedback f join messages m using (message_id) "
        "join conversations c using (conversation_id) "
        f"left join users u on u.user_id = c.user_id where {_IN} and {_WHICH[which]} "
        "order by f.created_at desc, f.message_id limit :limit",
        {**span.bounds, "limit": limit, "key": key},
    )
    return [
        Behind(
            "conversation", row["conversation_id"], row["created_at"], row["title"] or "",
            row["name"] or "", row["state"] or "other", row["reason"] or "", row["turn_id"] or "",
        )
        for row in rows
    ]  # fmt: skip


def _point(n: float, of: float, key: str = "") -> Point:
    return Point(n / of if of else None, int(n), int(of), key)
