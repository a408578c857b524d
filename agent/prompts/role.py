"""A role's file: what it may be given, what it answers, and what it says without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Literal, get_args

from agent.korean import Template

__all__ = ["Field", "FieldKind", "Guard", "Role", "read_role"]

FieldKind = Literal["text", "number", "list", "history"]
Guard = Literal["numbers", "grounded"]
_KEYS = {"version", "title", "guard", "fields", "schema", "offline", "offline_json"}
_PURPOSE = "generate"  # where the file names none: the chain that is asked
_DEFAULT_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of a payload. ``max_chars`` counts all of its text, ``help`` is Korean.

    ``said``: a customer's own words, which may be repeated but promise nothing.
    """

    name: str
    kind: FieldKind = "text"
    required: bool = False
    max_chars: int = _DEFAULT_CHARS
    said: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """What ``POST /api/llm/generate`` can be asked for.

    ``guard``: "grounded" holds every fact of the answer against the payload, "numbers" only
    what counts or names. ``purpose`` names the chain that is asked. ``schema`` is the JSON
    Schema of mode "json"; ``offline`` the lines of the answer without a model, each used when
    every value it names was given; ``offline_json`` its JSON form, where "{text}" stands for
    those lines.
    """

    role: str
    task: str
    version: str
    title: str
    instruction: str
    guard: Guard
    fields: Mapping[str, Field]
    schema: Mapping[str, Any]
    offline: tuple[Template, ...]
    offline_places: tuple[frozenset[str], ...]
    offline_json: Mapping[str, Any]
    purpose: str = _PURPOSE

    @property
    def name(self) -> str:
        """``copywriter/sns``, as the files lie."""
        return f"{self.role}/{self.task}"


def read_role(name: str, head: Mapping[str, Any], instruction: str, version: str) -> Role:
    """The role ``name`` ("role/task") from its front matter.

    Raises ValueError naming the file and what is wrong with it.
    """
    if unknown := set(head) - _KEYS - {"purpose"}:
        raise ValueError(f"{name}.md: unknown front matter {sorted(unknown)}")
    if missing := _KEYS - set(head):
        raise ValueError(f"{name}.md: front matter lacks {sorted(missing)}")
    if head["guard"] not in get_args(Guard):
        raise ValueError(f"{name}.md: guard must be one of {get_args(Guard)}")
    fields = {key: _field(name, key, row) for key, row in head["fields"].items()}
    lines = tuple(str(line) for line in head["offline"])
    role, _, task = name.partition("/")
    return Role(
        role, task, version, str(head["title"]), instruction, head["guard"], fields,
        head["schema"], tuple(Template(line) for line in lines),
        tuple(_places(line) for line in lines), head["offline_json"],
        str(head.get("purpose", _PURPOSE)),
    )  # fmt: skip


def _field(name: str, key: str, row: Mapping[str, Any]) -> Field:
    try:
        field = Field(key, **row)
    except TypeError as error:
        raise ValueError(f"{name}.md: field {key}: {error}") from error
    if field.kind not in get_args(FieldKind) or not field.help:
        raise ValueError(f"{name}.md: field {key} needs a help text and a kind of {FieldKind}")
    return field


def _places(line: str) -> frozenset[str]:
    return frozenset(place for _, place, _, _ in Formatter().parse(line) if place)
