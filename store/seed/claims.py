"""The claims of the orders, with the refunds they led to and the trail they left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from random import Random

from store.database import Row
from store.models import Claim, ClaimLine, Order, OrderLine, Payment, to_text
from store.seed import trail
from store.seed.plans import ClaimWish, Plan, claim_steps
from store.seed.shop import SEOUL, QuoteFunction, Shop

__all__ = ["build"]

_REASONS = {
    "change_of_mind": (
        "생각했던 것과 느낌이 달라요.",
        "마음이 바뀌었어요.",
        "더는 필요가 없어졌어요.",
    ),
    "wrong_option": ("옵션을 잘못 골랐어요.", "사이즈가 안 맞아요."),
    "defect": ("전원이 켜지지 않아요.", "처음부터 제대로 작동하지 않아요."),
    "damaged": ("상자를 열어 보니 깨져 있었어요.", "모서리가 찌그러져서 왔어요."),
    "wrong_item": ("주문한 것과 다른 상품이 왔어요.",),
    "missing_item": ("구성품 하나가 빠져 있어요.",),
    "not_as_described": ("상세 설명과 색이 많이 달라요.",),
    "late_delivery": ("생각보다 늦어져서 취소하고 싶어요.",),
}
_REFUSALS = {
    "return": "수거한 상품에서 사용한 흔적이 확인되어 단순 변심 반품이 어려워요.",
    "exchange": "원하시는 옵션이 품절되어 교환이 어려워요. 반품으로 다시 신청해 주세요.",
    "cancel": "상품이 이미 출고되어 취소할 수 없어요. 받으신 뒤 반품을 신청해 주세요.",
}


def build(
    shop: Shop, orders: Sequence[Order], plans: Sequence[Plan], quote: QuoteFunction
) -> tuple[list[Order], list[Row]]:
    """The orders with their claims and refunds, and the audit rows of how they came about."""
    random = shop.random("claims")
    ids = _ids(orders, plans)
    done: list[Order] = []
    audit: list[Row] = []
    for order, plan in zip(orders, plans, strict=True):
        if plan.wish is None:
            done.append(order)
            continue
        claim = _claim(shop, random, order, plan, plan.wish, ids[order.order_id], quote)
        done.append(_with_claim(shop, order, claim))
        audit += _trail(order, claim, claim_steps(plan.wish))
    return done, audit


def _ids(orders: Sequence[Order], plans: Sequence[Plan]) -> dict[str, str]:
    """Claim numbers by order id: a serial for each Seoul day, in order of time."""
    wished = [(p.wish.at, o.order_id) for o, p in zip(orders, plans, strict=True) if p.wish]
    serials: Counter[str] = Counter()
    ids = {}
    for at, order_id in sorted(wished):
        day = f"{at.astimezone(SEOUL):%Y%m%d}"
        serials[day] += 1
        ids[order_id] = f"C{day}-{serials[day]:04d}"
    return ids


def _claim(
    shop: Shop, random: Random, order: Order, plan: Plan, wish: ClaimWish, claim_id: str,
    quote: QuoteFunction,
) -> Claim:  # fmt: skip
    whole = wish.kind == "cancel"
    lines = order.lines if whole else order.lines[: plan.claimed_lines]
    figures = quote(order, wish.kind, wish.fault, [(x.line_id, x.quantity) for x in lines])
    steps = claim_steps(wish)
    reached = {status: to_text(at) for status, at in steps}
    exchange = wish.kind == "exchange"
    return Claim(
        claim_id, order.order_id, order.user_id, wish.kind, wish.reason,
        random.choice(_REASONS[wish.reason]), wish.fault, wish.status, (), figures,
        int(figures["refund_krw"]), _REFUSALS[wish.kind] if wish.status == "rejected" else "",
        to_text(wish.at), to_text(steps[-1][1]), len(steps),
        tuple(
            ClaimLine(x.line_id, x.quantity, _other_sku(shop, x) if exchange else None)
            for x in lines
        ),
        collected_at=reached.get("collected"), completed_at=reached.get("completed"),
    )  # fmt: skip


def _other_sku(shop: Shop, line: OrderLine) -> str:
    """Another option at the same price; the same one anew where there is none."""
    product, bought = shop.catalogue.pick(line.sku)
    same_price = (
        option.sku
        for option in product.options
        if option.sku != bought.sku and option.extra_krw == bought.extra_krw and option.stock
    )
    return next(same_price, bought.sku)


def _with_claim(shop: Shop, order: Order, claim: Claim) -> Order:
    if claim.status == "completed" and claim.kind == "exchange":
        return replace(order, claims=(claim,), lines=_exchanged(shop, order, claim))
    if claim.status != "completed" or not claim.refund_krw:
        return replace(order, claims=(claim,))
    if claim.refund_krw > order.paid_krw:
        raise ValueError(
            f"the quote of {order.order_id!r} refunds {claim.refund_krw} of {order.paid_krw} KRW"
        )
    paid = order.payments[0]
    refund = Payment(
        f"R-{claim.claim_id}", order.order_id, claim.claim_id, "refund", paid.method,
        paid.label, claim.refund_krw, claim.updated_at, paid.method_id,
    )  # fmt: skip
    return replace(order, claims=(claim,), payments=(*order.payments, refund))


def _exchanged(shop: Shop, order: Order, claim: Claim) -> tuple[OrderLine, ...]:
    """The order's lines with what the customer has now: the options that were sent instead."""
    new_sku = {line.line_id: line.new_sku for line in claim.lines}

    def now(line: OrderLine) -> OrderLine:
        sku = new_sku.get(line.line_id)
        if not sku:
            return line
        return replace(line, sku=sku, option_name=shop.catalogue.pick(sku)[1].name)

    return tuple(now(line) for line in order.lines)


def _trail(order: Order, claim: Claim, steps: Sequence[tuple[str, datetime]]) -> list[Row]:
    first, at = steps[0]
    after = {"kind": claim.kind, "status": first}
    events = [trail.change(at, order.user_id, "create", "claim", claim.claim_id, {}, after)]
    if order.status == "cancelled":
        before = {"status": "paid"}
        cancelled = {"status": "cancelled"}
        events.append(
            trail.change(at, order.user_id, "cancel", "order", order.order_id, before, cancelled)
        )
    for (was, _), (status, moment) in pairwise(steps):
        events.append(
            trail.change(
                moment, "staff_001", "change", "claim", claim.claim_id,
                {"status": was}, {"status": status},
            )
        )  # fmt: skip
    return events
