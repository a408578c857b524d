"""Claims at the staff's side: the queue, and moving a claim along its life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.shop.calendar import day_of
from agent.shop.claims import UNSOLD_REASONS, check_transition
from agent.shop.refunds import late_interest_krw
from agent.tools.base import MOST, ToolContext, clean, place_of, tool
from agent.tools.cancels import finish_cancel
from agent.tools.claim_news import claim_moved
from agent.tools.claims import current_claim, save_claim, undo
from agent.tools.ledger import charge, own_method, pay_back, restock
from agent.tools.orders import get_order
from errors import BadInput, StateChanged
from store import claims, orders, products
from store.models import Claim, ClaimLine, Order, OrderLine, to_text

__all__ = ["ClaimPage", "QueuedClaim", "advance_claim", "claim_queue"]

_NOTE_MAX = 500


@dataclass(frozen=True, slots=True)
class QueuedClaim:
    """A claim of the queue with whose it is and what it is about."""

    claim: Claim
    customer_name: str
    product_name: str


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """One page of the queue; ``next_cursor`` is None on the last one."""

    items: tuple[QueuedClaim, ...]
    next_cursor: str | None


@tool("READ")
def claim_queue(
    ctx: ToolContext,
    *,
    statuses: Sequence[str] = (),
    limit: int = 20,
    cursor: str | None = None,
) -> ClaimPage:
    """Every customer's claims, newest first; staff only.

    ``limit`` is 1 to 100. Raises Forbidden, BadInput for a cursor that is none.
    """
    ctx.require_staff()
    limit = max(1, min(limit, MOST))
    found = claims.find(
        ctx.tx, user_id=None, statuses=statuses, after=place_of(cursor), limit=limit + 1
    )
    shown = found[:limit]
    names = claims.titles(ctx.tx, [claim.claim_id for claim in shown])
    more = len(found) > limit
    return ClaimPage(
        tuple(QueuedClaim(claim, *names[claim.claim_id]) for claim in shown),
        f"{shown[-1].created_at}~{shown[-1].claim_id}" if more else None,
    )


@tool("WRITE")
def advance_claim(
    ctx: ToolContext,
    *,
    claim_id: str,
    to: str,
    note: str = "",
    method_id: str | None = None,
    version: int | None = None,
) -> Claim:
    """Move a claim to its next state, with what that does to money, goods and order; staff only.

    ``collected``: the goods are back and the refund is due within business days.
    ``completed``: pays the refund (with interest when late) and puts the goods on the shelf,
    or gives the order its exchanged options. ``rejected`` needs a ``note``, and the lines get
    back the state they had. ``method_id`` replaces the customer's method for an exchange's
    difference, where it holds too little by now. Raises Forbidden, NotFound, NotAllowedNow
    with the states that may follow, StateChanged, BadInput for a refusal without a reason.
    """
    ctx.require_staff()
    claim = current_claim(ctx, claim_id, version)
    check_transition(claim.kind, claim.status, to)
    note = clean(note.strip())[:_NOTE_MAX]
    if to == "rejected" and not note:
        raise BadInput("거절하시려면 고객에게 알릴 이유를 적어 주세요.")
    order = get_order(ctx, order_id=claim.order_id)
    changes: dict[str, Any] = {"status": to} | ({"note": note} if note else {})
    if to in ("rejected", "withdrawn"):
        undo(ctx, claim)
    elif to == "collected":
        changes["collected_at"] = to_text(ctx.now)
    elif to == "completed":
        changes["completed_at"] = to_text(ctx.now)
        if method_id is not None and claim.kind == "exchange":
            changes["method_id"] = own_method(ctx, order, method_id).method_id
    save = _complete if to == "completed" else save_claim
    saved = save(ctx, order, claim, changes)
    claim_moved(ctx, saved)
    return saved


def _complete(ctx: ToolContext, order: Order, claim: Claim, changes: dict[str, Any]) -> Claim:
    if claim.kind == "cancel":
        done = save_claim(ctx, None, claim, changes)
        finish_cancel(ctx, order, claim)
        return done
    if claim.kind == "return":
        _refund(ctx, order, claim)
    else:
        _exchange(ctx, order, replace(claim, method_id=changes.get("method_id", claim.method_id)))
    _shelve(ctx, order, claim)
    return save_claim(ctx, order if claim.kind == "return" else None, claim, changes)


def _refund(ctx: ToolContext, order: Order, claim: Claim) -> None:
    """Pay a claim back as it was quoted, and what being late adds."""
    if not claim.refund_krw:
        return
    method = own_method(ctx, order, claim.method_id) if claim.method_id else None
    stored = method is not None and method.balance_krw is not None
    pay_back(
        ctx, order, claim.refund_krw, claim_id=claim.claim_id, method=method,
        anywhere=claim.kind == "exchange" or (stored and ctx.rules.refund_to_stored_value),
        interest_krw=late_interest_krw(claim, today=day_of(ctx.now), rules=ctx.rules),
    )  # fmt: skip


def _exchange(ctx: ToolContext, order: Order, claim: Claim) -> None:
    """Give the order its new options and settle what they cost more or less."""
    by_id = {line.line_id: line for line in order.lines}
    more = claim.quote.get("more_per_piece", {})  # the catalogue may have moved on
    for line in claim.lines:
        _swap(ctx, by_id[line.line_id], line, int(more.get(line.line_id, 0)))
    difference = int(claim.quote.get("difference_krw", 0))
    if difference > 0 and claim.method_id:
        charge(ctx, order, own_method(ctx, order, claim.method_id), difference)
    _refund(ctx, order, claim)
    after = {"items_krw": order.items_krw + difference, "total_krw": order.total_krw + difference}
    if not orders.change(ctx.tx, order, after if difference else {}, at=ctx.now):
        raise StateChanged("그사이 주문 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요.")


def _swap(ctx: ToolContext, line: OrderLine, asked: ClaimLine, more_krw: int) -> None:
    wanted = products.option(ctx.tx, asked.new_sku or "")
    if wanted is None or wanted.sku == line.sku:
        return
    orders.swap_option(
        ctx.tx, line, asked.quantity, sku=wanted.sku, option_name=wanted.name,
        unit_price_krw=line.unit_price_krw + more_krw,
    )  # fmt: skip


def _shelve(ctx: ToolContext, order: Order, claim: Claim) -> None:
    """What came back goes on the shelf unless it came back broken."""
    if claim.reason_code not in UNSOLD_REASONS:
        sku_of = {line.line_id: line.sku for line in order.lines}
        restock(ctx, [(sku_of[line.line_id], line.quantity) for line in claim.lines])
