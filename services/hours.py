"""When a person of the desk is there, for whoever thinks of asking one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from agent.shop.calendar import day_of, desk_opens, is_business_day, is_open
from agent.shop.tickets import due_times

if TYPE_CHECKING:
    from agent.shop.rules import Rules

__all__ = ["DeskHours", "desk_hours"]

SATURDAY = 5  # date.weekday()


@dataclass(frozen=True, slots=True)
class DeskHours:
    """The desk at one moment, ``now``.

    ``open``: somebody is there now; ``opens_at`` is when somebody is there next (now while it
    is open); ``first`` and ``last`` are its hours (0 to 24, Seoul); ``answer_by`` is when an
    ordinary matter told now has its first answer at the latest; ``holiday``: this weekday is a
    public holiday, when nobody is there.
    """

    now: datetime
    open: bool
    opens_at: datetime
    first: int
    last: int
    answer_by: datetime
    holiday: bool = False


def desk_hours(rules: Rules, now: datetime) -> DeskHours:
    """The desk at ``now`` (aware): Monday to Friday, no public holidays (domain.md)."""
    today = day_of(now)
    return DeskHours(
        now, is_open(now, rules), desk_opens(now, rules), rules.business_hours_start,
        rules.business_hours_end, due_times("normal", now, rules)[0],
        today.weekday() < SATURDAY and not is_business_day(today),
    )  # fmt: skip
