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
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from agent import actions, conversations, outcomes
from agent.cards import choice_card
from agent.desk import Desk, Limits, State
from agent.flows import FLOWS, working
from agent.flows.errands import errand_of
from agent.flows.people import resolution_judged
from agent.guardrails import InputCheck, check_input
from agent.handoff import asks_for_agent, judged, keep_silent, kept_for_person, listen
from agent.llm import Cancelled
from agent.memory import SPEAKER, Context
from agent.reading import understand
from agent.reply import (
    Composed,
    Overtaken,
    carry_on,
    compose,
    store_failed,
    store_reply,
    store_stopped,
)
from agent.seeing import photo_reader
from agent.tools import tickets
from agent.tools.base import ToolContext
from agent.trace import Trace
from agent.tracing import begun
from agent.turn import Turn
from agent.types import (
    Caller,
    CardEvent,
    CitationEvent,
    Delta,
    Done,
    ErrorEvent,
    Event,
    PendingActionEvent,
    Slots,
    Source,
    Status,
    Understood,
)
from errors import NotFound, SangdamError
from store import actions as stored_actions
from store import conversations as stored
from store.database import Tx
from store.models import PendingAction, StoredMessage, from_text, to_text

__all__ = ["Desk", "Limits", "run_turn"]

log = logging.getLogger("sangdam.turn")
_PIECES = re.compile(r"\S+\s*|\s+")
CONFIRMED = "네, 진행해 주세요."


def run_turn(
    desk: Desk,
    caller: Caller,
    message: str,
    *,
    session_id: str | None = None,
    image_ids: tuple[str, ...] = (),
    confirm: str | None = None,
    source: Source = "chat",
    key_id: str | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Event]:
    """One turn of a conversation as events, ``Message`` and ``Done`` last.

    ``confirm`` is a pending action's id pressed on its button; ``image_ids`` are photos
    stored before; ``key_id`` is the API key it came by; ``cancel`` is set by whoever no longer
    waits for the reply, also from another thread. What goes wrong on purpose (somebody
    else's conversation, say) is an ``ErrorEvent`` with Korean text; nothing is raised for bad
    input. Closed before the reply is stored, the turn is kept as stopped.
    """
    try:
        yield from _run(
            desk, caller, message, session_id, image_ids, confirm, source, key_id, cancel
        )
    except SangdamError as error:
        yield ErrorEvent(error.code, error.message, error.http_status)
    yield Done(desk.clock())


def _run(
    desk: Desk,
    caller: Caller,
    message: str,
    session_id: str | None,
    image_ids: tuple[str, ...],
    confirm: str | None,
    source: Source,
    key_id: str | None,
    cancel: threading.Event | None,
) -> Iterator[Event]:
    started, now = perf_counter(), desk.clock()
    trace = Trace(started, on=desk.traces)
    with trace.step("input"):
        checked = check_input(
            CONFIRMED if confirm else message, max_chars=desk.limits.max_message_chars
        )
    turn_id = f"t_{secrets.token_urlsafe(12)}"
    with trace.step("open"), desk.database.write(durable=False) as tx:
        conversation = conversations.open_or_create(tx, caller, session_id, now=now)
        conversations.take_photos(tx, caller, image_ids, conversation.conversation_id)
        pending = stored_actions.pending(tx, conversation.conversation_id) if trace.on else None
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
    state = State(
        caller, source, now, started, turn_id, conversation, context,
        checked.wish or checked.text, image_ids, list(checked.flags), key_id=key_id,
        cancel=cancel or threading.Event(), trace=trace,
    )  # fmt: skip
    begun(state, checked, confirm=confirm, pending=pending)
    try:
        # Kept before anything is told: whoever leaves at once has been heard all the same.
        heard = None if confirm else kept_for_person(desk, state, checked, _with(desk, state))
        yield Status("말씀을 확인하고 있어요", conversation.conversation_id, turn_id)
        if heard is not None:
            yield heard
            return
        yield from _reply(desk, state, checked, confirm)
    except Cancelled:
        store_stopped(desk, state)
    except GeneratorExit:
        if not state.answered:
            with _nobody_hears(state):
                store_stopped(desk, state)
        raise
    except Exception as error:
        if not state.answered:
            with _nobody_hears(state):
                store_failed(desk, state, error)
        raise


