"""Refunds: to which method, until when, with how much interest if late (domain.md, Claims)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from agent.shop.calendar import add_business_days, day_of
from agent.shop.claims import DEAD_STATUSES
from agent.shop.rules import Rules
from store.models import Claim, Order, Payment, from_text

__all__ = ["RefundState", "due_day", "interest_krw", "late_interest_krw", "shares", "states"]


@dataclass(frozen=True, slots=True)
class RefundState:
    """Where one claim's money stands.

    ``status``: waiting (for approval or the goods), due (to be paid until ``due``) or paid
    (on ``paid_on``; a card shows it until ``card_until``). ``interest_krw`` is what being late
    adds: already paid, or as of today.
    """

    claim_id: str
    kind: str
    status: Literal["waiting", "due", "paid"]
    amount_krw: int
    method: str
    method_label: str
    due: date | None = None
    paid_on: date | None = None
    card_until: date | None = None
    interest_krw: int = 0


def shares(
    payments: Iterable[Payment], amount_krw: int, *, first: str | None = None
) -> list[Payment]:
    """``amount_krw`` split over what was really paid: the method ``first``, then the latest.

    Returns the paying rows with the share each gets back; what a method has already got back
    does not count. Raises ValueError when more is asked for than was paid.
    """
    rows = list(payments)
    back: dict[tuple[str | None, str, str], int] = {}
    for row in rows:
        if row.kind == "refund":
            back[_method(row)] = back.get(_method(row), 0) + row.amount_krw
    left: list[Payment] = []
    for row in rows:  # what came back is taken from the oldest payment of its method
        if row.kind == "payment":
            used = min(row.amount_krw, back.get(_method(row), 0))
            back[_method(row)] = back.get(_method(row), 0) - used
            left.append(replace(row, amount_krw=row.amount_krw - used))
    left.reverse()
    found = []
    for row in sorted(left, key=lambda row: first is None or row.method_id != first):
        share = min(row.amount_krw, amount_krw)
        if share:
            found.append(replace(row, amount_krw=share))
            amount_krw -= share
    if amount_krw:
        raise ValueError(f"{amount_krw} KRW more than was paid")
    return found


def _method(row: Payment) -> tuple[str | None, str, str]:
    return row.method_id, row.method, row.label


def due_day(claim: Claim, rules: Rules) -> date | None:
    """The last day to pay a refund: business days after the goods came back (제18조 2항).

    For a cancellation the day it was decided; None while goods are on their way.
    """
    if claim.kind == "cancel":
        return day_of(from_text(claim.updated_at)) if claim.status == "approved" else None
    if claim.collected_at is None:
        return None
    received = day_of(from_text(claim.collected_at))
    return add_business_days(received, rules.refund_business_days)


def interest_krw(amount_krw: int, *, due: date, paid_on: date, rules: Rules) -> int:
    """Interest on a refund paid after ``due`` (시행령 제21조의3): simple, by days of 365."""
    late = max(0, (paid_on - due).days)
    return amount_krw * rules.late_refund_rate_percent * late // 36500


def late_interest_krw(claim: Claim, *, today: date, rules: Rules) -> int:
    """What paying a claim's refund ``today`` adds for being late (KRW); 0 before it is due."""
    due = due_day(claim, rules)
    if due is None:
        return 0
    return interest_krw(claim.refund_krw, due=due, paid_on=today, rules=rules)


def states(order: Order, *, now: datetime, rules: Rules) -> list[RefundState]:
    """The refunds of an order read whole, oldest claim first."""
    asked = [c for c in order.claims if c.refund_krw > 0 and c.status not in DEAD_STATUSES]
    return [_state(claim, order.payments, now, rules) for claim in asked]


def _state(claim: Claim, ledger: Sequence[Payment], now: datetime, rules: Rules) -> RefundState:
    rows = [p for p in ledger if p.claim_id == claim.claim_id]
    refunds = [p for p in rows if p.kind == "refund"]
    if refunds:
        first = refunds[0]
        paid_on = day_of(from_text(first.created_at))
        until = add_business_days(paid_on, rules.card_refund_max_business_days)
        return RefundState(
            claim.claim_id, claim.kind, "paid", sum(p.amount_krw for p in refunds), first.method,
            ", ".join(dict.fromkeys(p.label for p in refunds)), due_day(claim, rules), paid_on,
            until if any(p.method == "card" for p in refunds) else None,
            sum(p.amount_krw for p in rows if p.kind == "interest"),
        )  # fmt: skip
    due = due_day(claim, rules)
    interest = late_interest_krw(claim, today=day_of(now), rules=rules)
    return RefundState(
        claim.claim_id, claim.kind, "waiting" if due is None else "due", claim.refund_krw,
        claim.quote.get("method", ""), claim.quote.get("method_label", ""), due,
        interest_krw=interest,
    )  # fmt: skip
