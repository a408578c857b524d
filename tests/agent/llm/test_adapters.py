"""What the adapters send and read, in each wire format."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from agent.llm.types import (
    ChatMessage,
    Finished,
    Picture,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.agent.llm.adapter_calls import KINDS, ask, endpoint, failing, names, take
from tests.llmserver import LLMServer, Reply

TOOLED = [kind for kind in KINDS if kind != "midm"]
SEARCH = ToolSpec(
    "search_products",
    "상품을 찾습니다.",
    {
        "type": "object",
        "properties": {
            "words": {"type": "string"},
            "most": {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "최대"},
            "kind": {"$ref": "#/$defs/Kind"},
        },
        "required": ["words"],
        "$defs": {"Kind": {"type": "string", "enum": ["옷", "신발"]}},
    },
)
PIXEL = Picture("image/png", b"\x89PNG\x00pixel")
TALK = (
    ChatMessage("system", "짧게 답하세요."),
    ChatMessage("user", "운동화 있어요?"),
    ChatMessage(
        "assistant",
        "찾아볼게요.",
        calls=(ToolCall("c1", "search_products", '{"words": "운동화"}'),),
    ),
    ChatMessage("tool", '{"found": 2}', call_id="c1", name="search_products"),
    ChatMessage("user", "하얀 것만요."),
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_reply_comes_in_pieces_and_ends_once(kind: str) -> None:
    with LLMServer(Reply("네, 내일 도착해요.", usage=(20, 5, 8))) as server:
        taken = take(endpoint(server, kind))
    assert taken.failure is None
    assert taken.text == "네, 내일 도착해요."
    assert len([piece for piece in taken if isinstance(piece, TextDelta)]) > 1
    assert taken.finished.finish == "stop"


@pytest.mark.parametrize("kind", TOOLED)
def test_usage_counts_what_the_cache_gave(kind: str) -> None:
    with LLMServer(Reply("네.", usage=(20, 5, 8), model="tiny-2")) as server:
        finished = take(endpoint(server, kind)).finished
    cached = 0 if kind == "ollama" else 8
    assert finished == Finished("stop", Usage(20, 5, cached_tokens=cached), "tiny-2")


@pytest.mark.parametrize("kind", KINDS)
def test_usage_that_is_not_told_is_none(kind: str) -> None:
    with LLMServer(Reply("네.", usage=None)) as server:
        usage = take(endpoint(server, kind)).finished.usage
    # Anthropic's format cannot leave it out.
    assert usage is None or (kind == "anthropic" and not usage.estimated)


@pytest.mark.parametrize("kind", TOOLED)
@pytest.mark.parametrize("late", [False, True])
def test_tool_calls_come_whole_before_the_end(kind: str, late: bool) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("search_products", {"words": "운동화 하얀색 겨울"}),
        ("get_product", {"id": 3}),
    ]
    with LLMServer(Reply("찾아볼게요.", calls=calls, calls_late=late)) as server:
        taken = take(endpoint(server, kind), ask(tools=[SEARCH]))
    assert taken.text == "찾아볼게요."
    assert [(call.name, json.loads(call.arguments)) for call in taken.calls] == calls
    assert len({call.call_id for call in taken.calls}) == 2
    assert all(call.call_id for call in taken.calls)
    assert taken.finished.finish == "tool_calls"


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_arguments_that_are_no_json_are_handed_on(kind: str) -> None:
    with LLMServer(Reply("", calls=[("search_products", '{"words": ')])) as server:
        [call] = take(endpoint(server, kind), ask(tools=[SEARCH])).calls
    assert call.arguments == '{"words":'


@pytest.mark.parametrize("kind", ["openai", "anthropic", "ollama"])
def test_a_reply_cut_at_the_limit_is_no_failure(kind: str) -> None:
    with LLMServer(Reply("아주 긴", finish="length")) as server:
        assert take(endpoint(server, kind)).finished.finish == "length"


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_reply_is_only_an_end(kind: str) -> None:
    with LLMServer(Reply("")) as server:
        assert [type(piece) for piece in take(endpoint(server, kind))] == [Finished]


@pytest.mark.parametrize("kind", KINDS)
def test_half_characters_are_joined_or_replaced(kind: str) -> None:
    with LLMServer(
        Reply(pieces=["웃음 \ud83d", "\ude00", " 반쪽 \ud83d", "끝", "\ud83d"])
    ) as server:
        taken = take(endpoint(server, kind))
    assert taken.text == "웃음 😀 반쪽 �끝�"
    assert all(piece.text for piece in taken if isinstance(piece, TextDelta))


@pytest.mark.parametrize("kind", KINDS)
def test_half_characters_of_a_customer_go_out_whole(kind: str) -> None:
    with LLMServer(Reply("네.")) as server:
        assert take(endpoint(server, kind), ask("\ud83d 뭐예요")).text == "네."
        assert "\ufffd 뭐예요" in json.dumps(server.asked[0].body, ensure_ascii=False)


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_list(kind: str) -> None:
    with LLMServer() as server:
        server.models = ["tiny"] if kind == "midm" else ["tiny", "큰 모델"]
        assert names(endpoint(server, kind)) == server.models


def test_openai_sends() -> None:
    body = sent("openai", temperature=0.2, stop=["끝"], max_tokens=77)
    assert body["max_tokens"] == 77
    assert body["temperature"] == 0.2
    assert body["stop"] == ["끝"]
    assert body["stream_options"] == {"include_usage": True}
    assert [message["role"] for message in body["messages"]] == [
        "system", "user", "assistant", "tool", "user",
    ]  # fmt: skip
    [call] = body["messages"][2]["tool_calls"]
    assert call["id"] == body["messages"][3]["tool_call_id"] == "c1"
    assert json.loads(call["function"]["arguments"]) == {"words": "운동화"}
    assert body["tools"][0]["function"]["parameters"] == SEARCH.parameters


def test_anthropic_sends() -> None:
    body = sent("anthropic", temperature=0.2, stop=["끝", "\n"], max_tokens=77)
    assert body["system"] == "짧게 답하세요."
    assert "temperature" not in body
    assert body["stop_sequences"] == ["끝"]
    user, assistant, results = body["messages"]
    assert user == {"role": "user", "content": [{"type": "text", "text": "운동화 있어요?"}]}
    assert [block["type"] for block in assistant["content"]] == ["text", "tool_use"]
    assert assistant["content"][1]["input"] == {"words": "운동화"}
    assert results["role"] == "user"
    assert [block["type"] for block in results["content"]] == ["tool_result", "text"]
    assert results["content"][0]["tool_use_id"] == "c1"
    assert body["tools"][0]["input_schema"] == SEARCH.parameters


def test_ollama_sends() -> None:
    body = sent("ollama", temperature=0.2, stop=["끝"], max_tokens=77, context_tokens=8192)
    assert body["options"] == {
        "num_predict": 77, "num_ctx": 8192, "temperature": 0.2, "stop": ["끝"],
    }  # fmt: skip
    assert body["messages"][2]["tool_calls"][0]["function"]["arguments"] == {"words": "운동화"}
    assert body["messages"][3]["tool_name"] == "search_products"
    told = body["tools"][0]["function"]["parameters"]["properties"]
    assert told["most"] == {"type": "integer", "description": "최대"}
    assert told["kind"] == {"type": "string", "enum": ["옷", "신발"]}


def test_midm_sends() -> None:
    body = sent("midm", talk=TALK[:2], tools=(), max_tokens=77)
    assert body == {
        "messages": [
            {"role": "system", "content": "짧게 답하세요."},
            {"role": "user", "content": "운동화 있어요?"},
        ],
        "max_new_tokens": 77,
        "temperature": 1.0,
        "do_sample": False,
    }
    assert sent("midm", talk=TALK[:2], tools=(), temperature=0.3)["do_sample"] is True


@pytest.mark.parametrize("kind", ["openai", "ollama", "midm"])
def test_no_temperature_where_the_endpoint_takes_none(kind: str) -> None:
    talk, tools = TALK[:2], ()
    body = sent(kind, talk=talk, tools=tools, temperature=0.2, takes_temperature=False)
    assert 0.2 not in (body.get("temperature"), body.get("options", {}).get("temperature"))


def test_pictures_in_each_format() -> None:
    talk = (ChatMessage("user", "이거 있어요?", pictures=(PIXEL,)),)
    data = base64.b64encode(PIXEL.data).decode()
    [text, picture] = sent("openai", talk=talk)["messages"][0]["content"]
    assert text == {"type": "text", "text": "이거 있어요?"}
    assert picture["image_url"]["url"] == f"data:image/png;base64,{data}"
    blocks = sent("anthropic", talk=talk)["messages"][0]["content"]
    source = {"type": "base64", "media_type": "image/png", "data": data}
    assert {"type": "image", "source": source} in blocks
    assert sent("ollama", talk=talk)["messages"][0]["images"] == [data]


@pytest.mark.parametrize(
    "more", [{"tools": [SEARCH]}, {"messages": [ChatMessage("user", "이거요", pictures=(PIXEL,))]}]
)
def test_midm_refuses_what_it_cannot(more: dict[str, Any]) -> None:
    with LLMServer() as server:
        assert failing(endpoint(server, "midm"), ask(**more)).kind == "bad_request"
        assert not server.asked


SCHEMA = {"type": "object", "properties": {"intent": {"type": "string"}}, "required": ["intent"]}


@pytest.mark.parametrize("support", ["native", "json_object", "none"])
def test_a_schema_goes_out_as_the_endpoint_can(support: str) -> None:
    def told(kind: str, field: str) -> Any:
        return sent(kind, schema=SCHEMA, support=support).get(field)

    openai = told("openai", "response_format")
    if support == "native":
        assert openai["json_schema"]["schema"] == SCHEMA
        given = told("anthropic", "output_config")["format"]
        assert given["schema"] == {**SCHEMA, "additionalProperties": False}
        assert told("ollama", "format") == SCHEMA
        return
    assert openai == ({"type": "json_object"} if support == "json_object" else None)
    assert told("anthropic", "output_config") is None
    assert told("ollama", "format") == ("json" if support == "json_object" else None)


def test_a_schema_that_makes_no_sense_is_a_bad_request() -> None:
    with LLMServer() as server:
        failure = failing(endpoint(server, "anthropic"), ask(schema={"properties": {}}))
    assert failure.kind == "bad_request"


def sent(
    kind: str,
    *,
    talk: tuple[ChatMessage, ...] = TALK,
    tools: tuple[ToolSpec, ...] = (SEARCH,),
    support: str = "native",
    takes_temperature: bool = True,
    context_tokens: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """The body that arrives for an ask."""
    with LLMServer(Reply("네.")) as server:
        one = endpoint(
            server, kind, schema=support, temperature=takes_temperature,
            context_tokens=context_tokens,
        )  # fmt: skip
        taken = take(one, ask(messages=talk, tools=tools, **more))
        assert taken.text == "네.", taken.failure and taken.failure.detail
        return dict(server.asked[0].body)
