"""Turns: what was asked and when, what was held back, how long an answer took.

Only turns that were answered (status ``done``) count, unless a figure says otherwise: one that
a person answers, or that the customer stopped, was not the agent's to answer.
"""

from __future__ import annotations

from datetime import datetime

from store.database import Tx
from store.figures.talks import OUTCOME
from store.figures.types import Behind, Cell, Point, Span, Spread
from store.models import from_text

__all__ = [
    "behind",
    "by_hour",
    "by_intent",
    "errors",
    "fallback_rate",
    "fallback_reasons",
    "guard_flags",
    "latency",
    "latency_by_day",
    "latency_by_provider",
    "newest_turn",
    "stopped",
    "unanswered",
    "unanswered_by_day",
]

_IN = "hour between :first and :last and (:source = '' or source = :source)"
_DONE = f"{_IN} and status = 'done'"
# Neither an answer, nor stopped by the customer, nor a person's to answer.
_FAILED = "status = 'error'"
_WEEKDAY = "(strftime('%w', substr(hour, 1, 10)) + 6) % 7"  # 0 is Monday
_TURN_IN = (
    "t.created_at >= :since and t.created_at < :until "
    "and (:source = '' or coalesce(t.source, 'chat') = :source)"
)
_FLAGS = "json_each(case when json_valid(t.guardrails) then t.guardrails else '[]' end)"
_TIMED = "t.status = 'done' and t.latency_ms is not null"
_STEPPED_IN = "t.fallbacks > 0 and t.status = 'done'"
_WHICH = {
    "all": "t.status = 'done'",
    "intent": "t.status = 'done' and t.intent = :key",
    "no_intent": "t.status = 'done' and coalesce(t.intent, '') = ''",
    "hour": "((strftime('%w', t.created_at, '+9 hours') + 6) % 7) "
    "|| strftime('|%H', t.created_at, '+9 hours') = :key",
    "unanswered": "t.unanswered and t.status = 'done'",
    "flag": f"t.guardrails <> '[]' and exists (select 1 from {_FLAGS} where value = :key)",
    "flagged": f"t.guardrails <> '[]' and exists (select 1 from {_FLAGS})",
    "timed": _TIMED,
    "provider": f"{_TIMED} and coalesce(t.provider, '') = :key",
    "fallback": _STEPPED_IN,
    "fallback_reason": f"{_STEPPED_IN} and coalesce(t.fallback_reason, '') = :key",
    "stopped": "t.status <> 'done' and t.status = 'stopped'",
    "failed": f"t.status <> 'done' and t.{_FAILED}",
}


def newest_turn(tx: Tx) -> datetime | None:
    """When the last turn of all was taken; None without any."""
    found = tx.value("select max(created_at) from turns")
    return None if found is None else from_text(found)


def by_intent(tx: Tx, span: Span) -> tuple[Point, ...]:
    """Answered turns of each intent ÷ answered turns, the most frequent first."""
    rows = tx.rows(
        "select intent, sum(turns) as n, sum(sum(turns)) over () as whole from figures_turns "
        f"where {_DONE} group by intent having n > 0 order by n desc, intent",
        span.bounds,
    )
    return tuple(_point(row["n"], row["whole"], row["intent"]) for row in rows)


def by_hour(tx: Tx, span: Span) -> tuple[Cell, ...]:
    """Turns of every status by weekday ("0" is Monday) and hour of the day in Seoul."""
    rows = tx.rows(
        f"select cast({_WEEKDAY} as text) as weekday, substr(hour, 12) as hour_of_day, "
        f"sum(turns) as n from figures_turns where {_IN} "
        "group by 1, 2 having n > 0 order by 1, 2",
        span.bounds,
    )
    return tuple(Cell(row["weekday"], row["hour_of_day"], row["n"]) for row in rows)


def unanswered(tx: Tx, span: Span) -> Point:
    """Answered turns whose question no policy clause answers ÷ answered turns."""
    return _share(tx, span, "unanswered", _DONE)


def unanswered_by_day(tx: Tx, span: Span) -> tuple[Point, ...]:
    """:func:`unanswered` of each day."""
    rows = tx.rows(
        "select substr(hour, 1, 10) as day, sum(unanswered) as n, sum(turns) as whole "
        f"from figures_turns where {_DONE} group by day having whole > 0 order by day",
        span.bounds,
    )
    return tuple(_point(row["n"], row["whole"], row["day"]) for row in rows)


