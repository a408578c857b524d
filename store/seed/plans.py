"""What is to be sold to whom and when: the shop's history before it becomes rows.

The customers' orders come in three parts: the storylines of the two demonstration customers
(:mod:`store.seed.stories`), one order for each claim that must exist, and ordinary orders
that fill up to 400.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from store.seed.shop import DAYS, SEOUL, Shop, desk_time

__all__ = ["ClaimWish", "Plan", "claim_steps", "claimed", "ordinary"]

_PATHS = {
    "cancel": ("requested",),
    "return": ("requested", "approved", "collecting", "collected", "completed"),
    "exchange": ("requested", "approved", "collecting", "collected", "reshipping", "completed"),
}
_STEP_HOURS = {
    "approved": 4, "rejected": 5, "collecting": 22, "collected": 30, "reshipping": 6,
    "completed": 20,
}  # fmt: skip
# kind, state, fault, reason, how many orders have such a claim.
_CLAIMS = (
    ("return", "requested", "buyer", "change_of_mind", 2),
    ("return", "requested", "seller", "damaged", 1),
    ("return", "approved", "seller", "defect", 2),
    ("return", "collecting", "buyer", "wrong_option", 1),
    ("return", "collecting", "seller", "not_as_described", 1),
    ("return", "collected", "buyer", "change_of_mind", 2),
    ("return", "completed", "buyer", "change_of_mind", 5),
    ("return", "completed", "seller", "defect", 4),
    ("return", "completed", "seller", "missing_item", 1),
    ("return", "rejected", "buyer", "change_of_mind", 2),
    ("exchange", "requested", "buyer", "wrong_option", 2),
    ("exchange", "approved", "seller", "wrong_item", 1),
    ("exchange", "collecting", "seller", "damaged", 1),
    ("exchange", "collected", "buyer", "wrong_option", 1),
    ("exchange", "reshipping", "buyer", "wrong_option", 2),
    ("exchange", "completed", "seller", "wrong_item", 3),
    ("exchange", "rejected", "buyer", "wrong_option", 1),
    ("cancel", "requested", "buyer", "change_of_mind", 2),
    ("cancel", "requested", "seller", "late_delivery", 1),
    ("cancel", "rejected", "buyer", "change_of_mind", 2),
)
# (up to this age in days, statuses, weights).
_AGES: tuple[tuple[int, tuple[str, ...], tuple[int, ...]], ...] = (
    (1, ("paid", "pending_payment", "preparing", "cancelled"), (50, 22, 18, 10)),
    (3, ("preparing", "shipped", "paid", "cancelled"), (40, 40, 12, 8)),
    (6, ("shipped", "delivered", "preparing", "cancelled"), (35, 52, 6, 7)),
    (DAYS, ("delivered", "cancelled"), (92, 8)),
)


@dataclass(frozen=True, slots=True)
class ClaimWish:
    """A claim an order is to have: its state is reached by steps that begin at ``at``."""

    kind: str
    status: str
    fault: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """One order to be. ``picks`` are (SKU, quantity); times are UTC.

    ``claimed_lines`` says how many of the lines, from the first, a return or an exchange
    covers; a cancellation covers all.
    """

    user_id: str
    placed: datetime
    status: str
    picks: tuple[tuple[str, int], ...]
    shipped: datetime | None = None
    delivered: datetime | None = None
    cancelled: datetime | None = None
    coupon_krw: int = 0
    method: str = ""
    wish: ClaimWish | None = None
    claimed_lines: int = 1


def claim_steps(wish: ClaimWish) -> list[tuple[str, datetime]]:
    """(state, when) from the request to the wished state, staff's steps in desk hours."""
    if (wish.kind, wish.status) == ("cancel", "completed"):
        return [("completed", wish.at)]  # not sent yet: done at once, nobody has to agree
    steps = [("requested", wish.at)]
    path = ("requested", "rejected") if wish.status == "rejected" else _PATHS[wish.kind]
    for state in path[1 : path.index(wish.status) + 1]:
        steps.append((state, desk_time(steps[-1][1] + timedelta(hours=_STEP_HOURS[state]))))
    return steps


def claimed(shop: Shop, user_ids: Sequence[str]) -> list[Plan]:
    """One order for every claim of the table, built backwards from the claim's state."""
    random = shop.random("claimed")
    plans = []
    for kind, status, fault, reason, count in _CLAIMS:
        for _ in range(count):
            wish = _wish(shop, random, kind, status, fault, reason)
            picks = _picks(shop, random, returnable_first=fault == "buyer")
            plans.append(_around(random, random.choice(user_ids), wish, picks))
    return plans


