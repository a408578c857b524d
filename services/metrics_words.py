"""The words of the metrics' labels: every label has a fixed set, the rest is "other".

A label's values are series that Prometheus keeps for weeks, so nothing that a caller can
choose may become one. Providers are the configuration's (``Models.known_providers``).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from agent.types import PERSON, ErrorEvent, Message
from errors import LLM_KINDS
from vision.types import Judge, OpinionState, Verdict

__all__ = [
    "BREAKER",
    "FLAGS",
    "LLM_ERRORS",
    "METHODS",
    "NONE",
    "OTHER",
    "OUTCOMES",
    "PHOTO_JUDGES",
    "PHOTO_RESULTS",
    "PHOTO_STATES",
    "PHOTO_VERDICTS",
    "REFUSED",
    "SEARCH_MODES",
    "SIGN_INS",
    "SOURCES",
    "known",
    "outcome_of",
]

OTHER = "other"
NONE = "none"  # a turn without a message has neither intent nor provider
OUTCOMES = ("answered", "clarified", "handed_off", "refused", "failed", "stopped", "with_person")
SOURCES = ("chat", "page", "api", "terminal", "system")
REFUSED = ("rate_limited", "busy", "stopping")
SEARCH_MODES = ("hybrid", "keyword", "vector", "none")
SIGN_INS = ("ok", "bad_credentials", "account_locked", "too_many_sign_ins", "demo_closed")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# The input guard's findings, the reasons it refuses for, the output guard's and the model's:
# what of a model's reply was not let out, and which of its tool calls were not done.
FLAGS = (
    *(
        f"pii_{kind}"
        for kind in ("resident", "card", "account", "password", "phone", "email", "address")
    ),
    *("abuse", "injection", "no_words", "too_long", "empty"),
    *("ungrounded_reply", "ungrounded_model_reply", "model_unavailable"),
    *("model_false_promise", "model_personal_data", "model_markup", "model_asks_secret"),
    *("model_reversed", "model_left_out"),
    *("model_internal", "tool_unknown", "tool_bad_arguments", "tool_refused"),
    *("tool_write_refused", "tool_too_many", "tool_too_much"),
)
LLM_ERRORS = LLM_KINDS
# An upload's end: kept, or the code of what it was refused for.
PHOTO_RESULTS = (
    "stored", "photo_too_large", "photo_too_small", "photo_unreadable", "photo_broken", "bad_input",
    "not_found",
)  # fmt: skip
PHOTO_VERDICTS = (*get_args(Verdict), "failed")
PHOTO_JUDGES: tuple[str, ...] = get_args(Judge)
PHOTO_STATES: tuple[str, ...] = get_args(OpinionState)
BREAKER = {"closed": 0, "half_open": 1, "open": 2}
_REFUSALS = {"abuse", "injection", "too_long", "empty"}


def known(word: str, words: Collection[str]) -> str:
    """``word`` where it is one of ``words``, "other" for anything else."""
    return word if word in words else OTHER


def outcome_of(message: Message | None, error: ErrorEvent | None, *, stopped: bool = False) -> str:
    """How a turn ended, one of ``OUTCOMES``.

    ``failed``: an error of ours (5xx), or neither message nor stop. ``refused``: an error of
    the caller's (4xx), or the input guard let nothing through (it understood nothing, with
    certainty 0, and says why). ``stopped``: ended before the reply was whole.
    ``handed_off``: a ticket was made. ``with_person``: a person has the chat.
    ``clarified``: the desk asked what was meant. ``answered``: everything else.
    """
    if error is not None:
        return "failed" if error.http_status >= 500 else "refused"
    if message is None:
        return "stopped" if stopped else "failed"
    if message.model == PERSON:
        return "with_person"
    if message.handoff:
        return "handed_off"
    if message.intent != "unclear":
        return "answered"
    guarded = message.confidence == 0 and not _REFUSALS.isdisjoint(message.guardrails)
    return "refused" if guarded else "clarified"
