"""Orders: look, track, see the refunds; a guest's look-up by number and e-mail."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from agent.shop import words
from agent.shop.calendar import SEOUL
from agent.shop.claims import allowed_actions
from agent.shop.refunds import RefundState, states
from agent.tools.base import ToolContext, tool
from errors import BadInput, NotAllowedNow, NotFound, StateChanged, TooMany
from store import accounts, audit, orders
from store.models import Order, Shipment, to_text

__all__ = [
    "OrderState",
    "current_order",
    "day_span",
    "get_order",
    "get_order_status",
    "lookup_guest_order",
    "refund_state",
    "require_action",
    "save_order",
    "track_order",
]

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2100, 12, 31)  # of a list's days
NOT_FOUND = "해당 주문을 찾을 수 없어요. 주문번호를 다시 확인해 주세요."
CHANGED = "그사이 주문 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요."


@dataclass(frozen=True, slots=True)
class OrderState:
    """What ``GET /api/orders/{id}/status`` answers (http.md)."""

    order_id: str
    status: str
    status_ko: str
    shipment: Shipment | None
    allowed_actions: tuple[str, ...]


def day_span(since: date | None, until: date | None) -> tuple[str | None, str | None]:
    """The stored times from which and before which Korean days lie, both days included.

    Raises BadInput for a day before 1970 or after 2100.
    """
    if any(day is not None and not FIRST_DAY <= day <= LAST_DAY for day in (since, until)):
        raise BadInput("기간은 1970년부터 2100년 사이의 날짜로 골라 주세요.")
    after = until + timedelta(days=1) if until else None
    return _day_start(since) if since else None, _day_start(after) if after else None


def _day_start(day: date) -> str:
    return to_text(datetime.combine(day, time(0), SEOUL))


@tool("READ")
def get_order(ctx: ToolContext, *, order_id: str) -> Order:
    """One order read whole. Raises NotFound for a missing one and somebody else's alike."""
    found = orders.get(ctx.tx, order_id, user_id=ctx.owner(order_id))
    if found is None:
        raise NotFound(NOT_FOUND)
    return found


@tool("READ")
def get_order_status(ctx: ToolContext, *, order_id: str) -> OrderState:
    """Where an order stands and what may be done with it now. Raises NotFound."""
    order = get_order(ctx, order_id=order_id)
    allowed = allowed_actions(order, now=ctx.now, rules=ctx.rules)
    return OrderState(
        order_id, order.status, words.ORDER_STATUS[order.status], order.shipment, allowed
    )


@tool("READ")
def track_order(ctx: ToolContext, *, order_id: str) -> Shipment:
    """An order's parcel with its way so far. Raises NotFound, NotAllowedNow before dispatch."""
    order = get_order(ctx, order_id=order_id)
    if order.shipment is None:
        raise NotAllowedNow(
            "아직 출고되지 않아서 조회할 운송장이 없어요. 출고되면 바로 조회하실 수 있어요.",
            allowed=allowed_actions(order, now=ctx.now, rules=ctx.rules),
            code="not_shipped",
        )
    return order.shipment


@tool("READ")
def refund_state(ctx: ToolContext, *, order_id: str) -> list[RefundState]:
    """Where every refund of an order stands: amount, method, due day, interest if late.

    Empty when nothing is to be paid back. Raises NotFound.
    """
    return states(get_order(ctx, order_id=order_id), now=ctx.now, rules=ctx.rules)


@tool("WRITE")
def lookup_guest_order(ctx: ToolContext, *, order_id: str, email: str) -> Order | None:
    """An order for a guest who knows its number and the e-mail on it; None when wrong.

    Runs without a confirmation: all it writes is the audit. Wrong tries are counted for an
    hour per order number (existing or not, and per order that has it), per e-mail and per
    conversation, so that neither numbers nor e-mails can be guessed in a row. Raises TooMany
    after ``guest_lookup_max_tries``, BadInput where several of the guest's orders have the
    number.
    """
    email = email.strip().lower()
    typed = orders.bare(order_id)
    ids = dict.fromkeys([typed, *(row["order_id"] for row in orders.numbered(ctx.tx, typed))])
    keys = [f"order:{one}" for one in ids]
    keys += [f"email:{hashlib.sha256(email.encode()).hexdigest()[:24]}"]
    keys += [f"chat:{ctx.conversation_id}"] if ctx.conversation_id else []
    hour_ago = to_text(ctx.now - timedelta(hours=1))
    if any(_wrong_tries(ctx, key, hour_ago) >= ctx.rules.guest_lookup_max_tries for key in keys):
        raise TooMany(
            "여러 번 맞지 않아서 잠시 조회를 멈췄어요. 한 시간 뒤에 다시 시도하시거나 "
            "로그인해 주세요.",
            retry_after_s=3600,
            code="guest_lookup_locked",
        )
    owner = accounts.by_email(ctx.tx, email)
    found = orders.get(ctx.tx, typed, user_id=owner.user_id) if owner else None
    if found:
        ctx.audit("guest_lookup", "order", found.order_id, {}, {})
        return found
    for key in keys:
        ctx.audit("guest_lookup_failed", "guest_lookup", key, {}, {})
    return None


def _wrong_tries(ctx: ToolContext, key: str, since: str) -> int:
    events = audit.of_object(ctx.tx, "guest_lookup", key)
    return sum(event["at"] >= since for event in events)


def current_order(ctx: ToolContext, order_id: str, version: int | None) -> Order:
    """The order to change. Raises NotFound, StateChanged when ``version`` is not its own.

    An order a guest has proved may be looked at only: NotSignedIn, or NotFound for others.
    """
    order = get_order(ctx, order_id=order_id)
    if not ctx.caller.is_staff and order.user_id != ctx.me():
        raise NotFound(NOT_FOUND)
    if version is not None and order.version != version:
        raise StateChanged(CHANGED)
    return order


def require_action(ctx: ToolContext, order: Order, *actions: str) -> None:
    """Raises NotAllowedNow, naming what is possible, when none of ``actions`` is allowed."""
    allowed = allowed_actions(order, now=ctx.now, rules=ctx.rules)
    if not set(actions) & set(allowed):
        possible = ", ".join(words.ACTION[action] for action in allowed) or "없음"
        raise NotAllowedNow(
            f"{words.ACTION[actions[0]]}: '{words.ORDER_STATUS[order.status]}' 상태에서는 할 수 "
            f"없어요. 지금 하실 수 있는 일: {possible}",
            allowed=allowed,
            code="not_cancellable" if "cancel" in actions[0] else "not_allowed",
        )


def save_order(ctx: ToolContext, order: Order, changes: dict[str, Any]) -> None:
    """Write ``changes`` (none: only the next version). Raises StateChanged when stale."""
    if not orders.change(ctx.tx, order, changes, at=ctx.now):
        raise StateChanged(CHANGED)
