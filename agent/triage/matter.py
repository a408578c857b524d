"""Everything triage may look at of one ticket: what was said in public, the order, the claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.prompts import Prompts
from agent.shop import words
from agent.shop.calendar import add_business_days, day_of
from agent.shop.refunds import RefundState, states
from agent.shop.rules import Rules
from store.models import Claim, Order, Ticket, from_text
from vision.types import Report

__all__ = ["Line", "Matter", "facts"]

Line = tuple[str, str]  # ("customer" or "staff" or "assistant", what was said)


@dataclass(frozen=True, slots=True)
class Matter:
    """One ticket's matter. ``lines`` hold no internal note; ``orders`` are the customer's
    newest, newest first, with their ``claims``; ``basis`` is when the customer last spoke."""

    ticket: Ticket
    customer: str
    lines: tuple[Line, ...]
    orders: Sequence[Order]
    claims: Sequence[Claim]
    now: datetime
    basis: str
    photos: int = 0  # how many the customer has sent
    reports: tuple[Report, ...] = ()  # what was found on them

    @property
    def text(self) -> str:
        """What the customer said of it, the ticket's own text first."""
        later = (text for who, text in self.lines if who == "customer")
        said = [self.ticket.description]
        said += (text for text in later if text not in self.ticket.description)
        return "\n".join(said)

    def order(self, order_id: str) -> Order | None:
        """One of the customer's orders."""
        return next((order for order in self.orders if order.order_id == order_id), None)

    def claim(self, claim_id: str) -> Claim | None:
        """One of the customer's claims."""
        return next((claim for claim in self.claims if claim.claim_id == claim_id), None)


def facts(
    order: Order | None, claim: Claim | None, *, now: datetime, rules: Rules, prompts: Prompts
) -> list[str]:
    """How the order and its claim stand, in the words the chat has for it; ``order`` is whole."""
    if order is None:
        return []
    if claim is None:
        return [_order_fact(order, now, rules, prompts)]
    title = _title(order, claim)
    told = [
        prompts.reply(
            "claim_status", f"claim_{claim.status}", title=title, note=claim.note,
            kind=words.CLAIM_KIND[claim.kind], made=day_of(from_text(claim.created_at)),
        )
    ]  # fmt: skip
    refund = next((one for one in states(order, now=now, rules=rules)
                   if one.claim_id == claim.claim_id and one.amount_krw > 0), None)  # fmt: skip
    if refund is not None and claim.kind != "exchange":
        told.append(_refund_fact(claim, refund, title, now, rules, prompts))
    return told


def _order_fact(order: Order, now: datetime, rules: Rules, prompts: Prompts) -> str:
    values = {
        "title": order.title, "ordered": day_of(from_text(order.created_at)),
        "total": order.total_krw, "days": rules.payment_deadline_days,
    }  # fmt: skip
    name = order.status
    if name == "paid":
        name = "paid_guest"  # without what the customer can do in the chat
    elif name == "delivered":
        values["delivered"] = day_of(from_text(order.delivered_at or order.updated_at))
    elif name == "shipped":
        if order.shipment is None:
            name = "preparing"
        else:
            last = order.shipment.events[-1] if order.shipment.events else None
            shipped = from_text(order.shipment.shipped_at or order.updated_at)
            eta = add_business_days(day_of(shipped), rules.delivery_max_business_days)
            values |= {
                "carrier": order.shipment.carrier, "tracking_no": order.shipment.tracking_no,
                "eta": eta, "place": (last.place if last else "") or order.shipment.carrier,
            }  # fmt: skip
            name = "shipped_late" if day_of(now) > eta else "shipped"
    return prompts.reply("order_status", f"state_{name}", **values)


def _refund_fact(
    claim: Claim, refund: RefundState, title: str, now: datetime, rules: Rules, prompts: Prompts
) -> str:
    from agent.flows.aftercare import refund_reply

    late = refund.due is not None and day_of(now) > refund.due
    return prompts.reply(
        "refund_status", refund_reply(claim, refund, late=late), title=title,
        refund=refund.amount_krw, method=refund.method_label or "결제하신 수단",
        days=rules.refund_business_days, min_days=rules.card_refund_min_business_days,
        max_days=rules.card_refund_max_business_days, due=refund.due, done=refund.paid_on,
        latest=refund.card_until,
    )  # fmt: skip


def _title(order: Order, claim: Claim) -> str:
    names = {line.line_id: line.product_name for line in order.lines}
    return names.get(claim.lines[0].line_id, order.title) if claim.lines else order.title
