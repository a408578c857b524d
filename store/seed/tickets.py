"""The tickets of the desk, each with the history its state needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from store.database import Row, dump
from store.models import Order, Ticket, User, to_text
from store.seed import trail
from store.seed.catalogue import TicketText
from store.seed.shop import SEOUL, Shop, SlaFunction, desk_time

__all__ = ["TicketBook", "build"]

# state, how many, created this many days ago (from, to).
_STATES = (
    ("open", 6, 1, 3), ("in_progress", 7, 2, 5), ("waiting_customer", 6, 4, 8),
    ("resolved", 7, 6, 9), ("closed", 9, 18, 110),
)  # fmt: skip
_PRIORITIES = {"complaint": "urgent", "defect": "high", "product": "low", "other": "low"}
# Which orders a matter of this kind can be about; the others are about no order.
_ORDER_STATUSES = {
    "delivery": ("shipped", "delivered"),
    "cancel": ("paid", "preparing", "cancelled"),
    "return_exchange": ("delivered",),
    "refund": ("cancelled", "delivered"),
    "defect": ("delivered",),
}
_NOTES = (
    "물류팀에 확인을 요청했습니다. 답이 오면 이어서 처리합니다.",
    "같은 상품에서 비슷한 문의가 이번 주 두 번째입니다. 상품팀과 공유했습니다.",
    "고객님께 먼저 연락드리기로 했습니다.",
)
# Hours of half of the tickets by priority: until somebody answers, and from there to the end.
_PACE_H = {"urgent": (0.4, 4), "high": (1.5, 9), "normal": (2.5, 19), "low": (5, 24)}
_AGENTS = ("staff_001", "staff_001", "admin_001")


@dataclass(slots=True)
class TicketBook:
    """Tickets with the rows of ``ticket_events`` and ``audit_events`` that belong to them."""

    tickets: list[Ticket] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    audit: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Step:
    """One entry of a history; ``after`` is what it changed, ``before`` what that was."""

    at: datetime
    actor_id: str | None
    kind: str
    text: str = ""
    internal: bool = False
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A ticket before it has a number."""

    status: str
    user_id: str
    text: TicketText
    order: Order | None
    agent_id: str | None
    steps: tuple[_Step, ...]
    conversation_id: str | None = None

    @property
    def created(self) -> datetime:
        return self.steps[0].at


def build(
    shop: Shop, orders: Sequence[Order], users: Sequence[User], sla: SlaFunction,
    *, handed_off: tuple[str, datetime, TicketText],
) -> TicketBook:  # fmt: skip
    """35 tickets of ordinary customers and user_001's open one.

    ``handed_off`` is (conversation id, when, text) of the chat user_001's ticket came from.
    """
    random = shop.random("tickets")
    strangers = [u.user_id for u in users if not u.is_demo]
    conversation_id, at, text = handed_off
    parcel = next(o for o in orders if o.user_id == "user_001" and o.status == "shipped")
    drafts = list(_drafts(shop, random, orders, strangers))
    first = _Step(at, "user_001", "created", text.text, after={"status": "open"})
    drafts.append(_Draft("open", "user_001", text, parcel, None, (first,), conversation_id))
    book = TicketBook()
    serials: Counter[str] = Counter()
    for draft in sorted(drafts, key=lambda d: d.created):
        day = f"{draft.created.astimezone(SEOUL):%Y%m%d}"
        serials[day] += 1
        _enter(book, draft, f"T{day}-{serials[day]:04d}", sla)
    return book


def _drafts(
    shop: Shop, random: Random, orders: Sequence[Order], user_ids: Sequence[str]
) -> Iterator[_Draft]:
    texts = [*shop.catalogue.ticket_texts]
    random.shuffle(texts)
    number = 0
    for status, count, newest, oldest in _STATES:
        for _ in range(count):
            text = texts[number % len(texts)]
            number += 1
            priority = _PRIORITIES.get(text.issue_type, "normal")
            days_ago = random.randrange(newest, oldest)
            times = _times_within(shop, random, status, priority, days_ago)
            order = _order_for(shop, random, orders, text, times[0])
            user_id = order.user_id if order else random.choice(user_ids)
            agent_id = None if status == "open" else random.choice(_AGENTS)
            steps = _history(random, status, times, user_id, agent_id, text)
            yield _Draft(status, user_id, text, order, agent_id, steps)


def _times_within(
    shop: Shop, random: Random, status: str, priority: str, days_ago: int
) -> list[datetime]:
    """:func:`_times` of a ticket that is ``days_ago`` old, or older where history is too short."""
    while True:
        created = shop.at(days_ago, random.randrange(8, 23), random.randrange(60))
        pace = shop.random(f"pace:{created:%Y%m%d%H%M}")  # what else is random stays as it is
        times = _times(pace, status, priority, created)
        if times[-1] <= shop.end:
            return times
        days_ago += 1  # a weekend lies between


