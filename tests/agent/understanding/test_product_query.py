"""Prices, options, stock and category from a sentence, and what is left to search for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.understanding.product_query import ProductQuery, parse

CATEGORIES = ("디지털콘텐츠·문구", "뷰티", "생활주방", "식품", "전자기기", "패션의류")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7만원 이하", 0, 70_000), ("칠만 원 아래로", 0, 70_000), ("만 원 안쪽", 0, 10_000),
        ("4만 5천원 밑", 0, 45_000), ("사만오천원 이내", 0, 45_000), ("80,000원까지", 0, 80_000),
        ("9만원 안 넘는", 0, 90_000), ("6만원보다 싼", 0, 60_000), ("예산 4만원", 0, 40_000),
        ("4만원대", 40_000, 49_999), ("12만원대", 120_000, 129_999), ("20만원대", 200_000, 299_999),
        ("만원대", 10_000, 19_999), ("7천원대", 7_000, 7_999), ("4~5만원대", 40_000, 59_999),
        ("4,5만원대", 40_000, 59_999), ("2만원에서 4만원 사이", 20_000, 40_000),
        ("이만원부터 사만원까지", 20_000, 40_000), ("1만5천원~2만원", 15_000, 20_000),
        ("8만원 넘는", 80_000, None), ("8만원 이상", 80_000, None), ("팔만원부터", 80_000, None),
        ("3천원 이상 6천원 이하", 3_000, 6_000), ("10만원 정도", 80_000, 120_000),
        ("원피스", 0, None), ("2026년 신상", 0, None), ("KH-87", 0, None), ("750ml", 0, None),
        ("이만 끊을게요", 0, None), ("불만 있어요", 0, None), ("천연 비누", 0, None),
    ],
)  # fmt: skip
def test_prices(text: str, low: int, high: int | None) -> None:
    found = parse(f"{text} 상품")
    assert (found.min_price_krw, found.max_price_krw) == (low, high)


@pytest.mark.parametrize(
    ("text", "option", "rest"),
    [
        ("까만 장갑", "블랙", "장갑"), ("장갑 하얀거로", "화이트", "장갑"),
        ("남색 모자 L사이즈", "네이비 / L", "모자"), ("샌들 255", "255", "샌들"),
        ("바지 2XL", "XXL", "바지"), ("은색 시계", "실버", "시계"),
        ("장갑 라지", "L", "장갑"), ("장갑 엘 사이즈", "L", "장갑"),
        ("크림 하나", "", "크림"), ("크림색 담요", "크림", "담요"), ("민트 치약", "", "민트 치약"),
        ("검정색 말고 다른 색", "", "검정색 말고 다른 색"), ("USB-C", "", "USB-C"),
    ],
)  # fmt: skip
def test_colours_and_sizes(text: str, option: str, rest: str) -> None:
    found = parse(text)
    assert (found.option, found.text) == (option, rest)


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("배즙 90포", "90포"), ("강의 1년짜리", "365일"), ("비누 두 개 묶음", "2개"),
        ("이불 킹 사이즈", "킹"), ("발매트 큰 거", "대형"), ("달달한 과자", "달콤"),
        ("스크린 같이 주는 거", "스크린"), ("회색 이불", "그레이"), ("프로젝터", ""),
        ("빨간 이불 킹", "레드 / 킹"), ("배추 4키로", "4kg"), ("4키로 말고", ""),
    ],
)  # fmt: skip
def test_what_the_products_options_are_called(text: str, option: str) -> None:
    options = (
        "30포", "90포 선물 상자", "365일 수강권", "2개 묶음", "그레이 / 킹", "대형 50×80",
        "달콤한 맛", "80인치 스크린 포함", "프로젝터 단품", "4kg",
    )  # fmt: skip
    assert parse(text, options=options, names=("미니 빔프로젝터",)).option == option


@pytest.mark.parametrize(
    ("text", "stocked"),
    [
        ("재고 있는 장갑", True), ("품절 아닌 거", True), ("품절 말고", True),
        ("지금 살 수 있는 모자", True), ("구매 가능한 거로", True), ("재고 있나요?", False),
        ("재고 있는지 궁금해요", False), ("품절인가요", False),
    ],
)  # fmt: skip
def test_stock_is_a_filter_only_where_it_describes(text: str, stocked: bool) -> None:
    assert parse(text).in_stock is stocked


@pytest.mark.parametrize(
    ("text", "category", "rest"),
    [
        ("식품 중에 단 거", "식품", "단"), ("6만원 아래 뷰티", "뷰티", ""),
        ("화장품 중에", "뷰티", ""), ("먹을 거 추천해줘", "식품", ""),
        ("화장품 추천 부탁드려요 예산은 3만원이에요", "뷰티", ""),
        ("옷 추천해 주세요", "패션의류", ""), ("집들이에 줄 주방용품", "", "집들이에 줄 주방용품"),
        ("주방용품 중에 집게", "생활주방", "집게"), ("전자레인지", "", "전자레인지"),
    ],
)  # fmt: skip
def test_categories(text: str, category: str, rest: str) -> None:
    found = parse(text, categories=CATEGORIES)
    assert (found.category, found.text) == (category, rest)


def test_everything_at_once() -> None:
    assert parse(
        "8만원 이하 까만 운동화 250 품절 아닌 거 추천해 주세요", categories=CATEGORIES
    ) == (ProductQuery("운동화", 0, 80_000, "", "블랙 / 250", True))


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    found = parse(text, categories=CATEGORIES, options=("블랙 / M", "", "3kg"), names=("컵",))
    assert found.min_price_krw >= 0


def test_a_long_text_is_cut() -> None:
    assert len(parse("가" * 100_000).text) <= 4000
