"""A model in this process that answers what a test wrote down, behind the real gateway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from agent.llm.gateway import Gateway
from agent.llm.types import Ask, Call, Finish, Finished, TextDelta, Usage
from errors import LLMError
from tests.agent.llm.gateway_rig import config_of, rig_of
from tests.agent.llm.one_more_provider import Line, Scripted

__all__ = ["Answering", "answering", "nobody"]

Answer = str | LLMError | tuple[str, Finish]


@dataclass
class Answering:
    """A gateway whose only model says ``answers`` one after another, and what it was asked."""

    gateway: Gateway
    calls: list[Call] = field(default_factory=list)

    @property
    def asks(self) -> list[Ask]:
        """What the model was asked, call by call."""
        return [ask for _, ask in Scripted.asked]

    @property
    def shown(self) -> str:
        """Everything the model was shown."""
        return "\n".join(message.text for ask in self.asks for message in ask.messages)


@contextmanager
def answering(*answers: Answer) -> Iterator[Answering]:
    """The last answer is repeated. Usage is 100 tokens in, 10 out a call."""
    script = {"one": [_lines(answer) for answer in answers]}
    rows = {"one": {"model": "parrot", "local": True}}
    purposes = {name: ["one"] for name in ("generate", "summarise", "triage", "understand")}
    with rig_of(script, rows=rows, purposes=purposes, limits={"retries": 0}) as rig:
        yield Answering(rig.gateway, rig.calls)


@contextmanager
def nobody() -> Iterator[Answering]:
    """A gateway as shipped, with no model configured."""
    gateway = Gateway(config_of({}))
    try:
        yield Answering(gateway)
    finally:
        gateway.close()


def _lines(answer: Answer) -> Sequence[Line]:
    if isinstance(answer, LLMError):
        return (answer,)
    text, finish = answer if isinstance(answer, tuple) else (answer, "stop")
    pieces = [TextDelta(text[at : at + 7]) for at in range(0, len(text), 7)]
    return (*pieces, Finished(finish, Usage(100, 10)))
