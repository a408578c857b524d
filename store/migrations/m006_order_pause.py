"""Many orders are indexed at once: a row in ``order_search_pause`` keeps the triggers still.

Every write through a trigger flushes the full text index; an import's or a benchmark's orders
are written to it together instead, some twenty times faster. The row lives inside one
transaction only (``store.order_pages.indexed_at_once``), so no other writer ever meets it.
"""

from __future__ import annotations

from store.database import Tx

_PAUSED = (
    "order_search_order", "order_search_line", "order_search_change", "order_search_user",
)  # fmt: skip
_WATCHED = "not exists (select 1 from order_search_pause)"


def apply(tx: Tx) -> None:
    """Add the table and the condition on it to the triggers that import meets."""
    tx.execute("create table order_search_pause (one integer primary key check (one = 1))")
    for name in _PAUSED:
        sql = tx.value("select sql from sqlite_master where type = 'trigger' and name = ?", (name,))
        head, begin, body = sql.partition(" begin ")
        joined = " and " if " when " in head else " when "
        tx.execute(f"drop trigger {name}")
        tx.execute(f"{head}{joined}{_WATCHED}{begin}{body}")
