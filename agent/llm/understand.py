"""Asking a model what a message means, where the classifier is not sure.

Its answer is checked like a stranger's: an intent the desk knows, words the customer wrote.
It can name no order, no person and nothing to do; the flows find those out themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from agent.guardrails import as_data, mask_pii
from agent.llm.gateway import Gateway
from agent.llm.structured import ask_model
from agent.llm.types import ChatMessage, Final, Route, Spend, Tag
from agent.prompts import Instruction
from agent.types import Understood

__all__ = ["clearer", "reading_of"]

MOST_PRODUCTS = 3


class _Reading(BaseModel):
    model_config = ConfigDict(extra="forbid")

    confidence: Annotated[float, Field(ge=0, le=1)]
    products: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=10)] = []
    claim_kind: Literal["return", "exchange"] | None = None


def reading_of(intents: Sequence[str]) -> type[BaseModel]:
    """The answer's shape: one of ``intents``, how sure, and words of the message."""
    one_of: Any = Literal[tuple(intents)]
    named: type[BaseModel] = create_model("Reading", __base__=_Reading, intent=(one_of, ...))
    return named


def clearer(
    gateway: Gateway,
    route: Route,
    instruction: Instruction,
    guess: Understood,
    text: str,
    history: Sequence[tuple[str, str]],
    *,
    intents: Sequence[str],
    tag: Tag,
    spend: Spend,
    cancel: Event,
    deadline_s: float,
) -> tuple[Understood, tuple[Final, ...]]:
    """``guess`` with the model's intent where it gives a usable one; else as it was.

    ``history`` is (role, text), oldest first. Raises LLMError when no model answers, Cancelled.
    """
    said = "\n".join(f"{role}: {_masked(line)}" for role, line in history)
    asked = f"<history>\n{said}\n</history>\n<message>{_masked(text)}</message>"
    messages = [ChatMessage("system", instruction.text), ChatMessage("user", asked)]
    found, finals = ask_model(
        gateway, route, messages, model=reading_of(intents), tag=tag, spend=spend, cancel=cancel,
        deadline_s=deadline_s,
    )  # fmt: skip
    if found is None:
        return guess, finals
    told = found.model_dump()
    named = [word for word in told["products"] if word.strip() and word in text][:MOST_PRODUCTS]
    slots = replace(
        guess.slots,
        products=tuple(dict.fromkeys((*guess.slots.products, *named))),
        claim_kind=guess.slots.claim_kind or told["claim_kind"],
    )
    confidence = float(told["confidence"])
    return replace(guess, intent=told["intent"], confidence=confidence, slots=slots), finals


def _masked(text: str) -> str:
    """What leaves the machine."""
    return as_data(mask_pii(text, for_cloud=True).text)
