"""The orders of the two demonstration customers, told relative to today.

user_001 has every state; in the week before today's (Monday to Sunday) exactly three orders:
two that can be cancelled and one delivered, so that "지난주에 주문한 거 취소해 주세요" has to ask.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from store.seed.plans import ClaimWish, Plan
from store.seed.shop import Shop

__all__ = ["jihun", "minji"]


def minji(shop: Shop) -> list[Plan]:
    """user_001: last week's three orders, every state, a return asked for, one done."""
    return [*_last_week(shop), *_running(shop), *_recent_deliveries(shop), *_long_ago(shop)]


def _last_week(shop: Shop) -> list[Plan]:
    monday = shop.today.weekday() + 7

    def at(day: int, hour: int, minute: int) -> datetime:
        return shop.at(monday - day, hour, minute)

    return [
        Plan(
            "user_001", at(0, 9, 40), "delivered", (("P1007-CB", 1),),
            shipped=at(1, 16, 0), delivered=at(3, 14, 30),
        ),
        Plan("user_001", at(4, 21, 10), "paid", (("P1001-BK", 1),), method="card"),
        Plan(
            "user_001", at(6, 10, 25), "paid", (("P3001-NV", 1), ("P2001-NV-L", 2)),
            coupon_krw=3000, method="kakaopay",
        ),
    ]  # fmt: skip


def _running(shop: Shop) -> list[Plan]:
    """Preparing, on its way, waiting for money: this week where it is old enough."""
    # On a Monday yesterday is last week, which must keep its three orders.
    waiting = shop.at(0, 0, 2) if shop.today.weekday() == 0 else shop.at(1, 20, 30)
    return [
        Plan("user_001", waiting, "pending_payment", (("P3007-MT", 1),), method="bank_transfer"),
        Plan("user_001", _outside(shop, 2, 13, 5), "preparing", (("P1004-BR", 1),), method="card"),
        Plan(
            "user_001", _outside(shop, 3, 8, 50), "shipped", (("P5002-NT", 1), ("P5005-ST", 1)),
            shipped=shop.at(2, 16, 20),
        ),
    ]  # fmt: skip


def _recent_deliveries(shop: Shop) -> list[Plan]:
    """Two deliveries of the last seven days; a return is asked for on one of them."""
    weekday = shop.today.weekday()
    late_in_week = weekday >= 4  # then both fit between this Monday and yesterday
    days = (weekday, weekday - 1, 2) if late_in_week else (weekday + 8, 7, 5)
    placed, shipped, delivered = days
    wish = ClaimWish("return", "requested", "buyer", "change_of_mind", shop.at(1, 11, 20))
    return [
        Plan(
            "user_001", shop.at(placed, 7, 15), "delivered", (("P2006-WH-250", 1),),
            shipped=shop.at(shipped, 15, 40), delivered=shop.at(delivered, 13, 10), method="card",
        ),
        Plan(
            "user_001", shop.at(placed, 22, 45), "delivered", (("P3008-S", 1), ("P2005-BK-M", 1)),
            shipped=shop.at(shipped, 17, 30), delivered=shop.at(delivered, 18, 5),
            method="naverpay", wish=wish, claimed_lines=1,
        ),
    ]  # fmt: skip


def _long_ago(shop: Shop) -> list[Plan]:
    cancelled = shop.at(20, 14, 5)
    return [
        Plan(
            "user_001", shop.at(20, 11, 0), "cancelled", (("P4001-100", 1),), method="card",
            cancelled=cancelled,
            wish=ClaimWish("cancel", "completed", "buyer", "change_of_mind", cancelled),
        ),
        Plan(
            "user_001", shop.at(33, 19, 30), "delivered", (("P1008-GN", 1),), coupon_krw=5000,
            shipped=shop.at(32, 16, 10), delivered=shop.at(30, 12, 40), method="card",
        ),
        Plan(
            "user_001", shop.at(52, 12, 15), "delivered", (("P2003-BK-M", 1), ("P2004-WH-M", 2)),
            shipped=shop.at(51, 15, 0), delivered=shop.at(49, 11, 30), method="card",
            wish=ClaimWish("return", "completed", "buyer", "wrong_option", shop.at(47, 10, 0)),
            claimed_lines=1,
        ),
    ]  # fmt: skip


def _outside(shop: Shop, days_ago: int, hour: int, minute: int) -> datetime:
    """A day of this week, or the last one before last week when this one is too young."""
    weekday = shop.today.weekday()
    return shop.at(days_ago if days_ago <= weekday else weekday + 8, hour, minute)


def jihun(shop: Shop) -> list[Plan]:
    """user_002: eight orders in several states, an exchange on its way."""
    cancelled = shop.at(15, 18, 30)
    asked = ClaimWish("cancel", "requested", "buyer", "change_of_mind", shop.at(1, 9, 30))
    # The exchange is being collected, on whatever weekday that is.
    exchange = ClaimWish("exchange", "collecting", "buyer", "wrong_option", shop.at(5, 20, 10))
    broken = ClaimWish("return", "completed", "seller", "defect", shop.at(38, 9, 15))
    return [
        Plan("user_002", shop.at(1, 10, 5), "paid", (("P2003-BK-S", 1),)),
        Plan("user_002", shop.at(1, 22, 0), "pending_payment", (("P6005-BR", 1),),
             method="bank_transfer"),
        Plan("user_002", shop.at(3, 12, 0), "preparing", (("P3005-QN-IV", 1),), wish=asked),
        Plan("user_002", shop.at(4, 9, 0), "shipped", (("P5004-5", 1),),
             shipped=shop.at(2, 17, 0)),
        Plan("user_002", shop.at(10, 23, 10), "delivered", (("P2005-KH-M", 1),),
             shipped=shop.at(8, 16, 0), delivered=shop.at(7, 15, 20), wish=exchange),
        Plan("user_002", shop.at(15, 9, 30), "cancelled", (("P1002-IV", 1),),
             cancelled=cancelled,
             wish=ClaimWish("cancel", "completed", "buyer", "wrong_option", cancelled)),
        Plan("user_002", shop.at(43, 20, 0), "delivered", (("P1003-BK", 1), ("P3001-CR", 1)),
             shipped=shop.at(42, 16, 0), delivered=shop.at(40, 10, 50), wish=broken,
             claimed_lines=1, coupon_krw=2000),
        Plan("user_002", shop.at(88, 13, 0), "delivered", (("P4007-LV", 1),),
             shipped=shop.at(87, 16, 0) + timedelta(minutes=25), delivered=shop.at(85, 16, 40)),
    ]  # fmt: skip
