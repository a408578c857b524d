"""The shop's rules: periods, fees, quotes, actions, business time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.shop import words
from agent.shop.calendar import (
    SEOUL,
    add_business_days,
    add_business_hours,
    add_months,
    is_business_day,
)
from agent.shop.claims import (
    FAULT_OF,
    TRANSITIONS,
    allowed_actions,
    check_transition,
    deadline,
    refusal_of_line,
)
from agent.shop.quote import quote
from agent.shop.rules import Rules
from errors import BadInput, NotAllowedNow
from store.models import Claim, ClaimLine, Order, OrderLine, Payment, to_text

RULES = Rules()
DELIVERED = datetime(2026, 11, 2, 5, 0, tzinfo=UTC)


def line(number: int, price: int, quantity: int = 1, returnable: str = "normal") -> OrderLine:
    return OrderLine(
        f"L{number}", "O", f"P{number}", f"P{number}-A", f"상품 {number}", "기본", quantity, price,
        returnable=returnable,
    )  # fmt: skip


def order(
    *lines: OrderLine,
    status: str = "delivered",
    coupon: int = 0,
    shipping: int = 0,
    paid: bool = True,
) -> Order:
    items = sum(x.amount_krw for x in lines)
    total = items - coupon + shipping
    payments = (Payment("p", "O", None, "payment", "card", "신한카드", total, ""),) if paid else ()
    return Order(
        "O", "user_001", status, to_text(DELIVERED), to_text(DELIVERED), "", "", "", "", "", "",
        items, coupon, shipping, total, to_text(DELIVERED) if status == "delivered" else None, 1,
        lines, payments,
    )  # fmt: skip


def claimed(base: Order, kind: str, fault: str, lines: list[tuple[str, int]]) -> tuple[Order, int]:
    """The order after a completed claim, with its refund booked."""
    shown = quote(base, kind=kind, fault=fault, lines=lines, rules=RULES)  # type: ignore[arg-type]
    number = len(base.claims)
    claim = Claim(
        f"C{number}", "O", "user_001", kind, "", "", fault, "completed", (), shown.as_json(),
        shown.refund_krw, "", "", "", 1, tuple(ClaimLine(*x, None) for x in lines),
    )  # fmt: skip
    refund = Payment(f"r{number}", "O", claim.claim_id, "refund", "card", "", shown.refund_krw, "")
    return (
        replace(base, claims=(*base.claims, claim), payments=(*base.payments, refund)),
        shown.refund_krw,
    )


def test_whole_cancel_pays_everything_back() -> None:
    shown = quote(
        order(line(1, 20000), line(2, 15000), status="paid", coupon=5000, shipping=3000),
        kind="cancel", fault="buyer", lines=[("L1", 1), ("L2", 1)], rules=RULES,
    )  # fmt: skip
    assert (shown.goods_krw, shown.coupon_krw, shown.shipping_krw) == (35000, 5000, 3000)
    assert (shown.fee_krw, shown.refund_krw) == (0, 33000)


def test_unpaid_cancel_pays_nothing_back() -> None:
    unpaid = order(line(1, 20000), status="pending_payment", shipping=3000, paid=False)
    assert (
        quote(unpaid, kind="cancel", fault="buyer", lines=[("L1", 1)], rules=RULES).refund_krw == 0
    )


@pytest.mark.parametrize(
    ("shipping", "fault", "kind", "fee", "refund"),
    [
        (3000, "buyer", "return", 3000, 17000),
        (0, "buyer", "return", 6000, 14000),  # the original delivery was free
        (0, "seller", "return", 0, 20000),
        (3000, "seller", "return", 0, 23000),  # all of it came back: the delivery fee as well
        (3000, "buyer", "exchange", 6000, 0),
        (3000, "seller", "exchange", 0, 0),
    ],
)
def test_return_fees(shipping: int, fault: str, kind: str, fee: int, refund: int) -> None:
    shown = quote(
        order(line(1, 20000), shipping=shipping), kind=kind, fault=fault,  # type: ignore[arg-type]
        lines=[("L1", 1)], rules=RULES,
    )  # fmt: skip
    assert (shown.fee_krw, shown.refund_krw) == (fee, refund)


def test_partial_return_spreads_the_coupon_by_price() -> None:
    whole = order(line(1, 40000), line(2, 20000), coupon=6000)
    shown = quote(whole, kind="return", fault="seller", lines=[("L2", 1)], rules=RULES)
    assert (shown.goods_krw, shown.coupon_krw, shown.refund_krw) == (20000, 2000, 18000)


def test_partial_cancel_under_the_threshold_pays_the_first_delivery() -> None:
    whole = order(line(1, 40000), line(2, 20000), status="paid")
    shown = quote(whole, kind="cancel", fault="buyer", lines=[("L2", 1)], rules=RULES)
    assert (shown.fee_krw, shown.refund_krw) == (3000, 17000)


def test_partial_return_above_the_threshold_keeps_the_free_delivery() -> None:
    whole = order(line(1, 60000), line(2, 20000))
    shown = quote(whole, kind="return", fault="buyer", lines=[("L2", 1)], rules=RULES)
    assert (shown.fee_krw, shown.refund_krw) == (3000, 17000)


def test_the_first_delivery_is_charged_once() -> None:
    whole = order(line(1, 30000), line(2, 30000))
    after, first = claimed(whole, "return", "buyer", [("L1", 1)])
    _, second = claimed(after, "return", "buyer", [("L2", 1)])
    assert (first, second) == (24000, 27000)


def test_a_quantity_beyond_what_is_kept_is_refused() -> None:
    whole = order(line(1, 10000, quantity=2))
    after, _ = claimed(whole, "return", "seller", [("L1", 1)])
    with pytest.raises(BadInput):
        quote(after, kind="return", fault="seller", lines=[("L1", 2)], rules=RULES)


@given(
    prices=st.lists(st.integers(100, 90000), min_size=1, max_size=5),
    coupon_percent=st.integers(0, 90),
    shipping=st.sampled_from([0, 3000]),
    data=st.data(),
)
def test_no_sequence_of_returns_pays_back_more_than_was_paid(
    prices: list[int], coupon_percent: int, shipping: int, data: st.DataObject
) -> None:
    quantities = [data.draw(st.integers(1, 3)) for _ in prices]
    lines = [line(i, p, q) for i, (p, q) in enumerate(zip(prices, quantities, strict=True))]
    items = sum(x.amount_krw for x in lines)
    now = order(*lines, coupon=items * coupon_percent // 100, shipping=shipping)
    back = 0
    units = [x.line_id for x in lines for _ in range(x.quantity)]
    for line_id in data.draw(st.permutations(units)):
        fault = data.draw(st.sampled_from(["buyer", "seller"]))
        now, refund = claimed(now, "return", fault, [(line_id, 1)])
        assert refund >= 0
        back += refund
        assert back <= now.paid_krw
    assert now.refunded_krw == back


@given(split=st.integers(1, 4), coupon=st.integers(0, 20000))
def test_seller_fault_in_pieces_pays_back_exactly_what_was_paid(split: int, coupon: int) -> None:
    now = order(line(1, 7777, quantity=5), coupon=coupon, shipping=3000)
    back = 0
    for quantity in (split, 5 - split):
        now, refund = claimed(now, "return", "seller", [("L1", quantity)])
        back += refund
    assert back == now.paid_krw


def test_return_window_counts_korean_days() -> None:
    goods = order(line(1, 10000))
    last = deadline(goods, "buyer", RULES)
    assert last == date(2026, 11, 9)
    evening = datetime(2026, 11, 9, 23, 59, tzinfo=SEOUL)
    check = {"rules": RULES}
    assert not refusal_of_line(goods, goods.lines[0], "buyer", now=evening, **check)
    assert refusal_of_line(
        goods, goods.lines[0], "buyer", now=evening + timedelta(minutes=2), **check
    )
    assert not refusal_of_line(
        goods, goods.lines[0], "seller", now=evening + timedelta(days=60), **check
    )


def test_made_to_order_goods_come_back_for_a_fault_only() -> None:
    goods = order(line(1, 10000, returnable="made_to_order"))
    now = DELIVERED + timedelta(days=1)
    assert refusal_of_line(goods, goods.lines[0], "buyer", now=now, rules=RULES)
    assert not refusal_of_line(goods, goods.lines[0], "seller", now=now, rules=RULES)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending_payment", {"cancel", "change_address", "change_option"}),
        ("paid", {"cancel", "change_address", "change_option", "change_payment"}),
        ("preparing", {"request_cancel"}),
        ("shipped", {"track"}),
        ("delivered", {"track", "return", "exchange"}),
        ("cancelled", {"refund_status"}),
    ],
)
def test_what_a_customer_may_do(status: str, expected: set[str]) -> None:
    allowed = allowed_actions(
        order(line(1, 1000), status=status), now=DELIVERED + timedelta(days=1), rules=RULES
    )
    assert set(allowed) == expected
    assert all(action in words.ACTION for action in allowed)


def test_every_state_and_reason_has_a_word() -> None:
    states = {s for table in TRANSITIONS.values() for s in table} | {
        t for table in TRANSITIONS.values() for to in table.values() for t in to
    }
    assert states == set(words.CLAIM_STATUS)
    assert set(FAULT_OF) == set(words.REASON)


def test_a_wrong_transition_names_the_right_ones() -> None:
    check_transition("return", "requested", "approved")
    with pytest.raises(NotAllowedNow, match="승인") as caught:
        check_transition("return", "requested", "completed")
    assert caught.value.allowed == ("approved", "rejected", "withdrawn")


def test_business_days_leave_out_weekends_and_holidays() -> None:
    assert not is_business_day(date(2026, 11, 21))
    assert not is_business_day(date(2026, 9, 25))  # 추석
    assert add_business_days(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert add_business_days(date(2026, 9, 23), 1) == date(2026, 9, 28)
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-20T10:00", 4, "2026-11-20T14:00"),
        ("2026-11-20T16:00", 4, "2026-11-23T11:00"),  # over a weekend
        ("2026-11-21T12:00", 1, "2026-11-23T10:00"),
        ("2026-11-20T20:00", 8, "2026-11-23T17:00"),
        ("2026-11-20T06:00", 9, "2026-11-20T18:00"),
    ],
)
def test_desk_hours(start: str, hours: int, due: str) -> None:
    begin = datetime.fromisoformat(start).replace(tzinfo=SEOUL)
    expected = datetime.fromisoformat(due).replace(tzinfo=SEOUL)
    assert add_business_hours(begin, hours, start=9, end=18) == expected
