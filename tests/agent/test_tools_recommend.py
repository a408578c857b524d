"""Recommendations and the search by meaning, on the demonstration shop with its real index."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.tools.base import ToolContext, run
from agent.tools.products import ProductsFound, named
from agent.tools.recommend import Recommendation
from agent.types import Caller
from errors import BadInput, NotFound
from services import Services
from store import products, recommend
from store.models import to_text
from store.product_index import Filters
from tests.shelves import set_stock


def ask(shop: Services, caller: Caller, **given: Any) -> list[Recommendation]:
    found: list[Recommendation] = shop.tool(caller, "recommend_products", **given)
    return found


def find(shop: Services, query: str, **given: Any) -> ProductsFound:
    found: ProductsFound = shop.tool(Caller(), "search_products", query=query, **given)
    return found


def order(shop: Services, number: int, user_id: str, *skus: str, **more: Any) -> None:
    """An order of some options, one day ago."""
    at = to_text(shop.clock() - timedelta(days=1))
    order_id = f"20261119-9{number:06d}"
    with shop.database.write(durable=False) as tx:
        tx.insert("orders", {
            "order_id": order_id, "user_id": user_id, "status": "delivered", "created_at": at,
            "items_krw": 0, "coupon_krw": 0, "shipping_krw": 0, "total_krw": 0, "version": 1,
            **more,
        })  # fmt: skip
        for place, sku in enumerate(skus):
            tx.insert("order_lines", {
                "line_id": f"{order_id}-{place}", "order_id": order_id, "position": place,
                "product_id": sku[:5], "sku": sku, "product_name": sku, "option_name": sku,
                "quantity": 1, "unit_price_krw": 0,
            })  # fmt: skip


@pytest.fixture
def pairs(shop: Services) -> Services:
    """Four customers bought earphones with a charger; two of them cancelled a mat with it."""
    for number in range(4):
        order(shop, number, f"user_{number + 3:03d}", "P1002-BK", "P1007-ST")
    for number in (10, 11):
        order(shop, number, "user_004", "P1002-BK", "P3008-S", status="cancelled")
    return shop


def sell_out(shop: Services, product_id: str) -> None:
    for option in shop.tool(Caller(), "get_product", product_id=product_id).options:
        set_stock(shop, option.sku, 0)


def test_bought_together_by_lift_and_never_by_cancelled_orders(
    pairs: Services, base: Services
) -> None:
    found = ask(pairs, Caller(), product_id="P1002", kind="together")
    assert [one.product.product_id for one in found][:1] == ["P1007"]
    assert "P3008" not in [one.product.product_id for one in found]
    assert found[0].reason == "이 상품을 산 분들이 함께 샀어요"
    with pairs.database.read() as tx:
        [(product_id, lift, orders), *_] = recommend.together(tx, "P1002", limit=5)
    with base.database.read() as tx:
        before = {one: count for one, _, count in recommend.together(tx, "P1002", limit=50)}
    assert (product_id, orders) == ("P1007", before.get("P1007", 1) + 4)
    assert lift > 1


def test_one_order_is_no_habit(shop: Services) -> None:
    with shop.database.read() as tx:
        never = tx.value(
            "select min(sku) from product_options where product_id not in (select l.product_id "
            "from order_lines m join order_lines l using (order_id) where m.product_id = 'P6006')"
        )
    for number, agreed in ((1, False), (2, True)):
        order(shop, number, "user_005", "P6006-PS", never)
        with shop.database.read() as tx:
            found = [one for one, _, _ in recommend.together(tx, "P6006", limit=50)]
        assert (never[:5] in found) is agreed


def test_nothing_that_is_sold_out(pairs: Services) -> None:
    sell_out(pairs, "P1007")
    for kind in ("together", "similar", "popular"):
        given = {} if kind == "popular" else {"product_id": "P1002"}
        found = ask(pairs, Caller(), kind=kind, limit=20, **given)
        assert "P1007" not in [one.product.product_id for one in found]
        assert all(one.product.in_stock for one in found)


def test_alike_ones_first_of_the_same_category(shop: Services) -> None:
    found = ask(shop, Caller(), product_id="P3001", kind="similar")
    assert found[0].product.product_id == "P3002"
    assert found[0].reason == "텀블러와 비슷해요"
    assert "P3001" not in [one.product.product_id for one in found]
    categories = [one.product.category == "생활주방" for one in found]
    assert categories == sorted(categories, reverse=True)


def test_one_that_is_less_alike_is_not_called_so(shop: Services) -> None:
    found = ask(shop, Caller(), product_id="P3001", kind="similar", limit=20)
    told = {one.product.product_id: one.reason for one in found}
    assert "비슷해요" not in told.get("P3008", "")


def test_popular_ones_by_buyers_within_category_and_budget(shop: Services) -> None:
    for number in range(20, 26):  # six customers, one of them twice
        order(shop, number, f"user_{number - 15:03d}", "P5008-PL")
    found = ask(shop, Caller(), kind="popular", category="식품", max_price_krw=5_000)
    assert [one.product.product_id for one in found] == ["P5008"]
    with shop.database.read() as tx:
        ranked = dict(recommend.popular(tx, Filters(), at=shop.clock(), limit=50))
        later = recommend.popular(tx, Filters(), at=shop.clock() + timedelta(days=61), limit=9)
    assert ranked["P5008"] >= 6
    assert later == []


def test_good_reviews_are_told(shop: Services) -> None:
    found = ask(shop, Caller(), kind="popular", limit=20)
    rated = [one for one in found if one.product.reviews and one.product.reviews.average >= 4.0]
    assert any("후기" in one.reason for one in rated)
    assert all("후기" not in one.reason for one in found if one.product.reviews is None)


def test_personal_ones_are_for_the_signed_in_and_new_to_them(
    shop: Services, minji: Caller, guest: Caller
) -> None:
    with shop.database.read() as tx:
        had = recommend.bought(tx, "user_001", limit=200)
    assert had
    mine = ask(shop, minji, limit=10)
    assert {one.kind for one in mine} == {"personal", "popular"}
    assert not {one.product.product_id for one in mine} & set(had)
    assert all("지난번에 산" in one.reason for one in mine if one.kind == "personal")
    assert {one.kind for one in ask(shop, guest, limit=10)} == {"popular"}
    assert ask(shop, guest, kind="personal") == []


def test_nothing_comes_twice(pairs: Services, minji: Caller) -> None:
    for given in ({"product_id": "P1002"}, {}):
        ids = [one.product.product_id for one in ask(pairs, minji, limit=20, **given)]
        assert len(ids) == len(set(ids))


def test_an_option_wanted_must_be_there(shop: Services) -> None:
    found = ask(shop, Caller(), kind="popular", option="네이비", limit=20)
    assert found
    for one in found:
        assert any("네이비" in o.name and o.stock > 0 for o in one.product.options)


def test_wrong_arguments_are_refused(shop: Services) -> None:
    with pytest.raises(BadInput):
        ask(shop, Caller(), kind="best")
    with pytest.raises(NotFound):
        ask(shop, Caller(), product_id="P0000")
    assert ask(shop, Caller(), limit=-3) == []


# ── The search by meaning ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "product_id"),
    [
        ("텀불러", "P3001"), ("이어퐁", "P1001"), ("kh87", "P1004"), ("ㅅㅍㅋ", "P1008"),
        ("밤에 잠자리 따뜻하게 덮는 거", "P3005"),
    ],
)  # fmt: skip
def test_found_by_meaning_or_misspelt(shop: Services, query: str, product_id: str) -> None:
    found = find(shop, query)
    assert found.mode_used in ("hybrid", "keyword")
    assert product_id in [match.product.product_id for match in found.matches[:2]]


def test_prices_and_stock_are_those_of_this_moment(shop: Services) -> None:
    """The index was built with a tumbler at 24,900 in stock."""
    assert find(shop, "텀블러", max_price_krw=25_000).matches[0].product.product_id == "P3001"
    with shop.database.write(durable=False) as tx:
        tx.execute("update products set price_krw = 26000 where product_id = 'P3001'")
    assert find(shop, "텀블러", max_price_krw=25_000).confident is False
    assert find(shop, "텀블러").matches[0].product.price_krw in (26_000, 28_900)
    sell_out(shop, "P3001")
    found = find(shop, "스테인리스 텀블러", in_stock=True)
    assert "P3001" not in [match.product.product_id for match in found.matches]


def test_a_product_the_index_does_not_know_yet_is_found(shop: Services) -> None:
    with shop.database.write(durable=False) as tx:
        old = products.get(tx, "P3001")
        assert old is not None
        products.save(tx, [type(old)(
            "X1", "바람개비 캠핑 해먹", "생활주방", "바람개비", 39_000, "🏕️", "", ("해먹",), {},
            "normal", (),
        )])  # fmt: skip
    found = find(shop, "해먹")
    assert found.matches[0].product.product_id == "X1"
    assert found.matches[0].matched == ("해먹",)


def test_without_an_index_words_answer_and_it_is_told(shop: Services) -> None:
    with shop.database.read() as tx:
        context = ToolContext(tx, Caller(), shop.rules, shop.clock())
        found = run(context, "search_products", query="텀블러")
        alike = run(context, "recommend_products", product_id="P3001", kind="similar")
    assert found.mode_used == "fts"
    assert found.confident
    assert [one.product.product_id for one in alike] == ["P3002"]


@pytest.mark.parametrize(
    "query", ["자전거 헬멧", "고양이 모래", "냉장고", "전자레인지", "🎧", "?!", "ㅋ", "a" * 5000]
)
def test_what_is_not_there_is_not_claimed(shop: Services, query: str) -> None:
    assert find(shop, query).confident is False


def test_the_head_of_a_compound_names_it(shop: Services) -> None:
    coffee = shop.tool(Caller(), "get_product", product_id="P5002")
    assert named("커피", coffee) == 1.0
    assert named("커피는", coffee) == named("원두 드립커피", coffee) == 0.8
    assert named("커피머신", coffee) == 0.0


def test_an_import_is_indexed_by_the_next_housekeeping(shop: Services) -> None:
    assert shop.catalogue.refresh() is False
    with shop.database.read() as tx:
        assert shop.tool(Caller(), "list_categories") == products.categories(tx)
