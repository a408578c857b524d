"""Money and goods that a tool moves: refunds, payments, stored value, pieces put back.

Not tools themselves: each runs inside the transaction of the WRITE tool that calls it.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.shop.refunds import shares
from agent.tools.base import ToolContext
from errors import BadInput, NotFound
from store import orders, payment_methods, products
from store.models import Order, Payment, PaymentMethod, to_text

__all__ = ["charge", "own_method", "paid_with", "pay_back", "restock"]


def own_method(ctx: ToolContext, order: Order, method_id: str) -> PaymentMethod:
    """A payment method of the order's customer. Raises NotFound for anybody else's."""
    found = payment_methods.get(ctx.tx, method_id, user_id=order.user_id)
    if found is None:
        raise NotFound("등록된 결제 수단이 아니에요. 내 계정에 있는 결제 수단을 골라 주세요.")
    return found


def paid_with(ctx: ToolContext, order: Order) -> PaymentMethod | None:
    """How the order was paid, when that is a registered method."""
    last = next(p for p in reversed(order.payments) if p.kind == "payment")
    if last.method_id is None:
        return None
    return payment_methods.get(ctx.tx, last.method_id, user_id=order.user_id)


def charge(ctx: ToolContext, order: Order, method: PaymentMethod, amount_krw: int) -> None:
    """Pay ``amount_krw`` for the order. Raises BadInput when stored value does not reach."""
    if not payment_methods.move(ctx.tx, method.method_id, -amount_krw):
        raise BadInput(
            f"{method.label}의 잔액이 부족해요. 다른 결제 수단을 골라 주세요.",
            code="insufficient_balance",
        )
    _write(ctx, order, None, "payment", method.kind, method.label, method.method_id, amount_krw)


def pay_back(
    ctx: ToolContext,
    order: Order,
    amount_krw: int,
    *,
    claim_id: str | None = None,
    method: PaymentMethod | None = None,
    anywhere: bool = False,
    interest_krw: int = 0,
) -> None:
    """Pay back to what the order was paid with, ``method`` first; stored value at once.

    No method gets more than it paid unless the shop's policy lets the refund go ``anywhere``
    the customer named. ``amount_krw`` is above zero and at most what was paid and not yet
    paid back. Interest for being late goes to the method that gets the largest share.
    """
    largest: tuple[str, str, str | None]
    if method is not None and anywhere:
        _credit(ctx, order, claim_id, method.kind, method.label, method.method_id, amount_krw)
        largest = (method.kind, method.label, method.method_id)
    else:
        named = method.method_id if method else None
        parts = shares(order.payments, amount_krw, first=named)
        first = max(parts, key=lambda part: part.amount_krw)
        largest = (first.method, first.label, first.method_id)
        for part in parts:
            _credit(ctx, order, claim_id, part.method, part.label, part.method_id, part.amount_krw)
    if interest_krw:
        kind, label, method_id = largest
        _write(ctx, order, claim_id, "interest", kind, label, method_id, interest_krw)
        if method_id:
            payment_methods.move(ctx.tx, method_id, interest_krw)


def restock(ctx: ToolContext, pieces: Iterable[tuple[str, int]]) -> None:
    """Put (SKU, quantity) back on the shelf."""
    for sku, quantity in pieces:
        products.put_back(ctx.tx, sku, quantity)


def _credit(
    ctx: ToolContext, order: Order, claim_id: str | None, kind: str, label: str,
    method_id: str | None, amount_krw: int,
) -> None:  # fmt: skip
    _write(ctx, order, claim_id, "refund", kind, label, method_id, amount_krw)
    if method_id:
        payment_methods.move(ctx.tx, method_id, amount_krw)


def _write(
    ctx: ToolContext, order: Order, claim_id: str | None, row_kind: str, method: str, label: str,
    method_id: str | None, amount_krw: int,
) -> None:  # fmt: skip
    number = orders.next_payment_number(ctx.tx, order.order_id)
    orders.add_payment(
        ctx.tx,
        Payment(
            f"{order.order_id}-P{number}", order.order_id, claim_id, row_kind, method, label,
            amount_krw, to_text(ctx.now), method_id,
        ),
    )  # fmt: skip
