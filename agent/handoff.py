"""The turn of a chat that a person answers, and what a customer says of a resolution.

While a person has a chat the agent says nothing: the message is kept, its ticket hears of it,
and a program is told so by a receipt (role ``receipt``), which no page draws.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from time import perf_counter

from agent.conversations import GONE
from agent.desk import Desk, State
from agent.guardrails import InputCheck
from agent.handoff_words import asks_for_agent, judgement
from agent.memory import Context
from agent.reply import turn_row
from agent.tools import tickets
from agent.tools.base import ToolContext
from agent.tracing import keep
from agent.types import PERSON, Message
from errors import NotFound
from store import conversations as stored
from store import tickets as stored_tickets
from store.database import Tx
from store.models import StoredMessage, Ticket, to_text

__all__ = ["WithPerson", "asks_for_agent", "judged", "keep_silent", "kept_for_person", "listen"]

WithPerson = Callable[[Tx], ToolContext]
RECEIPT = "상담원에게 전했어요. 답변이 오면 이 대화에서 바로 볼 수 있어요."
NOT_DONE = "앞에서 확인을 부탁드렸던 변경은 이제 진행할 수 없어요. 상담원에게 전해 두었어요."


def listen(desk: Desk, state: State, checked: InputCheck, tools: WithPerson) -> Ticket | None:
    """The running ticket whose person answers this chat, told of the message; None where the
    agent answers.

    A wish for the agent is not told, nor what was refused for its length. A chat that is left
    without a running ticket is the agent's again.
    """
    session_id = state.conversation.conversation_id
    with desk.database.write(durable=False) as tx:
        found = stored.get(tx, session_id)
        if found is None or found.answerer != "person":
            return None
        ticket = stored_tickets.open_of_conversation(tx, session_id)
        if ticket is None:
            stored.set_answerer(tx, session_id, "agent")
            return None
        if not (asks_for_agent(checked.text) or _unread(state, checked)):
            tickets.customer_spoke(tools(tx), session_id, checked.text)
    return ticket


def kept_for_person(
    desk: Desk, state: State, checked: InputCheck, tools: WithPerson
) -> Message | None:
    """What a turn is answered with whose message a person hears: both are kept already; None
    where the agent answers."""
    if state.conversation.answerer != "person" or asks_for_agent(checked.text):
        return None
    ticket = listen(desk, state, checked, tools)
    if ticket is not None:
        return keep_silent(desk, state, checked, ticket)
    _look_again(desk, state)
    return None


def _look_again(desk: Desk, state: State) -> None:
    """The matter was resolved right after the turn began: what it knew of it is over."""
    with desk.database.read() as tx:
        found = stored.get(tx, state.conversation.conversation_id)
    if found is not None:
        state.conversation = found
        state.context = Context.load(
            found.context, found.context_at, now=state.now, ttl=desk.limits.context_ttl
        )


def _unread(state: State, checked: InputCheck) -> bool:
    """Whether a message does not reach the person: there is nothing in it, or too much."""
    return checked.reason == "too_long" or (checked.reason == "empty" and not state.images)


def keep_silent(
    desk: Desk, state: State, checked: InputCheck, ticket: Ticket, *, confirm: bool = False
) -> Message:
    """Keep a message that a person answers; what the turn is answered with.

    A message that does not reach the person, or the button of an offer (``confirm``) that is
    not made any more, is what the customer is told of.
    """
    if _unread(state, checked):
        reply = desk.prompts.reply(
            "unclear", f"guard_{checked.reason}", limit=f"{desk.limits.max_message_chars:,}"
        )
        message, role = _receipt(state, ticket, reply), "system"
    elif confirm:
        message, role = _receipt(state, ticket, NOT_DONE), "system"
    else:
        message, role = _receipt(state, ticket, RECEIPT), "receipt"
    row = StoredMessage(
        message.message_id, message.session_id, state.turn_id, role, message.content,
        message.as_json(), message.created_at,
    )  # fmt: skip
    with desk.database.write(durable=False) as tx:
        if stored.get(tx, message.session_id) is None:
            raise NotFound(GONE)
        stored.add_message(tx, row)
        stored.touch(tx, message.session_id, at=state.now)
        stored.add_turn(tx, {**turn_row(state, message), "status": "with_person"})
        keep(tx, state, state.trace.dump("with_person"))
    state.answered = True
    return message


def judged(tx: Tx, state: State, ticket: Ticket) -> str:
    """What a message says of the resolution of its chat's ``ticket``: "solved", "unsolved", or
    "" where it is about something else, or says again what is kept already."""
    open_still = ticket.verdict is None
    found = judgement(state.text, just_asked=open_still and _just_asked(tx, state))
    return "" if found == "solved" and not open_still else found


def _just_asked(tx: Tx, state: State) -> bool:
    said = stored.messages(tx, state.conversation.conversation_id, limit=2)
    return len(said) == 2 and said[0].payload.get("event") == "resolved"


def _receipt(state: State, ticket: Ticket, text: str) -> Message:
    return Message(
        state.conversation.conversation_id, f"m_{secrets.token_urlsafe(12)}", text,
        to_text(state.now), "handoff", 1.0, handoff=True, ticket_id=ticket.ticket_id,
        guardrails=tuple(dict.fromkeys(state.flags)), model=PERSON,
        latency_ms=round((perf_counter() - state.started) * 1000, 1),
    )  # fmt: skip