@contextmanager
def _nobody_hears(state: State) -> Iterator[None]:
    """A store that cannot be had must not be told to who has left: it would be an event."""
    try:
        yield
    except SangdamError as error:
        log.error("turn %s was left and could not be kept: %s", state.turn_id, error.code)


def _reply(desk: Desk, state: State, checked: InputCheck, confirm: str | None) -> Iterator[Event]:
    """From the stored message to the stored and streamed reply."""
    empty = checked.reason == "empty" and bool(state.images)
    wants_agent = not confirm and asks_for_agent(checked.text)
    if wants_agent and listen(desk, state, checked, _with(desk, state)):
        turn = _back_to_agent(desk, state)
    elif checked.action == "refuse" and not empty:
        state.flags.append(checked.reason)
        state.refused = True
        turn = _turn(desk, state, Understood("unclear", 0.0, Slots()), None)
        turn.say(f"guard_{checked.reason}", limit=f"{desk.limits.max_message_chars:,}")
        turn.draft.keep_asking = True
    elif confirm:
        with state.trace.step("flow"):
            turn = _confirm(desk, state, confirm)
    elif judgement := _judgement(desk, state):
        turn = judgement
    else:
        with state.trace.step("understand"):
            understood, second = understand(desk, state)
        session_id = state.conversation.conversation_id
        doing = working(understood.intent, images=bool(state.images))
        yield Status(doing, session_id, state.turn_id)
        with state.trace.step("flow"):
            turn = _answer(desk, state, understood)
        _add_notes(turn, state, second)
    try:
        yield from _finish(desk, state, turn)
    except Overtaken:
        ticket = listen(desk, state, checked, _with(desk, state))
        if ticket is None:  # and has resolved it since: the chat is the agent's again
            yield from _finish(desk, state, turn)
        else:
            yield keep_silent(desk, state, checked, ticket, confirm=confirm is not None)


def _with(desk: Desk, state: State) -> Callable[[Tx], ToolContext]:
    return lambda tx: _tools(desk, state, tx)


def _back_to_agent(desk: Desk, state: State) -> Turn:
    """The customer wants the agent again; the person keeps the ticket."""
    session_id = state.conversation.conversation_id
    turn = _turn(desk, state, Understood("handoff", 1.0, Slots()), None)
    turn.write("return_to_agent", conversation_id=session_id)
    turn.say("back")
    return turn


def _judgement(desk: Desk, state: State) -> Turn | None:
    """The reply to what is said of a resolution; None for a message about anything else.

    An answer to the agent's own question is about that.
    """
    if state.context.asking is not None or state.context.offered:
        return None
    with desk.database.read() as tx:
        turn = _turn(desk, state, Understood("handoff", 1.0, Slots()), tx)
        ticket = tickets.resolved_of_chat(turn.tools)
        verdict = "" if ticket is None else judged(tx, state, ticket)
        if ticket is None or not verdict:
            return None
        resolution_judged(turn, ticket, solved=verdict == "solved")
    return turn


def _add_notes(turn: Turn, state: State, second: str) -> None:
    """What the customer should know besides: something was masked, a wish still waits."""
    if any(flag.startswith("pii_") for flag in state.flags):
        turn.say("masked")
    if second:
        turn.say("next_wish", wish=second)
        turn.show(choice_card("", (second, second)))


def _tools(desk: Desk, state: State, tx: Tx, used: list[str] | None = None) -> ToolContext:
    return ToolContext(
        tx, state.caller, desk.rules, state.now, source=state.source, turn_id=state.turn_id,
        conversation_id=state.conversation.conversation_id,
        granted=frozenset(state.context.granted), policy_search=desk.policy_search,
        product_search=desk.product_search, weather=desk.weather, triage=desk.triage,
        photos=desk.photos, photo_model=photo_reader(desk, state),
        used=[] if used is None else used, watch=state.trace if state.trace.on else None,
    )  # fmt: skip


def _turn(desk: Desk, state: State, understood: Understood, tx: Tx | None) -> Turn:
    used: list[str] = []

    def write(work: Callable[[ToolContext], Any]) -> Any:
        with desk.database.write() as writing:
            return work(_tools(desk, state, writing, used))

    def history() -> list[tuple[str, str]]:
        with desk.database.read() as reading:
            found = stored.messages(
                reading, state.conversation.conversation_id, limit=20,
                after=state.conversation.fresh_from,
            )  # fmt: skip
        return [(said.role, said.content) for said in found if said.role in SPEAKER]

    reading: Any = tx  # a refusal by a guard runs no tool and needs no transaction
    return Turn(
        text=state.text, understood=understood,
        context=state.context.change(offered="", last_action=""),
        tools=_tools(desk, state, reading, used), prompts=desk.prompts, images=state.images,
        write=write, history=history,
    )  # fmt: skip


