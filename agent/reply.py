"""The end of a turn: word the reply, hold it against the evidence, store all of it."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import Any

from agent import actions
from agent.conversations import GONE
from agent.desk import Desk, State
from agent.flows import FLOWS
from agent.guardrails import mask_pii, plain_text
from agent.llm import Cancelled, usage
from agent.memory import Context
from agent.tracing import keep, worded
from agent.turn import Turn
from agent.types import Delta, Event, Message, PendingActionView, TokenUsage
from agent.wording import Evidently, Wording, word
from errors import NotFound, SangdamError
from store import conversations as stored
from store import unanswered
from store.models import StoredMessage, to_text

__all__ = [
    "Composed", "Overtaken", "carry_on", "compose", "store_failed", "store_reply",
    "store_stopped", "turn_row",
]  # fmt: skip

log = logging.getLogger("sangdam.turn")
# At its mark where a blank follows, or at its line's end.
_SENTENCE = re.compile(r"\s*\S.*?(?:[.!?…]+[\"')\]”’]*(?=\s|\Z)|(?=\n)|\Z)", re.DOTALL)
MOST_ERROR_CHARS = 500
STOPPED = "답변을 멈췄어요. 이어서 궁금한 점을 적어 주세요."


class Overtaken(Exception):
    """A person has taken the chat while the reply was made: it is not given."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The reply's text. What of it went out while it was worded is ``State.said``."""

    text: str
    provider: str = "offline"
    model: str = "template"


def compose(desk: Desk, state: State, turn: Turn) -> Generator[Event, None, Composed]:
    """Word the reply: by a model where one is configured, or else, and where the model's words
    do not hold or do not come, by the draft itself.

    A model's sentences are events as soon as each has passed the guard. A turn that has
    changed something tells it even when nobody waits any more. Raises Cancelled.
    """
    draft = plain_text(turn.draft.text)  # quotes of clauses and products carry no markup
    evidence = Evidently(turn, state)
    outcome = Wording()
    if desk.llm is not None and not state.refused:
        try:
            words = word(desk, state, turn, draft, evidence)
            outcome = yield from _until_taken(desk, state, turn, words)
        except Cancelled:
            if not turn.changed:
                raise
    if outcome.whole and outcome.final is not None:
        return Composed(state.said, outcome.final.provider, outcome.final.model)
    draft = plain_text(turn.draft.text)  # a tool may have offered a change
    with state.trace.step("check"):
        problems = evidence.problems(draft) if draft else ()
    if problems:
        state.trace.guard("draft", draft, problems)
        log.error("ungrounded reply for intent %s in turn %s", turn.intent, state.turn_id)
        state.flags.append("ungrounded_reply")
        draft = desk.prompts.reply(turn.intent, "cannot_say")
    return Composed(carry_on(state.said, draft))


def _until_taken(
    desk: Desk, state: State, turn: Turn, words: Generator[Event, None, Wording]
) -> Generator[Event, None, Wording]:
    """The model's words, unless a person takes the chat before the first: raises Overtaken."""
    with closing(words):
        begun = False
        while True:
            try:
                event = next(words)
            except StopIteration as end:
                outcome: Wording = end.value
                return outcome
            if not begun and isinstance(event, Delta) and _is_taken(desk, state, turn):
                state.said = ""
                raise Overtaken
            begun = begun or isinstance(event, Delta)
            yield event


def _is_taken(desk: Desk, state: State, turn: Turn) -> bool:
    if turn.changed or turn.draft.ticket_id is not None:  # that must be told whoever answers
        return False
    with desk.database.read() as tx:
        found = stored.get(tx, state.conversation.conversation_id)
    return found is not None and found.answerer == "person"


def carry_on(said: str, draft: str) -> str:
    """What a model has said, then the draft without the sentences that it began with too.

    A model that keeps to the draft's own words and is cut off would be heard twice.
    """
    if not said:
        return draft
    heard, rest = {_bare(one) for one in _SENTENCE.findall(said)}, draft
    while (first := _SENTENCE.match(rest)) and _bare(first[0]) in heard:
        rest = rest[first.end() :]
    if not rest.strip():
        return said
    if rest == draft:
        return f"{said}\n\n{draft}"
    between = rest[: len(rest) - len(rest.lstrip())]
    return f"{said}{between}{rest.strip()}"


def _bare(text: str) -> str:
    return "".join(text.split())


