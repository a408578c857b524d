"""A provider as anybody may add one: this file, and a line in ``adapters.ADAPTERS``.

It speaks to no server: what it says is in :attr:`Scripted.script`, by the provider's name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import ClassVar

from agent.llm.types import Ask, Endpoint, Finished, TextDelta, ToolCall
from errors import LLMError

__all__ = ["Line", "Scripted"]

# A piece to say, seconds to wait, or what to fail with.
Line = TextDelta | ToolCall | Finished | float | BaseException


class Scripted:
    """Says its lines, call by call; the last call's lines are said again from then on."""

    kind: ClassVar[str] = "scripted"
    needs: ClassVar[frozenset[str]] = frozenset({"model"})
    default_base_url: ClassVar[str] = "http://scripted.invalid"
    local: ClassVar[bool] = False
    lacks: ClassVar[frozenset[str]] = frozenset()
    script: ClassVar[dict[str, list[Sequence[Line]]]] = {}
    asked: ClassVar[list[tuple[str, Ask]]] = []
    now: ClassVar[dict[str, int]] = {}
    most: ClassVar[dict[str, int]] = {}

    def __init__(self, endpoint: Endpoint) -> None:
        self.name = endpoint.name
        self.closed = False

    @classmethod
    def reset(cls) -> None:
        """Forget every script and every call."""
        for table in (cls.script, cls.asked, cls.now, cls.most):
            table.clear()

    async def stream(self, ask: Ask) -> AsyncGenerator[TextDelta | ToolCall | Finished, None]:
        self.asked.append((self.name, ask))
        calls = self.script.get(self.name, [[TextDelta("네"), Finished("stop")]])
        lines = calls.pop(0) if len(calls) > 1 else calls[0]
        self.now[self.name] = self.now.get(self.name, 0) + 1
        self.most[self.name] = max(self.most.get(self.name, 0), self.now[self.name])
        try:
            for line in lines:
                if isinstance(line, BaseException):
                    raise line
                if isinstance(line, float):
                    await asyncio.sleep(line)
                else:
                    yield line
        finally:
            self.now[self.name] -= 1

    async def models(self) -> list[str]:
        first = self.script.get(self.name, [[]])[0]
        for line in first:
            if isinstance(line, LLMError):
                raise line
            if isinstance(line, float):
                await asyncio.sleep(line)
        return ["scripted-1"]

    async def close(self) -> None:
        self.closed = True
