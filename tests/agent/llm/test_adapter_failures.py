"""How each adapter fails: the kind, what it may tell, and that nothing stays open."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
from email.utils import formatdate
from time import time
from typing import Any

import pytest

from agent.llm.types import Finished, TextDelta
from errors import LLMError
from tests.agent.llm.adapter_calls import KEY, KINDS, ask, endpoint, failing, made, names, take
from tests.llmserver import LLMServer, Reply, nobody_there

STATUS = {
    400: "bad_request", 401: "auth", 403: "auth", 404: "not_found", 408: "timeout",
    429: "rate_limited", 500: "overloaded", 503: "overloaded", 529: "overloaded",
}  # fmt: skip
AFTER = {"cut": "truncated", "reset": "truncated", "stall": "timeout", "bad_json": "malformed",
         "error_event": "overloaded", "no_terminal": "truncated"}  # fmt: skip
FOREIGN = {
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    "OLLAMA_HOST": "http://127.0.0.1:9", "OPENAI_API_KEY": "sk-foreign",
    "ANTHROPIC_API_KEY": "sk-foreign", "ANTHROPIC_AUTH_TOKEN": "sk-foreign",
    "OLLAMA_API_KEY": "sk-foreign", "OPENAI_ORG_ID": "org-foreign",
    "OPENAI_PROJECT_ID": "proj-foreign", "OPENAI_ADMIN_KEY": "sk-foreign",
    "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer sk-foreign\nX-Foreign: 외국",
    "ANTHROPIC_CUSTOM_HEADERS": "Authorization: Bearer sk-foreign\nX-Foreign: yes",
    "OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug", "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9",
    "all_proxy": "socks5://127.0.0.1:9",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", STATUS)
def test_a_refusal_by_its_status(kind: str, status: int) -> None:
    with LLMServer(Reply(status=status)) as server:
        failure = failing(endpoint(server, kind))
        assert len(server.asked) == 1  # no retries of the SDK's own
    assert failure.kind == STATUS[status]
    assert failure.provider == "one"
    assert failure.detail.startswith(f"HTTP {status}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("told", "seconds"), [("7", 7), ("0.5", 0.5), ("-3", 0), ("nan", None), ("soon", None)]
)
def test_retry_after_is_told(kind: str, told: str, seconds: float | None) -> None:
    with LLMServer(Reply(status=429, retry_after=told)) as server:
        assert failing(endpoint(server, kind)).retry_after_s == seconds


@pytest.mark.parametrize("kind", KINDS)
def test_retry_after_as_a_date(kind: str) -> None:
    with LLMServer(Reply(status=503, retry_after=formatdate(time() + 40, usegmt=True))) as server:
        wait_s = failing(endpoint(server, kind)).retry_after_s
    assert wait_s is not None
    assert 30 < wait_s <= 40


@pytest.mark.parametrize(
    ("kind", "fault"),
    [*((kind, "context_too_long") for kind in KINDS), ("openai", "context_too_long_vllm"),
     ("openai", "context_too_long_llama")],
)  # fmt: skip
def test_a_prompt_that_is_too_long(kind: str, fault: Any) -> None:
    with LLMServer(Reply(fault=fault)) as server:
        assert failing(endpoint(server, kind)).kind == "context_too_long"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", AFTER)
@pytest.mark.parametrize("after", [0, 2])
def test_a_stream_that_breaks(kind: str, fault: Any, after: int) -> None:
    with LLMServer(Reply("하나 둘 셋 넷", fault=fault, after=after)) as server:
        taken = take(endpoint(server, kind), ask(read_s=0.4))
        assert server.idle()
    assert taken.failure is not None
    assert taken.failure.kind == AFTER[fault]
    assert taken.text == ("하나 둘 " if after else "")


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_there(kind: str) -> None:
    with nobody_there() as url:
        assert failing(endpoint(url, kind)).kind == "unreachable"
        with pytest.raises(LLMError) as caught:
            names(endpoint(url, kind))
    assert caught.value.kind == "unreachable"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", ["http://[half", "no address", "ftp://127.0.0.1/x", "http://a:b/"])
def test_an_address_that_makes_no_sense(kind: str, url: str) -> None:
    assert failing(endpoint(url, kind)).kind == "unreachable"


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_at_all(kind: str) -> None:
    with LLMServer(Reply(fault="no_reply")) as server:
        assert failing(endpoint(server, kind), ask(read_s=0.3)).kind == "timeout"
        assert server.idle()


@pytest.mark.parametrize("kind", KINDS)
def test_a_web_page(kind: str) -> None:
    with LLMServer(Reply(fault="html")) as server:
        failure = failing(endpoint(server, kind))
    assert failure.kind == "malformed"
    assert "<" not in failure.detail


@pytest.mark.parametrize("kind", KINDS)
def test_an_end_told_twice_is_one_end(kind: str) -> None:
    with LLMServer(Reply("하나 둘", fault="double_end")) as server:
        taken = take(endpoint(server, kind))
    assert (taken.text, taken.finished.finish) == ("하나 둘", "stop")


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_stays_open_after_the_end_holds_nobody(kind: str) -> None:
    with LLMServer(Reply("하나 둘", fault="lingers")) as server:
        assert take(endpoint(server, kind), ask(read_s=30.0)).text == "하나 둘"
        assert server.idle()


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [("openai", 429, "rate_limited"), ("openai", 400, "bad_request"),
     ("anthropic", 429, "rate_limited"), ("anthropic", 529, "overloaded"),
     ("anthropic", 400, "bad_request"), ("anthropic", 401, "auth")],
)  # fmt: skip
def test_an_error_event_by_its_code(kind: str, status: int, expected: str) -> None:
    with LLMServer(Reply(fault="error_event", status=status, after=1)) as server:
        assert failing(endpoint(server, kind)).kind == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["no_reply", "drip_headers", "drip_words", "pings", "endless"])
def test_cancelling_hangs_up(kind: str, fault: Any) -> None:
    async def listen() -> None:
        adapter = made(endpoint(server, kind))
        words = 0
        try:
            async with asyncio.timeout(0.25):
                async for piece in adapter.stream(ask(read_s=30.0)):
                    words += isinstance(piece, TextDelta)
        finally:
            assert bool(words) == (fault in ("drip_words", "endless"))
            await adapter.close()

    with LLMServer(Reply("하나", fault=fault, after=1)) as server:
        with pytest.raises(TimeoutError):
            asyncio.run(listen())
        assert server.gone.wait(2)
        assert server.idle(2)


@pytest.mark.parametrize("kind", KINDS)
def test_giving_up_between_pieces_hangs_up(kind: str) -> None:
    async def listen() -> None:
        adapter = made(endpoint(server, kind))
        pieces = adapter.stream(ask())
        assert isinstance(await anext(pieces), TextDelta)
        await pieces.aclose()
        assert await asyncio.to_thread(server.idle, 2)
        await adapter.close()

    with LLMServer(Reply(fault="drip_words", after=1)) as server:
        asyncio.run(listen())


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_is_used_again(kind: str) -> None:
    async def twice() -> int:
        adapter = made(endpoint(server, kind))
        for _ in range(2):
            assert [piece async for piece in adapter.stream(ask())]
        connections = server.connections
        assert not [one for one in threading.enumerate() if one.name.startswith("asyncio")]
        await adapter.close()
        return connections

    with LLMServer(Reply("하나 둘")) as server:
        assert asyncio.run(twice()) == 1


def test_a_midm_server_without_its_model() -> None:
    with LLMServer() as server:
        server.loaded = False
        with pytest.raises(LLMError) as caught:
            names(endpoint(server, "midm"))
    assert caught.value.kind == "overloaded"


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_list_that_is_a_web_page(kind: str) -> None:
    with LLMServer() as server:
        server.on_list = Reply(fault="html")
        with pytest.raises(LLMError) as caught:
            names(endpoint(server, kind))
    assert caught.value.kind == "malformed"


# -- what the environment may not do


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [KEY, ""])
def test_foreign_variables_change_nothing(
    kind: str, key: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG)
    with LLMServer(Reply("네.")) as server:
        one = endpoint(server, kind, api_key=key, headers={"X-Title": "Sangdam"})
        assert take(one).text == "네."
        assert names(one) == ["tiny"]
        arrived = [server.asked[0].headers, server.listed[0].headers]
    for headers in arrived:
        assert headers["authorization"] == f"Bearer {key or 'none'}"
        assert headers["x-title"] == "Sangdam"
        assert "foreign" not in json.dumps(headers).lower()
        assert "openai-organization" not in headers
        assert "x-api-key" not in headers
    assert "안녕하세요" not in caplog.text
    assert KEY not in caplog.text


def test_ollama_is_imported_whatever_the_proxy_variables_say() -> None:
    program = (
        "import sys\n"
        "from agent.llm.adapters.ollama import Ollama\n"
        "from agent.llm.types import Endpoint\n"
        "Ollama(Endpoint('one', 'ollama', 'http://127.0.0.1:9', 'tiny'))\n"
        "assert 'ollama' not in sys.modules\n"
    )
    env = os.environ | FOREIGN | {"OLLAMA_HOST": "http://127.0.0.1:port"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


# -- what a failure may tell


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_in_a_failure(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "sk-proj-abcdef123456"
    with LLMServer(Reply(status=401)) as server:
        failure = failing(endpoint(server, kind, api_key=secret))
    told = f"{failure!r} {failure} {failure.detail} {failure.__cause__!r}"
    assert "sk-" not in told
    assert secret not in caplog.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["sk-test\n", "sk-\u200btest", " 키sk-test"])
def test_a_key_pasted_with_something_else(kind: str, key: str) -> None:
    with LLMServer(Reply("네.")) as server:
        take(endpoint(server, kind, api_key=key))
        assert server.asked[0].headers["authorization"] == "Bearer sk-test"


def test_a_cut_after_the_end_was_told_is_no_loss() -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "네."}, "finish_reason": "stop"}]}
    event = f"data: {json.dumps(chunk)}\n\n".encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + event)
        await writer.drain()
        writer.close()

    async def listen() -> list[Any]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        adapter = made(endpoint(f"http://127.0.0.1:{port}/v1", "openai"))
        async with server:
            pieces = [piece async for piece in adapter.stream(ask())]
        await adapter.close()
        return pieces

    assert asyncio.run(listen()) == [TextDelta("네."), Finished("stop")]
