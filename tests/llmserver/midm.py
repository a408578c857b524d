"""A Mi:dm-style server: ``/chat`` and ``/chat/stream``. It knows no tools and no finish."""

from __future__ import annotations

from typing import Any

from tests.llmserver.reply import Body, Reply
from tests.llmserver.wire import sse

__all__ = ["MidmFormat"]

_REFUSALS = {
    400: "messages must not be empty", 401: "Invalid API key", 403: "Forbidden",
    404: "Not Found", 429: "Too Many Requests", 503: "Model not loaded",
}  # fmt: skip


class MidmFormat:
    """``POST /chat``, ``POST /chat/stream`` (server-sent events), ``GET /health``."""

    kind = "midm"
    paths: tuple[str, ...] = ("/chat", "/chat/stream")
    stream_type = "text/event-stream; charset=utf-8"
    prefix = ""

    def streamed(self, path: str, body: Body) -> bool:
        return path.endswith("/stream")

    def head(self, reply: Reply, body: Body) -> list[bytes]:
        return [sse({"type": "start", "message": "Generation started"})]

    def word(self, text: str, said: str, reply: Reply, body: Body) -> bytes:
        return sse({"type": "chunk", "content": text, "accumulated": said,
                    "token_count": len(said)})  # fmt: skip

    def calls(self, reply: Reply, body: Body) -> list[bytes]:
        return []

    def tail(self, reply: Reply, body: Body) -> list[bytes]:
        complete: dict[str, Any] = {"type": "complete", "full_response": reply.whole}
        if reply.usage:
            complete["total_tokens"] = reply.usage[1]
        return [sse(complete), sse("[DONE]")]

    def ping(self, reply: Reply, body: Body) -> bytes:
        return b": ping\n\n"

    def broken(self) -> bytes:
        return sse('{"type": "chunk", "content": "안녕')

    def error_event(self, status: int) -> bytes:
        return sse({"type": "error", "message": _REFUSALS.get(status, "CUDA out of memory")})

    def whole(self, reply: Reply, body: Body) -> dict[str, Any]:
        answer: dict[str, Any] = {"response": reply.whole}
        if reply.usage:
            given, made, _ = reply.usage
            answer["usage"] = {"prompt_tokens": given, "completion_tokens": made,
                               "total_tokens": given + made}  # fmt: skip
        return answer

    def refusal(self, status: int) -> dict[str, Any]:
        return {"detail": _REFUSALS.get(status, "Internal Server Error")}

    def too_long(self, fault: str) -> dict[str, Any]:
        told = "Input of 9001 tokens exceeds the model's maximum context length of 8192 tokens"
        return {"detail": told}