def store_reply(
    desk: Desk, state: State, turn: Turn, reply: Composed
) -> tuple[Message, PendingActionView | None]:
    """Write reply, proposal, memory and turn in one transaction.

    Raises NotFound where the conversation was deleted while a model talked, Overtaken where a
    person has taken it and nothing has been said or changed yet.
    """
    draft, session_id, text = turn.draft, state.conversation.conversation_id, reply.text
    worded(state, turn, text, reply.provider, reply.model)
    trace = state.trace.dump("done")
    with desk.database.write(durable=draft.proposal is not None) as tx:
        now = stored.get(tx, session_id)
        if now is None:
            raise NotFound(GONE)
        settled = state.said or turn.changed or draft.ticket_id is not None
        if now.answerer == "person" and not settled:
            raise Overtaken
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
            reply.provider, reply.model, _usage(state),
            round((perf_counter() - state.started) * 1000, 1),
        )  # fmt: skip
        # The button of an older offer, pressed while a person answers: what it did is said by
        # nobody.
        silent = now.answerer == "person" == state.conversation.answerer
        stored.add_message(
            tx,
            StoredMessage(
                message.message_id, session_id, state.turn_id,
                "system" if silent else "assistant", text,
                {"event": "done"} if silent else message.as_json(), message.created_at,
            ),
        )  # fmt: skip
        # A person may have resolved the matter meanwhile: what this turn knows is over.
        fresh = now.fresh_from == state.conversation.fresh_from
        context = _remember(turn, pending).dump() if fresh else now.context
        stored.remember(tx, session_id, context=context, title=_title(state), at=state.now)
        row = {**turn_row(state, message), "unanswered": int(draft.unanswered)}
        stored.add_turn(tx, row)
        keep(tx, state, trace)
        if draft.unanswered or draft.unsure is not None:
            question = mask_pii(turn.text, for_cloud=True).text
            unanswered.note(
                tx, question, intent=turn.intent, nearest=draft.nearest, at=state.now,
                unsure=None if draft.unanswered else draft.unsure,
            )  # fmt: skip
    state.answered = True
    return message, pending


def store_stopped(desk: Desk, state: State) -> None:
    """Keep a turn that was stopped before it had its reply: the chat says so when reopened.

    What had been said of it stays.
    """
    text = f"{state.said}\n\n{STOPPED}" if state.said else STOPPED
    message = _broken_off(state, text)
    with desk.database.write(durable=False) as tx:
        if stored.get(tx, message.session_id) is None:  # deleted meanwhile
            return
        stored.add_message(
            tx,
            StoredMessage(
                message.message_id, message.session_id, state.turn_id, "assistant", text,
                {**message.as_json(), "stopped": True}, message.created_at,
            ),
        )  # fmt: skip
        stored.add_turn(tx, {**turn_row(state, message), "status": "stopped"})
        keep(tx, state, state.trace.dump("stopped"))


def store_failed(desk: Desk, state: State, error: Exception) -> None:
    """Keep that a turn ended in an error; the customer was told by an event, not a message."""
    code = error.code if isinstance(error, SangdamError) else type(error).__name__
    state.trace.note("error", code=code, text=mask_pii(str(error)[:MOST_ERROR_CHARS]).text)
    message = _broken_off(state, "")
    with desk.database.write(durable=False) as tx:
        if stored.get(tx, message.session_id) is None:
            return
        stored.add_turn(tx, {**turn_row(state, message), "status": "error"})
        keep(tx, state, state.trace.dump("error"))


def _broken_off(state: State, text: str) -> Message:
    """The message of a turn that came to no reply."""
    return Message(
        state.conversation.conversation_id, f"m_{secrets.token_urlsafe(12)}", text,
        to_text(state.now), "unclear", 0.0, guardrails=tuple(dict.fromkeys(state.flags)),
        token_usage=_usage(state), latency_ms=round((perf_counter() - state.started) * 1000, 1),
    )  # fmt: skip


def _remember(turn: Turn, pending: PendingActionView | None) -> Context:
    """The memory after the turn: a new question, the old one kept open, or none."""
    draft, context = turn.draft, turn.context
    open_still = draft.keep_asking or FLOWS[turn.intent].digression
    asking = draft.asking or (context.asking if open_still else None)
    intent = context.intent if turn.intent in ("smalltalk", "unclear") else turn.intent
    offered = pending.action_id if pending else draft.offered
    return replace(
        context, asking=asking, intent=intent, offered=offered, unanswered=draft.unanswered
    )


def _title(state: State) -> str:
    words = " ".join(state.text.split()) or "사진 문의"
    return words if len(words) <= 30 else words[:29] + "…"


def _usage(state: State) -> TokenUsage:
    """What all the turn's calls took together, those included that failed or were given up."""
    used = usage.added(call.usage for call in state.spend.calls)
    return TokenUsage(used.input_tokens, used.output_tokens, used.input_tokens + used.output_tokens)


def turn_row(state: State, message: Message) -> dict[str, Any]:
    """The columns of ``turns`` for a turn that was answered with ``message``."""
    calls = state.spend.calls
    unpriced = any(call.cost_usd is None for call in calls)
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
        "prompt_tokens": message.token_usage.prompt_tokens,
        "completion_tokens": message.token_usage.completion_tokens,
        "cached_tokens": sum(call.usage.cached_tokens for call in calls),
        "cost_usd": None if unpriced else state.spend.usd,
        "prompt": state.prompt,
        "retries": sum(call.retries for call in calls),
        "fallbacks": sum(call.fallbacks for call in calls),
        "fallback_reason": next((call.reason for call in calls if call.reason), ""),
        "latency_ms": message.latency_ms,
        # The desk's own reply is whole before its first words.
        "first_token_ms": state.first_words_ms or message.latency_ms,
        "source": state.source,
        "key_id": state.key_id,
        "created_at": message.created_at,
    }
