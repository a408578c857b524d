"""The OpenAPI document: valid, complete, in Korean, with examples, and telling no secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from api.app import create_app
from api.problems import MEDIA_TYPE, Problem

METHODS = ("get", "post", "put", "patch", "delete")
HANGUL = re.compile(r"[가-힣]")
PROBLEM = {"$ref": "#/components/schemas/Problem"}
# What the store keeps and nobody is told.
INTERNAL = re.compile(r"hash|secret|guest_key|fingerprint|family|payload|^context$|^salt$")
DOCUMENT: dict[str, Any] = create_app().openapi()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method in METHODS
}
NEEDS_TOKEN = {
    name for name, one in OPERATIONS.items() if one.get("security") == [{"HTTPBearer": []}]
}


def told(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and every schema it leads to, each once."""
    seen: set[str] = set()
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        name = one.get("$ref", "").rpartition("/")[2]
        if name:
            if name not in seen:
                seen.add(name)
                waiting.append(SCHEMAS[name])
            continue
        yield one
        waiting += one.get("properties", {}).values()
        for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            waiting += one.get(key, ())
        for key in ("items", "additionalProperties"):
            if isinstance(one.get(key), dict):
                waiting.append(one[key])


def shows(schema: dict[str, Any]) -> bool:
    """Whether a reader sees what such a value looks like."""
    file = schema.get("format") == "binary" or "contentMediaType" in schema
    return bool(file or schema.get("examples") or schema.get("enum") or "const" in schema)


def contents(operation: dict[str, Any], *, answers: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The media types of the body, or of the good answers."""
    if not answers:
        yield from operation.get("requestBody", {}).get("content", {}).items()
        return
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            yield from answer.get("content", {}).items()


def test_the_document_is_valid_openapi_3_1() -> None:
    assert re.fullmatch(r"3\.1\.\d", DOCUMENT["openapi"])
    checks = jsonschema.Draft202012Validator(OPENAPI_31)
    assert [(list(one.absolute_path), one.message) for one in checks.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_a_valid_json_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    for one in told(SCHEMAS[name]):  # a dangling reference would raise KeyError
        for example in one.get("examples", ()):
            whole = {**one, "components": DOCUMENT["components"]}
            jsonschema.validate(example, whole, jsonschema.Draft202012Validator)


def test_names_of_operations_are_their_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names) >= 40
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", name) for name in names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_what_it_does(operation: str) -> None:
    told_of = OPERATIONS[operation]
    assert HANGUL.search(told_of["summary"])
    assert HANGUL.search(told_of["description"]), "the documentation page is Korean"
    assert len(told_of["tags"]) == 1
    for one in told_of.get("parameters", ()):
        assert one["in"] != "path" or one["required"]


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if " /v1" not in one])
def test_errors_are_problems(operation: str) -> None:
    told_of = OPERATIONS[operation]["responses"]
    errors = {status: one for status, one in told_of.items() if status >= "400"}
    assert {"400", "422", "429", "503"} <= set(errors)
    assert operation not in NEEDS_TOKEN or "401" in errors
    assert "{" not in operation or "404" in errors
    for status, one in errors.items():
        assert HANGUL.search(one["description"])
        if (operation, status) != ("GET /ready", "503"):  # tells the parts instead
            [(media_type, content)] = one["content"].items()
            assert media_type == MEDIA_TYPE
            assert content["schema"] == PROBLEM
            Problem.model_validate(content["example"])
            assert content["example"]["status"] == int(status)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if " /v1" in one])
def test_errors_of_v1_are_openais(operation: str) -> None:
    errors = {s: one for s, one in OPERATIONS[operation]["responses"].items() if s >= "400"}
    assert {"400", "401", "403", "404", "413", "429", "503"} <= set(errors)
    for one in errors.values():
        error = one["content"]["application/json"]["schema"]["properties"]["error"]
        assert set(error["properties"]) == {"message", "type", "code", "param"}


@pytest.mark.parametrize("answers", [False, True], ids=["bodies", "answers"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_bodies_and_answers_have_examples(operation: str, answers: bool) -> None:
    for media_type, content in contents(OPERATIONS[operation], answers=answers):
        schema = content.get("schema")
        if media_type.startswith(("image/", "text/plain")) or "example" in content:
            continue
        assert schema, f"{media_type} has no schema"
        assert any(shows(one) for one in told(schema))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_internal_is_told(operation: str) -> None:
    for _, content in contents(OPERATIONS[operation], answers=True):
        for one in told(content.get("schema", {})):
            leaked = [name for name in one.get("properties", {}) if INTERNAL.search(name)]
            assert not leaked
            assert "password" not in one.get("properties", {})


def test_passwords_have_no_place_but_in_bodies() -> None:
    parameters = [one["name"] for told_of in OPERATIONS.values()
                  for one in told_of.get("parameters", ())]  # fmt: skip
    assert not [name for name in parameters if re.search(r"password|token|secret", name)]
    assert DOCUMENT["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
