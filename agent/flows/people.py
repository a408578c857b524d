"""handoff and complaint: a person is always reachable."""

from __future__ import annotations

import re

from agent.cards import choice_card
from agent.flows.guest import guest_order
from agent.flows.knowledge import answer_from_policy
from agent.handoff_words import asks_for_agent
from agent.memory import compact
from agent.tools.tickets import resolved_of_chat
from agent.turn import Turn
from store.models import Ticket, from_text

__all__ = ["complaint", "handoff", "resolution_judged"]

_TYPE_OF = {
    "order_status": "delivery", "delivery": "delivery", "cancel": "cancel",
    "change_order": "other", "return_exchange": "return_exchange", "defect": "defect",
    "refund_status": "refund", "claim_status": "return_exchange", "complaint": "complaint",
    "payment": "payment", "account": "account", "product_info": "product",
}  # fmt: skip
_REASON_OF = {
    "": "asked", "complaint": "complaint", "order_status": "order", "delivery": "order",
    "change_order": "order", "payment": "order", "cancel": "claim", "return_exchange": "claim",
    "defect": "claim", "refund_status": "claim", "claim_status": "claim", "policy": "product",
    "product_info": "product",
}  # fmt: skip
# A question about the desk is answered; only a wish for a person opens a ticket.
_ABOUT = re.compile(r"번호|몇\s?시|시간이|언제까지|언제부터|어디로 전화")
_ROLE = {"user": "고객", "assistant": "상담 도우미", "staff": "상담원"}


def handoff(turn: Turn) -> None:
    """Open a ticket with what was said so far; the customer is told when to expect an answer."""
    if _ABOUT.search(turn.text):
        answer_from_policy(turn, turn.text)
        turn.show(choice_card("", ("상담원 연결", "상담원에게 연결해 주세요")))
        return
    if asks_for_agent(turn.text):  # from a stale tab, say: it answers already
        turn.say("here")
        return
    order_id = turn.context.order_id
    if turn.caller.user_id is None:
        proved = guest_order(turn, turn.slots.order_id, verb="상담원 연결")
        if proved is None:
            return
        order_id = proved.order_id
    about = "" if turn.context.intent == "handoff" else turn.context.intent
    again = resolved_of_chat(turn.tools)
    if again is not None and again.verdict is None and not about:
        resolution_judged(turn, again, solved=False)
        return
    ticket: Ticket = turn.write(
        "create_ticket",
        issue_type=_TYPE_OF.get(about, "other"),
        priority="high" if about == "complaint" else "",
        description=_summary(turn),
        subject=_subject(turn),
        order_id=order_id or None,
        handoff_reason="unanswered" if turn.context.unanswered else _REASON_OF.get(about, "other"),
    )
    turn.draft.ticket_id = ticket.ticket_id
    promised = ticket.resolution_due if ticket.first_responded_at else ticket.first_response_due
    due = from_text(promised or ticket.created_at)
    turn.fact(due)
    if turn.caller.user_id is None:
        turn.say("done_guest", due=due)
        return
    name = "already" if ticket.ticket_id == turn.context.ticket_id else "done"
    turn.say("already_answered" if ticket.first_responded_at else name, due=due)
    turn.context = turn.context.change(ticket_id=ticket.ticket_id)


def resolution_judged(turn: Turn, ticket: Ticket, *, solved: bool) -> None:
    """Keep what the customer says of a resolution; what is not solved is the person's again."""
    now: Ticket = turn.write(
        "judge_resolution", ticket_id=ticket.ticket_id, solved=solved, text=turn.text
    )
    if solved:
        turn.say("solved")
        return
    due = from_text(now.resolution_due or now.updated_at)
    turn.fact(due)
    turn.say("reopened", due=due)
    turn.draft.ticket_id = now.ticket_id


def complaint(turn: Turn) -> None:
    """Sorry once, then what can be done: look at the order, or a person."""
    turn.say("sorry")
    buttons = [("상담원 연결", "상담원에게 연결해 주세요")]
    if turn.caller.user_id is not None:
        buttons.append(("주문 확인", "제 주문 어떻게 됐는지 확인해 주세요"))
    turn.show(choice_card("", *buttons))
    turn.ask("handoff")


def _subject(turn: Turn) -> str:
    said = [text for role, text in turn.history() if role == "user" and len(text) > 3]
    first = next((text for text in reversed(said) if text != turn.text), "상담원 연결 요청")
    return first if len(first) <= 40 else first[:39] + "…"


def _summary(turn: Turn) -> str:
    lines = [f"{_ROLE.get(role, role)}: {text}" for role, text in compact(turn.history())]
    if not lines or not lines[-1].endswith(turn.text[:300]):
        lines.append(f"고객: {turn.text[:300]}")
    return "\n".join(lines)
