"""Orders at the staff's side: payment received, packed, handed over, delivered."""

from __future__ import annotations

from agent.shop import words
from agent.shop.claims import OPEN_STATUSES, check_order_transition
from agent.shop.quote import due_krw
from agent.tools.base import ToolContext, clean, tool
from agent.tools.claims import save_claim
from agent.tools.orders import current_order, get_order, save_order
from errors import BadInput, NotAllowedNow
from store import orders
from store.models import Order, Payment, to_text

__all__ = ["advance_order"]

_SHIPPED = "상품이 이미 출고되어 취소할 수 없어요. 받으신 뒤 반품을 신청해 주세요."


@tool("WRITE")
def advance_order(
    ctx: ToolContext,
    *,
    order_id: str,
    to: str,
    method: str = "bank_transfer",
    carrier: str = "",
    tracking_no: str = "",
    version: int | None = None,
) -> Order:
    """Move an order along: paid (by ``method``), preparing, shipped, delivered; staff only.

    Dispatch needs ``carrier`` and ``tracking_no`` and refuses a cancellation still asked for;
    an approved one has to be completed first. Raises Forbidden, NotFound, NotAllowedNow with
    the states that may follow, StateChanged, BadInput.
    """
    ctx.require_staff()
    order = current_order(ctx, order_id, version)
    check_order_transition(order.status, to)
    changes = {"status": to}
    if to == "paid":
        _receive(ctx, order, method)
    elif to == "shipped":
        _dispatch(ctx, order, carrier, tracking_no)
    elif to == "delivered":
        changes["delivered_at"] = to_text(ctx.now)
        orders.set_delivered(ctx.tx, order.order_id, at=ctx.now)
    save_order(ctx, order, changes)
    ctx.audit("advance", "order", order.order_id, {"status": order.status}, changes)
    return get_order(ctx, order_id=order_id)


def _receive(ctx: ToolContext, order: Order, method: str) -> None:
    if method not in words.PAYMENT_METHOD:
        raise BadInput("입금된 결제 수단을 다시 골라 주세요.")
    due = due_krw(order)
    if not due:  # a coupon for all of it: nothing is booked
        return
    orders.add_payment(
        ctx.tx,
        Payment(
            f"{order.order_id}-P1", order.order_id, None, "payment", method,
            words.PAYMENT_METHOD[method], due, to_text(ctx.now),
        ),
    )  # fmt: skip


def _dispatch(ctx: ToolContext, order: Order, carrier: str, tracking_no: str) -> None:
    carrier, tracking_no = clean(carrier.strip()), tracking_no.strip()
    if not carrier or not tracking_no:
        raise BadInput("택배사와 운송장 번호를 적어 주세요.")
    for claim in order.claims:
        if claim.kind == "cancel" and claim.status == "approved":
            raise NotAllowedNow(
                f"승인된 취소({claim.claim_id})가 있어요. 취소를 먼저 완료해 주세요.",
                code="cancel_approved",
            )
        if claim.kind == "cancel" and claim.status in OPEN_STATUSES:
            save_claim(ctx, None, claim, {"status": "rejected", "note": _SHIPPED})
    orders.add_shipment(
        ctx.tx, order.order_id, carrier=carrier, tracking_no=tracking_no, at=ctx.now
    )
