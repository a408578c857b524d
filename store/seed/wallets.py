"""The customers' registered payment methods: how they paid last, and a gift card for the demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from store.database import Row
from store.models import Order, PaymentMethod

__all__ = ["build"]

MOST = 2  # of what a customer paid with: what can still be changed, then the newest
_LATER = "bank_transfer"  # nothing to register
# (customer, kind, label, last four, balance in KRW). Minji's gift card covers one of her two
# paid orders and is too small for the other.
_GIVEN = (
    ("user_001", "gift_card", "기프트카드", "", 70_000),
    ("user_002", "card", "하나카드 (**** 7702)", "7702", None),
    ("user_002", "gift_card", "기프트카드", "", 50_000),
)


def build(orders: Sequence[Order]) -> tuple[list[Order], list[Row]]:
    """The orders with the method each was paid with, and the rows of ``payment_methods``."""
    methods = _registered(orders)
    by_label = {(m.user_id, m.label): m.method_id for m in methods}
    done = []
    for order in orders:
        payments = tuple(
            replace(payment, method_id=by_label.get((order.user_id, payment.label)))
            for payment in order.payments
        )
        done.append(replace(order, payments=payments))
    places: dict[str, int] = {}
    rows = []
    for method in methods:
        places[method.user_id] = places.get(method.user_id, 0) + 1
        rows.append({**asdict(method), "position": places[method.user_id]})
    return done, rows


def _registered(orders: Sequence[Order]) -> list[PaymentMethod]:
    """Every customer's methods: those of orders not yet prepared, then those used last."""
    used: dict[str, dict[str, str]] = {}
    newest_first = [order for order in reversed(orders) if order.payments]
    for order in sorted(newest_first, key=lambda order: order.status != "paid"):
        wallet = used.setdefault(order.user_id, {})
        for payment in order.payments:
            if payment.method != _LATER and len(wallet) < MOST:
                wallet.setdefault(payment.label, payment.method)
    found = []
    for user_id in sorted(used):
        own: list[tuple[str, str, str, int | None]] = [
            (kind, label, _last_four(label), None) for label, kind in used[user_id].items()
        ]
        own += [given[1:] for given in _GIVEN if given[0] == user_id]
        found += [
            PaymentMethod(f"pm_{user_id}_{place}", user_id, kind, label, last_four, balance)
            for place, (kind, label, last_four, balance) in enumerate(own, start=1)
        ]
    return found


def _last_four(label: str) -> str:
    """The digits a card's label ends in; empty for what has none."""
    digits = label.rstrip(")")[-4:]
    return digits if digits.isdecimal() else ""
