"""Through the gateway to a real OpenAI-compatible server: no part of it is played."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.llm.config import load_config
from agent.llm.gateway import Gateway
from agent.llm.types import (
    Call,
    ChatMessage,
    Final,
    Piece,
    Spend,
    Tag,
    TextDelta,
    ToolCall,
    ToolSpec,
)
from agent.terminal.local_server import LocalServer
from settings import load
from tests.llm.tiny_model import ELSE, FEE, HELLO, SHOWN, WANTED

pytestmark = pytest.mark.llm
COMPOSE = Tag("compose", prompt="test@1", turn_id="turn_1")
SEARCH = ToolSpec(
    "search_products",
    "상품을 찾습니다",
    {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
)
ASKED = ChatMessage("user", "무선 이어폰 추천해 주세요")


def tables(server: LocalServer, **limits: Any) -> dict[str, Any]:
    """The ``[llm]`` tables for the server, cloud's rows of the routes pointed at it too."""
    row = {"base_url": server.base_url, "model": server.model}
    bounds = {"first_token_s": 60, "total_s": 60, **limits}
    return {"providers": {"vllm": row}, "cloud": ["vllm"], "limits": bounds}


@pytest.fixture
def calls() -> list[Call]:
    """What the gateway has told the books."""
    return []


@pytest.fixture
def gateway(server: LocalServer, tmp_path: Path, calls: list[Call]) -> Iterator[Gateway]:
    plain = load({}, env_file=tmp_path / "none", toml_file=tmp_path / "none")
    made = Gateway(load_config(plain.replace(llm=tables(server))), record=calls.append)
    yield made
    made.close()


@pytest.fixture
def ask(gateway: Gateway) -> Callable[..., list[Piece]]:
    def asked(*messages: ChatMessage, tools: Sequence[ToolSpec] = (), **more: Any) -> list[Piece]:
        route = gateway.route(intent="policy", domain="policy")
        return list(gateway.complete(route, messages, tag=COMPOSE, tools=tools, **more))

    return asked


def words(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces if isinstance(piece, TextDelta)]


def test_a_korean_reply_comes_in_pieces_and_its_use_is_booked(
    ask: Callable[..., list[Piece]], calls: list[Call], server: LocalServer
) -> None:
    spend = Spend()
    pieces = ask(
        ChatMessage("system", "쇼핑몰 상담원입니다. " * 50),
        ChatMessage("user", "반품 배송비는 누가 내요?"),
        spend=spend,
    )
    assert "".join(words(pieces)) == FEE
    assert len(words(pieces)) > 3
    final = pieces[-1]
    assert isinstance(final, Final)
    assert (final.finish, final.provider, final.retries, final.fallbacks) == ("stop", "vllm", 0, ())
    assert final.model.startswith(server.model)
    assert 0 < final.first_token_ms <= final.total_ms
    usage = final.usage
    assert not usage.estimated, "the server tells its own count"
    assert usage.input_tokens > 10
    assert usage.output_tokens >= len(words(pieces))
    assert spend.tokens == usage.input_tokens + usage.output_tokens
    [booked] = calls
    assert (booked.purpose, booked.provider, booked.error) == ("compose", "vllm", "")
    assert (booked.usage, booked.turn_id, booked.prompt) == (usage, "turn_1", "test@1")


def test_a_tool_is_called_and_its_result_answered(ask: Callable[..., list[Piece]]) -> None:
    [call, final] = ask(ASKED, tools=[SEARCH])
    assert isinstance(call, ToolCall)
    assert isinstance(final, Final)
    assert final.finish == "tool_calls"
    assert (call.name, json.loads(call.arguments)) == ("search_products", {"query": WANTED})
    result = json.dumps(
        {"products": [{"name": "소닉웨이브 무선 이어폰 SW-200"}]}, ensure_ascii=False
    )
    answered = ask(
        ASKED,
        ChatMessage("assistant", "", calls=(call,)),
        ChatMessage("tool", result, call_id=call.call_id, name=call.name),
        tools=[SEARCH],
    )
    assert "".join(words(answered)) == SHOWN


def test_without_the_tool_no_call_is_made(ask: Callable[..., list[Piece]]) -> None:
    assert "".join(words(ask(ASKED))) == ELSE


def test_the_end_of_the_allowance_is_told(ask: Callable[..., list[Piece]]) -> None:
    pieces = ask(ChatMessage("user", "안녕하세요"), max_tokens=3)
    final = pieces[-1]
    assert isinstance(final, Final)
    assert final.finish == "length"
    assert final.usage.output_tokens == 3
    assert HELLO.startswith("".join(words(pieces)))


def test_one_that_leaves_stops_the_server_too(gateway: Gateway, calls: list[Call]) -> None:
    route = gateway.route(intent="policy")
    pieces = gateway.complete(route, [ChatMessage("user", "안녕하세요")], tag=COMPOSE)
    assert isinstance(next(pieces), TextDelta)
    pieces.close()  # type: ignore[attr-defined]
    assert [call.error for call in calls] == ["cancelled"]
    again = list(gateway.complete(route, [ChatMessage("user", "안녕하세요")], tag=COMPOSE))
    assert "".join(words(again)) == HELLO


def test_the_probe_reaches_it_and_another_model_falls_to_the_draft(
    gateway: Gateway, calls: list[Call]
) -> None:
    assert gateway.probe("vllm").success
    route = gateway.route(intent="policy")
    other = replace(route, steps=(replace(route.steps[0], model="no-such-model"), *route.steps[1:]))
    said = ChatMessage("user", "안녕하세요")
    pieces = list(gateway.complete(other, [said], tag=COMPOSE, draft="초안이에요."))
    assert words(pieces) == ["초안이에요."]
    assert isinstance(pieces[-1], Final)
    assert pieces[-1].provider == "offline"
    assert calls[-1].reason in ("bad_request", "not_found")
