"""Reading orders for a flow: one, or the one sentence that there is none; and one's own."""

from __future__ import annotations

from typing import Any

from agent.tools.base import run
from agent.turn import Turn
from errors import NotFound
from store.models import Order

__all__ = ["get_or_say", "own_orders"]


def get_or_say(turn: Turn, order_id: str) -> Order | None:
    """The order, or None once the reply says that there is none (or not for this caller)."""
    try:
        order: Order = turn.call("get_order", order_id=order_id)
    except NotFound as error:
        turn.refuse(error)
        return None
    turn.context = turn.context.change(order_id=order.order_id)
    return order


def own_orders(turn: Turn, **filters: Any) -> list[Order]:
    """The caller's own orders, newest first; a member of staff has such, too."""
    page = run(turn.tools, "list_orders", customer_id=turn.caller.user_id, **filters)
    found: list[Order] = turn.fact(list(page.items))
    return found
