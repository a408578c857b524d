"""The products suite counts what it says: hits, honest misses and filters by their effect."""

from __future__ import annotations

import pytest

from agent.flows.product_search import Looked
from agent.tools.products import Match, ProductsFound
from agent.understanding.product_query import ProductQuery
from evals.suites.products import TEST, Answer, Query, _filters_right, _metrics, read
from store.models import Option, Product


def product(product_id: str, *options: str) -> Product:
    made = tuple(Option(f"{product_id}-{n}", product_id, n, 0, 1) for n in options)
    return Product(product_id, product_id, "주방", "", 1000, "", "", (), {}, "normal", made)


EVERY = [product("A", "올리브 그린", "블랙"), product("B", "블랙 / M", "블랙 / L")]


def answer(relevant: tuple[str, ...], *shown: str, sure: bool = True, right: bool = True) -> Answer:
    matches = tuple(Match(product(one), 1.0) for one in shown)
    found = ProductsFound("", "hybrid", matches, sure)
    return Answer(Query(1, "", relevant, {}), Looked(ProductQuery(""), found), right)


def test_hits_and_honest_misses() -> None:
    assert answer(("A",), "A", "B").hit(1)
    assert not answer(("B",), "A", "B").hit(1)
    assert answer(("B",), "A", "B").hit(3)
    assert not answer(("A",), "A", sure=False).hit(3)  # found, but said to be missing
    assert answer((), "A", sure=False).hit(1)
    assert not answer((), "A").hit(1)


def test_figures_are_shares_of_their_own_kind() -> None:
    found = [answer(("A",), "A"), answer(("A",), "B", "A"), answer((), "A", right=False)]
    values = {metric.name: (metric.value, metric.n) for metric in _metrics(found)}
    assert values["r1"] == (0.5, 2)
    assert values["r3"] == (1.0, 2)
    assert values["nothing"] == (0.0, 1)
    assert values["filters"] == (pytest.approx(2 / 3), 3)


@pytest.mark.parametrize(
    ("wanted", "stated", "right"),
    [
        (ProductQuery("", option="그린"), {"option": "올리브 그린"}, True),
        (ProductQuery("", option="블랙"), {"option": "올리브 그린"}, False),
        (ProductQuery("", option="블랙"), {}, False),
        (ProductQuery(""), {"option": "블랙"}, False),
        (ProductQuery("", 0, 3000), {"max_price_krw": 3000}, True),
        (ProductQuery("", 0, 3000), {"max_price_krw": 2999}, False),
        (ProductQuery("", in_stock=True), {}, False),
        (ProductQuery("", category="주방"), {"category": "주방"}, True),
    ],
)
def test_filters_by_what_they_select(
    wanted: ProductQuery, stated: dict[str, object], right: bool
) -> None:
    looked = Looked(wanted, ProductsFound("", "none"))
    assert _filters_right(Query(1, "", ("A",), stated), looked, EVERY) is right


def test_the_file_has_enough_of_every_kind() -> None:
    kinds = [query.kind for query in read(TEST)]
    assert len(kinds) >= 100
    assert min(kinds.count(kind) for kind in ("plain", "filtered", "nothing")) >= 10
