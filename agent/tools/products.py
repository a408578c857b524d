"""Products: find some, look at one or at one of its options."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.tools.base import ToolContext, tool
from errors import NotFound
from store import products
from store.models import Option, Product
from store.products import Filters

__all__ = [
    "Match", "OptionDetail", "ProductName", "get_option", "get_product", "list_products", "score",
    "search_products",
]  # fmt: skip

MOST_NAMES = 100
_SPLIT = re.compile(r"[^0-9A-Za-z가-힣]+")


@dataclass(frozen=True, slots=True)
class Match:
    """A product with how well it fits (0 to 1)."""

    product: Product
    score: float


@dataclass(frozen=True, slots=True)
class ProductName:
    """A product as a list shows it."""

    product_id: str
    name: str


@dataclass(frozen=True, slots=True)
class OptionDetail:
    """An option with its product; ``price_krw`` is what one piece costs."""

    option: Option
    product: Product
    price_krw: int


def score(needles: list[str], name: str, keywords: tuple[str, ...] = (), more: str = "") -> float:
    """How much of what was asked for names this thing: 0 (nothing) to 1 (all of it).

    A word counts whole in the name or a keyword, half in ``more``; words that only begin
    alike ("이어폰이요", "이어폰") count by their common part.
    """
    words = [word.lower() for word in (*_SPLIT.split(name), *keywords) if word]
    joined = name.replace(" ", "").lower()
    total = 0.0
    for needle in needles:
        plain = needle.replace(" ", "").lower()
        if plain in joined or plain in words:
            total += 1.0
        elif any(len(word) > 1 and (word in plain or plain in word) for word in words):
            total += 0.8
        elif len(plain) > 1 and plain in more.replace(" ", "").lower():
            total += 0.4
    return total / len(needles) if needles else 0.0


@tool("READ")
def search_products(
    ctx: ToolContext,
    *,
    words: list[str],
    category: str = "",
    min_price_krw: int = 0,
    max_price_krw: int | None = None,
    in_stock: bool = False,
    limit: int = 5,
) -> list[Match]:
    """Products whose name, keywords or description hold ``words``, best first.

    Prices in KRW, both ends included; without words everything that passes the filters.
    Ranks at most some hundreds of candidates, however large the catalogue is.
    """
    filters = Filters(category, min_price_krw, max_price_krw, in_stock)
    found = []
    for product in products.find(ctx.tx, words, filters, limit=limit):
        more = f"{product.category} {product.brand} {product.description}"
        fit = score(words, product.name, product.keywords, more) if words else 0.5
        if fit > 0:
            found.append(Match(product, fit))
    found.sort(key=lambda match: (-match.score, match.product.product_id))
    return found[:limit]


@tool("READ")
def list_products(
    ctx: ToolContext, *, category: str = "", limit: int = 100, offset: int = 0
) -> list[ProductName]:
    """Names and ids of the products, of one category or all, in order of the ids.

    At most 100 from ``offset`` on.
    """
    found = products.names(
        ctx.tx, category=category, limit=max(0, min(limit, MOST_NAMES)), offset=max(0, offset)
    )
    return [ProductName(*pair) for pair in found]


@tool("READ")
def get_product(ctx: ToolContext, *, product_id: str) -> Product:
    """One product with its options, stock and reviews in sum. Raises NotFound."""
    found = products.get(ctx.tx, product_id)
    if found is None:
        raise NotFound("해당 상품을 찾을 수 없어요.")
    return found


@tool("READ")
def get_option(ctx: ToolContext, *, sku: str) -> OptionDetail:
    """One option with its product, its price in KRW and its stock. Raises NotFound."""
    option = products.option(ctx.tx, sku)
    product = products.get(ctx.tx, option.product_id) if option else None
    if option is None or product is None:
        raise NotFound("해당 옵션을 찾을 수 없어요.")
    return OptionDetail(option, product, product.price_krw + option.extra_krw)
