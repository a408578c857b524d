"""What staff make of triage's suggestions: kept as training data, the customer's words masked."""

from __future__ import annotations

from agent.guardrails import mask_pii
from agent.tools.base import ToolContext
from store import triage
from store.models import Ticket
from store.triage import TriageField

__all__ = ["note_corrections"]

MOST_CHARS = 1000
_EDITED = ("issue_type", "priority", "order_id", "claim_id", "sentiment", "language", "summary")


def note_corrections(ctx: ToolContext, before: Ticket, after: Ticket) -> int:
    """Keep each field that staff changed to something other than triage said; returns how many.

    A change to what was suggested is none, and takes back an earlier one. Where triage has not
    looked yet, what the local classifier says of the text is held against it.
    """
    changed = [name for name in _EDITED if getattr(before, name) != getattr(after, name)]
    if not changed:
        return 0
    suggested = _suggested(ctx, before)
    noted = 0
    for name in changed:
        corrected = getattr(after, name) or ""
        predicted = suggested.get(name)
        if predicted is None:
            continue
        if predicted.value == corrected:  # back to the suggestion: nothing is corrected any more
            triage.drop_correction(ctx.tx, ticket_id=after.ticket_id, field=name)
            continue
        triage.add_correction(
            ctx.tx, ticket_id=after.ticket_id, actor_id=ctx.caller.user_id, field=name,
            predicted=predicted, corrected=corrected, text=_masked(before.description), at=ctx.now,
        )  # fmt: skip
        noted += 1
    return noted


def _suggested(ctx: ToolContext, ticket: Ticket) -> dict[str, TriageField]:
    found = triage.get(ctx.tx, ticket.ticket_id)
    if found is not None:
        return dict(found.fields)
    if ctx.triage is None:
        return {}
    guess = ctx.triage(ticket.description)
    return {
        name: TriageField(one.value, one.confidence)
        for name, one in (
            ("issue_type", guess.issue_type),
            ("priority", guess.priority),
            ("sentiment", guess.sentiment),
        )
    }


def _masked(text: str) -> str:
    """As it may leave the store: without contacts as well; a number at the cut is none."""
    return mask_pii(text, for_cloud=True).text[:MOST_CHARS]
