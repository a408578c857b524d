"""docs/llm.md against the shipped tables: every key, every default, every example."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from agent.flows import FLOWS, Domain
from agent.llm.adapters import ADAPTERS
from agent.llm.breaker import COUNTED
from agent.llm.config import DEFAULTS, Price, ProviderRow, load_config
from agent.llm.routing import check_rows
from errors import LLM_KINDS
from settings import LLM_FIELDS, LLM_LIMITS, load
from tests.docs import blocks, text

SHIPPED = tomllib.loads(DEFAULTS.read_text("utf-8"))
DOCUMENT = text("llm.md")
ROWS = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", DOCUMENT, re.MULTILINE))
FIELD = re.compile(r"SANGDAM_LLM_([A-Z0-9]+)_(BASE_URL|MODEL|API_KEY)=")


def leaves(table: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{at}{name}.")
        else:
            yield f"{at}{name}", value


def shown(value: Any) -> str:
    """A value as its cell of the table shows it; – is none."""
    if value in ("", None) or isinstance(value, Mapping):
        return "–"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def fields(model: type[BaseModel], prefix: str) -> dict[str, str]:
    return {
        f"{prefix}.{field.alias or name}": shown(
            "" if field.is_required() else field.get_default(call_default_factory=True)
        )
        for name, field in model.model_fields.items()
    }


def expected() -> dict[str, str]:
    """Key → its default as it is to be shown."""
    tables = {name: rows for name, rows in SHIPPED.items() if name != "providers"}
    return {
        **{key: shown(value) for key, value in leaves(tables)},
        **fields(ProviderRow, "providers.NAME"),
        **fields(Price, 'prices."NAME:MODEL"'),
    }


def test_every_key_is_documented_with_its_default_and_none_that_is_gone() -> None:
    assert {key: value for key, value in ROWS.items() if key not in LLM_KINDS} == expected()


def test_what_the_shipped_providers_say_is_documented() -> None:
    for name, row in SHIPPED["providers"].items():
        for key in ("concurrency", "context_tokens"):
            if key in row:
                assert re.search(rf"{name} .*?`{key}` {row[key]}\b", DOCUMENT)
    assert [name for name, row in SHIPPED["providers"].items() if row.get("local")] == ["vllm"]


@pytest.mark.parametrize("kind", LLM_KINDS)
def test_every_error_kind_is_documented(kind: str) -> None:
    [row] = re.findall(rf"^\| `{kind}` \|.*$", DOCUMENT, re.MULTILINE)
    assert row.endswith("| yes |") == (kind in COUNTED)


def test_every_kind_of_provider_is_documented() -> None:
    [row] = [line for line in DOCUMENT.splitlines() if line.startswith("| `providers.NAME.kind`")]
    assert {adapter.kind for adapter in ADAPTERS} <= set(re.findall(r"`(\w+)`", row))


def test_what_the_environment_can_name_is_documented() -> None:
    [line] = [line for line in DOCUMENT.splitlines() if "SANGDAM_LLM_<PROVIDER>_<FIELD>" in line]
    told = {*LLM_FIELDS, *(f"SANGDAM_LLM_{limit}" for limit in LLM_LIMITS)}
    assert told <= set(re.findall(r"`(\w+)`", line))


def test_the_examples_of_tables_are_accepted(tmp_path: Path) -> None:
    plain = load({}, env_file=tmp_path / "none", toml_file=tmp_path / "none")
    found = blocks("llm.md", "toml")
    assert len(found) >= 2
    for block in found:
        config = load_config(plain.replace(llm=tomllib.loads(block.code)["llm"]))
        check_rows(config, intents=FLOWS, domains=get_args(Domain))


def test_the_examples_of_settings_name_shipped_providers() -> None:
    code = "".join(block.code for block in blocks("llm.md", "sh"))
    named = {name.lower() for name, _ in FIELD.findall(code)}
    assert named == set(SHIPPED["providers"])
    assert len(re.findall("SANGDAM_LLM_", code)) == len(FIELD.findall(code))
