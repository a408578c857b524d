"""return_exchange and defect: order, product, reason, kind, option, quote, yes."""

from __future__ import annotations

import re
from typing import Any

from agent.cards import choice_card, order_card
from agent.flows.change import wanted_sku
from agent.flows.claim_rows import claim_rows
from agent.flows.knowledge import cite_rule
from agent.flows.photo import look
from agent.flows.pick import nth, pick_order, wanted_products
from agent.flows.pieces import Piece, line_choices, named_lines, pieces_text
from agent.shop.claims import FAULT_OF, claimable_lines, refusal_of_line
from agent.shop.words import CLAIM_KIND, ORDER_STATUS, REASON
from agent.turn import Proposal, Turn
from agent.types import MOST_PHOTOS
from errors import SangdamError
from store.models import Option, Order, OrderLine, Product

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
    if turn.caller.user_id is None and turn.images:
        turn.say("photo_guest")
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
    lines = _lines(turn, order, known)
    lines = _still_possible(turn, order, lines, known) if lines else None
    if not lines:
        return
    known["line_ids"] = [line.line_id for line in lines]
    if not look(turn, order, lines, known):
        return
    reason = known["reason"]
    if reason is None:
        _ask_reason(turn, lines, known)
        return
    seller = FAULT_OF[reason] == "seller"
    if seller:
        turn.fact("판매자 책임이면 배송비는 저희가 부담해요")  # domain.md, Claims
    if known["kind"] is None:
        turn.say("which_kind_free" if seller else "which_kind", title=_title(lines))
        turn.show(
            choice_card(
                "처리 방법", ("반품하고 환불받기", "반품할게요"), ("교환하기", "교환할게요")
            )
        )
        turn.ask("kind", **known)
        return
    pieces = [(line, _count(line, known, alone=len(lines) == 1)) for line in lines]
    skus: list[str | None] = [None] * len(pieces)
    if known["kind"] == "exchange":
        found = _new_skus(turn, pieces, known)
        if found is None:
            return
        skus = found
    _propose(turn, order, pieces, known, skus)


def _count(line: OrderLine, known: dict[str, Any], *, alone: bool) -> int:
    """How many pieces: all that are left, unless a number was said of this one line."""
    return min(known["quantity"], line.free) if known["quantity"] and alone else line.free


def _title(lines: list[OrderLine]) -> str:
    return ", ".join(line.product_name for line in lines)


def _still_possible(
    turn: Turn, order: Order, lines: list[OrderLine], known: dict[str, Any]
) -> list[OrderLine]:
    """Those of ``lines`` that can be claimed; the reply says why the others cannot."""
    # What the buyer may do the seller's fault allows as well: one question is enough.
    fault = FAULT_OF[known["reason"]] if known["reason"] else "seller"
    refused = {
        line.line_id: refusal_of_line(order, line, fault, now=turn.now, rules=turn.rules)
        for line in lines
    }
    for line in lines:
        if refusal := refused[line.line_id]:
            turn.fact(refusal)
            turn.say("refused_line", title=line.product_name, reason=refusal)
    possible = [line for line in lines if not refused[line.line_id]]
    if not possible:
        _no_way(turn, order, lines[0], refused[lines[0].line_id])
    return possible


