"""A model that never stops, or thinks in odd ways: what it costs, and what is read of it."""

from __future__ import annotations

import time

import pytest

from agent.types import Caller
from services import Services
from tests.agent.llm.test_hostile_model import told
from tests.llmserver import LLMServer, Reply

GOOD = "네, 커피는 지금 배송 중이에요."


@pytest.mark.parametrize(
    "piece", ["가나다라 ", ".", '!"', "가 나. ", " ", "<think>가나다라 "], ids=repr
)
def test_words_without_end_cost_little_and_are_not_read(
    shop_with: Services, server: LLMServer, minji: Caller, piece: str
) -> None:
    pieces = [piece * 20] * (60_000 // (20 * len(piece)))
    server.say(Reply(pieces=pieces))
    began = time.process_time()
    message, _ = told(shop_with, minji)
    assert time.process_time() - began < 6  # it was minutes
    assert message.provider == "offline"
    assert "송장번호" in message.content
    assert len(message.content) < 2500


@pytest.mark.parametrize(
    "thought",
    [
        "<think>7,700원?</think>",
        "<Thinking>7,700원?</thinKING>\n\n",
        "<think>가</think>\n<reasoning>나</reasoning> ",
        "\n\n<think>" + "가나다. " * 3000 + "</think>",
    ],
    ids=range(4),
)
@pytest.mark.parametrize("size", [1, 7, 50_000])
def test_thoughts_are_dropped_however_they_come(
    shop_with: Services, server: LLMServer, minji: Caller, thought: str, size: int
) -> None:
    if size == 1 and len(thought) > 100:
        size = 40
    whole = thought + GOOD
    server.say(Reply(pieces=[whole[at : at + size] for at in range(0, len(whole), size)]))
    assert told(shop_with, minji)[0].content == GOOD


@pytest.mark.parametrize(
    "said",
    [
        f"고객은 배송을 물었다. 초안을 다듬자.</think>{GOOD}",  # the template wrote the opening
        f"Okay, the user asks where the coffee is.\n</think>\n{GOOD}",
        "<think>배송 중이에요. 끝나지 않은 생각이에요.",
    ],
)
def test_a_thought_without_one_of_its_marks_is_not_read(
    shop_with: Services, server: LLMServer, minji: Caller, said: str
) -> None:
    server.say(Reply(said))
    message, streamed = told(shop_with, minji)
    assert message.provider == "offline"
    assert streamed == message.content
    for word in ("물었다", "초안", "Okay", "생각"):
        assert word not in message.content


def test_a_refusal_it_leaves_out_is_said_by_the_desk(
    shop_with: Services, server: LLMServer, minji: Caller
) -> None:
    shipped = next(
        order for order in shop_with.tool(minji, "list_orders", limit=20).items
        if order.status == "shipped"
    )  # fmt: skip
    server.say(Reply("받으신 뒤에 반품을 신청하실 수 있어요."))
    message, _ = told(shop_with, minji, f"{shipped.order_id} 취소해 주세요")
    assert "취소할 수 없어요" in message.content
    assert "model_left_out" in message.guardrails
