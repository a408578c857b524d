"""What passes between the desk, the gateway and a model's adapter."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

__all__ = [
    "OFFLINE",
    "Adapter",
    "Ask",
    "Call",
    "Cancelled",
    "ChatMessage",
    "Endpoint",
    "Exchange",
    "Fallback",
    "Final",
    "Finish",
    "Finished",
    "Picture",
    "Piece",
    "Purpose",
    "Route",
    "SchemaSupport",
    "Spend",
    "Step",
    "Tag",
    "TextDelta",
    "ToolCall",
    "ToolSpec",
    "Usage",
]

Purpose = Literal[
    "understand", "compose", "triage", "summarise", "inspect", "generate", "passthrough", "test",
]  # fmt: skip
Finish = Literal["stop", "length", "tool_calls", "content_filter"]
SchemaSupport = Literal["native", "json_object", "none"]
OFFLINE = "offline"  # the provider's name of the desk's own words: the end of every chain


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of a message: its bytes and their media type ("image/jpeg")."""

    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the model's text, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants run, whole; ``arguments`` is its JSON text, valid or not.

    ``call_id`` is the provider's, or made up where it has none.
    """

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message. ``calls`` belong to an assistant's, ``call_id`` and ``name`` to a tool's."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    pictures: tuple[Picture, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it; ``parameters`` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. ``input_tokens`` includes those read from and written to a cache.

    ``estimated``: the server told nothing, we counted (a token for 3 bytes of UTF-8).
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """An adapter's last piece: its terminal event was seen. ``usage`` None: not told."""

    finish: Finish
    usage: Usage | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A provider that was passed over, and why: an ``LLMError.kind``, or a skip's reason."""

    provider: str
    reason: str


@dataclass(frozen=True, slots=True)
class Final:
    """The gateway's last piece. Times are in ms from the call's start.

    ``cost_usd`` is None where the price table has no row for the model.
    """

    finish: Finish
    usage: Usage
    provider: str
    model: str
    first_token_ms: float
    total_ms: float
    retries: int = 0
    fallbacks: tuple[Fallback, ...] = ()
    cost_usd: float | None = 0.0


Piece = TextDelta | ToolCall | Final


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a chain: a provider's name in the configuration and a model of it."""

    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Call:
    """One finished ``complete``, for the books: ``error`` is an ``LLMError.kind`` or "".

    ``reason`` is why the first provider of the chain did not answer ("" when it did).
    """

    purpose: Purpose
    provider: str
    model: str
    usage: Usage
    cost_usd: float | None
    first_token_ms: float | None
    latency_ms: float
    retries: int
    fallbacks: int
    reason: str
    error: str
    prompt: str = ""
    turn_id: str | None = None
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One configured provider: where it is and what it can do. ``api_key`` is a secret.

    ``context_tokens`` 0: unknown, not checked before a call. ``vision``: its models, or those
    named, judge customers' photos.
    """

    name: str
    kind: str
    base_url: str = field(repr=False)  # a password may stand in it
    model: str
    api_key: str = field(default="", repr=False)
    tools: bool = True
    schema: SchemaSupport = "native"
    usage_in_stream: bool = True
    temperature: bool = True
    context_tokens: int = 0
    concurrency: int = 16
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    vision: bool | tuple[str, ...] = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What an adapter is asked. ``schema``: the reply is JSON of this schema (JSON Schema).

    ``connect_s`` and ``read_s`` bound one connect and one silent read; the whole is bounded by
    the gateway, which cancels the task.
    """

    model: str
    messages: Sequence[ChatMessage]
    tools: Sequence[ToolSpec] = ()
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 600
    temperature: float | None = None
    stop: Sequence[str] = ()
    connect_s: float = 5.0
    read_s: float = 20.0


class Adapter(Protocol):
    """One way of talking to models. Lives on the gateway's event loop; made once an endpoint.

    Everything that goes wrong is raised as :class:`errors.LLMError`; ``stream`` ends with
    exactly one :class:`Finished`, or raises (a clean end without a terminal event is
    ``truncated``). It trusts nothing of the environment: host, key and HTTP client are its own.
    """

    kind: ClassVar[str]
    needs: ClassVar[frozenset[str]]
    """Fields of the endpoint without which it is not configured ("base_url", "api_key", …)."""
    default_base_url: ClassVar[str]
    local: ClassVar[bool]
    """Whether it costs nothing and what is said to it stays on the shop's machines."""
    lacks: ClassVar[frozenset[str]]
    """What it can never do: of "tools", "pictures"."""

    def __init__(self, endpoint: Endpoint) -> None: ...

    def stream(self, ask: Ask) -> AsyncGenerator[TextDelta | ToolCall | Finished, None]: ...

    async def models(self) -> list[str]:
        """The names the server offers, for the diagnostics. Raises LLMError."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Tag:
    """What a call is for, told to the books with it; ``prompt`` is "name@version"."""

    purpose: Purpose
    prompt: str = ""
    turn_id: str | None = None
    conversation_id: str | None = None


@dataclass(slots=True)
class Exchange:
    """One call in its own words: what was sent, as it was sent, and what came back.

    ``started`` and ``ended`` are of ``perf_counter``; ``error`` is as in :class:`Call`.
    """

    tag: Tag
    messages: Sequence[ChatMessage]
    tools: tuple[str, ...]
    started: float
    ended: float = 0.0
    said: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    provider: str = ""
    model: str = ""
    usage: Usage = Usage()
    cost_usd: float | None = None
    first_token_ms: float | None = None
    error: str = ""

    def take(self, piece: Piece) -> None:
        """Keep a piece of the answer."""
        if isinstance(piece, TextDelta):
            self.said.append(piece.text)
        elif isinstance(piece, ToolCall):
            self.calls.append(piece)

    def end(self, call: Call, at: float) -> None:
        """Keep how the call ended."""
        self.provider, self.model, self.usage = call.provider, call.model, call.usage
        self.cost_usd, self.first_token_ms = call.cost_usd, call.first_token_ms
        self.error, self.ended = call.error, at


@dataclass(slots=True)
class Spend:
    """What one turn has used so far, and by which calls; one thread at a time.

    ``usd`` is what is known of it, ``looking_s`` the seconds that went into looking at photos.
    ``exchanges`` get every call's own words; None: nobody asks.
    """

    usd: float = 0.0
    tokens: int = 0
    looking_s: float = 0.0
    calls: list[Call] = field(default_factory=list)
    exchanges: list[Exchange] | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A chain as it resolves now: who is asked in turn, and who is passed over and why.

    Reasons of ``skipped``: "unconfigured:<field>", "breaker_open", "budget", "capability:<what>".
    ``rule`` is the row that decided ("routes.policy", "purposes.understand").
    """

    rule: str
    steps: tuple[Step, ...]
    skipped: tuple[Fallback, ...] = ()

    @property
    def models(self) -> tuple[Step, ...]:
        """The steps that ask a model; empty where only the desk itself can answer."""
        return tuple(step for step in self.steps if step.provider != OFFLINE)


class Cancelled(Exception):
    """Whoever asked has gone: the call was given up."""
