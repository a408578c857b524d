"""What servers get wrong: tool calls in strange pieces, errors in strange shapes."""

from __future__ import annotations

import json

import pytest

from agent.llm.adapters._failures import failure_of, refused, reported
from agent.llm.adapters._pieces import MAX_CALL_CHARS, MAX_CALLS, Reply, arguments_of, count
from agent.llm.adapters.anthropic import Anthropic
from agent.llm.adapters.ollama import _tool
from agent.llm.tools.specs import OFFERED, offer_of
from agent.llm.types import Endpoint, Finished, TextDelta, ToolCall
from errors import LLMError

SECRET = "abcd-1234-abcd"
ONE = Endpoint(
    "one", "openai", "http://127.0.0.1:1", "tiny", api_key=SECRET, headers={"X-Key": "other-key"}
)
Fragment = tuple[object, object, object, object]


def calls_of(*fragments: Fragment) -> list[ToolCall]:
    reply = Reply("one")
    for fragment in fragments:
        reply.fragment(*fragment)
    reply.finish = "stop"
    *calls, finished = reply.end()
    assert isinstance(finished, Finished)
    assert finished.finish == ("tool_calls" if calls else "stop")
    return [call for call in calls if isinstance(call, ToolCall)]


@pytest.mark.parametrize(
    "fragments",
    [
        [(0, "a", "one", '{"x"'), (1, "b", "two", "{}"), (0, None, None, ": 1}")],
        [(0, "a", "one", ""), (0, "a", "one", '{"x": 1}'), (1, "b", "two", "")],
        [(0, "a", "one", '{"x": 1}'), (0, "b", "two", "{}")],
        [(None, "a", "one", '{"x"'), (None, None, None, ": 1}"), (None, "b", "two", None)],
    ],
    ids=["by index", "id and name again", "one index for all", "no index"],
)
def test_fragments_become_whole_calls(fragments: list[Fragment]) -> None:
    first, second = calls_of(*fragments)
    assert (first.call_id, first.name, json.loads(first.arguments)) == ("a", "one", {"x": 1})
    assert (second.call_id, second.name, second.arguments) == ("b", "two", "{}")


def test_calls_without_an_id_get_one_each() -> None:
    calls = calls_of((None, "", "one", "{}"), (None, "", "one", "{}"))
    assert len({call.call_id for call in calls}) == 2


def test_half_characters_in_arguments_are_replaced() -> None:
    [call] = calls_of((0, "a", "one", '{"words": "신발 \\ud83d", "face": "\\ud83d\\ude00"}'))
    assert json.loads(call.arguments) == {"words": "신발 \ufffd", "face": "😀"}
    call.arguments.encode()


@pytest.mark.parametrize("text", ["[" * 100_000, '{"x": ', "[1]", '"x"', ""])
def test_arguments_that_are_no_object_are_none(text: str) -> None:
    assert arguments_of(ToolCall("a", "one", text)) == {}


@pytest.mark.parametrize(
    ("fragment", "times"),
    [((0, "a", "one", "x" * 1000), MAX_CALL_CHARS // 1000 + 1),
     ((None, "", "one", ""), MAX_CALLS + 1), ((0, "a", "", "{}"), 1)],
    ids=["endless arguments", "endless calls", "no name"],
)  # fmt: skip
def test_calls_that_are_none(fragment: Fragment, times: int) -> None:
    with pytest.raises(LLMError) as caught:
        calls_of(*[fragment] * times)
    assert caught.value.kind == "malformed"


@pytest.mark.parametrize("value", [None, "x", -1, 1.5, True])
def test_what_counts_no_tokens_is_no_count(value: object) -> None:
    assert count(value) is None
    assert count(11) == 11


def test_words_that_are_no_text_are_left_out() -> None:
    reply = Reply("one")
    said = [piece for value in ("네", 5, None, "", "요") for piece in reply.say(value)]
    assert said == [TextDelta("네"), TextDelta("요")]


def test_a_finish_that_speaks_of_calls_without_any_is_a_stop() -> None:
    reply = Reply("one")
    reply.finish = "tool_calls"
    assert [*reply.end()] == [Finished("stop")]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"message": "Provider returned error", "code": 502}, "overloaded"),
        ({"message": "Rate limited", "code": "429"}, "rate_limited"),
        ({"message": "no", "code": "insufficient_quota"}, "rate_limited"),
        ({"message": "no", "type": "invalid_request_error"}, "bad_request"),
        ({"error": {"type": "overloaded_error", "message": "Overloaded"}}, "overloaded"),
        ({"error": {"type": "permission_error", "message": "no"}}, "auth"),
        ({"message": "maximum context length is 10", "code": 400}, "context_too_long"),
        ("something else", "overloaded"),
        (["?"], "overloaded"),
        (None, "overloaded"),
    ],
)
def test_errors_told_in_a_stream(body: object, kind: str) -> None:
    assert reported(body, ONE).kind == kind