def _wish(shop: Shop, random: Random, kind: str, status: str, fault: str, reason: str) -> ClaimWish:
    old = status in ("completed", "rejected")
    days_ago = random.randrange(18, DAYS - 10) if old else random.randrange(1, 3)
    while True:
        at = shop.at(days_ago, random.randrange(9, 22), random.randrange(60))
        wish = ClaimWish(kind, status, fault, reason, at)
        if claim_steps(wish)[-1][1] <= shop.end:
            return wish
        days_ago += 1


def _around(
    random: Random, user_id: str, wish: ClaimWish, picks: tuple[tuple[str, int], ...]
) -> Plan:
    """The order a claim fits: delivered 1–3 days before it, or not yet sent for a cancel."""
    if wish.kind == "cancel" and wish.status == "requested":
        placed = wish.at - timedelta(hours=random.randrange(20, 40))
        return Plan(user_id, placed, "preparing", picks, wish=wish)
    if wish.kind == "cancel":
        placed = wish.at - timedelta(hours=random.randrange(3, 20))
        shipped = desk_time(claim_steps(wish)[-1][1] + timedelta(hours=20))
        delivered = _by_day(shipped + timedelta(days=2), random)
    else:
        delivered = _by_day(wish.at - timedelta(days=random.randrange(1, 4)), random)
        shipped = _by_day(delivered - timedelta(days=random.randrange(1, 3)), random)
        placed = shipped - timedelta(hours=random.randrange(18, 44))
    return Plan(user_id, placed, "delivered", picks, shipped, delivered, wish=wish)


def _by_day(moment: datetime, random: Random) -> datetime:
    """A time between 10 and 19 o'clock on the same day in Seoul."""
    day = moment.astimezone(SEOUL).replace(hour=10, minute=0, second=0)
    return (day + timedelta(minutes=random.randrange(9 * 60))).astimezone(UTC)


def ordinary(shop: Shop, user_ids: Sequence[str], count: int) -> list[Plan]:
    """``count`` orders over 120 days, newer days somewhat busier."""
    random = shop.random("ordinary")
    return [_ordinary(shop, random, random.choice(user_ids)) for _ in range(count)]


def _ordinary(shop: Shop, random: Random, user_id: str) -> Plan:
    days_ago = 1 + int((DAYS - 1) * random.random() ** 1.3)
    placed = shop.at(days_ago, random.choices(range(24), _HOURS)[0], random.randrange(60))
    statuses, weights = next((s, w) for age, s, w in _AGES if days_ago <= age)
    status = random.choices(statuses, weights)[0]
    picks = _picks(shop, random)
    coupon = random.choice((1000, 2000, 3000, 5000)) if random.random() < 0.22 else 0
    if status == "cancelled":
        cancelled = min(placed + timedelta(minutes=random.randrange(180, 1200)), shop.end)
        wish = ClaimWish("cancel", "completed", "buyer", "change_of_mind", cancelled)
        return Plan(
            user_id, placed, status, picks, cancelled=cancelled, coupon_krw=coupon, wish=wish
        )
    shipped = delivered = None
    if status in ("shipped", "delivered"):
        shipped = _by_day(placed + timedelta(days=1), random)
    if status == "delivered" and shipped is not None:
        delivered = _by_day(shipped + timedelta(days=random.randrange(1, 3)), random)
    return Plan(user_id, placed, status, picks, shipped, delivered, coupon_krw=coupon)


# Orders by hour of the day: hardly any at night, most in the evening.
_HOURS = (4, 2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 10, 9, 8, 8, 8, 8, 9, 11, 13, 14, 12, 8)


def _picks(
    shop: Shop, random: Random, *, returnable_first: bool = False
) -> tuple[tuple[str, int], ...]:
    """One to three lines. The first is sent by parcel, so that every order has one."""
    products = [p for p in shop.catalogue.products if p.returnable != "digital"]
    if returnable_first:
        products = [p for p in products if p.returnable == "normal"]
    chosen = [random.choice(products)]
    for _ in range(random.choices((0, 1, 2), (62, 28, 10))[0]):
        other = random.choice(shop.catalogue.products)
        if other not in chosen:
            chosen.append(other)
    picks = []
    for product in chosen:
        cheap = product.price_krw < 20_000 and product.returnable != "digital"
        quantity = random.choices((1, 2, 3), (60, 28, 12))[0] if cheap else 1
        picks.append((random.choice(product.options).sku, quantity))
    return tuple(picks)
