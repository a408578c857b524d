"""Tokens counted by us: before a call, and where a server did not tell its own count."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.llm.types import ChatMessage, ToolCall, ToolSpec, Usage

__all__ = ["added", "input_tokens", "text_tokens", "usage_of", "was_told"]

# A Hangul syllable is three bytes: about one token in today's vocabularies, rather less.
_BYTES_A_TOKEN = 3
_PICTURE_TOKENS = 1000


def text_tokens(text: str) -> int:
    """An estimate of ``text`` in tokens, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_A_TOKEN)


def input_tokens(
    messages: Iterable[ChatMessage],
    tools: Sequence[ToolSpec] = (),
    schema: Mapping[str, Any] | None = None,
) -> int:
    """An estimate of what a request sends, in tokens."""
    total = sum(map(_message_tokens, messages))
    for tool in tools:
        total += text_tokens(tool.name + tool.description) + _json_tokens(tool.parameters)
    return total + (_json_tokens(schema) if schema else 0)


def usage_of(sent: int, text: str, calls: Iterable[ToolCall]) -> Usage:
    """The estimated usage of a call that sent ``sent`` tokens and got ``text`` and ``calls``."""
    return Usage(sent, text_tokens(text) + sum(map(_call_tokens, calls)), estimated=True)


def was_told(usage: Usage | None) -> bool:
    """Whether a server's count means anything: some send zeros instead of nothing."""
    return usage is not None and usage.input_tokens + usage.output_tokens > 0


def added(usages: Iterable[Usage]) -> Usage:
    """The sum; estimated as soon as one of them is."""
    rows = list(usages)
    return Usage(
        sum(row.input_tokens for row in rows),
        sum(row.output_tokens for row in rows),
        sum(row.cached_tokens for row in rows),
        sum(row.cache_write_tokens for row in rows),
        any(row.estimated for row in rows),
    )


def _message_tokens(message: ChatMessage) -> int:
    words = text_tokens(message.text) + _PICTURE_TOKENS * len(message.pictures)
    return words + sum(map(_call_tokens, message.calls))


def _call_tokens(call: ToolCall) -> int:
    return text_tokens(call.name + call.arguments)


def _json_tokens(value: Mapping[str, Any]) -> int:
    return text_tokens(json.dumps(value, ensure_ascii=False, default=str))
