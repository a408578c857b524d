"""Desk time: the seconds in which somebody sits at the desk, between two moments.

With B(t) = open seconds before the day of t, plus those of that day up to t, the desk time from
a to b is B(b) - B(a). ``Span.desk`` has the calendar. A busy month has 100,000 such pairs: telling
their seconds and looking up their days in SQL makes the whole query nearly twice as long.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from store.figures.types import Spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["desk_times", "moments"]

_WIDTH = len("2026-11-21T09:00:00")
_SEOUL_S, _DAY_S = 9 * 3600, 86_400


def moments(column: str) -> str:
    """SQL for all of a column's times (UTC ISO-8601, never null) as one text, whole seconds."""
    return f"group_concat(substr({column}, 1, {_WIDTH}), '')"


def desk_times(calendar: str, starts: str, ends: str, without: str | None, key: str) -> Spread:
    """Median and 90th percentile (nearest rank) of the desk time between moments, in seconds.

    ``calendar`` is ``Span.desk``, every day of the moments in it; ``starts`` and ``ends`` are
    texts of :func:`moments`; ``without`` has seconds to take off each, joined by commas (None for
    nothing). A time that would be negative is 0.
    """
    import numpy as np

    before_start, before_end = np.split(_before(calendar, starts + ends), 2)
    taken = before_end - before_start
    if without is not None:
        taken -= np.array(without.split(","), dtype=np.int64)
    taken = np.sort(np.maximum(taken, 0))
    # The nearest rank of a share is the smallest value that so many of all reach.
    low, high = (int(taken[-(-len(taken) * tenths // 10) - 1]) for tenths in (5, 9))
    return Spread(low, high, len(taken), key)


def _before(calendar: str, text: str) -> NDArray[np.int64]:
    """B(t) of each moment."""
    import numpy as np

    days = json.loads(calendar)
    base, opens, closes = np.array([day[1:] for day in days], dtype=np.int64).T
    first = np.datetime64(days[0][0], "D").astype(np.int64)
    times = np.frombuffer(text.encode(), f"S{_WIDTH}").astype("M8[s]").astype(np.int64) + _SEOUL_S
    day = times // _DAY_S - first
    spent = np.clip(times % _DAY_S, opens[day], closes[day]) - opens[day]
    before: NDArray[np.int64] = base[day] + spent
    return before
