"""A real turn for a tool belt, on the shop of a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agent.llm.tools.belt import ToolBelt
from agent.llm.types import ToolCall
from agent.memory import Context
from agent.prompts import Prompts
from agent.tools.base import ToolContext
from agent.turn import Turn
from agent.types import Caller
from services import Services
from settings import ROOT
from store.database import Tx

__all__ = ["answer", "belt_of", "open_turn", "order_of", "turn_of"]


def turn_of(shop: Services, caller: Caller, text: str, tx: Any = None) -> Turn:
    """A turn as the desk makes one, with or without an open transaction."""
    tools = ToolContext(
        tx, caller, shop.rules, shop.clock(), turn_id="t_belt", conversation_id="s_belt",
        policy_search=shop.search_policies, product_search=shop.catalogue,
    )  # fmt: skip
    return Turn(
        text=text, understood=shop.understander.understand(text, shop.clock()),
        context=Context(), tools=tools, prompts=Prompts.load(ROOT / "agent" / "prompts"),
    )  # fmt: skip


@contextmanager
def open_turn(shop: Services, caller: Caller, text: str) -> Iterator[Turn]:
    """A turn with a reading transaction of its own."""
    tx: Tx
    with shop.database.read() as tx:
        yield turn_of(shop, caller, text, tx)


def belt_of(shop: Services, caller: Caller, text: str) -> tuple[ToolBelt, Turn]:
    """A belt with every tool that opens a transaction for each call, and its turn."""
    turn = turn_of(shop, caller, text)
    return ToolBelt(turn, read=shop.database.read), turn


def answer(belt: ToolBelt, name: str, arguments: Any = None) -> dict[str, Any]:
    """What a model reads; ``arguments`` that are no text are sent as JSON."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    told = belt.run(ToolCall("c1", name, text))
    assert len(told) <= 4000
    found: dict[str, Any] = json.loads(told)
    return found


def order_of(shop: Services, user_id: str, status: str) -> str:
    """The newest order of a customer in a state."""
    with shop.database.read() as tx:
        found = tx.value(
            "select order_id from orders where user_id = ? and status = ? "
            "order by created_at desc limit 1",
            (user_id, status),
        )
    assert found is not None
    return str(found)
