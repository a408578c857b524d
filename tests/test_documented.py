"""Whatever a developer can set, call or open is in docs/reference.md."""

from __future__ import annotations

import re
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest
import yaml

from agent.flows import FLOWS
from agent.prompts import Prompts
from agent.tools import REGISTRY
from api.app import create_app
from settings import TABLE

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
ROWS = {
    match.group(1): match.group(0)
    for match in re.finditer(r"^\| `([^`]+)`.*$", REFERENCE, re.MULTILINE)
}


@pytest.mark.parametrize("setting", TABLE, ids=lambda row: row.name)
def test_every_setting_is_documented_with_its_default(setting) -> None:  # type: ignore[no-untyped-def]
    row = ROWS[setting.name]
    assert setting.help in row
    assert f"| {setting.default if setting.default != '' else '–'} |" in row
    assert setting.help.endswith(".")


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_tool_is_documented(name: str) -> None:
    assert REGISTRY[name].help in ROWS[name]
    assert REGISTRY[name].kind in ROWS[name]
    arguments = list(signature(REGISTRY[name].function).parameters)[1:]  # all but the context
    assert f"| {', '.join(arguments) or '–'} |" in ROWS[name]


@pytest.mark.parametrize("intent", sorted(FLOWS))
def test_every_intent_has_its_files_and_row(intent: str) -> None:
    assert FLOWS[intent].domain in ROWS[intent]
    examples = yaml.safe_load((ROOT / "data" / "intents" / f"{intent}.yaml").read_text("utf-8"))
    assert examples["intent"] == intent
    assert len(examples["examples"]) >= 100
    assert intent in Prompts.load(ROOT / "agent" / "prompts").intents


def test_no_file_is_left_of_an_intent_that_is_gone() -> None:
    assert {p.stem for p in (ROOT / "data" / "intents").glob("*.yaml")} == set(FLOWS)
    assert set(Prompts.load(ROOT / "agent" / "prompts").intents) == set(FLOWS)


@pytest.mark.parametrize("page", sorted(p.name for p in (ROOT / "pages").glob("*.py")))
def test_every_page_is_documented(page: str) -> None:
    assert f"`pages/{page}`" in REFERENCE


def test_every_route_is_documented_and_none_that_is_gone() -> None:
    served = {
        f"{method.upper()} {path}": operation["operationId"]
        for path, operations in create_app().openapi()["paths"].items()
        for method, operation in operations.items()
    }
    told = {name: row for name, row in ROWS.items() if re.match("[A-Z]+ /", name)}
    assert set(told) == set(served)
    assert [name for name, row in told.items() if f"| `{served[name]}` |" not in row] == []


@pytest.mark.parametrize("package", ["agent", "api", "evals", "retrieval", "store", "vision"])
def test_every_command_is_documented(package: str) -> None:
    parser = import_module(f"{package}.__main__")._parser()
    commands = next(action.choices for action in parser._actions if action.choices)
    missing = [name for name in commands if f"python -m {package} {name}" not in REFERENCE]
    assert not missing
