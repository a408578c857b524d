"""Exceptions that staff make for a customer, each with its reason in the audit.

Money always comes from the one quote function: an exception changes what it is asked, never
what it answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from agent.shop.claims import OPEN_STATUSES, Fault
from agent.shop.quote import WAIVED, quote
from agent.tools.base import MOST_REASON_CHARS, ToolContext, clean, tool
from agent.tools.claims import CHANGED, checked, current_claim, file_claim, get_claim
from agent.tools.orders import current_order, get_order, save_order
from errors import BadInput, NotAllowedNow, StateChanged
from store import claims
from store.database import dump
from store.models import Claim, Order, OrderLine

__all__ = ["open_claim", "override_claim", "quote_override"]


@tool("READ")
def quote_override(
    ctx: ToolContext,
    *,
    claim_id: str,
    fault: Fault | None = None,
    waive_fee: bool | None = None,
) -> dict[str, Any]:
    """What a claim would pay back with another fault or without its fee; staff only.

    None keeps what the claim has. Raises Forbidden, NotFound, BadInput, NotAllowedNow once it
    is over.
    """
    ctx.require_staff()
    claim = get_claim(ctx, claim_id=claim_id)
    return _again(ctx, get_order(ctx, order_id=claim.order_id), claim, fault, waive_fee)


@tool("WRITE")
def override_claim(
    ctx: ToolContext,
    *,
    claim_id: str,
    version: int,
    reason: str,
    fault: Fault | None = None,
    waive_fee: bool | None = None,
) -> Claim:
    """Change who bears a running claim, or take its fee on the shop, and quote it anew.

    ``reason`` is for the audit; the customer sees the new sum. None keeps what the claim has.
    Raises Forbidden, NotFound, StateChanged, BadInput (no reason, nothing to change),
    NotAllowedNow once it is over.
    """
    ctx.require_staff()
    claim = current_claim(ctx, claim_id, version)
    why = _reason(reason)
    order = get_order(ctx, order_id=claim.order_id)
    shown = _again(ctx, order, claim, fault, waive_fee)
    before, after = _told(claim.fault, claim.quote), _told(shown["fault"], shown)
    if before == after:
        raise BadInput("바뀌는 것이 없어요. 책임이나 배송비를 다시 골라 주세요.")
    changes = {"fault": shown["fault"], "quote": dump(shown), "refund_krw": shown["refund_krw"]}
    if not claims.change(ctx.tx, claim, changes, at=ctx.now):
        raise StateChanged(CHANGED)
    save_order(ctx, order, {})
    ctx.audit("override", "claim", claim_id, before, {**after, "override_reason": why})
    return get_claim(ctx, claim_id=claim_id)


@tool("WRITE")
def open_claim(
    ctx: ToolContext,
    *,
    order_id: str,
    kind: str,
    lines: Sequence[tuple[str, int, str | None]],
    reason_code: str,
    reason: str,
    version: int,
    noticed_on: date | None = None,
) -> Claim:
    """File a return or exchange for the customer that the rules would refuse; staff only.

    Period, kind of goods and number of claims are let pass, quantities and stock are not.
    ``reason`` is for the audit. Raises as ``create_claim``, Forbidden, BadInput without reason.
    """
    ctx.require_staff()
    why = _reason(reason)
    order = current_order(ctx, order_id, version)
    shown = checked(ctx, order, kind, lines, reason_code, noticed_on, exception=True)
    claim = file_claim(ctx, order, shown, lines, reason_code=reason_code, noticed_on=noticed_on)
    ctx.audit("override", "claim", claim.claim_id, {}, {"override_reason": why})
    return claim


def _again(
    ctx: ToolContext, order: Order, claim: Claim, fault: Fault | None, waive_fee: bool | None
) -> dict[str, Any]:
    """The claim's quote as it would be now, asked anew."""
    if claim.status not in OPEN_STATUSES:
        raise NotAllowedNow("이미 끝난 신청이라 바꿀 수 없어요.", code="claim_over")
    if claim.kind == "cancel" and fault not in (None, claim.fault):
        raise BadInput("취소 신청은 책임을 바꿀 수 없어요. 배송비만 면제할 수 있어요.")
    if fault not in (None, "buyer", "seller"):
        raise BadInput("누구의 책임인지 다시 골라 주세요.")
    waived = claim.quote.get("fee_label") == WAIVED if waive_fee is None else waive_fee
    whose: Fault = fault or ("seller" if claim.fault == "seller" else "buyer")
    shown = quote(
        _without(order, claim), kind=claim.kind, fault=whose,
        lines=[(line.line_id, line.quantity) for line in claim.lines], rules=ctx.rules,
        difference_krw=int(claim.quote.get("difference_krw", 0)), waived=waived,
    ).as_json()  # fmt: skip
    return {**claim.quote, **shown}


def _without(order: Order, claim: Claim) -> Order:
    """The order as if the claim had never been asked for."""
    asked = {line.line_id: line.quantity for line in claim.lines}

    def freed(line: OrderLine) -> OrderLine:
        pieces = asked.get(line.line_id, 0)
        if claim.kind == "exchange":
            return replace(line, in_exchange=line.in_exchange - pieces)
        return replace(line, gone=line.gone - pieces)

    return replace(
        order,
        lines=tuple(freed(line) for line in order.lines),
        claims=tuple(one for one in order.claims if one.claim_id != claim.claim_id),
    )


def _told(fault: str, shown: dict[str, Any]) -> dict[str, Any]:
    """What the audit tells of a quote."""
    names = ("fee_krw", "fee_label", "refund_krw", "to_pay_krw")
    return {"fault": fault, **{name: shown.get(name) or 0 for name in names}}


def _reason(text: str) -> str:
    text = clean(text.strip(), MOST_REASON_CHARS)
    if not text:
        raise BadInput("예외를 적용하는 이유를 적어 주세요.")
    return text
