"""Which of a customer's orders and claims a ticket is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.triage.text import customer_words
from agent.understanding.slots import find_order_ids
from store.models import Claim, Order, OrderLine

__all__ = ["About", "claim_of", "named_claims", "named_orders", "order_of", "product_of"]

About = tuple[str, float]  # an id ("" for none) and how sure it is (0 to 1)
NOTHING: About = ("", 0.0)
NAMED, KNOWN = 0.98, 1.0  # the customer wrote the number; the ticket has it already
BOTH, MENTIONED, ONLY, NEWEST = 0.85, 0.75, 0.6, 0.4
_CLAIM_ID = re.compile(r"(?<![\w-])C20\d{6}-\d{4,6}(?![\w-])", re.IGNORECASE)
# The states in which an order can have such a matter; those of the first group that any order
# is in count.
_STATES: dict[str, tuple[tuple[str, ...], ...]] = {
    "delivery": (("shipped",), ("preparing", "paid"), ("delivered",)),
    "cancel": (("paid", "preparing", "pending_payment"),),
    "return_exchange": (("delivered",),),
    "defect": (("delivered",),),
    "refund": (("delivered", "cancelled"),),
    "payment": (("pending_payment",), ("paid", "preparing")),
}
_CLAIM_KINDS = {
    "cancel": ("cancel",),
    "return_exchange": ("return", "exchange"),
    "defect": ("return", "exchange"),
    "refund": ("cancel", "return"),
}
_RUNNING = ("requested", "approved", "collecting", "collected", "reshipping")
_NAME_WORD = re.compile(r"[가-힣a-z0-9]{2,}")
_BLANK = re.compile(r"\s+")


def named_orders(text: str) -> tuple[str, ...]:
    """The order numbers the customer wrote, in their order; a chat's other voices do not count."""
    return tuple(dict.fromkeys(number for number, _ in find_order_ids(customer_words(text))))


def named_claims(text: str) -> tuple[str, ...]:
    """The claim numbers the customer wrote."""
    found = (match[0].upper() for match in _CLAIM_ID.finditer(customer_words(text)))
    return tuple(dict.fromkeys(found))


def order_of(text: str, issue_type: str, orders: Sequence[Order]) -> About:
    """The order among the customer's ``orders`` (newest first) that ``text`` is about.

    One whose product is named and whose state fits the matter is surest, then the only one
    named, then the only fitting one; of several named fitting ones the newest is offered.
    Nothing is guessed for matters that concern no order.
    """
    if issue_type not in _STATES:
        return NOTHING
    fitting = _fitting(issue_type, orders)
    named = [order for order in orders if product_of(text, order)]
    possible = {state for group in _STATES[issue_type] for state in group}
    both = [order for order in named if order.status in possible]
    if len(both) == 1:
        return both[0].order_id, BOTH
    if both:
        return both[0].order_id, NEWEST
    if len(named) == 1:
        return named[0].order_id, MENTIONED
    if not named and len(fitting) == 1:
        return fitting[0].order_id, ONLY
    return NOTHING


def claim_of(issue_type: str, order: Order | None, claims: Sequence[Claim]) -> About:
    """The claim of ``order`` that the matter is about; only a running one is guessed among
    several."""
    kinds = _CLAIM_KINDS.get(issue_type)
    if order is None or kinds is None:
        return NOTHING
    mine = [one for one in claims if one.order_id == order.order_id and one.kind in kinds]
    running = [one for one in mine if one.status in _RUNNING]
    if len(running) == 1:
        return running[0].claim_id, BOTH
    if len(mine) == 1:
        return mine[0].claim_id, ONLY
    return NOTHING


def product_of(text: str, order: Order) -> str:
    """The name of the order's product that ``text`` names, "" for none."""
    squeezed = _BLANK.sub("", text.lower())
    found = (line.product_name for line in order.lines if _mentioned(squeezed, line))
    return next(found, "")


def _mentioned(squeezed: str, line: OrderLine) -> bool:
    """Whether a product's name, or the word that says what it is, is there: its last Korean
    one (a model's number says nothing: "텀블러 DT-500"), else its last."""
    name = _BLANK.sub("", line.product_name.lower())
    words = _NAME_WORD.findall(line.product_name.lower())
    named = [word for word in words if not word.isascii()] or words
    return name in squeezed or (bool(named) and named[-1] in squeezed)


def _fitting(issue_type: str, orders: Sequence[Order]) -> list[Order]:
    """The orders whose state is the likeliest for such a matter; for money, those that have a
    cancellation or a return under way, or else any that had one."""
    if issue_type == "refund":
        under_way = [order for order in orders if _claimed(order, _RUNNING)]
        return under_way or [order for order in orders if _claimed(order, ("completed",))]
    groups = ([order for order in orders if order.status in group] for group in _STATES[issue_type])
    return next(filter(None, groups), [])


def _claimed(order: Order, statuses: Sequence[str]) -> bool:
    return any(
        line.claim_kind in ("cancel", "return") and line.claim_status in statuses
        for line in order.lines
    )
