"""Tickets: hand a matter to a person, look at one's own, answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.shop import words
from agent.shop.calendar import day_of
from agent.shop.tickets import CLOSED, due_times, is_silent, moved, reopened_status
from agent.tools.base import MOST, ToolContext, clean, place_of, tool
from agent.tools.handoff import hand_over, reopened
from agent.tools.order_lists import whose
from errors import BadInput, Forbidden, NotAllowedNow, NotFound, StateChanged
from store import accounts, claims, conversations, orders, tickets
from store.models import StoredMessage, Ticket, TicketPage, to_text

__all__ = [
    "add_ticket_message",
    "create_ticket",
    "customer_spoke",
    "file_ticket",
    "get_ticket",
    "is_over",
    "judge_resolution",
    "list_tickets",
    "public_text",
    "resolved_of_chat",
    "save_ticket",
    "say_in_chat",
    "stale",
]

MOST_CHARS, MOST_SUBJECT_CHARS = 4000, 100
SURE = 0.6  # from here on triage's guess is taken without a person's look
NOT_FOUND = "해당 문의를 찾을 수 없어요. 문의 번호를 다시 확인해 주세요."
_NEWS = {
    "reply": "새 답변이 등록됐어요",
    "message": "고객 메시지가 도착했어요",
    "note": "새 메모가 남았어요",
}


@tool("READ")
def list_tickets(
    ctx: ToolContext,
    *,
    customer_id: str | None = None,
    statuses: Sequence[str] = (),
    limit: int = 20,
    cursor: str | None = None,
) -> TicketPage:
    """A page of one's own tickets, newest first; for staff of any customer's.

    ``limit`` is 1 to 100. Raises NotSignedIn for a guest, NotFound for another customer's id,
    BadInput for a cursor that is none.
    """
    owner = whose(ctx, ctx.me() if customer_id is None else customer_id)
    limit = max(1, min(limit, MOST))
    found = tickets.find(
        ctx.tx, user_id=owner, statuses=tuple(statuses), after=place_of(cursor), limit=limit + 1
    )
    shown = tuple(_shown(ctx, ticket) for ticket in found[:limit])
    more = len(found) > limit
    return TicketPage(shown, f"{shown[-1].created_at}~{shown[-1].ticket_id}" if more else None)


@tool("READ")
def get_ticket(ctx: ToolContext, *, ticket_id: str) -> Ticket:
    """One ticket with its history (internal notes for staff only).

    Its tags, mood, language and summary are the staff's as well, a customer gets none.
    Raises NotFound for a missing one and somebody else's alike.
    """
    found = tickets.get(ctx.tx, ticket_id, user_id=ctx.owner(), internal=ctx.caller.is_staff)
    if found is None:
        raise NotFound(NOT_FOUND)
    return _shown(ctx, found)


@tool("WRITE")
def create_ticket(
    ctx: ToolContext,
    *,
    issue_type: str,
    description: str,
    subject: str = "",
    priority: str = "",
    order_id: str | None = None,
    claim_id: str | None = None,
    customer_id: str | None = None,
    handoff_reason: str | None = None,
) -> Ticket:
    """Hand a matter to a person. In a chat with an open ticket that one is returned.

    Asking for a person is the confirmation: it takes nothing from anybody. A chat is the
    person's from then on. Staff open it for the owner of the order or claim, or for
    ``customer_id``; a customer can name none but oneself.

    Without a ``priority``, and where a chat leaves open what it is about ("other"), triage
    decides; its history says so. Only staff and the desk's own chat call a matter urgent; from a
    customer it is high. A subject is cut at 100 characters. ``handoff_reason`` is one of
    ``words.HANDOFF_REASON``.

    Raises NotSignedIn, BadInput (unknown type, text empty or over 4,000 characters), NotFound
    for an order, a claim or a customer that is not there or not the caller's.
    """
    if issue_type not in words.ISSUE_TYPE or priority not in ("", *words.PRIORITY):
        raise BadInput("문의 유형을 다시 골라 주세요.")
    if not description.strip():
        raise BadInput("문의 내용을 적어 주세요.")
    description = public_text(description)
    user_id = _customer(ctx, order_id, claim_id, customer_id)
    # A guest's chat is not its owner's, nor is a member of staff's: the ticket stands alone.
    conversation_id = ctx.conversation_id if ctx.caller.user_id == user_id else None
    if conversation_id:
        running = tickets.open_of_conversation(ctx.tx, conversation_id)
        if running is not None:
            hand_over(ctx, running)
            return _shown(ctx, running)
        tickets.close_silent_tickets(ctx.tx, ctx.now, ctx.rules.ticket_auto_close_days)
    ticket = file_ticket(
        ctx, user_id, issue_type=issue_type, description=description, subject=subject,
        priority=priority, order_id=order_id, claim_id=claim_id, conversation_id=conversation_id,
        handoff_reason=handoff_reason,
    )  # fmt: skip
    hand_over(ctx, ticket)
    return ticket


def file_ticket(
    ctx: ToolContext,
    user_id: str,
    *,
    issue_type: str,
    description: str,
    subject: str = "",
    priority: str = "",
    order_id: str | None = None,
    claim_id: str | None = None,
    conversation_id: str | None = None,
    handoff_reason: str | None = None,
) -> Ticket:
    """Write a new ticket of ``user_id`` whose arguments have been checked (``create_ticket``);
    who answers its chat stays as it is."""
    found = _triaged(ctx, description, issue_type, priority)
    issue_type, priority = found.get("issue_type", issue_type), found.get("priority", priority)
    priority = priority or "normal"
    if priority == "urgent" and not ctx.caller.is_staff and ctx.source != "chat":
        priority = "high"
    first, solved = due_times(priority, ctx.now, ctx.rules)
    moment = to_text(ctx.now)
    ticket = Ticket(
        tickets.next_id(ctx.tx, f"{day_of(ctx.now):%Y%m%d}"), user_id, order_id, claim_id,
        conversation_id, issue_type, priority, "open",
        clean(subject, MOST_SUBJECT_CHARS) or f"{words.ISSUE_TYPE[issue_type]} 문의",
        description, None, "", to_text(first), to_text(solved), None, None, (), 1, moment, moment,
        handoff_reason=handoff_reason if conversation_id else None, customer_spoke_at=moment,
    )  # fmt: skip
    tickets.add(ctx.tx, ticket)
    tickets.add_event(
        ctx.tx, ticket.ticket_id, at=ctx.now, actor_id=ctx.caller.user_id or user_id,
        kind="created", text=description, after=tickets.snapshot(ticket), version=1,
    )  # fmt: skip
    if found:
        tickets.add_event(
            ctx.tx, ticket.ticket_id, at=ctx.now, actor_id=None, kind="triaged", internal=True,
            after={name: getattr(ticket, name) for name in found},
        )  # fmt: skip
    ctx.audit(
        "create", "ticket", ticket.ticket_id, {},
        {"status": "open", "issue_type": issue_type, "priority": priority},
    )  # fmt: skip
    return ticket


@tool("WRITE")
def add_ticket_message(ctx: ToolContext, *, ticket_id: str, text: str) -> Ticket:
    """Write to the desk about one's own ticket; answers what was asked, reopens a resolved one.

    It shows in the ticket's chat as well. Sending is the confirmation.

    Raises NotSignedIn, NotFound, BadInput (empty, over 4,000 characters), NotAllowedNow for a
    closed ticket, Forbidden for staff about somebody else's.
    """
    ctx.me()
    ticket = get_ticket(ctx, ticket_id=ticket_id)
    if ticket.user_id != ctx.caller.user_id:
        raise Forbidden("고객만 쓸 수 있어요. 상담원은 답변하기로 남겨 주세요.")
    text = public_text(text)
    if ticket.status == "closed" or is_over(ctx, ticket):
        raise NotAllowedNow(CLOSED, allowed=("create_ticket",), code="ticket_closed")
    tickets.heard(ctx.tx, ticket.ticket_id, "customer", at=ctx.now)
    saved = save_ticket(
        ctx, ticket, _heard(ctx, ticket), action="message", kind="message", text=text
    )
    say_in_chat(ctx, ticket, role="user", text=text)
    if ticket.status == "resolved":
        reopened(ctx, ticket)
    return saved


def customer_spoke(ctx: ToolContext, conversation_id: str, text: str) -> Ticket | None:
    """Tell the ticket a person answers in a chat what the customer has just said.

    It answers a ticket that waits for the customer. None where nobody has one running. The
    words are in the chat already.
    """
    ticket = tickets.open_of_conversation(ctx.tx, conversation_id)
    if ticket is None or ticket.user_id != ctx.caller.user_id:
        return None
    tickets.heard(ctx.tx, ticket.ticket_id, "customer", at=ctx.now)
    if ticket.status != "waiting_customer":
        return ticket
    return save_ticket(
        ctx, ticket, _heard(ctx, ticket), action="message", kind="message", text=clean(text)
    )


@tool("WRITE")
def judge_resolution(ctx: ToolContext, *, ticket_id: str, solved: bool, text: str = "") -> Ticket:
    """Keep what the customer says of a resolution; "not solved" opens the ticket again.

    A chat is the person's again then. Saying it is the confirmation; ``text`` are the words.
    Raises NotSignedIn, NotFound, NotAllowedNow unless the ticket is resolved, BadInput for a
    text over 4,000 characters.
    """
    ctx.me()
    ticket = get_ticket(ctx, ticket_id=ticket_id)
    if ticket.user_id != ctx.caller.user_id:
        raise Forbidden("고객만 답할 수 있어요.")
    if ticket.status != "resolved" or is_over(ctx, ticket):
        raise NotAllowedNow("해결된 문의에만 답할 수 있어요.", code="not_resolved")
    verdict = "solved" if solved else "unsolved"
    changes = {} if solved else _heard(ctx, ticket)
    changes |= {"verdict": verdict, "verdict_at": to_text(ctx.now)}
    tickets.heard(ctx.tx, ticket_id, "customer", at=ctx.now)
    saved = save_ticket(
        ctx, ticket, changes, action="judge", kind=verdict, text=public_text(text) if text else ""
    )
    if not solved:
        reopened(ctx, ticket)
    return saved


def resolved_of_chat(ctx: ToolContext) -> Ticket | None:
    """The resolved ticket of the caller's chat that can still be reopened, or None.

    None as well while a newer one runs.
    """
    if ctx.conversation_id is None or tickets.open_of_conversation(ctx.tx, ctx.conversation_id):
        return None
    found = tickets.of_conversation(ctx.tx, ctx.conversation_id, ("resolved",))
    mine = found is not None and found.user_id == ctx.caller.user_id
    return None if found is None or not mine or is_over(ctx, found) else found


def save_ticket(
    ctx: ToolContext,
    ticket: Ticket,
    changes: Mapping[str, Any],
    *,
    action: str,
    kind: str,
    text: str = "",
    internal: bool = False,
) -> Ticket:
    """Save with an entry in the history and in the audit; returns the ticket as it is now.

    Raises StateChanged when ``ticket`` is stale.
    """
    saved = tickets.save(
        ctx.tx, ticket, changes, at=ctx.now, actor_id=ctx.caller.user_id, kind=kind, text=text,
        internal=internal,
    )  # fmt: skip
    if saved is None:
        raise stale(ctx, ticket.ticket_id, ticket.version)
    ctx.audit(action, "ticket", ticket.ticket_id, saved.before, saved.after)
    found = tickets.get(ctx.tx, ticket.ticket_id, user_id=None, internal=ctx.caller.is_staff)
    assert found is not None, "it was saved in this transaction"
    return _shown(ctx, found)


def stale(ctx: ToolContext, ticket_id: str, version: int) -> StateChanged:
    """The error for a save based on ``version``: it says what happened since."""
    changes, kinds = tickets.changes_since(ctx.tx, ticket_id, version)
    names = [words.TICKET_FIELD[name] for name in words.TICKET_FIELD if name in changes]
    news = next((_NEWS[kind] for kind in reversed(kinds) if kind in _NEWS), "문의가 바뀌었어요")
    what = f"{words.with_subject(names)} 바뀌었어요" if names else news
    return StateChanged(
        f"그사이 {what}. 바뀐 내용을 확인한 뒤 다시 저장해 주세요.", changes=changes
    )


def public_text(text: str) -> str:
    """What a person writes, masked. Raises BadInput when it is empty or too long."""
    text = text.strip()
    if not text:
        raise BadInput("내용을 적어 주세요.")
    if len(text) > MOST_CHARS:
        raise BadInput(f"{MOST_CHARS:,}자까지 적을 수 있어요. 줄여서 다시 보내 주세요.")
    return clean(text)


def say_in_chat(ctx: ToolContext, ticket: Ticket, *, role: str, text: str) -> None:
    """Show what was written about a ticket in its chat, where there is one."""
    if ticket.conversation_id is None:
        return
    conversations.add_message(
        ctx.tx,
        StoredMessage(
            f"m_{secrets.token_urlsafe(12)}", ticket.conversation_id, None, role, text,
            {"name": ctx.caller.name} if role == "staff" else {}, to_text(ctx.now),
        ),
    )  # fmt: skip
    conversations.touch(ctx.tx, ticket.conversation_id, at=ctx.now)


def _triaged(ctx: ToolContext, text: str, issue_type: str, priority: str) -> dict[str, str]:
    """What triage decides of a new ticket, as far as it is sure and nobody has said."""
    if ctx.triage is None:
        return {}
    guess, found = ctx.triage(text), dict[str, str]()
    open_still = issue_type == "other" and ctx.source == "chat" and ctx.conversation_id is not None
    if open_still and guess.issue_type.confidence >= SURE and guess.issue_type.value != "other":
        found["issue_type"] = guess.issue_type.value
    if not priority and guess.priority.confidence >= SURE:
        found["priority"] = guess.priority.value
    return found


def _shown(ctx: ToolContext, ticket: Ticket) -> Ticket:
    """A ticket as the caller may see it: tags and what triage found are the staff's."""
    if ctx.caller.is_staff:
        return ticket
    return replace(ticket, tags=(), sentiment=None, language=None, summary=None)


