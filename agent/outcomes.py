"""What the desk says after a confirmation: done, done before, too late, not possible."""

from __future__ import annotations

from typing import Any

from agent.actions import Outcome
from agent.cards import order_card, ticket_card
from agent.flows.cancel import propose_cancel
from agent.flows.lookup import get_or_say
from agent.shop.quote import due_krw
from agent.shop.words import CLAIM_KIND
from agent.turn import Turn
from store.models import Order, PendingAction

__all__ = ["INTENT_OF", "declined", "tell"]

# The intent whose prompt file holds the replies about a kind of action.
INTENT_OF = {
    "cancel_order": "cancel",
    "request_cancel": "cancel",
    "change_address": "change_order",
    "change_options": "change_order",
    "change_payment": "change_order",
    "create_claim": "return_exchange",
    "withdraw_claim": "claim_status",
    "change_customer_address": "account",
}


def tell(turn: Turn, outcome: Outcome) -> None:
    """Reply to a confirmation; a repeated one gets the first one's words again."""
    action, result = outcome.action, outcome.result
    turn.fact(result)
    if outcome.state in ("executed", "repeated"):
        turn.context = turn.context.change(last_action=action.action_id, asking=None)
        name = _done(action, result)
        days = turn.rules.refund_business_days
        turn.fact(f"{days}영업일")
        turn.say(
            name,
            title=action.summary,
            refund=result.get("refund_krw", 0),
            method=result.get("method_label", ""),
            kind=CLAIM_KIND.get(result.get("kind", ""), ""),
            fee=result.get("fee_krw", 0),
            to_pay=result.get("to_pay_krw", 0),
            road=result.get("road", ""),
            was=result.get("method_before", ""),
            back=result.get("back_krw", 0),
            due=_due(turn, name, result),
            days=days,
        )
        _tell_ticket(turn, str(result.get("ticket_id", "")))
    elif outcome.state == "refused":
        turn.say("action_refused", reason=result["reason"])
        order = _again(turn, outcome)
        if order is not None:
            propose_cancel(turn, order, pieces=action.arguments.get("lines") or ())
            return
    else:
        turn.say(f"action_{outcome.state}")
    _show(turn, str(action.basis.get("order_id", "")))


def _done(action: PendingAction, result: dict[str, Any]) -> str:
    """The name of the reply to a change that is made."""
    name = f"done_{action.kind}"
    if action.kind == "cancel_order":
        if result["method"] and not result["refund_krw"]:
            return f"{name}_nothing_back"
        name += "_part" if action.arguments.get("lines") else ""
        return name + {"": "_unpaid", "card": "_card"}.get(result["method"], "")
    if action.kind == "create_claim" and result["kind"] == "exchange":
        return f"{name}_exchange_to_pay" if result["to_pay_krw"] else f"{name}_exchange"
    if action.kind == "create_claim" and not result["refund_krw"]:
        return f"{name}_nothing_back"
    return name


def _tell_ticket(turn: Turn, ticket_id: str) -> None:
    """The ticket that a change opened, where it did."""
    if ticket_id:
        turn.say("photo_ticket", ticket=ticket_id)
        turn.show(ticket_card(turn.call("get_ticket", ticket_id=ticket_id)))


def _due(turn: Turn, name: str, result: dict[str, Any]) -> int:
    """What an order still costs, where the reply says so (KRW)."""
    if name != "done_cancel_order_part_unpaid":
        return 0
    order: Order = turn.call("get_order", order_id=result["order_id"])
    return int(turn.fact(due_krw(order)))


def _again(turn: Turn, outcome: Outcome) -> Order | None:
    """The order to offer the cancelling of once more, as it is now (domain.md)."""
    changed = outcome.result["code"] == "state_changed"
    if not changed or outcome.action.kind not in ("cancel_order", "request_cancel"):
        return None
    return get_or_say(turn, str(outcome.action.basis["order_id"]))


def declined(turn: Turn) -> None:
    """The customer said no: nothing happened."""
    turn.say("action_declined")


def _show(turn: Turn, order_id: str) -> None:
    order: Order | None = get_or_say(turn, order_id) if order_id else None
    if order is not None:
        turn.show(order_card(turn, order))
