"""Orders: look, cancel, change the address or an option."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from agent.shop import words
from agent.shop.calendar import SEOUL, day_of
from agent.shop.claims import FAULT_OF, OPEN_STATUSES, allowed_actions
from agent.shop.quote import quote
from agent.tools.base import ToolContext, clean, tool
from errors import BadInput, NotAllowedNow, NotFound, StateChanged, TooMany
from store import accounts, audit, claims, orders, products
from store.models import Claim, ClaimLine, Order, Payment, to_text

__all__ = [
    "cancel_order",
    "change_address",
    "change_option",
    "get_order",
    "list_orders",
    "lookup_guest_order",
    "quote_cancel",
    "request_cancel",
    "seoul_day_start",
]

MOST = 100  # orders in one answer (http.md, Conventions)
NOT_FOUND = "해당 주문을 찾을 수 없어요. 주문번호를 다시 확인해 주세요."


def seoul_day_start(day: date) -> str:
    """The stored time at which a Korean day begins."""
    return to_text(datetime.combine(day, time(0), SEOUL))


@tool("READ")
def list_orders(
    ctx: ToolContext,
    *,
    statuses: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    text: str = "",
    limit: int = 20,
    offset: int = 0,
) -> list[Order]:
    """The caller's own orders, newest first.

    ``since`` and ``until`` are Korean days, both included. Raises NotSignedIn for a guest.
    """
    return orders.find(
        ctx.tx,
        user_id=ctx.me(),
        statuses=statuses,
        since=seoul_day_start(since) if since else None,
        until=seoul_day_start(until + timedelta(days=1)) if until else None,
        text=text,
        limit=max(1, min(limit, MOST)),
        offset=max(0, offset),
    )


@tool("READ")
def get_order(ctx: ToolContext, *, order_id: str) -> Order:
    """One order read whole. Raises NotFound for a missing one and somebody else's alike."""
    found = orders.get(ctx.tx, order_id, user_id=ctx.owner(order_id))
    if found is None:
        raise NotFound(NOT_FOUND)
    return found


@tool("READ")
def quote_cancel(ctx: ToolContext, *, order_id: str) -> dict[str, Any]:
    """What cancelling the whole order pays back. Raises NotFound, NotAllowedNow."""
    order = get_order(ctx, order_id=order_id)
    _require(ctx, order, "cancel", "request_cancel")
    return _whole(ctx, order, "buyer")


@tool("WRITE")
def cancel_order(
    ctx: ToolContext,
    *,
    order_id: str,
    reason_code: str = "change_of_mind",
    reason_text: str = "",
    version: int | None = None,
) -> Claim:
    """Cancel a whole unshipped order at once: refund, stock back, a completed claim.

    Raises NotFound, NotAllowedNow (with the allowed actions), StateChanged when ``version``
    is not the order's any more, BadInput for an unknown reason.
    """
    order = _current(ctx, order_id, version)
    _require(ctx, order, "cancel")
    claim = _add_cancel(ctx, order, reason_code, reason_text, "completed")
    if claim.refund_krw:
        _refund(ctx, order, claim)
    for line in order.lines:
        products.put_back(ctx.tx, line.sku, line.quantity)
    _save(ctx, order, {"status": "cancelled"})
    ctx.audit("cancel", "order", order_id, {"status": order.status}, {"status": "cancelled"})
    return claim


@tool("WRITE")
def request_cancel(
    ctx: ToolContext,
    *,
    order_id: str,
    reason_code: str = "change_of_mind",
    reason_text: str = "",
    version: int | None = None,
) -> Claim:
    """Ask staff to cancel an order that is being prepared. Raises as ``cancel_order``."""
    order = _current(ctx, order_id, version)
    _require(ctx, order, "request_cancel")
    claim = _add_cancel(ctx, order, reason_code, reason_text, "requested")
    _save(ctx, order, {})
    ctx.audit("request_cancel", "order", order_id, {}, {"claim_id": claim.claim_id})
    return claim


@tool("WRITE")
def change_address(
    ctx: ToolContext,
    *,
    order_id: str,
    road: str,
    detail: str = "",
    zip_code: str = "",
    version: int | None = None,
) -> Order:
    """Send an order that has not been prepared yet to another address.

    Raises NotFound, NotAllowedNow, StateChanged, BadInput for an address without a street.
    """
    order = _current(ctx, order_id, version)
    _require(ctx, order, "change_address")
    road, detail = clean(" ".join(road.split())), clean(" ".join(detail.split()))
    if not 5 <= len(road) <= 200 or len(detail) > 100:
        raise BadInput("받으실 주소를 도로명과 번호까지 적어 주세요. 예: 서울 중구 세종대로 110")
    after = {"zip": zip_code, "road": road, "detail": detail}
    _save(ctx, order, after)
    before = {"zip": order.zip, "road": order.road, "detail": order.detail}
    ctx.audit("change_address", "order", order_id, before, after)
    return get_order(ctx, order_id=order_id)


