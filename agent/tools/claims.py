"""Claims: quote, file and withdraw a return or an exchange, look at claims."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from agent.shop.calendar import day_of
from agent.shop.claims import (
    FAULT_OF,
    allowed_actions,
    check_transition,
    claims_left,
    refusal_of_line,
)
from agent.shop.quote import cheaper_krw, leaning_on, quote
from agent.tools.base import MOST, MOST_REASON_CHARS, ToolContext, clean, tool
from agent.tools.claim_ticket import needs_ticket, open_for_claim
from agent.tools.ledger import own_method, paid_with, restock
from agent.tools.orders import current_order, get_order, save_order
from errors import BadInput, NotAllowedNow, NotFound, StateChanged
from store import audit, claims, conversations, products
from store.database import load
from store.models import Claim, ClaimLine, Order, OrderLine, PaymentMethod, to_text

__all__ = [
    "checked",
    "create_claim",
    "current_claim",
    "file_claim",
    "get_claim",
    "list_claims",
    "quote_claim",
    "save_claim",
    "undo",
    "withdraw_claim",
]

Lines = Sequence[tuple[str, int, str | None]]
CHANGED = "그사이 신청 상태가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요."


@tool("READ")
def list_claims(ctx: ToolContext, *, statuses: Sequence[str] = (), limit: int = 20) -> list[Claim]:
    """The caller's own claims, newest first. Raises NotSignedIn for a guest.

    ``limit`` is 1 to 100.
    """
    limit = max(1, min(limit, MOST))
    return claims.find(ctx.tx, user_id=ctx.me(), statuses=statuses, limit=limit)


@tool("READ")
def get_claim(ctx: ToolContext, *, claim_id: str) -> Claim:
    """One claim. Raises NotFound for a missing one and somebody else's alike."""
    found = claims.get(ctx.tx, claim_id, user_id=ctx.owner())
    if found is None:
        raise NotFound("해당 신청을 찾을 수 없어요. 접수번호를 다시 확인해 주세요.")
    return found


@tool("READ")
def quote_claim(
    ctx: ToolContext,
    *,
    order_id: str,
    kind: str,
    lines: Lines,
    reason_code: str,
    noticed_on: date | None = None,
) -> dict[str, Any]:
    """The refund quote of a return or exchange; ``lines`` are (line id, quantity, new SKU).

    ``noticed_on`` is the day a seller's fault was noticed (None: not told). Raises NotFound,
    NotAllowedNow (period over, not returnable, already claimed), BadInput.
    """
    order = get_order(ctx, order_id=order_id)
    return checked(ctx, order, kind, lines, reason_code, noticed_on)


@tool("WRITE")
def create_claim(
    ctx: ToolContext,
    *,
    order_id: str,
    kind: str,
    lines: Lines,
    reason_code: str,
    reason_text: str = "",
    photos: Sequence[str] = (),
    noticed_on: date | None = None,
    method_id: str | None = None,
    version: int | None = None,
) -> Claim:
    """File a return or an exchange as ``requested``; an exchange sets its new goods aside.

    ``method_id`` is a registered method for the refund (only where the shop allows another
    than the one paid with) or for an exchange's difference (default: how it was paid). Raises
    as ``quote_claim``, NotFound for a photo or a method of somebody else's, BadInput for a
    difference nobody pays, StateChanged when ``version`` is not the order's any more.

    Photos of what is the shop's fault open a ticket with the claim, or join the chat's running
    one: a person looks at them.
    """
    order = current_order(ctx, order_id, version)
    shown = checked(ctx, order, kind, lines, reason_code, noticed_on)
    return file_claim(
        ctx, order, shown, lines, reason_code=reason_code, reason_text=reason_text,
        photos=photos, noticed_on=noticed_on, method_id=method_id,
    )  # fmt: skip


