"""Errands: the weather for a parcel, a sum, one's own profile and default address.

They run instead of an intent's flow where the words name them (``agent.errands``); the intent
stays one of the table's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from agent.cards import choice_card
from agent.errands import find_sum
from agent.flows import knowledge, orders
from agent.flows.lookup import own_orders
from agent.shop import words
from agent.shop.weather import find_place
from agent.tools.calculator import Calculation
from agent.tools.customers import Customer
from agent.tools.weather import Weather
from agent.turn import Proposal, Turn
from errors import BadSetting, NotFound, Unavailable
from store.models import Order, PaymentMethod

__all__ = ["INTENT_OF", "errand_of"]

# The intent an errand counts as, and whose prompt file holds its replies.
INTENT_OF: Mapping[str, str] = {
    "weather": "out_of_scope",
    "delivery_weather": "delivery",
    "sum": "out_of_scope",
    "profile": "account",
    "methods": "account",
    "home_address": "account",
}
_MONEY = re.compile(r"원|얼마|만|천|%")
_TRACK = ("배송 조회", "택배 어디쯤이에요?")
_SIGN = re.compile(r"(?<=[\d%)원만천백])\s*([-+*/×÷])\s*(?=[\d(.])")
# A place the table does not hold, for the place search: "통영 날씨 어때?".
_SOMEWHERE = re.compile(r"(?<![가-힣])(?P<place>[가-힣]{2,8}?)(?:에|의|은|는)?\s?(?:날씨|기온)")
_NOWHERE = frozenset(
    "오늘 내일 모레 지금 현재 요즘 주말 거기 여기 바깥 이번 그쪽 최근 한국".split()
)
_ENDING = re.compile(r"\s*(?:이에요|예요|이요|입니다|요)?[.!~]*$")


def errand_of(turn: Turn) -> Callable[[Turn], None] | None:
    """The errand a message asks for, or answers the question of; None for the intent's flow."""
    answered = turn.answered
    name = turn.understood.errand or (answered.data.get("errand", "") if answered else "")
    return _RUN.get(name)


def weather(turn: Turn) -> None:
    """The weather of the place that is named, or where the customer's parcel goes."""
    about_parcel = turn.intent == "delivery"
    place = _place(turn) if turn.tools.weather else ""
    if turn.answered:
        turn.context = turn.context.change(asking=None)
    turn.draft.keep_asking = True
    if turn.tools.weather is None:
        turn.say("weather_off")
    elif place:
        _tell_weather(turn, place, about_parcel)
    else:
        turn.say("weather_where")
        turn.ask("place", errand="delivery_weather" if about_parcel else "weather")
        return
    if about_parcel and _on_the_way(turn):
        # The place was the weather's; the parcel is looked for as if none had been named.
        slots = replace(turn.slots, products=(), when=None, reason_code=None)
        turn.understood = replace(turn.understood, slots=slots)
        orders.delivery(turn)
    else:
        turn.show(choice_card("", _TRACK))


def _tell_weather(turn: Turn, place: str, about_parcel: bool) -> None:
    try:
        seen: Weather = turn.call("get_weather", place=place)
    except NotFound as error:
        turn.refuse(error)
        return
    except (BadSetting, Unavailable):
        turn.say("weather_off")
        return
    degrees = round(seen.temperature_c)
    turn.say(
        "weather", place=seen.place, sky=seen.condition,
        degrees=f"영하 {-degrees}" if degrees < 0 else degrees,
    )  # fmt: skip
    if seen.warning:
        turn.draft.parts[-1] += f" {seen.warning}"
    elif about_parcel:
        turn.say("weather_fine", place=seen.place)


def _place(turn: Turn) -> str:
    """The place named; else where the parcel goes; else the customer's own."""
    named = find_place(turn.text)
    if named:
        return named
    if turn.answered:
        return _ENDING.sub("", turn.text.strip())
    if (unknown := _SOMEWHERE.search(turn.text)) and unknown["place"] not in _NOWHERE:
        return unknown["place"]
    if turn.caller.user_id is None:
        return ""
    roads = [order.road for order in _on_the_way(turn)]
    mine: Customer = turn.call("get_customer")
    return next((place for road in (*roads, mine.address.road) if (place := find_place(road))), "")


def _on_the_way(turn: Turn) -> list[Order]:
    if turn.caller.user_id is None:
        return []
    return own_orders(turn, statuses=("shipped",), limit=2)


def reckon(turn: Turn) -> None:
    """A sum of the customer's; what cannot be worked out is refused by the tool."""
    found: Calculation = turn.call("calculate", expression=find_sum(turn.text))
    answer = found.text
    if _MONEY.search(turn.text):
        won = turn.fact(round(found.value))
        answer = f"{'약 ' if won != found.value else ''}{won:,}원"
    shown = _SIGN.sub(r" \1 ", found.expression)
    turn.say("sum", expression=shown.replace("*", "×").replace("/", "÷"), answer=answer)
    if "%" in found.expression:
        turn.say("sum_percent")


def profile(turn: Turn) -> None:
    """What is registered: the address, the telephone, the e-mail, or all of it."""
    if turn.caller.user_id is None:
        # A guest's question about an account is one about the rules, where these answer it.
        if "메일" in turn.text:
            knowledge.account(turn)
        else:
            turn.say("sign_in_first")
        return
    mine: Customer = turn.call("get_customer")
    address = f"{mine.address.road} {mine.address.detail}".strip()
    if "주소" in turn.text.replace("메일 주소", "") or "배송지" in turn.text:
        turn.say("home" if address else "no_home", address=address)
    elif re.search(r"번호|연락처", turn.text):
        turn.say("phone" if mine.phone else "no_phone", phone=mine.phone)
    elif "메일" in turn.text:
        turn.say("email", email=mine.email)
    else:
        turn.say(
            "profile", name=mine.name, email=mine.email, phone=mine.phone or "없음",
            address=address or "없음",
        )  # fmt: skip


def methods(turn: Turn) -> None:
    """The registered ways to pay."""
    if turn.caller.user_id is None:
        turn.say("sign_in_first")
        return
    found: list[PaymentMethod] = turn.call("list_payment_methods")
    if not found:
        turn.say("no_methods")
        return
    turn.say("methods", methods="\n".join(f"- {words.method_text(one)}" for one in found))


def home_address(turn: Turn) -> None:
    """Another default address: ask for it, show it beside the old one, ask for the yes."""
    if turn.caller.user_id is None:
        turn.say("sign_in_first")
        return
    mine: Customer = turn.call("get_customer")
    road = turn.slots.address or (turn.text.strip() if turn.answered else "")
    now = f"{mine.address.road} {mine.address.detail}".strip()
    if not re.search(r"\d", road) or len(road) < 8:
        turn.say("ask_home" if now else "ask_first_home", now=now)
        turn.ask("address", errand="home_address")
        return
    road = " ".join(road.split())[:200]
    turn.context = turn.context.change(asking=None)
    turn.propose(
        Proposal(
            "change_customer_address",
            {"road": road, "shown_road": mine.address.road},
            "기본 배송지 변경",
            (("지금 기본 배송지", now or "없음"), ("새 기본 배송지", road)),
            "",
            None,
        )
    )
    turn.say("offer_home")


_RUN: Mapping[str, Callable[[Turn], None]] = {
    "weather": weather,
    "delivery_weather": weather,
    "sum": reckon,
    "profile": profile,
    "methods": methods,
    "home_address": home_address,
}
