"""What language models cost and how often they fail: from the books, a row a Korean day.

The books know every call, a program's own and those whose conversation is gone, but no source:
``Span.source`` changes nothing here, and a span counts whole days.
"""

from __future__ import annotations

from store.database import Tx
from store.figures.types import Cost, Span

__all__ = ["by_day", "by_provider", "spent"]

_SUMS = (
    "total(cost_usd) as usd, sum(calls) as calls, sum(errors) as errors, "
    "sum(unpriced) as unpriced from llm_days where day between :first_day and :last_day"
)


def spent(tx: Tx, span: Span) -> Cost:
    """Σ cost of all calls (USD). Calls without a known price are counted apart, not as free."""
    found = _costs(tx, span, "''")
    return found[0] if found else Cost("", 0.0, 0, 0, 0)


def by_day(tx: Tx, span: Span) -> tuple[Cost, ...]:
    """:func:`spent` of each day."""
    return _costs(tx, span, "day")


def by_provider(tx: Tx, span: Span) -> tuple[Cost, ...]:
    """:func:`spent` at each provider, and how many of the calls failed there."""
    return _costs(tx, span, "provider")


def _costs(tx: Tx, span: Span, key: str) -> tuple[Cost, ...]:
    rows = tx.rows(
        f"select {key} as slice, {_SUMS} group by slice order by slice",
        {"first_day": span.days[0], "last_day": span.days[-1]},
    )
    return tuple(
        Cost(row["slice"], row["usd"], row["calls"], row["errors"], row["unpriced"]) for row in rows
    )
