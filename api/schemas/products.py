"""Products and recommendations."""

from __future__ import annotations

from pydantic import Field

from api.schemas.base import Krw, Record

__all__ = ["FoundProduct", "Option", "Product", "RecommendedProduct", "Reviews"]


class Option(Record):
    """A choice of a product."""

    sku: str = Field(examples=["P1001-BK"])
    name: str = Field(examples=["블랙"])
    extra_krw: Krw
    stock: int = Field(ge=0, description="남은 수량", examples=[12])


class Reviews(Record):
    """What buyers say of a product."""

    count: int = Field(ge=0)
    average: float = Field(ge=0, le=5, examples=[4.3])
    histogram: list[int] = Field(description="별 1개부터 5개까지의 수")
    praised: list[str] = Field(examples=[["배송"]])
    criticised: list[str]


class Product(Record):
    """A product with its options."""

    product_id: str = Field(examples=["P1001"])
    name: str
    category: str = Field(examples=["가전"])
    brand: str
    price_krw: Krw
    emoji: str = Field(examples=["🎧"])
    description: str
    attributes: dict[str, str]
    returnable: str = Field(description="normal, made_to_order, hygiene, digital")
    in_stock: bool
    options: list[Option]
    reviews: Reviews | None


class FoundProduct(Product):
    """A product that a search found."""

    score: float = Field(0.0, description="이 답 안에서의 순서를 정한 점수")


class RecommendedProduct(Product):
    """A product to recommend, with its reason."""

    kind: str = Field("", description="similar, together, popular, personal", examples=["similar"])
    reason: str = Field("", examples=["같은 가전 상품이에요"])
