"""Asking one adapter one thing, for its tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from agent.llm.adapters import ADAPTERS
from agent.llm.types import Adapter, Ask, ChatMessage, Endpoint, Finished, TextDelta, ToolCall
from errors import LLMError
from tests.llmserver import LLMServer

__all__ = [
    "KEY",
    "KINDS",
    "Taken",
    "ask",
    "endpoint",
    "failing",
    "made",
    "names",
    "take",
    "text_of",
]

Piece = TextDelta | ToolCall | Finished
Result = TypeVar("Result")
KINDS = {kind.kind: kind for kind in ADAPTERS}
KEY = "sk-test-0000"


def endpoint(server: LLMServer | str, kind: str, **more: Any) -> Endpoint:
    url = server if isinstance(server, str) else server.base_url(kind)
    told = {"name": "one", "kind": kind, "base_url": url, "model": "tiny", "api_key": KEY}
    return Endpoint(**(told | more))


def ask(text: str = "안녕하세요", **more: Any) -> Ask:
    told: dict[str, Any] = {"model": "tiny", "messages": [ChatMessage("user", text)], "read_s": 2.0}
    return Ask(**(told | more))


def made(one: Endpoint) -> Adapter:
    return KINDS[one.kind](one)


class Taken(list[Piece]):
    """The pieces of a reply, and the failure that ended it."""

    failure: LLMError | None = None

    @property
    def text(self) -> str:
        return text_of(self)

    @property
    def calls(self) -> list[ToolCall]:
        return [piece for piece in self if isinstance(piece, ToolCall)]

    @property
    def finished(self) -> Finished:
        [last] = [piece for piece in self if isinstance(piece, Finished)]
        assert last is self[-1]
        return last


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


def take(one: Endpoint, asked: Ask | None = None) -> Taken:
    """The whole reply, or what came of it and the LLMError after it."""

    async def listen(adapter: Adapter) -> Taken:
        taken = Taken()
        try:
            async with aclosing(adapter.stream(asked or ask())) as pieces:
                async for piece in pieces:
                    taken.append(piece)
        except LLMError as failure:
            taken.failure = failure
        return taken

    return run(one, listen)


def failing(one: Endpoint, asked: Ask | None = None) -> LLMError:
    failure = take(one, asked).failure
    assert failure is not None
    return failure


def names(one: Endpoint) -> list[str]:
    return run(one, lambda adapter: adapter.models())


def run(one: Endpoint, what: Callable[[Adapter], Awaitable[Result]]) -> Result:
    async def whole() -> Result:
        adapter = made(one)
        try:
            return await what(adapter)
        finally:
            await adapter.close()

    return asyncio.run(whole())
