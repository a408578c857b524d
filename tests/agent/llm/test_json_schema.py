"""A schema somebody sent: what may be checked against, and what is refused by name."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import BaseModel

from agent.llm.roles.json_schema import checked_schema, parser_of
from errors import BadInput


class Line(BaseModel):
    sku: str
    count: int | None = None


class Order(BaseModel):
    lines: list[Line]
    note: str = ""


def test_a_pydantic_models_schema_is_taken() -> None:
    schema = checked_schema(Order.model_json_schema())
    parse = parser_of(schema)
    assert parse('{"lines": [{"sku": "A", "count": 2}]}') == {"lines": [{"sku": "A", "count": 2}]}
    with pytest.raises(ValueError, match="lines/0"):
        parse('{"lines": [{"count": 2}]}')


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"items": schema}
    return schema


def bomb() -> dict[str, Any]:
    """Ten definitions, each twice the one before: 2 ** 10 checks of one value."""
    defs: dict[str, Any] = {"a0": {"type": "string"}}
    for at in range(1, 11):
        defs[f"a{at}"] = {"allOf": [{"$ref": f"#/$defs/a{at - 1}"}] * 2}
    return {"$defs": defs, "$ref": "#/$defs/a10"}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"pattern": "(a+)+$"}, "pattern"),
        ({"properties": {"a": {"patternProperties": {"(a+)+$": {}}}}}, "patternProperties"),
        ({"items": {"uniqueItems": True}}, "uniqueItems"),
        ({"$ref": "https://example.com/schema.json"}, "#/$defs"),
        ({"$ref": "file:///etc/passwd"}, "#/$defs"),
        ({"$ref": "#/$defs/none"}, "#/$defs"),
        ({"$ref": "#"}, "#/$defs"),
        ({"$dynamicRef": "#x"}, "$dynamicRef"),
        ({"$id": "https://example.com/"}, "$id"),
        ({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, "자기 자신"),
        ({"type": "poem"}, "type"),
        ({"required": "text"}, "required"),
        ({"properties": {"a": 3}}, "객체"),
        ({"description": "가" * 4000}, "10,000"),
        ({"a": object()}, "읽을 수"),
        ({"minimum": float("inf")}, "읽을 수"),
        ({"anyOf": [{}] * 400}, "복잡"),
        (bomb(), "복잡"),
        (nested(30), "읽을 수"),
        (nested(100_000), "읽을 수"),
    ],
)  # fmt: skip
def test_a_schema_that_costs_or_reaches_out_is_refused(schema: Any, told: str) -> None:
    started = time.process_time()
    with pytest.raises(BadInput) as raised:
        checked_schema(schema)
    assert told in str(raised.value)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "NaN", '{"a": Infinity}', '{"a": "\\ud800"}', '{"a": 1}{"b": 2}', "[" * 40],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the kinds of words differ, the type is the point
        parser_of({})(text)


def test_the_callers_schema_is_left_as_it_was() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    copy = checked_schema(schema)
    copy["properties"].clear()
    assert schema["properties"] == {"a": {"type": "string"}}
