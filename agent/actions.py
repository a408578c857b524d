"""Pending actions: propose a change, run it once when the same customer confirms it.

The confirmation is a stored object (domain.md): running it, the change itself, its audit
events and the mark "executed" are one transaction, so a process killed in the middle has
done all of it or nothing, and a second confirmation finds the first one's result.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from agent.shop.quote import due_krw
from agent.tools.base import ToolContext, run
from agent.tools.claim_ticket import ticket_of_claim
from agent.tools.customers import Customer
from agent.turn import Proposal
from agent.types import PendingActionView
from errors import NotFound, SangdamError, Unavailable
from store import actions
from store.database import Database, Tx
from store.models import Claim, Order, PendingAction, from_text, to_text

__all__ = ["Outcome", "close", "execute", "save", "supersede", "view"]

GONE = "확인할 변경 내용을 찾을 수 없어요. 다시 말씀해 주시면 새로 준비해 드릴게요."
State = Literal["executed", "repeated", "expired", "declined", "refused", "superseded"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a confirmation; ``result`` holds the facts the reply states."""

    state: State
    action: PendingAction
    result: dict[str, Any]


def save(
    tx: Tx,
    proposal: Proposal,
    *,
    conversation_id: str,
    user_id: str,
    now: datetime,
    ttl: timedelta,
) -> PendingActionView:
    """Store a proposal as the conversation's one open question."""
    action = PendingAction(
        action_id=f"act_{secrets.token_urlsafe(12)}",
        conversation_id=conversation_id,
        user_id=user_id,
        kind=proposal.kind,
        arguments=proposal.arguments,
        summary=proposal.summary,
        preview={"rows": [list(row) for row in proposal.rows]},
        basis={"order_id": proposal.order_id, "version": proposal.version},
        status="pending",
        result={},
        created_at=to_text(now),
        expires_at=to_text(now + ttl),
    )
    actions.add(tx, action, at=now)
    return view(action)


def view(action: PendingAction) -> PendingActionView:
    """A stored proposal as it is shown."""
    rows = tuple((str(label), str(value)) for label, value in action.preview.get("rows", []))
    return PendingActionView(
        action.action_id, action.kind, action.summary, rows, action.expires_at, action.status
    )


def execute(
    database: Database, action_id: str, context: Callable[[Tx], ToolContext], *, user_id: str
) -> Outcome:
    """Run a pending action once.

    ``context`` makes the tool context for the writing transaction. Raises NotFound when the
    action is missing or somebody else's; a refusal by the shop's rules is an Outcome.
    """
    try:
        with database.write() as tx:
            tools = context(tx)
            action = actions.get(tx, action_id, user_id=user_id)
            if action is None:
                raise NotFound(GONE)
            if action.status == "executed":
                return Outcome("repeated", action, action.result)
            if action.status != "pending":
                return Outcome(_state(action.status), action, action.result)
            if tools.now >= from_text(action.expires_at):
                actions.decide(tx, action_id, status="expired", result={}, at=tools.now)
                return Outcome("expired", action, {})
            version = action.basis["version"]
            based_on = {} if version is None else {"version": version}
            done = run(tools, action.kind, **action.arguments, **based_on)
            result = _facts(done)
            if action.kind == "create_claim" and (ticket_id := ticket_of_claim(tools, done)):
                result["ticket_id"] = ticket_id
            actions.decide(tx, action_id, status="executed", result=result, at=tools.now)
            return Outcome("executed", action, result)
    except (NotFound, Unavailable):
        raise  # nothing was decided: the offer stays open
    except SangdamError as error:
        # The transaction is rolled back; only the refusal itself is written down.
        with database.write() as tx:
            now = context(tx).now
            result = {"reason": error.message, "code": error.code}
            actions.decide(tx, action_id, status="refused", result=result, at=now)
            action = actions.get(tx, action_id, user_id=user_id)
        assert action is not None
        return Outcome("refused", action, result)


def close(tx: Tx, action_id: str, *, status: str, now: datetime) -> None:
    """Close an open proposal without running it (declined)."""
    actions.decide(tx, action_id, status=status, result={}, at=now)


def supersede(tx: Tx, conversation_id: str, *, now: datetime) -> None:
    """Close the conversation's open proposal, if any: the talk has moved on."""
    open_one = actions.pending(tx, conversation_id)
    if open_one is not None:
        close(tx, open_one.action_id, status="superseded", now=now)


def _state(status: str) -> State:
    known: dict[str, State] = {
        "expired": "expired", "declined": "declined", "refused": "refused",
        "superseded": "superseded",
    }  # fmt: skip
    return known[status]


def _facts(done: Claim | Order | Customer) -> dict[str, Any]:
    """What the reply may state about a finished change."""
    if isinstance(done, Customer):
        return {"road": done.address.road, "detail": done.address.detail}
    if isinstance(done, Claim):
        return {
            "order_id": done.order_id,
            "claim_id": done.claim_id,
            "kind": done.kind,
            "status": done.status,
            "refund_krw": done.refund_krw,
            "fee_krw": done.quote.get("fee_krw", 0),
            "to_pay_krw": done.quote.get("to_pay_krw", 0),
            "difference_krw": done.quote.get("difference_krw", 0),
            "method": done.quote.get("method", ""),
            "method_label": done.quote.get("method_label", ""),
        }
    back = [row for row in done.payments if row.kind == "refund"]
    paid = [row for row in done.payments if row.kind == "payment"]
    return {
        "order_id": done.order_id,
        "road": done.road,
        "detail": done.detail,
        "due_krw": due_krw(done),
        "method_label": paid[-1].label if paid else "",
        "method_before": back[-1].label if back else "",
        "back_krw": back[-1].amount_krw if back else 0,
    }
