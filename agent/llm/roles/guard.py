"""What a role's answer must pass: nothing in it that the payload does not hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from agent.guardrails import Evidence, check_grounding, check_output, plain_text
from agent.guardrails.normalise import fold
from agent.guardrails.numbers import find_numbers
from agent.llm.roles.payload import Payload
from agent.prompts import Role

__all__ = ["clean", "each", "facts_added", "texts_of"]

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>]{1,500}+", re.IGNORECASE)
_LIST_MARK = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)
_COUNTED = 100  # smaller numbers of a JSON answer are scores and counts


def clean(role: Role, text: str) -> str:
    """The text without markup, and without links where the role's answers carry none."""
    plain = plain_text(text)
    return (_LINK.sub("", plain) if role.guard == "numbers" else plain).strip()


def each(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with every text in it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [each(item, change) for item in value]
    if isinstance(value, dict):
        return {key: each(item, change) for key, item in value.items()}
    return value


def texts_of(value: Any, schema: Mapping[str, Any] | None) -> str:
    """Whatever a model has put into words: texts, and keys it was not given."""
    known = json.dumps(schema, ensure_ascii=False) if schema else ""
    written = (leaf for leaf in _leaves(value) if isinstance(leaf, str))
    return "\n".join(text for text in written if json.dumps(text, ensure_ascii=False) not in known)


def facts_added(payload: Payload, value: Any, schema: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Codes of what the answer says beyond the payload; empty when nothing."""
    role, text = payload.role, texts_of(value, schema)
    evidence = Evidence.collect([payload.told()], message=payload.said())
    sums = (leaf for leaf in _leaves(value) if not isinstance(leaf, str) and abs(leaf) >= _COUNTED)
    problems = [f"ungrounded:amount:{leaf}" for leaf in sums if leaf not in evidence.amounts]
    if not text.strip():
        return tuple(problems)
    if role.guard == "grounded":
        return (*problems, *check_output(text, evidence).problems)
    missing = check_grounding(text, evidence, citations=(), retrieved=())
    problems += [f"ungrounded:{fact.kind}:{fact.text}" for fact in missing]
    strange = _numbers(text) - _numbers(payload.tagged())
    return (*problems, *(f"ungrounded:count:{number}" for number in sorted(strange)))


def _leaves(value: Any) -> Iterator[str | int | float]:
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield value


def _numbers(text: str) -> set[Decimal]:
    """Numbers written with digits, by value; a list's own numbering is none."""
    plain = _LIST_MARK.sub("", fold(text).text)
    return {number.value for number in find_numbers(plain) if not number.hangul}
