"""The summary of a conversation's older part, kept with it for the models of later turns.

Made after a turn, when what is not summarised yet no longer fits into the models' budget for
history. Only what a model is told leaves this way: no reply ever rests on a summary.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event

from agent.desk import Desk
from agent.guardrails import as_data, mask_pii
from agent.llm import Cancelled, ChatMessage, Gateway, Tag
from agent.llm.structured import ask_text
from agent.memory import SPEAKER, compact, within
from errors import Unavailable
from store import conversations as stored

__all__ = ["summarise"]

log = logging.getLogger("sangdam.llm")
MOST_CHARS = 1200  # of a summary
READ_CHARS, READ_MESSAGE_CHARS = 8000, 400  # of what it is made from, newest first
KEEP_SHARE = 0.5  # of the budget stays for the newest turns, word for word


def summarise(desk: Desk, conversation_id: str, *, cancel: Event | None = None) -> bool:
    """Fold the older messages into the stored summary where they no longer fit; whether it did.

    Without a model that answers, the summary is the older messages themselves, shortened.
    Raises Cancelled: nothing is kept then.
    """
    if desk.llm is None or not desk.llm.configured:
        return False
    budget = desk.llm.config.limits.history_tokens
    with desk.database.read() as tx:
        found = stored.get(tx, conversation_id)
        if found is None:  # deleted meanwhile
            return False
        rows = stored.messages_after(tx, conversation_id, found.summary_upto)
    rows = [(seq, row) for seq, row in rows if row.role in SPEAKER]
    said = [(row.role, row.content) for _, row in rows]
    if within(said, budget) == len(said):
        return False
    older = len(said) - within(said, int(budget * KEEP_SHARE))
    text = _told(desk, desk.llm, conversation_id, found.summary, said[:older], cancel)
    with desk.database.write(durable=False) as tx:
        stored.set_summary(tx, conversation_id, text[:MOST_CHARS], upto=rows[older - 1][0])
    return True


def _told(
    desk: Desk,
    gateway: Gateway,
    conversation_id: str,
    summary: str,
    older: Sequence[tuple[str, str]],
    cancel: Event | None,
) -> str:
    short = _lines(summary, compact(older))
    whole = _lines("", [(role, text[:READ_MESSAGE_CHARS]) for role, text in older])
    whole = "\n".join(filter(None, (summary, whole[-READ_CHARS:])))
    instruction = desk.prompts.purpose("summarise")
    asked = f"<history>\n{as_data(whole)}\n</history>"
    messages = [ChatMessage("system", instruction.text), ChatMessage("user", asked)]
    tag = Tag("summarise", instruction.version, conversation_id=conversation_id)
    route = gateway.route(purpose="summarise")
    try:
        text, final = ask_text(gateway, route, messages, tag=tag, cancel=cancel)
    except Unavailable as error:
        if error.code == "stopping":  # the next start has models again
            raise Cancelled from None
        log.warning("conversation %s: no summary by a model: %s", conversation_id, error)
        return short
    if final.finish != "stop":  # cut in the middle
        return short
    return mask_pii(text, for_cloud=True).text or short


def _lines(summary: str, said: Sequence[tuple[str, str]]) -> str:
    """As a model may read it: the summary so far, then who said what."""
    lines = [f"{SPEAKER.get(role, role)}: {text}" for role, text in said]
    return mask_pii("\n".join(filter(None, (summary, *lines))), for_cloud=True).text
