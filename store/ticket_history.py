"""What a ticket is seen beside: the customer's other matters, and solved ones like it.

Every query is served by an index whatever the number of tickets.
"""

from __future__ import annotations

from dataclasses import dataclass

from store.database import Row, Tx

__all__ = ["Counts", "Solved", "counts_of", "products_of", "solved"]

# The rank and the order of m007's queue index: resolved, then closed, each newest first.
_RANK = (
    "case t.status when 'open' then 0 when 'in_progress' then 0 when 'waiting_customer' then 1 "
    "when 'resolved' then 2 else 3 end"
)
_URGENCY = (
    "case when t.status in ('open', 'in_progress', 'waiting_customer') then julianday("
    "case when t.first_responded_at is null "
    "then coalesce(t.first_response_due, t.resolution_due, '9999-12-31') "
    "else coalesce(t.resolution_due, '9999-12-31') end) "
    "else -julianday(coalesce(t.updated_at, t.created_at)) end"
)
LOOKED_AT = 3000  # of the newest solved tickets of either state


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a customer has had to do with the shop; ``spent_krw`` is what was ordered."""

    orders: int
    spent_krw: int
    claims: int
    tickets: int
    open_tickets: int
    unhappy_tickets: int


@dataclass(frozen=True, slots=True)
class Solved:
    """A solved ticket: what was asked and how it was solved."""

    ticket_id: str
    subject: str
    description: str
    summary: str
    resolution: str
    issue_type: str
    resolved_at: str
    verdict: str | None
    product_ids: tuple[str, ...]


def counts_of(tx: Tx, user_id: str) -> Counts:
    """A customer's numbers; cancelled orders are not counted as spending."""
    row = tx.row(
        "select (select count(*) from orders where user_id = :u) orders, "
        "(select coalesce(sum(total_krw), 0) from orders "
        "where user_id = :u and status <> 'cancelled') spent, "
        "(select count(*) from claims where user_id = :u) claims, "
        "count(*) tickets, "
        "coalesce(sum(status in ('open', 'in_progress', 'waiting_customer')), 0) running, "
        "coalesce(sum(sentiment in ('negative', 'angry')), 0) unhappy "
        "from tickets where user_id = :u",
        {"u": user_id},
    )
    assert row is not None, "an aggregate has a row"
    return Counts(*row.values())


def solved(tx: Tx, *, issue_type: str, besides: str, limit: int = 300) -> list[Solved]:
    """The newest solved tickets of a type that tell how they were solved.

    Looks at the ``LOOKED_AT`` newest ones of each state (resolved, closed).
    """
    found: list[Solved] = []
    for rank in (2, 3):
        rows = tx.rows(
            "select ticket_id, subject, description, summary, resolution, issue_type, "
            "coalesce(resolved_at, updated_at, created_at) resolved_at, verdict, (select "
            "group_concat(product_id) from order_lines l where l.order_id = n.order_id) products "
            f"from (select t.* from tickets t indexed by ix_tickets_queue where {_RANK} = :rank "
            f"order by {_RANK}, {_URGENCY} limit :looked) n "
            "where issue_type = :issue_type and resolution <> '' and ticket_id <> :besides "
            "limit :limit",
            {"rank": rank, "looked": LOOKED_AT, "issue_type": issue_type, "besides": besides,
             "limit": limit - len(found)},
        )  # fmt: skip
        found += [_solved(row) for row in rows]
    return found


def products_of(tx: Tx, order_id: str | None) -> tuple[str, ...]:
    """The products of an order; none for no order."""
    rows = tx.rows("select product_id from order_lines where order_id = ?", (order_id,))
    return tuple(row["product_id"] for row in rows)


def _solved(row: Row) -> Solved:
    return Solved(
        row["ticket_id"], row["subject"] or "", row["description"] or "", row["summary"] or "",
        row["resolution"], row["issue_type"], row["resolved_at"], row["verdict"],
        tuple(row["products"].split(",")) if row["products"] else (),
    )  # fmt: skip
