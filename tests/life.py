"""Walking orders and claims through their lives, for tests of the tools."""

from __future__ import annotations

from agent.types import Caller
from services import Services
from store.models import Claim, Order
from tests.shelves import STAFF, order_of

PATHS = {
    "cancel": ("approved", "completed"),
    "return": ("approved", "collecting", "collected", "completed"),
    "exchange": ("approved", "collecting", "collected", "reshipping", "completed"),
}


def advance(shop: Services, claim: Claim, *states: str, note: str = "") -> Claim:
    for to in states:
        claim = shop.tool(
            STAFF, "advance_claim", claim_id=claim.claim_id, to=to, version=claim.version, note=note
        )
    return claim


def reread(shop: Services, order: Order) -> Order:
    found: Order = shop.tool(STAFF, "get_order", order_id=order.order_id)
    return found


def several(shop: Services, caller: Caller, status: str) -> Order:
    """An order in a state with two lines at least and no claim."""
    for listed in shop.tool(caller, "list_orders", statuses=(status,), limit=50).items:
        order: Order = shop.tool(caller, "get_order", order_id=listed.order_id)
        if len(order.lines) > 1 and not order.claims:
            return order
    raise AssertionError(f"no {status} order with two lines")


def grown(shop: Services, order: Order, quantity: int) -> Order:
    """The order with so many pieces of its first line, bought and paid for."""
    line = order.lines[0]
    more = (quantity - line.quantity) * line.unit_price_krw
    sums = {"items_krw": order.items_krw + more, "total_krw": order.total_krw + more}
    with shop.database.write() as tx:
        tx.update("order_lines", {"line_id": line.line_id}, {"quantity": quantity})
        tx.update("orders", {"order_id": order.order_id}, sums)
        tx.execute(
            "update payments set amount_krw = amount_krw + ? where order_id = ?",
            (more, order.order_id),
        )
    return reread(shop, order)


def fresh_return(shop: Services, minji: Caller, reason: str = "defect", **more: object) -> Claim:
    order = order_of(shop, minji, "delivered")
    line = order.lines[0]
    claim: Claim = shop.tool(
        minji, "create_claim", order_id=order.order_id, kind="return",
        lines=[(line.line_id, line.quantity, None)], reason_code=reason, **more,
    )  # fmt: skip
    return claim
