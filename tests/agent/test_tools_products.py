"""Products as tools: the bounded search, names, options, reviews, and what the chat tells."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.flows import product_reviews
from agent.tools.base import ToolContext, run
from agent.tools.products import MOST_NAMES, Match, ProductsFound, score
from agent.types import Caller
from errors import NotFound
from services import Services
from store import product_index, products, reviews
from store.imports.products import import_products
from store.models import Product
from store.product_index import Filters
from store.reviews import Review
from tests.talk import Talk

WORDS = (
    "이어폰", "무선 이어폰", "이어폰이요", "SW-200", "방수", "텀블러", "컵", "책", "김치", "커피",
    "선물", "소닉웨이브", "전자기기", "화이트", "러닝화", "배터리", "보조배터리", "냉장고", "usb-c",
    "3", "만년필", "이어폰 케이스", "니트", "후드티", "노이즈캔슬링", '"', "AND", "*", "가" * 200,
    "'; drop table products; --",
)  # fmt: skip


@pytest.fixture
def large(shop: Services, tmp_path: Path) -> Services:
    """The demonstration shop with 3,000 more products that look alike."""
    path = tmp_path / "many.jsonl"
    rows = (
        {"product_id": f"X{n:05d}", "name": f"쿠션 방석 {n}호", "price_krw": 1000 + n,
         "category": "쿠션", "keywords": ["방석"], "stock": n % 2, "description": "푹신합니다."}
        for n in range(3000)
    )  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert import_products(shop.database, path).inserted == 3000
    return shop


def search(shop: Services, query: str, **more: Any) -> list[Match]:
    """By the store's own word index, as long as there is no other."""
    with shop.database.read() as tx:
        context = ToolContext(tx, Caller(), shop.rules, shop.clock())
        found: ProductsFound = run(context, "search_products", query=query, **more)
    assert found.mode_used in ("fts", "filters")
    return list(found.matches)


def every_product(shop: Services) -> list[Product]:
    with shop.database.read() as tx:
        return products.many(tx, [product_id for product_id, _ in products.names(tx, limit=9999)])


def _split(text: str) -> list[str]:
    return re.sub(r"[^0-9A-Za-z가-힣]+", " ", text).split()


def plainly(shop: Services, words: Sequence[str], limit: int = 5) -> list[tuple[str, float]]:
    """The ranking over the whole catalogue, without an index."""
    found = []
    for product in every_product(shop):
        more = f"{product.category} {product.brand} {product.description}"
        fit = score(list(words), product.name, product.keywords, more)
        if fit > 0:
            found.append((product.product_id, fit))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]


@pytest.mark.parametrize("word", WORDS)
def test_the_index_finds_what_a_walk_over_everything_finds(shop: Services, word: str) -> None:
    if not _split(word):
        assert search(shop, word) == []
        return
    found = [(match.product.product_id, match.score) for match in search(shop, word)]
    assert found == plainly(shop, _split(word))


@pytest.mark.parametrize("first", WORDS[:12])
def test_two_words_rank_as_over_everything(shop: Services, first: str) -> None:
    for second in WORDS[4:24:3]:
        found = [
            (m.product.product_id, m.score) for m in search(shop, f"{first} {second}", limit=40)
        ]
        assert found == plainly(shop, _split(f"{first} {second}"), limit=40)


def test_filters_hold_exactly(shop: Services) -> None:
    every = every_product(shop)
    for low, high in ((0, 30_000), (30_000, 39_999), (59_000, 59_000), (1_000_000, None), (9, 3)):
        found = search(shop, "", min_price_krw=low, max_price_krw=high, limit=40)
        assert [match.product.product_id for match in found] == [
            p.product_id for p in every if low <= p.price_krw <= (high or 10**9)
        ][:40]
    stocked = search(shop, "", in_stock=True, category="생활주방", limit=40)
    assert [m.product.product_id for m in stocked] == [
        p.product_id for p in every if p.in_stock and p.category == "생활주방"
    ]
    assert search(shop, "이어폰", category="없는 분류") == []