def _heard(ctx: ToolContext, ticket: Ticket) -> dict[str, Any]:
    """What the customer's words change."""
    to = {"waiting_customer": "in_progress", "resolved": reopened_status(ticket)}
    if ticket.status not in to:
        return {}
    return moved(ticket, to[ticket.status], ctx.now, ctx.rules)


def is_over(ctx: ToolContext, ticket: Ticket) -> bool:
    """Whether a resolved ticket has been silent so long that it counts as closed."""
    return ticket.status == "resolved" and is_silent(
        tickets.last_heard(ctx.tx, ticket, ctx.now), ctx.now, ctx.rules
    )


def _customer(
    ctx: ToolContext, order_id: str | None, claim_id: str | None, customer_id: str | None
) -> str:
    """Whose ticket it will be; everything it names must be that customer's."""
    staff = ctx.caller.is_staff
    mine = ctx.caller.user_id or _owner_of_granted(ctx, order_id)
    owner = None if staff else mine
    order = orders.get(ctx.tx, order_id, user_id=owner) if order_id else None
    if order_id and order is None:
        raise NotFound("해당 주문을 찾을 수 없어요. 주문번호를 다시 확인해 주세요.")
    claim = claims.get(ctx.tx, claim_id, user_id=owner) if claim_id else None
    if claim_id and claim is None:
        raise NotFound("해당 신청을 찾을 수 없어요. 접수번호를 다시 확인해 주세요.")
    may_name = staff or customer_id in (None, mine)
    if not may_name or (customer_id and accounts.get(ctx.tx, customer_id) is None):
        raise NotFound("해당 고객을 찾을 수 없어요. 고객 번호를 다시 확인해 주세요.")
    owners = {thing.user_id for thing in (order, claim) if thing is not None}
    owners |= {customer_id} if customer_id else set()
    if len(owners) > 1:
        raise BadInput("주문과 신청, 고객이 서로 달라요. 한 고객의 것만 골라 주세요.")
    return owners.pop() if owners else mine


def _owner_of_granted(ctx: ToolContext, order_id: str | None) -> str:
    """The customer of the order a guest has proved. Raises NotSignedIn without a proof."""
    if order_id is None or order_id not in ctx.granted:
        return ctx.me()
    order = orders.get(ctx.tx, order_id, user_id=None)
    return ctx.me() if order is None else order.user_id
