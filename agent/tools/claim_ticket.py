"""The ticket of a claim that rests on photos: a person looks at what the desk cannot decide."""

from __future__ import annotations

from collections.abc import Sequence

from agent.shop import words
from agent.tools.base import MOST, ToolContext
from agent.tools.photo_words import found_line
from agent.tools.tickets import file_ticket
from store import photos, tickets
from store.models import Claim, Order, Ticket
from vision.types import Report

__all__ = ["needs_ticket", "open_for_claim", "ticket_of_claim"]


def needs_ticket(claim: Claim) -> bool:
    """Whether somebody must look at a claim's photos: the shop's fault, with photos."""
    return claim.fault == "seller" and claim.kind != "cancel" and bool(claim.photos)


def open_for_claim(ctx: ToolContext, order: Order, claim: Claim) -> Ticket:
    """Open the ticket of a claim that ``needs_ticket``, or join the chat's running one.

    In the transaction of the claim, so that there is never one without the other. Who answers
    the chat stays as it is: the customer has not asked for a person.
    """
    told = _told(ctx, order, claim)
    # A chat of somebody else's (staff file for a customer) is not where the customer reads.
    chat = ctx.conversation_id if ctx.caller.user_id == claim.user_id else None
    running = tickets.open_of_conversation(ctx.tx, chat) if chat else None
    if running is not None and running.user_id == claim.user_id:
        return _joined(ctx, running, claim, told)
    name = _title(order, claim)
    return file_ticket(
        ctx, claim.user_id, issue_type="defect", description=told,
        subject=f"{name} {words.CLAIM_KIND[claim.kind]} · 사진 {len(claim.photos)}장",
        order_id=claim.order_id, claim_id=claim.claim_id, conversation_id=chat,
    )  # fmt: skip


def ticket_of_claim(ctx: ToolContext, claim: Claim) -> str:
    """The id of the ticket a claim was filed with: its own, or the chat's it joined; or ""."""
    if not needs_ticket(claim):
        return ""
    found = tickets.of_claim(ctx.tx, claim.claim_id, user_id=claim.user_id)
    if found is None and ctx.conversation_id:
        found = tickets.open_of_conversation(ctx.tx, ctx.conversation_id)
    return found.ticket_id if found is not None and found.user_id == claim.user_id else ""


def _joined(ctx: ToolContext, running: Ticket, claim: Claim, told: str) -> Ticket:
    """The chat's running ticket, told of the claim; it keeps an order and a claim it has."""
    mine = {"order_id": claim.order_id, "claim_id": claim.claim_id}
    free = running.claim_id is None and running.order_id in (None, claim.order_id)
    changes = {name: value for name, value in mine.items()
               if free and getattr(running, name) != value}  # fmt: skip
    saved = tickets.save(
        ctx.tx, running, changes, at=ctx.now, actor_id=None, kind="note", text=told, internal=True
    )
    assert saved is not None, "it was read in this transaction"
    tickets.heard(ctx.tx, running.ticket_id, "customer", at=ctx.now)
    ctx.audit("edit", "ticket", running.ticket_id, saved.before, saved.after)
    found = tickets.get(ctx.tx, running.ticket_id, user_id=claim.user_id)
    assert found is not None, "it was saved in this transaction"
    return found


def _told(ctx: ToolContext, order: Order, claim: Claim) -> str:
    """What the ticket says: the claim, what the photos show, the customer's words.

    As a transcript, the customer last: triage reads what the customer said, and nothing else.
    """
    reason = words.REASON[claim.reason_code]
    lines = (
        f"상담 도우미: {_title(order, claim)} {words.CLAIM_KIND[claim.kind]} 신청"
        f" ({claim.claim_id})",
        f"사유: {reason}",
        f"사진 {len(claim.photos)}장",
        found_line(_reports(ctx, claim), len(claim.photos)),
        f"고객: {claim.reason_text or reason}",
    )
    return "\n".join(lines)


def _reports(ctx: ToolContext, claim: Claim) -> Sequence[Report]:
    """The newest report of each of the claim's photos, as far as they were looked at."""
    found = photos.latest_of_images(ctx.tx, list(claim.photos)[:MOST])
    return [Report.from_dict(one.report) for one in found.values()]


def _title(order: Order, claim: Claim) -> str:
    wanted = {line.line_id for line in claim.lines}
    names = [line.product_name for line in order.lines if line.line_id in wanted]
    more = f" 외 {len(names) - 1}개" if len(names) > 1 else ""
    return f"{names[0]}{more}" if names else order.title
