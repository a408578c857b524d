"""The desk's queue: tickets in the order somebody must act, narrowed, counted by view.

One index keeps the order and carries what the queue is filtered by, so that a row that does
not match is passed over inside it; a smaller one holds the running tickets for the counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Row, Tx, dump
from store.models import Ticket, User, to_text
from store.tickets import of_row

__all__ = ["Filters", "Place", "QueueRow", "count", "counts", "find", "staff", "tags"]

RECENT = 5000  # of the newest tickets any word is found, of all the beginning of a number or name
MOST_BEGUN = 1000  # tickets with one such beginning, newest first; people likewise
MOST_TAGS = 30
# The order of the queue, most urgent first: what somebody must do by when, then what waits
# for the customer, then what is done, newest first. The index of m012 repeats both.
_RANK_OF = {"open": 0, "in_progress": 0, "waiting_customer": 1, "resolved": 2, "closed": 3}
_RANK = (
    "case t.status when 'open' then 0 when 'in_progress' then 0 when 'waiting_customer' then 1 "
    "when 'resolved' then 2 else 3 end"
)
_URGENCY = (
    "case when t.status in ('open', 'in_progress', 'waiting_customer') then julianday("
    "case when t.first_responded_at is null "
    "then coalesce(t.first_response_due, t.resolution_due, '9999-12-31') "
    "else coalesce(t.resolution_due, '9999-12-31') end) "
    "else -julianday(coalesce(t.updated_at, t.created_at)) end"
)
_RUNS = "t.status in ('open', 'in_progress', 'waiting_customer')"
_BROKEN = (
    "(t.first_responded_at is null and t.first_response_due < :now) "
    "or t.resolution_due < coalesce(t.waiting_since, :now)"
)
_LATE = f"{_RUNS} and ({_BROKEN})"
_SPOKEN = "t.customer_spoke_at > coalesce(t.staff_spoke_at, '')"
# A branch of a union keeps its order and limit inside; rowid follows the order of writing.
_BEGUN = (
    "select * from (select rowid from tickets where {0} >= :number and {0} < :number || :last "
    "order by {0} desc limit :most)"
)
_FOUND = (
    "select n.rowid from tickets n join users p on p.user_id = n.user_id "
    "where n.rowid > (select max(rowid) from tickets) - :recent and ({words}) "
    f"union {_BEGUN.format('ticket_id')} union {_BEGUN.format('order_id')} "
    "union select * from (select b.rowid from (select user_id from users "
    "where lower(name) >= :text and lower(name) < :text || :last limit :most) p "
    "cross join tickets b on b.user_id = p.user_id order by b.rowid desc limit :most)"
).format(
    words=" or ".join(
        f"instr(lower(coalesce({name}, '')), :text)"
        for name in (
            "n.ticket_id", "n.subject", "n.summary", "n.description", "n.order_id", "p.name",
        )
    )
)  # fmt: skip
_LAST = "\U0010ffff"  # sorts behind every text
_LINES = "from order_lines l where l.order_id = t.order_id"
Place = tuple[int, float, str]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to; what is left as it is narrows nothing.

    ``late``: only those with a broken promise that still runs (True), or none (False).
    ``unread``: the customer spoke last and the ticket runs. ``since``: created after it.
    ``text`` is looked for in number, subject, summary, description, order number and
    customer's name of the newest ``RECENT``, and as the beginning of either number or the
    name in all.
    """

    statuses: Sequence[str] = ()
    assignee_id: str | None = None
    nobodys: bool = False
    late: bool | None = None
    unread: bool = False
    priority: str = ""
    issue_type: str = ""
    sentiment: str = ""
    tag: str = ""
    text: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A ticket in the queue with the names of its people; ``place`` is where it stands.

    ``product_name`` is its order's first product, ``lines`` how many lines the order has
    ("" and 0 without an order).
    """

    ticket: Ticket
    customer_name: str
    assignee_name: str
    place: Place
    product_name: str = ""
    lines: int = 0


def find(
    tx: Tx,
    *,
    now: datetime,
    filters: Filters = Filters(),
    after: Place | None = None,
    limit: int = 20,
) -> list[QueueRow]:
    """Tickets of all customers, most urgent first; ``after`` is the last row's place."""
    where, values = _where(filters, now)
    values["limit"] = limit
    if after is not None:
        where.append(f"({_RANK}, {_URGENCY}, t.ticket_id) > (:rank, :urgency, :ticket_id)")
        values |= dict(zip(("rank", "urgency", "ticket_id"), after, strict=True))
    # The planner thinks little of an index that is in order already; words have few rows.
    index = "" if filters.text else "indexed by ix_tickets_queue "
    rows = tx.rows(
        f"select t.*, c.name as customer_name, a.name as assignee_name, "
        f"(select l.product_name {_LINES} order by l.position limit 1) as product_name, "
        f"(select count(*) {_LINES}) as product_lines, "
        f"{_RANK} as queue_rank, {_URGENCY} as queue_key from tickets t {index}"
        "cross join users c on c.user_id = t.user_id "
        "left join users a on a.user_id = t.assignee_id "
        f"where {' and '.join(where)} "
        f"order by {_RANK}, {_URGENCY}, t.ticket_id limit :limit",
        values,
    )
    return [_queue_row(row) for row in rows]


