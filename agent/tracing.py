"""What a turn's trace tells of its beginning and its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agent.guardrails import InputCheck
from agent.turn import Turn
from store import traces
from store.database import Tx
from store.models import PendingAction

if TYPE_CHECKING:
    from agent.desk import State

__all__ = ["begun", "keep", "worded"]


def begun(
    state: State, checked: InputCheck, *, confirm: str | None, pending: PendingAction | None
) -> None:
    """Note the message, what the guard made of it, and the chat as it was before.

    ``pending`` is the proposal that was open.
    """
    if not state.trace.on:
        return
    chat = state.conversation
    state.spend = replace(state.spend, exchanges=state.trace.exchanges)
    state.trace.note(
        "input", text=checked.text, wish=checked.wish, action=checked.action,
        reason=checked.reason, flags=checked.flags, images=len(state.images), confirm=confirm,
    )  # fmt: skip
    state.trace.before = {
        "context": state.context.dump(),
        "pending": pending and pending.action_id,
        "answerer": chat.answerer,
        "fresh_from": chat.fresh_from,
    }


def worded(state: State, turn: Turn, text: str, provider: str, model: str) -> None:
    """Note what the flow decided and how the draft became the reply."""
    draft = turn.draft
    state.trace.note("flow", intent=turn.intent, errand=turn.understood.errand, asking=draft.asking)
    state.trace.note(
        "reply", draft=draft.text, final=text, provider=provider, model=model,
        prompt=state.prompt, proposal=draft.proposal, unanswered=draft.unanswered,
        flags=tuple(dict.fromkeys(state.flags)),
    )  # fmt: skip


def keep(tx: Tx, state: State, trace: str | None) -> None:
    """Store a trace (:meth:`Trace.dump`) with its turn; None keeps nothing."""
    if trace is not None:
        traces.save(tx, state.turn_id, state.conversation.conversation_id, trace, at=state.now)
