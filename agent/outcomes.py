"""What the desk says after a confirmation: done, done before, too late, not possible."""

from __future__ import annotations

from agent.actions import Outcome
from agent.cards import order_card
from agent.flows.cancel import propose_cancel
from agent.flows.lookup import get_or_say
from agent.shop.words import CLAIM_KIND
from agent.turn import Turn
from store.models import Order

__all__ = ["INTENT_OF", "declined", "tell"]

# The intent whose prompt file holds the replies about a kind of action.
INTENT_OF = {
    "cancel_order": "cancel",
    "request_cancel": "cancel",
    "change_address": "change_order",
    "change_option": "change_order",
    "create_claim": "return_exchange",
    "withdraw_claim": "claim_status",
}


def tell(turn: Turn, outcome: Outcome) -> None:
    """Reply to a confirmation; a repeated one gets the first one's words again."""
    action, result = outcome.action, outcome.result
    turn.fact(result)
    if outcome.state in ("executed", "repeated"):
        turn.context = turn.context.change(last_action=action.action_id, asking=None)
        name = f"done_{action.kind}"
        if action.kind == "cancel_order" and not result["refund_krw"]:
            name += "_unpaid"
        elif action.kind == "cancel_order" and result["method"] == "card":
            name += "_card"
        if action.kind == "create_claim" and result["kind"] == "exchange":
            name += "_exchange"
        days = turn.rules.refund_business_days
        turn.fact(f"{days}영업일")
        turn.say(
            name,
            title=action.summary,
            refund=result.get("refund_krw", 0),
            method=result.get("method_label", ""),
            kind=CLAIM_KIND.get(result.get("kind", ""), ""),
            fee=result.get("fee_krw", 0),
            road=result.get("road", ""),
            days=days,
        )
    elif outcome.state == "refused":
        turn.say("action_refused", reason=result["reason"])
        order = _again(turn, outcome)
        if order is not None:
            propose_cancel(turn, order)
            return
    else:
        turn.say(f"action_{outcome.state}")
    _show(turn, str(action.basis.get("order_id", "")))


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
