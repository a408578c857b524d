"""Ollama's own API."""

from __future__ import annotations

import json
from typing import Any

from tests.llmserver.reply import Body, Reply, arguments_of
from tests.llmserver.wire import line

__all__ = ["OllamaFormat"]

_REFUSALS = {
    400: "invalid options", 401: "unauthorized", 403: "forbidden",
    404: "model 'tiny' not found", 429: "too many requests",
    503: "server busy, please try again. maximum pending requests exceeded",
}  # fmt: skip


class OllamaFormat:
    """``POST /api/chat`` (streamed unless told not to), ``GET /api/tags``."""

    kind = "ollama"
    paths: tuple[str, ...] = ("/api/chat",)
    stream_type = "application/x-ndjson"
    prefix = ""

    def streamed(self, path: str, body: Body) -> bool:
        return bool(body.get("stream", True))

    def head(self, reply: Reply, body: Body) -> list[bytes]:
        return []

    def word(self, text: str, said: str, reply: Reply, body: Body) -> bytes:
        return self._line(reply, body, {"content": text})

    def calls(self, reply: Reply, body: Body) -> list[bytes]:
        if not reply.calls or reply.calls_late:
            return []
        return [self._line(reply, body, {"content": "", "tool_calls": _calls(reply)})]

    def tail(self, reply: Reply, body: Body) -> list[bytes]:
        message: dict[str, Any] = {"content": ""}
        if reply.calls and reply.calls_late:
            message["tool_calls"] = _calls(reply)
        return [self._line(reply, body, message, **_ending(reply))]

    def ping(self, reply: Reply, body: Body) -> bytes:
        return self._line(reply, body, {"content": ""})

    def broken(self) -> bytes:
        return b'{"model":"tiny","created_at":"2026-11-20T03:00:00Z","message":{"role":"assis\n'

    def error_event(self, status: int) -> bytes:
        told = "an error was encountered while running the model: CUDA error"
        return line({"error": _REFUSALS.get(status, told)})

    def whole(self, reply: Reply, body: Body) -> dict[str, Any]:
        message: dict[str, Any] = {"content": reply.whole}
        if reply.calls:
            message["tool_calls"] = _calls(reply)
        return self._answer(reply, body, message, **_ending(reply))

    def refusal(self, status: int) -> dict[str, Any]:
        return {"error": _REFUSALS.get(status, "llama runner process has terminated")}

    def too_long(self, fault: str) -> dict[str, Any]:
        return {"error": "the input length exceeds the context length"}

    def _line(self, reply: Reply, body: Body, message: dict[str, Any], **more: Any) -> bytes:
        return line(self._answer(reply, body, message, **more))

    def _answer(
        self, reply: Reply, body: Body, message: dict[str, Any], **more: Any
    ) -> dict[str, Any]:
        return {"model": reply.model_of(body), "created_at": "2026-11-20T03:00:00.000000Z",
                "message": {"role": "assistant", **message}, "done": False, **more}  # fmt: skip


def _ending(reply: Reply) -> dict[str, Any]:
    # Ollama says "stop" after tool calls too.
    ending: dict[str, Any] = {
        "done": True, "done_reason": "length" if reply.finish == "length" else "stop",
        "total_duration": 1_000_000, "load_duration": 1_000,
    }  # fmt: skip
    if reply.usage:
        given, made, _ = reply.usage
        ending |= {"prompt_eval_count": given, "prompt_eval_duration": 1_000,
                   "eval_count": made, "eval_duration": 1_000}  # fmt: skip
    return ending


def _calls(reply: Reply) -> list[dict[str, Any]]:
    """Arguments are an object here; text that is no JSON goes out as it is."""
    calls = []
    for name, arguments in reply.calls:
        try:
            given = json.loads(arguments_of(arguments))
        except ValueError:
            given = arguments
        calls.append({"function": {"name": name, "arguments": given}})
    return calls
