"""What is paid, moved, settled and paid back, and with which method."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.shop.quote import due_krw
from agent.types import Caller
from errors import BadInput, NotAllowedNow, NotFound
from services import Services
from store import orders, payment_methods
from store.models import PaymentMethod
from tests.life import PATHS, advance, grown, reread
from tests.shelves import STAFF, order_of, other_options, set_stock

# ── paying ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def methods(shop: Services, minji: Caller) -> tuple[PaymentMethod, PaymentMethod]:
    """Another card of Minji's, and a gift card that holds 1,000 KRW."""
    card = PaymentMethod("PM-card", minji.user_id or "", "card", "국민카드", "1111")
    gift = PaymentMethod("PM-gift", minji.user_id or "", "gift_card", "기프트카드", "", 1000)
    with shop.database.write() as tx:
        payment_methods.add(tx, card, position=8)
        payment_methods.add(tx, gift, position=9)
    return card, gift


def test_a_payment_moves_to_another_method_once(
    shop: Services, minji: Caller, methods: tuple[PaymentMethod, PaymentMethod]
) -> None:
    order = order_of(shop, minji, "paid")
    after = shop.tool(minji, "change_payment", order_id=order.order_id, method_id="PM-card")
    assert [(p.kind, p.amount_krw) for p in after.payments] == [
        ("payment", order.total_krw), ("payment", order.total_krw), ("refund", order.total_krw),
    ]  # fmt: skip
    assert after.payments[1].label == "국민카드"
    assert after.payments[2].label == order.payments[0].label
    with pytest.raises(NotAllowedNow):
        shop.tool(minji, "change_payment", order_id=order.order_id, method_id="PM-gift")
    claim = shop.tool(minji, "cancel_order", order_id=order.order_id)
    paid_back = [p for p in reread(shop, order).payments if p.claim_id == claim.claim_id]
    assert [(p.label, p.amount_krw) for p in paid_back] == [("국민카드", order.total_krw)]


def test_too_small_a_balance_changes_nothing(
    shop: Services, minji: Caller, methods: tuple[PaymentMethod, PaymentMethod]
) -> None:
    order = order_of(shop, minji, "paid")
    with pytest.raises(BadInput) as caught:
        shop.tool(minji, "change_payment", order_id=order.order_id, method_id="PM-gift")
    assert caught.value.code == "insufficient_balance"
    assert reread(shop, order) == order


def test_somebody_elses_method_is_a_missing_one(
    shop: Services, jihun: Caller, methods: tuple[PaymentMethod, PaymentMethod]
) -> None:
    order = order_of(shop, jihun, "paid")
    with pytest.raises(NotFound) as theirs:
        shop.tool(jihun, "change_payment", order_id=order.order_id, method_id="PM-card")
    with pytest.raises(NotFound) as missing:
        shop.tool(jihun, "change_payment", order_id=order.order_id, method_id="PM-none")
    assert theirs.value.message == missing.value.message


def test_an_unpaid_order_is_paid_packed_sent_and_delivered(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "pending_payment")
    for to, more in (
        ("paid", {"method": "bank_transfer"}),
        ("preparing", {}),
        ("shipped", {"carrier": "CJ대한통운", "tracking_no": "1"}),
        ("delivered", {}),
    ):
        with pytest.raises(NotAllowedNow):
            shop.tool(STAFF, "advance_order", order_id=order.order_id, to="cancelled")
        after = shop.tool(STAFF, "advance_order", order_id=order.order_id, to=to, **more)
        assert after.status == to
    assert after.paid_krw == order.total_krw
    assert after.delivered_at
    assert after.shipment.delivered_at
    assert {"return", "exchange"} <= set(shop.allowed_actions(after))


def test_a_part_cancelled_before_paying_is_not_paid_for(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "pending_payment")
    order = grown(shop, order, 2)
    claim = shop.tool(
        minji, "cancel_order", order_id=order.order_id, lines=[(order.lines[0].line_id, 1)]
    )
    due = due_krw(reread(shop, order))
    assert claim.refund_krw == 0
    assert due == order.total_krw - claim.quote["due_drop_krw"] < order.total_krw
    paid = shop.tool(STAFF, "advance_order", order_id=order.order_id, to="paid")
    assert paid.paid_krw == due
    shop.tool(minji, "cancel_order", order_id=order.order_id)
    after = reread(shop, order)
    assert (after.status, after.refunded_krw) == ("cancelled", due)


def test_another_price_is_settled_where_the_shop_allows_it(
    shop: Services, minji: Caller, methods: tuple[PaymentMethod, PaymentMethod]
) -> None:
    order = order_of(shop, minji, "paid")
    new = other_options(shop, order)[True]
    with shop.database.write() as tx:
        tx.update("product_options", {"sku": new}, {"extra_krw": 2500})
    set_stock(shop, new, 9)
    changes = [(order.lines[0].line_id, new)]
    with pytest.raises(BadInput):
        shop.tool(minji, "change_options", order_id=order.order_id, changes=changes)
    shop.rules = replace(shop.rules, price_difference=True)
    after = shop.tool(
        minji, "change_options", order_id=order.order_id, changes=changes, method_id="PM-card"
    )
    assert after.paid_krw - after.refunded_krw == after.total_krw != order.total_krw
    assert after.items_krw == sum(line.amount_krw for line in after.lines)


def test_a_refund_goes_to_what_was_paid_with_and_no_further(
    shop: Services, minji: Caller, methods: tuple[PaymentMethod, PaymentMethod]
) -> None:
    order = order_of(shop, minji, "delivered")
    line, first = order.lines[0], order.payments[0]
    with shop.database.write() as tx:  # a part was paid by a gift card
        payment_methods.move(tx, "PM-gift", -1000)
        tx.update("payments", {"payment_id": first.payment_id},
                  {"amount_krw": first.amount_krw - 1000})  # fmt: skip
        orders.add_payment(
            tx, replace(first, payment_id="extra", method="gift_card", label="기프트카드",
                        method_id="PM-gift", amount_krw=1000),
        )  # fmt: skip
    claim = shop.tool(
        minji, "create_claim", order_id=order.order_id, kind="return", reason_code="defect",
        lines=[(line.line_id, line.quantity, None)], method_id="PM-gift",
    )  # fmt: skip
    advance(shop, claim, *PATHS["return"])
    after = reread(shop, order)
    refunds = {p.label: p.amount_krw for p in after.payments if p.kind == "refund"}
    assert refunds == {"기프트카드": 1000, first.label: claim.refund_krw - 1000}
    profile = shop.tool(minji, "get_customer")
    assert next(m for m in profile.payment_methods if m.method_id == "PM-gift").balance_krw == 1000


def test_another_option_of_an_unpaid_order_may_change_its_delivery(
    shop: Services, minji: Caller
) -> None:
    order = order_of(shop, minji, "pending_payment")
    line, new = order.lines[0], other_options(shop, order)[True]
    with shop.database.write() as tx:
        tx.update("product_options", {"sku": new}, {"extra_krw": 100, "stock": 50})
    for threshold, sku, shipping in ((10**9, new, 3000), (1, line.sku, 0)):
        shop.rules = replace(shop.rules, free_shipping_threshold_krw=threshold)
        after = shop.tool(
            minji, "change_options", order_id=order.order_id, changes=[(line.line_id, sku)]
        )
        assert after.shipping_krw == shipping
        assert after.total_krw == after.items_krw - after.coupon_krw + shipping
