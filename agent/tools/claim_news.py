"""What becomes of a claim is told in the chat whose person works on it."""

from __future__ import annotations

from collections.abc import Mapping

from agent.korean import krw
from agent.shop import words
from agent.shop.tickets import RUNNING
from agent.tools.base import MOST, ToolContext
from agent.tools.handoff import announce
from store import tickets
from store.models import Claim, Ticket

__all__ = ["claim_moved"]

_SAID: Mapping[str, str] = {
    "approved": "{kind} 신청이 승인됐어요.",
    "rejected": "{kind} 신청을 받아들이지 못했어요. {note}",
    "collecting": "{kind}하실 상품을 가지러 가고 있어요.",
    "collected": "보내신 상품이 도착했어요. 확인한 뒤 마무리할게요.",
    "reshipping": "새 상품을 보내 드렸어요.",
    "completed": "{kind} 처리가 끝났어요.{money}",
}


def claim_moved(ctx: ToolContext, claim: Claim) -> None:
    """Say a claim's new state in the customer's chats that a person has, where their ticket is
    about it, about its order, or about nothing in particular."""
    told = _SAID.get(claim.status)
    if told is None:
        return
    paid = claim.status == "completed" and claim.refund_krw
    text = told.format(
        kind=words.CLAIM_KIND[claim.kind], note=claim.note,
        money=f" {krw(claim.refund_krw)}을 돌려드렸어요." if paid else "",
    ).strip()  # fmt: skip
    running = tickets.find(ctx.tx, user_id=claim.user_id, statuses=RUNNING, limit=MOST)
    for ticket in running:
        if ticket.conversation_id is not None and _about(ticket, claim):
            announce(
                ctx, ticket.conversation_id, "claim", text,
                {"claim_id": claim.claim_id, "status": claim.status},
            )  # fmt: skip


def _about(ticket: Ticket, claim: Claim) -> bool:
    if ticket.claim_id is not None:
        return ticket.claim_id == claim.claim_id
    return ticket.order_id in (None, claim.order_id)
