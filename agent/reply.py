"""The end of a turn: word the reply, hold it against the evidence, store all of it."""

from __future__ import annotations

import logging
import secrets
from dataclasses import asdict, replace
from datetime import timedelta
from time import perf_counter
from typing import Any

from agent import actions
from agent.desk import Desk, State
from agent.flows import FLOWS
from agent.guardrails import Evidence, added_by_wording, check_output, mask_pii, plain_text
from agent.guardrails.facts import KST
from agent.llm import Phrasing
from agent.memory import Context
from agent.turn import Turn
from agent.types import Message, PendingActionView, TokenUsage
from store import conversations as stored
from store import unanswered
from store.models import StoredMessage, to_text

__all__ = ["compose", "store_reply", "store_stopped"]

log = logging.getLogger("sangdam.turn")
STOPPED = "답변을 멈췄어요. 이어서 궁금한 점을 적어 주세요."


def compose(desk: Desk, state: State, turn: Turn) -> tuple[str, Phrasing | None]:
    """The reply's text: a model's phrasing where one is configured and stays grounded."""
    text = plain_text(turn.draft.text)  # quotes of clauses and products carry no markup
    known = (*turn.evidence, *turn.draft.citations, {"customer": state.caller.name})
    evidence = Evidence.collect(known, message=turn.text, today=state.now.astimezone(KST).date())
    if desk.llm is not None and not state.refused:
        instruction = desk.prompts.instruction(turn.intent)
        phrasing = desk.llm.phrase(instruction, turn.text, text)
        if phrasing is None:
            state.flags.append("model_unavailable")
        elif added := added_by_wording(phrasing.text, text, instruction=instruction):
            log.warning("turn %s: the model added %s", state.turn_id, ", ".join(added))
            state.flags.append("ungrounded_model_reply")
        elif _grounded(phrasing.text, evidence, turn):
            return phrasing.text, phrasing
        else:
            state.flags.append("ungrounded_model_reply")
    if text and not _grounded(text, evidence, turn):
        log.error("ungrounded reply for intent %s in turn %s", turn.intent, state.turn_id)
        state.flags.append("ungrounded_reply")
        text = desk.prompts.reply(turn.intent, "cannot_say")
    return text, None


def _grounded(text: str, evidence: Evidence, turn: Turn) -> bool:
    cited = [citation.chunk_id for citation in turn.draft.citations]
    return check_output(text, evidence, citations=cited, retrieved=turn.retrieved).ok


def store_reply(
    desk: Desk, state: State, turn: Turn, text: str, phrasing: Phrasing | None
) -> tuple[Message, PendingActionView | None]:
    """Write reply, proposal, memory and turn in one transaction."""
    draft, session_id = turn.draft, state.conversation.conversation_id
    usage = phrasing.usage if phrasing else TokenUsage()
    with desk.database.write(durable=draft.proposal is not None) as tx:
        pending = None
        if draft.asking is not None or draft.ticket_id is not None:
            # A new question replaces the old offer: a later "네" must not run that one.
            actions.supersede(tx, session_id, now=state.now)
        if draft.proposal is not None:
            assert state.caller.user_id is not None, "only an account gets a proposal"
            pending = actions.save(
                tx, draft.proposal, conversation_id=session_id, user_id=state.caller.user_id,
                now=state.now, ttl=timedelta(minutes=desk.rules.confirmation_ttl_minutes),
            )  # fmt: skip
        message = Message(
            session_id, f"m_{secrets.token_urlsafe(12)}", text, to_text(state.now), turn.intent,
            round(turn.understood.confidence, 4), tuple(draft.citations), tuple(draft.cards),
            pending, tuple(dict.fromkeys(turn.tools.used)), draft.ticket_id is not None,
            draft.ticket_id, tuple(dict.fromkeys(state.flags)),
            phrasing.provider if phrasing else "offline",
            phrasing.model if phrasing else "template", usage,
            round((perf_counter() - state.started) * 1000, 1),
        )  # fmt: skip
        stored.add_message(
            tx,
            StoredMessage(
                message.message_id, session_id, state.turn_id, "assistant", text,
                message.as_json(), message.created_at,
            ),
        )  # fmt: skip
        stored.remember(
            tx,
            session_id,
            context=_remember(turn, pending).dump(),
            title=_title(state),
            at=state.now,
        )
        stored.add_turn(tx, _turn_row(state, message, usage))
        if draft.unanswered:
            question = mask_pii(turn.text, for_cloud=True).text
            unanswered.note(tx, question, intent=turn.intent, nearest=draft.nearest, at=state.now)
    state.answered = True
    return message, pending


def store_stopped(desk: Desk, state: State) -> None:
    """Keep a turn that was stopped before it had a reply: the chat says so when reopened."""
    message = Message(
        state.conversation.conversation_id, f"m_{secrets.token_urlsafe(12)}", STOPPED,
        to_text(state.now), "unclear", 0.0, guardrails=tuple(dict.fromkeys(state.flags)),
        latency_ms=round((perf_counter() - state.started) * 1000, 1),
    )  # fmt: skip
    row = {**_turn_row(state, message, message.token_usage), "status": "stopped"}
    with desk.database.write(durable=False) as tx:
        stored.add_message(
            tx,
            StoredMessage(
                message.message_id, message.session_id, state.turn_id, "assistant", STOPPED,
                {**message.as_json(), "stopped": True}, message.created_at,
            ),
        )  # fmt: skip
        stored.add_turn(tx, row)


def _remember(turn: Turn, pending: PendingActionView | None) -> Context:
    """The memory after the turn: a new question, the old one kept open, or none."""
    draft, context = turn.draft, turn.context
    open_still = draft.keep_asking or FLOWS[turn.intent].digression
    asking = draft.asking or (context.asking if open_still else None)
    intent = context.intent if turn.intent in ("smalltalk", "unclear") else turn.intent
    offered = pending.action_id if pending else draft.offered
    return replace(context, asking=asking, intent=intent, offered=offered)


def _title(state: State) -> str:
    words = " ".join(state.text.split()) or "사진 문의"
    return words if len(words) <= 30 else words[:29] + "…"


def _turn_row(state: State, message: Message, usage: TokenUsage) -> dict[str, Any]:
    return {
        "turn_id": state.turn_id,
        "conversation_id": message.session_id,
        "status": "done",
        "intent": message.intent,
        "confidence": message.confidence,
        "tools": list(message.tools_used),
        "guardrails": list(message.guardrails),
        "provider": message.provider,
        "model": message.model,
        **{k: v for k, v in asdict(usage).items() if k != "total_tokens"},
        "cost_usd": 0.0,
        "latency_ms": message.latency_ms,
        "first_token_ms": message.latency_ms,  # the whole reply is there before its first words
        "source": state.source,
        "key_id": state.key_id,
        "created_at": message.created_at,
    }
