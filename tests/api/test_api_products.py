"""Product search and recommendations over HTTP."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api
from tests.shelves import set_stock

PRODUCT = {
    "product_id", "name", "category", "brand", "price_krw", "emoji", "description", "attributes",
    "returnable", "in_stock", "options", "reviews",
}  # fmt: skip


def get(api: Api, path: str, headers: dict[str, str] | None = None, **query: object):  # type: ignore[no-untyped-def]
    return api.client.get(path, params=query, headers=headers or {})


def test_a_search_finds_what_the_tool_finds(api: Api, guest) -> None:  # type: ignore[no-untyped-def]
    answer = get(api, "/api/products/search", q="무선 이어폰", limit=7).json()
    assert set(answer) == {"items", "next_cursor"}
    assert all(set(one) == PRODUCT | {"score"} for one in answer["items"])
    found = api.shop.tool(guest, "search_products", query="무선 이어폰", limit=7)
    assert [one["product_id"] for one in answer["items"]] == [
        match.product.product_id for match in found.matches
    ]
    assert "이어폰" in answer["items"][0]["name"]


def test_a_search_pages_without_a_gap(api: Api) -> None:
    whole = get(api, "/api/products/search", q="선물", limit=100).json()
    assert len(whole["items"]) > 20
    assert whole["next_cursor"] is None
    found, cursor = [], {}
    while True:
        page = get(api, "/api/products/search", q="선물", limit=7, **cursor).json()
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == whole["items"]
    assert get(api, "/api/products/search", q="선물", cursor="999").json()["items"] == []


def test_price_and_category_filter(api: Api) -> None:
    every = get(api, "/api/products/search", q="선물", limit=100).json()["items"]
    prices = sorted(one["price_krw"] for one in every)
    low, high = prices[len(prices) // 4], prices[3 * len(prices) // 4]
    category = every[0]["category"]
    some = get(
        api, "/api/products/search", q="선물", limit=100, min_price=low, max_price=high,
        category=category,
    ).json()["items"]  # fmt: skip
    assert some
    assert all(low <= one["price_krw"] <= high for one in some)
    assert {one["category"] for one in some} == {category}
    assert get(api, "/api/products/search", q="선물", category="없는 분류").json()["items"] == []
    assert (
        get(api, "/api/products/search", q="선물", min_price=9, max_price=1).json()["items"] == []
    )


@pytest.mark.parametrize(
    "query",
    [{}, {"q": " "}, {"q": "x" * 201}, {"q": "a\0b"}, {"q": "a", "limit": 0},
     {"q": "a", "limit": 101}, {"q": "a", "min_price": -1}, {"q": "a", "max_price": 10**20},
     {"q": "a", "max_price": "싼"}, {"q": "a", "category": "\0"}, {"q": "a", "cursor": "0"},
     {"q": "a", "cursor": "1000"}, {"q": "a", "cursor": "x"}],
)  # fmt: skip
def test_what_a_search_refuses(api: Api, query: dict[str, object]) -> None:
    assert get(api, "/api/products/search", **query).status_code == 422


@pytest.mark.parametrize("kind", ["similar", "together", "popular"])
def test_recommendations_of_a_product(api: Api, kind: str) -> None:
    path = "/api/products/P2005/recommendations"
    items = get(api, path, kind=kind, limit=5).json()["items"]
    assert 0 < len(items) <= 5
    for one in items:
        assert set(one) == PRODUCT | {"kind", "reason"}
        assert (one["kind"], one["in_stock"]) == (kind, True)
        assert one["reason"].endswith(("요", "요."))
        assert one["product_id"] != "P2005"
    gone = items[0]
    for option in gone["options"]:
        set_stock(api.shop, option["sku"], 0)
    after = get(api, path, kind=kind, limit=5).json()["items"]
    assert gone["product_id"] not in {one["product_id"] for one in after}


def test_recommendations_reach_as_far_as_the_limit(api: Api) -> None:
    every = get(api, "/api/products/P1002/recommendations", kind="popular", limit=100).json()
    assert 20 < len(every["items"]) <= 100


def test_personal_recommendations_are_the_customers_for_staff_too(api: Api) -> None:
    path = "/api/users/user_001/recommendations"
    mine = get(api, path, api.minji, kind="personal", limit=8).json()["items"]
    assert mine
    assert {one["kind"] for one in mine} == {"personal"}
    assert get(api, path, api.staff, limit=8).json()["items"] == mine
    theirs = get(api, "/api/users/user_002/recommendations", api.jihun, limit=8).json()["items"]
    assert theirs != mine


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/products/P9999/recommendations", {}, 404),
        ("/api/products/P1002/recommendations", {"kind": "personal"}, 422),
        ("/api/products/P1002/recommendations", {"limit": 101}, 422),
        ("/api/products/%00/recommendations", {}, 422),
        ("/api/users/user_001/recommendations", {"kind": "popular"}, 422),
    ],
)
def test_what_recommendations_refuse(
    api: Api, path: str, query: dict[str, object], status: int
) -> None:
    assert get(api, path, api.minji, **query).status_code == status
