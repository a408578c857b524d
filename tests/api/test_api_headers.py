"""What every answer tells the browser, over real HTTP; websockets pass untouched."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.sync.client import connect

from api.headers import HEADERS, SecurityHeaders
from tests.conftest import Clock, make_services


async def _page(request: Request) -> HTMLResponse:
    return HTMLResponse("<p>안녕하세요</p>")


async def _own(request: Request) -> HTMLResponse:
    own = {"Content-Security-Policy": "default-src 'none'", "referrer-policy": "no-referrer"}
    return HTMLResponse("", headers=own)


async def _stream(request: Request) -> StreamingResponse:
    async def parts():  # type: ignore[no-untyped-def]
        yield b"one"
        await asyncio.sleep(0.3)
        yield b"two"

    return StreamingResponse(parts(), media_type="text/event-stream")


async def _echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


ROUTES = [Route("/", _page), Route("/own", _own), Route("/stream", _stream),
          WebSocketRoute("/ws", _echo)]  # fmt: skip


@contextmanager
def serving(folder: Path, **changes: object) -> Iterator[str]:
    """A server with the middleware as ``Home.py`` puts it in, on settings of its own."""
    desk = make_services(folder, Clock(), **changes)
    app = Starlette(routes=ROUTES, middleware=[Middleware(SecurityHeaders, desk_of=lambda: desk)])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="critical", ws="websockets-sansio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("plain")) as place:
        yield place


def get(place: str, path: str) -> httpx2.Response:
    return httpx2.get(f"http://{place}{path}", trust_env=False)


@pytest.mark.parametrize("path", ["/", "/missing", "/stream"])
def test_every_answer_has_them_once(plain: str, path: str) -> None:
    answer = get(plain, path)
    assert {name: answer.headers.get_list(name) for name in HEADERS} == {
        name: [value] for name, value in HEADERS.items()
    }
    assert "strict-transport-security" not in answer.headers


def test_what_a_page_says_itself_stays(plain: str) -> None:
    headers = get(plain, "/own").headers
    assert headers.get_list("content-security-policy") == ["default-src 'none'"]
    assert headers.get_list("referrer-policy") == ["no-referrer"]
    assert headers["x-content-type-options"] == "nosniff"


def test_tls_is_insisted_on_for_as_long_as_the_settings_say(tmp_path: Path) -> None:
    with serving(tmp_path, hsts_days=30) as place:
        assert get(place, "/").headers["strict-transport-security"] == "max-age=2592000"


def test_a_stream_still_flows(plain: str) -> None:
    with httpx2.stream("GET", f"http://{plain}/stream", trust_env=False) as answer:
        parts = answer.iter_raw()
        started = time.perf_counter()
        assert next(parts) == b"one"
        assert time.perf_counter() - started < 0.25
        assert b"".join(parts) == b"two"


def test_a_websocket_passes_untouched(plain: str) -> None:
    with connect(f"ws://{plain}/ws", proxy=None) as client:
        assert client.response is not None
        assert not {name.lower() for name in HEADERS} & {n.lower() for n in client.response.headers}
        client.send("여보세요")
        assert client.recv() == "여보세요"
