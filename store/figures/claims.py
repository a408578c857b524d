"""Claims by product and reason, and the refunds that came of them.

The shop's own, whatever way they came in: ``Span.source`` changes nothing here. A claim that
the customer took back does not count.
"""

from __future__ import annotations

from store.database import Tx
from store.figures.types import Behind, Cell, Point, Span

__all__ = ["behind", "by_product", "by_reason", "refunds_by_product"]

_IN = "c.created_at >= :since and c.created_at < :until and c.status <> 'withdrawn'"
_WHICH = {
    "all": "1",
    "reason": "c.reason_code = :key",
    "product": "l.product_name || '|' || c.reason_code = :key",
    "refund": "c.status = 'completed' and c.refund_krw > 0 "
    "and l.product_name || '|' || c.kind = :key",
}


def by_reason(tx: Tx, span: Span) -> tuple[Point, ...]:
    """Claims made in the span by reason ÷ all of them, the most frequent first."""
    rows = tx.rows(
        "select c.reason_code as reason, count(*) as n, sum(count(*)) over () as whole "
        f"from claims c where {_IN} group by reason order by n desc, reason",
        span.bounds,
    )
    return tuple(
        Point(row["n"] / row["whole"], row["n"], row["whole"], row["reason"]) for row in rows
    )


def by_product(tx: Tx, span: Span) -> tuple[Cell, ...]:
    """Claims made in the span by product and reason; one of two products counts at both."""
    rows = tx.rows(
        "select l.product_name as product, c.reason_code as reason, "
        "count(distinct c.claim_id) as n from claims c join claim_lines using (claim_id) "
        f"join order_lines l using (line_id) where {_IN} "
        "group by product, reason order by n desc, product, reason",
        span.bounds,
    )
    return tuple(Cell(row["product"], row["reason"], row["n"]) for row in rows)


def refunds_by_product(tx: Tx, span: Span) -> tuple[Cell, ...]:
    """What was refunded for claims made in the span and completed since, by product and kind.

    A claim's refund is spread over its lines by their price: refund × line ÷ Σ lines, where a
    line is unit price × quantity. ``n`` counts claims.
    """
    rows = tx.rows(
        "with part as (select c.claim_id, c.kind, c.refund_krw, l.product_name as product, "
        "1.0 * l.unit_price_krw * q.quantity as krw, "
        "sum(l.unit_price_krw * q.quantity) over (partition by c.claim_id) as whole "
        "from claims c join claim_lines q using (claim_id) join order_lines l using (line_id) "
        f"where {_IN} and c.status = 'completed' and c.refund_krw > 0) "
        "select product, kind, count(distinct claim_id) as n, "
        "cast(round(total(refund_krw * krw / nullif(whole, 0))) as integer) as krw "
        "from part group by product, kind order by krw desc, product, kind",
        span.bounds,
    )
    return tuple(Cell(row["product"], row["kind"], row["n"], row["krw"]) for row in rows)


def behind(tx: Tx, span: Span, which: str, key: str = "", *, limit: int) -> list[Behind]:
    """The claims that a count is made of, newest first. Raises KeyError."""
    rows = tx.rows(
        "select c.claim_id, c.created_at, c.status, c.reason_code, u.name, "
        "group_concat(distinct l.product_name) as title from claims c "
        "join users u using (user_id) join claim_lines using (claim_id) "
        f"join order_lines l using (line_id) where {_IN} and {_WHICH[which]} "
        "group by c.claim_id order by c.created_at desc, c.claim_id limit :limit",
        {**span.bounds, "limit": limit, "key": key},
    )
    return [
        Behind(
            "claim", row["claim_id"], row["created_at"], row["title"] or "", row["name"],
            row["status"], row["reason_code"],
        )
        for row in rows
    ]  # fmt: skip
