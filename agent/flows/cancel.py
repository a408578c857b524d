"""cancel: at once before preparing, by request while preparing, else what is possible."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.cards import order_card
from agent.flows.knowledge import cite_rule
from agent.flows.pick import nth, pick_order, wanted_products
from agent.flows.pieces import Piece, line_choices, named_lines, pieces_text
from agent.korean import krw
from agent.shop.claims import allowed_actions, claimable_lines
from agent.shop.quote import due_krw
from agent.shop.words import ORDER_STATUS, REASON
from agent.turn import Proposal, Turn
from store.models import Order, OrderLine

__all__ = ["cancel", "propose_cancel"]

# "텀블러 주문 취소", "커피 시킨 거 취소": the product names the order, not a part of it.
_ITS_ORDER = r"\s?(?:이랑|하고|랑)?\s?(?:을|를)?\s?(?:주문(?!에서)|시킨|시켰|산\s|샀|구매)"
_ONLY = r"\s?(?:\S{1,3}\s?개|하나)?만"
_STAYS = r"(?:은|는)?\s?(?:그대로|두고|놔두|냅두|남겨)"
_ALL_BUT = re.compile(r"빼고.{0,12}취소")


def cancel(turn: Turn) -> None:
    """Find the order, then the pieces; quote the refund and ask for the yes."""
    order = pick_order(
        turn,
        lambda order: order.status in ("pending_payment", "paid", "preparing"),
        verb="취소",
        message="{id} 주문 취소할게요",
        statuses=("pending_payment", "paid", "preparing"),
    )
    if order is not None:
        propose_cancel(turn, order)
    elif turn.draft.asking is not None and turn.draft.asking.slot == "order":
        # "한 개만" or "후드티만" still counts once the order is known.
        kept = _said(turn, None)
        turn.ask("order", choices=turn.draft.asking.choices, words=kept.words, count=kept.count)


def propose_cancel(
    turn: Turn, order: Order, *, pieces: Sequence[tuple[str, int]] | None = None
) -> None:
    """Offer to cancel ``order``, or say why that is not possible and what is.

    ``pieces`` are (line id, quantity) known from before; without them the message decides.
    """
    allowed = allowed_actions(order, now=turn.now, rules=turn.rules)
    if turn.caller.user_id is None:
        turn.say("guest_may_look", what="취소")
        turn.show(order_card(turn, order, actions=()))
        return
    kind = next((k for a, k in _KINDS if a in allowed), None)
    if kind is None:
        name = "waiting" if order.status == "preparing" else f"refused_{order.status}"
        turn.say(name, title=order.title, status=ORDER_STATUS[order.status])
        turn.show(order_card(turn, order))
        if order.status == "shipped":
            cite_rule(turn, "벌써 배송이 시작됐는데 취소할 수 있나요")
        return
    chosen = _pieces(turn, order) if pieces is None else _given(order, pieces)
    if chosen is not None:
        _offer(turn, order, kind, chosen)


_KINDS = (("cancel", "cancel_order"), ("request_cancel", "request_cancel"))


@dataclass(frozen=True, slots=True)
class _Said:
    """What this message and the question it answers say about the pieces."""

    words: list[str]
    count: int | None


def _said(turn: Turn, order: Order | None) -> _Said:
    answered = turn.answered
    data = answered.data if answered else {}
    if order is not None and data.get("order_id") not in (None, order.order_id):
        data = {}  # another order after all
    return _Said(
        _words(turn) or list(data.get("words") or ()),
        turn.slots.quantity or data.get("count"),
    )


def _words(turn: Turn) -> list[str]:
    """The products that are to go: those with "만", without those that are to stay."""
    words = wanted_products(turn)
    only = [w for w in words if re.search(re.escape(w) + _ONLY, turn.text)]
    return only or [w for w in words if not re.search(re.escape(w) + _STAYS, turn.text)]


def _given(order: Order, pieces: Sequence[tuple[str, int]]) -> list[Piece]:
    """Pieces known from before, as far as the order still holds them."""
    by_id = {line.line_id: line for line in claimable_lines(order)}
    return [
        (by_id[line_id], min(count, by_id[line_id].free))
        for line_id, count in pieces
        if line_id in by_id
    ]


def _pieces(turn: Turn, order: Order) -> list[Piece] | None:
    """What is to be cancelled: some pieces, all (an empty list), or None once it is asked."""
    lines = claimable_lines(order)
    said = _said(turn, order)
    everything = turn.slots.everything and not turn.slots.products
    named, doubtful = named_lines(lines, () if everything else said.words)
    if doubtful:
        _which(turn, order, doubtful, said)
        return None
    if named and _ALL_BUT.search(turn.text):
        named = [line for line in lines if line not in named]
    elif _names_the_order(turn, said):
        named = []
    answered = turn.answered
    if not named and answered and answered.slot == "line":
        place = nth(lines, turn.slots.ordinal)
        named = [place] if place is not None else []
    count = said.count
    if not named and count and not turn.slots.everything:
        if count < sum(line.free for line in lines) and len(lines) > 1:
            _which(turn, order, lines, said)
            return None
        named = list(lines)
    single = len(named) == 1 and count and not turn.slots.everything
    chosen = [(x, min(count or x.free, x.free) if single else x.free) for x in named]
    rest = sum(line.kept for line in order.lines) - sum(number for _, number in chosen)
    return chosen if rest else []


def _names_the_order(turn: Turn, said: _Said) -> bool:
    """Whether the product only says which order is meant ("텀블러 주문 취소할게요")."""
    if said.count or re.search(r"만\s|만$|에서", turn.text) or not turn.slots.products:
        return False
    return any(re.search(re.escape(word) + _ITS_ORDER, turn.text) for word in said.words)


def _which(turn: Turn, order: Order, lines: Sequence[OrderLine], said: _Said) -> None:
    turn.say("which_piece")
    turn.show(line_choices("취소할 상품", lines, "{name} 취소할게요"))
    turn.ask("line", order_id=order.order_id, count=said.count)


def _offer(turn: Turn, order: Order, kind: str, pieces: list[Piece]) -> None:
    part = {"lines": [[line.line_id, count] for line, count in pieces]} if pieces else {}
    quote = turn.call("quote_cancel", order_id=order.order_id, **part)
    reason = turn.slots.reason_code or "change_of_mind"
    summary = f"{pieces_text(turn, pieces)} 취소" if pieces else f"{order.title} 주문 취소"
    turn.propose(
        Proposal(
            kind,
            {"order_id": order.order_id, **part, "reason_code": reason, "reason_text": ""},
            summary + (" 요청" if kind == "request_cancel" else ""),
            tuple(_rows(turn, order, kind, pieces, quote)),
            order.order_id,
            order.version,
        )
    )
    _say_offer(turn, order, kind, pieces, quote)
    _keep_open(turn, order, pieces)


def _rows(
    turn: Turn, order: Order, kind: str, pieces: list[Piece], quote: dict[str, Any]
) -> list[tuple[str, str]]:
    rows = [("주문", order.title), ("주문번호", order.order_id)]
    if pieces:
        rows += [("취소할 상품", pieces_text(turn, pieces))]
    elif len(order.lines) > 1:
        left = claimable_lines(order)
        rows += [("취소할 상품", ", ".join(line.product_name for line in left))]
    if quote["method"]:
        rows += _refund_rows(turn, kind, quote)
    elif pieces:
        rows += [("줄어드는 금액", krw(quote["due_drop_krw"]))]
        rows += [("입금하실 금액", krw(turn.fact(due_krw(order) - quote["due_drop_krw"])))]
    if turn.slots.reason_code:
        rows += [("사유", REASON[turn.slots.reason_code])]
    return rows


def _refund_rows(turn: Turn, kind: str, quote: dict[str, Any]) -> list[tuple[str, str]]:
    rules = turn.rules
    rows = [("상품 금액", krw(quote["goods_krw"]))]
    if quote["coupon_krw"]:
        rows += [("쿠폰 할인", f"-{krw(quote['coupon_krw'])}")]
    if quote["shipping_krw"]:
        rows += [("배송비", krw(quote["shipping_krw"]))]
    if quote["fee_krw"]:
        rows += [(quote["fee_label"], f"-{krw(quote['fee_krw'])}")]
    rows += [("환불 금액", krw(quote["refund_krw"])), ("환불 수단", quote["method_label"])]
    card_days = f"{rules.card_refund_min_business_days}~{rules.card_refund_max_business_days}"
    card = f", 카드사 반영 {card_days}영업일" if quote["method"] == "card" else ""
    return [*rows, ("환불 시점", f"{'취소' if kind == 'cancel_order' else '승인'} 즉시{card}")]


def _say_offer(
    turn: Turn, order: Order, kind: str, pieces: list[Piece], quote: dict[str, Any]
) -> None:
    name = "offer_part" if pieces else "offer"
    if kind == "request_cancel":
        name += "_request"
    elif not quote["method"]:
        name += "_unpaid"
    elif not quote["refund_krw"]:
        name = "offer_nothing_back"
    elif quote["fee_krw"]:
        name += "_fee"
    turn.say(
        name,
        title=order.title,
        pieces=pieces_text(turn, pieces),
        refund=quote["refund_krw"],
        fee=quote["fee_krw"],
        due=turn.fact(due_krw(order) - quote["due_drop_krw"]),
        method=quote["method_label"],
    )


def _keep_open(turn: Turn, order: Order, pieces: list[Piece]) -> None:
    """What may still be said instead: another order of those offered, another part of this one."""
    lines = claimable_lines(order)
    if turn.answered and turn.answered.slot == "order":
        # "아니 두 번째 거요" is read against what was offered before.
        turn.ask("order", choices=turn.answered.choices)
    elif len(lines) > 1 or any(line.free > 1 for line in lines):
        # "아니 한 개만요" is about what was just offered.
        turn.ask("line", order_id=order.order_id, words=[x.product_name for x, _ in pieces][:1])
    whole = ("주문 전체 취소", f"{order.order_id} 주문 전체 취소할게요")
    if pieces:
        turn.show(line_choices("", (), "", whole))
    elif len(lines) > 1:
        message = f"{order.order_id} 주문에서 {{name}}만 취소할게요"
        turn.show(line_choices("하나만 취소하시려면 골라 주세요", lines, message))
