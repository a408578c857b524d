"""What one reply has brought so far, whoever sent it: words, tool calls, usage, an end."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.llm.types import Finish, Finished, TextDelta, ToolCall, Usage
from errors import LLMError

__all__ = ["Reply", "arguments_of", "count", "whole"]

MAX_CALL_CHARS = 200_000  # of all tool calls of a reply; more is no call but a runaway
MAX_CALLS = 64


def whole(text: str) -> str:
    """``text`` as UTF-8 can carry it: surrogate pairs joined, half characters replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def count(value: object) -> int | None:
    """``value`` where it is a number of tokens, else None."""
    return value if isinstance(value, int) and type(value) is not bool and value >= 0 else None


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """The call's arguments as an object; {} where they are none (the model wrote nonsense)."""
    try:
        read = json.loads(_arguments(call.arguments))
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _arguments(text: str) -> str:
    """JSON text without half characters, written out or escaped; what is no JSON as it is."""
    text = whole(text).strip() or "{}"
    if "\\u" not in text:
        return text
    try:
        return whole(json.dumps(json.loads(text), ensure_ascii=False))
    except (ValueError, RecursionError):
        return text


@dataclass(slots=True)
class _Fragments:
    """One tool call that is still arriving."""

    call_id: str = ""
    name: str = ""
    text: list[str] = field(default_factory=list)


class Reply:
    """Collects one reply. ``began``: the server has answered, so a cut is a truncation."""

    def __init__(self, provider: str) -> None:
        self.began = False
        self.finish: Finish | None = None
        self.usage: Usage | None = None
        self.model = ""
        self._provider = provider
        self._half = ""
        self._calls: list[_Fragments] = []
        self._by_index: dict[object, _Fragments] = {}
        self._call_chars = 0

    def say(self, value: object) -> Iterator[TextDelta]:
        """The words of a delta, if it has any. Half a character waits for its other half."""
        text = self._half + value if isinstance(value, str) else ""
        if not text:
            return
        self._half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        if ready := whole(text[: len(text) - len(self._half)]):
            yield TextDelta(ready)

    def fragment(self, index: object, call_id: object, name: object, text: object) -> None:
        """A piece of a tool call. Raises LLMError malformed when the calls never end."""
        told = [part if isinstance(part, str) else "" for part in (call_id, name, text)]
        call = self._call_of(index, told[0], told[1])
        call.call_id, call.name = call.call_id or told[0], call.name or told[1]
        call.text.append(told[2])
        self._call_chars += sum(map(len, told))
        if self._call_chars > MAX_CALL_CHARS or len(self._calls) > MAX_CALLS:
            raise self._malformed("tool calls without end")

    def _call_of(self, index: object, call_id: str, name: str) -> _Fragments:
        """The call a piece belongs to. Some servers give no index, some the same to all."""
        if index is None:
            known = self._calls[-1] if self._calls and not (call_id or name) else None
        else:
            known = self._by_index.get(index)
        if known is None or (call_id and known.call_id and call_id != known.call_id):
            known = _Fragments()
            self._calls.append(known)
        self._by_index[index] = known
        return known

    def end(self) -> Iterator[TextDelta | ToolCall | Finished]:
        """The last pieces. Raises LLMError: truncated without an end, malformed calls."""
        if self.finish is None:
            raise LLMError("truncated", provider=self._provider, detail="no terminal event")
        if self._half:
            yield TextDelta("\ufffd")
        for call in self._calls:
            if not call.name:
                raise self._malformed("a tool call without a name")
            call_id = whole(call.call_id) or f"call_{secrets.token_hex(8)}"
            yield ToolCall(call_id, whole(call.name), _arguments("".join(call.text)))
        yield Finished(self._ended(self.finish), self.usage, whole(self.model))

    def _ended(self, finish: Finish) -> Finish:
        """The finish as the calls have it: servers say "stop" after a call, and the reverse."""
        if self._calls and finish == "stop":
            return "tool_calls"
        return "stop" if finish == "tool_calls" and not self._calls else finish

    def _malformed(self, detail: str) -> LLMError:
        return LLMError("malformed", provider=self._provider, detail=detail)

    def answered(self, headers: Mapping[str, str]) -> None:
        """The server answered 200. Raises LLMError malformed where that is a web page."""
        self.began = True
        if "html" in headers.get("content-type", "").lower():
            raise self._malformed("a web page instead of a reply")
