"""Recommendations: similar, bought together, popular, and of one's own, each with its reason.

Nothing that is sold out, nothing twice, never the product itself. A guest gets none of the
personal ones, and nobody learns who bought what: only counts of orders are told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from agent.shop.options import chosen
from agent.tools.base import MOST, ToolContext, tool
from agent.tools.order_lists import whose
from errors import BadInput, NotFound
from store import products, recommend
from store.models import Product
from store.products import Filters

__all__ = ["KINDS", "Kind", "Recommendation", "recommend_products"]

Kind = Literal["similar", "together", "popular", "personal"]
KINDS: tuple[Kind, ...] = ("together", "similar", "personal", "popular")
LOOKED_AT = 5  # times as many as wanted, since some will be sold out
OWN = 6  # products of one's own that others are looked for
MOST_OWN = 200
LIKE, ALIKE = 0.4, 0.75  # cosine from which it is worth showing, and is called alike
MANY_REVIEWS, WELL_RATED = 3, 4.0

Found = Iterator[tuple[str, str]]  # (product id, reason)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A product in stock, why it is shown, and the reason in a few Korean words."""

    product: Product
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class _Wish:
    filters: Filters
    option: str
    product: Product | None
    left_out: frozenset[str]
    buyer: str | None


@tool("READ")
def recommend_products(
    ctx: ToolContext,
    *,
    product_id: str = "",
    category: str = "",
    min_price_krw: int = 0,
    max_price_krw: int | None = None,
    option: str = "",
    kind: str = "",
    limit: int = 4,
    customer_id: str | None = None,
) -> list[Recommendation]:
    """Products in stock to recommend, each with its reason, of different kinds in turn.

    With ``product_id`` what is bought with it and what is like it, otherwise what fits the
    caller's own orders and what is popular; ``kind`` asks for one kind alone. Staff may name
    the customer it is for. Prices in KRW, both ends included; at most 100. Raises BadInput for
    an unknown kind, NotFound for a product or a customer that is not there or not the caller.
    """
    if kind and kind not in KINDS:
        raise BadInput(f"추천 종류는 {', '.join(KINDS)} 가운데 하나여야 해요.")
    product = products.get(ctx.tx, product_id) if product_id else None
    if product_id and product is None:
        raise NotFound("해당 상품을 찾을 수 없어요.")
    filters = Filters(category, max(0, min_price_krw), max_price_krw, in_stock=True)
    buyer = _buyer(ctx, customer_id)
    had = [] if kind or product else _own(ctx, buyer)  # "인기 상품" is what is popular, had or not
    wish = _Wish(filters, option, product, frozenset([product_id, *had]), buyer)
    kinds = (kind,) if kind else ("together", "similar") if product else ("personal", "popular")
    limit = max(0, min(limit, MOST))
    return _in_turn([_in_stock(ctx, wish, name, limit) for name in KINDS if name in kinds], limit)


def _in_stock(ctx: ToolContext, wish: _Wish, kind: Kind, limit: int) -> list[Recommendation]:
    """The first ``limit`` of a kind that may be shown, by the store's values of this moment."""
    reasons: dict[str, str] = {}
    for product_id, reason in _SOURCES[kind](ctx, wish, limit * LOOKED_AT):
        reasons.setdefault(product_id, reason)
    live = {product.product_id: product for product in products.many(ctx.tx, list(reasons))}
    shown = [
        Recommendation(live[product_id], kind, reason or _praise(live[product_id]))
        for product_id, reason in reasons.items()
        if product_id in live and _passes(live[product_id], wish)
    ]
    return shown[:limit]


def _passes(product: Product, wish: _Wish) -> bool:
    filters = wish.filters
    return (
        product.product_id not in wish.left_out
        and (not filters.category or product.category == filters.category)
        and product.price_krw >= filters.min_price_krw
        and (filters.max_price_krw is None or product.price_krw <= filters.max_price_krw)
        and bool(chosen(product, wish.option, in_stock=True))
    )


def _in_turn(lists: list[list[Recommendation]], limit: int) -> list[Recommendation]:
    """One of each kind in turn, no product twice."""
    found: dict[str, Recommendation] = {}
    for place in range(limit):
        for some in lists:
            if place < len(some) and len(found) < limit:
                found.setdefault(some[place].product.product_id, some[place])
    for one in (one for some in lists for one in some):  # where two kinds named the same
        if len(found) < limit:
            found.setdefault(one.product.product_id, one)
    return list(found.values())