@tool("WRITE")
def change_option(
    ctx: ToolContext, *, order_id: str, line_id: str, sku: str, version: int | None = None
) -> Order:
    """Swap a line of a paid order for another option of the same product and price.

    Raises NotFound, NotAllowedNow, StateChanged, BadInput (other product, other price,
    nothing left, the same option).
    """
    order = _current(ctx, order_id, version)
    _require(ctx, order, "change_option")
    line = next((line for line in order.lines if line.line_id == line_id), None)
    wanted = products.option(ctx.tx, sku)
    if line is None or wanted is None or wanted.product_id != line.product_id:
        raise BadInput("같은 상품의 다른 옵션으로만 바꿀 수 있어요.")
    if wanted.sku == line.sku:
        raise BadInput("이미 선택하신 옵션이에요.")
    current = products.option(ctx.tx, line.sku)
    if current is None or wanted.extra_krw != current.extra_krw:
        raise BadInput("가격이 다른 옵션이라 바로 바꿀 수 없어요. 취소하고 다시 주문해 주세요.")
    if not products.take(ctx.tx, wanted.sku, line.quantity):
        raise BadInput("고르신 옵션은 재고가 부족해요. 다른 옵션을 골라 주세요.")
    products.put_back(ctx.tx, line.sku, line.quantity)
    orders.swap_line_option(ctx.tx, line_id, sku=wanted.sku, option_name=wanted.name)
    _save(ctx, order, {})
    ctx.audit("change_option", "order", order_id, {"sku": line.sku}, {"sku": wanted.sku})
    return get_order(ctx, order_id=order_id)


@tool("WRITE")
def lookup_guest_order(ctx: ToolContext, *, order_id: str, email: str) -> Order | None:
    """An order for a guest who knows its number and the e-mail on it; None when wrong.

    Runs without a confirmation: all it writes is the audit. Wrong tries are counted for an
    hour per order number (existing or not), per e-mail and per conversation, so that neither
    numbers nor e-mails can be guessed in a row. Raises TooMany after
    ``guest_lookup_max_tries``.
    """
    email = email.strip().lower()
    keys = [f"order:{order_id}", f"email:{hashlib.sha256(email.encode()).hexdigest()[:24]}"]
    keys += [f"chat:{ctx.conversation_id}"] if ctx.conversation_id else []
    hour_ago = to_text(ctx.now - timedelta(hours=1))
    if any(_wrong_tries(ctx, key, hour_ago) >= ctx.rules.guest_lookup_max_tries for key in keys):
        raise TooMany(
            "여러 번 맞지 않아서 잠시 조회를 멈췄어요. 한 시간 뒤에 다시 시도하시거나 "
            "로그인해 주세요.",
            retry_after_s=3600,
            code="guest_lookup_locked",
        )
    found = orders.get(ctx.tx, order_id, user_id=None)
    owner = accounts.get(ctx.tx, found.user_id) if found else None
    if found and owner and owner.email == email:
        ctx.audit("guest_lookup", "order", order_id, {}, {})
        return found
    for key in keys:
        ctx.audit("guest_lookup_failed", "guest_lookup", key, {}, {})
    return None


def _wrong_tries(ctx: ToolContext, key: str, since: str) -> int:
    events = audit.of_object(ctx.tx, "guest_lookup", key)
    return sum(event["at"] >= since for event in events)


def _current(ctx: ToolContext, order_id: str, version: int | None) -> Order:
    order = get_order(ctx, order_id=order_id)
    if version is not None and order.version != version:
        raise StateChanged("그사이 주문 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요.")
    return order


def _require(ctx: ToolContext, order: Order, *actions: str) -> None:
    allowed = allowed_actions(order, now=ctx.now, rules=ctx.rules)
    if not set(actions) & set(allowed):
        possible = ", ".join(words.ACTION[action] for action in allowed) or "없음"
        raise NotAllowedNow(
            f"'{words.ORDER_STATUS[order.status]}' 상태에서는 {words.ACTION[actions[0]]}을(를) "
            f"할 수 없어요. 지금 하실 수 있는 일: {possible}",
            allowed=allowed,
            code="not_cancellable" if "cancel" in actions[0] else "not_allowed",
        )


def _whole(ctx: ToolContext, order: Order, fault: str) -> dict[str, Any]:
    lines = [(line.line_id, line.quantity) for line in order.lines]
    whole = quote(
        order, kind="cancel", fault="seller" if fault == "seller" else "buyer", lines=lines,
        rules=ctx.rules,
    )  # fmt: skip
    return whole.as_json()


def _add_cancel(
    ctx: ToolContext, order: Order, reason_code: str, reason_text: str, status: str
) -> Claim:
    if reason_code not in FAULT_OF:
        raise BadInput("취소 사유를 다시 골라 주세요.")
    if any(c.kind == "cancel" and c.status in OPEN_STATUSES for c in order.claims):
        raise NotAllowedNow("이미 취소 요청이 접수되어 있어요.", allowed=("withdraw",))
    fault = FAULT_OF[reason_code]
    shown = _whole(ctx, order, fault)
    moment = to_text(ctx.now)
    claim = Claim(
        claims.next_id(ctx.tx, f"{day_of(ctx.now):%Y%m%d}"), order.order_id, order.user_id,
        "cancel", reason_code, clean(reason_text), fault, status, (), shown,
        shown["refund_krw"], "", moment, moment, 1,
        tuple(ClaimLine(line.line_id, line.quantity, None) for line in order.lines),
    )  # fmt: skip
    claims.add(ctx.tx, claim)
    ctx.audit("create", "claim", claim.claim_id, {}, {"kind": "cancel", "status": status})
    return claim


def _refund(ctx: ToolContext, order: Order, claim: Claim) -> None:
    paid = next(p for p in order.payments if p.kind == "payment")
    orders.add_payment(
        ctx.tx,
        Payment(
            f"R-{claim.claim_id}", order.order_id, claim.claim_id, "refund", paid.method,
            paid.label, claim.refund_krw, to_text(ctx.now),
        ),
    )  # fmt: skip


def _save(ctx: ToolContext, order: Order, changes: dict[str, Any]) -> None:
    if not orders.change(ctx.tx, order, changes, at=ctx.now):
        raise StateChanged("그사이 주문 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요.")
