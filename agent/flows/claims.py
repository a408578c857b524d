"""return_exchange and defect: order, product, reason, kind, option, quote, yes."""

from __future__ import annotations

import re
from typing import Any

from agent.cards import choice_card, order_card
from agent.flows.change import wanted_sku
from agent.flows.knowledge import cite_rule
from agent.flows.pick import NAMED, line_fits, nth, pick_order
from agent.korean import krw
from agent.shop.claims import FAULT_OF, claimable_lines, refusal_of_line
from agent.shop.words import CLAIM_KIND, ORDER_STATUS, REASON
from agent.turn import Proposal, Turn
from errors import SangdamError
from store.models import Order, OrderLine, Product

__all__ = ["defect", "return_exchange"]

_NOTHING_TOLD = re.compile(r"문제|이상")
_BUYER_REASONS = ("change_of_mind", "wrong_option")
_SELLER_REASONS = ("damaged", "defect", "wrong_item", "missing_item", "not_as_described")
_ASK = {
    "change_of_mind": "마음이 바뀌었어요",
    "wrong_option": "사이즈가 안 맞아요",
    "damaged": "파손되어 왔어요",
    "defect": "불량이에요",
    "wrong_item": "다른 상품이 왔어요",
    "missing_item": "구성품이 빠졌어요",
    "not_as_described": "설명과 달라요",
}


def return_exchange(turn: Turn) -> None:
    """A return or an exchange of something delivered."""
    _claim(turn, kind_word="반품·교환")


def defect(turn: Turn) -> None:
    """Something broken, wrong or missing: the seller pays, a photo helps."""
    _claim(turn, kind_word="불량·파손 접수")


def _claim(turn: Turn, *, kind_word: str) -> None:
    known = _known(turn)
    word = CLAIM_KIND.get(known["kind"] or "", kind_word)
    order = pick_order(
        turn,
        lambda order: order.status == "delivered" and bool(_open_lines(turn, order)),
        verb=word,
        message="{id} 주문이에요",
        statuses=("delivered",),
    )
    if order is None:
        _keep(turn, known)
        return
    if turn.caller.user_id is None:
        turn.say("guest_may_look", what=word)
        return
    if order.status != "delivered":
        turn.say(
            f"refused_{_group(order.status)}", title=order.title, status=ORDER_STATUS[order.status]
        )
        turn.show(order_card(turn, order))
        return
    _continue(turn, order, known)


def _continue(turn: Turn, order: Order, known: dict[str, Any]) -> None:
    known["order_id"] = order.order_id
    line = _line(turn, order, known)
    if line is None:
        return
    known["line_id"] = line.line_id
    reason = known["reason"]
    never = refusal_of_line(order, line, "seller", now=turn.now, rules=turn.rules)
    if never:
        turn.fact(never)
        turn.say("refused_line", title=line.product_name, reason=never)
        if line.claim_status is None:
            turn.say("never_next")
        turn.show(order_card(turn, order))
        return
    if reason is None:
        _ask_reason(turn, line, known)
        return
    refusal = refusal_of_line(order, line, FAULT_OF[reason], now=turn.now, rules=turn.rules)
    if refusal:
        turn.fact(refusal)
        turn.say("refused_line", title=line.product_name, reason=refusal)
        cite_rule(turn, f"{refusal} 반품 교환")
        turn.say("refused_next")
        return
    seller = FAULT_OF[reason] == "seller"
    if seller:
        turn.fact("판매자 책임이면 배송비는 저희가 부담해요")  # domain.md, Claims
    if known["kind"] is None:
        turn.say("which_kind_free" if seller else "which_kind", title=line.product_name)
        turn.show(
            choice_card(
                "처리 방법", ("반품하고 환불받기", "반품할게요"), ("교환하기", "교환할게요")
            )
        )
        turn.ask("kind", **known)
        return
    new_sku = None
    if known["kind"] == "exchange":
        new_sku = _new_sku(turn, line, known)
        if new_sku is None:
            return
    _propose(turn, order, line, known, new_sku)


