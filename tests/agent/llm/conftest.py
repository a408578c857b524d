"""``live``: the seeded shop with language models on servers of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services import Services
from tests.conftest import Clock, copy_database, make_services
from tests.llmserver import LLMServer, providers_table

SHARED = ("tokenizer", "encoder", "index", "policies", "catalogue", "understander")
EVERYTHING = ("policy", "order", "claim", "general", "product_info", "unknown", "default")
Live = Callable[..., Services]


def llm_table(chain: dict[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """An ``[llm]`` table where ``chain``'s providers, in its order, do everything."""
    names = list(chain)
    table: dict[str, Any] = {
        "providers": chain,
        "routes": dict.fromkeys(EVERYTHING, names),
        "purposes": {"understand": [], "triage": [], "summarise": [], "passthrough": names},
    }
    for name, value in more.items():
        table[name] = {**table.get(name, {}), **value}
    return table


@pytest.fixture
def live(base: Services, clock: Clock, tmp_path: Path) -> Iterator[Live]:
    """``live(one=row, …, limits={…})``: the shop whose chain is those providers."""
    made: list[Services] = []

    def make(limits: dict[str, Any] | None = None, more: dict[str, Any] | None = None,
             **chain: dict[str, Any]) -> Services:  # fmt: skip
        copy_database(base, tmp_path / "sangdam.db")
        table = llm_table(chain, limits=limits or {}, **(more or {}))
        shop = make_services(tmp_path, clock, llm=table)
        for part in SHARED:
            shop.__dict__[part] = getattr(base, part)
        shop._ready.set()
        shop.llm.gateway.warm()  # as prepare() does: no turn waits for imports
        made.append(shop)
        return shop

    yield make
    for shop in made:
        shop.turns.drain(10)
        shop.llm.gateway.close()


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with LLMServer() as one:
        yield one


@pytest.fixture
def shop_with(live: Live, server: LLMServer) -> Services:
    """The shop whose every reply is worded by ``server``, asked in OpenAI's format."""
    return live(one=providers_table(server, "openai"))
