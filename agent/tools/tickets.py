"""Tickets: hand a matter to a person, look at one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agent.shop import words
from agent.shop.calendar import add_business_hours, day_of
from agent.shop.rules import Rules
from agent.tools.base import ToolContext, clean, tool
from errors import BadInput, NotFound
from store import claims, orders, tickets
from store.models import Ticket, to_text

__all__ = ["create_ticket", "due_times", "get_ticket", "list_tickets"]


def due_times(priority: str, created: datetime, rules: Rules) -> tuple[datetime, datetime]:
    """(first answer due, resolution due): domain.md's SLA in desk hours."""
    hours = [
        getattr(rules, f"sla_{what}_{priority}_hours") for what in ("first_response", "resolution")
    ]
    start, end = rules.business_hours_start, rules.business_hours_end
    first, solved = (add_business_hours(created, h, start=start, end=end) for h in hours)
    return first, solved


@tool("READ")
def list_tickets(
    ctx: ToolContext, *, statuses: Sequence[str] = (), limit: int = 20
) -> list[Ticket]:
    """The caller's own tickets, newest first. Raises NotSignedIn for a guest."""
    return tickets.find(ctx.tx, user_id=ctx.me(), statuses=tuple(statuses), limit=limit)


@tool("READ")
def get_ticket(ctx: ToolContext, *, ticket_id: str) -> Ticket:
    """One ticket with its history (internal notes for staff only).

    Raises NotFound for a missing one and somebody else's alike.
    """
    found = tickets.get(ctx.tx, ticket_id, user_id=ctx.owner(), internal=ctx.caller.is_staff)
    if found is None:
        raise NotFound("해당 문의를 찾을 수 없어요. 문의 번호를 다시 확인해 주세요.")
    return found


@tool("WRITE")
def create_ticket(
    ctx: ToolContext,
    *,
    issue_type: str,
    description: str,
    subject: str = "",
    priority: str = "normal",
    order_id: str | None = None,
    claim_id: str | None = None,
) -> Ticket:
    """Hand a matter to a person. In a chat with an open ticket that one is returned.

    Asking for a person is the confirmation: it takes nothing from anybody.

    Raises NotSignedIn, BadInput (unknown type, empty text), NotFound for an order or a
    claim that is not the caller's.
    """
    user_id = ctx.caller.user_id or _owner_of_granted(ctx, order_id)
    if issue_type not in words.ISSUE_TYPE or priority not in words.PRIORITY:
        raise BadInput("문의 유형을 다시 골라 주세요.")
    if not description.strip():
        raise BadInput("문의 내용을 적어 주세요.")
    if order_id and orders.get(ctx.tx, order_id, user_id=ctx.owner(order_id)) is None:
        raise NotFound("해당 주문을 찾을 수 없어요. 주문번호를 다시 확인해 주세요.")
    mine = None if ctx.caller.is_staff else user_id
    if claim_id and claims.get(ctx.tx, claim_id, user_id=mine) is None:
        raise NotFound("해당 신청을 찾을 수 없어요. 접수번호를 다시 확인해 주세요.")
    # A guest's chat is not its owner's: the ticket stands for itself then.
    conversation_id = ctx.conversation_id if ctx.caller.user_id else None
    if conversation_id:
        running = tickets.open_of_conversation(ctx.tx, conversation_id)
        if running is not None:
            return running
    description = clean(description.strip())
    first, solved = due_times(priority, ctx.now, ctx.rules)
    moment = to_text(ctx.now)
    ticket = Ticket(
        tickets.next_id(ctx.tx, f"{day_of(ctx.now):%Y%m%d}"), user_id, order_id, claim_id,
        conversation_id, issue_type, priority, "open",
        clean(subject) or f"{words.ISSUE_TYPE[issue_type]} 문의", description, None, "",
        to_text(first), to_text(solved), None, None, (), 1, moment, moment,
    )  # fmt: skip
    tickets.add(ctx.tx, ticket)
    tickets.add_event(
        ctx.tx, ticket.ticket_id, at=ctx.now, actor_id=user_id, kind="created",
        text=description, after={"status": "open"},
    )  # fmt: skip
    ctx.audit("create", "ticket", ticket.ticket_id, {}, {"issue_type": issue_type})
    return ticket


def _owner_of_granted(ctx: ToolContext, order_id: str | None) -> str:
    """The customer of the order a guest has proved. Raises NotSignedIn without a proof."""
    if order_id is None or order_id not in ctx.granted:
        return ctx.me()
    order = orders.get(ctx.tx, order_id, user_id=None)
    return ctx.me() if order is None else order.user_id
