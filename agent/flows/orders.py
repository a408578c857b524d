"""order_status and delivery: where an order or its parcel is."""

from __future__ import annotations

from agent.cards import order_card
from agent.flows.knowledge import cite_rule
from agent.flows.lookup import get_or_say, own_orders
from agent.flows.pick import pick_order
from agent.shop.calendar import add_business_days, day_of
from agent.shop.claims import OPEN_STATUSES
from agent.shop.words import ORDER_STATUS
from agent.turn import Turn
from store.models import Order, from_text

__all__ = ["delivery", "order_status"]


def order_status(turn: Turn) -> None:
    """Say how an order stands, or list the newest ones when none is named."""
    slots = turn.slots
    answering = turn.answered is not None
    named = slots.order_id or slots.ordinal or slots.refers_back or slots.products or slots.when
    if turn.caller.user_id is not None and not named and not answering:
        orders = own_orders(turn, limit=5)
        turn.say("recent" if orders else "no_orders", count=len(orders), verb="조회")
        turn.fact(f"{len(orders)}건")
        turn.show(*(order_card(turn, order) for order in orders))
        return
    order = pick_order(turn, lambda _: True, verb="주문을 확인", message="{id} 주문 어떻게 됐어요?")
    if order is not None:
        _tell(turn, order)


def delivery(turn: Turn) -> None:
    """Say where the parcel is and when it should arrive."""
    order_id = _only_shipped(turn)
    if order_id:
        order = get_or_say(turn, order_id)
    else:
        order = pick_order(
            turn,
            lambda order: order.status in ("shipped", "preparing", "paid"),
            verb="배송을 조회",
            message="{id} 주문 배송 조회해 주세요",
            statuses=("shipped", "preparing", "paid"),
        )
    if order is not None:
        _tell(turn, order)


def _only_shipped(turn: Turn) -> str | None:
    """The one parcel that is on its way, when the message names no order."""
    slots = turn.slots
    named = slots.order_id or slots.ordinal or slots.refers_back or slots.products or slots.when
    if named or turn.answered or turn.context.order_id or turn.caller.user_id is None:
        return None
    on_the_way = own_orders(turn, statuses=("shipped",), limit=2)
    return on_the_way[0].order_id if len(on_the_way) == 1 else None


def _tell(turn: Turn, order: Order) -> None:
    """One sentence for the state, one for what comes next, and the card."""
    values = {
        "title": order.title,
        "status": ORDER_STATUS[order.status],
        "ordered": turn.fact(day_of(from_text(order.created_at))),
    }
    name = order.status
    if order.status == "shipped" and order.shipment:
        last = order.shipment.events[-1] if order.shipment.events else None
        shipped = from_text(order.shipment.shipped_at or order.updated_at)
        values |= {
            "carrier": order.shipment.carrier,
            "tracking_no": order.shipment.tracking_no,
            "last": last.text if last else "이동 중이에요",
            "place": last.place if last and last.place else order.shipment.carrier,
            "eta": turn.fact(
                add_business_days(day_of(shipped), turn.rules.delivery_max_business_days)
            ),
        }
        late = day_of(turn.now) > values["eta"]
        name = "shipped_late" if late else "shipped"
    elif order.status == "delivered" and order.delivered_at:
        values["delivered"] = turn.fact(day_of(from_text(order.delivered_at)))
    elif order.status == "paid" and turn.caller.user_id is None:
        name = "paid_guest"
    elif order.status == "pending_payment":
        values["total"] = order.total_krw
        values["days"] = turn.rules.payment_deadline_days
        turn.fact(f"{turn.rules.payment_deadline_days}일")
    turn.say(f"state_{name}", **values)
    if turn.intent == "delivery" and order.status == "delivered":
        cite_rule(turn, "배송완료라고 나오는데 상품을 받지 못했어요")
    running = any(line.claim_status in OPEN_STATUSES for line in order.lines)
    if running and order.status == "delivered":
        turn.say("has_claim")
    turn.show(order_card(turn, order))