def _answer(desk: Desk, state: State, understood: Understood) -> Turn:
    """The reply to a message: a yes or no to what is open, or the intent's flow."""
    yes_no, done = understood.slots.yes_no, state.context.last_action
    with desk.database.read() as tx:
        pending = stored_actions.pending(tx, state.conversation.conversation_id)
        turn = _turn(desk, state, understood, tx)
        # A typed yes runs what the last message asked, never an older offer (domain.md).
        stale = pending is not None and yes_no and state.context.offered != pending.action_id
        over = pending is not None and state.now >= from_text(pending.expires_at)
        if over and (stale or not yes_no):
            pending = None  # nothing to say again; only the offer just made is told to be over
        vague = yes_no is None and understood.intent == "unclear"
        if pending is not None and (stale or vague):
            _offer_again(turn, pending)
            return turn
        if yes_no is None or understood.intent == "handoff":
            _flow(turn)
            return turn
        if pending is None and not (yes_no and done):
            _yes_no(turn, yes_no)
            return turn
    if pending is not None and not yes_no:
        return _decline(desk, state, pending)
    return _confirm(desk, state, pending.action_id if pending else done)


def _offer_again(turn: Turn, pending: PendingAction) -> None:
    """Say once more what waits for a yes; the next "네" then means it."""
    refund = dict(pending.preview["rows"]).get("환불 금액", "")
    turn.fact((pending.summary, refund))
    name = "offer_again_refund" if refund else "offer_again"
    turn.say(name, summary=pending.summary, refund=refund)
    turn.draft.keep_asking = True
    turn.draft.offered = pending.action_id


def _flow(turn: Turn) -> None:
    """Run the errand or the intent's flow; a refusal by a tool becomes the reply."""
    run = errand_of(turn) or FLOWS[turn.intent].run
    try:
        run(turn)
    except SangdamError as error:
        turn.refuse(error)


def _yes_no(turn: Turn, yes: bool) -> None:
    """A bare yes or no with nothing to confirm: drop the open question, or carry on."""
    asking = turn.context.asking
    if asking is not None and (asking.slot == "photo" or (asking.slot == "order" and yes)):
        turn.intent = asking.intent  # "네" picks none of the orders: show them again
        _flow(turn)
        return
    turn.intent = "smalltalk"
    if asking is not None and not yes:
        turn.say("stopped")
        turn.context = turn.context.change(asking=None)
        return
    turn.say("yes_to_nothing" if yes else "no_to_nothing")
    turn.draft.keep_asking = True


def _decline(desk: Desk, state: State, pending: PendingAction) -> Turn:
    with desk.database.write() as tx:
        actions.close(tx, pending.action_id, status="declined", now=state.now)
    intent = outcomes.INTENT_OF[pending.kind]
    with desk.database.read() as tx:
        turn = _turn(desk, state, Understood(intent, 1.0, Slots(yes_no=False)), tx)
        outcomes.declined(turn)
    return turn


def _confirm(desk: Desk, state: State, action_id: str) -> Turn:
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
        # What is told of a change is told whoever answers meanwhile.
        turn.changed = outcome.state in ("executed", "repeated")
        outcomes.tell(turn, outcome)
    return turn


def _finish(desk: Desk, state: State, turn: Turn) -> Iterator[Event]:
    """Word and guard the reply, store it, then send what has not gone out yet."""
    reply = yield from _composed(desk, state, turn)
    message, pending = store_reply(desk, state, turn, reply)
    for piece in _PIECES.findall(reply.text[len(state.said) :]):
        yield Delta(piece)
    for citation in message.citations:
        yield CitationEvent(citation)
    for card in message.cards:
        yield CardEvent(card)
    if pending is not None:
        yield PendingActionEvent(pending)
    yield message


def _composed(desk: Desk, state: State, turn: Turn) -> Generator[Event, None, Composed]:
    """The reply; whoever leaves while it is worded still has what was changed for them told."""
    try:
        return (yield from compose(desk, state, turn))
    except GeneratorExit:
        if turn.changed:
            with _nobody_hears(state):
                store_reply(desk, state, turn, Composed(carry_on(state.said, turn.draft.text)))
        raise