# ── The kinds ────────────────────────────────────────────────────────────────


def _popular(ctx: ToolContext, wish: _Wish, limit: int) -> Found:
    """By different buyers of the last 60 days."""
    for product_id, _ in recommend.popular(ctx.tx, wish.filters, at=ctx.now, limit=limit):
        yield product_id, ""  # what is said of it depends on its reviews


def _together(ctx: ToolContext, wish: _Wish, limit: int) -> Found:
    if wish.product is not None:
        for product_id, _, _ in recommend.together(ctx.tx, wish.product.product_id, limit=limit):
            yield product_id, "이 상품을 산 분들이 함께 샀어요"


def _similar(ctx: ToolContext, wish: _Wish, limit: int) -> Found:
    """The nearest in meaning, those of its own category first."""
    product = wish.product
    if product is None:
        return
    name = _called(product)
    for product_id, category, cosine in _neighbours(ctx, product, wish.filters, limit):
        if cosine >= ALIKE:
            yield product_id, f"{name}{_and(name)} 비슷해요"
        elif category == product.category:
            yield product_id, f"같은 {category} 상품이에요"


def _personal(ctx: ToolContext, wish: _Wish, limit: int) -> Found:
    """What goes with the caller's own purchases or is like them, one of each in turn."""
    mine = _own(ctx, wish.buyer)
    sources: list[list[tuple[str, str]]] = []
    for product in products.many(ctx.tx, mine[:OWN]):
        name = _called(product)
        goes = recommend.together(ctx.tx, product.product_id, limit=limit)
        near = _neighbours(ctx, product, wish.filters, limit)
        alike = [one for one, _, cosine in near if cosine >= ALIKE]
        sources.append(
            [(one, f"지난번에 산 {name}{_and(name)} 함께 쓰기 좋아요") for one, _, _ in goes]
            + [(one, f"지난번에 산 {name}{_and(name)} 비슷해요") for one in alike]
        )
    for turn in range(max(map(len, sources), default=0)):
        for some in sources:
            if turn < len(some) and some[turn][0] not in mine:
                yield some[turn]


_SOURCES = {
    "popular": _popular,
    "together": _together,
    "similar": _similar,
    "personal": _personal,
}


def _buyer(ctx: ToolContext, customer_id: str | None) -> str | None:
    """Whose purchases count: the caller's, whom staff name; nobody's for a guest or staff."""
    if customer_id is not None:
        return whose(ctx, customer_id)
    return None if ctx.caller.is_staff else ctx.caller.user_id


def _own(ctx: ToolContext, buyer: str | None) -> list[str]:
    """What the customer has bought, newest first."""
    return [] if buyer is None else recommend.bought(ctx.tx, buyer, limit=MOST_OWN)


def _neighbours(
    ctx: ToolContext, product: Product, filters: Filters, limit: int
) -> list[tuple[str, str, float]]:
    """(product id, category, cosine) of products like this one, its own category first.

    Without an index those that share one of its keywords count as alike.
    """
    engine = ctx.product_search
    if engine is not None and engine.usable:
        near = engine.similar(
            product.product_id, category=filters.category, min_price_krw=filters.min_price_krw,
            max_price_krw=filters.max_price_krw, top_k=limit,
        )  # fmt: skip
    else:
        same = replace(filters, category=filters.category or product.category)
        words = list(product.keywords[:1])
        found = products.find(ctx.tx, words, same, limit=limit) if words else []
        near = [(one.product_id, ALIKE) for one in found if words[0] in one.keywords]
    live = {one.product_id: one.category for one in products.many(ctx.tx, [n[0] for n in near])}
    known = [
        (one, live[one], cosine)
        for one, cosine in near
        if one in live and one != product.product_id and cosine >= LIKE
    ]
    return sorted(known, key=lambda row: row[1] != product.category)


def _praise(product: Product) -> str:
    """What is said of a popular product: that, and its stars where they are good."""
    said = product.reviews
    if said and said.count >= MANY_REVIEWS and said.average >= WELL_RATED:
        return f"요즘 많이 사고 후기도 {said.average}점이에요"
    return "요즘 많이 사는 상품이에요"


def _called(product: Product) -> str:
    """What people call it: its first keyword, else the end of its name."""
    return product.keywords[0] if product.keywords else product.name.split()[-1]


def _and(word: str) -> str:
    """과 or 와, whichever fits after ``word``."""
    last = word[-1]
    ends = "가" <= last <= "힣" and (ord(last) - 0xAC00) % 28
    return "과" if ends else "와"
