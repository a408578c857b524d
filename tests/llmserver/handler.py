"""One connection to the server: reads a request, and answers it as well or as badly as told."""

from __future__ import annotations

import json
import select
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from itertools import repeat
from typing import TYPE_CHECKING, Any

from tests.llmserver.reply import Body, Format, Reply
from tests.llmserver.wire import encoded

if TYPE_CHECKING:
    from tests.llmserver.server import LLMServer

__all__ = ["Gone", "Handler"]

HTML = b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"
RESET = struct.pack("ii", 1, 0)
BYTE_S, WORD_S = 0.05, 0.3
LONG_WORD = "이 말은 끝나지 않아요. " * 8


class Gone(Exception):
    """The client has hung up, or the server is closing."""


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with keep-alive, as real servers do."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    llm: LLMServer

    def do_GET(self) -> None:
        self._served(self._list)

    def do_POST(self) -> None:
        self._served(self._chat)

    def log_message(self, *args: Any) -> None:
        """Silent."""

    def _served(self, serve: Callable[[], None]) -> None:
        """Count the request in and out; a client that hangs up early is no error of ours."""
        with self.llm.in_flight():
            try:
                serve()
            except (Gone, ConnectionError, TimeoutError):
                self.close_connection = True
                if not self.llm.closing:
                    self.llm.gone.set()

    def _list(self) -> None:
        path = self.path.partition("?")[0]
        listing = self.llm.listing(path, self.headers)
        if listing is None:
            return self._json(404, {"detail": "Not Found"})
        self.llm.note(self, {}, listed=True)
        form, names = listing
        return self._answer(form, self.llm.on_list or Reply(), {}, names)

    def _chat(self) -> None:
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        except ValueError:
            return self._json(400, {"error": "no JSON"})
        form = self.llm.formats.get(self.path.partition("?")[0])
        if form is None:
            return self._json(404, {"detail": "Not Found"})
        reply = self.llm.note(self, body)
        streamed = form.streamed(self.path, body)
        return self._answer(form, reply, body, None if streamed else form.whole(reply, body))

    def _answer(self, form: Format, reply: Reply, body: Body, whole: dict[str, Any] | None) -> None:
        """Answer with ``whole``, or with a stream where it is None."""
        fault = reply.fault
        if fault == "no_reply":
            self._wait(None)
        elif fault == "drip_headers":
            self._drip_headers()
        elif fault == "html":
            self._send(200, "text/html; charset=utf-8", HTML)
        elif fault is not None and fault.startswith("context_too_long"):
            self._json(400, form.too_long(fault))
        elif reply.status != 200 and fault != "error_event":
            self._json(reply.status, form.refusal(reply.status), reply)
        elif whole is None:
            self._stream(form, reply, body)
        else:
            self._whole(form, reply, whole)

    # -- one JSON object

    def _whole(self, form: Format, reply: Reply, whole: dict[str, Any]) -> None:
        """A whole answer; what breaks a stream in the middle breaks it half-way."""
        self._wait(reply.delay_s)
        fault, data = reply.fault, encoded(whole)
        if fault in ("cut", "reset", "stall"):
            self._headers(200, "application/json", len(data))
            self.wfile.write(data[: len(data) // 2])
            self._break(fault)
        elif fault in ("drip_bytes", "drip_words", "pings", "endless"):
            self._headers(200, "application/json", None)
            gap_s = 0.0 if fault == "endless" else BYTE_S
            self._chunks(repeat(b" "), gap_s)
        elif fault == "error_event":
            self._json(200, form.refusal(reply.status))
        else:
            broken = fault in ("bad_json", "no_terminal")
            self._send(200, "application/json", data[: len(data) // 2] if broken else data)

    # -- a stream

    def _stream(self, form: Format, reply: Reply, body: Body) -> None:
        self._headers(200, form.stream_type, None)
        self._chunks(form.head(reply, body))
        fault = reply.fault
        if fault == "drip_bytes":
            self._chunks(_bytes_for_ever(form), BYTE_S)
        elif fault == "pings":
            self._chunks(repeat(form.ping(reply, body)), BYTE_S)
        elif fault in ("drip_words", "endless"):
            text, gap_s = ("네 ", WORD_S) if fault == "drip_words" else (LONG_WORD, 0.0)
            self._wait(reply.delay_s)
            self._chunks(_words(form, repeat(text), reply, body), gap_s)
        else:
            self._play(form, reply, body)

    def _play(self, form: Format, reply: Reply, body: Body) -> None:
        """The words and calls with their fault, then the end."""
        beats = [*_words(form, reply.words, reply, body), *form.calls(reply, body)]
        fault = reply.fault
        broken = fault in ("stall", "cut", "reset", "bad_json", "error_event", "no_terminal")
        beats = beats[: reply.after] if broken else beats
        if beats:
            self._wait(reply.delay_s)
        self._chunks(beats, reply.gap_s)
        if fault in ("stall", "cut", "reset"):
            return self._break(fault)
        if fault == "bad_json":
            self._chunks([form.broken()])
        elif fault == "error_event":
            self._chunks([form.error_event(reply.status)])
        elif fault != "no_terminal":
            ends = 2 if fault == "double_end" else 1
            self._chunks(form.tail(reply, body) * ends)
        if fault == "lingers":
            self._wait(None)
        self.wfile.write(b"0\r\n\r\n")
        return None

    def _break(self, fault: str) -> None:
        """Say nothing more, or close the connection in the middle."""
        if fault == "stall":
            self._wait(None)
        # What was sent must have arrived: a reset overtakes what still waits to be read.
        self._wait(BYTE_S)
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.llm.reset(self.connection)
        self.close_connection = True

    # -- the wire

    def _chunks(self, frames: Iterable[bytes], gap_s: float = 0.0) -> None:
        for number, frame in enumerate(frames):
            self._wait(gap_s if number else 0.0)
            self.wfile.write(f"{len(frame):x}\r\n".encode() + frame + b"\r\n")

    def _json(self, status: int, data: Any, reply: Reply | None = None) -> None:
        after = None if reply is None else reply.retry_after
        more = {} if after is None else {"Retry-After": str(after)}
        self._send(status, "application/json", encoded(data), more)

    def _send(
        self, status: int, media_type: str, data: bytes, more: dict[str, str] | None = None
    ) -> None:
        self._headers(status, media_type, len(data), more)
        self.wfile.write(data)

    def _headers(
        self, status: int, media_type: str, length: int | None, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def _drip_headers(self) -> None:
        """A header that never ends, a byte every 50 ms."""
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: ":
            self.wfile.write(bytes([byte]))
            self._wait(BYTE_S)
        while True:
            self.wfile.write(b"x")
            self._wait(BYTE_S)

    def _wait(self, seconds: float | None) -> None:
        """Let time pass (None: for ever). Raises Gone as soon as the client has hung up."""
        watched = [self.connection, self.llm.stop]
        ready = select.select(watched, (), (), seconds)[0]
        if self.llm.stop in ready or (ready and not self.connection.recv(1, socket.MSG_PEEK)):
            raise Gone


def _words(form: Format, texts: Iterable[str], reply: Reply, body: Body) -> Iterator[bytes]:
    said = ""
    for text in texts:
        said += text
        yield form.word(text, said, reply, body)


def _bytes_for_ever(form: Format) -> Iterator[bytes]:
    """The beginning of a frame, and then letters: no frame is ever whole."""
    for byte in form.broken().rstrip():
        yield bytes([byte])
    yield from repeat(b"x")
