"""change_order, its third wish: another registered payment method for a paid order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.cards import choice_card, order_card
from agent.flows.knowledge import cite_rule
from agent.flows.pick import nth, pick_order
from agent.korean import krw
from agent.shop.claims import allowed_actions
from agent.shop.words import ORDER_STATUS
from agent.turn import Proposal, Turn
from store.models import Order, PaymentMethod

__all__ = ["asks_for_payment", "change_payment"]

_PAYMENT = re.compile(
    r"결제\s*(수단|방법|방식|카드)|카드로|다른\s*카드|무통장|계좌\s*이체|[가-힣]페이로|상품권으로"
)
_METHOD_WORD = re.compile(r"카드|페이|기프트|상품권|무통장|계좌|수단")
# How people call a kind of method; a name of the label ("하나카드") counts before these.
_KIND = (
    ("gift_card", re.compile(r"기프트|상품권|포인트")),
    ("kakaopay", re.compile(r"카카오")),
    ("naverpay", re.compile(r"네이버")),
    ("bank_transfer", re.compile(r"무통장|계좌|입금")),
    ("card", re.compile(r"카드")),
)
_LATER = "bank_transfer"


def asks_for_payment(turn: Turn) -> bool:
    """Whether the message is about how an order is paid."""
    return bool(_PAYMENT.search(turn.text))


def change_payment(turn: Turn) -> None:
    """Find the order and the method among the customer's own; ask for the yes."""
    _forget_method_words(turn)
    order = pick_order(
        turn,
        lambda order: _may(turn, order),
        verb="결제 수단을 변경",
        message="{id} 주문 결제 수단 변경할게요",
        statuses=("paid",),
    )
    if order is None:
        if turn.draft.asking is not None and turn.draft.asking.slot == "order":
            turn.ask("order", choices=turn.draft.asking.choices, what="payment", said=_said(turn))
        return
    if turn.caller.user_id is None:
        turn.say("guest_may_look", what="결제 수단 변경")
    elif not _may(turn, order):
        _refuse(turn, order)
    else:
        _choose(turn, order)


def _may(turn: Turn, order: Order) -> bool:
    return "change_payment" in allowed_actions(order, now=turn.now, rules=turn.rules)


def _said(turn: Turn) -> str:
    """This message with the one before it, which may have named the method."""
    before = turn.answered.data.get("said", "") if turn.answered else ""
    return f"{before} {turn.text}".strip()[:200]


def _forget_method_words(turn: Turn) -> None:
    """ "기프트카드로" names no product of an order."""
    slots = turn.slots
    products = tuple(word for word in slots.products if not _METHOD_WORD.search(word))
    # "기프트" is what remains of "기프트카드로" once "카드로" is read as a way of paying.
    kept = replace(slots, products=products, wanted_option=None)
    turn.understood = replace(turn.understood, slots=kept)


def _refuse(turn: Turn, order: Order) -> None:
    name = {"pending_payment": "payment_unpaid", "paid": "payment_twice"}.get(
        order.status, "refused_payment"
    )
    turn.say(name, title=order.title, status=ORDER_STATUS[order.status])
    turn.show(order_card(turn, order))
    cite_rule(turn, "결제 수단을 다른 것으로 바꿀 수 있나요")


def _choose(turn: Turn, order: Order) -> None:
    methods: list[PaymentMethod] = turn.call("list_payment_methods")
    paid = order.payments[0]
    others = [
        method
        for method in methods
        if method.kind != _LATER
        and method.method_id != paid.method_id
        and (paid.method_id is not None or method.label != paid.label)
    ]
    if not others:
        turn.say("no_other_method", now=paid.label)
        turn.show(order_card(turn, order))
        return
    named, doubtful = _named(turn, others)
    if named is None:
        now = _kind_said(turn)
        if now == _LATER:
            turn.say("not_by_transfer")
        _ask(turn, order, doubtful or others)
    elif named.balance_krw is not None and named.balance_krw < paid.amount_krw:
        turn.say(
            "balance_too_small", method=named.label, balance=named.balance_krw,
            total=paid.amount_krw,
        )  # fmt: skip
        left = [method for method in others if method is not named]
        if left:
            _ask(turn, order, left)
    else:
        _offer(turn, order, named)


def _named(
    turn: Turn, others: Sequence[PaymentMethod]
) -> tuple[PaymentMethod | None, list[PaymentMethod]]:
    """The one method the message means; else those it may mean."""
    answered = turn.answered
    if answered and answered.slot == "method":
        chosen = nth(answered.choices, turn.slots.ordinal)
        found = next((m for m in others if m.method_id == chosen), None)
        if found is not None:
            return found, []
    said = _said(turn).replace(" ", "")
    by_label = [m for m in others if m.label.split("(")[0].replace(" ", "") in said]
    by_digits = [m for m in others if m.last_four and m.last_four in said]
    by_kind = [m for m in others if m.kind == _kind_said(turn)]
    for meant in (by_digits, by_label, by_kind):
        if len(meant) == 1:
            return meant[0], []
        if meant:
            return None, meant
    return None, []


def _kind_said(turn: Turn) -> str | None:
    said = _said(turn)
    return next((kind for kind, pattern in _KIND if pattern.search(said)), None)


def _ask(turn: Turn, order: Order, methods: Sequence[PaymentMethod]) -> None:
    turn.say("which_method", title=order.title, now=order.payments[0].label)
    turn.show(
        choice_card("바꾸실 결제 수단", *((_label(m), f"{m.label}로 바꿔 주세요") for m in methods))
    )
    turn.ask(
        "method", order_id=order.order_id, what="payment", choices=[m.method_id for m in methods]
    )


def _label(method: PaymentMethod) -> str:
    if method.balance_krw is None:
        return method.label
    return f"{method.label} (잔액 {krw(method.balance_krw)})"


def _offer(turn: Turn, order: Order, method: PaymentMethod) -> None:
    paid = order.payments[0]
    rows = [
        ("주문", order.title),
        ("지금 결제 수단", paid.label),
        ("새 결제 수단", _label(method)),
        ("결제 금액", krw(paid.amount_krw)),
    ]
    if method.balance_krw is not None:
        rows.append(("바뀐 뒤 잔액", krw(turn.fact(method.balance_krw - paid.amount_krw))))
    turn.propose(
        Proposal(
            "change_payment",
            {"order_id": order.order_id, "method_id": method.method_id},
            f"{order.title} 결제 수단 변경",
            tuple(rows),
            order.order_id,
            order.version,
        )
    )
    turn.say(
        "offer_payment", title=order.title, method=method.label, was=paid.label,
        total=paid.amount_krw,
    )  # fmt: skip
