"""Products: find some, look at one or at one of its options.

The search engine finds by meaning; price, stock and options are always the store's. Without
an index (or with one of another program version) the store's own word index answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.shop.options import chosen
from agent.tools.base import ToolContext, tool
from errors import NotFound
from store import product_index, products
from store.models import Option, Product
from store.products import Filters

__all__ = [
    "NAMED", "Match", "OptionDetail", "ProductName", "ProductsFound", "get_option",
    "get_product", "list_categories", "list_products", "named", "score", "search_products",
]  # fmt: skip

MOST_NAMES = 100
MOST_FOUND = 500
NAMED = 0.6  # of 1: the words name the product
PLENTY, FEW = 150, 30  # candidates with filters that only the store knows, and without
# How much of words (BM25n) and meaning (cosine) together makes a find. A name alone that
# nothing is called by is not there; a longer description shares little with any text.
# Chosen on the 135 queries of evals/products/dev.yaml.
SURE, SURE_DESCRIBED, SURE_ALIKE = 0.35, 0.2, 0.6
A_FEW_WORDS, DESCRIPTION = 2, 4  # words
# They stand in many names and name nothing.
_NO_NAMES = frozenset("세트 묶음 기본 단품 대형 중형 소형 미니 여성 남성 겨울 여름".split())
_SPLIT = re.compile(r"[^0-9A-Za-z가-힣]+")
_ENDING = re.compile(
    r"(?:이?요|은|는|이|가|을|를|도|만|로|으로|에|의|들|이?랑|하고|용|이?라도|이?나|까지|부터)+"
)


@dataclass(frozen=True, slots=True)
class Match:
    """A product found. ``score`` orders one answer; its scale depends on the mode.

    ``named`` (0 to 1) is how well a word of the query names it, ``matched`` those words;
    ``ranks`` and ``scores`` are those of the engine's stages, None where it was not asked.
    """

    product: Product
    score: float
    named: float = 0.0
    matched: tuple[str, ...] = ()
    ranks: Any = None
    scores: Any = None


@dataclass(frozen=True, slots=True)
class ProductsFound:
    """Matches best first. ``mode_used`` is ``hybrid``, ``keyword`` or ``vector`` (the
    engine), ``fts`` (the store's word index), ``filters`` (nothing to search for) or ``none``.

    ``query`` is what was looked for, misspelt names put right. ``confident`` is False when
    the best match is too weak to be called an answer.
    """

    query: str
    mode_used: str
    matches: tuple[Match, ...] = ()
    confident: bool = False


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


def score(
    needles: Sequence[str], name: str, keywords: tuple[str, ...] = (), more: str = ""
) -> float:
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
    query: str = "",
    category: str = "",
    min_price_krw: int = 0,
    max_price_krw: int | None = None,
    option: str = "",
    in_stock: bool = False,
    limit: int = 5,
) -> ProductsFound:
    """Products that ``query`` describes, best first, every stage's rank told.

    Prices in KRW, both ends included. ``option`` is an option's words joined by " / "; with
    ``in_stock`` that option, or else any, must be there. Without a query everything that
    passes the filters. Price, stock and options are those of the store now.
    """
    filters = Filters(category, max(0, min_price_krw), max_price_krw, in_stock)
    limit = max(0, min(limit, MOST_FOUND))
    words = _SPLIT.sub(" ", query).split()
    if not query.strip():
        return _browse(ctx, filters, option, limit)
    if ctx.product_search is None or not ctx.product_search.usable:
        return _by_words(ctx, query, words, filters, option, limit)
    return _by_engine(ctx, ctx.product_search, query, filters, option, limit)


def _browse(ctx: ToolContext, filters: Filters, option: str, limit: int) -> ProductsFound:
    among = max(limit, PLENTY) if option else limit
    found = products.find(ctx.tx, [], filters, limit=among)
    kept = [p for p in found if chosen(p, option, in_stock=filters.in_stock)]
    matches = tuple(Match(product, 0.5) for product in kept[:limit])
    return ProductsFound("", "filters", matches, bool(matches))


def _by_words(
    ctx: ToolContext, query: str, words: list[str], filters: Filters, option: str, limit: int
) -> ProductsFound:
    """The store's own index: whole words and parts of them, no meaning and no misspelling."""
    found = []
    for product in products.find(ctx.tx, words, filters, limit=limit):
        more = f"{product.category} {product.brand} {product.description}"
        fit = score(words, product.name, product.keywords, more)
        if fit > 0 and chosen(product, option, in_stock=filters.in_stock):
            found.append(_match(product, fit, words))
    found.sort(key=lambda match: (-match.score, match.product.product_id))
    sure = bool(found) and found[0].named >= NAMED
    return ProductsFound(query, "fts", tuple(found[:limit]), sure)


def _by_engine(
    ctx: ToolContext, engine: Any, query: str, filters: Filters, option: str, limit: int
) -> ProductsFound:
    strict = option or filters.in_stock or filters.min_price_krw or filters.max_price_krw
    hits = engine.search(
        query, category=filters.category, min_price_krw=filters.min_price_krw,
        max_price_krw=filters.max_price_krw, top_k=max(limit, PLENTY if strict else FEW),
    )  # fmt: skip
    words = _SPLIT.sub(" ", hits.query).split()
    live = {p.product_id: p for p in products.many(ctx.tx, [hit.product_id for hit in hits.hits])}
    matches = [
        _match(live[hit.product_id], hit.score, words, hit.ranks, hit.scores)
        for hit in hits.hits
        if hit.product_id in live and _passes(live[hit.product_id], filters, option)
    ]
    if engine.version != product_index.version(ctx.tx):
        matches = _with_newcomers(ctx, matches, hits.query, words, filters, option)
    sure = bool(matches) and _is_sure(matches[0], len(words))
    return ProductsFound(hits.query, hits.mode_used, tuple(matches[:limit]), sure)


def _with_newcomers(
    ctx: ToolContext, matches: list[Match], query: str, words: list[str], filters: Filters,
    option: str,
) -> list[Match]:  # fmt: skip
    """What the index does not know yet, behind what it found that is named as well."""
    known = {match.product.product_id for match in matches}
    found = _by_words(ctx, query, words, filters, option, FEW).matches
    new = [one for one in found if one.named >= NAMED and one.product.product_id not in known]
    called = [one for one in matches if one.named >= NAMED]
    return [*called, *new, *(one for one in matches if one.named < NAMED)] if new else matches


def _match(
    product: Product, fit: float, words: Sequence[str], ranks: Any = None, scores: Any = None
) -> Match:
    rates = {word: named(word, product) for word in words if word not in _NO_NAMES}
    best = max(rates.values(), default=0.0)
    matched = tuple(word for word, rate in rates.items() if rate >= NAMED)
    return Match(product, fit, best, matched, ranks, scores)


def named(word: str, product: Product) -> float:
    """How well one word (or a phrase) names the product: 0 to 1.

    The head of a Korean compound comes last: a 손목시계 is a 시계, a 커피머신 is no 커피. A
    single letter counts only as a word of its own.
    """
    plain = word.replace(" ", "").lower()
    own = [one.replace(" ", "").lower() for one in (*_SPLIT.split(product.name), *product.keywords)]
    if plain and plain in own:
        return 1.0
    if len(plain) < 2:
        return 0.0
    if _squeezed(plain) in _squeezed(product.name):
        return 1.0
    kin = any(  # a number alone names no kin: an SW-500 is no DT-500
        len(one) > 1
        and not one.isdigit()
        and (plain.endswith(one) or one.endswith(plain) or _with_ending(one, plain))
        for one in own
    )
    return 0.8 if kin else 0.0


def _squeezed(name: str) -> str:
    """Without what model names are written with or without: "sw500" is the SW-500."""
    return name.replace(" ", "").replace("-", "").lower()


def _with_ending(one: str, plain: str) -> bool:
    """Whether ``plain`` is the word ``one`` with a particle behind it: 이어폰이요."""
    return plain.startswith(one) and bool(_ENDING.fullmatch(plain[len(one) :]))


def _passes(product: Product, filters: Filters, option: str) -> bool:
    """The filters against the store's values of this moment."""
    high = filters.max_price_krw
    return (
        (not filters.category or product.category == filters.category)
        and product.price_krw >= filters.min_price_krw
        and (high is None or product.price_krw <= high)
        and bool(
            chosen(product, option, in_stock=filters.in_stock) or not (option or filters.in_stock)
        )
    )


def _is_sure(match: Match, words: int) -> bool:
    """Whether words and meaning carry it: a word that names it, or enough of a description."""
    scores = match.scores
    if scores is None:
        return match.named >= NAMED
    shared, alike = scores.keyword or 0.0, scores.vector or 0.0
    if words <= A_FEW_WORDS and match.named < NAMED:
        return bool(alike >= SURE_ALIKE)
    least = SURE_DESCRIBED if words >= DESCRIPTION else SURE
    return bool(shared > 0 and shared + alike >= least)


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
def list_categories(ctx: ToolContext) -> list[str]:
    """The names of the catalogue's categories, in order."""
    return products.categories(ctx.tx)


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
