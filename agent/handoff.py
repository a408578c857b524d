"""The turn of a chat that a person answers, and what a customer says of a resolution.

While a person has a chat the agent says nothing: the message is kept, its ticket hears of it,
and a program is told so by a receipt (role ``receipt``), which no page draws.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from time import perf_counter

from agent.conversations import GONE
from agent.desk import Desk, State
from agent.guardrails import InputCheck
from agent.reply import turn_row
from agent.tools import tickets
from agent.tools.base import ToolContext
from agent.tools.handoff import BACK, SOLVED_BUTTON, UNSOLVED_BUTTON
from agent.tracing import keep
from agent.types import PERSON, Message
from errors import NotFound
from store import conversations as stored
from store import tickets as stored_tickets
from store.database import Tx
from store.models import StoredMessage, Ticket, to_text

__all__ = ["WithPerson", "asks_for_agent", "judged", "keep_silent", "kept_for_person", "listen"]

WithPerson = Callable[[Tx], ToolContext]
MOST_SOLVED_CHARS = 30  # a longer sentence says more than that
RECEIPT = "상담원에게 전했어요. 답변이 오면 이 대화에서 바로 볼 수 있어요."
_AGENT = r"(?:상담\s?도우미|챗봇|봇|인공지능|ai|에이아이|로봇)"
_BACK = re.compile(
    rf"{_AGENT}(?:에게|한테|이랑|랑|하고|와|과|으로|로)?\s*(?:다시\s*)?"
    r"(?:돌아|바꿔|연결|이어|물어|얘기|이야기|상담|할래|할게)",
    re.IGNORECASE,
)
_NOT = re.compile(r"말고|싫|아니|안\s?(?:돼|되)|하지\s?마")
_BARE = re.compile(r"(?:(?P<yes>네|예|응|넵|넹|ㅇㅇ|그럼요)|아니요|아뇨|아니오|아니)[\s.!~]*")
# Only of a matter that a person has just called resolved.
_SOLVED = re.compile(
    r"(?:해결|처리|완료|됐|되었).{0,4}(?:됐|되었|됬|했|완료)|^(?:네|예|응|넵)?\W*잘\s?됐"
)
_UNSOLVED = re.compile(
    r"(?:아직|여전히).{0,20}(?:안|못|않|없|그대로|똑같|이에요|예요)"
    r"|(?:해결|처리|완료|환불|입금|도착|배송).{0,8}(?:안|못|않)\s?(?:됐|되|왔|온|됩|했|받|들|은|았|고|어)"
    r"|(?:^|\s)안\s?(?:됐|되|돼|왔|들어)|그대로(?:예요|네요|인데|입니다)|똑같(?:아|네|은|습)"
)


def asks_for_agent(text: str) -> bool:
    """Whether a customer who talks with a person wants the agent back."""
    return text.strip() == BACK or (bool(_BACK.search(text)) and not _NOT.search(text))


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
    return None if ticket is None else keep_silent(desk, state, checked, ticket)


def _unread(state: State, checked: InputCheck) -> bool:
    """Whether a message does not reach the person: there is nothing in it, or too much."""
    return checked.reason == "too_long" or (checked.reason == "empty" and not state.images)


def keep_silent(desk: Desk, state: State, checked: InputCheck, ticket: Ticket) -> Message:
    """Keep a message that a person answers; what the turn is answered with.

    A message that does not reach the person is the one thing the customer is told of.
    """
    if _unread(state, checked):
        reply = desk.prompts.reply(
            "unclear", f"guard_{checked.reason}", limit=f"{desk.limits.max_message_chars:,}"
        )
        message, role = _receipt(state, ticket, reply), "system"
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
    "" where it is about something else.

    A bare yes or no counts only as the first thing said after the question.
    """
    text = state.text.strip()
    bare = _BARE.fullmatch(text)
    if bare and ticket.verdict is None and _just_asked(tx, state):
        return "solved" if bare["yes"] else "unsolved"
    if text == UNSOLVED_BUTTON[1] or _UNSOLVED.search(text):
        return "unsolved"
    if text == SOLVED_BUTTON[1] or (_SOLVED.search(text) and len(text) <= MOST_SOLVED_CHARS):
        return "solved" if ticket.verdict is None else ""
    return ""


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