def file_claim(
    ctx: ToolContext,
    order: Order,
    shown: dict[str, Any],
    lines: Lines,
    *,
    reason_code: str,
    reason_text: str = "",
    photos: Sequence[str] = (),
    noticed_on: date | None = None,
    method_id: str | None = None,
) -> Claim:
    """Write a claim whose quote ``shown`` has been checked; raises as ``create_claim``."""
    kind = str(shown["kind"])
    if method_id is None and shown["difference_krw"] > 0:
        method_id = _default_method(ctx, order)
    if method_id is not None:
        _check_method(ctx, order, kind, own_method(ctx, order, method_id), shown)
    for image_id in photos:
        photo = conversations.attachment(ctx.tx, image_id)
        if photo is None or photo["user_id"] != order.user_id:
            raise NotFound("사진을 찾을 수 없어요. 다시 올려 주세요.")
    for _, quantity, new_sku in lines:
        if new_sku and not products.take(ctx.tx, new_sku, quantity):
            raise BadInput("교환하실 옵션의 재고가 부족해요. 다른 옵션을 골라 주세요.")
    moment = to_text(ctx.now)
    claim = Claim(
        claims.next_id(ctx.tx, f"{day_of(ctx.now):%Y%m%d}"), order.order_id, order.user_id, kind,
        reason_code, clean(reason_text, MOST_REASON_CHARS), FAULT_OF[reason_code], "requested",
        tuple(photos), shown, shown["refund_krw"], "", moment, moment, 1,
        tuple(ClaimLine(*line) for line in lines), method_id,
        noticed_on.isoformat() if noticed_on else None,
    )  # fmt: skip
    claims.add(ctx.tx, claim)
    save_order(ctx, order, {})
    pieces = [[line.line_id, line.quantity, line.new_sku] for line in claim.lines]
    ctx.audit(
        "create", "claim", claim.claim_id, {},
        {"kind": kind, "status": "requested", "lines": pieces},
    )  # fmt: skip
    if needs_ticket(claim):
        open_for_claim(ctx, order, claim)
    return claim


@tool("WRITE")
def withdraw_claim(ctx: ToolContext, *, claim_id: str, version: int | None = None) -> Claim:
    """Take back a claim that is requested or approved; the lines get their state back.

    Raises NotFound, NotAllowedNow, StateChanged.
    """
    claim = current_claim(ctx, claim_id, version)
    check_transition(claim.kind, claim.status, "withdrawn")
    order = get_order(ctx, order_id=claim.order_id)
    later = leaning_on(order, claim)
    if later is not None and not ctx.caller.is_staff:
        raise NotAllowedNow(
            f"이 신청의 배송비를 함께 계산한 다른 신청({later.claim_id})이 있어요. 그 신청을 먼저 "
            "철회하시거나 상담원에게 말씀해 주세요.",
            allowed=allowed_actions(order, now=ctx.now, rules=ctx.rules),
            code="claim_leaned_on",
        )
    undo(ctx, claim)
    return save_claim(ctx, order, claim, {"status": "withdrawn"}, action="withdraw")


def current_claim(ctx: ToolContext, claim_id: str, version: int | None) -> Claim:
    """The claim as it is. Raises NotFound, StateChanged when ``version`` is not its own.

    The error tells what changed since, as far as the audit knows it.
    """
    claim = get_claim(ctx, claim_id=claim_id)
    if version is not None and claim.version != version:
        raise StateChanged(CHANGED, changes=_changes_since(ctx, claim, version))
    return claim


def _changes_since(ctx: ToolContext, claim: Claim, version: int) -> dict[str, tuple[Any, Any]]:
    """Field → (was, is now); every save of a claim is one version and one audit event."""
    events = audit.of_object(ctx.tx, "claim", claim.claim_id)
    saves = [
        (load(e["before"], {}), load(e["after"], {})) for e in events if e["action"] != "create"
    ]
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    for before, after in saves[max(0, len(saves) - (claim.version - version)) :]:
        was = {**before, **was}
        now |= after
    return {name: (was.get(name), now[name]) for name in now if was.get(name) != now[name]}


def save_claim(
    ctx: ToolContext,
    order: Order | None,
    claim: Claim,
    changes: dict[str, Any],
    *,
    action: str = "change",
) -> Claim:
    """Write ``changes``, count up the version of ``order`` (unless done), leave an audit event.

    Raises StateChanged when the claim or the order is stale.
    """
    if not claims.change(ctx.tx, claim, changes, at=ctx.now):
        raise StateChanged(CHANGED)
    if order is not None:
        save_order(ctx, order, {})
    before = {name: getattr(claim, name) for name in changes}
    ctx.audit(action, "claim", claim.claim_id, before, changes)
    return get_claim(ctx, claim_id=claim.claim_id)


def undo(ctx: ToolContext, claim: Claim) -> None:
    """Put back what a claim that comes to nothing had set aside."""
    restock(ctx, [(line.new_sku, line.quantity) for line in claim.lines if line.new_sku])


def _differences(ctx: ToolContext, order: Order, lines: Lines) -> dict[str, int]:
    """What a piece of each line's new option costs more than the old one (KRW, or less)."""
    by_id = {line.line_id: line for line in order.lines}
    found = {}
    for line_id, _, new_sku in lines:
        now = products.option(ctx.tx, by_id[line_id].sku)
        wanted = products.option(ctx.tx, new_sku or "")
        found[line_id] = wanted.extra_krw - now.extra_krw if now and wanted else 0
    return found


