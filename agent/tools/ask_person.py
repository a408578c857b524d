"""Let a person answer a chat because somebody chose so, not because of what was said."""

from __future__ import annotations

from dataclasses import replace

from agent.tools.base import ToolContext, tool
from agent.tools.handoff import GONE, hand_over
from agent.tools.tickets import (
    MOST_CHARS,
    MOST_SUBJECT_CHARS,
    create_ticket,
    get_ticket,
    judge_resolution,
    resolved_of_chat,
)
from errors import NotAllowedNow, NotFound
from store import conversations, tickets
from store.models import Conversation, Ticket

__all__ = ["ask_person"]

MOST_SAID, MOST_SAID_CHARS, MOST_TITLE_CHARS = 20, 300, 30
SUBJECT = "상담원 연결 요청"
NO_TICKET = "이 대화에는 진행 중인 문의가 없어요. 고객이 상담원을 찾으면 이어받을 수 있어요."
_ROLE = {"user": "고객", "assistant": "상담 도우미", "staff": "상담원"}


@tool("WRITE")
def ask_person(ctx: ToolContext, *, conversation_id: str, text: str = "") -> Ticket:
    """Let a person answer a chat from now on; returns the ticket they work on.

    A running ticket goes on, a resolved one is opened again unless the customer called it
    solved or has spoken of something else since, else one is made of ``text`` or of what was
    said. Choosing a person is the confirmation. Staff take up a running ticket only. Raises
    NotSignedIn, NotFound for a missing chat and somebody else's alike, BadInput for a text over
    4,000 characters, NotAllowedNow for staff where no ticket runs.
    """
    chat = conversations.get(ctx.tx, conversation_id)
    mine = chat is not None and chat.user_id == ctx.me()
    if chat is None or not (mine or ctx.caller.is_staff):
        raise NotFound(GONE)
    inner = replace(ctx, conversation_id=conversation_id)
    running = tickets.open_of_conversation(ctx.tx, conversation_id)
    if running is not None:
        hand_over(inner, running)
    elif not mine:
        raise NotAllowedNow(NO_TICKET, code="no_ticket")
    else:
        running = _opened(inner, chat, text)
    return get_ticket(ctx, ticket_id=running.ticket_id)


def _opened(ctx: ToolContext, chat: Conversation, text: str) -> Ticket:
    resolved = resolved_of_chat(ctx)
    since = chat.context.get("intent", "")  # nothing is remembered of a matter that is over
    if resolved is not None and resolved.verdict is None and since in ("", "handoff"):
        return judge_resolution(ctx, ticket_id=resolved.ticket_id, solved=False, text=text)
    said = conversations.messages(
        ctx.tx, chat.conversation_id, limit=MOST_SAID, after=chat.fresh_from
    )
    lines = [
        f"{_ROLE[one.role]}: {one.content[:MOST_SAID_CHARS]}" for one in said if one.role in _ROLE
    ]
    told = "\n".join(lines)[-MOST_CHARS:]
    asked = next((one.content for one in said if one.role == "user"), "")
    subject = " ".join((text or asked).split())[:MOST_SUBJECT_CHARS] or SUBJECT
    made = create_ticket(
        ctx, issue_type="other", description=text.strip() or told or SUBJECT,
        subject=subject, handoff_reason="other" if lines else "asked",
    )  # fmt: skip
    # Listed by its title, which only a reply of the agent's would have set.
    conversations.remember(
        ctx.tx,
        chat.conversation_id,
        context=chat.context,
        title=made.subject[:MOST_TITLE_CHARS],
        at=ctx.now,
    )
    return made
