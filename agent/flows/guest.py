"""A guest proves an order with its number and the e-mail on it (domain.md, three tries)."""

from __future__ import annotations

import re
from dataclasses import replace

from agent.flows.knowledge import cite_and_say
from agent.flows.lookup import get_or_say
from agent.turn import Turn
from errors import TooMany
from store.models import Order

__all__ = ["guest_order", "wish"]

_QUESTION = re.compile(r"\?$|나요$|까요$|가요$")


def wish(verb: str) -> str:
    """What is wished for as a noun: "배송지를 변경" is "배송지 변경"."""
    return re.sub(r"(?<=\S)[을를] ", " ", verb)


def guest_order(turn: Turn, order_id: str | None, *, verb: str) -> Order | None:
    """The order a guest may see, or None once the reply asks for the proof or refuses."""
    if order_id and (known := _granted(turn, order_id)):
        return get_or_say(turn, known)
    answered = turn.answered
    email = turn.slots.email or (answered.data.get("email") if answered else None)
    if not order_id and not email and len(turn.tools.granted) == 1:
        return get_or_say(turn, next(iter(turn.tools.granted)))
    if not order_id or not email:
        if not order_id and not email and _QUESTION.search(turn.text.strip()):
            cite_and_say(turn, turn.text)
        turn.say("guest_needs_email" if order_id else "needs_account", what=wish(verb))
        turn.ask("guest_order", order_id=order_id or "", email=email or "")
        return None
    try:
        found: Order | None = turn.write("lookup_guest_order", order_id=order_id, email=email)
    except TooMany as error:
        turn.refuse(error)
        return None
    if found is None:
        turn.say("guest_wrong")
        turn.ask("guest_order")
        return None
    granted = turn.tools.granted | {found.order_id}
    turn.tools = replace(turn.tools, granted=granted)
    turn.context = turn.context.change(granted=tuple(sorted(granted)), order_id=found.order_id)
    return found


def _granted(turn: Turn, number: str) -> str:
    """The order proved before that has this number, here or in its shop; "" for none."""
    granted = turn.tools.granted
    if number in granted:
        return number
    bare = number.lstrip("#")
    for order_id in sorted(granted):
        order: Order = turn.call("get_order", order_id=order_id)
        if (order.external_id or "").lstrip("#") == bare:
            return order_id
    return ""
