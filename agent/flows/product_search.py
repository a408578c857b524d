"""Look for what a sentence describes: its filters, then the rest by the search engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agent.shop.options import chosen
from agent.tools.products import Match, ProductsFound
from agent.understanding.product_query import ProductQuery, parse

__all__ = ["Looked", "look_up", "nearest"]

LOOKED_AT = 30
NEAR_BEST = 0.7  # of the best score: the products whose options may be meant
OPTIONS_OF = 3

Call = Callable[..., Any]  # runs a READ tool by name, as the caller


@dataclass(frozen=True, slots=True)
class Looked:
    """What was wanted and what was found; ``matches`` is empty when nothing fits."""

    wanted: ProductQuery
    found: ProductsFound

    @property
    def matches(self) -> tuple[Match, ...]:
        """Best first; none unless the best one is good enough to be an answer."""
        return self.found.matches if self.found.confident else ()


def look_up(call: Call, text: str) -> Looked:
    """Search for what ``text`` says, within the filters it says.

    Which words name an option is known only once the products are: so the options of those
    that fit best are read, and if the text names one of them it is searched for again.
    """
    categories: list[str] = call("list_categories")
    wanted = parse(text, categories=categories)
    first = _search(call, wanted, option="")
    among = _best(first)
    if among:
        wanted = parse(
            text, categories=categories,
            options=[option.name for one in among for option in one.product.options],
            names=[one.product.name for one in among],
        )  # fmt: skip
        # The option's words still say something about the product ("스크린 같이 주는 거").
        wanted = _with_text(wanted, parse(text, categories=categories).text)
    return Looked(wanted, _search(call, wanted, option=wanted.option) if wanted.option else first)


def nearest(call: Call, looked: Looked) -> Match | None:
    """What comes nearest when nothing passes the filters: the same thing at another price,
    in another option or sold out; None when there is no such thing at all."""
    wanted = looked.wanted
    if not wanted.text or not wanted.filtered:
        return None
    found: ProductsFound = call("search_products", query=wanted.text, limit=LOOKED_AT)
    fitting = _best(found)
    if not fitting:
        return None
    return min(fitting, key=lambda match: _misses(match, wanted))


def _search(call: Call, wanted: ProductQuery, *, option: str) -> ProductsFound:
    found: ProductsFound = call(
        "search_products", query=wanted.text, category=wanted.category,
        min_price_krw=wanted.min_price_krw, max_price_krw=wanted.max_price_krw, option=option,
        in_stock=wanted.in_stock, limit=LOOKED_AT,
    )  # fmt: skip
    return found


def _best(found: ProductsFound) -> Sequence[Match]:
    """The few that fit about as well as the best one."""
    if found.mode_used == "filters" or not found.confident:
        return ()
    matches = found.matches[:OPTIONS_OF]
    return [match for match in matches if match.score >= NEAR_BEST * matches[0].score]


def _with_text(wanted: ProductQuery, text: str) -> ProductQuery:
    return ProductQuery(
        text, wanted.min_price_krw, wanted.max_price_krw, wanted.category, wanted.option,
        wanted.in_stock,
    )  # fmt: skip


def _misses(match: Match, wanted: ProductQuery) -> tuple[int, int]:
    """How far a product is from the filters: by the price first, then by option and stock."""
    price, high = match.product.price_krw, wanted.max_price_krw
    off = max(0, wanted.min_price_krw - price, price - high if high is not None else 0)
    return off, int(not chosen(match.product, wanted.option, in_stock=wanted.in_stock))
