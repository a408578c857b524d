"""Streams that do not end well: silence, a client that leaves, time over, an error midway."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx2
import pytest

from agent.types import Understood
from errors import NotFound
from tests.api.conftest import Api
from tests.api.openai_client import events, post, user

URL = "/v1/chat/completions"
BODY = {"messages": [user("반품 배송비는 누가 내요?")], "stream": True}


class Gate:
    """The desk's understanding, behind a gate that tests open."""

    def __init__(self, real: Any) -> None:
        self.real, self.open, self.reached = real, threading.Event(), threading.Event()

    def understand(self, text: str, now: datetime) -> Understood:
        self.reached.set()
        self.open.wait(20)
        return self.real.understand(text, now)  # type: ignore[no-any-return]


@pytest.fixture
def gate(api: Api) -> Iterator[Gate]:
    found = Gate(api.shop.understander)
    api.shop.__dict__["desk"] = replace(api.shop.desk, understander=found)
    yield found
    found.open.set()


def turns(api: Api) -> list[dict[str, Any]]:
    with api.shop.database.read() as tx:
        return tx.rows("select * from turns where source = 'api' and conversation_id glob 's_*'")


def ended(api: Api) -> list[dict[str, Any]]:
    """The turns, once none is under way."""
    until = time.monotonic() + 10
    while api.shop.turns.running and time.monotonic() < until:
        time.sleep(0.02)
    return turns(api)


def test_silence_is_filled(api: Api, gate: Gate) -> None:
    api.shop.settings = api.shop.settings.replace(sse_heartbeat_s=1)
    with api.client.stream("POST", URL, json=BODY) as got:
        lines = got.iter_lines()
        assert any(line == ": ping" for line in lines)
        gate.open.set()
        text = "\n".join(lines)
    assert events(text)[-1] == "[DONE]"
    assert "".join(piece["delta"].get("content", "") for chunk in events(text)[:-1]
                   for piece in chunk["choices"]).startswith("단순 변심")  # fmt: skip


def test_a_client_that_leaves_stops_the_turn(api: Api, gate: Gate) -> None:
    with api.client.stream("POST", URL, json=BODY) as got:
        assert next(got.iter_lines()).startswith("data: ")
        assert gate.reached.wait(5)
    time.sleep(0.3)  # the server hears of it
    gate.open.set()
    assert [turn["status"] for turn in ended(api)] == ["stopped"]
    with api.shop.database.read() as tx:
        assert not tx.value("select count(*) from transcripts")


def test_a_client_that_leaves_a_whole_answer_stops_it_too(api: Api, gate: Gate) -> None:
    short = httpx2.Timeout(30, read=0.5)
    with pytest.raises(httpx2.ReadTimeout):
        api.client.post(URL, json={**BODY, "stream": False}, timeout=short)
    time.sleep(1.5)
    gate.open.set()
    assert [turn["status"] for turn in ended(api)] == ["stopped"]


@pytest.mark.parametrize("stream", [True, False])
def test_time_over(api: Api, gate: Gate, stream: bool) -> None:
    api.shop.settings = api.shop.settings.replace(turn_timeout_s=1)
    got = api.client.post(URL, json={**BODY, "stream": stream})
    error = events(got.text)[-1] if stream else got.json()
    assert error["error"]["code"] == "turn_timeout"
    assert error["error"]["type"] == "server_error"
    assert got.status_code == (200 if stream else 504)
    gate.open.set()
    assert [turn["status"] for turn in ended(api)] == ["stopped"]


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_midway(api: Api, gate: Gate, stream: bool) -> None:
    gate.open.set()

    def lost(text: str, now: datetime) -> Understood:
        raise NotFound("해당 주문을 찾을 수 없어요.", code="order_gone")

    gate.real = type("Lost", (), {"understand": staticmethod(lost)})()
    got = api.client.post(URL, json={**BODY, "stream": stream})
    expected = {"message": "해당 주문을 찾을 수 없어요.", "type": "invalid_request_error",
                "code": "order_gone", "param": None}  # fmt: skip
    if not stream:
        assert (got.status_code, got.json()) == (404, {"error": expected})
        return
    first, error = events(got.text)
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert error == {"error": expected}  # and the stream ends, without [DONE]


def test_a_full_queue_is_told_at_once(api: Api) -> None:
    api.shop.turns.drain(0)
    got = post(api, [user("안녕")], stream=True)
    assert got.status_code == 503
    assert got.headers["Retry-After"]
    assert got.json()["error"]["code"] == "stopping"
