"""Which order is meant: by number, by what was shown, by product, by date, or by asking."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from agent.cards import order_card
from agent.flows.guest import guest_order
from agent.flows.lookup import get_or_say, own_orders
from agent.tools.products import ProductsFound, score
from agent.turn import Turn
from agent.types import CardAction
from agent.understanding.alike import misspells
from errors import NotFound
from store.models import Order, OrderLine

__all__ = [
    "NAMED",
    "known_product",
    "line_fits",
    "line_score",
    "nth",
    "pick_order",
    "wanted_products",
]

T = TypeVar("T")
Fits = Callable[[Order], bool]
SHOWN_AT_ONCE = 5
# Words of time that read well before "주문 중에서".
_PLAIN_DAY = re.compile(
    r"(?:지난|저번|이번)\s?(?:주|달)|어제|오늘|그저께|그제|엊그제|\d+월\s?\d+일|지난\s?\S요일"
)
_REST = re.compile(r"나머지|남은|마저")
NAMED = 0.6
MISSPELT = 0.7


def pick_order(
    turn: Turn, fits: Fits, *, verb: str, message: str, statuses: tuple[str, ...] = ()
) -> Order | None:
    """The order the customer means, read whole; or None once the reply asks or explains.

    ``fits`` tells the orders the wish is possible for, ``statuses`` the only states it can
    be possible in; ``verb`` names the wish ("취소"), ``message`` is what pressing a card says
    ("{id} 주문 취소할게요"). An order named
    explicitly is returned even when the wish is not possible, so that the flow says why.
    """
    order_id = _named(turn)
    if turn.caller.user_id is None:
        return guest_order(turn, order_id, verb=verb)
    if order_id:
        return get_or_say(turn, order_id)
    focus = _in_focus(turn, fits)
    if focus is not None:
        return focus
    found = _search(turn, statuses)
    explicit = bool(turn.slots.when or _product_words(turn, found))
    named = _by_product(turn, found)
    if turn.slots.when and turn.slots.products and not named:
        # "그저께 받은 운동화": the day may be the delivery's; the product decides.
        named = _by_product(turn, own_orders(turn, limit=50))
    candidates = named or found
    good = [order for order in candidates if fits(order)]
    if _REST.search(turn.text):  # "나머지 하나도": of the order just spoken about
        good = [order for order in good if order.order_id == turn.context.order_id] or good
    if explicit and not named and not turn.slots.when:
        good = []  # a product of the catalogue that was never ordered
        candidates = []
    if len(good) == 1:
        return get_or_say(turn, good[0].order_id)
    if len(good) > 1:
        _offer(turn, good, verb=verb, message=message)
        return None
    if explicit and len(candidates) == 1:
        return get_or_say(turn, candidates[0].order_id)
    _say_none(turn, candidates if explicit else [], fits, statuses, verb=verb, message=message)
    return None


def nth(shown: Sequence[T], ordinal: int | None) -> T | None:
    """The one meant by "두 번째 거" (2) or "마지막 거" (-1) among what was shown, or None."""
    if not ordinal:
        return None
    place = ordinal - 1 if ordinal > 0 else ordinal
    return shown[place] if -len(shown) <= place < len(shown) else None


def line_fits(line: OrderLine, needles: tuple[str, ...], keywords: tuple[str, ...] = ()) -> float:
    """How well a line is named by the best of ``needles`` (0 to 1)."""
    return line_score(f"{line.product_name} {line.option_name}", needles, keywords)


def line_score(name: str, needles: tuple[str, ...], keywords: tuple[str, ...] = ()) -> float:
    """How well ``name`` is meant by the best of ``needles`` (0 to 1)."""
    best = max((score([needle], name, keywords) for needle in needles), default=0.0)
    if best >= NAMED:
        return best
    # "이어퐁" is the 이어폰 that was ordered; what was spelt right comes first.
    slips = any(
        misspells(piece, word)
        for needle in needles
        for piece in needle.split()
        for word in (*name.split(), *keywords)
    )
    return MISSPELT if slips else best


def _named(turn: Turn) -> str | None:
    """An order named by number, by its place among what was shown, or by "그거"."""
    slots, context = turn.slots, turn.context
    if slots.order_id:
        return slots.order_id
    answered = turn.answered
    shown = answered.choices if answered and answered.slot == "order" else context.orders
    other = answered is not None and (
        ("말고" in turn.text and answered.slot != "option") or _elsewhere(turn)
    )
    if answered and answered.data.get("order_id") and not other:
        return str(answered.data["order_id"])
    if not (answered and answered.slot in ("line", "option")):
        chosen = nth(shown, slots.ordinal)
        if chosen is not None:
            return chosen
    if slots.products or slots.when:
        return None
    if slots.refers_back and (context.order_id or len(shown) == 1):
        return context.order_id or shown[0]
    return None


def _elsewhere(turn: Turn) -> bool:
    """Whether the answer to "which of its products?" names one of another order."""
    answered, words = turn.answered, turn.slots.products
    if answered is None or answered.slot != "line" or not words:
        return False
    order: Order = turn.call("get_order", order_id=str(answered.data["order_id"]))
    return not any(line_fits(line, words) >= NAMED for line in order.lines) and known_product(turn)


def _in_focus(turn: Turn, fits: Fits) -> Order | None:
    """The order just talked about, when nothing else is named and the wish fits it."""
    slots, order_id = turn.slots, turn.context.order_id
    if not order_id or slots.products or slots.when or turn.context.asking is not None:
        return None
    try:
        order: Order = turn.call("get_order", order_id=order_id)
    except NotFound:
        return None
    # Just told about: "그냥 취소해줘요" means it, and the flow says why it cannot be.
    told = turn.context.intent in ("order_status", "delivery") and order.status != "cancelled"
    return order if told or fits(order) else None


def _search(turn: Turn, statuses: tuple[str, ...]) -> list[Order]:
    """The newest orders of the time named; of every state once something is named."""
    when, answered = turn.slots.when, turn.answered
    found = own_orders(
        turn,
        statuses=() if when or turn.slots.products else statuses,
        since=when.start if when else None,
        until=when.end if when else None,
        limit=50,
    )
    if answered and answered.slot == "order" and answered.choices:
        offered = [order for order in found if order.order_id in answered.choices]
        return offered or found
    return found


def _by_product(turn: Turn, found: list[Order]) -> list[Order]:
    """The orders that hold what was named, best fitting only; empty when nothing was."""
    rated = [
        (max((_line_score(turn, line) for line in order.lines), default=0.0), order)
        for order in found
    ]
    best = max((rate for rate, _ in rated), default=0.0)
    return [order for rate, order in rated if rate >= max(best, NAMED)]


def _line_score(turn: Turn, line: OrderLine) -> float:
    return line_fits(line, wanted_products(turn))


def wanted_products(turn: Turn) -> tuple[str, ...]:
    """The products named, without what stands before "말고" ("이어폰 말고 가습기")."""
    before, but_not, after = turn.text.rpartition("말고")
    if not but_not:
        return turn.slots.products
    return tuple(word for word in turn.slots.products if word in after or word not in before)


def _product_words(turn: Turn, found: list[Order]) -> bool:
    """Whether the message names a product: one of the orders' or one of the catalogue's."""
    if not turn.slots.products:
        return False
    return bool(_by_product(turn, found)) or known_product(turn)


def known_product(turn: Turn) -> bool:
    """Whether the first product word names something of the catalogue."""
    if not turn.slots.products:
        return False
    found: ProductsFound = turn.call("search_products", query=turn.slots.products[0])
    return any(match.named >= NAMED for match in found.matches)


def _offer(turn: Turn, orders: list[Order], *, verb: str, message: str) -> None:
    """Show the orders it can be, each with a button, and wait for one of them."""
    when = turn.slots.when
    said = when.text if when and _PLAIN_DAY.fullmatch(when.text) else ""
    if turn.draft.parts:
        turn.say("others_that_fit", verb=verb)
    else:
        turn.say("which_order_when" if said else "which_order", verb=verb, when=said)
    shown = orders[:SHOWN_AT_ONCE]
    cards = []
    for order in shown:
        button = CardAction("이 주문 선택", message.format(id=order.order_id))
        cards.append(order_card(turn, order, actions=(button,)))
    turn.show(*cards)
    turn.ask("order", choices=[order.order_id for order in shown])


def _say_none(
    turn: Turn,
    candidates: list[Order],
    fits: Fits,
    statuses: tuple[str, ...],
    *,
    verb: str,
    message: str,
) -> None:
    """No order fits: say so, and show what is there instead."""
    if candidates:
        turn.say("none_fits", verb=verb)
        turn.show(*(order_card(turn, order) for order in candidates[:SHOWN_AT_ONCE]))
        return
    if turn.slots.when or turn.slots.products:
        turn.say("none_matches", when=turn.slots.when.text if turn.slots.when else "말씀하신")
        possible = own_orders(turn, statuses=statuses, limit=50)
        good = [order for order in possible if fits(order)]
        if good:
            _offer(turn, good, verb=verb, message=message)
        return
    recent = own_orders(turn, limit=3)
    turn.say("none_fits_at_all" if recent else "no_orders", verb=verb)
    turn.show(*(order_card(turn, order) for order in recent))
