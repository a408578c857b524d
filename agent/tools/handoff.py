"""Who answers a chat: the agent or a person, and what both sides read about the change.

A chat with a person is silent on the agent's side until somebody gives it back: the customer,
the person, or the resolution of its ticket. What happens is a ``system`` message in the chat,
so that customer and staff read the same line; its payload's ``event`` names it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from agent.korean import moment_text
from agent.shop.calendar import desk_opens, is_open
from agent.tools.base import ToolContext, tool
from errors import NotAllowedNow, NotFound
from store import actions, conversations
from store.models import Conversation, StoredMessage, Ticket, to_text

__all__ = [
    "BACK", "SOLVED_BUTTON", "UNSOLVED_BUTTON", "announce", "hand_over", "let_go",
    "reopened", "return_to_agent", "taken",
]  # fmt: skip

SOLVED_BUTTON = ("해결됐어요", "네, 해결됐어요")
UNSOLVED_BUTTON = ("아직이에요", "아직 해결되지 않았어요")
BACK = "상담 도우미에게 돌아갈게요"
GONE = "대화를 찾을 수 없어요. 새 대화를 시작해 주세요."


@tool("WRITE")
def return_to_agent(ctx: ToolContext, *, conversation_id: str) -> Conversation:
    """Let the agent answer a chat again; its ticket stays with the person.

    For the chat's customer and for staff. Asking for it is the confirmation. Raises NotSignedIn
    for a guest, NotFound for a missing chat and somebody else's alike, NotAllowedNow where the
    agent answers already.
    """
    ctx.me()
    found = _chat(ctx, conversation_id)
    if found.answerer != "person":
        raise NotAllowedNow("지금도 상담 도우미가 답하고 있어요.", code="agent_answers")
    conversations.set_answerer(ctx.tx, conversation_id, "agent")
    announce(ctx, conversation_id, "back_to_agent", "이제 상담 도우미가 답해요.")
    ctx.audit("return_to_agent", "conversation", conversation_id, {"answerer": "person"},
              {"answerer": "agent"})  # fmt: skip
    return _chat(ctx, conversation_id)


def hand_over(ctx: ToolContext, ticket: Ticket) -> None:
    """The chat waits for a person from now on; both sides read it, outside desk hours with
    the time when somebody is there."""
    if not _given_to_person(ctx, ticket.conversation_id):
        return
    assert ticket.conversation_id is not None
    text = "상담원에게 연결했어요. 지금부터 이 대화는 상담원이 답해요."
    if not is_open(ctx.now, ctx.rules):
        opens = desk_opens(ctx.now, ctx.rules)
        text += f" 지금은 상담 시간이 아니라 {moment_text(opens)}부터 차례로 답해 드려요."
    announce(
        ctx, ticket.conversation_id, "handed_over", text,
        {"ticket_id": ticket.ticket_id, "due": ticket.first_response_due},
    )  # fmt: skip


def taken(ctx: ToolContext, ticket: Ticket, before: str | None) -> None:
    """A person has the ticket of a chat; said once for each person (``before`` had it)."""
    anew = _given_to_person(ctx, ticket.conversation_id)
    if ticket.conversation_id is None or (not anew and before == ctx.caller.user_id):
        return
    announce(
        ctx, ticket.conversation_id, "taken", f"{ctx.caller.name} 상담원이 답해 드려요.",
        {"ticket_id": ticket.ticket_id, "name": ctx.caller.name},
    )  # fmt: skip


def reopened(ctx: ToolContext, ticket: Ticket) -> None:
    """A resolved matter goes on: its chat is the person's again."""
    if _given_to_person(ctx, ticket.conversation_id):
        assert ticket.conversation_id is not None
        announce(
            ctx, ticket.conversation_id, "reopened",
            "문의를 다시 열었어요. 상담원이 이어서 답해 드려요.", {"ticket_id": ticket.ticket_id},
        )  # fmt: skip


def let_go(ctx: ToolContext, ticket: Ticket) -> None:
    """The matter is resolved: the agent answers again, and knows nothing of what was before.

    The customer is asked whether it is solved.
    """
    if ticket.conversation_id is None:
        return
    conversations.set_answerer(ctx.tx, ticket.conversation_id, "agent")
    buttons = [{"label": label, "message": text} for label, text in
               (SOLVED_BUTTON, UNSOLVED_BUTTON)]  # fmt: skip
    card = {"type": "choice", "id": "", "title": "", "data": {}, "actions": buttons}
    announce(
        ctx, ticket.conversation_id, "resolved",
        "상담원이 문의를 마무리했어요. 잘 해결됐나요? 다른 궁금한 점은 상담 도우미가 답해 드려요.",
        {"ticket_id": ticket.ticket_id, "cards": [card]},
    )  # fmt: skip
    pending = actions.pending(ctx.tx, ticket.conversation_id)
    if pending is not None:
        actions.decide(ctx.tx, pending.action_id, status="superseded", result={}, at=ctx.now)
    conversations.start_fresh(ctx.tx, ticket.conversation_id)


def announce(
    ctx: ToolContext,
    conversation_id: str,
    event: str,
    text: str,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a line that nobody says into a chat: what happened, for both sides."""
    conversations.add_message(
        ctx.tx,
        StoredMessage(
            f"m_{secrets.token_urlsafe(12)}", conversation_id, None, "system", text,
            {"event": event, **(more or {})}, to_text(ctx.now),
        ),
    )  # fmt: skip
    conversations.touch(ctx.tx, conversation_id, at=ctx.now)


def _given_to_person(ctx: ToolContext, conversation_id: str | None) -> bool:
    """Make the chat the person's; whether it was not before."""
    if conversation_id is None:
        return False
    found = conversations.get(ctx.tx, conversation_id)
    if found is None or found.answerer == "person":
        return False
    conversations.set_answerer(ctx.tx, conversation_id, "person")
    return True


def _chat(ctx: ToolContext, conversation_id: str) -> Conversation:
    found = conversations.get(ctx.tx, conversation_id)
    mine = found is not None and found.user_id == ctx.caller.user_id is not None
    if found is None or not (mine or ctx.caller.is_staff):
        raise NotFound(GONE)
    return found
