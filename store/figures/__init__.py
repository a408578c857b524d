"""The figures of the dashboard: each is one query function, ``(tx, span) -> typed result``.

Aggregation happens in SQL. What would take seconds over a million turns is kept ready by the
triggers of migration 13. Days and hours are Asia/Seoul's.
"""

from store.figures.tickets import oldest_ticket
from store.figures.turns import newest_turn
from store.figures.types import Behind, Cell, Cost, Flow, Point, Span, Spread

__all__ = [
    "Behind",
    "Cell",
    "Cost",
    "Flow",
    "Point",
    "Span",
    "Spread",
    "newest_turn",
    "oldest_ticket",
]