@pytest.mark.parametrize(
    ("status", "body", "kind", "detail"),
    [
        (400, b'{"error": {"message": "Bad\\n  value"}}', "bad_request", "HTTP 400: Bad value"),
        (422, {"detail": [{"msg": "Field required", "input": "내 주소는"}]}, "bad_request",
         "HTTP 422: Field required"),
        (502, "<html><h1>Bad Gateway</h1></html>", "overloaded", "HTTP 502"),
        (404, '"model not found"', "not_found", "HTTP 404: model not found"),
        (307, "", "not_found", "HTTP 307"),
        (402, {"error": "no credit"}, "auth", "HTTP 402: no credit"),
        (413, b"\xff\xfe", "context_too_long", "HTTP 413: \ufffd\ufffd"),
        (418, None, "bad_request", "HTTP 418"),
        (401, "7", "auth", "HTTP 401"),
        (403, {"error": {"message": f"key {SECRET} other-key sk-a***z Bearer q.w\x1b[0m"}}, "auth",
         "HTTP 403: key *** *** *** ***"),
    ],
)  # fmt: skip
def test_refusals_in_every_shape(status: int, body: object, kind: str, detail: str) -> None:
    failure = refused(status, body, {}, ONE)
    assert (failure.kind, failure.detail) == (kind, detail)


def test_a_detail_is_short() -> None:
    assert len(refused(400, "가 " * 5000, {}, ONE).detail) == 200


def test_milliseconds_to_wait() -> None:
    assert (
        refused(429, "", {"retry-after-ms": "1500", "retry-after": "9"}, ONE).retry_after_s == 1.5
    )


@pytest.mark.parametrize("began", [False, True])
def test_what_nobody_thought_of_is_malformed_and_told_by_name_only(began: bool) -> None:
    failure = failure_of(KeyError("고객이 한 말"), ONE, began=began)
    assert (failure.kind, failure.detail) == ("malformed", "KeyError")


@pytest.mark.parametrize("name", OFFERED)
def test_every_parameter_of_the_desks_tools_reaches_ollama_with_its_type(name: str) -> None:
    from ollama import Tool

    spec = offer_of(name).spec
    sent = Tool.model_validate(_tool(spec)).model_dump(exclude_none=True)["function"]
    properties = sent["parameters"].get("properties", {})
    assert properties.keys() == spec.parameters.get("properties", {}).keys()
    assert all(told.get("type") or told.get("enum") for told in properties.values()), properties


def test_a_schema_with_optional_and_nested_parts_suits_anthropic() -> None:
    from pydantic import BaseModel, Field

    class Line(BaseModel):
        name: str
        quantity: int = Field(1, ge=1, le=9)

    class Reading(BaseModel):
        intent: str
        lines: list[Line] = []
        order_id: str | None = None

    one = Endpoint("one", "anthropic", "http://127.0.0.1:1", "tiny", api_key=SECRET)
    schema = Anthropic(one)._schema(Reading.model_json_schema())
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Line"]["additionalProperties"] is False