def _known(turn: Turn) -> dict[str, Any]:
    """What is known so far: this message over what earlier questions collected."""
    data = turn.answered.data if turn.answered else {}
    slots = turn.slots
    reason = slots.reason_code or data.get("reason")
    if data.get("reason") and slots.reason_code in ("change_of_mind", "other"):
        reason = data["reason"]  # "그냥 반품할게요" takes nothing back that was said before
    if turn.answered and turn.answered.slot == "reason" and not slots.reason_code:
        # In words of their own; a message that only names the kind is no reason.
        fallback = "defect" if turn.intent == "defect" else "other"
        reason = None if slots.claim_kind and len(turn.text) <= 12 else fallback
    if reason is None and turn.intent == "defect" and not turn.answered:
        # Told in words of their own ("지지직거려요"); "문제가 있어요" tells nothing yet.
        reason = None if _NOTHING_TOLD.search(turn.text) or len(turn.text) < 8 else "defect"
    option_asked = turn.answered is not None and turn.answered.slot == "option"
    if "말고" in turn.text and slots.products and not option_asked:
        data = {}  # another product after all
    return {
        "order_id": data.get("order_id"),
        "line_id": data.get("line_id"),
        "kind": slots.claim_kind or _refund_said(turn) or data.get("kind"),
        "option": slots.wanted_option or data.get("option"),
        "reason": reason,
        "reason_text": turn.text[:200] if slots.reason_code else data.get("reason_text", ""),
        "quantity": slots.quantity or data.get("quantity"),
        "photos": [*data.get("photos", []), *turn.images],
    }


def _refund_said(turn: Turn) -> str | None:
    """ "그냥 환불받을게요" in the middle of a claim means a return."""
    return "return" if turn.answered and "환불" in turn.text and "?" not in turn.text else None


def _keep(turn: Turn, known: dict[str, Any]) -> None:
    """Carry what is known over the question which order is meant."""
    asking = turn.draft.asking
    if asking is not None and asking.slot == "order":
        kept = {k: v for k, v in known.items() if v and k not in ("order_id", "line_id")}
        turn.ask("order", choices=asking.choices, **kept)


def _group(status: str) -> str:
    return "unpaid" if status in ("pending_payment", "paid") else status


def _open_lines(turn: Turn, order: Order) -> list[OrderLine]:
    return [
        line
        for line in claimable_lines(order)
        if not refusal_of_line(order, line, "seller", now=turn.now, rules=turn.rules)
    ]


def _line(turn: Turn, order: Order, known: dict[str, Any]) -> OrderLine | None:
    by_id = {line.line_id: line for line in order.lines}
    if known["line_id"] in by_id:
        return by_id[known["line_id"]]
    lines = _open_lines(turn, order)
    meant = [x for x in order.lines if line_fits(x, turn.slots.products) >= NAMED]
    if len(meant) == 1:
        return meant[0]  # named: a claim that is running is told about, never swapped
    if not lines:
        over = {refusal_of_line(order, x, "seller", now=turn.now, rules=turn.rules)
                for x in order.lines}  # fmt: skip
        if len(order.lines) == 1 or len(over) == 1:
            return order.lines[0]  # the same reason for all of them: the flow tells it
        turn.say("no_line_left", title=order.title)
        turn.show(order_card(turn, order))
        return None
    if len(lines) == 1:
        return lines[0]
    answered = turn.answered
    chosen = nth(lines, turn.slots.ordinal) if answered and answered.slot == "line" else None
    if chosen is not None:
        return chosen
    turn.say("which_line")
    word = CLAIM_KIND.get(known["kind"] or "", "접수")
    turn.show(
        choice_card(
            "상품",
            *(
                (f"{x.product_name} ({x.option_name})", f"{x.product_name} {word}할게요")
                for x in lines
            ),
        )
    )
    turn.ask("line", **known)
    return None


def _ask_reason(turn: Turn, line: OrderLine, known: dict[str, Any]) -> None:
    reasons = _SELLER_REASONS if turn.intent == "defect" else (*_BUYER_REASONS, *_SELLER_REASONS)
    turn.say("which_reason", title=line.product_name)
    turn.show(choice_card("사유", *((REASON[code], _ASK[code]) for code in reasons)))
    turn.ask("reason", **known)