def guard_flags(tx: Tx, span: Span) -> tuple[Point, ...]:
    """Turns of every status in which a guard held something back, by what it was.

    ``of`` is all turns; one turn may count under several kinds.
    """
    rows = tx.rows(
        "select flag, sum(turns) as n, "
        f"(select total(turns) from figures_turns where {_IN}) as whole "
        f"from figures_flags where {_IN} group by flag having n > 0 order by n desc, flag",
        span.bounds,
    )
    return tuple(_point(row["n"], row["whole"], row["flag"]) for row in rows)


def stopped(tx: Tx, span: Span) -> Point:
    """Turns that were left before the reply was whole ÷ turns of every status."""
    return _share(tx, span, "turns * (status = 'stopped')", _IN)


def errors(tx: Tx, span: Span) -> Point:
    """Turns that ended in an error ÷ turns of every status."""
    return _share(tx, span, f"turns * ({_FAILED})", _IN)


def fallback_rate(tx: Tx, span: Span) -> Point:
    """Answered turns in which another model or the desk itself stepped in for a model that
    failed ÷ answered turns.
    """
    return _share(tx, span, "fallbacks", _DONE)


def fallback_reasons(tx: Tx, span: Span) -> tuple[Point, ...]:
    """Why somebody had to step in: answered turns by the first failure's kind, most frequent
    first.
    """
    rows = tx.rows(
        "select coalesce(t.fallback_reason, '') as reason, count(*) as n from turns t "
        f"where {_TURN_IN} and {_STEPPED_IN} group by reason order by n desc, reason",
        span.bounds,
    )
    return tuple(Point(row["n"], row["n"], key=row["reason"]) for row in rows)


def latency(tx: Tx, span: Span) -> Spread:
    """Time from a message to the whole reply (ms): median and 95th percentile, nearest rank.

    Each turn's time is rounded to two significant digits (1,234 ms counts as 1,200).
    """
    found = _spreads(tx, span, "''")
    return found[0] if found else Spread(None, None, 0)


def latency_by_provider(tx: Tx, span: Span) -> tuple[Spread, ...]:
    """:func:`latency` of the turns that each provider worded."""
    return _spreads(tx, span, "provider")


def latency_by_day(tx: Tx, span: Span) -> tuple[Spread, ...]:
    """:func:`latency` of each day."""
    return _spreads(tx, span, "substr(hour, 1, 10)")


def behind(tx: Tx, span: Span, which: str, key: str = "", *, limit: int) -> list[Behind]:
    """The turns that a count is made of, newest first, each with its conversation.

    ``which`` is a row of ``_WHICH``, ``key`` the slice of it. Raises KeyError.
    """
    rows = tx.rows(
        "select t.conversation_id, t.turn_id, t.created_at, t.intent, u.name, coalesce((select "
        "content from messages m where m.conversation_id = t.conversation_id "
        "and m.turn_id = t.turn_id and m.role = 'user' limit 1), c.title) as title, "
        f"(select {OUTCOME} from figures_talks k where k.conversation_id = t.conversation_id) "
        "as state from turns t join conversations c using (conversation_id) "
        f"left join users u using (user_id) where {_TURN_IN} and {_WHICH[which]} "
        "order by t.created_at desc, t.turn_id limit :limit",
        {**span.bounds, "limit": limit, "key": key},
    )
    return [
        Behind(
            "conversation", row["conversation_id"], row["created_at"], row["title"] or "",
            row["name"] or "", row["state"] or "other", row["intent"] or "", row["turn_id"],
        )
        for row in rows
    ]  # fmt: skip


def _share(tx: Tx, span: Span, counted: str, where: str) -> Point:
    row = tx.row(
        f"select total({counted}) as n, total(turns) as whole from figures_turns where {where}",
        span.bounds,
    )
    found = row or {}
    return _point(found["n"], found["whole"])


def _spreads(tx: Tx, span: Span, key: str) -> tuple[Spread, ...]:
    """Nearest rank: the smallest time that at least half (95 %) of the turns do not exceed."""
    rows = tx.rows(
        f"with sums as (select {key} as slice, ms, sum(turns) as n from figures_latency "
        f"where {_IN} group by slice, ms having n > 0), "
        "ranked as (select slice, ms, sum(n) over (partition by slice order by ms) as upto, "
        "sum(n) over (partition by slice) as whole from sums) "
        "select slice, whole, min(ms) filter (where upto * 2 >= whole) as low, "
        "min(ms) filter (where upto * 20 >= whole * 19) as high "
        "from ranked group by slice order by slice",
        span.bounds,
    )
    return tuple(Spread(row["low"], row["high"], row["whole"], row["slice"]) for row in rows)


def _point(n: float, of: float, key: str = "") -> Point:
    return Point(n / of if of else None, int(n), int(of), key)