def checked(
    ctx: ToolContext,
    order: Order,
    kind: str,
    lines: Lines,
    reason_code: str,
    noticed_on: date | None,
    *,
    exception: bool = False,
) -> dict[str, Any]:
    """Every rule of a return or exchange; the quote when all of them hold.

    ``exception``: staff let period, kind of goods and number of claims pass. Raises as
    ``quote_claim``.
    """
    if kind not in ("return", "exchange") or reason_code not in FAULT_OF or not lines:
        raise BadInput("신청할 상품과 사유를 다시 골라 주세요.")
    if order.status != "delivered":
        raise NotAllowedNow(
            "배송이 끝난 주문만 반품이나 교환을 신청할 수 있어요.",
            allowed=allowed_actions(order, now=ctx.now, rules=ctx.rules),
            code="not_delivered",
        )
    if noticed_on and noticed_on > day_of(ctx.now):
        raise BadInput("문제를 안 날은 오늘이나 그 이전으로 골라 주세요.")
    fault = FAULT_OF[reason_code]
    by_id = {line.line_id: line for line in order.lines}
    for line_id, quantity, new_sku in lines:
        line = by_id.get(line_id)
        if line is None:
            raise NotFound("주문에 없는 상품이에요. 상품을 다시 골라 주세요.")
        refusal = refusal_of_line(
            order, line, fault, now=ctx.now, rules=ctx.rules, noticed_on=noticed_on
        )
        if refusal and not exception:
            raise NotAllowedNow(refusal, code="not_claimable")
        if kind == "exchange":
            _check_exchange(ctx, line, quantity, new_sku, fault)
        elif new_sku:
            raise BadInput("반품에는 바꿀 옵션을 고를 수 없어요. 교환으로 신청해 주세요.")
    if not (exception or claims_left(order, ctx.rules)):
        raise NotAllowedNow(
            "이 주문은 더 반품이나 교환을 신청할 수 없어요. 상담원에게 말씀해 주세요.",
            code="not_claimable",
        )
    each = _differences(ctx, order, lines) if kind == "exchange" else {}
    more = sum(each[line_id] * quantity for line_id, quantity, _ in lines) if each else 0
    if more < 0 and -more > cheaper_krw(order):
        raise BadInput("쿠폰 할인보다 싼 옵션으로는 교환할 수 없어요. 다른 옵션을 골라 주세요.")
    plain = [(line_id, quantity) for line_id, quantity, _ in lines]
    shown = quote(
        order, kind=kind, fault=fault, lines=plain, rules=ctx.rules, difference_krw=more
    ).as_json()
    return shown | ({"more_per_piece": each} if each else {})


def _check_exchange(
    ctx: ToolContext, line: OrderLine, quantity: int, new_sku: str | None, fault: str
) -> None:
    wanted = products.option(ctx.tx, new_sku or "")
    now = products.option(ctx.tx, line.sku)
    if wanted is None or wanted.product_id != line.product_id:
        raise BadInput("같은 상품의 옵션으로만 교환할 수 있어요. 옵션을 골라 주세요.")
    if wanted.sku == line.sku and fault == "buyer" and not ctx.rules.exchange_same_option:
        raise BadInput("받으신 것과 같은 옵션이에요. 다른 옵션을 골라 주세요.")
    if now and wanted.extra_krw != now.extra_krw and not ctx.rules.price_difference:
        raise BadInput(
            "가격이 다른 옵션으로는 교환할 수 없어요. 같은 가격의 옵션을 고르거나, 반품하고 "
            "다시 주문해 주세요."
        )
    if wanted.stock < quantity:
        raise BadInput("교환하실 옵션의 재고가 부족해요. 다른 옵션을 골라 주세요.")


def _default_method(ctx: ToolContext, order: Order) -> str:
    """Who pays an exchange's difference when nobody was named: what the order was paid with."""
    method = paid_with(ctx, order)
    if method is None:
        raise BadInput("차액을 결제할 수단을 골라 주세요.")
    return method.method_id


def _check_method(
    ctx: ToolContext, order: Order, kind: str, method: PaymentMethod, shown: dict[str, Any]
) -> None:
    """Whether a claim may use a method: refunds go to what was paid with (domain.md)."""
    if kind == "exchange":
        if method.balance_krw is not None and method.balance_krw < shown["difference_krw"]:
            raise BadInput(
                f"{method.label}의 잔액이 부족해요. 다른 결제 수단을 골라 주세요.",
                code="insufficient_balance",
            )
        return
    stored = method.balance_krw is not None and ctx.rules.refund_to_stored_value
    if not stored and all(p.method_id != method.method_id for p in order.payments):
        raise BadInput("환불은 결제하신 수단으로만 받으실 수 있어요.")
