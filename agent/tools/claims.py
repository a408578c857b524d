"""Claims: quote, file and withdraw a return or an exchange, look at claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.shop.calendar import day_of
from agent.shop.claims import FAULT_OF, check_transition, refusal_of_line
from agent.shop.quote import quote
from agent.tools.base import ToolContext, clean, tool
from agent.tools.orders import get_order
from errors import BadInput, NotAllowedNow, NotFound, StateChanged
from store import claims, conversations, orders, products
from store.models import Claim, ClaimLine, Order, OrderLine, to_text

__all__ = ["create_claim", "get_claim", "list_claims", "quote_claim", "withdraw_claim"]


@tool("READ")
def list_claims(ctx: ToolContext, *, statuses: Sequence[str] = (), limit: int = 20) -> list[Claim]:
    """The caller's own claims, newest first. Raises NotSignedIn for a guest."""
    return claims.find(ctx.tx, user_id=ctx.me(), statuses=statuses, limit=limit)


@tool("READ")
def get_claim(ctx: ToolContext, *, claim_id: str) -> Claim:
    """One claim. Raises NotFound for a missing one and somebody else's alike."""
    found = claims.get(ctx.tx, claim_id, user_id=ctx.owner())
    if found is None:
        raise NotFound("해당 신청을 찾을 수 없어요. 접수번호를 다시 확인해 주세요.")
    return found


@tool("READ")
def quote_claim(
    ctx: ToolContext,
    *,
    order_id: str,
    kind: str,
    lines: Sequence[tuple[str, int, str | None]],
    reason_code: str,
) -> dict[str, Any]:
    """The refund quote of a return or exchange; ``lines`` are (line id, quantity, new SKU).

    Raises NotFound, NotAllowedNow (period over, not returnable, already claimed), BadInput.
    """
    return _checked(ctx, get_order(ctx, order_id=order_id), kind, lines, reason_code)


@tool("WRITE")
def create_claim(
    ctx: ToolContext,
    *,
    order_id: str,
    kind: str,
    lines: Sequence[tuple[str, int, str | None]],
    reason_code: str,
    reason_text: str = "",
    photos: Sequence[str] = (),
    version: int | None = None,
) -> Claim:
    """File a return or an exchange as ``requested``; an exchange sets its new goods aside.

    Raises as ``quote_claim``, and StateChanged when ``version`` is not the order's any more.
    """
    order = get_order(ctx, order_id=order_id)
    if version is not None and order.version != version:
        raise StateChanged("그사이 주문 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요.")
    shown = _checked(ctx, order, kind, lines, reason_code)
    for image_id in photos:
        photo = conversations.attachment(ctx.tx, image_id)
        if photo is None or photo["user_id"] != order.user_id:
            raise NotFound("사진을 찾을 수 없어요. 다시 올려 주세요.")
    for _, quantity, new_sku in lines:
        if new_sku and not products.take(ctx.tx, new_sku, quantity):
            raise BadInput("교환하실 옵션의 재고가 부족해요. 다른 옵션을 골라 주세요.")
    moment = to_text(ctx.now)
    claim = Claim(
        claims.next_id(ctx.tx, f"{day_of(ctx.now):%Y%m%d}"), order_id, order.user_id, kind,
        reason_code, clean(reason_text), FAULT_OF[reason_code], "requested", tuple(photos), shown,
        shown["refund_krw"], "", moment, moment, 1, tuple(ClaimLine(*line) for line in lines),
    )  # fmt: skip
    claims.add(ctx.tx, claim)
    _touch(ctx, order)
    ctx.audit("create", "claim", claim.claim_id, {}, {"kind": kind, "status": "requested"})
    return claim


@tool("WRITE")
def withdraw_claim(ctx: ToolContext, *, claim_id: str, version: int | None = None) -> Claim:
    """Take back a claim that is requested or approved; the lines get their state back.

    Raises NotFound, NotAllowedNow, StateChanged.
    """
    claim = get_claim(ctx, claim_id=claim_id)
    if version is not None and claim.version != version:
        raise StateChanged("그사이 신청 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요.")
    check_transition(claim.kind, claim.status, "withdrawn")
    order = get_order(ctx, order_id=claim.order_id)
    for line in claim.lines:
        if line.new_sku:
            products.put_back(ctx.tx, line.new_sku, line.quantity)
    if not claims.change(ctx.tx, claim, {"status": "withdrawn"}, at=ctx.now):
        raise StateChanged("그사이 신청 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요.")
    _touch(ctx, order)
    ctx.audit("withdraw", "claim", claim_id, {"status": claim.status}, {"status": "withdrawn"})
    return get_claim(ctx, claim_id=claim_id)


def _checked(
    ctx: ToolContext,
    order: Order,
    kind: str,
    lines: Sequence[tuple[str, int, str | None]],
    reason_code: str,
) -> dict[str, Any]:
    """Every rule of a return or exchange; the quote when all of them hold."""
    if kind not in ("return", "exchange") or reason_code not in FAULT_OF or not lines:
        raise BadInput("신청할 상품과 사유를 다시 골라 주세요.")
    if order.status != "delivered":
        raise NotAllowedNow(
            "배송이 끝난 주문만 반품이나 교환을 신청할 수 있어요.", code="not_delivered"
        )
    fault = FAULT_OF[reason_code]
    by_id = {line.line_id: line for line in order.lines}
    for line_id, quantity, new_sku in lines:
        line = by_id.get(line_id)
        if line is None:
            raise NotFound("주문에 없는 상품이에요. 상품을 다시 골라 주세요.")
        refusal = refusal_of_line(order, line, fault, now=ctx.now, rules=ctx.rules)
        if refusal:
            raise NotAllowedNow(refusal, code="not_claimable")
        if kind == "exchange":
            _check_exchange(ctx, line, quantity, new_sku, fault)
        elif new_sku:
            raise BadInput("반품에는 바꿀 옵션을 고를 수 없어요. 교환으로 신청해 주세요.")
    plain = [(line_id, quantity) for line_id, quantity, _ in lines]
    return quote(order, kind=kind, fault=fault, lines=plain, rules=ctx.rules).as_json()


def _check_exchange(
    ctx: ToolContext, line: OrderLine, quantity: int, new_sku: str | None, fault: str
) -> None:
    wanted = products.option(ctx.tx, new_sku or "")
    if wanted is None or wanted.product_id != line.product_id:
        raise BadInput("같은 상품의 옵션으로만 교환할 수 있어요. 옵션을 골라 주세요.")
    if wanted.sku == line.sku and fault == "buyer":
        raise BadInput("받으신 것과 같은 옵션이에요. 다른 옵션을 골라 주세요.")
    if wanted.stock < quantity:
        raise BadInput("교환하실 옵션의 재고가 부족해요. 다른 옵션을 골라 주세요.")


def _touch(ctx: ToolContext, order: Order) -> None:
    """Count the order's version up, so that an older confirmation no longer fits."""
    if not orders.change(ctx.tx, order, {}, at=ctx.now):
        raise StateChanged("그사이 주문 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요.")
