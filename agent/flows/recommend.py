"""Recommending: what is like it, what goes with it, what many buy, what fits one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.cards import product_card
from agent.flows.product_search import look_up
from agent.tools.products import NAMED
from agent.tools.recommend import Kind, Recommendation
from agent.turn import Turn
from agent.types import Card, CardAction
from agent.understanding.product_query import ProductQuery
from store.models import Product

__all__ = ["around", "by_comparison", "card_of", "open_wish", "wished"]

SHOWN = 4
GIFTS = 12  # looked at, since what cannot be returned makes a poor gift
_SIMILAR = re.compile(r"비슷|유사|대체|대신\s?(?:살|쓸)|닮은|같은\s?종류")
_TOGETHER = re.compile(
    r"(?:같이|함께|더불어)\s?(?:사|살|산|샀|쓰|쓸|쓰기|구매|두면|곁들|어울)|어울리는|곁들|세트로\s?(?:살|사)"
)
# "나한테 어울리는 거" asks what suits the customer, not what goes with a product.
_SUITS_ME = re.compile(r"(?:나|저|내|제)(?:한테|에게|게)\s?(?:잘\s?)?(?:어울리|맞)")
_POPULAR = re.compile(r"인기|베스트|잘\s?나가|많이\s?(?:사|산|팔|찾)|핫한|핫템|유행|랭킹|순위|1위")
_ELSE = re.compile(r"다른|말고|또\s?(?:없|있|추천|뭐)")
_GIFT = re.compile(r"선물|드릴|줄\s?만한")
_TO = re.compile(r"(?:이랑|랑|하고|과|와|처럼|같은|에|이)?\s*$")


def wished(text: str) -> Kind | None:
    """``similar`` or ``together`` when the message asks for things around a product."""
    if _SUITS_ME.search(text):
        return None
    if _TOGETHER.search(text):
        return "together"
    return "similar" if _SIMILAR.search(text) else None


def card_of(product: Product, why: str = "") -> Card:
    """A product's card with a button for what is like it."""
    more = CardAction("비슷한 상품", f"{product.name} 비슷한 상품 보여 주세요")
    return replace(product_card(product, why), actions=(more,))


def around(turn: Turn, kind: Kind, product: Product | None) -> None:
    """What is like a product or goes with it: the one meant, named, or shown first."""
    base, wanted = product or _named(turn), look_up(turn.call, turn.text).wanted
    if base is None and turn.context.products:
        base = turn.call("get_product", product_id=turn.context.products[0])
    if base is None:
        turn.say("around_what")
        return
    found = _recommend(turn, wanted, product_id=base.product_id, kind=kind)
    if not found and kind == "together":
        found = _recommend(turn, wanted, product_id=base.product_id, kind="similar")
        turn.say("together_none" if found else "around_none", name=base.name)
    else:
        turn.say(kind if found else "around_none", name=base.name)
    _show(turn, found)


def by_comparison(turn: Turn, cheaper: bool, product: Product | None) -> None:
    """Of the same kind, but cheaper (or dearer) than the product meant or all of those shown."""
    shown = [turn.call("get_product", product_id=one) for one in turn.context.products]
    prices = sorted([product] if product else shown, key=lambda one: one.price_krw)
    base = prices[0] if cheaper else prices[-1]
    edge = base.price_krw - 1 if cheaper else base.price_krw + 1
    bounds = ProductQuery("", max_price_krw=edge) if cheaper else ProductQuery("", edge)
    found = _recommend(turn, bounds, product_id=base.product_id, kind="similar", limit=GIFTS)
    kin = [one for one in found if set(one.product.keywords) & set(base.keywords)]
    name = "cheaper" if cheaper else "dearer"
    turn.say(name if kin else f"{name}_none", name=base.name)
    _show(turn, kin)


def open_wish(
    turn: Turn, wanted: ProductQuery, *, refuses: Callable[[Product], bool] = lambda _: False
) -> bool:
    """Recommend without anything described; False when nothing passes the filters."""
    gift = bool(_GIFT.search(turn.text))
    kind = "popular" if _POPULAR.search(turn.text) else ""
    found = _recommend(turn, wanted, kind=kind, limit=GIFTS if gift else 3 * SHOWN)
    if _ELSE.search(turn.text):
        found = [one for one in found if one.product.product_id not in turn.context.products]
    found = [one for one in found if not refuses(one.product)]
    if gift:
        found = [one for one in found if one.product.returnable == "normal"] or found
    if not found:
        return False
    turn.say("popular" if kind else "recommend")
    _show(turn, found)
    return True


def _recommend(
    turn: Turn, wanted: ProductQuery, *, kind: str, product_id: str = "", limit: int = SHOWN
) -> list[Recommendation]:
    found: list[Recommendation] = turn.call(
        "recommend_products", product_id=product_id, kind=kind, category=wanted.category,
        min_price_krw=wanted.min_price_krw, max_price_krw=wanted.max_price_krw,
        option=wanted.option if not product_id else "", limit=limit,
    )  # fmt: skip
    return found


def _named(turn: Turn) -> Product | None:
    """The product named before "비슷한" or "같이"."""
    match = _SIMILAR.search(turn.text) or _TOGETHER.search(turn.text)
    words = _TO.sub("", turn.text[: match.start()] if match else "").strip()
    if not words or turn.slots.refers_back:
        return None
    matches = look_up(turn.call, words).matches
    return matches[0].product if matches and matches[0].named >= NAMED else None


def _show(turn: Turn, found: Sequence[Recommendation]) -> None:
    turn.show(*(product_card(one.product, one.reason) for one in found[:SHOWN]))
