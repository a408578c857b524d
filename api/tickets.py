"""Tickets: open one, look at it, write to the desk, change and resolve it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from agent.types import Caller
from api.calls import Desk, SignedIn, Staff
from api.problems import problems
from api.repeats import Once
from api.schemas.base import Limit, Page, PathId, PlaceCursor, TicketStatus
from api.schemas.tickets import (
    ResolveRequest,
    TicketChange,
    TicketDetail,
    TicketMessage,
    TicketRequest,
    TicketSummary,
)
from services.repeats import Call

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["문의"])
Statuses = Annotated[
    list[TicketStatus], Query(max_length=5, description="문의 상태. 여러 번 적으면 그중 하나예요")
]


@router.post(
    "/tickets",
    operation_id="create_ticket",
    summary="문의 남기기",
    status_code=201,
    response_model=TicketDetail,
    responses=problems(400, 404),
)
def create_ticket(body: TicketRequest, caller: SignedIn, once: Once) -> JSONResponse:
    """담당자에게 일을 넘겨요. 주문이나 신청을 적으면 그 고객의 문의가 돼요."""

    def work(call: Call) -> TicketDetail:
        made = call("create_ticket", **body.model_dump(exclude_none=True))
        return _detail(caller, call("get_ticket", ticket_id=made.ticket_id))

    return once(caller, body, work, status=201)


@router.get(
    "/users/{user_id}/tickets",
    operation_id="list_tickets",
    summary="고객의 문의 목록",
    responses=problems(400, 404),
)
def list_tickets(
    user_id: PathId,
    caller: SignedIn,
    desk: Desk,
    status: Statuses = [],  # noqa: B006  FastAPI copies it
    limit: Limit = 20,
    cursor: PlaceCursor = None,
) -> Page[TicketSummary]:
    """새 문의부터 보여요. 본인과 담당자만 볼 수 있어요."""
    found = desk.tool(
        caller, "list_tickets", source="api", customer_id=user_id, statuses=tuple(status),
        limit=limit, cursor=cursor,
    )  # fmt: skip
    items = [TicketSummary.model_validate(one) for one in found.items]
    if not caller.is_staff:
        items = [one.for_customer() for one in items]
    return Page(items=items, next_cursor=found.next_cursor)


@router.get(
    "/tickets/{ticket_id}",
    operation_id="get_ticket",
    summary="문의 보기",
    responses=problems(404),
)
def get_ticket(ticket_id: PathId, caller: SignedIn, desk: Desk) -> TicketDetail:
    """진행 내용까지 보여요. 내부 메모는 담당자에게만 보여요."""
    return _detail(caller, desk.tool(caller, "get_ticket", source="api", ticket_id=ticket_id))


@router.patch(
    "/tickets/{ticket_id}",
    operation_id="change_ticket",
    summary="문의 바꾸기",
    responses=problems(400, 403, 404, 409),
)
def change_ticket(ticket_id: PathId, body: TicketChange, caller: Staff, desk: Desk) -> TicketDetail:
    """보낸 항목을 한꺼번에 바꿔요. 하나라도 안 되면 아무것도 바뀌지 않아요. 담당자만 할 수 있어요.

    그사이 바뀌었으면 409(state_changed)이고 changes에 바뀐 것이 있어요.
    """
    found = desk.tool(caller, "change_ticket", source="api", ticket_id=ticket_id, **body.changes())
    return _detail(caller, found)


@router.post(
    "/tickets/{ticket_id}/resolve",
    operation_id="resolve_ticket",
    summary="문의 해결하기",
    responses=problems(400, 403, 404, 409),
)
def resolve_ticket(
    ticket_id: PathId, body: ResolveRequest, caller: Staff, desk: Desk
) -> TicketDetail:
    """어떻게 해결했는지 고객에게 알려요. 담당자만 할 수 있어요."""
    found = desk.tool(
        caller, "resolve_ticket", source="api", ticket_id=ticket_id,
        resolution=body.resolution, version=body.version,
    )  # fmt: skip
    return _detail(caller, found)


@router.post(
    "/tickets/{ticket_id}/messages",
    operation_id="add_ticket_message",
    summary="문의에 더 적기",
    status_code=201,
    responses=problems(400, 403, 404, 409),
)
def add_ticket_message(
    ticket_id: PathId, body: TicketMessage, caller: SignedIn, desk: Desk
) -> TicketDetail:
    """문의한 고객이 담당자에게 적어요. 해결된 문의는 다시 열려요."""
    found = desk.tool(
        caller, "add_ticket_message", source="api", ticket_id=ticket_id, text=body.text
    )
    return _detail(caller, found)


def _detail(caller: Caller, ticket: Any) -> TicketDetail:
    found = TicketDetail.model_validate(ticket)
    return found if caller.is_staff else found.for_customer()
