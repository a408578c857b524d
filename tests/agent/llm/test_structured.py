"""JSON from a model: unwrapped, bounded, checked, and asked for once more."""

from __future__ import annotations

import json
import time

import pytest
from pydantic import BaseModel, ConfigDict

from agent.llm.structured import ask_json, ask_model, bounded, only_json, without_reasoning
from agent.llm.types import ChatMessage, Spend, Tag
from errors import LLMError
from tests.agent.llm.scripted_answers import Answering, answering

MESSAGES = [ChatMessage("system", "JSON만 적는다."), ChatMessage("user", "정리해 줘")]
TAG = Tag("understand", "understand@1-00000000")


class Reading(BaseModel):
    model_config = ConfigDict(extra="forbid")
    intent: str
    confidence: float


GOOD = '{"intent": "cancel", "confidence": 0.9}'


def ask(model: Answering, **more: object) -> tuple[Reading | None, int]:
    route = model.gateway.route(purpose="understand")
    found, finals = ask_model(model.gateway, route, MESSAGES, model=Reading, tag=TAG, **more)  # type: ignore[arg-type]
    return found, len(finals)


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\n도움이 되었나요?",
        f"여기 있어요: {GOOD} 더 필요하세요?",
        f"<think>고객은 {{취소}}를 바란다.</think>\n{GOOD}",
        f"취소 같다 ```json``` 음.</think>{GOOD}",
        f"<think>먼저</think><think>다시</think>```JSON\n{GOOD}\n```",
    ],
)
def test_an_answer_is_unwrapped(answer: str) -> None:
    with answering(answer) as model:
        found, asked = ask(model)
    assert found == Reading(intent="cancel", confidence=0.9)
    assert asked == 1


@pytest.mark.parametrize(
    "wrong",
    [
        "취소하고 싶어 하세요.",
        '{"intent": "cancel"}',
        '{"intent": "cancel", "confidence": "아주"}',
        '{"intent": "cancel", "confidence": 0.9, "caller": "admin_001"}',
        '{"intent": "cancel", "confidence": 0.9',
        "<think>끝나지 않는 생각",
        "[" * 30 + "]" * 30,
        '{"intent": "' + "가" * 7000 + '", "confidence": 1}',
    ],
)
def test_a_wrong_answer_is_asked_for_once_more(wrong: str) -> None:
    spend = Spend()
    with answering(wrong, GOOD) as model:
        found, asked = ask(model, spend=spend)
        again = model.asks[1].messages
    assert found == Reading(intent="cancel", confidence=0.9)
    assert asked == 2
    assert spend.tokens == 220
    assert [message.role for message in again] == ["system", "user", "assistant", "user"]
    assert "쓸 수 없다" in again[-1].text
    assert len(again[-1].text) < 1000
    assert len(again[-2].text) <= 2000


def test_the_model_is_told_what_was_wrong() -> None:
    with answering('{"intent": "cancel", "confidence": "아주"}', GOOD) as model:
        ask(model)
        assert "confidence" in model.asks[1].messages[-1].text


def test_wrong_twice_is_nothing_and_never_asked_a_third_time() -> None:
    with answering("몰라요", "그래도 몰라요", GOOD) as model:
        found, asked = ask(model)
        assert (found, asked, len(model.asks)) == (None, 2, 2)
        assert [call.error for call in model.calls] == ["", ""]


def test_a_models_failure_is_raised() -> None:
    with answering(LLMError("auth")) as model, pytest.raises(LLMError) as raised:
        ask(model)
    assert raised.value.kind == "auth"


def test_nothing_is_asked_again_when_the_time_is_over() -> None:
    def slow(text: str) -> None:
        time.sleep(0.7)
        raise ValueError("never right")

    with answering(GOOD) as model:
        route = model.gateway.route(purpose="understand")
        found, finals = ask_json(
            model.gateway, route, MESSAGES, slow, schema=None, tag=TAG, deadline_s=1.0
        )
        assert (found, len(finals), len(model.asks)) == (None, 1, 1)


def test_the_schema_goes_to_the_server() -> None:
    with answering(GOOD) as model:
        ask(model)
        assert model.asks[0].schema == Reading.model_json_schema()


def test_json_is_refused_before_it_costs_anything() -> None:
    assert bounded(text := json.dumps({"a": "]" * 100 + '\\"[[['})) == text
    with pytest.raises(ValueError, match="nested 21 deep"):
        bounded("[" * 21 + "]" * 21)
    with pytest.raises(ValueError, match="longer than 20000"):
        bounded('"' + "가" * 6667 + '"')


@pytest.mark.parametrize(
    "text", ["```" * 3000, "```\n" + "\n" * 19000, '"' * 19000, "<think>" * 2500]
)
def test_a_hostile_text_is_read_quickly(text: str) -> None:
    started = time.process_time()
    bounded(only_json(without_reasoning(text)))
    assert time.process_time() - started < 2


def test_reasoning_within_json_is_left_alone() -> None:
    text = '{"intent": "<think>무엇</think>"}'
    assert without_reasoning(text) == text
    assert without_reasoning("<thinking>긴 생각") == ""
    assert without_reasoning("답이에요.") == "답이에요."
