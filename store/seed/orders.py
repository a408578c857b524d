"""Plans become orders: numbers, money, payments, parcels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from store.models import Order, OrderLine, Payment, Shipment, ShipmentEvent, User, to_text
from store.seed.plans import Plan
from store.seed.shop import SEOUL, Shop

__all__ = ["build"]

_CARRIERS = ("CJ대한통운", "한진택배", "롯데택배", "우체국택배")
_HUBS = ("대전 허브터미널", "옥천 허브터미널", "곤지암 허브터미널", "군포 터미널")
_CARDS = ("신한카드", "국민카드", "삼성카드", "현대카드", "롯데카드", "우리카드")
_BANKS = ("국민은행", "신한은행", "우리은행", "농협은행")
_METHODS = ("card", "kakaopay", "naverpay", "bank_transfer")
# How often an order has been changed by the time it has a state.
_VERSIONS = {
    "pending_payment": 1, "paid": 2, "preparing": 3, "shipped": 4, "delivered": 5, "cancelled": 3,
}  # fmt: skip


def build(shop: Shop, plans: Sequence[Plan], users: Sequence[User]) -> list[Order]:
    """Orders in the order of ``plans`` (oldest first), numbered by one running serial."""
    random = shop.random("orders")
    people = {user.user_id: user for user in users}
    return [
        _order(shop, random, plan, people, serial) for serial, plan in enumerate(plans, start=1)
    ]


def _order(
    shop: Shop, random: Random, plan: Plan, people: Mapping[str, User], serial: int
) -> Order:
    order_id = f"{plan.placed.astimezone(SEOUL):%Y%m%d}-{serial:07d}"
    user = people[plan.user_id]
    lines = _lines(shop, order_id, plan)
    items = sum(line.amount_krw for line in lines)
    # A coupon never takes more than a tenth, whole thousands only.
    coupon = min(plan.coupon_krw, items // 10 // 1000 * 1000)
    free = items - coupon >= shop.free_shipping_threshold_krw
    shipping = 0 if free else shop.shipping_fee_krw
    total = items - coupon + shipping
    payments = _payments(random, order_id, plan, total, shop.end)
    moments = [plan.placed, plan.shipped, plan.delivered, plan.cancelled]
    changed = max(moment for moment in moments if moment is not None)
    return Order(
        order_id, plan.user_id, plan.status, to_text(plan.placed), to_text(changed), user.name,
        user.phone, user.zip, user.road, user.detail,
        random.choice(shop.catalogue.memos) if random.random() < 0.5 else "",
        items, coupon, shipping, total, to_text(plan.delivered) if plan.delivered else None,
        _VERSIONS[plan.status], lines, payments, _shipment(random, plan, user, shop.end),
    )  # fmt: skip


def _lines(shop: Shop, order_id: str, plan: Plan) -> tuple[OrderLine, ...]:
    lines = []
    for position, (sku, quantity) in enumerate(plan.picks, start=1):
        product, option = shop.catalogue.pick(sku)
        lines.append(
            OrderLine(
                f"{order_id}-{position}", order_id, product.product_id, sku, product.name,
                option.name, quantity, product.price_krw + option.extra_krw, product.emoji,
                product.returnable,
            )
        )  # fmt: skip
    return tuple(lines)


def _payments(
    random: Random, order_id: str, plan: Plan, total_krw: int, end: datetime
) -> tuple[Payment, ...]:
    method = plan.method or random.choices(_METHODS, (52, 20, 16, 12))[0]
    label, minutes = (
        {
            "card": f"{random.choice(_CARDS)} (**** {random.randrange(1000, 10000)})",
            "bank_transfer": f"무통장입금 ({random.choice(_BANKS)})",
            "kakaopay": "카카오페이",
            "naverpay": "네이버페이",
        }[method],
        random.randrange(20, 170) if method == "bank_transfer" else 1,
    )
    if plan.status == "pending_payment":
        return ()
    at = min(plan.placed + timedelta(minutes=minutes), end)
    return (
        Payment(f"P-{order_id}", order_id, None, "payment", method, label, total_krw, to_text(at)),
    )


def _shipment(random: Random, plan: Plan, user: User, end: datetime) -> Shipment | None:
    if plan.shipped is None:
        return None
    number = f"{random.randrange(10**11, 10**12)}"
    carrier, hub = random.choice(_CARRIERS), random.choice(_HUBS)
    events = _way(plan.shipped, plan.delivered, hub, _district(user.road))
    seen = tuple(ShipmentEvent(to_text(at), place, text) for at, place, text in events if at <= end)
    delivered = to_text(plan.delivered) if plan.delivered else None
    return Shipment(carrier, number, to_text(plan.shipped), delivered, seen)


def _way(
    shipped: datetime, delivered: datetime | None, hub: str, district: str
) -> list[tuple[datetime, str, str]]:
    """A parcel's events, oldest first; one still on its way has reached the hub at most."""
    events = [
        (shipped, "이천 물류센터", "상품을 택배사에 넘겼어요."),
        (shipped + timedelta(hours=4), hub, "허브터미널에 도착해 분류하고 있어요."),
    ]
    if delivered is None:
        return events
    office = f"{district} 대리점"
    # Read backwards, so that a parcel of one night and one of three have all steps in order.
    events += [
        (delivered - timedelta(hours=3), office, "배송지 대리점에 도착했어요."),
        (delivered - timedelta(hours=2), office, "배송을 출발했어요."),
        (delivered, district, "배송을 완료했어요."),
    ]
    return sorted(events, key=lambda event: event[0])


def _district(road: str) -> str:
    """The city and district of a road address: "서울특별시 강남구 …" is "서울 강남구"."""
    words = road.split()
    city = words[0]
    for ending in ("특별자치시", "특별자치도", "특별시", "광역시"):
        city = city.removesuffix(ending)
    return f"{city} {words[1]}"
