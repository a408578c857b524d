"""Triage by a language model, held against the classifier: better where one is configured.

A model's answer passes the same guards as everywhere (``agent.llm.roles``). What it fails at,
or is not there for, stays as it was found offline. Danger stays urgent whatever it says.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agent.guardrails import mask_pii
from agent.llm.roles.generate import Generated, generate
from agent.prompts import Prompts
from agent.triage.matter import Line
from agent.triage.summary import MOST_CHARS
from agent.triage.text import customer_lines
from errors import BadInput, Unavailable
from store.triage import TicketTriage, TriageField

if TYPE_CHECKING:
    from agent.llm.gateway import Gateway

__all__ = ["refined"]

MODEL_ALONE = 0.6  # a model's finding that the classifier does not share
OF_SUMMARY = 0.8
REPLY_AT_LEAST = 0.6  # a model's draft has passed the grounding guard
MOST_LINES, MOST_LINE_CHARS, MOST_HISTORY_CHARS = 30, 1500, 14_000
_CLASSIFIED = ("issue_type", "priority", "sentiment")


def refined(
    found: TicketTriage,
    gateway: Gateway,
    prompts: Prompts,
    *,
    lines: Sequence[Line],
    customer: str,
    facts: Sequence[str],
    urgent: bool,
    cancel: threading.Event | None = None,
) -> TicketTriage:
    """``found`` with what a model finds in ``lines``, as far as one answers. Raises Cancelled."""
    if not gateway.configured or not lines:
        return found
    told = _history(lines)
    order = {"order": "\n".join(facts)} if facts else {}
    sorted_ = _asked(gateway, prompts, "triage", {"messages": told, **order}, cancel, mode="json")
    if sorted_ is not None and isinstance(sorted_.output, dict):
        fields = _merged(found.fields, sorted_.output, urgent=urgent)
        found = replace(found, fields=fields, made_by="model", model=sorted_.model)
    evidence = [*facts, *(source.quote for source in found.sources)]
    question = [line["text"] for line in told if line["role"] == "customer"]
    if not evidence or not question:
        return found
    payload = {"question": "\n".join(question)[-3500:], "evidence": evidence, **order}
    reply = _asked(gateway, prompts, "reply_draft", {**payload, "customer": customer[:50]}, cancel)
    if reply is None:
        return found
    confidence = max(found.reply_confidence, REPLY_AT_LEAST)
    return replace(
        found, reply=str(reply.output), reply_confidence=confidence, made_by="model",
        model=reply.model,
    )  # fmt: skip


def _asked(
    gateway: Gateway,
    prompts: Prompts,
    task: str,
    payload: Mapping[str, Any],
    cancel: threading.Event | None,
    mode: str = "text",
) -> Generated | None:
    """A model's own answer; None where the offline words would be all there is."""
    try:
        made = generate(
            gateway, prompts, role="agent", task=task, payload=payload, mode=mode, cancel=cancel
        )
    except (Unavailable, BadInput):  # no model answered, or it is too much for the role
        return None
    return None if made.provider == "offline" else made


def _history(lines: Sequence[Line]) -> list[dict[str, str]]:
    """The newest lines that fit, as the role takes them."""
    told: list[dict[str, str]] = []
    room = MOST_HISTORY_CHARS
    for who, text in reversed(lines[-MOST_LINES:]):
        for said in reversed(customer_lines(text) if who == "customer" else [text]):
            short = said[:MOST_LINE_CHARS]
            room -= len(short)
            if room < 0:
                return told[::-1]
            told.append({"role": who, "text": short})
    return told[::-1]


def _merged(
    fields: Mapping[str, TriageField], output: Mapping[str, Any], *, urgent: bool
) -> dict[str, TriageField]:
    merged = dict(fields)
    for name in _CLASSIFIED:
        mine, theirs = fields[name], str(output[name])
        if mine.value == theirs:
            # Two that find the same independently are wrong together only.
            both = 1 - (1 - mine.confidence) * (1 - MODEL_ALONE)
            merged[name] = TriageField(theirs, round(both, 3))
        elif not (name == "priority" and urgent):
            merged[name] = TriageField(theirs, MODEL_ALONE)
    summary = mask_pii(" ".join(str(output["summary"]).split()), for_cloud=True).text
    if summary:
        short = summary if len(summary) <= MOST_CHARS else summary[: MOST_CHARS - 1] + "…"
        merged["summary"] = TriageField(short, OF_SUMMARY)
    return merged
