"""What staff do with a ticket, for tests of its tools."""

from __future__ import annotations

from typing import Any

from agent.types import Caller
from services import Services
from store import tickets
from store.models import Ticket
from tests.shelves import STAFF
from tests.talk import Talk


def do(shop: Services, name: str, ticket: Ticket, caller: Caller = STAFF, **given: Any) -> Ticket:
    saved: Ticket = shop.tool(
        caller, name, ticket_id=ticket.ticket_id, version=ticket.version, **given
    )
    return saved


def read(shop: Services, ticket: Ticket, caller: Caller = STAFF) -> Ticket:
    found: Ticket = shop.tool(caller, "get_ticket", ticket_id=ticket.ticket_id)
    return found


def of_chat(shop: Services, talk: Talk) -> Ticket:
    """The newest ticket of a chat, whatever its state."""
    with shop.database.read() as tx:
        found = tickets.of_conversation(
            tx, talk.session_id or "", ("open", "in_progress", "waiting_customer", "resolved",
                                        "closed"),
        )  # fmt: skip
    assert found is not None
    return read(shop, found)
