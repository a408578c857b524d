"""The claim model: reasons and faults, the one transition table, who may do what when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from agent.shop.calendar import add_months, day_of
from agent.shop.rules import Rules
from agent.shop.words import CLAIM_STATUS
from errors import NotAllowedNow
from store.models import Order, OrderLine, from_text

__all__ = [
    "FAULT_OF",
    "OPEN_STATUSES",
    "TRANSITIONS",
    "Fault",
    "allowed_actions",
    "check_transition",
    "claimable_lines",
    "deadline",
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
OPEN_STATUSES = ("requested", "approved", "collecting", "collected", "reshipping")
_FREE_STATUSES = (None, "rejected", "withdrawn")


def check_transition(kind: str, status: str, to: str) -> None:
    """Raises NotAllowedNow naming the states that may follow."""
    following = TRANSITIONS[kind].get(status, ())
    if to not in following:
        words = ", ".join(CLAIM_STATUS[state] for state in following) or "없음"
        raise NotAllowedNow(
            f"지금은 '{CLAIM_STATUS.get(to, to)}' 상태로 바꿀 수 없어요. 가능한 다음 상태: {words}",
            allowed=following,
            code="transition_not_allowed",
        )


def deadline(order: Order, fault: Fault, rules: Rules) -> date | None:
    """The last Korean day a return may be asked for; None before delivery.

    The day of delivery does not count (민법 제157조).
    """
    if order.delivered_at is None:
        return None
    delivered = day_of(from_text(order.delivered_at))
    if fault == "seller":
        return add_months(delivered, rules.seller_fault_window_months)
    return date.fromordinal(delivered.toordinal() + rules.return_window_days)


def claimable_lines(order: Order) -> tuple[OrderLine, ...]:
    """Lines no claim is running on or has been done for."""
    return tuple(line for line in order.lines if line.claim_status in _FREE_STATUSES)


def refusal_of_line(
    order: Order, line: OrderLine, fault: Fault, *, now: datetime, rules: Rules
) -> str:
    """Why a delivered line cannot be returned or exchanged, in Korean; empty if it can."""
    last = deadline(order, fault, rules)
    if line.claim_status not in _FREE_STATUSES:
        return "이미 접수된 신청이 있는 상품이에요."
    if last is None:
        return "아직 배송이 끝나지 않은 상품이에요."
    if fault == "buyer" and line.returnable == "made_to_order":
        return "주문 제작 상품은 단순 변심으로 반품이나 교환을 할 수 없어요."
    if day_of(now) > last:
        if fault == "buyer":
            return (
                f"단순 변심 반품·교환 기간(배송 완료 후 {rules.return_window_days}일)이 지났어요."
            )
        return (
            "상품 하자로 신청할 수 있는 기간(배송 완료 후 "
            f"{rules.seller_fault_window_months}개월)이 지났어요."
        )
    return ""


def allowed_actions(order: Order, *, now: datetime, rules: Rules) -> tuple[str, ...]:
    """What the customer may do with the order now (domain.md, Orders)."""
    if order.status in ("pending_payment", "paid"):
        return ("cancel", "change_address", "change_option")
    if order.status == "preparing":
        waiting = any(c.kind == "cancel" and c.status in OPEN_STATUSES for c in order.claims)
        waiting = waiting or any(
            line.claim_kind == "cancel" and line.claim_status in OPEN_STATUSES
            for line in order.lines
        )
        return ("withdraw",) if waiting else ("request_cancel",)
    if order.status == "shipped":
        return ("track",)
    if order.status == "cancelled":
        unpaid = bool(order.claims) and not order.payments  # known only when read whole
        return () if unpaid else ("refund_status",)
    actions = ["track"]
    if any(not refusal_of_line(order, x, "seller", now=now, rules=rules) for x in order.lines):
        actions += ["return", "exchange"]
    if any(line.claim_status in ("requested", "approved") for line in order.lines):
        actions.append("withdraw")
    return tuple(actions)
