"""A gateway whose providers say what a test wrote down, and all that it told of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import settings
from agent.llm.adapters import ADAPTERS
from agent.llm.config import LLMConfig, load_config
from agent.llm.gateway import Gateway
from agent.llm.types import (
    Adapter,
    Call,
    ChatMessage,
    Final,
    Finished,
    Piece,
    Tag,
    TextDelta,
    ToolCall,
)
from errors import LLMError
from tests.agent.llm.one_more_provider import Line, Scripted

__all__ = ["ASKED", "Rig", "config_of", "rig_of", "saying"]

ASKED = (ChatMessage("user", "배송은 며칠 걸려요?"),)


def config_of(table: dict[str, Any]) -> LLMConfig:
    """The configuration from ``table`` over the shipped one, nothing of this machine in it."""
    nowhere = Path(__file__).with_name("none")
    plain = settings.load({}, env_file=nowhere, toml_file=nowhere)
    return load_config(plain.replace(llm=table))


def saying(*words: str) -> tuple[Line, ...]:
    """A reply that ends well."""
    return (*map(TextDelta, words), Finished("stop"))


class Rig:
    """A gateway, and what it told: calls, (provider, kind) failures, breaker states."""

    def __init__(self, config: LLMConfig, adapters: Sequence[type[Adapter]]) -> None:
        self.calls: list[Call] = []
        self.failures: list[tuple[str, str]] = []
        self.turns: list[tuple[str, str]] = []
        self.spent_usd = 0.0
        self.gateway = Gateway(
            config,
            adapters=adapters,
            record=self.calls.append,
            failed=lambda provider, kind: self.failures.append((provider, kind)),
            breaker=lambda provider, state: self.turns.append((provider, state)),
            spent_today_usd=lambda: self.spent_usd,
        )

    def pieces(self, **asked: Any) -> Generator[Piece, None, None]:
        """``complete`` on the default route."""
        tag = Tag("compose", "policy@1", "t-1", "c-1")
        route = asked.pop("route", None) or self.gateway.route()
        messages: Sequence[ChatMessage] = asked.pop("messages", ASKED)
        return self.gateway.complete(route, messages, tag=tag, **asked)

    def ask(self, **asked: Any) -> tuple[str, tuple[ToolCall, ...], Final]:
        """The text, the calls and the one Final, which is the last."""
        *said, final = self.pieces(**asked)
        assert isinstance(final, Final)
        text = "".join(piece.text for piece in said if isinstance(piece, TextDelta))
        return text, tuple(piece for piece in said if isinstance(piece, ToolCall)), final

    def broken(self, **asked: Any) -> tuple[list[Piece], LLMError]:
        """What came before the LLMError that must come."""
        said: list[Piece] = []
        try:
            for piece in self.pieces(**asked):
                said.append(piece)
        except LLMError as error:
            return said, error
        raise AssertionError("it ended well")


@contextmanager
def rig_of(
    script: dict[str, list[Sequence[Line]]], *, rows: dict[str, Any] | None = None, **tables: Any
) -> Iterator[Rig]:
    """Providers named as ``script``'s keys, asked in that order; ``rows`` add to theirs."""
    Scripted.reset()
    Scripted.script.update(script)
    providers = {
        name: {"kind": "scripted", "model": f"{name}-1", **(rows or {}).get(name, {})}
        for name in script
    }
    limits = {"first_token_s": 2, "total_s": 5, **tables.pop("limits", {})}
    table = {
        "providers": providers,
        "routes": {"default": list(script), **tables.pop("routes", {})},
        "limits": limits,
        **tables,
    }
    rig = Rig(config_of(table), (*ADAPTERS, Scripted))
    try:
        yield rig
    finally:
        rig.gateway.close()
