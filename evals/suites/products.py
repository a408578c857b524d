"""Product search: what is shown first, what is said to be missing, and the filters understood.

The desk's own search is measured (``agent.flows.product_search.look_up``) on the demonstration
shop, beside the store's word index alone. A filter is right when it selects exactly the same:
bounds and category are equal, an option chooses the same SKUs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from agent.flows.product_search import Looked, look_up
from agent.shop.options import chosen
from agent.tools.base import ToolContext
from agent.tools.base import run as run_tool
from agent.types import Caller
from evals.stats import share
from evals.subject import ROOT, Subject
from evals.types import Case, ClassRow, Metric, Progress, SuiteResult
from store import products
from store.models import Product

__all__ = ["TITLE", "run"]

TITLE = "상품 검색"
TEST = ROOT / "evals" / "products" / "test.yaml"
SHOWN = 3
KINDS = {"plain": "조건 없음", "filtered": "조건 있음", "nothing": "맞는 상품 없음"}


@dataclass(frozen=True, slots=True)
class Query:
    """A written query, what fits it and the filters it states."""

    number: int
    text: str
    relevant: tuple[str, ...]
    filters: dict[str, Any]

    @property
    def kind(self) -> str:
        return "nothing" if not self.relevant else "filtered" if self.filters else "plain"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk found for a query; ``shown`` is empty when it says there is nothing."""

    query: Query
    looked: Looked
    filters_right: bool

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(match.product.product_id for match in self.looked.matches[:SHOWN])

    def hit(self, first: int) -> bool:
        """Whether something that fits is among the ``first``; for nothing, whether it is said."""
        if not self.query.relevant:
            return not self.shown
        return any(one in self.query.relevant for one in self.shown[:first])


def run(subject: Subject, progress: Progress) -> SuiteResult:
    """Measure on ``evals/products/test.yaml``."""
    return measure(subject, progress, TEST)


def measure(subject: Subject, progress: Progress, path: Path) -> SuiteResult:
    """The figures for the queries of ``path``."""
    queries = read(path)
    engine = answers(subject, queries, progress, words_only=False)
    words = answers(subject, queries, progress, words_only=True)
    return SuiteResult(
        "products",
        TITLE,
        metrics=(*_metrics(engine), *_baseline(words)),
        classes=tuple(_row(kind, engine) for kind in KINDS),
        cases=tuple(_case(one) for one in engine if not (one.hit(1) and one.filters_right))[:200],
    )


def read(path: Path) -> list[Query]:
    """The queries of a file, numbered from 1."""
    rows = yaml.safe_load(path.read_text("utf-8"))
    return [
        Query(number, row["query"], tuple(row["relevant"]), row["filters"] or {})
        for number, row in enumerate(rows, 1)
    ]


def answers(
    subject: Subject, queries: Sequence[Query], progress: Progress, *, words_only: bool
) -> list[Answer]:
    """What the desk finds; with ``words_only`` by the store's word index."""
    shop = subject.shop
    found = []
    with shop.database.read() as tx:
        context = ToolContext(tx, Caller(), shop.rules, shop.clock(), product_search=shop.catalogue)
        if words_only:
            context = replace(context, product_search=None)
        every = products.many(tx, [one for one, _ in products.names(tx, limit=10_000)])
        for done, query in enumerate(queries, 1):
            looked = look_up(partial(run_tool, context), query.text)
            found.append(Answer(query, looked, _filters_right(query, looked, every)))
            progress(done, len(queries))
    return found


def _filters_right(query: Query, looked: Looked, every: Sequence[Product]) -> bool:
    wanted, stated = looked.wanted, query.filters
    among = [one for one in every if not query.relevant or one.product_id in query.relevant]
    return (
        wanted.min_price_krw == stated.get("min_price_krw", 0)
        and wanted.max_price_krw == stated.get("max_price_krw")
        and wanted.category == stated.get("category", "")
        and wanted.in_stock == stated.get("in_stock", False)
        and bool(wanted.option) == bool(stated.get("option"))
        and _skus(among, wanted.option) == _skus(among, stated.get("option", ""))
    )


def _skus(among: Sequence[Product], option: str) -> set[str]:
    return {one.sku for product in among for one in chosen(product, option)} if option else set()


def _metrics(found: Sequence[Answer]) -> list[Metric]:
    there = [one for one in found if one.query.relevant]
    gone = [one for one in found if not one.query.relevant]
    filtered = [one for one in found if one.query.filters]
    rows = (
        ("r1", "첫 번째가 맞음 (R@1)", [one.hit(1) for one in there], 0.80),
        ("r3", "셋 안에 있음 (R@3)", [one.hit(SHOWN) for one in there], 0.92),
        ("nothing", "없으면 없다고 함", [one.hit(1) for one in gone], 0.80),
        ("filters", "조건을 정확히 읽음", [one.filters_right for one in found], 0.95),
        ("filters.stated", "조건이 있는 문장만", [one.filters_right for one in filtered], None),
    )
    return [
        share(name, title, sum(right), len(right), goal=goal, margin=0.02)
        for name, title, right, goal in rows
    ]


def _baseline(found: Sequence[Answer]) -> list[Metric]:
    there = [one for one in found if one.query.relevant]
    gone = [one for one in found if not one.query.relevant]
    rows = (
        ("fts.r1", "단어 색인만: R@1", [one.hit(1) for one in there]),
        ("fts.r3", "단어 색인만: R@3", [one.hit(SHOWN) for one in there]),
        ("fts.nothing", "단어 색인만: 없으면 없다고 함", [one.hit(1) for one in gone]),
    )
    return [share(name, title, sum(right), len(right), margin=None) for name, title, right in rows]


def _row(kind: str, found: Sequence[Answer]) -> ClassRow:
    """Precision is R@1 among what was shown, recall R@1 among all of the kind."""
    mine = [one for one in found if one.query.kind == kind]
    right = sum(one.hit(1) for one in mine)
    shown = (
        sum(bool(one.shown) for one in mine)
        if kind != "nothing"
        else sum(not one.shown for one in found)
    )
    precision, recall = right / shown if shown else 0.0, right / len(mine) if mine else 0.0
    both = precision + recall
    return ClassRow(
        KINDS[kind], len(mine), precision, recall, 2 * precision * recall / both if both else 0.0
    )


def _case(one: Answer) -> Case:
    wanted = one.looked.wanted
    names = ("min_price_krw", "max_price_krw", "category", "option", "in_stock")
    read_as = {name: getattr(wanted, name) for name in names if getattr(wanted, name)}
    return Case(
        id=f"products:{one.query.number}",
        text=one.query.text,
        expected=f"{', '.join(one.query.relevant) or '없음'} {one.query.filters or ''}".strip(),
        got=f"{', '.join(one.shown) or '없음'} {read_as or ''}".strip(),
        weight=float(not one.hit(SHOWN)) + float(not one.hit(1)) + 0.5 * (not one.filters_right),
    )
