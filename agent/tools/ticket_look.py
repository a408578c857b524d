"""One ticket with everything its page shows of it, in one look at the store."""

from __future__ import annotations

from dataclasses import dataclass

from agent.shop.tickets import Sla, sla
from agent.tools.base import ToolContext, tool
from agent.tools.tickets import NOT_FOUND
from errors import NotFound
from store import accounts, conversations, tickets
from store.models import StoredMessage, Ticket

__all__ = ["TicketLook", "look_at_ticket"]

MOST_MESSAGES = 500


@dataclass(frozen=True, slots=True)
class TicketLook:
    """A ticket with its history, its people, its clocks and its chat.

    ``answerer`` is who answers the chat (agent, person), "" where there is none; ``messages``
    are the newest of the chat, oldest first, without the receipts.
    """

    ticket: Ticket
    customer_name: str
    assignee_name: str
    sla: Sla
    answerer: str
    messages: tuple[StoredMessage, ...]


@tool("READ")
def look_at_ticket(ctx: ToolContext, *, ticket_id: str, messages: int = 60) -> TicketLook:
    """A ticket, internal notes too, and its chat's newest ``messages`` (0 to 500).

    Raises Forbidden for everybody but staff, NotFound.
    """
    ctx.require_staff()
    ticket = tickets.get(ctx.tx, ticket_id, user_id=None, internal=True)
    if ticket is None:
        raise NotFound(NOT_FOUND)
    people = [accounts.get(ctx.tx, one) if one else None
              for one in (ticket.user_id, ticket.assignee_id)]  # fmt: skip
    customer, assignee = (person.name if person else "" for person in people)
    chat = conversations.get(ctx.tx, ticket.conversation_id) if ticket.conversation_id else None
    said: list[StoredMessage] = []
    if chat is not None and messages > 0:
        limit = min(messages, MOST_MESSAGES)
        said = conversations.messages(ctx.tx, chat.conversation_id, limit=limit)
    return TicketLook(
        ticket, customer, assignee, sla(ticket, ctx.now, ctx.rules),
        chat.answerer if chat else "", tuple(one for one in said if one.role != "receipt"),
    )  # fmt: skip
