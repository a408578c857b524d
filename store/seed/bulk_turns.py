"""Makes the desk busy, for measurements: turns with their conversations, and tickets.

The rows are spread evenly over the days before a moment; the same number gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

from errors import Conflict
from store.database import Database, dump
from store.migrations import m013_dashboard
from store.models import to_text

__all__ = ["grow_turns"]

TURNS_A_TALK = 5
ROWS_A_TRANSACTION = 50_000
_SOURCES = ("chat", "chat", "chat", "api")
_INTENTS = ("delivery", "policy", "refund_status", "order_status", "cancel", "product_info")
_PROVIDERS = ("offline", "offline", "cloud")
_REASONS = ("asked", "complaint", "unanswered", "repeat")
_TYPES = ("delivery", "refund", "defect", "product", "complaint", "other")
_COLUMNS = {
    "conversations": ("conversation_id", "user_id", "title", "context", "created_at", "updated_at"),
    "turns": (
        "turn_id", "conversation_id", "status", "intent", "confidence", "tools", "guardrails",
        "provider", "model", "prompt_tokens", "completion_tokens", "cost_usd", "latency_ms",
        "created_at", "source", "first_token_ms", "fallbacks", "fallback_reason", "unanswered",
    ),
    "messages": (
        "message_id", "conversation_id", "turn_id", "role", "content", "payload", "created_at",
    ),
    "feedback": ("message_id", "user_id", "rating", "reason", "created_at"),
    "tickets": (
        "ticket_id", "user_id", "conversation_id", "issue_type", "priority", "status", "subject",
        "description", "first_response_due", "resolution_due", "first_responded_at", "resolved_at",
        "tags", "version", "created_at", "updated_at", "handoff_reason", "verdict", "verdict_at",
    ),
    "ticket_triage": (
        "ticket_id", "made_by", "model", "fields", "reply", "reply_confidence", "sources", "basis",
        "created_at", "updated_at",
    ),
}  # fmt: skip
Rows = dict[str, list[tuple[Any, ...]]]


def grow_turns(
    database: Database, *, turns: int, tickets: int, until: datetime, days: int, number: int = 1
) -> None:
    """Add ``turns`` turns, five to a conversation, and ``tickets`` tickets, half of them from a
    conversation, in the ``days`` days before ``until``. Raises Conflict without customers.
    """
    random = Random(f"{number}:turns")
    with database.read() as tx:
        found = tx.rows("select user_id from users where role = 'customer' order by user_id")
    if not found:
        raise Conflict("먼저 'python -m store seed'로 시연용 상점을 만들어 주세요.")
    users = [row["user_id"] for row in found]
    talks = -(-turns // TURNS_A_TALK)
    first, length = until - timedelta(days=days), timedelta(days=days)
    with _uncounted(database):
        _write(
            database,
            (_talk(random, users, number, n, first + length * (n / talks)) for n in range(talks)),
        )
        _write(
            database,
            (
                _ticket(random, users, number, n, first + length * (n / tickets), until, talks)
                for n in range(tickets)
            ),
        )


@contextmanager
def _uncounted(database: Database) -> Iterator[None]:
    """Without the dashboard's triggers: everything is counted once at the end."""
    with database.write(durable=False) as tx:
        for name in m013_dashboard.TRIGGERS:
            tx.execute(f"drop trigger {name}")
    yield
    with database.write(durable=False) as tx:
        m013_dashboard.fill(tx)
        m013_dashboard.count_on(tx)


def _write(database: Database, parts: Iterator[Rows]) -> None:
    """Insert the parts, some thousand rows to a transaction."""
    batch: Rows = {name: [] for name in _COLUMNS}
    for part in parts:
        for name, rows in part.items():
            batch[name] += rows
        if len(batch["turns"]) + len(batch["tickets"]) >= ROWS_A_TRANSACTION:
            _insert(database, batch)
            batch = {name: [] for name in _COLUMNS}
    _insert(database, batch)


def _insert(database: Database, rows: Rows) -> None:
    with database.write(durable=False) as tx:
        for name, values in rows.items():
            tx.insert_many(name, _COLUMNS[name], values)


def _talk(random: Random, users: Sequence[str], number: int, n: int, begun: datetime) -> Rows:
    talk, user_id, source = f"conv_busy_{number}_{n:07d}", users[n % len(users)], _SOURCES[n % 4]
    at, turns = to_text(begun), []
    for place in range(TURNS_A_TALK):
        model = random.choice(_PROVIDERS)
        slow = model != "offline"
        turns.append(
            (
                f"t_busy_{number}_{n:07d}_{place}", talk,
                "stopped" if random.random() < 0.01 else "done", random.choice(_INTENTS), 0.9,
                '["search_policies"]', '["pii_phone"]' if random.random() < 0.03 else "[]", model,
                "a-model" if slow else "template", 900 * slow, 120 * slow, 0.0004 * slow,
                random.lognormvariate(7.5 if slow else 2.7, 0.5),
                to_text(begun + timedelta(seconds=40 * place)), source, 10.0,
                int(slow and random.random() < 0.02), "", int(random.random() < 0.02),
            )
        )  # fmt: skip
    reply = f"msg_busy_{number}_{n:07d}"
    rated = [(reply, user_id, int(random.random() < 0.8), "", at)] if n % 10 == 0 else []
    return {
        "conversations": [(talk, user_id, "택배 어디쯤이에요?", "{}", at, at)],
        "turns": turns,
        "messages": [(reply, talk, turns[-1][0], "assistant", "가고 있어요.", "{}", at)],
        "feedback": rated,
    }


def _ticket(
    random: Random, users: Sequence[str], number: int, n: int, created: datetime,
    until: datetime, talks: int,
) -> Rows:  # fmt: skip
    answered = created + timedelta(hours=random.uniform(0.2, 12))
    solved = answered + timedelta(hours=random.uniform(1, 60))
    done = solved < until
    talk = f"conv_busy_{number}_{random.randrange(talks):07d}" if talks and n % 2 else None
    row = (
        f"T_busy_{number}_{n:07d}", users[n % len(users)], talk, random.choice(_TYPES),
        random.choice(("low", "normal", "normal", "high", "urgent")),
        "resolved" if done else "open", "배송이 늦어요", "주문한 지 열흘인데 아직이에요. " * 12,
        to_text(created + timedelta(hours=10)), to_text(created + timedelta(hours=60)),
        to_text(answered) if answered < until else None, to_text(solved) if done else None,
        dump([]), 3, to_text(created), to_text(min(solved, until)),
        random.choice(_REASONS) if talk else None, "solved" if done and n % 3 == 0 else None,
        to_text(solved) if done and n % 3 == 0 else None,
    )  # fmt: skip
    # A desk that is this busy has looked at its tickets: none waits for a suggestion.
    at = to_text(created)
    triage = (row[0], "classifier", "", "{}", "", 0.0, "[]", "", at, at)
    return {"tickets": [row], "ticket_triage": [] if done else [triage]}
