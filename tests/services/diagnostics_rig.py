"""Desks set up by the places a test gives, and what their diagnostics tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import settings as settings_module
from agent.llm.adapters import ADAPTERS
from agent.llm.types import Adapter
from agent.types import Caller
from services import Services
from services.diagnostics import Diagnostics, ProviderView, SettingRow
from services.llm import Models
from tests.conftest import Clock

__all__ = ["ADMIN", "KEY", "close_all", "desk_of", "everything", "row_of", "told", "view_of"]

ADMIN = Caller("admin", "admin_001", "관리자")
KEY = "sk-live-4f9a8b7c6d5e-ab12"


_DESKS: list[Services] = []


def close_all() -> None:
    """No gateway outlives its test."""
    while _DESKS:
        _DESKS.pop().llm.gateway.close()


def desk_of(
    folder: Path,
    environment: dict[str, str] | None = None,
    *,
    env: str = "",
    toml: str = "",
    llm: dict[str, Any] | None = None,
    more: tuple[type[Adapter], ...] = (),
) -> Diagnostics:
    """The diagnostics of a desk that is set up by these places only, with ``more`` kinds."""
    (folder / ".env").write_text(env, "utf-8")
    (folder / "sangdam.toml").write_text(toml, "utf-8")
    places = {"env_file": folder / ".env", "toml_file": folder / "sangdam.toml"}
    found = settings_module.load(environment or {}, **places)
    changes: dict[str, Any] = {"llm": llm} if llm else {}
    desk = Services(found.replace(data_dir=str(folder), **changes), clock=Clock())
    desk.database.prepare()
    desk.__dict__["llm"] = Models(desk, (*ADAPTERS, *more))
    diagnostics = Diagnostics(desk, environment=environment or {}, env_file=folder / ".env")
    _DESKS.append(desk)
    return diagnostics


def row_of(diagnostics: Diagnostics, name: str) -> SettingRow:
    return next(row for row in diagnostics.settings(ADMIN) if row.name == name)


def told(diagnostics: Diagnostics, name: str) -> str:
    """The one warning about a name; "" without one."""
    found = [one.text for one in diagnostics.notices(ADMIN) if one.name == name]
    assert len(found) <= 1
    return "".join(found)


def view_of(diagnostics: Diagnostics, name: str) -> ProviderView:
    return next(one for one in diagnostics.providers(ADMIN) if one.name == name)


def everything(diagnostics: Diagnostics) -> str:
    """All that is told without asking a server."""
    parts: list[Any] = [diagnostics.settings(ADMIN), diagnostics.notices(ADMIN)]
    return repr([*parts, diagnostics.providers(ADMIN), diagnostics.routes(ADMIN)])
