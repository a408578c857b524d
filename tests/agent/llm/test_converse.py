"""Rounds of a model with its tools: bounded, told once, and the same for every provider."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest

from agent.llm.adapters import ADAPTERS
from agent.llm.gateway import Gateway
from agent.llm.tools.belt import ToolBelt
from agent.llm.tools.converse import MOST_CALLS, MOST_RESULT_CHARS, converse
from agent.llm.types import (
    Ask,
    Cancelled,
    ChatMessage,
    Endpoint,
    Final,
    Finished,
    Piece,
    Spend,
    Tag,
    TextDelta,
    ToolCall,
    Usage,
)
from agent.types import Caller
from errors import LLMError
from services import Services
from tests.agent.llm.belt_turns import belt_of, order_of
from tests.agent.llm.gateway_rig import config_of

Said = Sequence[TextDelta | ToolCall | LLMError | float]  # a number is a pause in seconds
Script = Callable[[Ask, int], Said]
TAG = Tag("compose", "test@1")
QUESTION = (ChatMessage("system", "상담 도우미예요."), ChatMessage("user", "무선 이어폰 얼마예요?"))


class Model:
    """A gateway whose providers say what ``script`` says to each ask, counted from 0."""

    def __init__(self, script: Script, names: Sequence[str] = ("one",), **limits: Any) -> None:
        self.asks: list[Ask] = []
        self.by: list[str] = []
        model = self

        class Scripted:
            kind: ClassVar[str] = "scripted"
            needs: ClassVar[frozenset[str]] = frozenset()
            default_base_url: ClassVar[str] = ""
            local: ClassVar[bool] = True
            lacks: ClassVar[frozenset[str]] = frozenset()

            def __init__(self, endpoint: Endpoint) -> None:
                self.name = endpoint.name

            async def stream(
                self, ask: Ask
            ) -> AsyncGenerator[TextDelta | ToolCall | Finished, None]:
                place = len(model.asks)
                model.asks.append(ask)
                model.by.append(self.name)
                said = script(ask, place)
                for piece in said:
                    if isinstance(piece, LLMError):
                        raise piece
                    if isinstance(piece, float):
                        await asyncio.sleep(piece)
                    else:
                        yield piece
                calls = any(isinstance(piece, ToolCall) for piece in said)
                yield Finished("tool_calls" if calls else "stop", Usage(10, 5))

            async def models(self) -> list[str]:
                return ["m"]

            async def close(self) -> None:
                pass

        table = {
            "providers": {name: {"kind": "scripted", "model": "m"} for name in names},
            "routes": {"product_info": list(names)},
            "limits": {"retries": 0, **limits},
            "budget": {"turn_tokens": 0, "turn_usd": 0.0},
        }
        self.gateway = Gateway(config_of(table), adapters=(*ADAPTERS, Scripted))

    def talk(
        self, belt: ToolBelt, *, steps: int = 5, deadline_s: float = 10.0, **more: Any
    ) -> Iterator[Piece]:
        route = self.gateway.route(intent="product_info", needs={"tools"})
        return converse(
            self.gateway, route, QUESTION, belt, steps=steps, tag=TAG, deadline_s=deadline_s, **more
        )


Make = Callable[..., Model]


@pytest.fixture
def model() -> Iterator[Make]:
    """Makes gateways and closes them."""
    made: list[Model] = []

    def make(script: Script, *names: str, **limits: Any) -> Model:
        made.append(Model(script, names or ("one",), **limits))
        return made[-1]

    yield make
    for one in made:
        one.gateway.close()


@pytest.fixture
def belt(shop: Services, minji: Caller) -> ToolBelt:
    return belt_of(shop, minji, QUESTION[1].text)[0]


def call(name: str, call_id: str = "x", **arguments: Any) -> ToolCall:
    return ToolCall(call_id, name, json.dumps(arguments, ensure_ascii=False))


def text_of(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


def kinds(pieces: Sequence[Piece]) -> list[str]:
    return [type(piece).__name__ for piece in pieces]


def test_a_tool_is_run_and_its_result_answered_with(model: Make, belt: ToolBelt) -> None:
    def script(ask: Ask, place: int) -> Said:
        if place == 0:
            return [call("search_products", query="무선 이어폰")]
        price = json.loads(ask.messages[-1].text)["products"][0]["price_krw"]
        return [TextDelta(f"{price:,}"), TextDelta("원이에요.")]

    one = model(script)
    spend = Spend()
    pieces = list(one.talk(belt, spend=spend))
    assert kinds(pieces) == ["Final", "ToolCall", "TextDelta", "TextDelta", "Final"]
    assert text_of(pieces).endswith("원이에요.")
    first, second = one.asks
    assert [spec.name for spec in first.tools] == [spec.name for spec in belt.specs]
    assert list(first.messages) == list(QUESTION)
    assistant, told = second.messages[2:]
    assert assistant.role == "assistant"
    assert (told.role, told.name) == ("tool", "search_products")
    assert assistant.calls[0].call_id == told.call_id
    assert json.loads(assistant.calls[0].arguments) == {"query": "무선 이어폰"}
    assert spend.tokens == 30
    assert belt.refused == []


def test_words_of_two_rounds_stand_apart(model: Make, belt: ToolBelt) -> None:
    one = model(
        lambda ask, place: (
            [TextDelta("찾아볼게요."), call("list_categories")]
            if place == 0
            else [TextDelta("여러 가지"), TextDelta(" 있어요.")]
        )
    )
    pieces = list(one.talk(belt))
    assert text_of(pieces) == "찾아볼게요.\n\n여러 가지 있어요."
    assert one.asks[1].messages[2].text == "찾아볼게요."


def test_without_steps_or_tools_nothing_is_offered(
    model: Make, belt: ToolBelt, shop: Services, guest: Caller
) -> None:
    one = model(lambda ask, place: [TextDelta("안녕하세요.")])
    bare = belt_of(shop, guest, "안녕")[1]
    assert kinds(list(one.talk(belt, steps=0))) == ["TextDelta", "Final"]
    assert kinds(list(one.talk(ToolBelt(bare, ["list_orders"])))) == ["TextDelta", "Final"]
    assert [list(ask.tools) for ask in one.asks] == [[], []]


def test_an_endless_caller_is_stopped_and_answers(model: Make, belt: ToolBelt) -> None:
    def script(ask: Ask, place: int) -> Said:
        if ask.tools:
            return [call("search_products", query=f"이어폰 {place}")]
        return [TextDelta("이어폰이 있어요.")]

    one = model(script)
    pieces = list(one.talk(belt, steps=99))
    assert len(one.asks) == 6
    assert kinds(pieces).count("ToolCall") == 5
    last = one.asks[-1].messages
    assert [message.role for message in last] == ["system", "user"]
    assert last[1].text.startswith(QUESTION[1].text)
    assert "price_krw" in last[1].text
    assert not any(message.calls for message in last)


def test_going_round_in_circles_ends_at_once(model: Make, belt: ToolBelt) -> None:
    def script(ask: Ask, place: int) -> Said:
        if not ask.tools:
            return [TextDelta("네.")]
        spaced = ToolCall("y", "search_products", '{ "limit":3,   "query" : "이어폰"}')
        return [call("search_products", query="이어폰", limit=3), spaced]

    one = model(script)
    pieces = list(one.talk(belt))
    assert kinds(pieces).count("ToolCall") == 1
    assert len(one.asks) == 3
    results = [message.text for message in one.asks[1].messages if message.role == "tool"]
    assert len(results) == 2
    assert results[0] == results[1]


def test_a_model_that_only_calls_is_malformed(model: Make, belt: ToolBelt) -> None:
    one = model(lambda ask, place: [call("list_categories", f"id{place}")])
    with pytest.raises(LLMError) as failed:
        list(one.talk(belt))
    assert failed.value.kind == "malformed"
    assert not failed.value.emitted


def test_fifty_calls_at_once(model: Make, belt: ToolBelt) -> None:
    def script(ask: Ask, place: int) -> Said:
        if place == 0:
            return [call("search_products", "same-id", query=f"이어폰 {n}") for n in range(50)]
        return [TextDelta("네.")]

    one = model(script)
    pieces = list(one.talk(belt))
    assert kinds(pieces).count("ToolCall") == MOST_CALLS
    assert belt.refused.count("tool_too_many") == 1
    assistant, *told = one.asks[1].messages[2:]
    assert len(assistant.calls) == len(told) == MOST_CALLS
    assert [one.call_id for one in told] == [one.call_id for one in assistant.calls]
    assert len({one.call_id for one in told}) == MOST_CALLS


def test_all_results_together_are_bounded(model: Make, belt: ToolBelt) -> None:
    def script(ask: Ask, place: int) -> Said:
        if not ask.tools:
            return [TextDelta("네.")]
        return [call("list_orders", text="", limit=10 - n % 10, since=f"20{place}0-01-0{n + 1}")
                for n in range(8)] + [call("search_products", limit=10)]  # fmt: skip

    one = model(script)
    list(one.talk(belt))
    assert "tool_too_much" in belt.refused
    heaviest = max(sum(len(m.text) for m in ask.messages) for ask in one.asks)
    assert heaviest < MOST_RESULT_CHARS + 4000 + 40 * 200


def test_hostile_calls_leave_clean_messages(model: Make, belt: ToolBelt, shop: Services) -> None:
    theirs = order_of(shop, "user_002", "paid")
    hostile = [
        ToolCall("", "이름 <script>", "{}"),
        ToolCall("a\nb", "search_products", '{"query": "' + "x" * 15_000 + '"}'),
        ToolCall("\ud800", "search_products", "\ud800"),
        ToolCall("c", "search_products", '{"query": NaN}'),
        ToolCall("c", "search_products", "[" * 3000),
        call("get_order_status", order_id=theirs),
        call("change_address", order_id=theirs, road="여기"),
        call("list_orders", customer_id="user_002"),
    ]
    one = model(
        lambda ask, place: hostile if place == 0 else [TextDelta("도와드릴게요.")],
        max_output_chars=1_000_000,
    )
    pieces = list(one.talk(belt))
    assert text_of(pieces) == "도와드릴게요."
    assert sorted(belt.refused) == sorted(
        ["tool_unknown", *["tool_bad_arguments"] * 5, "tool_refused", "tool_write_refused"]
    )
    assistant, *told = one.asks[1].messages[2:]
    for mine in assistant.calls:
        assert mine.name.replace("_", "").isalnum()
        assert mine.name.isascii()
        assert mine.call_id.isalnum()
        assert isinstance(json.loads(mine.arguments), dict)
        assert len(mine.arguments) <= 2000
    assert all(next(iter(json.loads(message.text))) == "error" for message in told)


def test_a_failure_before_words_is_not_emitted(model: Make, belt: ToolBelt) -> None:
    one = model(
        lambda ask, place: [call("list_categories")] if place == 0 else [LLMError("overloaded")]
    )
    with pytest.raises(LLMError) as failed:
        list(one.talk(belt))
    assert failed.value.kind == "overloaded"
    assert not failed.value.emitted


def test_a_failure_after_words_of_an_earlier_round_is_emitted(model: Make, belt: ToolBelt) -> None:
    one = model(
        lambda ask, place: (
            [TextDelta("네, "), call("list_categories")] if place == 0 else [LLMError("overloaded")]
        )
    )
    with pytest.raises(LLMError) as failed:
        list(one.talk(belt))
    assert failed.value.emitted


def test_another_provider_goes_on(model: Make, belt: ToolBelt) -> None:
    def script(ask: Ask, place: int) -> Said:
        if place == 0:
            return [call("list_categories", "first-providers-id")]
        return [LLMError("unreachable")] if place == 1 else [TextDelta("있어요.")]

    one = model(script, "one", "two")
    pieces = list(one.talk(belt))
    assert one.by == ["one", "one", "two"]
    assert text_of(pieces) == "있어요."
    finals = [piece for piece in pieces if isinstance(piece, Final)]
    assert [final.provider for final in finals] == ["one", "two"]
    assert list(one.asks[1].messages) == list(one.asks[2].messages)


def test_one_deadline_for_all_rounds(model: Make, belt: ToolBelt) -> None:
    one = model(lambda ask, place: [0.4, call("search_products", query=f"컵 {place}")])
    started = time.monotonic()
    with pytest.raises(LLMError) as failed:
        list(one.talk(belt, deadline_s=1.0))
    assert failed.value.kind == "timeout"
    assert time.monotonic() - started < 2.0
    assert len(one.asks) <= 3


def test_a_cancelled_talk_runs_no_further_tool(model: Make, belt: ToolBelt, shop: Services) -> None:
    one = model(lambda ask, place: [call("list_categories"), call("search_products", query="컵")])
    gone = threading.Event()
    talk = one.talk(belt, cancel=gone)
    assert isinstance(next(talk), Final)
    assert isinstance(next(talk), ToolCall)
    gone.set()
    with pytest.raises(Cancelled):
        list(talk)
    assert len(one.asks) == 1


def test_closing_gives_the_call_up(model: Make, belt: ToolBelt) -> None:
    one = model(lambda ask, place: [TextDelta("하나"), 30.0, TextDelta("둘")])
    talk = one.talk(belt, deadline_s=40.0)
    assert next(talk) == TextDelta("하나")
    started = time.monotonic()
    talk.close()  # type: ignore[attr-defined]  # it is a generator
    one.gateway.close()
    assert time.monotonic() - started < 5.0
