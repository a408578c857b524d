"""The claim model: reasons and faults, the one transition table, who may do what when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from agent.shop.calendar import add_months, day_of
from agent.shop.rules import Rules
from agent.shop.words import CLAIM_STATUS, ORDER_STATUS
from errors import NotAllowedNow
from store.models import Claim, Order, OrderLine, from_text

__all__ = [
    "DEAD_STATUSES",
    "FAULT_OF",
    "OPEN_STATUSES",
    "ORDER_TRANSITIONS",
    "TRANSITIONS",
    "UNSOLD_REASONS",
    "Fault",
    "allowed_actions",
    "check_order_transition",
    "check_transition",
    "claimable_lines",
    "claims_left",
    "deadline",
    "following",
    "refusal_of_line",
]

Fault = Literal["buyer", "seller"]
FAULT_OF: Mapping[str, Fault] = {
    "change_of_mind": "buyer",
    "wrong_option": "buyer",
    "other": "buyer",
    "defect": "seller",
    "damaged": "seller",
    "wrong_item": "seller",
    "missing_item": "seller",
    "not_as_described": "seller",
    "late_delivery": "seller",
}
# Goods that come back for these reasons cannot be sold again: they do not enter the stock.
UNSOLD_REASONS = frozenset({"defect", "damaged"})
# kind → status → what may follow (domain.md, Claims). A cancellation moves no goods.
TRANSITIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cancel": {
        "requested": ("approved", "rejected", "withdrawn"),
        "approved": ("completed", "withdrawn"),
    },
    "return": {
        "requested": ("approved", "rejected", "withdrawn"),
        "approved": ("collecting", "withdrawn"),
        "collecting": ("collected",),
        "collected": ("completed",),
    },
    "exchange": {
        "requested": ("approved", "rejected", "withdrawn"),
        "approved": ("collecting", "withdrawn"),
        "collecting": ("collected",),
        "collected": ("reshipping",),
        "reshipping": ("completed",),
    },
}
# Fulfilment; ``cancelled`` is reached through claims alone (domain.md, Orders).
ORDER_TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "pending_payment": ("paid",),
    "paid": ("preparing",),
    "preparing": ("shipped",),
    "shipped": ("delivered",),
}
OPEN_STATUSES = ("requested", "approved", "collecting", "collected", "reshipping")
DEAD_STATUSES = ("rejected", "withdrawn")  # as if it had never been asked for


def following(claim: Claim) -> tuple[str, ...]:
    """The states that may follow a claim's own."""
    return TRANSITIONS[claim.kind].get(claim.status, ())


def check_transition(kind: str, status: str, to: str) -> None:
    """Raises NotAllowedNow naming the states that may follow."""
    _check(TRANSITIONS[kind].get(status, ()), to, CLAIM_STATUS)


def check_order_transition(status: str, to: str) -> None:
    """Raises NotAllowedNow naming the states that may follow."""
    _check(ORDER_TRANSITIONS.get(status, ()), to, ORDER_STATUS)


def _check(possible: tuple[str, ...], to: str, words: Mapping[str, str]) -> None:
    if to not in possible:
        names = ", ".join(words[state] for state in possible) or "없음"
        raise NotAllowedNow(
            f"지금은 '{words.get(to, to)}' 상태로 바꿀 수 없어요. 가능한 다음 상태: {names}",
            allowed=possible,
            code="transition_not_allowed",
        )


def deadline(
    order: Order, fault: Fault, rules: Rules, *, noticed_on: date | None = None
) -> date | None:
    """The last Korean day a return may be asked for; None before delivery.

    The day of delivery (of noticing) does not count (민법 제157조). For seller fault the
    earlier of months after delivery and days after ``noticed_on`` (법 제17조 3항).
    """
    if order.delivered_at is None:
        return None
    delivered = day_of(from_text(order.delivered_at))
    if fault == "buyer":
        return delivered + timedelta(days=rules.return_window_days)
    last = add_months(delivered, rules.seller_fault_window_months)
    if noticed_on is None:
        return last
    return min(last, noticed_on + timedelta(days=rules.seller_fault_notice_days))


def claimable_lines(order: Order) -> tuple[OrderLine, ...]:
    """Lines of which at least one piece is neither gone nor being exchanged."""
    return tuple(line for line in order.lines if line.free > 0)


def refusal_of_line(
    order: Order,
    line: OrderLine,
    fault: Fault,
    *,
    now: datetime,
    rules: Rules,
    noticed_on: date | None = None,
) -> str:
    """Why a delivered line cannot be returned or exchanged, in Korean; empty if it can."""
    last = deadline(order, fault, rules, noticed_on=noticed_on)
    if line.free < 1:
        return "이미 접수된 신청이 있는 상품이에요."
    if last is None:
        return "아직 배송이 끝나지 않은 상품이에요."
    if fault == "buyer" and line.returnable == "made_to_order":
        return "주문 제작 상품은 단순 변심으로 반품이나 교환을 할 수 없어요."
    if day_of(now) <= last:
        return ""
    if fault == "buyer":
        return f"단순 변심 반품·교환 기간(배송 완료 후 {rules.return_window_days}일)이 지났어요."
    if noticed_on is not None and last < (deadline(order, fault, rules) or last):
        return (
            "상품 하자로 신청할 수 있는 기간(문제를 안 날부터 "
            f"{rules.seller_fault_notice_days}일)이 지났어요."
        )
    return (
        "상품 하자로 신청할 수 있는 기간(배송 완료 후 "
        f"{rules.seller_fault_window_months}개월)이 지났어요."
    )


def allowed_actions(order: Order, *, now: datetime, rules: Rules) -> tuple[str, ...]:
    """What the customer may do with the order now (domain.md, Orders)."""
    if order.status in ("pending_payment", "paid"):
        return _before_preparing(order, rules)
    if order.status == "preparing":
        waiting = any(
            line.claim_kind == "cancel" and line.claim_status in OPEN_STATUSES
            for line in order.lines
        ) or any(c.kind == "cancel" and c.status in OPEN_STATUSES for c in order.claims)
        return ("withdraw",) if waiting else ("request_cancel",)
    if order.status == "shipped":
        return ("track",)
    if order.status == "cancelled":
        unpaid = bool(order.claims) and not order.payments  # known only when read whole
        return () if unpaid else ("refund_status",)
    actions = ["track"]
    claimable = claims_left(order, rules) and any(
        not refusal_of_line(order, x, "seller", now=now, rules=rules) for x in order.lines
    )
    if claimable:
        actions += ["return", "exchange"]
    # A line tells of its newest claim only; an older one may still be running.
    if any(line.claim_status in ("requested", "approved") for line in order.lines) or any(
        c.status in ("requested", "approved") for c in order.claims
    ):
        actions.append("withdraw")
    return tuple(actions)


def _before_preparing(order: Order, rules: Rules) -> tuple[str, ...]:
    actions = []
    if rules.cancel_after_option_change or not order.option_changes:
        actions.append("cancel")
    actions.append("change_address")
    if not rules.option_changes_max or order.option_changes < rules.option_changes_max:
        actions.append("change_option")
    # A payment can be moved while it is one payment (none are known in a list).
    if order.status == "paid" and len(order.payments) <= 1:
        actions.append("change_payment")
    return tuple(actions)


def claims_left(order: Order, rules: Rules) -> bool:
    """Whether the shop takes another return or exchange of this order."""
    if not rules.claims_per_order_max:
        return True
    counted = [c for c in order.claims if c.kind != "cancel" and c.status not in DEAD_STATUSES]
    return len(counted) < rules.claims_per_order_max
