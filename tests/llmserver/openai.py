"""OpenAI chat.completions, as OpenAI, OpenRouter, vLLM and llama-server speak it."""

from __future__ import annotations

from typing import Any

from tests.llmserver.reply import Body, Reply, arguments_of
from tests.llmserver.wire import split, sse

__all__ = ["OpenAIFormat"]

_REFUSALS = {
    400: ("invalid_request_error", None, "Invalid value for 'messages'."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-wrong."),
    403: ("invalid_request_error", "unsupported_country_region_territory", "Not supported here."),
    404: ("invalid_request_error", "model_not_found", "The model `tiny` does not exist."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
}
_DOWN = ("server_error", None, "The server had an error while processing your request.")
_TOO_LONG = "This model's maximum context length is 8192 tokens. However, your messages resulted in"


class OpenAIFormat:
    """``POST /v1/chat/completions``, ``GET /v1/models``."""

    kind = "openai"
    paths: tuple[str, ...] = ("/v1/chat/completions",)
    stream_type = "text/event-stream; charset=utf-8"
    prefix = "/v1"

    def streamed(self, path: str, body: Body) -> bool:
        return bool(body.get("stream"))

    def head(self, reply: Reply, body: Body) -> list[bytes]:
        return [self._chunk(reply, body, {"role": "assistant", "content": "", "refusal": None})]

    def word(self, text: str, said: str, reply: Reply, body: Body) -> bytes:
        return self._chunk(reply, body, {"content": text})

    def calls(self, reply: Reply, body: Body) -> list[bytes]:
        frames = []
        for index, (name, arguments) in enumerate(reply.calls):
            start = {"id": f"call_{index}", "type": "function"}
            fragments = [{**start, "function": {"name": name, "arguments": ""}}]
            for part in split(arguments_of(arguments)):
                fragments.append({"function": {"arguments": part}})
            for fragment in fragments:
                delta = {"tool_calls": [{"index": index, **fragment}]}
                frames.append(self._chunk(reply, body, delta))
        return frames

    def tail(self, reply: Reply, body: Body) -> list[bytes]:
        frames = [self._chunk(reply, body, {}, reply.ending)]
        # Only who asks for it is told the usage in a stream.
        if reply.usage and (body.get("stream_options") or {}).get("include_usage"):
            told = {**self._base(reply, body), "choices": [], "usage": _usage(reply.usage)}
            frames.append(sse(told))
        return [*frames, sse("[DONE]")]

    def ping(self, reply: Reply, body: Body) -> bytes:
        return b": OPENROUTER PROCESSING\n\n"

    def broken(self) -> bytes:
        return sse('{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"delta":{"con')

    def error_event(self, status: int) -> bytes:
        return sse(self.refusal(status))

    def whole(self, reply: Reply, body: Body) -> dict[str, Any]:
        calls = [
            {"id": f"call_{index}", "type": "function",
             "function": {"name": name, "arguments": arguments_of(arguments)}}
            for index, (name, arguments) in enumerate(reply.calls)
        ]  # fmt: skip
        message: dict[str, Any] = {"role": "assistant", "content": reply.whole or None}
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.ending}
        base = {**self._base(reply, body), "object": "chat.completion"}
        return {**base, "choices": [choice], "usage": _usage(reply.usage)}

    def refusal(self, status: int) -> dict[str, Any]:
        kind, code, message = _REFUSALS.get(status, _DOWN)
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def too_long(self, fault: str) -> dict[str, Any]:
        if fault.endswith("vllm"):
            told = f"{_TOO_LONG} 9001 tokens. Please reduce the length of the input messages."
            return {"error": {"message": told, "type": "BadRequestError", "param": None,
                              "code": 400}}  # fmt: skip
        if fault.endswith("llama"):
            told = "the request exceeds the available context size, try increasing it"
            return {"error": {"code": 400, "message": told, "type": "exceed_context_size_error",
                              "n_prompt_tokens": 9001, "n_ctx": 8192}}  # fmt: skip
        told = f"{_TOO_LONG} 9001 tokens. Please reduce the length of the messages."
        return {"error": {"message": told, "type": "invalid_request_error", "param": "messages",
                          "code": "context_length_exceeded"}}  # fmt: skip

    def _base(self, reply: Reply, body: Body) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1795219200,
                "model": reply.model_of(body), "system_fingerprint": None}  # fmt: skip

    def _chunk(
        self, reply: Reply, body: Body, delta: dict[str, Any], finish: str | None = None
    ) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse({**self._base(reply, body), "choices": [choice]})


def _usage(usage: tuple[int, int, int] | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    given, made, cached = usage
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made,
            "prompt_tokens_details": {"cached_tokens": cached}}  # fmt: skip
