"""Filling a canned reply for one ticket; what cannot be filled stays and is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from agent.korean import Template, day_text, krw, moment_text
from agent.shop.canned import VARIABLES, holes, places
from errors import NotFound
from store.models import Claim, Order, Ticket, from_text

if TYPE_CHECKING:
    import re

    from agent.types import Caller
    from services.desk import Services

__all__ = ["VARIABLES", "Filled", "fill", "holes"]


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its places filled; ``missing`` names those that stand open, each once."""

    text: str
    missing: tuple[str, ...]


def fill(desk: Services, caller: Caller, text: str, ticket: Ticket) -> Filled:
    """Fill the places of ``text`` with what is known of a ticket; staff only.

    Raises Forbidden.
    """
    values = _values(desk, caller, ticket)
    missing: dict[str, None] = {}

    def put(found: re.Match[str]) -> str:
        value = values.get(found[1])
        if not value:
            missing.setdefault(found[1])
            return found[0]
        return Template(f"{{x:{found[2] or ''}}}").fill(x=value) if found[2] else value

    parts, at = [], 0
    for found in places(text):
        parts += [text[at : found.start()], put(found)]
        at = found.end()
    return Filled("".join([*parts, text[at:]]), tuple(missing))


def _values(desk: Services, caller: Caller, ticket: Ticket) -> dict[str, str]:
    """What each name stands for; "" or absent where it is not known."""
    customer = _found(lambda: desk.tool(caller, "get_customer", customer_id=ticket.user_id))
    claim: Claim | None = None
    if ticket.claim_id:
        claim = _found(lambda: desk.tool(caller, "get_claim", claim_id=ticket.claim_id))
    order_id = ticket.order_id or (claim.order_id if claim else None)
    order: Order | None = None
    if order_id:
        order = _found(lambda: desk.tool(caller, "get_order", order_id=order_id))
    return {
        "고객명": customer.name if customer else "",
        "문의번호": ticket.ticket_id,
        "상담원": caller.name,
        "답변기한": _promised(ticket, desk.clock()),
        **_of_order(order),
        **_of_claim(desk, caller, claim),
    }


def _of_order(order: Order | None) -> dict[str, str]:
    if order is None:
        return {"쇼핑몰": "저희 쇼핑몰"}
    shipment = order.shipment
    return {
        "주문번호": order.external_id or order.order_id,
        "상품명": order.title,
        "택배사": shipment.carrier if shipment else "",
        "운송장번호": shipment.tracking_no if shipment else "",
        "쇼핑몰": order.source or "저희 쇼핑몰",
    }


def _of_claim(desk: Services, caller: Caller, claim: Claim | None) -> dict[str, str]:
    if claim is None:
        return {}
    found = {"접수번호": claim.claim_id}
    if claim.refund_krw:
        found["환불금액"] = krw(claim.refund_krw)
    for state in desk.tool(caller, "refund_state", order_id=claim.order_id):
        due: date | None = state.paid_on or state.due
        if state.claim_id == claim.claim_id and due:
            found["환불예정일"] = day_text(due)
    return found


def _promised(ticket: Ticket, now: datetime) -> str:
    """The next promise that can still be kept: the first answer, then the resolution."""
    first = None if ticket.first_responded_at else ticket.first_response_due
    ahead = (from_text(one) for one in (first, ticket.resolution_due) if one)
    return next((moment_text(one) for one in ahead if one > now), "")


def _found(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except NotFound:
        return None
