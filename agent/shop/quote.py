"""The refund quote: one pure function, shown before the customer confirms and paid as shown.

The coupon is spread over the goods by price through the *kept* value, so that any sequence
of partial refunds adds up to exactly what was paid for the goods:
``value(kept) = kept goods − coupon · kept goods / goods`` (rounded down on the coupon),
and a refund is the difference of two such values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agent.shop.claims import Fault
from agent.shop.rules import Rules
from errors import BadInput
from store.models import Order

__all__ = ["Quote", "quote"]

# Cancellations and returns whose goods no longer count as kept; an exchange keeps them.
_GONE = ("requested", "approved", "collecting", "collected", "completed")


@dataclass(frozen=True, slots=True)
class Quote:
    """What a claim pays back (KRW), from what, how and when.

    ``refund_krw`` = goods − coupon + shipping − deductions, never below zero;
    ``fee_krw`` is what the customer pays for shipping (an exchange pays it, a return has it
    deducted).
    """

    kind: str
    fault: Fault
    lines: tuple[tuple[str, int], ...]
    goods_krw: int
    coupon_krw: int
    shipping_krw: int
    fee_krw: int
    fee_label: str
    refund_krw: int
    method: str
    method_label: str
    original_shipping_charged: bool

    def as_json(self) -> dict[str, Any]:
        """Plain values, as stored with the claim."""
        return {**asdict(self), "lines": [list(line) for line in self.lines]}


def quote(
    order: Order, *, kind: str, fault: Fault, lines: Sequence[tuple[str, int]], rules: Rules
) -> Quote:
    """The quote for claiming ``lines`` (line id, quantity) of an order read whole.

    Raises BadInput for an unknown or doubled line or a quantity beyond what is still kept.
    """
    kept = _kept(order)
    if len({line_id for line_id, _ in lines}) < len(lines):
        raise BadInput("같은 상품을 두 번 신청할 수 없어요. 수량으로 골라 주세요.")
    for line_id, quantity in lines:
        if not 1 <= quantity <= kept.get(line_id, 0):
            raise BadInput("신청할 수 있는 수량을 넘었어요. 남은 수량을 확인해 주세요.")
    after = dict(kept)
    for line_id, quantity in lines:
        after[line_id] -= quantity
    paid = next((p for p in order.payments if p.kind == "payment"), None)
    before_goods, after_goods = _goods(order, kept), _goods(order, after)
    goods = before_goods - after_goods
    coupon = goods - (_value(order, before_goods) - _value(order, after_goods))
    whole = not any(after.values())
    fee, label, charged = _fee(order, kind, fault, whole, after_goods, rules)
    shipping = order.shipping_krw if whole and (kind == "cancel" or fault == "seller") else 0
    refund = 0
    if paid is not None and kind != "exchange":
        left = order.paid_krw - order.refunded_krw
        refund = max(0, min(goods - coupon + shipping - fee, left))
    return Quote(
        kind, fault, tuple(lines), goods, coupon, shipping, fee, label, refund,
        paid.method if paid else "", paid.label if paid else "", charged,
    )  # fmt: skip


def _kept(order: Order) -> dict[str, int]:
    kept = {line.line_id: line.quantity for line in order.lines}
    for claim in order.claims:
        if claim.kind != "exchange" and claim.status in _GONE:
            for line in claim.lines:
                kept[line.line_id] -= line.quantity
    return kept


def _goods(order: Order, quantities: dict[str, int]) -> int:
    return sum(line.unit_price_krw * quantities[line.line_id] for line in order.lines)


def _value(order: Order, goods: int) -> int:
    return goods - order.coupon_krw * goods // order.items_krw if order.items_krw else 0


def _fee(
    order: Order, kind: str, fault: Fault, whole: bool, after_goods: int, rules: Rules
) -> tuple[int, str, bool]:
    """(fee, its Korean label, whether the original delivery is charged by it)."""
    charged = any(
        claim.quote.get("original_shipping_charged")
        for claim in order.claims
        if claim.status in _GONE  # a withdrawn claim has charged nothing
    )
    was_free = order.shipping_krw == 0 and not charged
    if fault == "seller" and kind != "cancel":
        return 0, "판매자 부담", False
    if kind == "exchange":
        return rules.return_fee_round_trip_krw, "교환 왕복 배송비", False
    # Free delivery is lost once what is kept falls under the threshold: all of it sent back,
    # or enough of it. Charged once an order; the round trip is exactly both ways.
    below = _value(order, after_goods) < rules.free_shipping_threshold_krw
    if kind == "return":
        if was_free and below:
            return rules.return_fee_round_trip_krw, "왕복 배송비(무료로 배송받은 주문)", True
        return rules.return_fee_one_way_krw, "반품 배송비", False
    if not whole and was_free and below and fault == "buyer":
        return rules.shipping_fee_krw, "처음 배송비(무료배송 기준 미달)", True
    return 0, "", False