def _new_sku(turn: Turn, line: OrderLine, known: dict[str, Any]) -> str | None:
    """The option to send instead; the same one for a faulty piece."""
    product: Product = turn.call("get_product", product_id=line.product_id)
    by_sku = {option.sku: option for option in product.options}
    wanted = wanted_sku(turn, product, line)
    if wanted is None and FAULT_OF[known["reason"]] == "seller":
        wanted = line.sku
    if wanted and by_sku[wanted].stock >= line.quantity:
        return wanted
    if wanted and wanted != line.sku:
        turn.say("sold_out", option=by_sku[wanted].name)
    others = [o for o in product.options if o.sku != line.sku and o.stock >= line.quantity]
    if not others:
        turn.say("no_option_left", title=line.product_name)
        turn.show(choice_card("처리 방법", ("반품하고 환불받기", "반품할게요")))
        turn.ask("kind", **{**known, "kind": None})
        return None
    if wanted is None and turn.answered and turn.answered.slot == "option":
        said = turn.slots.wanted_option or turn.text.strip()[:20]
        turn.say("no_such_option", wanted=said)
    turn.say("which_option", title=line.product_name, now=line.option_name)
    turn.show(choice_card("교환할 옵션", *((o.name, f"{o.name}로 교환할게요") for o in others)))
    turn.ask("option", **known)
    return None


def _propose(
    turn: Turn, order: Order, line: OrderLine, known: dict[str, Any], new_sku: str | None
) -> None:
    kind, reason = known["kind"], known["reason"]
    quantity = min(known["quantity"] or line.quantity, line.quantity)
    lines = [[line.line_id, quantity, new_sku]]
    try:
        quote = turn.call(
            "quote_claim", order_id=order.order_id, kind=kind, lines=lines, reason_code=reason
        )
    except SangdamError as error:
        turn.refuse(error)
        return
    turn.propose(
        Proposal(
            "create_claim",
            {
                "order_id": order.order_id,
                "kind": kind,
                "lines": lines,
                "reason_code": reason,
                "reason_text": known["reason_text"] or "",
                "photos": known["photos"],
            },
            f"{line.product_name} {CLAIM_KIND[kind]} 신청",
            _rows(turn, line, quantity, known, quote, new_sku),
            order.order_id,
            order.version,
        )
    )
    # Still open to change: "아니, 교환할게요" goes on from what is known.
    turn.ask("kind", **known)
    name = f"offer_{kind}" if quote["fault"] == "buyer" else f"offer_{kind}_free"
    turn.say(name, title=line.product_name, refund=quote["refund_krw"], fee=quote["fee_krw"])
    if quote["fault"] == "seller" and not known["photos"]:
        turn.say("photo_helps")
    if line.returnable in ("hygiene", "digital") and quote["fault"] == "buyer":
        turn.say(f"unopened_{line.returnable}")


def _rows(
    turn: Turn,
    line: OrderLine,
    quantity: int,
    known: dict[str, Any],
    quote: dict[str, Any],
    new_sku: str | None,
) -> tuple[tuple[str, str], ...]:
    rows = [
        ("상품", f"{line.product_name} ({line.option_name}) {quantity}개"),
        ("사유", REASON[known["reason"]]),
    ]
    if new_sku:
        product: Product = turn.call("get_product", product_id=line.product_id)
        name = next(option.name for option in product.options if option.sku == new_sku)
        rows.append(("보내 드릴 옵션", name))
        rows.append(("배송비", krw(quote["fee_krw"]) if quote["fee_krw"] else quote["fee_label"]))
    else:
        rows.append(("상품 금액", krw(quote["goods_krw"])))
        if quote["coupon_krw"]:
            rows.append(("쿠폰 할인분", f"-{krw(quote['coupon_krw'])}"))
        if quote["shipping_krw"]:
            rows.append(("처음 배송비", krw(quote["shipping_krw"])))
        fee = f"-{krw(quote['fee_krw'])}" if quote["fee_krw"] else quote["fee_label"]
        rows.append((quote["fee_label"] if quote["fee_krw"] else "반품 배송비", fee))
        rows.append(("환불 금액", krw(quote["refund_krw"])))
        rows.append(("환불 수단", quote["method_label"]))
        days = turn.rules.refund_business_days
        rows.append(("환불 시점", f"상품이 도착하면 {days}영업일 안에"))
    if known["photos"]:
        rows.append(("사진", f"{len(known['photos'])}장"))
    return tuple(rows)
