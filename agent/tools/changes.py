"""Changing an order before it is prepared: the address, options, how it is paid."""

from __future__ import annotations

from collections.abc import Sequence

from agent.shop.address import checked_address, checked_zip
from agent.shop.quote import cheaper_krw, delivery_krw
from agent.tools.base import ToolContext, clean, tool
from agent.tools.ledger import charge, own_method, paid_with, pay_back
from agent.tools.orders import current_order, get_order, require_action, save_order
from errors import BadInput, NotAllowedNow
from store import orders, products
from store.models import Option, Order, OrderLine, PaymentMethod

__all__ = ["change_address", "change_options", "change_payment"]

_LATER = "bank_transfer"  # paid by the customer some other day: nothing to move it to


@tool("WRITE")
def change_address(
    ctx: ToolContext,
    *,
    order_id: str,
    road: str,
    detail: str = "",
    zip_code: str = "",
    version: int | None = None,
) -> Order:
    """Send an order that has not been prepared yet to another address.

    Raises NotFound, NotAllowedNow, StateChanged, BadInput for an address without a street.
    """
    order = current_order(ctx, order_id, version)
    require_action(ctx, order, "change_address")
    road, detail = checked_address(clean(road), clean(detail))
    after = {"zip": checked_zip(zip_code), "road": road, "detail": detail}
    save_order(ctx, order, after)
    before = {"zip": order.zip, "road": order.road, "detail": order.detail}
    ctx.audit("change_address", "order", order.order_id, before, after)
    return get_order(ctx, order_id=order_id)


@tool("WRITE")
def change_options(
    ctx: ToolContext,
    *,
    order_id: str,
    changes: Sequence[tuple[str, str]],
    method_id: str | None = None,
    version: int | None = None,
) -> Order:
    """Swap (line id, new SKU) of an unprepared order for other options of the same products.

    All or nothing. A paid order keeps its price unless the shop's ``price_difference`` allows
    it: then the difference is charged or paid back on ``method_id`` (default: how the order
    was paid). Raises NotFound, NotAllowedNow, StateChanged, BadInput (other product, other
    price, nothing left, the same option, too small a balance).
    """
    order = current_order(ctx, order_id, version)
    require_action(ctx, order, "change_option")
    if not changes or len({line_id for line_id, _ in changes}) < len(changes):
        raise BadInput("바꿀 상품과 옵션을 한 번씩 골라 주세요.")
    method = None if method_id is None else own_method(ctx, order, method_id)
    by_id = {line.line_id: line for line in order.lines}
    difference = sum(_swap(ctx, order, by_id.get(line_id), sku) for line_id, sku in changes)
    after = {"option_changes": order.option_changes + 1}
    if difference:
        if difference < 0 and -difference > cheaper_krw(order):
            raise BadInput("쿠폰 할인보다 싼 옵션으로는 바꿀 수 없어요.")
        items = order.items_krw + difference
        shipping = order.shipping_krw if order.paid_krw else delivery_krw(order, items, ctx.rules)
        after |= {
            "items_krw": items,
            "shipping_krw": shipping,
            "total_krw": items - order.coupon_krw + shipping,
        }
        if order.paid_krw:
            _settle(ctx, order, difference, method or paid_with(ctx, order))
    save_order(ctx, order, after)
    ctx.audit(
        "change_option", "order", order.order_id,
        {"skus": [by_id[line_id].sku for line_id, _ in changes]},
        {"skus": [sku for _, sku in changes], "difference_krw": difference,
         "method_id": method_id},
    )  # fmt: skip
    return get_order(ctx, order_id=order_id)


@tool("WRITE")
def change_payment(
    ctx: ToolContext, *, order_id: str, method_id: str, version: int | None = None
) -> Order:
    """Pay a paid order with another registered method; the first one is paid back.

    Once an order: it needs exactly one payment. Raises NotFound (order, method),
    NotAllowedNow, StateChanged, BadInput (the same method, bank transfer, small balance).
    """
    order = current_order(ctx, order_id, version)
    require_action(ctx, order, "change_payment")
    if len(order.payments) != 1:
        raise NotAllowedNow("결제가 한 번만 이루어진 주문에서 결제 수단을 바꿀 수 있어요.")
    was = order.payments[0]
    method = own_method(ctx, order, method_id)
    if was.method_id == method_id or (was.method_id is None and was.label == method.label):
        raise BadInput("지금 결제하신 수단과 같아요. 다른 결제 수단을 골라 주세요.")
    if method.kind == _LATER:
        raise BadInput("무통장입금으로는 바꿀 수 없어요. 다른 결제 수단을 골라 주세요.")
    charge(ctx, order, method, was.amount_krw)
    pay_back(ctx, order, was.amount_krw)
    save_order(ctx, order, {})
    ctx.audit(
        "change_payment", "order", order.order_id,
        {"method": was.label, "method_id": was.method_id},
        {"method": method.label, "method_id": method_id, "amount_krw": was.amount_krw},
    )  # fmt: skip
    return get_order(ctx, order_id=order_id)


def _swap(ctx: ToolContext, order: Order, line: OrderLine | None, sku: str) -> int:
    """Give one line its new option; returns what it costs more (KRW, negative: less)."""
    wanted = products.option(ctx.tx, sku)
    if line is None or wanted is None or wanted.product_id != line.product_id:
        raise BadInput("같은 상품의 다른 옵션으로만 바꿀 수 있어요.")
    if wanted.sku == line.sku:
        raise BadInput("이미 선택하신 옵션이에요.")
    if line.free < line.quantity:
        raise NotAllowedNow("일부를 취소한 상품은 옵션을 바꿀 수 없어요.")
    difference = _more(products.option(ctx.tx, line.sku), wanted)
    if difference is None or (difference and order.paid_krw and not ctx.rules.price_difference):
        raise BadInput("가격이 다른 옵션이라 바로 바꿀 수 없어요. 취소하고 다시 주문해 주세요.")
    if not products.take(ctx.tx, wanted.sku, line.quantity):
        raise BadInput("고르신 옵션은 재고가 부족해요. 다른 옵션을 골라 주세요.")
    products.put_back(ctx.tx, line.sku, line.quantity)
    orders.swap_option(
        ctx.tx, line, line.quantity, sku=wanted.sku, option_name=wanted.name,
        unit_price_krw=line.unit_price_krw + difference,
    )  # fmt: skip
    return difference * line.quantity


def _more(now: Option | None, wanted: Option) -> int | None:
    """What the wanted option costs more a piece; None when the old one is no longer known."""
    return None if now is None else wanted.extra_krw - now.extra_krw


def _settle(ctx: ToolContext, order: Order, difference: int, method: PaymentMethod | None) -> None:
    if difference < 0:
        # The shop's ``price_difference`` settles on the method the customer names.
        pay_back(ctx, order, -difference, method=method, anywhere=True)
    elif method is None:
        raise BadInput("차액을 결제할 수단을 골라 주세요.")
    else:
        charge(ctx, order, method, difference)
