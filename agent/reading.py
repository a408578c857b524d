"""What a message means: the classifier's guess, a model's where that is unsure, the context."""

from __future__ import annotations

import logging
from collections.abc import Callable

from agent.desk import Desk, Limits, State
from agent.errands import find_errand
from agent.flows import FLOWS
from agent.guardrails import check_input
from agent.llm import Tag
from agent.llm.understand import clearer
from agent.memory import SPEAKER, Context
from agent.resolve import resolve
from agent.types import Understood
from agent.wishes import after_but_not, split_wishes, unspaced
from errors import Unavailable
from store import conversations as stored

__all__ = ["heard_alone", "understand"]

log = logging.getLogger("sangdam.turn")
UNDERSTAND_SHARE = 0.4  # of the time a model may take; the rest is the reply's
MESSAGES, MESSAGE_CHARS = 4, 300  # of the conversation, that a model reads along


def understand(desk: Desk, state: State) -> tuple[Understood, str]:
    """What is meant in its context, and a second wish of the message (or "")."""
    state.text = unspaced(state.text)
    first = after_but_not(state.text, lambda text: desk.understander.understand(text, state.now))
    state.trace.note("understanding", guess=first)
    second = ""
    if state.context.asking is None:
        wishes = split_wishes(
            state.text, lambda text: desk.understander.understand(text, state.now)
        )
        if wishes is not None:
            (state.text, first), second = wishes
        elif desk.llm is not None:
            first = _ask_model(desk, state, first)
    understood = resolve(
        first, state.text, state.context, images=bool(state.images),
        min_confidence=desk.limits.min_confidence,
    )  # fmt: skip
    state.trace.note("understanding", understood=understood, second=second)
    return understood, second


def heard_alone(
    message: str, understand: Callable[[str], Understood], limits: Limits
) -> tuple[str, str]:
    """The text that a chat's first message comes down to, and its intent; no model is asked.

    The intent is "" for a message that the guard at the door refuses.
    """
    checked = check_input(message, max_chars=limits.max_message_chars)
    text = unspaced(checked.wish or checked.text)
    if checked.action == "refuse":
        return text, ""
    first = after_but_not(text, understand)
    if (wishes := split_wishes(text, understand)) is not None:
        (text, first), _ = wishes
    least = limits.min_confidence
    return text, resolve(first, text, Context(), images=False, min_confidence=least).intent


def _ask_model(desk: Desk, state: State, guess: Understood) -> Understood:
    """A model's reading where the classifier is unsure; its own where no model gives one."""
    assert desk.llm is not None
    limits = desk.llm.config.limits
    sure = guess.confidence * 100 >= limits.understand_below_percent
    if sure or guess.slots.yes_no is not None or find_errand(state.text):
        return guess
    route = desk.llm.route(purpose="understand")
    if not route.models:
        return guess
    instruction = desk.prompts.purpose("understand")
    session_id = state.conversation.conversation_id
    with desk.database.read() as tx:
        after = state.conversation.fresh_from
        said = stored.messages(tx, session_id, limit=MESSAGES + 1, after=after)[:-1]
    try:
        reading, _ = clearer(
            desk.llm, route, instruction, guess, state.text,
            [(one.role, one.content[:MESSAGE_CHARS]) for one in said if one.role in SPEAKER],
            intents=tuple(FLOWS), spend=state.spend, cancel=state.cancel,
            tag=Tag("understand", instruction.version, state.turn_id, session_id),
            deadline_s=state.left_s(limits.total_s * UNDERSTAND_SHARE),
        )  # fmt: skip
    except Unavailable as error:
        log.warning("turn %s: no model read it: %s", state.turn_id, error.code)
        return guess
    state.trace.note("understanding", model=reading)
    return reading
