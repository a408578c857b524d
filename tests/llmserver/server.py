"""The server itself: its script, what it was asked, and who is connected."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from types import TracebackType
from typing import Any, Self

from tests.llmserver.anthropic import AnthropicFormat
from tests.llmserver.handler import Handler
from tests.llmserver.midm import MidmFormat
from tests.llmserver.ollama import OllamaFormat
from tests.llmserver.openai import OpenAIFormat
from tests.llmserver.reply import Body, Format, Reply, Script

__all__ = ["FORMATS", "KINDS", "Asked", "LLMServer", "nobody_there", "providers_table"]

FORMATS: tuple[Format, ...] = (OpenAIFormat(), AnthropicFormat(), OllamaFormat(), MidmFormat())
KINDS = tuple(form.kind for form in FORMATS)
_BY_KIND = {form.kind: form for form in FORMATS}


@dataclass(frozen=True)
class Asked:
    """One request: ``headers`` have small letters, ``at`` is monotonic seconds."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float


class _HTTP(ThreadingHTTPServer):
    """Keeps its connections, so that it closes fast and whole."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.threads: dict[Any, threading.Thread] = {}
        self.resets: set[Any] = set()
        self.bugs: list[BaseException] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name=f"llmserver-{client_address[1]}",
            daemon=True,
        )
        self.threads[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        # A polite shutdown would be read as a clean end before the reset arrives.
        if request in self.resets:
            self.resets.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)
        self.threads.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        import sys

        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.bugs.append(error)

    def hang_up(self) -> None:
        """Close every connection and wait for its thread."""
        for request, thread in list(self.threads.items()):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
            thread.join(2)


class LLMServer:
    """A model server on loopback that speaks all four formats; see the package's docs."""

    def __init__(self, *script: Script) -> None:
        """``script``: the answers in turn, the last one again and again. Listens at once."""
        self.asked: list[Asked] = []
        self.listed: list[Asked] = []
        self.gone = threading.Event()
        self.most_open = 0
        self.models = ["tiny"]
        self.loaded = True
        self.on_list: Reply | None = None
        self.closing = False
        self.formats = {path: form for form in FORMATS for path in form.paths}
        self._open_now = 0
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self.say(*script)
        self.stop, self._stopper = socket.socketpair()
        self._http = _HTTP(type("BoundHandler", (Handler,), {"llm": self}))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), name="llmserver", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def say(self, *script: Script) -> None:
        """A new script from the next request on."""
        with self._lock:
            self._script = list(script) or [Reply()]

    def base_url(self, kind: str) -> str:
        """The base URL a client of ``kind`` is configured with."""
        return self.url + _BY_KIND[kind].prefix

    @property
    def open_now(self) -> int:
        """Requests being answered now."""
        return self._open_now

    @property
    def connections(self) -> int:
        """Connections open now, with those that are kept alive between requests."""
        return len(self._http.threads)

    def called(self, times: int = 1, timeout_s: float = 5.0) -> bool:
        """Wait until it has been asked ``times`` in all; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.asked) >= times, timeout_s)

    def idle(self, timeout_s: float = 2.0) -> bool:
        """Wait until no request is being answered; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open_now, timeout_s)

    def close(self) -> None:
        """Hang up on everybody and stop. Raises what went wrong inside the server itself."""
        self.closing = True
        self._stopper.close()
        self._http.shutdown()
        self._thread.join(2)
        self._http.hang_up()
        self._http.server_close()
        self.stop.close()
        if self._http.bugs:
            raise self._http.bugs[0]

    # -- for the handler

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        with self._lock:
            self._open_now += 1
            self.most_open = max(self.most_open, self._open_now)
        try:
            yield
        finally:
            with self._changed:
                self._open_now -= 1
                self._changed.notify_all()

    def note(self, request: BaseHTTPRequestHandler, body: Body, *, listed: bool = False) -> Reply:
        """Write the request down; what to answer to it."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.path, headers, body, monotonic())
        with self._changed:
            (self.listed if listed else self.asked).append(asked)
            self._changed.notify_all()
            if listed:
                return Reply()
            script = self._script[0] if len(self._script) == 1 else self._script.pop(0)
        return script(body) if callable(script) else script

    def reset(self, connection: Any) -> None:
        """Close this connection with a reset when its handler ends."""
        self._http.resets.add(connection)

    def listing(self, path: str, headers: Any) -> tuple[Format, dict[str, Any]] | None:
        """The model list at ``path``; None where there is none."""
        if path == "/v1/models" and headers.get("anthropic-version"):
            return _BY_KIND["anthropic"], _anthropic_list(self.models)
        if path == "/v1/models":
            rows = [_row(name, object="model", created=0, owned_by="me") for name in self.models]
            return _BY_KIND["openai"], {"object": "list", "data": rows}
        if path == "/api/tags":
            rows = [{"name": name, "model": name, "modified_at": "2026-11-01T00:00:00Z",
                     "size": 1, "digest": "0", "details": {}} for name in self.models]  # fmt: skip
            return _BY_KIND["ollama"], {"models": rows}
        if path == "/health":
            health = {"status": "healthy", "model_loaded": self.loaded}
            return _BY_KIND["midm"], {**health, "model_name": self.models[0]}
        return None


def _row(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, **more}


def _anthropic_list(models: list[str]) -> dict[str, Any]:
    rows = [
        _row(name, type="model", display_name=name, created_at="2026-11-01T00:00:00Z")
        for name in models
    ]
    return {"data": rows, "has_more": False, "first_id": models[0], "last_id": models[-1]}


def providers_table(server: LLMServer | str, kind: str) -> dict[str, Any]:
    """The ``[llm.providers.NAME]`` row for a server (or its address) asked in ``kind``.

    ``{"providers": {"one": providers_table(server, "openai")}, "routes": {"default": ["one"]}}``
    """
    address = server if isinstance(server, str) else server.url
    return {
        "kind": kind,
        "base_url": address + _BY_KIND[kind].prefix,
        "model": "tiny",
        "api_key": "sk-test-0000",
    }


@contextmanager
def nobody_there() -> Iterator[str]:
    """The address of a port where every connection is refused, kept from others meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
