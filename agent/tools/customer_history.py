"""A customer as the desk sees them: what they ordered, asked and sent back so far."""

from __future__ import annotations

from dataclasses import dataclass

from agent.tools.base import ToolContext, tool
from agent.tools.customers import Customer, get_customer
from store import claims, order_pages, ticket_history, tickets
from store.models import Claim, Order, Ticket
from store.ticket_history import Counts

__all__ = ["CustomerHistory", "customer_history"]

SHOWN = 5


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    """The customer, their numbers, and the newest five of everything (newest first)."""

    customer: Customer
    counts: Counts
    orders: tuple[Order, ...]
    claims: tuple[Claim, ...]
    tickets: tuple[Ticket, ...]


@tool("READ")
def customer_history(ctx: ToolContext, *, customer_id: str) -> CustomerHistory:
    """What a customer has had to do with the shop. Raises Forbidden, NotFound."""
    ctx.require_staff()
    return CustomerHistory(
        get_customer(ctx, customer_id=customer_id),
        ticket_history.counts_of(ctx.tx, customer_id),
        order_pages.page(ctx.tx, user_id=customer_id, limit=SHOWN).items,
        tuple(claims.find(ctx.tx, user_id=customer_id, limit=SHOWN)),
        tuple(tickets.find(ctx.tx, user_id=customer_id, limit=SHOWN)),
    )
