"""change_order: another address, option or way of paying, before the order is prepared."""

from __future__ import annotations

import re

from agent.cards import choice_card, order_card
from agent.flows.change_payment import asks_for_payment, change_payment
from agent.flows.knowledge import cite_rule
from agent.flows.pick import NAMED, line_fits, nth, pick_order
from agent.korean import krw
from agent.shop.claims import allowed_actions
from agent.shop.quote import due_krw
from agent.shop.words import ORDER_STATUS
from agent.turn import Proposal, Turn
from store.models import Order, OrderLine, Product

__all__ = ["change_order", "wanted_sku"]

_ADDRESS = re.compile(r"배송지|주소|수령지|받는\s*곳|이사")
_OPTION = re.compile(r"옵션|사이즈|색상|색깔|컬러|치수|호수|맛|용량")


def change_order(turn: Turn) -> None:
    """Find out what to change, then the order, then the new value; ask for the yes."""
    what = _what(turn)
    if what == "payment":
        change_payment(turn)
        return
    if what is None and not (turn.slots.order_id or turn.context.order_id):
        turn.say("what")
        turn.show(
            choice_card(
                "바꾸실 것",
                ("배송지", "배송지를 바꾸고 싶어요"),
                ("옵션", "옵션을 바꾸고 싶어요"),
                ("결제 수단", "결제 수단을 바꾸고 싶어요"),
            )
        )
        turn.ask("what")
        return
    action = "change_option" if what == "option" else "change_address"
    order = pick_order(
        turn,
        lambda order: action in allowed_actions(order, now=turn.now, rules=turn.rules),
        verb="옵션을 변경" if what == "option" else "배송지를 변경",
        message="{id} 주문 옵션 변경할게요" if what == "option" else "{id} 주문 배송지 변경할게요",
        statuses=("pending_payment", "paid"),
    )
    if order is None:
        if turn.draft.asking is not None:
            turn.ask(
                turn.draft.asking.slot,
                choices=turn.draft.asking.choices,
                what=what or "",
                address=turn.slots.address or "",
                option=turn.slots.wanted_option or "",
            )
        return
    if action not in allowed_actions(order, now=turn.now, rules=turn.rules):
        name = "refused_delivered" if order.status == "delivered" else "refused"
        turn.say(name, title=order.title, status=ORDER_STATUS[order.status])
        turn.show(order_card(turn, order))
        cite_rule(turn, "배송준비중부터는 주문 내용을 고칠 수 없습니다")
    elif turn.caller.user_id is None:
        turn.say("guest_may_look", what="변경")
    elif action == "change_option":
        _option(turn, order)
    else:
        _address(turn, order)


def _what(turn: Turn) -> str | None:
    if turn.answered and turn.answered.data.get("what"):
        return str(turn.answered.data["what"])
    if turn.slots.address or _ADDRESS.search(turn.text):
        return "address"
    if asks_for_payment(turn):
        return "payment"
    if turn.slots.wanted_option or _OPTION.search(turn.text):
        return "option"
    return None


def _address(turn: Turn, order: Order) -> None:
    answered = turn.answered
    road = turn.slots.address or (answered.data.get("address") if answered else "")
    if not road and answered and answered.slot == "address":
        road = turn.text.strip()
    if not road or not re.search(r"\d", road) or len(road) < 8:
        turn.say("address", title=order.title, road=order.road, detail=order.detail)
        turn.ask("address", order_id=order.order_id, what="address")
        return
    road = " ".join(road.split())[:200]
    turn.propose(
        Proposal(
            "change_address",
            {"order_id": order.order_id, "road": road},
            f"{order.title} 배송지 변경",
            (
                ("주문", order.title),
                ("지금 배송지", f"{order.road} {order.detail}".strip()),
                ("새 배송지", road),
            ),
            order.order_id,
            order.version,
        )
    )
    turn.say("offer_address", title=order.title)