def test_a_large_catalogue_is_never_read_whole(
    large: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    whole = products.many

    def counted(tx: object, ids: Sequence[str]) -> list[Product]:
        read.append(len(ids))
        return whole(tx, ids)  # type: ignore[arg-type]

    monkeypatch.setattr(products, "many", counted)
    assert [m.product.product_id for m in search(large, "방석", limit=3)] == [
        "X00000", "X00001", "X00002"
    ]  # fmt: skip
    assert [m.product.name for m in search(large, "방석 2718호", limit=1)] == ["쿠션 방석 2718호"]
    assert len(search(large, "", in_stock=True, limit=7)) == 7
    assert read
    assert max(read) <= product_index.CANDIDATES


def test_a_rare_word_is_found_among_many(large: Services) -> None:
    assert search(large, "텀블러")[0].product.product_id == "P3001"
    assert search(large, "", min_price_krw=3999, max_price_krw=3999, category="쿠션")[
        0
    ].product.product_id == "X02999"  # fmt: skip


def test_a_name_that_changes_is_found_anew_and_no_more_by_the_old(
    large: Services, tmp_path: Path
) -> None:
    path = tmp_path / "one.jsonl"
    row = {"product_id": "X00007", "name": "해먹", "price_krw": 5, "keywords": []}
    path.write_text(json.dumps(row), "utf-8")
    assert import_products(large.database, path).updated == 1
    assert [m.product.product_id for m in search(large, "해먹")] == ["X00007"]
    with large.database.read() as tx:
        names = product_index.candidates(tx, ["7호"], Filters(category="쿠션"), limit=5)
    assert "X00007" not in names


def test_an_emptied_and_filled_index_answers_the_same(shop: Services) -> None:
    before = search(shop, "이어폰")
    with shop.database.write() as tx:
        product_index.clear(tx)
        assert product_index.candidates(tx, ["이어폰"], Filters(), limit=5) == []
        product_index.fill(tx)
        product_index.fill(tx)  # what is there is left alone
    assert search(shop, "이어폰") == before


# ── Names and options ────────────────────────────────────────────────────────


def test_names_are_listed_a_page_at_a_time(large: Services) -> None:
    first = large.tool(Caller(), "list_products", limit=10**9)
    assert len(first) == MOST_NAMES
    assert (first[0].product_id, first[0].name) == ("P1001", "소닉웨이브 무선 이어폰 SW-200")
    second = large.tool(Caller(), "list_products", limit=2, offset=1)
    assert second == first[1:3]
    last = large.tool(Caller(), "list_products", category="쿠션", limit=5, offset=2998)
    assert [name.product_id for name in last] == ["X02998", "X02999"]
    assert large.tool(Caller(), "list_products", limit=-1, offset=-5) == []


def test_categories_are_told_once_each(large: Services) -> None:
    with large.database.read() as tx:
        found = products.categories(tx)
        assert found == sorted(
            r["category"] for r in tx.rows("select distinct category from products")
        )
    assert "쿠션" in found


def test_an_option_knows_its_product_price_and_stock(shop: Services) -> None:
    detail = shop.tool(Caller(), "get_option", sku="P1004-SL")
    assert (detail.product.product_id, detail.option.name) == ("P1004", "저소음 적축")
    assert detail.price_krw == 98_000 + 8_000
    assert detail.option.stock == 9
    with pytest.raises(NotFound):
        shop.tool(Caller(), "get_option", sku="P1004-XX")


# ── Reviews in the chat ──────────────────────────────────────────────────────


def praise(shop: Services, product_id: str, count: int) -> None:
    """``count`` reviews of 5 stars that praise 음질, every fourth criticising 착용감."""
    with shop.database.write() as tx:
        for n in range(count):
            aspects = {"음질": 1, "배터리": 1} if n % 4 else {"음질": 1, "착용감": -1}
            reviews.add(tx, [Review(f"t{n}", product_id, 5 - n % 4 // 3, aspects)])


def test_the_product_carries_what_is_said_of_it(shop: Services) -> None:
    product = shop.tool(Caller(), "get_product", product_id="P1003")
    assert product.reviews.count == 3
    assert product.reviews.average == 4.3
    assert product.reviews.histogram == (0, 0, 0, 2, 1)
    assert "배터리" in product.reviews.praised
    assert shop.tool(Caller(), "get_product", product_id="P6001").reviews is None


def test_the_reviews_are_told(shop: Services, minji: Caller) -> None:
    praise(shop, "P1006", 129)
    reply = Talk(shop, minji).say("스마트워치 후기 어때요?")
    assert "리뷰 132개, 평균 4.7점이에요." in reply.content
    assert "'음질'과 '배터리' 칭찬이 많고, '착용감'은 아쉽다는 말이 있어요." in reply.content
    [card] = reply.cards
    assert (card.data["rating"], card.data["reviews"]) == (4.7, 132)
    assert reply.guardrails == ()


def test_the_stars_are_asked_for_after_the_product(shop: Services, minji: Caller) -> None:
    talk = Talk(shop, minji)
    talk.say("보조배터리 용량이 얼마예요?")
    reply = talk.say("평점 몇 점이에요?")
    assert "리뷰 3개, 평균 4.3점이에요." in reply.content
    assert "칭찬이 있고" in reply.content  # three reviews are not many


def test_no_reviews_are_told_as_such(shop: Services, minji: Caller) -> None:
    with shop.database.write() as tx:
        tx.execute("delete from product_ratings where product_id = 'P1003'")
    reply = Talk(shop, minji).say("보조배터리 리뷰 좋아요?")
    assert "아직 리뷰가 없어요." in reply.content
    assert reply.cards[0].data["rating"] is None
    assert reply.cards[0].data["reviews"] == 0


def test_the_best_rated_come_first(shop: Services, minji: Caller) -> None:
    with shop.database.write() as tx:
        reviews.add(tx, [Review(f"b{n}", "P1002", 5, {}) for n in range(30)])
    reply = Talk(shop, minji).say("평점 높은 이어폰 추천해 주세요")
    assert [card.id for card in reply.cards][:2] == ["P1002", "P1001"]


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("이 이어폰 후기 어때요?", True), ("평점 몇 점이에요?", True), ("별점 알려줘", True),
        ("평이 어때요?", True), ("단점이 뭐예요", True), ("써 본 사람들은 뭐래요", True),
        ("후기 언제 쓸 수 있어요?", False), ("리뷰 쓰면 적립금 주나요", False),
        ("후기 작성하고 싶어요", False), ("평점 높은 이어폰", False), ("방수 되나요", False),
        ("평일에 오나요", False),
    ],
)  # fmt: skip
def test_asking_for_reviews_is_told_from_writing_one(text: str, asks: bool) -> None:
    assert product_reviews.asked(text) is asks
