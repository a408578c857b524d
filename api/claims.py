"""Claims: quote or file one, look at it, move it along."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from agent.types import Caller
from api.calls import Desk, SignedIn, Staff
from api.problems import problems
from api.repeats import Once
from api.schemas.base import PathId
from api.schemas.claims import Claim, ClaimRequest, Quote, TransitionRequest
from errors import BadInput
from services import Services
from services.repeats import Call

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["취소·반품·교환"])


@router.post(
    "/orders/{order_id}/claims",
    operation_id="create_claim",
    summary="취소·반품·교환 신청하기",
    status_code=201,
    response_model=Claim,
    responses=problems(400, 404, 409)
    | {200: {"model": Quote, "description": "dry_run: 예상 금액만 알려 드려요"}},
)
def create_claim(
    order_id: PathId,
    body: ClaimRequest,
    caller: SignedIn,
    desk: Desk,
    once: Once,
    dry_run: Annotated[bool, Query(description="신청하지 않고 금액만 봐요")] = False,
) -> JSONResponse:
    """예상 금액(quote)과 함께 신청해요. 준비 전인 주문의 취소는 바로 이루어져요.

    취소는 photos, noticed_on, new_sku 없이 보내요. 반품과 교환은 lines가 꼭 있어야 해요.
    """
    if dry_run:
        return JSONResponse(_quote(desk, caller, order_id, body).model_dump(mode="json"))
    return once(caller, body, lambda call: _file(call, order_id, body), status=201)


@router.get(
    "/claims/{claim_id}",
    operation_id="get_claim",
    summary="신청 보기",
    responses=problems(404),
)
def get_claim(claim_id: PathId, caller: SignedIn, desk: Desk) -> Claim:
    """상태와 예상 금액이에요. 본인과 담당자만 볼 수 있어요."""
    found = desk.tool(caller, "get_claim", source="api", claim_id=claim_id)
    return Claim.model_validate(found)


@router.post(
    "/claims/{claim_id}/transition",
    operation_id="transition_claim",
    summary="신청을 다음 상태로 바꾸기",
    responses=problems(400, 403, 404, 409),
)
def transition_claim(claim_id: PathId, body: TransitionRequest, caller: Staff, desk: Desk) -> Claim:
    """담당자만 할 수 있어요. 완료하면 환불되고, 거절에는 note가 있어야 해요.

    다음 상태가 될 수 없으면 409이고 allowed_actions에 가능한 상태가 있어요. 그사이 바뀌었으면
    409(state_changed)이고 changes에 바뀐 것이 있어요.
    """
    found = desk.tool(
        caller, "advance_claim", source="api", claim_id=claim_id, to=body.to, note=body.note,
        version=body.version,
    )  # fmt: skip
    return Claim.model_validate(found)


def _quote(desk: Services, caller: Caller, order_id: str, body: ClaimRequest) -> Quote:
    name = "quote_cancel" if body.kind == "cancel" else "quote_claim"
    found = desk.tool(caller, name, source="api", order_id=order_id, **_asked(body))
    return Quote.model_validate(found)


def _file(call: Call, order_id: str, body: ClaimRequest) -> Claim:
    more: dict[str, Any] = {"order_id": order_id, "reason_text": body.reason_text}
    if body.kind != "cancel":
        made = call("create_claim", photos=tuple(body.photos or ()), **more, **_asked(body))
    else:
        allowed = call("get_order_status", order_id=order_id).allowed_actions
        name = "request_cancel" if "request_cancel" in allowed else "cancel_order"
        made = call(name, **more, **_asked(body))
    return Claim.model_validate(call("get_claim", claim_id=made.claim_id))


def _asked(body: ClaimRequest) -> dict[str, Any]:
    """The arguments a quote and a claim share. Raises BadInput for what does not go together."""
    if body.kind == "cancel":
        if body.photos or body.noticed_on or any(line.new_sku for line in body.lines or ()):
            raise BadInput("취소에는 사진, 하자를 안 날, 새 옵션을 쓰지 않아요. 빼고 보내 주세요.")
        pieces = [(line.line_id, line.quantity) for line in body.lines or ()]
        return {"lines": pieces or None, "reason_code": body.reason_code}
    if not body.lines:
        raise BadInput("반품하거나 교환할 상품을 lines에 적어 주세요.")
    return {
        "kind": body.kind,
        "lines": [(line.line_id, line.quantity, line.new_sku) for line in body.lines],
        "reason_code": body.reason_code,
        "noticed_on": date.fromisoformat(body.noticed_on) if body.noticed_on else None,
    }
