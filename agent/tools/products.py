"""Products: find some, look at one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.tools.base import ToolContext, tool
from errors import NotFound
from store import products
from store.models import Product

__all__ = ["Match", "get_product", "score", "search_products"]

_SPLIT = re.compile(r"[^0-9A-Za-z가-힣]+")


@dataclass(frozen=True, slots=True)
class Match:
    """A product with how well it fits (0 to 1)."""

    product: Product
    score: float


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
    """
    found = []
    for product in products.every(ctx.tx):
        if category and product.category != category:
            continue
        if product.price_krw < min_price_krw or (in_stock and not product.in_stock):
            continue
        if max_price_krw is not None and product.price_krw > max_price_krw:
            continue
        more = f"{product.category} {product.brand} {product.description}"
        fit = score(words, product.name, product.keywords, more) if words else 0.5
        if fit > 0:
            found.append(Match(product, fit))
    found.sort(key=lambda match: (-match.score, match.product.product_id))
    return found[:limit]


@tool("READ")
def get_product(ctx: ToolContext, *, product_id: str) -> Product:
    """One product with its options and stock. Raises NotFound."""
    found = products.get(ctx.tx, product_id)
    if found is None:
        raise NotFound("해당 상품을 찾을 수 없어요.")
    return found
