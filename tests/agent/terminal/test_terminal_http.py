"""Servers that are not there, not ours, or say strange things: a Korean sentence, no traceback."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

import services
from agent.__main__ import main
from agent.terminal.http import Http, checked_url
from agent.terminal.memory import Login, Memory
from agent.terminal.wire import event_of
from agent.types import Delta, Done, ErrorEvent, Status
from errors import BadInput, Unavailable
from services import Services
from tests.agent.terminal.foreign import serving

HTML = {"content-type": "text/html; charset=utf-8"}
JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}
TOKEN = b'{"session_id":"s_1","access_token":"a","expires_in":900}'


@pytest.fixture(autouse=True)
def _here(shop: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_instance", shop)


def ask(url: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The error told."""
    assert main(["chat", "안녕하세요", "--url", url]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # bound, not listening: refused
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        assert "연결할 수 없어요. 서버가 켜져 있는지" in ask(url, capsys)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"<html>hello</html>", HTML),
        (404, b"<html>no such page</html>", HTML),
        (404, b'{"detail":"Not Found"}', JSON),
        (302, b"", {"location": "http://127.0.0.1:1/"}),
        (200, b"[1]", JSON),
        (200, b"{", JSON),
        (200, b"[" * 100_000, JSON),
        (200, b"x" * 2_000_000, JSON),
    ],
)
def test_not_our_server(
    capsys: pytest.CaptureFixture[str], status: int, body: bytes, headers: dict[str, str]
) -> None:
    with serving(status, body, headers=headers) as url:
        assert "상담 서버가 아닌 것이 답했어요" in ask(url, capsys)


def test_a_stream_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(200, TOKEN, headers=JSON) as url:  # gives a guest a token, and then JSON again
        assert "상담 서버가 아닌 것이 답했어요" in ask(url, capsys)


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (b"", "연결이 끊겼어요"),
        (b": ping\n\n", "연결이 끊겼어요"),
        (b"event: delta\ndata: [\n\n", "판이 같은지"),
        (b"data: " + b"x" * 2_000_000, "연결이 끊겼어요"),
        (b'event: error\r\ndata: {"code":"x",\r\ndata: "detail":"\xea\xb0\x80"}\r\n\r\n', "가\n"),
    ],
)
def test_streams_that_say_little(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, stream: bytes, said: str
) -> None:
    with serving(200, stream, headers=SSE) as url:
        with Memory(tmp_path / "terminal.json").changing(url) as place:
            place.person("guest").login = Login("token", time.time() + 900)
        assert said in ask(url, capsys)


@pytest.mark.parametrize(("status", "said"), [(502, "답하지 못해요(502)"), (429, "7초 뒤에 다시")])
def test_a_proxy_answers_for_it(capsys: pytest.CaptureFixture[str], status: int, said: str) -> None:
    with serving(status, b"<html>", headers={**HTML, "retry-after": "7"}) as url:
        assert said in ask(url, capsys)


def test_an_answer_without_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(200, b"{}", headers=JSON) as url:
        assert "읽지 못했어요" in ask(url, capsys)


def test_what_a_server_says_does_not_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    body = b'{"code":"x","detail":"\\u001b[31mred\\u009b2J\\r"}'
    with serving(400, body, headers=JSON) as url:
        assert ask(url, capsys) == "[31mred2J\n"


def test_no_password_is_sent_where_none_was_typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(200, TOKEN, headers=JSON) as url, open("/dev/null") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert main(["login", "--url", url, "--email", "a@example.com"]) == 1
    assert "표준 입력으로 비밀번호를" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["localhost:8501", "ftp://a", "http://", "http://a:b@c", "http://a:99999", "http://a?x",
            "http://[::1", "", "http://a\x1b[31m:x"],
)  # fmt: skip
def test_an_address_that_is_none(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match=r"http://127\.0\.0\.1:8501"):
        checked_url(url)


def test_addresses() -> None:
    assert checked_url(" http://a:1/ ") == "http://a:1"
    assert checked_url("https://a/shop/") == "https://a/shop"
    private = {url: Http(url).private for url in (
        "https://a", "http://localhost:1", "http://127.0.0.1", "http://[::1]:1", "http://a",
        "http://10.0.0.1",
    )}  # fmt: skip
    assert [url for url, safe in private.items() if not safe] == ["http://a", "http://10.0.0.1"]


def test_events_are_read_back() -> None:
    assert event_of("delta", '{"text":"가","new":1}') == Delta("가")
    assert event_of("status", '{"text":"가"}') == Status("가")
    assert event_of("error", '{"code":"x","detail":"나"}') == ErrorEvent("x", "나")
    assert isinstance(event_of("done", '{"at":"2026-11-20T03:00:00.000Z"}'), Done)
    assert event_of("weather", "{") is None  # of a newer server


@pytest.mark.parametrize(
    ("name", "data"),
    [("delta", "{"), ("delta", "[]"), ("delta", '{"text":3}'), ("message", '{"content":"x"}'),
     ("error", "{}"), ("error", "3"), ("done", "{}"),
     ("card", '{"type":"spell","id":"","title":""}')],
)  # fmt: skip
def test_strange_data_is_refused(name: str, data: str) -> None:
    with pytest.raises(Unavailable, match="판이 같은지"):
        event_of(name, data)
