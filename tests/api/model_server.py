"""A small OpenAI-compatible model server over loopback, well behaved or not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["ModelServer", "model_server"]


class ModelServer(ThreadingHTTPServer):
    """``mode`` is what it does next; ``asked`` are the bodies it got."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode = "good"
        self.asked: list[dict[str, Any]] = []
        self.gone = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        mode = self.server.mode
        if mode == "refuses":
            self._plain(401, {"error": {"message": "no", "code": "invalid_api_key"}})
            return
        if mode == "html":
            self._plain(200, "<html>로그인</html>")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self._stream(mode)
        except OSError:
            self.server.gone.set()

    def _stream(self, mode: str) -> None:
        self._chunk({"role": "assistant", "content": ""})
        for word in ("안녕하세요", ", ", "모델이에요."):
            self._chunk({"content": word})
        if mode == "drips":
            for _ in range(200):
                time.sleep(0.05)
                self._chunk({"content": "."})
        if mode == "fails":
            self._send({"error": {"message": "overloaded", "code": "server_error"}})
            return
        if mode == "cut":
            return
        if mode == "odd":
            self._chunk({"content": "\ud83d"})  # half a character
            self._chunk({"content": 5})
        reasons = {"short": "length", "odd": "tool_calls"}
        self._chunk({}, reasons.get(mode, "stop"))
        if mode != "uncounted":
            usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 99}
            if mode == "odd":
                usage = {"prompt_tokens": None, "total_tokens": "x"}
            self._send({**_HEAD, "choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        self._send({**_HEAD, "choices": [choice]})

    def _send(self, value: Any) -> None:
        self.wfile.write(f"data: {json.dumps(value)}\n\n".encode())
        self.wfile.flush()

    def _plain(self, status: int, value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        self.send_response(status)
        self.send_header(
            "Content-Type", "text/html" if isinstance(value, str) else "application/json"
        )
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


_HEAD = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "tiny"}


@contextmanager
def model_server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)
