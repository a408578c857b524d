"""What a test tells the server to answer, and what each wire format must be able to say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

__all__ = ["Body", "Fault", "Format", "Reply", "Script", "arguments_of"]

Fault = Literal[
    "no_reply", "drip_headers", "drip_bytes", "drip_words", "pings", "stall", "cut", "reset",
    "bad_json", "error_event", "no_terminal", "html", "endless", "double_end", "lingers",
    "context_too_long", "context_too_long_vllm", "context_too_long_llama",
]  # fmt: skip
Body = Mapping[str, Any]
_WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Reply:
    """One answer. ``pieces`` win over ``text``, which goes out word by word.

    ``calls`` are (name, arguments), the arguments a dict or JSON text, right or wrong;
    ``calls_late``: Ollama tells them in its last line. ``usage`` is (input with cached, output,
    cached) tokens, or None: not told. ``after`` is how many words (then frames of calls) go out
    before the fault; 0: none. ``delay_s`` is the silence before the first word, ``gap_s``
    between words. ``status`` other than 200 refuses, in the format's own words; with the fault
    "error_event" it is the error the event tells. ``retry_after`` is sent as it is.
    """

    text: str = "안녕하세요. 무엇을 도와드릴까요?"
    pieces: Sequence[str] = ()
    calls: Sequence[tuple[str, Mapping[str, Any] | str]] = ()
    calls_late: bool = False
    usage: tuple[int, int, int] | None = (20, 5, 0)
    finish: Literal["stop", "length", "tool_calls", "content_filter"] = "stop"
    fault: Fault | None = None
    after: int = 2
    delay_s: float = 0.0
    gap_s: float = 0.0
    status: int = 200
    retry_after: str | float | None = None
    model: str = ""

    @property
    def words(self) -> list[str]:
        """The text in the pieces it goes out in."""
        return list(self.pieces) or _WORD.findall(self.text)

    @property
    def whole(self) -> str:
        return "".join(self.words)

    @property
    def ending(self) -> str:
        """Why it ended, with calls taken into account."""
        return "tool_calls" if self.calls and self.finish == "stop" else self.finish

    def model_of(self, body: Body) -> str:
        """The model it says it is: the one that was asked for unless told otherwise."""
        return self.model or str(body.get("model") or "tiny")


Script = Reply | Callable[[Body], Reply]


def arguments_of(arguments: Mapping[str, Any] | str) -> str:
    """A call's arguments as JSON text."""
    if isinstance(arguments, str):
        return arguments
    return json.dumps(arguments, ensure_ascii=False)


class Format(Protocol):
    """One provider's wire format. Everything returned is what goes over the wire."""

    kind: str
    paths: tuple[str, ...]
    stream_type: str
    prefix: str
    """What follows the server's address in the base URL a client is given."""

    def streamed(self, path: str, body: Body) -> bool: ...

    def head(self, reply: Reply, body: Body) -> list[bytes]:
        """What comes before the first word."""

    def word(self, text: str, said: str, reply: Reply, body: Body) -> bytes:
        """A piece of text; ``said`` is all the text so far, with it."""

    def calls(self, reply: Reply, body: Body) -> list[bytes]:
        """The frames of the tool calls."""

    def tail(self, reply: Reply, body: Body) -> list[bytes]:
        """The end: why, usage, and the terminal event."""

    def ping(self, reply: Reply, body: Body) -> bytes:
        """A sign of life with no word in it."""

    def broken(self) -> bytes:
        """A frame whose JSON is cut."""

    def error_event(self, status: int) -> bytes: ...

    def whole(self, reply: Reply, body: Body) -> dict[str, Any]:
        """The answer where no stream was asked for."""

    def refusal(self, status: int) -> dict[str, Any]:
        """The body of an HTTP error."""

    def too_long(self, fault: str) -> dict[str, Any]:
        """The body of the 400 for a prompt that does not fit."""
