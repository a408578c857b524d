"""Whole turns of the desk, worded by the real server's model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.terminal.local_server import LocalServer
from agent.types import Caller, Delta, Message, Status
from services import Services
from store import llm_calls
from store.llm_calls import LlmCall
from tests.conftest import Clock, copy_database, make_services
from tests.llm.tiny_model import FEE, SHOWN

pytestmark = pytest.mark.llm
SHARED = ("tokenizer", "encoder", "index", "policies", "catalogue", "understander")


@pytest.fixture
def desk(server: LocalServer, base: Services, clock: Clock, tmp_path: Path) -> Iterator[Services]:
    """The seeded shop; the server's model answers whatever a model may."""
    copy_database(base, tmp_path / "sangdam.db")
    table: dict[str, Any] = {
        "providers": {"vllm": {"base_url": server.base_url, "model": server.model}},
        "cloud": ["vllm"],
        "limits": {"first_token_s": 50, "total_s": 50},
    }
    shop = make_services(tmp_path, clock, llm=table)
    for part in SHARED:
        shop.__dict__[part] = getattr(base, part)
    shop._ready.set()
    yield shop
    shop.turns.drain(10)
    shop.llm.gateway.close()


def told(desk: Services, caller: Caller, text: str) -> tuple[Message, list[str], list[str]]:
    """The reply, its pieces as they came, and what was said to be going on."""
    turn = desk.turns.start(caller, text)
    assert turn.wait(60)
    assert turn.message is not None, turn.error
    events = [event for event in turn.events() if event is not None]
    pieces = [event.text for event in events if isinstance(event, Delta)]
    return turn.message, pieces, [event.text for event in events if isinstance(event, Status)]


def books(desk: Services, message: Message) -> tuple[Any, list[LlmCall]]:
    """The turn's row and its calls."""
    with desk.database.read() as tx:
        row = tx.row(
            "select t.* from turns t join messages m using (turn_id) where m.message_id = ?",
            (message.message_id,),
        )
        assert row is not None
        return row, llm_calls.of_turn(tx, row["turn_id"])


def test_a_policy_question_is_worded_streamed_and_booked(desk: Services, minji: Caller) -> None:
    message, pieces, _ = told(desk, minji, "반품 배송비는 누가 내요?")
    assert message.content == "".join(pieces) == FEE
    assert len(pieces) == 2, "a sentence at a time"
    assert message.citations[0].chunk_id.startswith("return-shipping-fee")
    assert message.guardrails == ()
    row, [call] = books(desk, message)
    assert row["provider"] == call.provider == message.provider == "vllm"
    assert row["model"] == call.model == message.model
    assert (call.purpose, call.error, call.estimated) == ("compose", "", False)
    assert call.prompt == row["prompt"] != ""
    assert call.cost_usd == 0
    used = message.token_usage
    assert (call.input_tokens, call.output_tokens) == (used.prompt_tokens, used.completion_tokens)
    assert min(call.input_tokens, call.output_tokens) > 0


def test_a_product_question_is_looked_up_by_the_model(desk: Services, minji: Caller) -> None:
    message, pieces, doing = told(desk, minji, "무선 이어폰 추천해 주세요")
    assert message.content == "".join(pieces) == SHOWN
    assert message.guardrails == ()
    assert "search_products" in message.tools_used
    assert {card.type for card in message.cards} == {"product"}
    assert any("이어폰" in str(card) for card in message.cards)
    assert len(doing) > 1, "the look-up is told"
    row, calls = books(desk, message)
    assert [call.error for call in calls] == ["", ""], "the call, then the answer"
    assert row["provider"] == "vllm"
    used = message.token_usage
    assert used.prompt_tokens == sum(call.input_tokens for call in calls)
    assert used.completion_tokens == sum(call.output_tokens for call in calls)
