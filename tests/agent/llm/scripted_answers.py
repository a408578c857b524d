"""A model in this process that answers what a test wrote down, behind the real gateway."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import settings as settings_module
from agent.llm.config import load_config
from agent.llm.gateway import Gateway
from agent.llm.types import Ask, Call, Endpoint, Finish, Finished, TextDelta, ToolCall, Usage
from errors import LLMError

__all__ = ["Answering", "answering", "nobody"]

Answer = str | LLMError | tuple[str, Finish]


@dataclass
class Answering:
    """A gateway whose only model says ``answers`` one after another, and what it was asked."""

    gateway: Gateway
    asks: list[Ask] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """Everything the model was shown."""
        return "\n".join(message.text for ask in self.asks for message in ask.messages)


@contextmanager
def answering(*answers: Answer) -> Iterator[Answering]:
    """The last answer is repeated. Usage is 100 tokens in, 10 out a call."""
    asks: list[Ask] = []
    calls: list[Call] = []

    class Scripted:
        kind = "scripted"
        needs = frozenset[str]()
        default_base_url = ""
        local = True
        lacks = frozenset[str]()

        def __init__(self, endpoint: Endpoint) -> None:
            pass

        async def stream(self, ask: Ask) -> AsyncGenerator[TextDelta | ToolCall | Finished, None]:
            answer = answers[min(len(asks), len(answers) - 1)]
            asks.append(ask)
            if isinstance(answer, LLMError):
                raise answer
            text, finish = answer if isinstance(answer, tuple) else (answer, "stop")
            for at in range(0, len(text), 7):
                yield TextDelta(text[at : at + 7])
            yield Finished(finish, Usage(100, 10), ask.model)

        async def models(self) -> list[str]:
            return ["parrot"]

        async def close(self) -> None:
            pass

    rows = {"one": {"kind": "scripted", "model": "parrot"}}
    gateway = Gateway(_config(rows), adapters=_with(Scripted), record=calls.append)
    try:
        yield Answering(gateway, asks, calls)
    finally:
        gateway.close()


@contextmanager
def nobody() -> Iterator[Answering]:
    """A gateway as shipped, with no model configured."""
    gateway = Gateway(_config({}))
    try:
        yield Answering(gateway)
    finally:
        gateway.close()


def _with(adapter: type) -> tuple[type, ...]:
    from agent.llm.adapters import ADAPTERS

    return (*ADAPTERS, adapter)


def _config(providers: dict[str, dict[str, str]]) -> object:
    none = Path("/nonexistent/none")
    plain = settings_module.load({}, env_file=none, toml_file=none)
    names = [*providers]
    purposes = {"generate": names, "understand": names} if names else {}
    table = {"providers": providers, "purposes": purposes, "limits": {"retries": 0}}
    return load_config(plain.replace(llm=table))
