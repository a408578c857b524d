"""The ticket desk: what staff do with a ticket.

Every change is based on a ``version`` and refused when somebody was faster. What customers
may read (a reply, a resolution) shows in the ticket's chat as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.shop import words
from agent.shop.canned import holes
from agent.shop.tickets import (
    CLOSED,
    RUNNING,
    check_transition,
    moved,
    reopened_status,
    reprioritised,
    responded,
)
from agent.tools.base import ToolContext, clean, tool
from agent.tools.handoff import let_go, reopened, taken
from agent.tools.tickets import (
    MOST_SUBJECT_CHARS,
    NOT_FOUND,
    public_text,
    save_ticket,
    say_in_chat,
    stale,
)
from agent.tools.triage_corrections import note_corrections
from errors import BadInput, NotAllowedNow, NotFound
from store import accounts, claims, orders, tickets
from store.models import Ticket

__all__ = [
    "assign_ticket",
    "close_ticket",
    "current_ticket",
    "edit_ticket",
    "note_ticket",
    "reopen_ticket",
    "reply_ticket",
    "resolve_ticket",
    "take_ticket",
]

MOST_TAGS, MOST_TAG_CHARS, MOST_SUMMARY_CHARS = 10, 20, 120


@tool("WRITE")
def take_ticket(ctx: ToolContext, *, ticket_id: str, version: int) -> Ticket:
    """Make the caller the assignee; an open ticket is in progress from now on.

    Raises Forbidden, NotFound, StateChanged, NotAllowedNow (done already, or one's own).
    """
    ticket = current_ticket(ctx, ticket_id, version)
    _require_running(ticket)
    if ticket.assignee_id == ctx.me() and ticket.status != "open":
        raise NotAllowedNow("이미 맡고 있는 문의예요.", code="already_yours")
    changes = _taken(ctx, ticket, anew=True)
    if ticket.status == "open":
        changes |= moved(ticket, "in_progress", ctx.now, ctx.rules)
    saved = save_ticket(ctx, ticket, changes, action="take", kind="taken")
    taken(ctx, ticket, ticket.assignee_id)
    return saved


@tool("WRITE")
def assign_ticket(ctx: ToolContext, *, ticket_id: str, version: int, assignee_id: str) -> Ticket:
    """Give a ticket that is not done to a member of staff; its state stays.

    Raises Forbidden, NotFound, StateChanged, NotAllowedNow, BadInput for anybody else.
    """
    ticket = current_ticket(ctx, ticket_id, version)
    _require_running(ticket)
    person = accounts.get(ctx.tx, assignee_id)
    if person is None or person.role not in ("staff", "admin"):
        raise BadInput("상담원이나 관리자에게만 맡길 수 있어요. 담당자를 다시 골라 주세요.")
    if ticket.assignee_id == assignee_id:
        raise NotAllowedNow("이미 이 담당자가 맡고 있는 문의예요.", code="already_assigned")
    changes = {"assignee_id": assignee_id}
    return save_ticket(ctx, ticket, changes, action="assign", kind="assigned")


@tool("WRITE")
def reply_ticket(
    ctx: ToolContext, *, ticket_id: str, version: int, text: str, wait: bool = False
) -> Ticket:
    """Answer the customer; the first answer meets the first promise.

    ``wait`` then waits for the customer, and the resolution clock stands still. An open
    ticket is taken with it. Raises Forbidden, NotFound, StateChanged, BadInput (empty, over
    4,000 characters, a canned reply's place left open), NotAllowedNow for one that is done.
    """
    ticket = current_ticket(ctx, ticket_id, version)
    _require_running(ticket)
    text = _for_customer(text)
    changes = responded(ticket, ctx.now) | _taken(ctx, ticket)
    if wait and ticket.status != "waiting_customer":
        changes |= moved(ticket, "waiting_customer", ctx.now, ctx.rules)
    elif ticket.status == "open":
        changes |= moved(ticket, "in_progress", ctx.now, ctx.rules)
    tickets.heard(ctx.tx, ticket_id, "staff", at=ctx.now)
    saved = save_ticket(ctx, ticket, changes, action="reply", kind="reply", text=text)
    taken(ctx, ticket, ticket.assignee_id)
    say_in_chat(ctx, ticket, role="staff", text=text)
    return saved


@tool("WRITE")
def note_ticket(ctx: ToolContext, *, ticket_id: str, version: int, text: str) -> Ticket:
    """Leave an internal note, in any state; customers never see it.

    Raises Forbidden, NotFound, StateChanged, BadInput (empty, over 4,000 characters).
    """
    ticket = current_ticket(ctx, ticket_id, version)
    return save_ticket(
        ctx, ticket, {}, action="note", kind="note", text=public_text(text), internal=True
    )


@tool("WRITE")
def edit_ticket(
    ctx: ToolContext,
    *,
    ticket_id: str,
    version: int,
    priority: str | None = None,
    issue_type: str | None = None,
    subject: str | None = None,
    tags: Sequence[str] | None = None,
    order_id: str | None = None,
    claim_id: str | None = None,
    sentiment: str | None = None,
    language: str | None = None,
    summary: str | None = None,
) -> Ticket:
    """Change what is given of a ticket that is not closed; "" takes order or claim off.

    The customer sees the subject, never the tags, the mood, the language or the summary.
    Another priority recomputes both due times from the start of their clocks.

    Raises Forbidden, NotFound (also for another customer's order or claim), StateChanged,
    BadInput (unknown word, nothing to change), NotAllowedNow.
    """
    ticket = current_ticket(ctx, ticket_id, version)
    if ticket.status == "closed":
        raise NotAllowedNow(CLOSED, allowed=("create_ticket",), code="ticket_closed")
    if priority not in (None, *words.PRIORITY) or issue_type not in (None, *words.ISSUE_TYPE):
        raise BadInput("우선순위와 유형을 다시 골라 주세요.")
    if sentiment not in (None, *words.SENTIMENT) or language not in (None, *words.LANGUAGE):
        raise BadInput("고객의 기분과 언어를 다시 골라 주세요.")
    wanted: dict[str, Any] = {
        "issue_type": issue_type,
        "sentiment": sentiment,
        "language": language,
        "summary": None if summary is None else _summary(summary),
        "subject": None if subject is None else _subject(subject),
        "tags": None if tags is None else _tags(tags),
    }
    changes = {n: v for n, v in wanted.items() if v is not None and v != getattr(ticket, n)}
    changes |= _about(ctx, ticket, order_id, claim_id)
    if priority and priority != ticket.priority:
        changes |= reprioritised(ticket, priority, ctx.rules)
    if not changes:
        raise BadInput("바꿀 내용이 없어요. 바꿀 항목을 고친 뒤 저장해 주세요.")
    saved = save_ticket(ctx, ticket, changes, action="edit", kind="edited", internal=True)
    note_corrections(ctx, ticket, saved)
    return saved


@tool("WRITE")
def resolve_ticket(ctx: ToolContext, *, ticket_id: str, version: int, resolution: str) -> Ticket:
    """Say how the matter was solved; the customer reads it and may answer to reopen it.

    Raises Forbidden, NotFound, StateChanged, BadInput (empty, over 4,000 characters, a canned
    reply's place left open), NotAllowedNow for one that is done.
    """
    ticket = current_ticket(ctx, ticket_id, version)
    check_transition(ticket.status, "resolved")
    resolution = _for_customer(resolution)
    changes = {
        **moved(ticket, "resolved", ctx.now, ctx.rules), **responded(ticket, ctx.now),
        **_taken(ctx, ticket), "resolution": resolution,
    }  # fmt: skip
    tickets.heard(ctx.tx, ticket_id, "staff", at=ctx.now)
    saved = save_ticket(ctx, ticket, changes, action="resolve", kind="resolved", text=resolution)
    say_in_chat(ctx, ticket, role="staff", text=resolution)
    let_go(ctx, ticket)
    return saved


@tool("WRITE")
def close_ticket(ctx: ToolContext, *, ticket_id: str, version: int) -> Ticket:
    """Close a resolved ticket before its time; a later wish becomes a new one.

    Raises Forbidden, NotFound, StateChanged, NotAllowedNow unless it is resolved.
    """
    ticket = current_ticket(ctx, ticket_id, version)
    changes = moved(ticket, "closed", ctx.now, ctx.rules)
    return save_ticket(ctx, ticket, changes, action="close", kind="closed")


@tool("WRITE")
def reopen_ticket(ctx: ToolContext, *, ticket_id: str, version: int) -> Ticket:
    """Open a resolved ticket again; its resolution clock starts anew.

    Raises Forbidden, NotFound, StateChanged, NotAllowedNow for one that runs or is closed.
    """
    ticket = current_ticket(ctx, ticket_id, version)
    if ticket.status in RUNNING:
        raise NotAllowedNow("이미 열려 있는 문의예요.", code="already_open")
    changes = moved(ticket, reopened_status(ticket), ctx.now, ctx.rules)
    saved = save_ticket(ctx, ticket, changes, action="reopen", kind="reopened")
    reopened(ctx, ticket)
    return saved


def current_ticket(ctx: ToolContext, ticket_id: str, version: int) -> Ticket:
    """The ticket as the caller saw it. Raises Forbidden, NotFound, StateChanged."""
    ctx.require_staff()
    ticket = tickets.get(ctx.tx, ticket_id, user_id=None, internal=True)
    if ticket is None:
        raise NotFound(NOT_FOUND)
    if ticket.version != version:
        raise stale(ctx, ticket_id, version)
    return ticket


def _require_running(ticket: Ticket) -> None:
    if ticket.status == "closed":
        raise NotAllowedNow(CLOSED, allowed=("create_ticket",), code="ticket_closed")
    if ticket.status == "resolved":
        raise NotAllowedNow(
            "해결된 문의예요. 먼저 다시 열어 주세요.", allowed=("reopen_ticket",),
            code="ticket_resolved",
        )  # fmt: skip


def _for_customer(text: str) -> str:
    """What the customer is to read, masked. Raises BadInput, also for a place left open."""
    if found := holes(text):
        raise BadInput(
            f"아직 채우지 않은 변수가 있어요. 고친 뒤 보내 주세요: {', '.join(found)}",
            code="open_places",
        )
    return public_text(text)


def _taken(ctx: ToolContext, ticket: Ticket, *, anew: bool = False) -> dict[str, Any]:
    """Who acts on a ticket nobody has becomes its assignee (``anew``: on any ticket)."""
    return {"assignee_id": ctx.me()} if anew or ticket.assignee_id is None else {}


def _about(
    ctx: ToolContext, ticket: Ticket, order_id: str | None, claim_id: str | None
) -> dict[str, Any]:
    """The order and claim a ticket is to be about, as far as they change."""
    if order_id and orders.get(ctx.tx, order_id, user_id=ticket.user_id) is None:
        raise NotFound("이 고객의 주문 가운데 그 번호가 없어요. 주문번호를 다시 확인해 주세요.")
    if claim_id and claims.get(ctx.tx, claim_id, user_id=ticket.user_id) is None:
        raise NotFound("이 고객의 신청 가운데 그 번호가 없어요. 접수번호를 다시 확인해 주세요.")
    wanted = {"order_id": order_id, "claim_id": claim_id}
    return {
        name: value or None
        for name, value in wanted.items()
        if value is not None and (value or None) != getattr(ticket, name)
    }


def _subject(text: str) -> str:
    text = clean(" ".join(text.split()))
    if not text or len(text) > MOST_SUBJECT_CHARS:
        raise BadInput(f"제목은 1~{MOST_SUBJECT_CHARS}자로 적어 주세요.")
    return text


def _summary(text: str) -> str:
    text = clean(" ".join(text.split()))
    if not text or len(text) > MOST_SUMMARY_CHARS:
        raise BadInput(f"요약은 1~{MOST_SUMMARY_CHARS}자로 적어 주세요.")
    return text


def _tags(tags: Sequence[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(word for tag in tags if (word := clean(" ".join(tag.split())))))
    if len(found) > MOST_TAGS or any(len(tag) > MOST_TAG_CHARS for tag in found):
        raise BadInput(f"태그는 {MOST_TAG_CHARS}자 이내로 {MOST_TAGS}개까지 붙일 수 있어요.")
    return found
