"""Reading one order for a flow: the order, or the one sentence that there is none."""

from __future__ import annotations

from agent.turn import Turn
from errors import NotFound
from store.models import Order

__all__ = ["get_or_say"]


def get_or_say(turn: Turn, order_id: str) -> Order | None:
    """The order, or None once the reply says that there is none (or not for this caller)."""
    try:
        order: Order = turn.call("get_order", order_id=order_id)
    except NotFound as error:
        turn.refuse(error)
        return None
    turn.context = turn.context.change(order_id=order.order_id)
    return order
