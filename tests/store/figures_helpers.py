"""A hand-made desk: conversations, tickets, opinions and claims at times one can count by."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from store import conversations, tickets
from store.database import Tx, dump
from store.figures import Span
from store.figures.types import SEOUL
from store.models import StoredMessage, Ticket, to_text

__all__ = ["Book", "at", "span", "week"]

OPENS, CLOSES = 9 * 3600, 18 * 3600


def at(day: int, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    """A wall-clock time in Seoul in November 2026; the 16th is a Monday."""
    return datetime(2026, 11, day, hour, minute, second, tzinfo=SEOUL)


def week() -> str:
    """The desk's calendar of the 1st to the 30th: 9 to 18 on weekdays."""
    rows, before = [], 0
    for day in range(1, 31):
        open_ = at(day).weekday() < 5
        rows.append([f"2026-11-{day:02d}", before, OPENS if open_ else 0, CLOSES if open_ else 0])
        before += CLOSES - OPENS if open_ else 0
    return json.dumps(rows)


def span(first: int, last: int, *, source: str = "", now: datetime | None = None) -> Span:
    """The days ``first`` to ``last`` of November 2026, both whole."""
    until = at(last, 0) + timedelta(days=1)
    return Span(at(first, 0), until, now or until, source, week())


@dataclass
class Book:
    """Writes what happened; every id counts up."""

    tx: Tx
    count: int = 0
    turns: dict[str, str] = field(default_factory=dict)

    def talk(
        self, when: datetime, *turns: dict[str, Any], user: str | None = "minji",
        source: str | None = "chat",
    ) -> str:  # fmt: skip
        """A conversation with a turn a minute; each may set columns of ``turns``."""
        self.count += 1
        talk = f"c{self.count}"
        conversations.create(
            self.tx, conversation_id=talk, user_id=user, at=when,
            guest_hash=None if user else "guest",
        )  # fmt: skip
        for number, turn in enumerate(turns or ({},)):
            self.turn(talk, when + timedelta(minutes=number), **{"source": source, **turn})
        return talk

    def turn(self, talk: str, when: datetime, **columns: Any) -> str:
        """A turn with question and answer; returns the answer's id."""
        self.count += 1
        turn, reply = f"t{self.count}", f"m{self.count}"
        for role, key in (("user", f"q{self.count}"), ("assistant", reply)):
            conversations.add_message(
                self.tx,
                StoredMessage(key, talk, turn, role, f"{role} {turn}", {}, to_text(when)),
            )
        conversations.add_turn(self.tx, {
            "turn_id": turn, "conversation_id": talk, "status": "done", "intent": "policy",
            "guardrails": [], "provider": "offline", "cost_usd": 0.0, "latency_ms": 20.0,
            "source": "chat", "created_at": to_text(when), **columns,
        })  # fmt: skip
        self.turns[talk] = reply
        return reply

    def rate(
        self, talk: str, rating: int, when: datetime, *, reason: str = "", reply: str = ""
    ) -> None:
        """A thumb on a conversation's last reply, or on ``reply``."""
        conversations.set_feedback(
            self.tx, reply or self.turns[talk], user_id=None, rating=rating, reason=reason, at=when
        )

    def act(self, talk: str, when: datetime, *, status: str = "executed") -> None:
        """Something the desk proposed in a conversation of minji's, and what became of it."""
        self.count += 1
        self.tx.insert("pending_actions", {
            "action_id": f"a{self.count}", "conversation_id": talk, "user_id": "minji",
            "kind": "cancel_order", "arguments": "{}", "summary": "", "basis": "{}",
            "status": "pending", "created_at": to_text(when), "expires_at": to_text(when),
        })  # fmt: skip
        self.tx.update("pending_actions", {"action_id": f"a{self.count}"}, {"status": status})

    def ticket(self, created: datetime, **columns: Any) -> str:
        """A ticket of minji's; times may be given as datetimes."""
        self.count += 1
        ticket_id = f"T{self.count}"
        values: dict[str, Any] = {
            "ticket_id": ticket_id, "user_id": "minji", "order_id": None, "claim_id": None,
            "conversation_id": None, "issue_type": "delivery", "priority": "normal",
            "status": "open", "subject": "제목", "description": "", "assignee_id": None,
            "resolution": "", "first_response_due": None, "resolution_due": None,
            "first_responded_at": None, "resolved_at": None, "tags": (), "version": 1,
            "created_at": created, "updated_at": created, **columns,
        }  # fmt: skip
        texts = {k: to_text(v) if isinstance(v, datetime) else v for k, v in values.items()}
        tickets.add(self.tx, Ticket(**texts))
        return ticket_id

    def claim(self, when: datetime, lines: tuple[tuple[str, int, int], ...], **columns: Any) -> str:
        """A claim of minji's on lines given as (product's name, unit price, quantity)."""
        self.count += 1
        claim_id, order_id = f"C{self.count}", f"20261101-9{self.count:06d}"
        moment = to_text(when)
        self.tx.insert("orders", {
            "order_id": order_id, "user_id": "minji", "status": "delivered", "items_krw": 0,
            "created_at": moment, "total_krw": 0, "version": 1,
        })  # fmt: skip
        self.tx.insert("claims", {
            "claim_id": claim_id, "order_id": order_id, "user_id": "minji", "kind": "return",
            "reason_code": "defect", "fault": "seller", "status": "completed", "photos": dump([]),
            "quote": "{}", "refund_krw": 0, "created_at": moment, "version": 1, **columns,
        })  # fmt: skip
        for place, (product, price, quantity) in enumerate(lines, 1):
            line_id = f"{order_id}-{place}"
            self.tx.insert("order_lines", {
                "line_id": line_id, "order_id": order_id, "position": place, "product_id": "P1",
                "sku": "P1-A", "product_name": product, "quantity": quantity,
                "unit_price_krw": price,
            })  # fmt: skip
            self.tx.insert(
                "claim_lines", {"claim_id": claim_id, "line_id": line_id, "quantity": quantity}
            )
        return claim_id
