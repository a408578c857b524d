"""cancel: at once before preparing, by request while preparing, else what is possible."""

from __future__ import annotations

import re

from agent.cards import choice_card, order_card
from agent.flows.knowledge import cite_rule
from agent.flows.pick import NAMED, line_fits, pick_order, wanted_products
from agent.korean import krw
from agent.shop.claims import allowed_actions
from agent.shop.words import ORDER_STATUS, REASON
from agent.turn import Proposal, Turn
from store.models import Order, OrderLine

__all__ = ["cancel", "propose_cancel"]


def cancel(turn: Turn) -> None:
    """Find the order, quote the refund and ask for the yes."""
    order = pick_order(
        turn,
        lambda order: order.status in ("pending_payment", "paid", "preparing"),
        verb="취소",
        message="{id} 주문 취소할게요",
        statuses=("pending_payment", "paid", "preparing"),
    )
    if order is not None:
        propose_cancel(turn, order)


def propose_cancel(turn: Turn, order: Order) -> None:
    """Offer to cancel ``order``, or say why that is not possible and what is."""
    allowed = allowed_actions(order, now=turn.now, rules=turn.rules)
    if turn.caller.user_id is None:
        turn.say("guest_may_look", what="취소")
        turn.show(order_card(turn, order, actions=()))
        return
    only = _only_line(turn, order)
    if only is not None and set(allowed) & {"cancel", "request_cancel"}:
        turn.say("whole", count=turn.fact(len(order.lines)), title=only.product_name)
        turn.fact(f"{len(order.lines)}개")
        everything = f"{order.order_id} 주문 전체 취소할게요"
        turn.show(
            choice_card("", ("전체 취소", everything), ("상담원 연결", "상담원에게 연결해 주세요"))
        )
    elif "cancel" in allowed:
        _offer(turn, order, "cancel_order")
    elif "request_cancel" in allowed:
        _offer(turn, order, "request_cancel")
    else:
        name = "waiting" if order.status == "preparing" else f"refused_{order.status}"
        turn.say(name, title=order.title, status=ORDER_STATUS[order.status])
        turn.show(order_card(turn, order))
        if order.status == "shipped":
            cite_rule(turn, "벌써 배송이 시작됐는데 취소할 수 있나요")


def _offer(turn: Turn, order: Order, kind: str) -> None:
    quote = turn.call("quote_cancel", order_id=order.order_id)
    reason = turn.slots.reason_code or "change_of_mind"
    refund = quote["refund_krw"]
    rules = turn.rules
    card_days = f"{rules.card_refund_min_business_days}~{rules.card_refund_max_business_days}"
    rows = [("주문", order.title), ("주문번호", order.order_id)]
    if len(order.lines) > 1:
        rows.append(("취소할 상품", ", ".join(line.product_name for line in order.lines)))
    if quote["method"]:
        rows.append(("상품 금액", krw(quote["goods_krw"])))
        if quote["coupon_krw"]:
            rows.append(("쿠폰 할인", f"-{krw(quote['coupon_krw'])}"))
        if quote["shipping_krw"]:
            rows.append(("배송비", krw(quote["shipping_krw"])))
        rows.append(("환불 금액", krw(refund)))
        rows.append(("환불 수단", quote["method_label"]))
        card = f", 카드사 반영 {card_days}영업일" if quote["method"] == "card" else ""
        rows.append(("환불 시점", f"{'취소' if kind == 'cancel_order' else '승인'} 즉시{card}"))
    if turn.slots.reason_code:
        rows.append(("사유", REASON[reason]))
    turn.propose(
        Proposal(
            kind,
            {"order_id": order.order_id, "reason_code": reason, "reason_text": ""},
            f"{order.title} 주문 취소" + (" 요청" if kind == "request_cancel" else ""),
            tuple(rows),
            order.order_id,
            order.version,
        )
    )
    # Still open to change: "아니 두 번째 거요" is read against what was offered before.
    if turn.answered and turn.answered.slot == "order":
        turn.ask("order", choices=turn.answered.choices)
    name = "offer" if refund else "offer_unpaid"
    if kind == "request_cancel":
        name = "offer_request"
    turn.say(name, title=order.title, refund=refund, method=quote["method_label"])


def _only_line(turn: Turn, order: Order) -> OrderLine | None:
    """The one line of several that is to be cancelled ("후드티만 취소해주세요"), if so said."""
    words = wanted_products(turn)
    only = next((w for w in words if re.search(rf"{re.escape(w)}\s?만", turn.text)), None)
    if only is None or len(order.lines) < 2:
        return None
    best = max(order.lines, key=lambda line: line_fits(line, (only,)))
    return best if line_fits(best, (only,)) >= NAMED else None
