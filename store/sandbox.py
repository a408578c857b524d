"""A database in which a past turn can be played again: it sees the shop, it changes nothing.

The file is opened read-only. Every table that a turn may write is hidden by a temporary one of
the same shape, filled with the rows the turn may touch: SQLite looks a plain name up among the
temporary tables first. A write to any other table fails ("readonly database"), so that nothing
can be changed by construction, not by care. Queries over everybody's orders name ``main.``.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from store.database import BUSY_TIMEOUT_S, Database, Tx

__all__ = ["Before", "Sandbox", "Scope", "rewind"]

_MINE = "user_id = :user_id"
_MY_ORDERS = f"order_id in (select order_id from main.orders where {_MINE})"
_MY_CLAIMS = f"claim_id in (select claim_id from main.claims where {_MINE})"
_MY_TICKETS = f"ticket_id in (select ticket_id from main.tickets where {_MINE})"
_MY_CHATS = (
    "conversation_id = :conversation_id or conversation_id in "
    f"(select conversation_id from main.conversations where {_MINE})"
)
_THIS_CHAT = "conversation_id = :conversation_id"
_CHATS_TICKETS = f"ticket_id in (select ticket_id from main.tickets where {_THIS_CHAT})"
_NOTHING, _ALL = "0", "1"
# What a customer's turn may write → which rows of it it may look at. What only grows starts
# empty: a turn reads none of it.
_OF_CUSTOMER = {
    "conversations": _MY_CHATS,
    "messages": _MY_CHATS,
    "turns": _THIS_CHAT,
    "turn_traces": _NOTHING,
    "pending_actions": _THIS_CHAT,
    "attachments": f"{_MINE} or {_THIS_CHAT}",
    "photo_reports": _MINE,
    "tickets": _MINE,
    "ticket_events": _MY_TICKETS,
    "ticket_triage": _MY_TICKETS,
    "audit_events": _NOTHING,
    "unanswered": _NOTHING,
    "unsure_questions": _NOTHING,
    "users": f"{_MINE} or role <> 'customer'",
    "payment_methods": _MINE,
    "orders": _MINE,
    "order_lines": _MY_ORDERS,
    "payments": _MY_ORDERS,
    "shipments": _MY_ORDERS,
    "claims": _MINE,
    "claim_lines": _MY_CLAIMS,
    "product_options": _ALL,
}
# A guest proves an order by its number and e-mail, whoever's it is; all a guest can write is
# words and a ticket, and of tickets a turn of theirs reads only its own chat's.
_OF_GUEST = {
    name: _OF_CUSTOMER[name]
    for name in ("conversations", "messages", "turns", "turn_traces", "pending_actions",
                 "attachments", "audit_events", "unanswered", "unsure_questions")
} | {
    "tickets": _THIS_CHAT, "ticket_events": _CHATS_TICKETS, "ticket_triage": _CHATS_TICKETS,
}  # fmt: skip
# Staff see everybody's orders. Where these are too many to be copied they are looked at in place,
# and a turn that writes one is stopped.
_EVERYBODYS = (
    "orders", "order_lines", "payments", "shipments", "claims", "claim_lines", "users",
    "payment_methods",
)  # fmt: skip
_OF_STAFF = _OF_CUSTOMER | dict.fromkeys(_EVERYBODYS, _ALL)
MOST_COPIED = 20_000  # rows of such a table (0.3 s)
_HEAD = re.compile(r"create\s+(table|(?:unique\s+)?index)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose turn is played, in which chat. ``user_id`` None is a guest."""

    conversation_id: str
    user_id: str | None = None
    staff: bool = False

    @property
    def shadows(self) -> dict[str, str]:
        """Table → the condition of the rows that are copied."""
        if self.staff:
            return _OF_STAFF
        return _OF_CUSTOMER if self.user_id is not None else _OF_GUEST


@dataclass(frozen=True, slots=True)
class Before:
    """A chat as it was before a turn: up to which message, what it remembered, what it asked."""

    at: str
    message_seq: int
    context: str  # JSON
    pending: str | None = None
    answerer: str = "agent"
    fresh_from: int = 0
    guest_hash: str | None = None


