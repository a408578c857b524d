"""Log lines: what they tell, what they never tell, and that nobody can forge one."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr
from datetime import UTC, datetime
from typing import Any

import pytest

import settings as settings_module
from services import logs

PLAIN = settings_module.load({}, env_file=settings_module.ROOT / "none")
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")
LOG = logging.getLogger("sangdam.test")


@pytest.fixture
def stderr() -> Iterator[io.StringIO]:
    """What the handler writes; every logger is as it was afterwards."""
    stream = io.StringIO()
    names = (None, "uvicorn.error", "sangdam", "streamlit.a_test", *logs._OURS)
    loggers = [logging.getLogger(name) for name in names]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]
    show = warnings.showwarning
    yield stream
    logging.captureWarnings(False)
    warnings.showwarning = show
    for one, handlers, level, propagate in before:
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


def test_paths_as_they_were_asked_for_are_never_written(stderr: io.StringIO) -> None:
    access = logging.getLogger("uvicorn.access")
    handler = logging.StreamHandler(stderr)
    configure(stderr)
    access.addHandler(handler)  # as Streamlit does when its config.toml changes
    try:
        access.warning('127.0.0.1 - "GET /?email=minji@example.com HTTP/1.1" 200')
    finally:
        access.removeHandler(handler)
        access.disabled = False
    assert stderr.getvalue() == ""


def configure(stderr: io.StringIO, **changes: Any) -> None:
    with redirect_stderr(stderr):  # pytest puts its own in place after every fixture
        logs.configure(PLAIN.replace(**changes))


def only_json(stream: io.StringIO) -> dict[str, Any]:
    [line] = stream.getvalue().splitlines()
    told: dict[str, Any] = json.loads(line)
    return told


def test_a_json_line_tells_when_what_and_for_whom(stderr: io.StringIO) -> None:
    configure(stderr, log_format="json")
    tokens = logs.request_id.set("req-1"), logs.turn_id.set("turn_1"), logs.user_id.set("user_001")
    LOG.info("%s번째 대화", 3, extra={"took_ms": 12.5, "cached": True, "path": None, "n": [1, 2]})
    for name, token in zip((logs.request_id, logs.turn_id, logs.user_id), tokens, strict=True):
        name.reset(token)
    told = only_json(stderr)
    at = datetime.fromisoformat(told.pop("at").replace("Z", "+00:00"))
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
    assert told == {
        "level": "info", "logger": "sangdam.test", "message": "3번째 대화", "request_id": "req-1",
        "turn_id": "turn_1", "user_id": "user_001", "took_ms": 12.5, "cached": True,
        "path": None, "n": "[1, 2]",
    }  # fmt: skip


def test_a_text_line_tells_the_same(stderr: io.StringIO) -> None:
    configure(stderr)
    token = logs.request_id.set("req-1")
    LOG.warning("slow", extra={"took_ms": 12.5, "route": "GET /a b"})
    logs.request_id.reset(token)
    LOG.warning("alone")
    first, second = stderr.getvalue().splitlines()
    assert AT.match(first)
    assert AT.sub("", first) == (
        'WARNING sangdam.test [request_id=req-1] slow took_ms=12.5 route="GET /a b"'
    )
    assert AT.sub("", second) == "WARNING sangdam.test alone"


def test_the_level_is_the_settings(stderr: io.StringIO) -> None:
    configure(stderr, log_level="warning")
    LOG.info("quiet")
    LOG.warning("loud")
    assert "loud" in stderr.getvalue()
    assert "quiet" not in stderr.getvalue()
    configure(stderr, log_level="debug")
    LOG.debug("now")
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("trouble")
    assert "now" in stderr.getvalue()
    assert "trouble" in stderr.getvalue()
    assert "chatter" not in stderr.getvalue()


def test_every_source_writes_one_line_in_the_format(stderr: io.StringIO) -> None:
    streamlits = logging.getLogger("streamlit.a_test")
    streamlits.propagate = False
    streamlits.handlers = [logging.StreamHandler(stderr)]
    for _ in range(3):
        configure(stderr, log_format="json")
    for name in ("sangdam.a", "retrieval.words", "uvicorn.error", "streamlit.a_test"):
        logging.getLogger(name).warning("once 010-1234-5678")
    told = [json.loads(line) for line in stderr.getvalue().splitlines()]
    assert [line["logger"] for line in told] == [
        "sangdam.a", "retrieval.words", "uvicorn.error", "streamlit.a_test",
    ]  # fmt: skip
    assert {line["message"] for line in told} == {"once [전화번호 가림]"}


SECRETS = {
    "resident": "주민번호 900101-1234567 이에요",
    "phone": "call 010-1234-5678",
    "email": "to minji@example.com",
    "card": "카드 4111-1111-1111-1111",
    "bearer": "Authorization: Bearer abcdef123456",
    "bearer in a dict": "{'Authorization': 'Bearer abcdef123456', 'Accept': '*'}",
    "basic": "sent Basic dXNlcjpwYXNz",
    "api key": "key sk-sangdam-Zk3jq9 was used",
    "openai key": "key sk-proj-abcdefghijklmnop",
    "jwt": "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "cut jwt": "got eyJhbGciOiJIUzI1NiJ9.eyJzd",
    "password": "password=hunter2 user=3",
    "phrase": "password=긴 비밀번호 하나 둘 email=x",
    "json": '{"email": "x", "password": "hun\\"ter 2"}',
    "json in json": r"{\"password\": \"hun\\\"ter 2\", \"a\": 1}",
    "dict": "{'current_password': 'hunter 2', 'a': 1}",
    "open quote": '{"refresh_token": "abcdef12345',
    "query": "GET /x?token=abcdef12345&y=2",
    "header": "Cookie: sangdam=abcdef12345",
    "url": "http://admin:hunter2@db.internal/x",
    "korean": "비밀번호: 1q2w3e4r!",
    "configured": "the model's key is plainly-configured",
    "own_header": "the model's header is only-in-a-header",
}
LEAKS = (
    "1234567", "1234-5678", "minji@", "4111", "abcdef1", "dXNl", "Zk3jq9", "sk-proj", "eyJ",
    "hunter", "ter 2", "하나", "hun", "1q2w3e4r", "plainly",
    "only-in",
)  # fmt: skip


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_line_tells_a_secret(stderr: io.StringIO, kind: str, log_format: str) -> None:
    text = SECRETS[kind]
    assert any(leak in text for leak in LEAKS)
    server = {"api_key": "plainly-configured", "headers": {"X-Access": "only-in-a-header"}}
    configure(stderr, log_format=log_format, llm={"providers": {"vllm": server}})
    LOG.info(text)
    LOG.info("%s", text)
    # Does not fit: logging itself would print it as it is (and pytest's handler would raise).
    logging.getLogger("uvicorn.error").info("%d items", text)
    LOG.info("x", extra={"detail": text, "nested": {"deep": [text]}, "error": ValueError(text)})
    try:
        raise ValueError(text)
    except ValueError:
        LOG.exception("failed")
    written = stderr.getvalue()
    assert written.count("가림]") >= 6
    assert [leak for leak in LEAKS if leak in written] == []


def test_an_extra_with_a_secrets_name_is_never_told(stderr: io.StringIO) -> None:
    configure(stderr, log_format="json")
    LOG.info("x", extra={"password": 12345, "refresh_token": ["a"], "card": 4111111111111111})
    told = only_json(stderr)
    assert told["password"] == told["refresh_token"] == "[비밀 가림]"
    assert "4111" not in str(told)


@pytest.mark.parametrize(
    "text",
    [
        "order 20261101-0000001 of user_001 took 12.5 ms",
        "token_invalid code=token_expired total_tokens=12 prompt_tokens: 3",
        "turn_01J9ZK status=200 GET /api/orders/20261101-0000001",
        "request 3f2a9c1d7b4e failed",
    ],
)
def test_what_an_operator_needs_is_left_alone(text: str) -> None:
    assert logs.mask(text) == text


def test_nobody_forges_a_line(stderr: io.StringIO) -> None:
    configure(stderr)
    forged = (
        "x\n2026-11-20T03:00:00.000Z INFO sangdam.audit [request_id=1] admin signed in\r\x1b[2K"
    )
    LOG.info("said %s", forged, extra={"name_given": forged, "odd\nkey": 1})
    try:
        raise ValueError(forged)
    except ValueError:
        LOG.exception("failed")
    lines = stderr.getvalue().split("\n")[:-1]
    assert [bool(AT.match(line)) for line in lines].count(True) == 2
    assert all(AT.match(line) or line.startswith("  | ") for line in lines)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u2028]", stderr.getvalue())


def test_a_long_line_is_bounded_and_leaks_nothing_at_the_cut(stderr: io.StringIO) -> None:
    configure(stderr, log_format="json")
    phone = "010-1234-5678"
    for at in range(logs.MAX_CHARS - 20, logs.MAX_CHARS + 2):
        told = logs.mask("." * at + phone + "." * 500)
        assert "010-" not in told
        assert len(told) < logs.MAX_CHARS + 40
    extras = {f"extra_{n}": "가" * 100_000 for n in range(40)}
    try:
        raise ValueError("나" * 100_000)
    except ValueError:
        LOG.exception("다" * 100_000, extra=extras)
    told = only_json(stderr)
    assert len(stderr.getvalue()) < 26_000
    assert told["error"].endswith("more)")


def test_the_end_of_a_traceback_is_kept(stderr: io.StringIO) -> None:
    def deep(n: int) -> None:
        if n == 0:
            raise ValueError("the reason")
        deep(n - 1) if n % 2 else deeper(n - 1)

    def deeper(n: int) -> None:
        deep(n - 1) if n else deep(0)

    configure(stderr, log_format="json")
    try:
        deep(300)
    except ValueError:
        LOG.exception("failed")
    assert only_json(stderr)["error"].endswith("ValueError: the reason")


@pytest.mark.parametrize(
    "piece",
    ["password=", 'password="', 'password=\\"', "\\", '\\"', "token_", "a_-", "eyJaaaaaa.", "a://b:",
     "bearer ", " ", "\n", "a@b.co ", "x_secret", "password ", "010-1234-5678 ", "1-", "국민은행 "],
)  # fmt: skip
def test_hostile_text_takes_no_longer_when_it_is_longer(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        best = 9.0
        for _ in range(3):
            start = time.perf_counter()
            logs.mask(text)
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(1_000_000) < 0.5
    assert seconds(1_000_000) < 5 * seconds(8000) + 0.05


def test_values_that_cannot_be_read_do_not_lose_the_line(stderr: io.StringIO) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    configure(stderr, log_format="json")
    LOG.info("still here", extra={"odd": Broken(), "not_a_number": float("nan")})
    told = only_json(stderr)
    assert told["message"] == "still here"
    assert told["odd"] == "<Broken: RuntimeError>"
    assert told["not_a_number"] == "nan"


@pytest.mark.process
def test_a_process_of_its_own_writes_to_stderr_only() -> None:
    code = (
        "import logging, warnings, settings; from services import logs;"
        "logs.configure(settings.load());"
        "logging.getLogger('sangdam.x').info('hello'); warnings.warn('old')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=settings_module.ROOT,
        env={"PATH": "", "SANGDAM_LOG_FORMAT": "json"}, check=True,
    )  # fmt: skip
    assert done.stdout == ""
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in told] == ["sangdam.x", "py.warnings"]
