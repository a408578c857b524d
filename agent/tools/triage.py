"""Triage for staff: what is suggested for a ticket, taking it over, what was corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.tools.base import MOST, ToolContext, tool
from agent.tools.ticket_desk import current_ticket, edit_ticket
from agent.tools.triage_corrections import note_corrections
from errors import BadInput, NotAllowedNow, NotFound
from store import tickets, triage
from store.models import Ticket
from store.triage import Correction, TicketTriage

__all__ = ["accept_triage", "get_triage", "list_triage_corrections", "note_corrections"]

ACCEPTED = ("issue_type", "priority", "order_id", "claim_id")  # the rest is the ticket's already
_OTHER = "그사이 제안이 바뀌었어요. 바뀐 제안을 확인한 뒤 다시 적용해 주세요."
_NONE = "아직 준비된 제안이 없어요. 잠시 뒤 다시 확인해 주세요."


@tool("READ")
def get_triage(ctx: ToolContext, *, ticket_id: str) -> TicketTriage | None:
    """What triage suggests for a ticket: fields, a draft reply with its sources; None so far.

    Staff only. Raises Forbidden, NotFound.
    """
    ctx.require_staff()
    if tickets.get(ctx.tx, ticket_id, user_id=None) is None:
        raise NotFound("해당 문의를 찾을 수 없어요. 문의 번호를 다시 확인해 주세요.")
    return triage.get(ctx.tx, ticket_id)


@tool("WRITE")
def accept_triage(
    ctx: ToolContext,
    *,
    ticket_id: str,
    version: int,
    fields: Sequence[str],
    seen: Mapping[str, str] | None = None,
) -> Ticket:
    """Set a ticket's fields to what triage suggests, as an edit by the caller.

    ``fields`` are of issue_type, priority, order_id and claim_id; ``seen`` is what the caller
    read of them. Raises Forbidden, NotFound, StateChanged, NotAllowedNow (also where triage
    suggests something else by now: a suggestion makes no new version), BadInput for another
    field, one without a suggestion, or where the ticket says all of it already.
    """
    ticket = current_ticket(ctx, ticket_id, version)
    found = triage.get(ctx.tx, ticket_id)
    if found is None:
        raise BadInput(_NONE)
    wanted = {name: found.value(name) for name in fields}
    if not wanted or any(name not in ACCEPTED or not value for name, value in wanted.items()):
        raise BadInput("적용할 제안을 다시 골라 주세요.")
    if any(wanted.get(name, value) != value for name, value in (seen or {}).items()):
        raise NotAllowedNow(_OTHER)
    if all(getattr(ticket, name) == value for name, value in wanted.items()):
        raise BadInput("이미 제안대로 되어 있어요.")
    return edit_ticket(ctx, ticket_id=ticket_id, version=version, **wanted)


@tool("READ")
def list_triage_corrections(
    ctx: ToolContext, *, limit: int = 50, before_seq: int | None = None
) -> Sequence[Correction]:
    """Suggestions that staff set to something else, newest first; their training data.

    Staff only. ``limit`` is 1 to 100; ``before_seq`` is the last one of the page before. Raises
    Forbidden.
    """
    ctx.require_staff()
    return triage.corrections(ctx.tx, limit=max(1, min(limit, MOST)), before_seq=before_seq)
