"""Cancelling before dispatch: the whole order or pieces of it, at once or by request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.shop.calendar import day_of
from agent.shop.claims import FAULT_OF, OPEN_STATUSES
from agent.shop.quote import quote
from agent.shop.refunds import late_interest_krw
from agent.tools.base import MOST_REASON_CHARS, ToolContext, clean, tool
from agent.tools.ledger import pay_back, restock
from agent.tools.orders import current_order, get_order, require_action, save_order
from errors import BadInput, NotAllowedNow
from store import claims
from store.models import Claim, ClaimLine, Order, to_text

__all__ = ["cancel_order", "finish_cancel", "quote_cancel", "request_cancel"]

Lines = Sequence[tuple[str, int]]


@tool("READ")
def quote_cancel(
    ctx: ToolContext,
    *,
    order_id: str,
    lines: Lines | None = None,
    reason_code: str = "change_of_mind",
) -> dict[str, Any]:
    """What cancelling an order, or (line id, quantity) pieces of it, pays back.

    Raises NotFound, NotAllowedNow, BadInput for pieces the order does not hold.
    """
    order = get_order(ctx, order_id=order_id)
    require_action(ctx, order, "cancel", "request_cancel")
    return _quote(ctx, order, lines, reason_code)


@tool("WRITE")
def cancel_order(
    ctx: ToolContext,
    *,
    order_id: str,
    lines: Lines | None = None,
    reason_code: str = "change_of_mind",
    reason_text: str = "",
    version: int | None = None,
) -> Claim:
    """Cancel an unshipped order, or pieces of it, at once: refund, stock back, a completed claim.

    An order of which nothing is left becomes ``cancelled``. Raises NotFound, NotAllowedNow
    (with the allowed actions), StateChanged when ``version`` is not the order's any more,
    BadInput for an unknown reason or pieces the order does not hold.
    """
    order = current_order(ctx, order_id, version)
    require_action(ctx, order, "cancel")
    claim = _add(ctx, order, lines, reason_code, reason_text, "completed")
    finish_cancel(ctx, order, claim)
    return claim


@tool("WRITE")
def request_cancel(
    ctx: ToolContext,
    *,
    order_id: str,
    lines: Lines | None = None,
    reason_code: str = "change_of_mind",
    reason_text: str = "",
    version: int | None = None,
) -> Claim:
    """Ask staff to cancel an order that is being prepared. Raises as ``cancel_order``."""
    order = current_order(ctx, order_id, version)
    require_action(ctx, order, "request_cancel")
    claim = _add(ctx, order, lines, reason_code, reason_text, "requested")
    save_order(ctx, order, {})
    ctx.audit("request_cancel", "order", order.order_id, {}, {"claim_id": claim.claim_id})
    return claim


def finish_cancel(ctx: ToolContext, order: Order, claim: Claim) -> None:
    """Pay a cancellation back, put its goods on the shelf, close an order with nothing left.

    ``order`` as it was read in this transaction, before or after the claim was written.
    """
    if claim.refund_krw:
        late = late_interest_krw(claim, today=day_of(ctx.now), rules=ctx.rules)
        pay_back(ctx, order, claim.refund_krw, claim_id=claim.claim_id, interest_krw=late)
    sku_of = {line.line_id: line.sku for line in order.lines}
    restock(ctx, [(sku_of[line.line_id], line.quantity) for line in claim.lines])
    counted = any(one.claim_id == claim.claim_id for one in order.claims)
    taken = {} if counted else {line.line_id: line.quantity for line in claim.lines}
    left = sum(line.kept - taken.get(line.line_id, 0) for line in order.lines)
    after = {} if left else {"status": "cancelled"}
    save_order(ctx, order, after)
    pieces = [[line.line_id, line.quantity] for line in claim.lines]
    ctx.audit(
        "cancel", "order", order.order_id,
        {"status": order.status}, {"status": order.status, **after, "lines": pieces},
    )  # fmt: skip


def _all(order: Order) -> Lines:
    return [(line.line_id, line.free) for line in order.lines if line.free]


def _quote(ctx: ToolContext, order: Order, lines: Lines | None, reason_code: str) -> dict[str, Any]:
    if reason_code not in FAULT_OF:
        raise BadInput("취소 사유를 다시 골라 주세요.")
    wanted = _all(order) if lines is None else [(line_id, count) for line_id, count in lines]
    if not wanted:
        raise BadInput("취소할 상품을 골라 주세요.")
    return quote(
        order, kind="cancel", fault=FAULT_OF[reason_code], lines=wanted, rules=ctx.rules
    ).as_json()


def _add(
    ctx: ToolContext,
    order: Order,
    lines: Lines | None,
    reason_code: str,
    reason_text: str,
    status: str,
) -> Claim:
    if any(c.kind == "cancel" and c.status in OPEN_STATUSES for c in order.claims):
        raise NotAllowedNow("이미 취소 요청이 접수되어 있어요.", allowed=("withdraw",))
    shown = _quote(ctx, order, lines, reason_code)
    moment = to_text(ctx.now)
    claim = Claim(
        claims.next_id(ctx.tx, f"{day_of(ctx.now):%Y%m%d}"), order.order_id, order.user_id,
        "cancel", reason_code, clean(reason_text, MOST_REASON_CHARS), FAULT_OF[reason_code],
        status, (), shown, shown["refund_krw"], "", moment, moment, 1,
        tuple(ClaimLine(line_id, quantity, None) for line_id, quantity in shown["lines"]),
        completed_at=moment if status == "completed" else None,
    )  # fmt: skip
    claims.add(ctx.tx, claim)
    ctx.audit("create", "claim", claim.claim_id, {}, {"kind": "cancel", "status": status})
    return claim
