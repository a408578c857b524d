"""Tickets: which state follows which, the two SLA clocks, and what a save does to them.

Pure: nothing here reads or writes. The functions that prepare a save return the columns of
``tickets`` to set; times in them are the store's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.shop.calendar import (
    add_business_hours,
    add_business_time,
    business_minutes_between,
    business_time_between,
)
from agent.shop.rules import Rules
from agent.shop.words import TICKET_STATUS
from errors import NotAllowedNow
from store.models import Ticket, from_text, to_text

__all__ = [
    "NEXT",
    "RUNNING",
    "Clock",
    "Sla",
    "check_transition",
    "due_times",
    "is_silent",
    "moved",
    "reopened_status",
    "reprioritised",
    "responded",
    "sla",
]

# Answering or resolving an open ticket takes it on the way, so both follow ``open`` as well.
NEXT: Mapping[str, tuple[str, ...]] = {
    "open": ("in_progress", "waiting_customer", "resolved"),
    "in_progress": ("waiting_customer", "resolved"),
    "waiting_customer": ("in_progress", "resolved"),
    "resolved": ("open", "in_progress", "closed"),
    "closed": (),
}
RUNNING = ("open", "in_progress", "waiting_customer")
CLOSED = "이미 종료된 문의예요. 이어서 도움이 필요하면 새 문의를 남겨 주세요."


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise. ``remaining_minutes`` counts desk time and is negative once it is over.

    None remains when it was met, or when nothing was promised (``due`` is None then).
    ``paused``: it stands still while the customer is asked something.
    """

    due: datetime | None
    met_at: datetime | None
    breached: bool
    remaining_minutes: int | None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Sla:
    """Both promises of a ticket at one moment."""

    first_response: Clock
    resolution: Clock

    @property
    def breached(self) -> bool:
        """Whether a promise that still runs is broken."""
        return any(c.breached and c.met_at is None for c in (self.first_response, self.resolution))


def check_transition(status: str, to: str) -> None:
    """Raises NotAllowedNow naming the states that may follow."""
    following = NEXT[status]
    if to in following:
        return
    if status == "closed":
        raise NotAllowedNow(CLOSED, allowed=("create_ticket",), code="ticket_closed")
    possible = ", ".join(TICKET_STATUS[state] for state in following)
    raise NotAllowedNow(
        f"'{TICKET_STATUS[status]}' 상태의 문의는 '{TICKET_STATUS[to]}' 상태로 바꿀 수 없어요. "
        f"가능한 다음 상태: {possible}",
        allowed=following,
        code="transition_not_allowed",
    )


def due_times(priority: str, created: datetime, rules: Rules) -> tuple[datetime, datetime]:
    """(first answer due, resolution due): domain.md's SLA in desk hours."""
    first, solved = (
        add_business_hours(
            created, getattr(rules, f"sla_{what}_{priority}_hours"),
            start=rules.business_hours_start, end=rules.business_hours_end,
        )
        for what in ("first_response", "resolution")
    )  # fmt: skip
    return first, solved


def sla(ticket: Ticket, now: datetime, rules: Rules) -> Sla:
    """Where both clocks stand at ``now``."""
    answered, solved = _moment(ticket.first_responded_at), _moment(ticket.resolved_at)
    waiting = _moment(ticket.waiting_since)
    return Sla(
        _clock(ticket.first_response_due, answered, now, rules),
        _clock(ticket.resolution_due, solved, waiting or now, rules, paused=waiting is not None),
    )


def moved(ticket: Ticket, to: str, now: datetime, rules: Rules) -> dict[str, Any]:
    """What changes with a new state, its clocks included. Raises NotAllowedNow."""
    check_transition(ticket.status, to)
    changes: dict[str, Any] = {"status": to}
    if ticket.waiting_since is not None:
        changes |= _resumed(ticket, now, rules)
    if to == "waiting_customer":
        changes["waiting_since"] = to_text(now)
    elif to == "resolved":
        changes["resolved_at"] = to_text(now)
    elif to == "closed":
        changes["closed_at"] = to_text(now)
    elif ticket.status == "resolved":
        due = due_times(ticket.priority, now, rules)[1]
        changes |= {
            "resolved_at": None, "resolution": "", "waited_s": 0,
            "verdict": None, "verdict_at": None, "reopens": ticket.reopens + 1,
            "resolution_from": to_text(now), "resolution_due": to_text(due),
        }  # fmt: skip
    return changes


def responded(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """What a public answer of the staff changes: only the first one meets the promise."""
    return {} if ticket.first_responded_at else {"first_responded_at": to_text(now)}


def reprioritised(ticket: Ticket, priority: str, rules: Rules) -> dict[str, Any]:
    """Both due times as if the ticket had had ``priority`` from the start of each clock."""
    first, solved = due_times(priority, from_text(ticket.created_at), rules)
    if ticket.resolution_from is not None:
        solved = due_times(priority, from_text(ticket.resolution_from), rules)[1]
    solved = _later(solved, timedelta(seconds=ticket.waited_s), rules)
    return {
        "priority": priority,
        "first_response_due": to_text(first),
        "resolution_due": to_text(solved),
    }


def reopened_status(ticket: Ticket) -> str:
    """The state a resolved ticket goes back to."""
    return "in_progress" if ticket.assignee_id else "open"


def is_silent(heard: datetime, now: datetime, rules: Rules) -> bool:
    """Whether nothing has been ``heard`` for so long that a resolved ticket closes."""
    return now - heard >= timedelta(days=rules.ticket_auto_close_days)


def _clock(
    due_text: str | None, met: datetime | None, now: datetime, rules: Rules, *, paused: bool = False
) -> Clock:
    due = _moment(due_text)
    if due is None:
        return Clock(None, met, False, None)
    remaining = None
    if met is None:
        remaining = business_minutes_between(
            now, due, start=rules.business_hours_start, end=rules.business_hours_end
        )
    return Clock(due, met, (met or now) > due, remaining, paused and met is None)


def _resumed(ticket: Ticket, now: datetime, rules: Rules) -> dict[str, Any]:
    """The resolution clock runs on: what the customer took is added to its due time."""
    assert ticket.waiting_since is not None
    waited = business_time_between(
        from_text(ticket.waiting_since), now,
        start=rules.business_hours_start, end=rules.business_hours_end,
    )  # fmt: skip
    changes: dict[str, Any] = {
        "waiting_since": None,
        "waited_s": ticket.waited_s + int(waited.total_seconds()),
    }
    if ticket.resolution_due:
        due = _later(from_text(ticket.resolution_due), waited, rules)
        changes["resolution_due"] = to_text(due)
    return changes


def _later(due: datetime, by: timedelta, rules: Rules) -> datetime:
    if not by:
        return due
    return add_business_time(
        due, by, start=rules.business_hours_start, end=rules.business_hours_end
    )


def _moment(text: str | None) -> datetime | None:
    return from_text(text) if text else None
