"""Orders of a customer: list, detail, status, cancelling."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.calls import Desk, SignedIn
from api.problems import problems
from api.repeats import Once
from api.schemas.base import Limit, OrderStatus, Page, PathId
from api.schemas.claims import CancelRequest
from api.schemas.orders import OrderDetail, OrderState, OrderSummary
from errors import NotAllowedNow
from services import Services, words
from services.repeats import Call

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["주문"])
Statuses = Annotated[
    list[OrderStatus], Query(max_length=6, description="주문 상태. 여러 번 적으면 그중 하나예요")
]
Cursor = Annotated[
    str | None,
    Query(pattern=r"^[A-Za-f][A-Za-z0-9_-]{10}$", description="앞쪽의 next_cursor"),
]


@router.get(
    "/users/{user_id}/orders",
    operation_id="list_orders",
    summary="고객의 주문 목록",
    responses=problems(400, 404),
)
def list_orders(
    user_id: PathId,
    caller: SignedIn,
    desk: Desk,
    status: Statuses = [],  # noqa: B006  FastAPI copies it
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[OrderSummary]:
    """새 주문부터 보여요. 본인과 담당자만 볼 수 있어요."""
    found = desk.tool(
        caller, "list_orders", source="api", customer_id=user_id, statuses=tuple(status),
        limit=limit, cursor=cursor,
    )  # fmt: skip
    return Page[OrderSummary].model_validate(found)


@router.get(
    "/orders/{order_id}",
    operation_id="get_order",
    summary="주문 보기",
    responses=problems(400, 404),
)
def get_order(order_id: PathId, caller: SignedIn, desk: Desk) -> OrderDetail:
    """상품, 금액, 결제, 배송, 신청 내역과 지금 할 수 있는 일이에요."""
    return _detail(desk, desk.tool(caller, "get_order", source="api", order_id=order_id))


@router.get(
    "/orders/{order_id}/status",
    operation_id="get_order_status",
    summary="주문 상태 보기",
    responses=problems(400, 404),
)
def get_order_status(order_id: PathId, caller: SignedIn, desk: Desk) -> OrderState:
    """지금 상태와 배송, 할 수 있는 일이에요."""
    found = desk.tool(caller, "get_order_status", source="api", order_id=order_id)
    return OrderState.model_validate(found)


@router.post(
    "/orders/{order_id}/cancel",
    operation_id="cancel_order",
    summary="주문 취소하기",
    response_model=OrderDetail,
    responses=problems(400, 404, 409),
)
def cancel_order(
    order_id: PathId, body: CancelRequest, caller: SignedIn, desk: Desk, once: Once
) -> JSONResponse:
    """준비 전인 주문을 바로 취소하고 결제한 금액을 돌려줘요.

    reason은 사유 코드(change_of_mind, wrong_option, late_delivery, other 등)나 자유로운 글이에요.
    바로 취소할 수 없으면 409(not_cancellable)이고, allowed_actions에 지금 할 수 있는 일이 있어요.
    """

    def work(call: Call) -> OrderDetail:
        order = call("get_order", order_id=order_id)
        try:
            call("cancel_order", order_id=order.order_id, **_reason(body.reason))
        except NotAllowedNow as error:
            raise _explained(error, order.order_id) from error
        return _detail(desk, call("get_order", order_id=order.order_id))

    return once(caller, body, work)


def _detail(desk: Services, order: Any) -> OrderDetail:
    return OrderDetail.model_validate(order).model_copy(
        update={
            "allowed_actions": list(desk.allowed_actions(order)),
            "due_krw": desk.due_krw(order) if order.status == "pending_payment" else 0,
        }
    )


def _reason(reason: str) -> dict[str, str]:
    if reason in words.REASON:
        return {"reason_code": reason}
    return {"reason_code": "change_of_mind", "reason_text": reason}


def _explained(error: NotAllowedNow, order_id: str) -> NotAllowedNow:
    """With the way there is for an order that is being prepared."""
    if "request_cancel" not in error.allowed:
        return error
    return NotAllowedNow(
        "준비를 시작한 주문이라 바로 취소할 수 없어요. 취소를 요청하려면 "
        f'POST /api/orders/{order_id}/claims에 kind를 "cancel"로 보내 주세요.',
        allowed=error.allowed, code=error.code,
    )  # fmt: skip