def _no_way(turn: Turn, order: Order, line: OrderLine, refusal: str) -> None:
    """What is left when nothing can be claimed: the rule, or a person."""
    never = refusal_of_line(order, line, "seller", now=turn.now, rules=turn.rules)
    if never:
        if line.free:
            turn.say("never_next")
        turn.show(order_card(turn, order))
        return
    cite_rule(turn, f"{refusal} 반품 교환")
    turn.say("refused_next")


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
        told = not _NOTHING_TOLD.search(turn.text) and len(turn.text) >= 8
        reason = "defect" if told and not (turn.images and "사진" in turn.text) else None
    option_asked = turn.answered is not None and turn.answered.slot == "option"
    if "말고" in turn.text and slots.products and not option_asked:
        data = {}  # another product after all
    return {
        "order_id": data.get("order_id"),
        "line_ids": data.get("line_ids") or [],
        "everything": slots.everything or bool(data.get("everything")),
        "kind": slots.claim_kind or _refund_said(turn) or data.get("kind"),
        "option": slots.wanted_option or data.get("option"),
        "reason": reason,
        "reason_text": turn.text[:200] if slots.reason_code else data.get("reason_text", ""),
        "quantity": slots.quantity or data.get("quantity"),
        "photos": list(dict.fromkeys((*data.get("photos", []), *turn.images)))[-MOST_PHOTOS:],
        "photos_missed": data.get("photos_missed", []),
        "photo_asked": bool(data.get("photo_asked")),
        "other_asked": bool(data.get("other_asked")),
    }


def _refund_said(turn: Turn) -> str | None:
    """ "그냥 환불받을게요" in the middle of a claim means a return."""
    return "return" if turn.answered and "환불" in turn.text and "?" not in turn.text else None


def _keep(turn: Turn, known: dict[str, Any]) -> None:
    """Carry what is known over the question which order is meant."""
    asking = turn.draft.asking
    if asking is not None and asking.slot == "order":
        kept = {k: v for k, v in known.items() if v and k not in ("order_id", "line_ids")}
        turn.ask("order", choices=asking.choices, **kept)


def _group(status: str) -> str:
    return "unpaid" if status in ("pending_payment", "paid") else status


def _open_lines(turn: Turn, order: Order) -> list[OrderLine]:
    return [
        line
        for line in claimable_lines(order)
        if not refusal_of_line(order, line, "seller", now=turn.now, rules=turn.rules)
    ]


def _lines(turn: Turn, order: Order, known: dict[str, Any]) -> list[OrderLine] | None:
    """The lines that are meant; None once the reply asks or explains."""
    by_id = {line.line_id: line for line in order.lines}
    if known["line_ids"] and all(line_id in by_id for line_id in known["line_ids"]):
        return [by_id[line_id] for line_id in known["line_ids"]]
    lines = _open_lines(turn, order)
    # Named: a claim that is running is told about, never swapped.
    named, doubtful = named_lines(order.lines, wanted_products(turn))
    free = [line for line in lines if line in doubtful]
    if len(free) > 1:
        _which_line(turn, free, known)
        return None
    if named:
        return free or named
    if not lines:
        return _none_left(turn, order)
    if len(lines) == 1 or known["everything"]:
        return lines
    answered = turn.answered
    chosen = nth(lines, turn.slots.ordinal) if answered and answered.slot == "line" else None
    if chosen is not None:
        return [chosen]
    _which_line(turn, lines, known)
    return None


def _none_left(turn: Turn, order: Order) -> list[OrderLine] | None:
    over = {
        refusal_of_line(order, x, "seller", now=turn.now, rules=turn.rules) for x in order.lines
    }
    if len(over) == 1:
        return [order.lines[0]]  # the same reason for all of them: the flow tells it
    turn.say("no_line_left", title=order.title)
    turn.show(order_card(turn, order))
    return None


def _which_line(turn: Turn, lines: list[OrderLine], known: dict[str, Any]) -> None:
    turn.say("which_line")
    word = CLAIM_KIND.get(known["kind"] or "", "접수")
    everything = ("모두", f"모두 {word}할게요")
    more = () if known["kind"] == "exchange" else (everything,)
    turn.show(line_choices("상품", lines, f"{{name}} {word}할게요", *more))
    turn.ask("line", **{**known, "line_ids": []})


def _ask_reason(turn: Turn, lines: list[OrderLine], known: dict[str, Any]) -> None:
    reasons = _SELLER_REASONS if turn.intent == "defect" else (*_BUYER_REASONS, *_SELLER_REASONS)
    turn.say("which_reason", title=_title(lines))
    turn.show(choice_card("사유", *((REASON[code], _ASK[code]) for code in reasons)))
    turn.ask("reason", **known)


