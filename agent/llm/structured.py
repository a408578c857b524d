"""Structured output: JSON from a model, checked by us and asked for once more.

Three real servers took a JSON schema and ignored it without a word, so nothing here trusts
one: the text is bounded, unwrapped and parsed by the caller's own ``parse``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from agent.llm.types import ChatMessage, Final, Route, Spend, Tag, TextDelta
from errors import LLMError

if TYPE_CHECKING:
    from agent.llm.gateway import Gateway

__all__ = ["ask_json", "ask_model", "ask_text", "bounded", "only_json", "without_reasoning"]

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
MAX_BYTES = 20_000
MAX_DEPTH = 20
_ASKS = 2
_LEAST_S = 0.5  # less than this left, nothing is asked again
_SHOWN = 2000  # characters of its own answer a model is shown again
_TOLD = 500  # of what was wrong with it
_AGAIN = (
    "방금 적은 것은 쓸 수 없다. 잘못된 곳: {error}\n"
    "설명, 코드 울타리, 생각을 적지 말고 고친 JSON 하나만 다시 적는다."
)
_FENCE = re.compile(r"```[A-Za-z0-9_-]{0,20}[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)', re.DOTALL)


def ask_text(
    gateway: Gateway,
    route: Route,
    messages: Sequence[ChatMessage],
    *,
    tag: Tag,
    schema: Mapping[str, Any] | None = None,
    spend: Spend | None = None,
    cancel: threading.Event | None = None,
    deadline_s: float | None = None,
) -> tuple[str, Final]:
    """A model's whole answer, without its reasoning, and what it took.

    Raises LLMError, Unavailable where no model is configured, Cancelled.
    """
    parts: list[str] = []
    final: Final | None = None
    for piece in gateway.complete(
        route, messages, tag=tag, schema=schema, deadline_s=deadline_s, spend=spend, cancel=cancel
    ):
        if isinstance(piece, TextDelta):
            parts.append(piece.text)
        elif isinstance(piece, Final):
            final = piece
    if final is None:
        raise LLMError("truncated", emitted=bool(parts))
    return without_reasoning("".join(parts)), final


def ask_json(
    gateway: Gateway,
    route: Route,
    messages: Sequence[ChatMessage],
    parse: Callable[[str], T],
    *,
    schema: Mapping[str, Any] | None,
    tag: Tag,
    spend: Spend | None = None,
    cancel: threading.Event | None = None,
    deadline_s: float | None = None,
) -> tuple[T | None, tuple[Final, ...]]:
    """What ``parse`` makes of a model's JSON; None when it was wrong twice.

    ``parse`` gets at most 20 kB, at most 20 deep, and raises ValueError (pydantic's
    ValidationError is one) with words that the model is told before it is asked once more.
    ``deadline_s`` (None: the configuration's) is for both calls together.

    Raises LLMError, Unavailable where no model is configured, Cancelled.
    """
    asked = list(messages)
    finals: list[Final] = []
    end = monotonic() + (gateway.config.limits.total_s if deadline_s is None else deadline_s)
    for _ in range(_ASKS):
        left = end - monotonic()
        if finals and left < _LEAST_S:
            break
        text, final = ask_text(
            gateway, route, asked, tag=tag, schema=schema, spend=spend, cancel=cancel,
            deadline_s=left,
        )  # fmt: skip
        finals.append(final)
        try:
            return parse(bounded(only_json(text))), tuple(finals)
        except ValueError as error:
            told = _AGAIN.format(error=str(error)[:_TOLD])
            asked = [
                *messages,
                ChatMessage("assistant", text[:_SHOWN] or "{}"),
                ChatMessage("user", told),
            ]
    return None, tuple(finals)


def ask_model(
    gateway: Gateway,
    route: Route,
    messages: Sequence[ChatMessage],
    *,
    model: type[M],
    tag: Tag,
    spend: Spend | None = None,
    cancel: threading.Event | None = None,
    deadline_s: float | None = None,
) -> tuple[M | None, tuple[Final, ...]]:
    """:func:`ask_json` for a pydantic model: its schema is asked for, and it validates."""
    return ask_json(
        gateway, route, messages, model.model_validate_json, schema=model.model_json_schema(),
        tag=tag, spend=spend, cancel=cancel, deadline_s=deadline_s,
    )  # fmt: skip


def without_reasoning(text: str) -> str:
    """The answer without the thoughts some models write before it, stripped.

    A thought may lack its opening mark (a chat template has written it) or its end (the
    answer was cut off within it: then there is none). JSON is left alone.
    """
    text = text.strip()
    if text[:1] in ("{", "["):
        return text
    return _THOUGHT_END.sub("", _THOUGHT.sub("", text)).strip()


def only_json(text: str) -> str:
    """The JSON of an answer: without a code fence, or words before and after it."""
    text = text.strip()
    if text[:1] in ("{", "["):
        return text[: max(text.rfind("}"), text.rfind("]")) + 1] or text
    if fence := _FENCE.search(text):
        return fence[1].strip()
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts:
        return text
    return text[min(starts) : max(text.rfind("}"), text.rfind("]")) + 1]


def bounded(text: str) -> str:
    """``text`` unless parsing it would cost too much. Raises ValueError."""
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        raise ValueError(f"JSON of {size} bytes is longer than {MAX_BYTES}")
    depth = deepest = 0
    for char in _QUOTED.sub("", text):
        depth += (char in "{[") - (char in "}]")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise ValueError(f"JSON nested {deepest} deep is deeper than {MAX_DEPTH}")
    return text
