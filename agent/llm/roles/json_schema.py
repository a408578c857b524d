"""A JSON Schema somebody sent: taken only as far as checking against it stays cheap and safe.

The keywords are a list of our own. Patterns (untrusted regular expressions), remote and
recursive references and whatever nobody has thought of yet are refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry

from agent.llm.structured import bounded
from errors import BadInput

__all__ = ["checked_schema", "parser_of"]

MAX_SCHEMA_BYTES = 10_000
MAX_NODES = 300
_PLAIN = frozenset(
    "$schema type enum const title description default examples format required minLength "
    "maxLength minimum maximum exclusiveMinimum exclusiveMaximum minItems maxItems "
    "minProperties maxProperties".split()
)
_ONE = frozenset(("items", "additionalProperties", "not"))
_SEVERAL = frozenset(("anyOf", "oneOf", "allOf", "prefixItems"))
_NAMED = frozenset(("properties", "$defs", "definitions"))
_KNOWN = _PLAIN | _ONE | _SEVERAL | _NAMED | {"$ref"}
_REF = ("#/$defs/", "#/definitions/")


def checked_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``schema`` that may be checked against. Raises BadInput saying what is wrong."""
    try:
        text = bounded(json.dumps(schema, ensure_ascii=False, allow_nan=False))
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInput(
            "schema를 읽을 수 없어요. 너무 깊거나 큰 JSON이 아닌지 확인해 주세요."
        ) from error
    if len(text.encode("utf-8", "replace")) > MAX_SCHEMA_BYTES:
        raise BadInput(f"schema가 너무 커요. {MAX_SCHEMA_BYTES:,}바이트 안으로 줄여 주세요.")
    copy: dict[str, Any] = json.loads(text)
    _Walk(copy).visit(copy, ())
    try:
        Draft202012Validator.check_schema(copy)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.path) or "맨 위"
        raise BadInput(f"schema가 JSON Schema의 규칙에 맞지 않아요. 확인할 곳: {where}") from error
    return copy


def parser_of(schema: Mapping[str, Any]) -> Callable[[str], Any]:
    """JSON text → its value, held against a :func:`checked_schema`.

    The parser raises ValueError in words for a model. Numbers that are none (NaN) and half
    characters, which could not be sent on, are refused too.
    """
    validator = Draft202012Validator(schema, registry=Registry())

    def parse(text: str) -> Any:
        value = json.loads(bounded(text), parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
        error = best_match(validator.iter_errors(value))
        if error is not None:
            where = "/".join(str(part) for part in error.absolute_path) or "(root)"
            raise ValueError(f"{where}: {error.message[:300]}")
        return value

    return parse


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


class _Walk:
    """Visits a schema with its references followed, and counts."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._nodes = 0

    def visit(self, node: Any, trail: tuple[str, ...]) -> None:
        """``trail``: the references that led here."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadInput("schema가 너무 복잡해요. 항목을 줄이거나 나누어 주세요.")
        if isinstance(node, bool):
            return
        if not isinstance(node, dict):
            raise BadInput("schema의 각 항목은 객체여야 해요.")
        for key, value in node.items():
            self._keyword(key, value, trail)

    def _keyword(self, key: str, value: Any, trail: tuple[str, ...]) -> None:
        if key not in _KNOWN:
            raise BadInput(
                f"schema에서 쓸 수 없는 낱말이에요: {key[:40]}. "
                "type, properties, items, required, enum, anyOf와 길이·범위 제한을 쓸 수 있어요."
            )
        if key == "$ref":
            self._follow(value, trail)
        elif key in _ONE:
            self.visit(value, trail)
        elif key in _SEVERAL and isinstance(value, list):
            for child in value:
                self.visit(child, trail)
        elif key in _NAMED and isinstance(value, dict):
            for child in value.values():
                self.visit(child, trail)

    def _follow(self, ref: Any, trail: tuple[str, ...]) -> None:
        """Only to the schema's own definitions, and never in a circle."""
        start = next((s for s in _REF if isinstance(ref, str) and ref.startswith(s)), None)
        name = "" if start is None else ref.removeprefix(start)
        target = self._root.get((start or "")[2:-1])
        if not name.isidentifier() or not isinstance(target, dict) or name not in target:
            raise BadInput("schema의 $ref는 '#/$defs/이름' 꼴로 같은 schema 안만 가리킬 수 있어요.")
        if ref in trail:
            raise BadInput("schema가 자기 자신을 다시 가리킬 수는 없어요.")
        self.visit(target[name], (*trail, ref))