def _new_skus(turn: Turn, pieces: list[Piece], known: dict[str, Any]) -> list[str | None] | None:
    """What to send instead of each piece; None once the reply asks."""
    if len(pieces) == 1:
        sku = _new_sku(turn, *pieces[0], known)
        return None if sku is None else [sku]
    if FAULT_OF[known["reason"]] == "seller" and all(
        _stock(turn, line) >= count for line, count in pieces
    ):
        return [line.sku for line, _ in pieces]
    turn.say("one_at_a_time")
    _which_line(turn, [line for line, _ in pieces], known)
    return None


def _stock(turn: Turn, line: OrderLine) -> int:
    product: Product = turn.call("get_product", product_id=line.product_id)
    return next((o.stock for o in product.options if o.sku == line.sku), 0)


def _new_sku(turn: Turn, line: OrderLine, count: int, known: dict[str, Any]) -> str | None:
    """The option to send instead; the same one for a faulty piece."""
    product: Product = turn.call("get_product", product_id=line.product_id)
    by_sku = {option.sku: option for option in product.options}
    wanted = wanted_sku(turn, product, line)
    if wanted is None and FAULT_OF[known["reason"]] == "seller":
        wanted = line.sku if line.sku in by_sku else None
    more = _more_krw(by_sku, line, wanted)
    if wanted and by_sku[wanted].stock >= count and (not more or turn.rules.price_difference):
        return wanted
    if wanted and wanted != line.sku:
        name = "sold_out" if by_sku[wanted].stock < count else "other_price_exchange"
        turn.say(name, option=by_sku[wanted].name, krw=turn.fact(abs(more)))
    others = [
        option
        for option in product.options
        if option.sku != line.sku
        and option.stock >= count
        and (turn.rules.price_difference or not _more_krw(by_sku, line, option.sku))
    ]
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


def _more_krw(by_sku: dict[str, Option], line: OrderLine, sku: str | None) -> int:
    """What an option costs more than the one that was bought (KRW; negative: less)."""
    now, wanted = by_sku.get(line.sku), by_sku.get(sku or "")
    return wanted.extra_krw - now.extra_krw if now and wanted else 0


def _propose(
    turn: Turn,
    order: Order,
    pieces: list[Piece],
    known: dict[str, Any],
    skus: list[str | None],
) -> None:
    kind, reason = known["kind"], known["reason"]
    lines = [[x.line_id, count, sku] for (x, count), sku in zip(pieces, skus, strict=True)]
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
            f"{_title([line for line, _ in pieces])} {CLAIM_KIND[kind]} 신청",
            tuple(claim_rows(turn, pieces, known, quote, skus)),
            order.order_id,
            order.version,
        )
    )
    # Still open to change: "아니, 교환할게요" goes on from what is known.
    turn.ask("kind", **known)
    _say_offer(turn, pieces, known, quote)


def _say_offer(
    turn: Turn, pieces: list[Piece], known: dict[str, Any], quote: dict[str, Any]
) -> None:
    kind, buyer = known["kind"], quote["fault"] == "buyer"
    name = f"offer_{kind}" if buyer else f"offer_{kind}_free"
    if buyer and kind == "return" and not quote["refund_krw"]:
        name = "offer_return_nothing_back"
    part = any(count < line.free for line, count in pieces)
    lines = [line for line, _ in pieces]
    turn.say(
        name,
        title=pieces_text(turn, pieces) if part else _title(lines),
        refund=quote["refund_krw"],
        fee=quote["fee_krw"],
        to_pay=quote["to_pay_krw"],
    )
    if quote["difference_krw"]:
        turn.say("offer_difference", to_pay=quote["to_pay_krw"], refund=quote["refund_krw"])
    if not buyer and not known["photos"]:
        turn.say("photo_helps")
    for special in {line.returnable for line in lines} & {"hygiene", "digital"}:
        if buyer:
            turn.say(f"unopened_{special}")
