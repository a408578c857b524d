"""The turn: from a message to events. ``run_turn`` is the only way in.

message → input guard → understanding → flow (tools) → composing → output guard → stored
turn → events. The customer's words are stored before anything else and the reply before it
is streamed, so what was acknowledged survives the death of the process, and a client that
stops reading loses nothing.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from agent import actions, conversations, outcomes
from agent.flows import FLOWS
from agent.guardrails import Evidence, check_input, check_output
from agent.llm import Phraser, Phrasing
from agent.memory import Context
from agent.prompts import Prompts
from agent.resolve import resolve
from agent.shop.rules import Rules
from agent.tools.base import PolicySearch, ToolContext
from agent.turn import Turn, Understands
from agent.types import (
    Caller,
    CardEvent,
    CitationEvent,
    Delta,
    Done,
    ErrorEvent,
    Event,
    Message,
    PendingActionEvent,
    PendingActionView,
    Slots,
    Source,
    Status,
    TokenUsage,
    Understood,
)
from errors import NotFound, SangdamError
from store import actions as stored_actions
from store import conversations as stored
from store.database import Database, Tx
from store.models import Conversation, PendingAction, StoredMessage, to_text

__all__ = ["Desk", "Limits", "run_turn"]

log = logging.getLogger("sangdam.turn")
_PIECES = re.compile(r"\S+\s*|\s+")
CONFIRMED = "네, 진행해 주세요."


@dataclass(frozen=True, slots=True)
class Limits:
    """The turn's own limits, from the settings."""

    max_message_chars: int = 4000
    context_ttl: timedelta = timedelta(minutes=60)
    min_confidence: float = 0.3

    @classmethod
    def of(cls, settings: Any) -> Limits:
        """From the settings of the same names."""
        return cls(
            settings.max_message_chars,
            timedelta(minutes=settings.context_ttl_minutes),
            settings.intent_min_percent / 100,
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """What a turn needs; made once by ``services``."""

    database: Database
    rules: Rules
    prompts: Prompts
    understander: Understands
    policy_search: PolicySearch
    llm: Phraser | None = None
    limits: Limits = Limits()
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(slots=True)
class _State:
    """One turn's bookkeeping."""

    caller: Caller
    source: Source
    now: datetime
    started: float
    turn_id: str
    conversation: Conversation
    context: Context
    text: str
    images: tuple[str, ...]
    flags: list[str]


def run_turn(
    desk: Desk,
    caller: Caller,
    message: str,
    *,
    session_id: str | None = None,
    image_ids: tuple[str, ...] = (),
    confirm: str | None = None,
    source: Source = "chat",
) -> Iterator[Event]:
    """One turn of a conversation as events, ``Message`` and ``Done`` last.

    ``confirm`` is a pending action's id pressed on its button; ``image_ids`` are photos
    stored before. What goes wrong on purpose (somebody else's conversation, say) is an
    ``ErrorEvent`` with Korean text; nothing is raised for bad input.
    """
    try:
        yield from _run(desk, caller, message, session_id, image_ids, confirm, source)
    except SangdamError as error:
        yield ErrorEvent(error.code, error.message)
    yield Done(desk.clock())


def _run(
    desk: Desk,
    caller: Caller,
    message: str,
    session_id: str | None,
    image_ids: tuple[str, ...],
    confirm: str | None,
    source: Source,
) -> Iterator[Event]:
    started, now = perf_counter(), desk.clock()
    checked = check_input(
        CONFIRMED if confirm else message, max_chars=desk.limits.max_message_chars
    )
    turn_id = f"t_{secrets.token_urlsafe(12)}"
    with desk.database.write(durable=False) as tx:
        conversation = conversations.open_or_create(tx, caller, session_id, now=now)
        _check_images(tx, caller, image_ids)
        stored.add_message(
            tx,
            StoredMessage(
                f"m_{secrets.token_urlsafe(12)}", conversation.conversation_id, turn_id, "user",
                checked.text, {"image_ids": list(image_ids)}, to_text(now),
            ),
        )  # fmt: skip
    context = Context.load(
        conversation.context, conversation.context_at, now=now, ttl=desk.limits.context_ttl
    )
    state = _State(
        caller, source, now, started, turn_id, conversation, context, checked.text, image_ids,
        list(checked.flags),
    )  # fmt: skip
    yield Status("말씀을 확인하고 있어요", conversation.conversation_id)
    empty = checked.reason == "empty" and bool(image_ids)
    if checked.action == "refuse" and not empty:
        state.flags.append(checked.reason)
        turn = _turn(desk, state, Understood("unclear", 0.0, Slots()), None)
        turn.say(f"guard_{checked.reason}", limit=desk.limits.max_message_chars)
        turn.draft.keep_asking = True
    elif confirm:
        turn = _confirm(desk, state, confirm)
    else:
        understood = resolve(
            desk.understander.understand(checked.text, now), checked.text, context,
            images=bool(image_ids), min_confidence=desk.limits.min_confidence,
        )  # fmt: skip
        yield Status(FLOWS[understood.intent].working, conversation.conversation_id)
        turn = _answer(desk, state, understood)
    yield from _finish(desk, state, turn)


def _check_images(tx: Tx, caller: Caller, image_ids: tuple[str, ...]) -> None:
    for image_id in image_ids:
        row = stored.attachment(tx, image_id)
        if row is None:
            raise NotFound("사진을 찾을 수 없어요. 다시 올려 주세요.")
        conversations.owned(tx, caller, row["conversation_id"])


def _tools(desk: Desk, state: _State, tx: Tx, used: list[str] | None = None) -> ToolContext:
    return ToolContext(
        tx, state.caller, desk.rules, state.now, source=state.source, turn_id=state.turn_id,
        conversation_id=state.conversation.conversation_id,
        granted=frozenset(state.context.granted), policy_search=desk.policy_search,
        used=[] if used is None else used,
    )  # fmt: skip


def _turn(desk: Desk, state: _State, understood: Understood, tx: Tx | None) -> Turn:
    used: list[str] = []

    def write(work: Callable[[ToolContext], Any]) -> Any:
        with desk.database.write() as writing:
            return work(_tools(desk, state, writing, used))

    def history() -> list[tuple[str, str]]:
        with desk.database.read() as reading:
            found = stored.messages(reading, state.conversation.conversation_id, limit=20)
        return [(message.role, message.content) for message in found]

    reading: Any = tx  # a refusal by a guard runs no tool and needs no transaction
    return Turn(
        text=state.text, understood=understood, context=state.context,
        tools=_tools(desk, state, reading, used), prompts=desk.prompts, images=state.images,
        write=write, history=history,
    )  # fmt: skip


def _answer(desk: Desk, state: _State, understood: Understood) -> Turn:
    """The reply to a message: a yes or no to what is open, or the intent's flow."""
    yes_no = understood.slots.yes_no
    with desk.database.read() as tx:
        pending = stored_actions.pending(tx, state.conversation.conversation_id)
        turn = _turn(desk, state, understood, tx)
        if yes_no is None or understood.intent == "handoff":
            _flow(turn)
            return turn
        if pending is None and not (yes_no and state.context.last_action):
            _yes_no(turn, yes_no)
            return turn
    if pending is not None and not yes_no:
        return _decline(desk, state, pending)
    return _confirm(desk, state, pending.action_id if pending else state.context.last_action)


def _flow(turn: Turn) -> None:
    """Run the intent's flow; a refusal by a tool becomes the reply."""
    try:
        FLOWS[turn.intent].run(turn)
    except SangdamError as error:
        turn.fact(error.message)
        turn.draft.parts.append(error.message)


def _yes_no(turn: Turn, yes: bool) -> None:
    """A bare yes or no with nothing to confirm: drop the open question, or carry on."""
    if turn.context.asking is not None and not yes:
        turn.say("stopped")
        return
    turn.say("yes_to_nothing" if yes else "no_to_nothing")
    turn.draft.keep_asking = True


def _decline(desk: Desk, state: _State, pending: PendingAction) -> Turn:
    with desk.database.write() as tx:
        actions.close(tx, pending.action_id, status="declined", now=state.now)
    intent = outcomes.INTENT_OF[pending.kind]
    with desk.database.read() as tx:
        turn = _turn(desk, state, Understood(intent, 1.0, Slots(yes_no=False)), tx)
        outcomes.declined(turn)
    return turn


def _confirm(desk: Desk, state: _State, action_id: str) -> Turn:
    """Run a confirmed action in its own transaction, then tell what became of it."""
    user_id = state.caller.user_id
    used: list[str] = []
    if user_id is None:
        raise NotFound(actions.GONE)
    outcome = actions.execute(
        desk.database, action_id, lambda tx: _tools(desk, state, tx, used), user_id=user_id
    )
    intent = outcomes.INTENT_OF[outcome.action.kind]
    with desk.database.read() as tx:
        turn = _turn(desk, state, Understood(intent, 1.0, Slots(yes_no=True)), tx)
        turn.tools.used.extend(used)
        outcomes.tell(turn, outcome)
    return turn


def _finish(desk: Desk, state: _State, turn: Turn) -> Iterator[Event]:
    """Guard, store, then stream the reply."""
    text, phrasing = _compose(desk, state, turn)
    message, pending = _store(desk, state, turn, text, phrasing)
    for piece in _PIECES.findall(text):
        yield Delta(piece)
    for citation in message.citations:
        yield CitationEvent(citation)
    for card in message.cards:
        yield CardEvent(card)
    if pending is not None:
        yield PendingActionEvent(pending)
    yield message


def _compose(desk: Desk, state: _State, turn: Turn) -> tuple[str, Phrasing | None]:
    """The reply's text: a model's phrasing where one is configured and stays grounded."""
    text = turn.draft.text
    evidence = Evidence.collect([*turn.evidence, *turn.draft.citations])
    if desk.llm is not None:
        phrasing = desk.llm.phrase(desk.prompts.instruction(turn.intent), turn.text, text)
        if phrasing is None:
            state.flags.append("model_unavailable")
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


def _store(
    desk: Desk, state: _State, turn: Turn, text: str, phrasing: Phrasing | None
) -> tuple[Message, PendingActionView | None]:
    """Write reply, proposal, memory and turn in one transaction."""
    draft, session_id = turn.draft, state.conversation.conversation_id
    usage = phrasing.usage if phrasing else TokenUsage()
    with desk.database.write(durable=draft.proposal is not None) as tx:
        pending = None
        if draft.asking is not None:
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
            tx, session_id, context=_remember(turn).dump(), title=_title(state), at=state.now
        )
        stored.add_turn(tx, _turn_row(state, message, usage))
    return message, pending


def _remember(turn: Turn) -> Context:
    """The memory after the turn: a new question, the old one kept open, or none."""
    draft, context = turn.draft, turn.context
    open_still = draft.keep_asking or FLOWS[turn.intent].digression
    asking = draft.asking or (context.asking if open_still else None)
    intent = context.intent if turn.intent in ("smalltalk", "unclear") else turn.intent
    executed = context.last_action if draft.proposal is None else ""
    return replace(context, asking=asking, intent=intent, last_action=executed)


def _title(state: _State) -> str:
    words = " ".join(state.text.split()) or "사진 문의"
    return words if len(words) <= 30 else words[:29] + "…"


def _turn_row(state: _State, message: Message, usage: TokenUsage) -> dict[str, Any]:
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
        "created_at": message.created_at,
    }
