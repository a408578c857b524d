"""Who may import whom (architecture.md): a wrong import fails here, by name and line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("Home", "agent", "api", "errors", "evals", "pages", "retrieval", "services", "settings",
        "settings_table", "store", "ui", "vision")  # fmt: skip
# The gateway to models knows nothing of the desk, its tools or its prompts.
GATEWAY = tuple(
    f"agent.llm.{name}"
    for name in ("adapters", "attempt", "breaker", "config", "gateway", "iothread", "prices",
                 "providers", "relay", "routing", "types", "usage")
)  # fmt: skip
# The longest matching package wins; an import is allowed when one of its rows begins it.
MAY_IMPORT = {
    "pages": ("ui", "services", "agent.types", "errors"),
    "ui": ("ui", "services", "agent.types", "agent.shop.words", "errors"),
    "Home": ("api", "services", "errors"),
    "api": ("services", "agent.types", "errors", "api"),
    "services": ("services", "agent", "store", "retrieval", "vision", "settings", "errors"),
    "evals": ("evals", "services", "agent", "store", "retrieval", "vision", "settings", "errors"),
    "settings": ("errors", "settings_table"),
    "settings_table": (),
    "errors": (),
    "store": ("store", "errors"),
    "retrieval": ("retrieval", "errors"),
    "vision": ("vision", "errors"),
    "agent": ("agent", "store", "vision", "errors"),
    "agent.types": (),
    "agent.shop": ("agent.shop", "store.models", "errors"),
    "agent.tools": ("agent.tools", "agent.shop", "agent.types", "agent.guardrails",
                    "agent.korean", "agent.triage", "store", "retrieval", "vision", "errors"),
    "agent.flows": ("agent", "store.models", "errors"),
    "agent.guardrails": ("agent.guardrails", "agent.learning", "agent.types", "errors"),
    "agent.learning": (),
    "agent.understanding": ("agent.understanding", "agent.learning", "agent.types", "errors"),
    "agent.prompts": ("agent.korean", "agent.prompts"),
    **dict.fromkeys(GATEWAY, (*GATEWAY, "errors")),
}  # fmt: skip
_SQL = re.compile(
    r"\b(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|create\s+table)\b",
    re.IGNORECASE | re.DOTALL,
)


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] in OURS:
            yield ".".join(parts).removesuffix(".__init__"), path


MODULES = dict(modules())


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in MODULES else node.module), node.lineno


def rule_of(module: str) -> tuple[str, ...]:
    name = module
    while name not in MAY_IMPORT:
        name = name.rpartition(".")[0]
    return MAY_IMPORT[name]


def allowed(target: str, rows: tuple[str, ...]) -> bool:
    return any(target == row or target.startswith(row + ".") for row in rows)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_keep_to_the_layers(module: str) -> None:
    if module.endswith("__main__"):
        return  # commands are composition points, beside services
    rows = rule_of(module)
    wrong = [
        f"{MODULES[module].name}:{line} imports {target}"
        for target, line in imports(MODULES[module])
        if target.split(".")[0] in OURS and not allowed(target, rows)
    ]
    assert not wrong, wrong


def test_only_the_console_imports_streamlit() -> None:
    users = {
        module
        for module, path in MODULES.items()
        for target, _ in imports(path)
        if target.split(".")[0] in ("streamlit", "streamlit_authenticator")
    }
    assert {module.split(".")[0] for module in users} <= {"Home", "pages", "ui"}


def test_only_the_store_knows_sql() -> None:
    wrong = []
    for module, path in MODULES.items():
        if module.split(".")[0] == "store":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _SQL.search(node.value)
            ):
                wrong.append(f"{module}:{node.lineno} {node.value[:60]!r}")
    assert not wrong, wrong


def test_modules_stay_short() -> None:
    long = {
        module: lines
        for module, path in MODULES.items()
        if (lines := len(path.read_text("utf-8").splitlines()))
        > (120 if module.startswith("pages.") else 400)
    }
    assert not long, long


def test_test_modules_stay_short() -> None:
    long = [
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        if len(path.read_text("utf-8").splitlines()) > 400
    ]
    assert not long, long


def test_no_cycles_between_top_packages() -> None:
    edges: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        if module.endswith("__main__"):
            continue
        top = module.split(".")[0]
        for target, _ in imports(path):
            other = target.split(".")[0]
            if other in OURS and other != top:
                edges.setdefault(top, set()).add(other)

    def reaches(start: str, goal: str, seen: frozenset[str] = frozenset()) -> bool:
        return any(
            other == goal or (other not in seen and reaches(other, goal, seen | {other}))
            for other in edges.get(start, ())
        )

    assert not [package for package in edges if reaches(package, package)]
