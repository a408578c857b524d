"""The queue staff take tickets from: a page of it, how much each view holds, who is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite

from agent.shop.tickets import RUNNING, Sla, sla
from agent.tools.base import MOST, ToolContext, tool
from errors import BadInput
from store import ticket_queue as queue
from store.models import Ticket

__all__ = [
    "Colleague",
    "QueueChoices",
    "QueueItem",
    "QueuePage",
    "queue_choices",
    "queue_counts",
    "ticket_queue",
]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A ticket of the queue (without its history), its people, its clocks and its order.

    ``product_name`` is the first product of the order, ``lines`` how many lines it has ("" and
    0 without an order).
    """

    ticket: Ticket
    customer_name: str
    assignee_name: str
    sla: Sla
    product_name: str = ""
    lines: int = 0


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue; ``next_cursor`` is None on the last one.

    ``newer`` counts what the filters leave of the tickets created after the asked moment.
    """

    items: tuple[QueueItem, ...]
    next_cursor: str | None
    newer: int = 0


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody a ticket may be given to."""

    user_id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class QueueChoices:
    """What the queue can be filtered by besides words of the shop."""

    staff: tuple[Colleague, ...]
    tags: tuple[str, ...]


@tool("READ")
def ticket_queue(
    ctx: ToolContext,
    *,
    statuses: Sequence[str] = RUNNING,
    assignee_id: str | None = None,
    overdue: bool | None = None,
    unread: bool = False,
    priority: str = "",
    issue_type: str = "",
    sentiment: str = "",
    tag: str = "",
    text: str = "",
    newer_than: datetime | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> QueuePage:
    """Tickets of all customers, most urgent first: soonest due, then waiting, then done.

    ``assignee_id`` may be "me" or "nobody"; ``unread``: the customer spoke last; ``text`` is
    looked for in number, subject, summary, text, order number and customer's name of the
    newest 5,000, and as the beginning of a number or of the name in all; ``limit`` is 1 to 100.

    Raises Forbidden for everybody but staff, BadInput for a cursor that is none.
    """
    ctx.require_staff()
    limit = max(1, min(limit, MOST))
    named = ctx.me() if assignee_id == "me" else assignee_id
    filters = queue.Filters(
        statuses=tuple(statuses), assignee_id=None if named in ("", "nobody") else named,
        nobodys=named == "nobody", late=overdue, unread=unread, priority=priority,
        issue_type=issue_type, sentiment=sentiment, tag=tag, text=text.strip(),
    )  # fmt: skip
    rows = queue.find(ctx.tx, now=ctx.now, filters=filters, after=_place(cursor), limit=limit + 1)
    items = tuple(
        QueueItem(
            row.ticket, row.customer_name, row.assignee_name, sla(row.ticket, ctx.now, ctx.rules),
            row.product_name, row.lines,
        )
        for row in rows[:limit]
    )  # fmt: skip
    newer = 0
    if newer_than is not None:
        newer = queue.count(ctx.tx, now=ctx.now, filters=replace(filters, since=newer_than))
    more = len(rows) > limit
    return QueuePage(items, _cursor(rows[limit - 1].place) if more else None, newer)


@tool("READ")
def queue_counts(ctx: ToolContext) -> dict[str, int]:
    """How many running tickets each view of the caller holds.

    Views: running (all), mine, unassigned, overdue, waiting (for the customer), unread.
    Raises Forbidden for everybody but staff.
    """
    ctx.require_staff()
    return queue.counts(ctx.tx, now=ctx.now, user_id=ctx.me())


@tool("READ")
def queue_choices(ctx: ToolContext) -> QueueChoices:
    """Who a ticket may be given to, and the tags in use. Raises Forbidden but for staff."""
    ctx.require_staff()
    people = tuple(Colleague(one.user_id, one.name, one.role) for one in queue.staff(ctx.tx))
    return QueueChoices(people, tuple(queue.tags(ctx.tx)))


def _cursor(place: queue.Place) -> str:
    rank, urgency, ticket_id = place
    return f"{rank}~{urgency!r}~{ticket_id}"


def _place(cursor: str | None) -> queue.Place | None:
    if not cursor:
        return None
    try:
        rank, urgency, ticket_id = cursor.split("~")
        place = int(rank), float(urgency), ticket_id
    except ValueError:
        place = -1, 0.0, ""
    if not (0 <= place[0] <= 3 and isfinite(place[1])):
        raise BadInput("목록이 바뀌었어요. 처음부터 다시 열어 주세요.", code="bad_cursor")
    return place
