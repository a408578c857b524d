"""Products: search, and recommendations of a product or a customer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.calls import OPTIONAL, Anyone, Desk, SignedIn
from api.problems import problems
from api.schemas.base import WORDS, Among, Limit, Page, PathId
from api.schemas.products import FoundProduct, RecommendedProduct
from services import words

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["상품"])
MOST_KRW = 1_000_000_000_000
Price = Annotated[int | None, Query(ge=0, le=MOST_KRW, description="원")]
OF_PRODUCT = {kind: text for kind, text in words.RECOMMENDATION.items() if kind != "personal"}


@router.get("/products/search", operation_id="search_products", summary="상품 찾기",
            openapi_extra=OPTIONAL)  # fmt: skip
def search_products(
    q: Annotated[str, Query(min_length=1, max_length=200, pattern=WORDS, examples=["이어폰"])],
    caller: Anyone,
    desk: Desk,
    category: Annotated[
        str, Query(max_length=100, pattern=r"^[^\x00]*$", description="분류 이름")
    ] = "",
    min_price: Price = None,
    max_price: Price = None,
    limit: Limit = 20,
    cursor: Annotated[
        str | None, Query(pattern=r"^[1-9][0-9]{0,2}$", description="앞쪽의 next_cursor")
    ] = None,
) -> Page[FoundProduct]:
    """낱말과 뜻으로 찾아 알맞은 순서로 500개까지 보여요."""
    start = int(cursor or 0)
    end = start + limit
    found = desk.tool(
        caller, "search_products", source="api", query=q, category=category,
        min_price_krw=min_price or 0, max_price_krw=max_price, limit=end + 1,
    )  # fmt: skip
    items = [
        FoundProduct.model_validate(match.product).model_copy(update={"score": match.score})
        for match in found.matches[start:end]
    ]
    return Page(items=items, next_cursor=str(end) if len(found.matches) > end else None)


@router.get(
    "/products/{product_id}/recommendations",
    operation_id="recommend_for_product",
    summary="상품에서 추천받기",
    openapi_extra=OPTIONAL,
    responses=problems(404),
)
def recommend_for_product(
    product_id: PathId,
    caller: Anyone,
    desk: Desk,
    kind: Annotated[str, Among(OF_PRODUCT), Query(description="추천 종류")] = "similar",
    limit: Limit = 20,
) -> Page[RecommendedProduct]:
    """살 수 있는 상품만, 그 까닭과 함께 보여요. 한 쪽뿐이라 next_cursor는 늘 null이에요."""
    found = desk.tool(
        caller, "recommend_products", source="api", product_id=product_id, kind=kind, limit=limit
    )
    return _page(found)


@router.get(
    "/users/{user_id}/recommendations",
    operation_id="recommend_for_user",
    summary="고객에게 추천하기",
    responses=problems(404),
)
def recommend_for_user(
    user_id: PathId,
    caller: SignedIn,
    desk: Desk,
    kind: Annotated[str, Among(["personal"]), Query(description="추천 종류")] = "personal",
    limit: Limit = 20,
) -> Page[RecommendedProduct]:
    """구매 내역과 어울리거나 비슷한 상품을 그 까닭과 함께 보여요. 본인과 담당자만 볼 수 있어요."""
    found = desk.tool(
        caller, "recommend_products", source="api", customer_id=user_id, kind=kind, limit=limit
    )
    return _page(found)


def _page(found: list[Any]) -> Page[RecommendedProduct]:
    return Page(
        items=[
            RecommendedProduct.model_validate(one.product).model_copy(
                update={"kind": one.kind, "reason": one.reason}
            )
            for one in found
        ]
    )
