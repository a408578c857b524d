"""Cheapest, cheaper and what is not wanted, read from a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.flows.product_wish import Wish, read
from agent.tools.products import named
from services import Services
from store.models import Product


@pytest.mark.parametrize(
    ("text", "price", "than", "rest"),
    [
        ("제일 싼 이어폰", "low", False, "이어폰"), ("가장 비싼 상품", "high", False, ""),
        ("더 싼 거 없어요?", "low", True, "거 ?"), ("좀 더 저렴한 텀블러", "low", True, "텀블러"),
        ("키보드 최저가", "low", False, "키보드"),
        ("비싼 이유가 뭐예요", "", False, "비싼 이유가 뭐예요"),
    ],
)  # fmt: skip
def test_order_of_price(text: str, price: str, than: bool, rest: str) -> None:
    wish = read(text)
    assert (wish.price, wish.than, " ".join(wish.text.split())) == (price, than, rest)


@pytest.mark.parametrize(
    ("text", "but_not", "rest"),
    [
        ("가습기 말고 다른 거 추천", "가습기", "다른 거 추천"),
        ("텀블러 빼고 주방용품", "텀블러", "주방용품"), ("이거 말고", "", "이거 말고"),
    ],
)  # fmt: skip
def test_what_is_not_wanted(text: str, but_not: str, rest: str) -> None:
    wish = read(text)
    assert (wish.but_not, wish.text) == (but_not, rest)


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(read(text), Wish)


def test_a_number_alone_names_no_kin(shop: Services) -> None:
    found = shop.tool(shop.accounts.caller("user_001"), "search_products", query="DT-500")
    product: Product = found.matches[0].product
    assert product.name.endswith("DT-500")
    assert named("DT-500", product) == 1.0
    assert named("dt500", product) == 1.0
    assert named("SW-500", product) == named("sw500", product) == 0.0
