"""Refunds over any sequence: what is paid back and what is kept is what was paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.shop.calendar import add_business_days, is_business_day
from agent.shop.quote import cheaper_krw, due_krw, quote
from agent.shop.refunds import due_day, interest_krw, late_interest_krw, shares
from agent.shop.rules import Rules
from store.models import Claim, ClaimLine, Order, OrderLine, Payment, to_text

RULES = Rules()
NOON = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
AMOUNT = st.integers(1, 3_000_000)
DAY = st.dates(date(2026, 1, 1), date(2027, 12, 31))
FIXED = settings(derandomize=True, deadline=None, database=None)


def payment(kind: str, method: str, amount: int) -> Payment:
    return Payment("p", "O", None, kind, "card", method, amount, "", method)


def claim(number: int, kind: str, status: str, shown: Any, lines: Any) -> Claim:
    return Claim(
        f"C{number}", "O", "U", kind, "", "", shown.fault, status, (), shown.as_json(),
        shown.refund_krw, "", to_text(NOON), to_text(NOON), 1,
        tuple(ClaimLine(*line, None) for line in lines),
    )  # fmt: skip


@st.composite
def an_order(draw: st.DrawFn, status: str) -> Order:
    """An order of one to four lines, read whole; unpaid while it is pending_payment."""
    lines = tuple(
        OrderLine(f"L{i}", "O", "P", "S", "상품", "", draw(st.integers(1, 4)), price)
        for i, price in enumerate(
            draw(st.lists(st.sampled_from([1, 900, 7_777, 33_333, 51_000]), min_size=1, max_size=4))
        )
    )
    items = sum(line.amount_krw for line in lines)
    coupon = items * draw(st.integers(0, 90)) // 100
    shipping = draw(st.sampled_from([0, 3000]))
    total = items - coupon + shipping
    paid = () if status == "pending_payment" else (payment("payment", "M", total),)
    return Order(
        "O", "U", status, to_text(NOON), to_text(NOON), "", "", "", "", "", "", items, coupon,
        shipping, total, None, 1, lines, paid,
    )  # fmt: skip


def kept(order: Order) -> dict[str, int]:
    left = {line.line_id: line.quantity for line in order.lines}
    for one in order.claims:
        for line in one.lines if one.status != "withdrawn" else ():
            left[line.line_id] -= line.quantity
    return left


def some_of(order: Order, data: st.DataObject) -> list[tuple[str, int]]:
    """Pieces of what is still kept; empty when nothing is."""
    there = [(line_id, most) for line_id, most in kept(order).items() if most]
    wanted = [(line_id, data.draw(st.integers(0, most))) for line_id, most in there]
    return [line for line in wanted if line[1]] or there[:1]


def filed(order: Order, kind: str, fault: Any, lines: Any, *, done: bool = True) -> Order:
    shown = quote(order, kind=kind, fault=fault, lines=lines, rules=RULES)
    status = "completed" if done else "requested"
    one = claim(len(order.claims), kind, status, shown, lines)
    back = (payment("refund", "M", shown.refund_krw),) if done and shown.refund_krw else ()
    return replace(order, claims=(*order.claims, one), payments=(*order.payments, *back))


def paid_in(order: Order) -> Order:
    return replace(order, payments=(payment("payment", "M", due_krw(order)),), status="paid")


def settled(order: Order) -> Order:
    """The open claims completed and paid."""
    for place, one in enumerate(order.claims):
        if one.status == "requested":
            claims = list(order.claims)
            claims[place] = replace(one, status="completed")
            back = (payment("refund", "M", one.refund_krw),) if one.refund_krw else ()
            order = replace(order, claims=tuple(claims), payments=(*order.payments, *back))
    return order


# ── quotes ───────────────────────────────────────────────────────────────────────────────


@FIXED
@given(order=an_order("paid"), data=st.data())
def test_whatever_is_cancelled_in_pieces_is_paid_back_to_the_last_won(
    order: Order, data: st.DataObject
) -> None:
    while lines := some_of(order, data):
        order = filed(order, "cancel", data.draw(st.sampled_from(["buyer", "seller"])), lines)
        assert 0 <= order.refunded_krw <= order.paid_krw
    assert order.refunded_krw == order.paid_krw
    assert sum(one.quote["coupon_krw"] for one in order.claims) == order.coupon_krw


@FIXED
@given(order=an_order("pending_payment"), data=st.data())
def test_a_part_cancelled_before_paying_lowers_what_is_due_and_is_never_lost(
    order: Order, data: st.DataObject
) -> None:
    due = [due_krw(order)]
    while lines := some_of(order, data):
        if len(due) > 1 and not order.payments and data.draw(st.booleans()):
            order = paid_in(order)
        order = filed(order, "cancel", "buyer", lines)
        if not order.payments:
            due.append(due_krw(order))
    assert due == sorted(due, reverse=True)
    assert order.refunded_krw == order.paid_krw
    assert order.payments or due[-1] == 0


@FIXED
@given(order=an_order("delivered"), data=st.data())
def test_returns_some_of_them_withdrawn_never_pay_back_too_much(
    order: Order, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 12))):
        running = [n for n, one in enumerate(order.claims) if one.status == "requested"]
        if running and data.draw(st.booleans()):
            claims = list(order.claims)
            place = data.draw(st.sampled_from(running))
            claims[place] = replace(claims[place], status="withdrawn")
            order = replace(order, claims=tuple(claims))
        elif lines := some_of(order, data):
            fault = data.draw(st.sampled_from(["buyer", "seller"]))
            order = filed(order, "return", fault, lines, done=data.draw(st.booleans()))
    order = settled(order)
    live = [one.quote for one in order.claims if one.status == "completed"]
    worth = sum(line.unit_price_krw * kept(order)[line.line_id] for line in order.lines)
    coupon = order.coupon_krw - sum(shown["coupon_krw"] for shown in live)
    shipping = order.shipping_krw - sum(shown["shipping_krw"] for shown in live)
    fees = sum(shown["fee_krw"] - shown["to_pay_krw"] for shown in live)
    assert 0 <= coupon <= worth
    assert shipping >= 0
    assert order.paid_krw - order.refunded_krw == worth - coupon + shipping + fees
    assert 0 <= order.refunded_krw <= order.paid_krw


def test_a_delivery_is_given_back_once_also_after_a_withdrawal() -> None:
    lines = tuple(OrderLine(f"L{i}", "O", "P", "S", "", "", 1, 10_000) for i in (0, 1))
    order = Order(
        "O", "U", "delivered", "", "", "", "", "", "", "", "", 20_000, 0, 3000, 23_000, None, 1,
        lines, (payment("payment", "M", 23_000),),
    )  # fmt: skip
    order = filed(order, "return", "seller", [("L0", 1)], done=False)
    order = filed(order, "return", "seller", [("L1", 1)])  # the last: its delivery as well
    first = replace(order.claims[0], status="withdrawn")
    order = replace(order, claims=(first, *order.claims[1:]))
    again = quote(order, kind="return", fault="seller", lines=[("L0", 1)], rules=RULES)
    assert (order.refunded_krw, again.shipping_krw, again.refund_krw) == (13_000, 0, 10_000)


@FIXED
@given(order=an_order("delivered"), data=st.data())
def test_a_cheaper_option_never_costs_less_than_the_coupon_it_keeps(
    order: Order, data: st.DataObject
) -> None:
    """The goods left after returns during a running exchange still cover their coupon."""
    most = min(cheaper_krw(order), order.lines[0].unit_price_krw)
    drop = data.draw(st.integers(0, max(0, most)))
    first = [("L0", 1)]
    shown = quote(
        order, kind="exchange", fault="seller", lines=first, rules=RULES, difference_krw=-drop
    )
    assert shown.refund_krw == drop
    running = claim(0, "exchange", "requested", shown, first)
    line = replace(order.lines[0], in_exchange=1)
    order = replace(order, claims=(running,), lines=(line, *order.lines[1:]))
    rest = [(x.line_id, x.free) for x in order.lines if x.free]
    if rest:
        order = filed(order, "return", "seller", rest)
    coupon = order.coupon_krw - sum(c.quote["coupon_krw"] for c in order.claims[1:])
    assert coupon <= order.lines[0].unit_price_krw - drop or drop == 0
    assert order.refunded_krw + drop <= order.paid_krw


# ── the ledger ───────────────────────────────────────────────────────────────────────────


@FIXED
@given(
    paid=st.lists(st.tuples(st.sampled_from("ABC"), AMOUNT), min_size=1, max_size=5),
    parts=st.lists(st.floats(0, 1), max_size=5),
)
def test_shares_add_up_and_no_method_gets_more_than_it_paid(
    paid: list[tuple[str, int]], parts: list[float]
) -> None:
    ledger = [payment("payment", *row) for row in paid]
    for part in [*parts, 1.0]:
        left = sum(p.amount_krw if p.kind == "payment" else -p.amount_krw for p in ledger)
        asked = int(left * part) if part < 1 else left
        found = shares(ledger, asked)
        assert sum(row.amount_krw for row in found) == asked
        assert all(row.amount_krw > 0 for row in found)
        ledger += [replace(row, kind="refund") for row in found]
    for method in "ABC":
        mine = [p for p in ledger if p.method_id == method]
        assert sum(p.amount_krw if p.kind == "payment" else -p.amount_krw for p in mine) == 0
    with pytest.raises(ValueError, match="more than was paid"):
        shares(ledger, 1)


@FIXED
@given(amount=AMOUNT, due=DAY, days=st.integers(-30, 800), more=st.integers(0, 400))
def test_interest_grows_with_the_days_and_the_amount(
    amount: int, due: date, days: int, more: int
) -> None:
    def at(amount: int, days: int) -> int:
        return interest_krw(amount, due=due, paid_on=due + timedelta(days=days), rules=RULES)

    assert at(amount, days) <= at(amount, days + more)
    assert at(amount, days) <= at(amount + more, days)
    assert (at(amount, days) == 0) or days > 0
    assert at(amount, 365) == amount * 15 // 100


@FIXED
@given(day=DAY, hour=st.integers(0, 23), late=st.integers(0, 60))
def test_a_return_is_due_three_business_days_after_the_goods_came_back(
    day: date, hour: int, late: int
) -> None:
    collected = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    korean = (collected + timedelta(hours=9)).date()
    order = Order(
        "O", "U", "delivered", "", "", "", "", "", "", "", "", 50_000, 0, 0, 50_000, None, 1,
        (OrderLine("L0", "O", "P", "S", "", "", 1, 50_000),), (payment("payment", "M", 50_000),),
    )  # fmt: skip
    shown = quote(order, kind="return", fault="seller", lines=[("L0", 1)], rules=RULES)
    one = replace(
        claim(0, "return", "collected", shown, [("L0", 1)]), collected_at=to_text(collected)
    )
    due = due_day(one, RULES)
    assert due == add_business_days(korean, 3)
    assert due is not None
    assert is_business_day(due)
    assert (
        sum(is_business_day(korean + timedelta(days=n)) for n in range(1, (due - korean).days + 1))
        == 3
    )
    today = due + timedelta(days=late)
    assert late_interest_krw(one, today=today, rules=RULES) == 50_000 * 15 * late // 36500
    assert late_interest_krw(replace(one, collected_at=None), today=today, rules=RULES) == 0