def count(tx: Tx, *, now: datetime, filters: Filters) -> int:
    """How many tickets the filters leave."""
    where, values = _where(filters, now)
    return int(tx.value(f"select count(*) from tickets t where {' and '.join(where)}", values))


def counts(tx: Tx, *, now: datetime, user_id: str) -> dict[str, int]:
    """How many running tickets each view of ``user_id`` holds.

    Views: running, mine, unassigned, overdue, waiting (for the customer), unread.
    """
    row = tx.row(
        "select count(*) as running, total(t.assignee_id = :me) as mine, "
        "total(t.assignee_id is null) as unassigned, "
        f"total({_BROKEN}) as overdue, total(t.status = 'waiting_customer') as waiting, "
        f"total({_SPOKEN}) as unread "
        f"from tickets t indexed by ix_tickets_running where {_RUNS}",
        {"now": to_text(now), "me": user_id},
    )
    return {view: int(number) for view, number in (row or {}).items()}


def tags(tx: Tx) -> list[str]:
    """The tags that newer running tickets carry, the most used first; ``MOST_TAGS`` at most."""
    rows = tx.rows(
        "select j.value as tag from tickets t, json_each(t.tags) j "
        f"where t.rowid > (select max(rowid) from tickets) - :recent and {_RUNS} "
        "and t.tags <> '[]' group by j.value order by count(*) desc, j.value limit :most",
        {"recent": RECENT, "most": MOST_TAGS},
    )
    return [row["tag"] for row in rows]


def staff(tx: Tx) -> list[User]:
    """Everybody a ticket may be given to, by name."""
    rows = tx.rows("select * from users where role in ('staff', 'admin') order by name, user_id")
    return [User.of(row) for row in rows]


def _where(filters: Filters, now: datetime) -> tuple[list[str], dict[str, Any]]:
    """The conditions and what they are bound to."""
    ranks = {_RANK_OF.get(status, -1) for status in filters.statuses} or {0, 3}
    where = [f"{_RANK} between :first_rank and :last_rank"]
    values: dict[str, Any] = {
        "now": to_text(now), "first_rank": min(ranks), "last_rank": max(ranks),
    }  # fmt: skip
    if filters.statuses:
        where.append(f"t.status in ({_marks(values, 'status', filters.statuses)})")
    for name in ("assignee_id", "priority", "issue_type", "sentiment"):
        if wanted := getattr(filters, name):
            where.append(f"t.{name} = :{name}")
            values[name] = wanted
    if filters.nobodys:
        where.append("t.assignee_id is null")
    if filters.late is not None:
        where.append(f"({_LATE})" if filters.late else f"not coalesce(({_LATE}), 0)")
    if filters.unread:
        where.append(f"{_RUNS} and {_SPOKEN}")
    if filters.since is not None:
        where.append("t.created_at > :since")
        values["since"] = to_text(filters.since)
    if filters.tag:
        # The first passes most rows over without reading the list; the second is exact.
        where += ["instr(t.tags, :quoted)", ":tag in (select value from json_each(t.tags))"]
        values |= {"quoted": dump(filters.tag), "tag": filters.tag}
    if filters.text:
        where.append(f"t.rowid in ({_FOUND})")
        values |= {
            "text": filters.text.lower(), "number": filters.text.upper(), "last": _LAST,
            "recent": RECENT, "most": MOST_BEGUN,
        }  # fmt: skip
    return where, values


def _marks(values: dict[str, Any], name: str, given: Sequence[str]) -> str:
    """Bind a list; returns its places."""
    names = [f"{name}{number}" for number in range(len(given))]
    values |= dict(zip(names, given, strict=True))
    return ", ".join(f":{one}" for one in names)


def _queue_row(row: Row) -> QueueRow:
    names = (row.pop("customer_name"), row.pop("assignee_name") or "")
    place = (row.pop("queue_rank"), row.pop("queue_key"), row["ticket_id"])
    what = (row.pop("product_name") or "", row.pop("product_lines"))
    return QueueRow(of_row(row), *names, place, *what)
