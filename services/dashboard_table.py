"""The table of the dashboard's figures: one row each, its query and what lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

from services.dashboard_formulas import FORMULAS
from store.database import Tx
from store.figures import Behind, Span, claims, money, opinions, talks, tickets, turns

__all__ = ["FIGURES", "Behinds", "Figure", "Good", "Unit"]

Unit = Literal["count", "share", "desk_s", "ms", "usd", "krw"]
Good = Literal["up", "down", ""]


class Behinds(Protocol):
    """Reads the conversations, tickets or claims that a slice of a figure counted."""

    def __call__(self, tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]: ...


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``formula`` is its tooltip; ``good`` is the way it should move, "" for none.

    ``slices`` names the words of its keys (``dashboard_words.WORDS``), "day" for days, "" for a
    single number. ``behind`` is None where nothing of a customer lies behind it. A figure that
    does not follow the choice of a source says so by ``by_source``.
    """

    key: str
    name: str
    formula: str
    unit: Unit
    query: Callable[[Tx, Span], Any]
    behind: Behinds | None = None
    good: Good = ""
    slices: str = ""
    by_source: bool = True
    listed: str = ""


def _talks(which: str) -> Behinds:
    def read(tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]:
        day, _, outcome = key.partition("|")
        ended = f"end_{outcome}" if outcome else which
        return talks.behind(tx, span.within(day) if day else span, ended, limit=limit)

    return read


def _how(tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]:
    return talks.behind(tx, span, key, limit=limit)


def _turns(which: str) -> Behinds:
    return partial(_keyed, partial(turns.behind, which=which))


def _intent(tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]:
    return turns.behind(tx, span, "intent" if key else "no_intent", key, limit=limit)


def _turns_of_day(which: str) -> Behinds:
    def read(tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]:
        return turns.behind(tx, span.within(key) if key else span, which, limit=limit)

    return read


def _tickets(which: str) -> Behinds:
    return partial(_keyed, partial(tickets.behind, which=which))


def _opinions(which: str) -> Behinds:
    return partial(_keyed, partial(opinions.behind, which=which))


def _opinions_of_day(tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]:
    return opinions.behind(tx, span.within(key) if key else span, "all", limit=limit)


def _claims(which: str) -> Behinds:
    return partial(_keyed, partial(claims.behind, which=which))


def _keyed(
    read: Callable[..., list[Behind]], tx: Tx, span: Span, key: str, *, limit: int
) -> list[Behind]:
    return read(tx, span, key=key, limit=limit)


def _reasons(tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]:
    return tickets.behind(tx, span, "reason" if key else "handed", key, limit=limit)


def _flags(tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]:
    return turns.behind(tx, span, "flag" if key else "flagged", key, limit=limit)


def _late(tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]:
    promise, _, priority = key.partition("|")
    which = f"late_{promise}" if promise else "late"
    return tickets.behind(tx, span, which, priority, limit=limit)


def _flow(tx: Tx, span: Span, key: str, *, limit: int) -> list[Behind]:
    day, _, what = key.partition("|")
    which = {"opened": "created", "resolved": "resolution", "": "open", "left": "open"}[what]
    return tickets.behind(tx, span.within(day) if day else span, which, limit=limit)


def _row(key: str, *rest: Any, **more: Any) -> Figure:
    return Figure(key, *FORMULAS[key], *rest, **more)