def _times(pace: Random, status: str, priority: str, created: datetime) -> list[datetime]:
    """When it was written, taken, answered, solved, closed, as far as the state goes."""
    times, (answer_h, end_h) = [created], _PACE_H[priority]
    if status != "open":
        times.append(desk_time(created + timedelta(minutes=pace.randrange(4, 40))))
    if status in ("waiting_customer", "resolved", "closed"):
        hours = min(answer_h * pace.lognormvariate(0, 0.7), 9)
        times.append(desk_time(times[-1] + timedelta(minutes=round(hours * 60))))
    if status in ("resolved", "closed"):
        hours = min(max(end_h * pace.lognormvariate(0, 0.5), 2), 48)
        times.append(desk_time(times[-1] + timedelta(minutes=round(hours * 60))))
    if status == "closed":
        times.append(times[-1] + timedelta(days=7))
    return times


def _history(
    random: Random, status: str, times: Sequence[datetime], user_id: str,
    agent_id: str | None, text: TicketText,
) -> tuple[_Step, ...]:  # fmt: skip
    steps = [_Step(times[0], user_id, "created", text.text, after={"status": "open"})]
    if len(times) > 1:
        owner: dict[str, Any] = {"assignee_id": agent_id}
        steps.append(_Step(times[1], agent_id, "assigned", "", False, {"assignee_id": None}, owner))
        steps.append(_moved(times[1], agent_id, "open", "in_progress"))
        if random.random() < 0.5:
            steps.append(_Step(times[1], agent_id, "note", random.choice(_NOTES), internal=True))
    if len(times) > 2:
        steps.append(_Step(times[2], agent_id, "reply", text.reply))
        steps.append(_moved(times[2], agent_id, "in_progress", "waiting_customer"))
    if len(times) > 3:
        thanks = times[3] - timedelta(hours=1)
        steps.append(_Step(thanks, user_id, "message", "네, 확인했어요. 감사합니다."))
        steps.append(_moved(thanks, user_id, "waiting_customer", "in_progress"))
        steps.append(_moved(times[3], agent_id, "in_progress", "resolved"))
    if status == "closed":
        steps.append(_moved(times[4], None, "resolved", "closed"))
    return tuple(steps)


def _moved(at: datetime, actor_id: str | None, was: str, now: str) -> _Step:
    return _Step(at, actor_id, "status", "", False, {"status": was}, {"status": now})


def _order_for(
    shop: Shop, random: Random, orders: Sequence[Order], text: TicketText, created: datetime
) -> Order | None:
    """An order of an ordinary customer the text may be about: right state, right product."""
    statuses = _ORDER_STATUSES.get(text.issue_type, ())
    named = {
        product.product_id
        for product in shop.catalogue.products
        if any(word in text.text for word in product.keywords)
    }
    since, until = to_text(created - timedelta(days=30)), to_text(created)
    fitting = [
        order
        for order in orders
        if order.status in statuses
        and since <= order.updated_at <= until
        and order.user_id not in ("user_001", "user_002")
        and (not named or any(line.product_id in named for line in order.lines))
        and (text.issue_type != "refund" or order.refunded_krw)
    ]
    return random.choice(fitting) if fitting else None


def _enter(book: TicketBook, draft: _Draft, ticket_id: str, sla: SlaFunction) -> None:
    text, steps = draft.text, draft.steps
    priority = _PRIORITIES.get(text.issue_type, "normal")
    first_due, resolution_due = sla(text.issue_type, priority, draft.created)
    done = draft.status in ("resolved", "closed")
    claim_id = draft.order.claims[0].claim_id if draft.order and draft.order.claims else None
    book.tickets.append(
        Ticket(
            ticket_id, draft.user_id, draft.order.order_id if draft.order else None, claim_id,
            draft.conversation_id, text.issue_type, priority, draft.status, _subject(text.text),
            text.text, draft.agent_id, text.reply if done else "", to_text(first_due),
            to_text(resolution_due), _when(steps, "reply"), _when(steps, "status", "resolved"),
            (), len(steps), to_text(draft.created), to_text(steps[-1].at),
            closed_at=_when(steps, "status", "closed"),
            waiting_since=to_text(steps[-1].at) if draft.status == "waiting_customer" else None,
        )
    )  # fmt: skip
    for version, step in enumerate(steps, 1):
        book.events.append(_event(ticket_id, step, version))
        if step.after:
            action = "create" if step.kind == "created" else "change"
            book.audit.append(
                trail.change(
                    step.at, step.actor_id, action, "ticket", ticket_id, step.before, step.after
                )
            )


def _event(ticket_id: str, step: _Step, version: int) -> Row:
    return {
        "ticket_id": ticket_id, "at": to_text(step.at), "actor_id": step.actor_id,
        "kind": step.kind, "text": step.text, "internal": int(step.internal),
        "before": dump(step.before), "after": dump(step.after), "version": version,
    }  # fmt: skip


def _when(steps: Sequence[_Step], kind: str, status: str | None = None) -> str | None:
    found = (s.at for s in steps if s.kind == kind and status in (None, s.after.get("status")))
    at = next(found, None)
    return to_text(at) if at else None


def _subject(text: str) -> str:
    """The first sentence, at most 40 characters."""
    ends = [place for sign in ".?!" if (place := text.find(sign)) > 0]
    first = text[: min(ends) + 1] if ends else text
    return first if len(first) <= 40 else first[:39] + "…"
