"""Several changes of a ticket at once, as a client of the API sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.shop import words
from agent.shop.tickets import NEXT, moved
from agent.tools.base import ToolContext, tool
from agent.tools.ticket_desk import (
    assign_ticket,
    close_ticket,
    current_ticket,
    edit_ticket,
    reopen_ticket,
)
from agent.tools.tickets import save_ticket
from errors import BadInput, NotAllowedNow
from store.models import Ticket

__all__ = ["change_ticket"]

# States that no change leads to, and what does.
_HOW = {
    "resolved": "해결로 바꾸려면 해결 내용을 적어 주세요: POST /api/tickets/{id}/resolve",
    "open": "접수 상태로는 되돌릴 수 없어요. 해결된 문의는 in_progress로 다시 열어 주세요.",
}


@tool("WRITE")
def change_ticket(
    ctx: ToolContext,
    *,
    ticket_id: str,
    version: int,
    priority: str | None = None,
    issue_type: str | None = None,
    subject: str | None = None,
    tags: Sequence[str] | None = None,
    order_id: str | None = None,
    claim_id: str | None = None,
    assignee_id: str | None = None,
    status: str | None = None,
    sentiment: str | None = None,
    language: str | None = None,
    summary: str | None = None,
) -> Ticket:
    """Change several things of a ticket at once, all of them or none; staff only.

    What is None stays; "" takes order or claim off. ``status`` is in_progress (take it, or
    open a resolved one again), waiting_customer (the resolution clock stands still) or closed;
    a resolution comes with words to the customer. Every
    part leaves its own entry in the history. Raises Forbidden, NotFound, StateChanged,
    BadInput (nothing to change), NotAllowedNow.
    """
    ticket = current_ticket(ctx, ticket_id, version)
    wanted: dict[str, Any] = {
        "priority": priority, "issue_type": issue_type, "subject": subject, "tags": tags,
        "order_id": order_id, "claim_id": claim_id, "sentiment": sentiment,
        "language": language, "summary": summary,
    }  # fmt: skip
    edits = {name: value for name, value in wanted.items() if _differs(ticket, name, value)}
    if edits:
        ticket = edit_ticket(ctx, ticket_id=ticket_id, version=ticket.version, **edits)
    if status is not None and status != ticket.status:
        ticket = _moved(ctx, ticket, status)
    if assignee_id is not None and assignee_id != ticket.assignee_id:
        ticket = assign_ticket(
            ctx, ticket_id=ticket_id, version=ticket.version, assignee_id=assignee_id
        )
    if ticket.version == version:
        raise BadInput("바꿀 내용이 없어요. 바꿀 항목을 고친 뒤 저장해 주세요.")
    return ticket


def _differs(ticket: Ticket, name: str, value: Any) -> bool:
    if value is None:
        return False
    now = getattr(ticket, name)
    return bool((list(value) != list(now)) if name == "tags" else (value != (now or "")))


def _moved(ctx: ToolContext, ticket: Ticket, status: str) -> Ticket:
    """The ticket in another state. Raises NotAllowedNow, BadInput for a word that is no state."""
    if status not in words.TICKET_STATUS:
        raise BadInput("문의 상태를 다시 골라 주세요.")
    if status in _HOW:
        raise NotAllowedNow(
            _HOW[status].format(id=ticket.ticket_id), allowed=NEXT[ticket.status],
            code="transition_not_allowed",
        )  # fmt: skip
    if status == "closed":
        return close_ticket(ctx, ticket_id=ticket.ticket_id, version=ticket.version)
    if ticket.status == "resolved":
        ticket = reopen_ticket(ctx, ticket_id=ticket.ticket_id, version=ticket.version)
    if ticket.status == status:
        return ticket
    mine = {"assignee_id": ticket.assignee_id or ctx.me()}
    changes = moved(ticket, status, ctx.now, ctx.rules)
    if status == "waiting_customer":
        return save_ticket(ctx, ticket, changes | mine, action="wait", kind="waiting")
    return save_ticket(
        ctx, ticket, changes | {"assignee_id": ctx.me()}, action="take", kind="taken"
    )