class Sandbox(Database):
    """:class:`Database`'s interface over one read-only connection of one thread.

    A context manager; everything in it is one snapshot, and gone when it is closed. Raises
    sqlite3.OperationalError for a write to a table that is not hidden.
    """

    def __init__(self, path: Path, scope: Scope) -> None:
        super().__init__(path)
        self._connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
        )  # fmt: skip
        try:
            self._connection.execute("pragma temp_store = memory")
            self._connection.execute("begin")
            for table, where in scope.shadows.items():
                if not (scope.staff and table in _EVERYBODYS and self._is_large(table)):
                    self._hide(table, where, scope)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A unit of work that looks at the shop as the turn has left it so far."""
        yield Tx(self._connection, writable=False)

    @contextmanager
    def write(self, *, durable: bool = True, wait_s: float = BUSY_TIMEOUT_S) -> Iterator[Tx]:
        """A transaction inside the sandbox: whole or not at all, and never beyond it."""
        self._connection.execute("savepoint turn")
        try:
            yield Tx(self._connection, writable=True)
        except BaseException:
            self._connection.execute("rollback to turn")
            self._connection.execute("release turn")
            raise
        self._connection.execute("release turn")

    def prepare(self) -> None:
        """Raises TypeError: a sandbox is no place for migrations."""
        raise TypeError("a sandbox cannot be prepared")

    def _is_large(self, table: str) -> bool:
        found = self._connection.execute(
            f'select count(*) from (select 1 from main."{table}" limit ?)', (MOST_COPIED + 1,)
        )
        return bool(found.fetchone()[0] > MOST_COPIED)

    def _hide(self, table: str, where: str, scope: Scope) -> None:
        """Put a temporary table with the same columns, rows and indexes before ``table``."""
        tx = Tx(self._connection, writable=False)
        schema = tx.rows(
            "select type, name, sql from main.sqlite_master "
            "where tbl_name = ? and type in ('table', 'index') and sql is not null "
            "order by type desc",
            (table,),
        )
        for row in schema:
            self._connection.execute(_as_temporary(row["type"], row["name"], row["sql"]))
        columns = ", ".join(
            f'"{row["name"]}"'
            for row in tx.rows(f"pragma main.table_xinfo('{table}')")
            if not row["hidden"]  # generated ones fill themselves
        )
        self._connection.execute(
            f'insert into temp."{table}" ({columns}) '
            f'select {columns} from main."{table}" where {where} order by rowid',
            {"user_id": scope.user_id, "conversation_id": scope.conversation_id},
        )


def _as_temporary(kind: str, name: str, sql: str) -> str:
    """A table's or index's own statement, made to create it among the temporary ones."""
    head = _HEAD.match(sql)
    assert head is not None, sql
    if kind == "table":
        return f'create temp table "{name}" {sql[sql.index("(") :]}'
    return f"{head[0]}temp.{sql[head.end() :]}"


def rewind(tx: Tx, scope: Scope, before: Before) -> None:
    """Put the chat back to where it was before a turn; orders and claims stay as they are now.

    Tickets that the chat opened since are taken away with their history.
    """
    chat = {"id": scope.conversation_id, "at": before.at, "seq": before.message_seq}
    tx.execute("delete from messages where conversation_id = :id and message_seq > :seq", chat)
    tx.execute("delete from turns where conversation_id = :id and created_at >= :at", chat)
    if scope.user_id is not None:  # a photo that the turn looked at is looked at anew
        tx.execute(
            "delete from photo_reports where conversation_id = :id and created_at >= :at", chat
        )
    tx.execute(
        "delete from ticket_events where ticket_id in (select ticket_id from tickets "
        "where conversation_id = :id and created_at >= :at)", chat,
    )  # fmt: skip
    tx.execute("delete from tickets where conversation_id = :id and created_at >= :at", chat)
    tx.execute(
        "delete from pending_actions where conversation_id = :id and created_at >= :at "
        "and action_id is not :pending", {**chat, "pending": before.pending},
    )  # fmt: skip
    tx.execute(
        "update pending_actions set status = 'superseded' "
        "where conversation_id = :id and status = 'pending'", chat,
    )  # fmt: skip
    tx.execute(
        "update pending_actions set status = 'pending', decided_at = null, result = '{}' "
        "where conversation_id = :id and action_id = :pending",
        {**chat, "pending": before.pending},
    )
    tx.execute(
        "update conversations set context = :context, context_at = :at, answerer = :answerer, "
        "fresh_from = :fresh, guest_hash = coalesce(:guest, guest_hash), "
        "summary = case when summary_upto <= :seq then summary end, "
        "summary_upto = case when summary_upto <= :seq then summary_upto end "
        "where conversation_id = :id",
        {**chat, "context": before.context, "answerer": before.answerer,
         "fresh": before.fresh_from, "guest": before.guest_hash},
    )  # fmt: skip
