"""The records of the ticket desk and of the audit; ``store.models`` hands them on.

Times are UTC ISO-8601 text of fixed width, as everywhere in the store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["AuditEntry", "Ticket", "TicketEvent", "TicketPage"]


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """One entry of a ticket's history; ``internal`` ones are for staff only.

    ``before`` and ``after`` hold the fields the save changed, ``version`` the ticket's version
    it made (None for entries older than the column). No ``actor_id`` is the program itself.
    """

    at: str
    actor_id: str | None
    kind: str
    text: str
    internal: bool
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    version: int | None = None
    actor_name: str = ""
    actor_role: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A matter a person works on.

    The resolution clock runs from ``resolution_from`` (None: from the creation) and stands
    still from ``waiting_since`` on; ``waited_s`` is the desk time it stood still so far, in
    seconds, already counted into ``resolution_due``. ``sentiment``, ``language`` and ``summary``
    are triage's; ``verdict`` is what the customer said of the resolution (solved, unsolved).
    """

    ticket_id: str
    user_id: str
    order_id: str | None
    claim_id: str | None
    conversation_id: str | None
    issue_type: str
    priority: str
    status: str
    subject: str
    description: str
    assignee_id: str | None
    resolution: str
    first_response_due: str | None
    resolution_due: str | None
    first_responded_at: str | None
    resolved_at: str | None
    tags: tuple[str, ...]
    version: int
    created_at: str
    updated_at: str
    events: tuple[TicketEvent, ...] = ()
    closed_at: str | None = None
    waiting_since: str | None = None
    waited_s: int = 0
    resolution_from: str | None = None
    sentiment: str | None = None
    language: str | None = None
    summary: str | None = None
    handoff_reason: str | None = None
    verdict: str | None = None
    verdict_at: str | None = None
    reopens: int = 0
    customer_spoke_at: str | None = None
    staff_spoke_at: str | None = None


@dataclass(frozen=True, slots=True)
class TicketPage:
    """Some tickets of a list without their history; ``next_cursor`` is None on the last page."""

    items: tuple[Ticket, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which object; ``before`` and ``after`` are as they were written down."""

    event_seq: int
    at: str
    actor_id: str | None
    actor_name: str
    actor_role: str
    source: str
    turn_id: str | None
    action: str
    object_type: str
    object_id: str
    before: dict[str, Any]
    after: dict[str, Any]
