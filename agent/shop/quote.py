"""The refund quote: one pure function, shown before the customer confirms and paid as shown.

The coupon is spread over the goods by price through the *kept* value: what stays covered by
it is ``coupon · kept goods / goods`` (rounded down), and a claim gives back the difference to
what earlier claims have left of it. Any sequence of partial refunds so adds up to exactly what
was paid, also when claims in between were withdrawn or prices changed by an exchange.

``refund + due drop − to pay = goods − coupon + shipping − fee`` holds for every quote of a
cancellation or a return.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agent.shop.claims import DEAD_STATUSES, OPEN_STATUSES, Fault
from agent.shop.rules import Rules
from errors import BadInput
from store.models import Claim, Order

__all__ = ["WAIVED", "Quote", "cheaper_krw", "delivery_krw", "due_krw", "leaning_on", "quote"]

WAIVED = "배송비 면제"


@dataclass(frozen=True, slots=True)
class Quote:
    """What a claim pays back (KRW), from what, how and when.

    ``fee_krw`` is what the customer bears for shipping: deducted from a refund, and where
    there is none to deduct it from (an exchange, goods cheaper than the fee) part of
    ``to_pay_krw``. ``difference_krw`` is what an exchange's new goods cost more (or less).
    ``due_drop_krw`` is how much less an unpaid order will have to be paid.
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
    to_pay_krw: int = 0
    difference_krw: int = 0
    due_drop_krw: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values, as stored with the claim."""
        return {**asdict(self), "lines": [list(line) for line in self.lines]}


def quote(
    order: Order,
    *,
    kind: str,
    fault: Fault,
    lines: Sequence[tuple[str, int]],
    rules: Rules,
    difference_krw: int = 0,
    waived: bool = False,
) -> Quote:
    """The quote for claiming ``lines`` (line id, quantity) of an order read whole.

    ``waived``: a member of staff takes the fee on the shop.

    Raises BadInput for an unknown or doubled line or a quantity beyond what is still kept.
    """
    kept = _kept(order)
    _check_lines(order, kept, lines)
    after = dict(kept)
    for line_id, quantity in lines:
        after[line_id] -= quantity
    after_goods = _goods(order, after)
    goods = _goods(order, kept) - after_goods
    # Goods being exchanged for cheaper ones cannot keep more of the coupon than they will cost.
    stays = min(_covered(order, after_goods), after_goods - _drops(order))
    coupon = min(max(0, _coupon_left(order) - stays), goods)
    whole = not any(after.values())
    fee, label, charged = _fee(order, kind, fault, whole, after_goods, rules)
    if waived and fee:
        fee, label = 0, WAIVED
    shipping = _shipping_back(order, kind, fault) if whole else 0
    paid = next((p for p in reversed(order.payments) if p.kind == "payment"), None)
    if kind == "exchange":
        net = -difference_krw - fee
    else:
        fee = min(fee, goods - coupon) if kind == "cancel" else fee
        net = goods - coupon + shipping - fee
    refund = min(max(0, net), _refundable(order)) if paid else 0
    return Quote(
        kind, fault, tuple(lines), goods, coupon, shipping, fee, label, refund,
        paid.method if paid else "", paid.label if paid else "", charged,
        to_pay_krw=max(0, -net), difference_krw=difference_krw,
        due_drop_krw=0 if paid else max(0, net),
    )  # fmt: skip


def due_krw(order: Order) -> int:
    """What an unpaid order still costs after its cancelled lines (KRW)."""
    return order.total_krw - sum(int(c.quote.get("due_drop_krw", 0)) for c in _gone(order))


def delivery_krw(order: Order, items_krw: int, rules: Rules) -> int:
    """The delivery fee of an unpaid order for other goods; as it is where claims have set it."""
    if order.claims or order.shipping_krw not in (0, rules.shipping_fee_krw):
        return order.shipping_krw
    free = items_krw - order.coupon_krw >= rules.free_shipping_threshold_krw
    return 0 if free else rules.shipping_fee_krw


def leaning_on(order: Order, claim: Claim) -> Claim | None:
    """A later claim whose delivery fee or refund counted on this one's goods being gone.

    Taking this one back would leave that quote wrong: no fee for a free delivery that is lost,
    or a delivery paid back although goods are kept.
    """
    if claim.kind == "exchange":
        return None
    charged = claim.quote.get("original_shipping_charged")
    for other in _gone(order):
        later = (other.created_at, other.claim_id) > (claim.created_at, claim.claim_id)
        if later and (charged or other.quote.get("shipping_krw")):
            return other
    return None


def cheaper_krw(order: Order) -> int:
    """By how much what is kept may become cheaper and still cost more than its coupon (KRW)."""
    return _goods(order, _kept(order)) - _drops(order) - _coupon_left(order) - 1


def _coupon_left(order: Order) -> int:
    return order.coupon_krw - sum(int(c.quote.get("coupon_krw", 0)) for c in _gone(order))


def _drops(order: Order) -> int:
    """How much cheaper running exchanges will make what is kept."""
    running = [c for c in order.claims if c.kind == "exchange" and c.status in OPEN_STATUSES]
    return sum(max(0, -int(c.quote.get("difference_krw", 0))) for c in running)


def _check_lines(order: Order, kept: dict[str, int], lines: Sequence[tuple[str, int]]) -> None:
    if len({line_id for line_id, _ in lines}) < len(lines):
        raise BadInput("같은 상품을 두 번 신청할 수 없어요. 수량으로 골라 주세요.")
    free = {x.line_id: min(x.free, kept[x.line_id] - x.in_exchange) for x in order.lines}
    for line_id, quantity in lines:
        if not 1 <= quantity <= free.get(line_id, 0):
            raise BadInput("신청할 수 있는 수량을 넘었어요. 남은 수량을 확인해 주세요.")


def _gone(order: Order) -> list[Claim]:
    """Cancellations and returns whose goods no longer count as kept; an exchange keeps them."""
    return [c for c in order.claims if c.kind != "exchange" and c.status not in DEAD_STATUSES]


def _kept(order: Order) -> dict[str, int]:
    kept = {line.line_id: line.quantity for line in order.lines}
    for claim in _gone(order):
        for line in claim.lines:
            kept[line.line_id] -= line.quantity
    return kept


def _goods(order: Order, quantities: dict[str, int]) -> int:
    return sum(line.unit_price_krw * quantities[line.line_id] for line in order.lines)


def _covered(order: Order, goods: int) -> int:
    """The part of the coupon that stays with ``goods``."""
    return order.coupon_krw * goods // order.items_krw if order.items_krw else 0


def _refundable(order: Order) -> int:
    """What was paid and neither paid back nor promised to a running claim."""
    promised = sum(
        c.refund_krw
        for c in order.claims
        if c.status not in DEAD_STATUSES and c.status != "completed"
    )
    return order.paid_krw - order.refunded_krw - promised


def _shipping_back(order: Order, kind: str, fault: Fault) -> int:
    """Delivery paid for goods that never leave, or that all come back by the seller's fault."""
    if kind == "cancel":
        # A part cancelled earlier may have been charged for a delivery that never happens.
        charged = sum(c.quote.get("fee_krw", 0) for c in _gone(order) if c.kind == "cancel")
        return int(order.shipping_krw + charged)
    if kind != "return" or fault != "seller":
        return 0
    # Given back once, also when another claim was withdrawn after it and is filed anew.
    back = sum(c.quote.get("shipping_krw", 0) for c in _gone(order))
    return int(max(0, order.shipping_krw - back))


def _fee(
    order: Order, kind: str, fault: Fault, whole: bool, after_goods: int, rules: Rules
) -> tuple[int, str, bool]:
    """(fee, its Korean label, whether the original delivery is charged by it)."""
    charged = any(claim.quote.get("original_shipping_charged") for claim in _gone(order))
    was_free = order.shipping_krw == 0 and not charged
    if fault == "seller" and kind != "cancel":
        return 0, "판매자 부담", False
    if kind == "exchange":
        return rules.return_fee_round_trip_krw, "교환 왕복 배송비", False
    # Free delivery is lost once what is kept falls under the threshold: all of it sent back,
    # or enough of it. Charged once an order; the round trip is exactly both ways.
    below = after_goods - _covered(order, after_goods) < rules.free_shipping_threshold_krw
    if kind == "return":
        if was_free and below:
            return rules.return_fee_round_trip_krw, "왕복 배송비(무료로 배송받은 주문)", True
        return rules.return_fee_one_way_krw, "반품 배송비", False
    if not whole and was_free and below and fault == "buyer":
        return rules.shipping_fee_krw, "처음 배송비(무료배송 기준 미달)", True
    return 0, "", False
