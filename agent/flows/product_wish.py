"""What a wish for a product says besides its filters: cheapest or dearest, and what not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agent.flows.product_search import Call, Looked
from agent.shop.options import chosen
from agent.tools.products import MOST_FOUND, NAMED, Match, ProductsFound, named
from agent.understanding.product_query import ProductQuery
from store.models import Product

__all__ = ["Wish", "among", "cheapest_first", "read"]

_LOW, _HIGH = r"(?:싼|싸|저렴|값\s?싼|낮은)", r"(?:비싼|비싸|고급|높은)"
_BY_PRICE = re.compile(
    rf"(?P<most>제일|가장|젤)\s?(?:가격이?\s?)?(?:(?P<low>{_LOW})|(?P<high>{_HIGH}))[가-힣]*"
    rf"|(?:더|좀\s?더)\s?(?:가격이?\s?)?(?:(?P<lower>{_LOW})|(?P<higher>{_HIGH}))[가-힣]*"
    r"|(?P<least>최저가)"
)
_BUT_NOT = re.compile(r"^(?P<what>.{1,30}?)\s?(?:말고는?|빼고|제외하고)\s+(?=\S)")
_ANY = re.compile(
    r"(?<![가-힣])(?:없(?:어|나|을|습)[가-힣]*|상품|제품|물건)(?:[은이]요?)?(?![가-힣])"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """``text`` is what is left to look for. ``price`` orders by it; ``than`` is set when the
    comparison is with what was shown ("더 싼 거") instead of among all; ``but_not`` names what
    is not wanted ("가습기 말고 다른 거")."""

    text: str
    price: Literal["", "low", "high"] = ""
    than: bool = False
    but_not: str = ""

    def refuses(self, product: Product) -> bool:
        """Whether the product is what is not wanted."""
        return any(named(word, product) >= NAMED for word in self.but_not.split())


def read(text: str) -> Wish:
    """The wish of a message; ``text`` unchanged where there is none. Never raises."""
    found, without = _BY_PRICE.search(text), _BUT_NOT.match(text)
    wish = Wish(text)
    if without:
        wish = replace(wish, text=text[without.end() :], but_not=without["what"])
    if found:
        low = found["low"] or found["lower"] or found["least"]
        rest = _ANY.sub(" ", _BY_PRICE.sub(" ", wish.text))
        than = bool(found["lower"] or found["higher"])
        wish = replace(wish, text=rest, price="low" if low else "high", than=than)
    return wish


def cheapest_first(call: Call, wish: Wish, looked: Looked) -> list[Match]:
    """What was found in stock, or the whole of what passes the filters, in order of price.

    Empty when there is more than one answer can see: the cheapest might be among the rest.
    """
    wanted, matches = looked.wanted, list(looked.matches)
    if not wanted.text:
        found: ProductsFound = call(
            "search_products", category=wanted.category, min_price_krw=wanted.min_price_krw,
            max_price_krw=wanted.max_price_krw, option=wanted.option, in_stock=True,
            limit=MOST_FOUND,
        )  # fmt: skip
        matches = list(found.matches) if len(found.matches) < MOST_FOUND else []
    there = [match for match in matches if chosen(match.product, wanted.option, in_stock=True)]
    return sorted(there, key=lambda m: m.product.price_krw, reverse=wish.price == "high")


def among(products: Sequence[Product], wanted: ProductQuery) -> list[Product]:
    """Those of the products shown that pass a filter added afterwards ("재고 있는 것만")."""
    high = wanted.max_price_krw
    return [
        product
        for product in products
        if product.price_krw >= wanted.min_price_krw
        and (high is None or product.price_krw <= high)
        and (not wanted.category or product.category == wanted.category)
        and chosen(product, wanted.option, in_stock=wanted.in_stock)
    ]