def _option(turn: Turn, order: Order) -> None:
    line = _line(turn, order)
    if line is None:
        return
    if line.free < line.quantity:
        turn.say("part_cancelled", title=line.product_name)
        turn.show(order_card(turn, order))
        return
    product: Product = turn.call("get_product", product_id=line.product_id)
    sku = wanted_sku(turn, product, line)
    wanted = next((o for o in product.options if o.sku == sku), None)
    if wanted is None or wanted.sku == line.sku or wanted.stock < line.quantity:
        others = [o for o in product.options if o.sku != line.sku and o.stock >= line.quantity]
        if wanted is not None and wanted.sku != line.sku:
            turn.say("sold_out", option=wanted.name)
        turn.say("option" if others else "no_option", title=line.product_name, now=line.option_name)
        if others:
            turn.show(
                choice_card("바꾸실 옵션", *((o.name, f"{o.name}로 바꿔주세요") for o in others))
            )
            turn.ask("option", order_id=order.order_id, what="option", line_id=line.line_id)
        return
    now = next((o for o in product.options if o.sku == line.sku), wanted)
    more = turn.fact((wanted.extra_krw - now.extra_krw) * line.quantity)
    if more and order.paid_krw and not turn.rules.price_difference:
        each = turn.fact(abs(wanted.extra_krw - now.extra_krw))
        turn.say("other_price", option=wanted.name, krw=each)
        turn.show(order_card(turn, order))
        return
    price = (("바뀐 뒤 금액", krw(turn.fact(due_krw(order) + more))),) if more else ()
    turn.propose(
        Proposal(
            "change_options",
            {"order_id": order.order_id, "changes": [[line.line_id, wanted.sku]]},
            f"{line.product_name} 옵션 변경",
            (
                ("상품", line.product_name),
                ("지금 옵션", line.option_name),
                ("새 옵션", wanted.name),
                *price,
            ),
            order.order_id,
            order.version,
        )
    )
    name = "offer_option_price" if more else "offer_option"
    turn.say(name, title=line.product_name, option=wanted.name, total=due_krw(order) + more)


def _line(turn: Turn, order: Order) -> OrderLine | None:
    answered = turn.answered
    if answered and answered.data.get("line_id"):
        return next(x for x in order.lines if x.line_id == answered.data["line_id"])
    if len(order.lines) == 1:
        return order.lines[0]
    named = [x for x in order.lines if line_fits(x, turn.slots.products) >= NAMED]
    if len(named) == 1:
        return named[0]
    chosen = nth(order.lines, turn.slots.ordinal) if answered and answered.slot == "line" else None
    if chosen is not None:
        return chosen
    turn.say("which_line")
    turn.show(
        choice_card("상품", *((x.product_name, f"{x.product_name} 옵션 변경") for x in order.lines))
    )
    turn.ask("line", order_id=order.order_id, what="option", option=turn.slots.wanted_option or "")
    return None


def wanted_sku(turn: Turn, product: Product, line: OrderLine) -> str | None:
    """The SKU of the option the message asks for; None when it names none clearly.

    An option is a list of parts ("네이비 / M"); parts the message does not name stay as
    they are on the line.
    """
    answered = turn.answered
    said = turn.text.rpartition("말고")[2]  # "화이트 말고 블랙" wants the second one
    text = f"{said} {(answered.data.get('option') or '') if answered else ''}"
    now = _parts(line.option_name)
    best: tuple[int, str] | None = None
    for option in product.options:
        parts = _parts(option.name)
        named = sum(1 for part in parts if _says(text, part) and part not in now)
        kept = sum(1 for part in parts if part in now)
        if named and named + kept == len(parts) and (best is None or named > best[0]):
            best = (named, option.sku)
        elif _says(text, option.name) and option.sku != line.sku:
            best = (len(parts), option.sku)
    return best[1] if best else None


def _parts(name: str) -> list[str]:
    return [part.strip() for part in name.split("/") if part.strip()]


def _says(text: str, part: str) -> bool:
    """Whether a part of an option stands in the text as a word of its own."""
    plain = re.escape(part)
    return bool(re.search(rf"(?<![0-9A-Za-z]){plain}(?![0-9A-Za-z])", text, re.IGNORECASE))