_RESOLVED = "해결된 상담만 보여 줘요."
_LATE_ONLY = "기한을 넘긴 티켓만 보여 줘요."
_ROWS = (
    # 상담
    _row("conversations", "count", talks.conversations, _talks("all")),
    _row("conversations_by_day", "count", talks.by_day, _talks("all"), slices="day"),
    _row("resolution", "share", talks.resolution_rate, _talks("resolved"), "up", listed=_RESOLVED),
    _row(
        "resolution_by_day",
        "share",
        talks.resolution_by_day,
        _talks("resolved"),
        "up",
        "day",
        listed=_RESOLVED,
    ),
    _row("resolution_how", "share", talks.resolution_how, _how, slices="how"),
    _row("handoff", "share", talks.handoff_rate, _talks("handed"), "down"),
    _row("handoff_by_day", "share", talks.handoffs_by_day, _talks("handed"), "down", "day"),
    _row("handoff_reasons", "share", tickets.handoff_reasons, _reasons, slices="handoff"),
    _row("intents", "share", turns.by_intent, _intent, slices="intent"),
    _row("hours", "count", turns.by_hour, _turns("hour"), slices="hour"),
    _row("unanswered", "share", turns.unanswered, _turns_of_day("unanswered"), "down"),
    _row(
        "unanswered_by_day",
        "share",
        turns.unanswered_by_day,
        _turns_of_day("unanswered"),
        "down",
        "day",
    ),
    # 티켓
    _row("first_response", "desk_s", tickets.first_response, _tickets("first_response"), "down"),
    _row(
        "first_response_by_priority",
        "desk_s",
        tickets.first_response_by_priority,
        _tickets("first_response"),
        "down",
        "priority",
    ),
    _row("resolution_time", "desk_s", tickets.resolution, _tickets("resolution"), "down"),
    _row(
        "resolution_time_by_priority",
        "desk_s",
        tickets.resolution_by_priority,
        _tickets("resolution"),
        "down",
        "priority",
    ),
    _row("promises", "share", tickets.promises, _late, "up", listed=_LATE_ONLY),
    _row(
        "promises_by_priority",
        "share",
        tickets.promises_by_priority,
        _late,
        "up",
        "promise",
        listed=_LATE_ONLY,
    ),
    _row("backlog", "count", tickets.backlog, _tickets("open"), "down"),
    _row("backlog_by_day", "count", tickets.backlog_by_day, _flow, "down", "flow"),
    _row("issue_types", "share", tickets.by_type, _tickets("type"), slices="issue_type"),
    _row("reopened", "share", tickets.reopen_rate, _tickets("reopened"), "down"),
    # 품질·안전
    _row("satisfaction", "share", opinions.satisfaction, _opinions("all"), "up"),
    _row(
        "satisfaction_by_day", "share", opinions.satisfaction_by_day, _opinions_of_day, "up", "day"
    ),
    _row("opinions", "share", opinions.reasons, _opinions("reason"), slices="opinion"),
    _row("guards", "share", turns.guard_flags, _flags, slices="flag"),
    _row("latency", "ms", turns.latency, _turns("timed"), "down"),
    _row(
        "latency_by_provider",
        "ms",
        turns.latency_by_provider,
        _turns("provider"),
        "down",
        "provider",
    ),
    _row("latency_by_day", "ms", turns.latency_by_day, _turns_of_day("timed"), "down", "day"),
    # 비용·오류
    _row("cost", "usd", money.spent, good="down", by_source=False),
    _row("cost_by_day", "usd", money.by_day, good="down", slices="day", by_source=False),
    _row(
        "cost_by_provider",
        "usd",
        money.by_provider,
        good="down",
        slices="provider",
        by_source=False,
    ),
    _row("cost_each", "usd", talks.cost_each, _talks("priced"), "down"),
    _row("errors", "share", turns.errors, _turns("failed"), "down"),
    _row("stopped", "share", turns.stopped, _turns("stopped"), "down"),
    _row("fallbacks", "share", turns.fallback_rate, _turns("fallback"), "down"),
    _row(
        "fallback_reasons",
        "count",
        turns.fallback_reasons,
        _turns("fallback_reason"),
        "down",
        "failure",
    ),
    # 상품
    _row(
        "claim_reasons",
        "share",
        claims.by_reason,
        _claims("reason"),
        slices="reason",
        by_source=False,
    ),
    _row(
        "claims_by_product",
        "count",
        claims.by_product,
        _claims("product"),
        slices="reason",
        by_source=False,
    ),
    _row(
        "refunds",
        "krw",
        claims.refunds_by_product,
        _claims("refund"),
        slices="claim_kind",
        by_source=False,
    ),
)
FIGURES: Mapping[str, Figure] = {figure.key: figure for figure in _ROWS}
