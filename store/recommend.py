"""What orders say of products: bought by many lately, bought together, bought by somebody.

Cancelled orders do not count. Every query is bounded, however many orders there are. What is
asked of everybody's orders names ``main.``: a sandbox holds one customer's (``store.sandbox``).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from store.database import Row, Tx
from store.models import to_text
from store.product_index import Filters

__all__ = ["bought", "popular", "together"]

RECENT = timedelta(days=60)
NEWEST = 10_000  # orders looked at for what is popular
WITH_IT = 1_000  # newest orders of a product looked at for what went with it
SUPPORT = 2  # orders that must agree before "bought together" is said
MOST_PAIRS = 30


def popular(
    tx: Tx, filters: Filters, *, at: datetime, limit: int, option: str = ""
) -> list[tuple[str, int]]:
    """(product id, buyers) of what most people bought in the last 60 days, in stock.

    ``option`` is part of the name of an option that must be in stock.
    """
    found = tx.rows(
        "with recent as (select order_id, user_id from main.orders "
        "where created_at >= :since and status <> 'cancelled' "
        "order by created_at desc limit :newest), "
        "counted as (select l.product_id, count(distinct r.user_id) as buyers "
        "from recent r cross join main.order_lines l on l.order_id = r.order_id "
        "group by l.product_id) "
        "select c.product_id, c.buyers from counted c join products p using (product_id) "
        "where p.price_krw >= :low and (:high is null or p.price_krw <= :high) "
        "and (:category = '' or p.category = :category) "
        "and exists (select 1 from product_options o where o.product_id = c.product_id "
        "and o.stock > 0 and instr(o.name, :option)) "
        "order by c.buyers desc, c.product_id limit :limit",
        {
            "since": to_text(at - RECENT), "newest": NEWEST, "low": filters.min_price_krw,
            "high": filters.max_price_krw, "category": filters.category, "option": option,
            "limit": limit,
        },
    )  # fmt: skip
    return [(row["product_id"], row["buyers"]) for row in found]


def together(tx: Tx, product_id: str, *, limit: int) -> list[tuple[str, float, int]]:
    """(product id, lift, orders) of what is bought with a product more than by chance.

    Lift is how many times more often the other one is in an order with this than in any.
    """
    pairs = tx.rows(
        # Order ids begin with their day: the highest are the newest.
        "with lately as (select distinct order_id from main.order_lines where product_id = :id "
        "order by order_id desc limit :newest), mine as (select order_id from lately "
        "cross join main.orders o using (order_id) where o.status <> 'cancelled') "
        "select l.product_id, count(distinct l.order_id) as orders, "
        "(select count(*) from mine) as mine from mine m "
        "cross join main.order_lines l on l.order_id = m.order_id where l.product_id <> :id "
        "group by l.product_id having orders >= :support order by orders desc limit :pairs",
        {"id": product_id, "newest": WITH_IT, "support": SUPPORT, "pairs": MOST_PAIRS},
    )
    # Orders are never deleted, so the last row's number is how many there are.
    everyone = int(tx.value("select max(rowid) from main.orders") or 0)
    found = [
        (row["product_id"], row["orders"] * everyone / (row["mine"] * _sold(tx, row)),
         row["orders"])
        for row in pairs
    ]  # fmt: skip
    found = [one for one in found if one[1] > 1.0]
    return sorted(found, key=lambda one: (-one[1], -one[2], one[0]))[:limit]


def _sold(tx: Tx, row: Row) -> int:
    """How many order lines a product has."""
    sql = "select count(*) from main.order_lines where product_id = ?"
    return int(tx.value(sql, (row["product_id"],)))


def bought(tx: Tx, user_id: str, *, limit: int) -> list[str]:
    """Ids of what somebody bought, newest first; cancelled orders left out."""
    rows = tx.rows(
        "select l.product_id from (select order_id, created_at from orders where user_id = ? "
        "and status <> 'cancelled' order by created_at desc limit 200) o "
        "cross join order_lines l on l.order_id = o.order_id "
        "group by l.product_id order by max(o.created_at) desc, l.product_id limit ?",
        (user_id, limit),
    )
    return [row["product_id"] for row in rows]
