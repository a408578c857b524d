"""Anthropic messages."""

from __future__ import annotations

import json
from typing import Any

from tests.llmserver.reply import Body, Reply, arguments_of
from tests.llmserver.wire import split, sse

__all__ = ["AnthropicFormat"]

_REFUSALS = {
    400: ("invalid_request_error", "messages: at least one message is required"),
    401: ("authentication_error", "invalid x-api-key"),
    403: ("permission_error", "Your API key does not have permission to use this resource."),
    404: ("not_found_error", "model: tiny"),
    429: ("rate_limit_error", "This request would exceed your account's rate limit."),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}
_ENDINGS = {
    "stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use",
    "content_filter": "refusal",
}  # fmt: skip


class AnthropicFormat:
    """``POST /v1/messages``, ``GET /v1/models``."""

    kind = "anthropic"
    paths: tuple[str, ...] = ("/v1/messages",)
    stream_type = "text/event-stream; charset=utf-8"
    prefix = ""

    def streamed(self, path: str, body: Body) -> bool:
        return bool(body.get("stream"))

    def head(self, reply: Reply, body: Body) -> list[bytes]:
        message = {**self._message(reply, body), "content": [], "stop_reason": None}
        message["usage"] = _usage(reply.usage, made=1)
        frames = [_event("message_start", message=message)]
        if reply.words:
            frames.append(_start(0, {"type": "text", "text": ""}))
        return [*frames, self.ping(reply, body)]

    def word(self, text: str, said: str, reply: Reply, body: Body) -> bytes:
        return _delta(0, {"type": "text_delta", "text": text})

    def calls(self, reply: Reply, body: Body) -> list[bytes]:
        if not reply.calls:
            return []
        frames = [_event("content_block_stop", index=0)] if reply.words else []
        for index, (name, arguments) in enumerate(reply.calls, start=len(frames)):
            block = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
            frames.append(_start(index, block))
            for part in ("", *split(arguments_of(arguments))):
                frames.append(_delta(index, {"type": "input_json_delta", "partial_json": part}))
            frames.append(_event("content_block_stop", index=index))
        return frames

    def tail(self, reply: Reply, body: Body) -> list[bytes]:
        frames = []
        if reply.words and not reply.calls:
            frames.append(_event("content_block_stop", index=0))
        made = {"output_tokens": reply.usage[1]} if reply.usage else None
        delta = {"stop_reason": _ENDINGS[reply.ending], "stop_sequence": None}
        frames.append(_event("message_delta", delta=delta, usage=made))
        return [*frames, _event("message_stop")]

    def ping(self, reply: Reply, body: Body) -> bytes:
        return _event("ping")

    def broken(self) -> bytes:
        cut = '{"type":"content_block_delta","index":0,"delta":{"type":"text_de'
        return sse(cut, "content_block_delta")

    def error_event(self, status: int) -> bytes:
        # Real streams tell an overload this way unless something else is meant.
        return sse(self.refusal(529 if status == 200 else status), "error")

    def whole(self, reply: Reply, body: Body) -> dict[str, Any]:
        blocks: list[dict[str, Any]] = []
        if reply.words:
            blocks.append({"type": "text", "text": reply.whole})
        for index, (name, arguments) in enumerate(reply.calls):
            given = json.loads(arguments_of(arguments))
            blocks.append({"type": "tool_use", "id": f"toolu_{index}", "name": name,
                           "input": given})  # fmt: skip
        made = reply.usage[1] if reply.usage else 0
        return {**self._message(reply, body), "content": blocks,
                "stop_reason": _ENDINGS[reply.ending],
                "usage": _usage(reply.usage, made=made)}  # fmt: skip

    def refusal(self, status: int) -> dict[str, Any]:
        kind, message = _REFUSALS.get(status, _REFUSALS[500])
        return _error(kind, message)

    def too_long(self, fault: str) -> dict[str, Any]:
        return _error("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")

    def _message(self, reply: Reply, body: Body) -> dict[str, Any]:
        return {"id": "msg_1", "type": "message", "role": "assistant",
                "model": reply.model_of(body), "stop_sequence": None}  # fmt: skip


def _event(name: str, **fields: Any) -> bytes:
    return sse({"type": name, **fields}, name)


def _start(index: int, block: dict[str, Any]) -> bytes:
    return _event("content_block_start", index=index, content_block=block)


def _delta(index: int, delta: dict[str, Any]) -> bytes:
    return _event("content_block_delta", index=index, delta=delta)


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def _usage(usage: tuple[int, int, int] | None, *, made: int) -> dict[str, Any] | None:
    """Anthropic's input_tokens leave out what came from the cache."""
    if usage is None:
        return None
    given, _, cached = usage
    return {"input_tokens": given - cached, "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": cached, "output_tokens": made}  # fmt: skip
