"""model: passthrough. The configured model alone, over a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import openai
import pytest

from tests.api.conftest import Api
from tests.api.openai_client import events, official, post, tables, user
from tests.llmserver import LLMServer, Reply, nobody_there, providers_table

REPLY = "안녕하세요, 모델이에요."
GOOD = Reply(REPLY, usage=(11, 5, 0))


@pytest.fixture
def model(api: Api) -> Iterator[LLMServer]:
    with LLMServer(GOOD) as server:
        use(api, server)
        yield server
        api.shop.llm.gateway.close()


def use(api: Api, server: LLMServer | str) -> None:
    """Name a server, or an address, to the shop."""
    row = providers_table(server, "openai")
    table = {"providers": {"vllm": row}, "limits": {"retries": 0, "first_token_s": 5}}
    api.shop.settings = api.shop.settings.replace(llm=table)
    api.shop.__dict__.pop("llm", None)
    api.shop.llm.gateway.warm()


def test_whole(api: Api, model: LLMServer) -> None:
    before = tables(api.shop)
    with official(api) as client:
        got = client.chat.completions.create(
            model="passthrough", messages=[{"role": "system", "content": "짧게"}, user("안녕")],
            max_tokens=20, temperature=0.3, stop="끝", tools=[],
        )  # fmt: skip
    assert got.model == "passthrough"
    assert got.choices[0].message.content == REPLY
    assert got.choices[0].finish_reason == "stop"
    assert got.usage is not None
    assert (got.usage.prompt_tokens, got.usage.completion_tokens) == (11, 5)
    asked = model.asked[0].body
    assert asked["model"] == "tiny"
    assert asked["messages"] == [{"role": "system", "content": "짧게"}, user("안녕")]
    assert (asked["max_tokens"], asked["temperature"], asked["stop"]) == (20, 0.3, ["끝"])
    assert "tools" not in asked
    after = tables(api.shop)
    assert [call["purpose"] for call in after.pop("llm_calls")] == ["passthrough"]
    assert len(after.pop("llm_days")) == 1
    del before["llm_calls"], before["llm_days"]
    assert after == before  # the model alone: nothing of the desk is touched


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_careless_server_sends_is_set_right(
    api: Api, model: LLMServer, stream: bool
) -> None:
    # Half a character, an end for calls that never came, zeros for a count.
    pieces = [REPLY, "\ud83d", ""]
    model.say(Reply(pieces=pieces, finish="tool_calls", usage=(0, 0, 0)))
    options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    got = post(api, [user("안녕")], model="passthrough", **options)
    assert got.status_code == 200
    if not stream:
        whole = got.json()
        text, reason = (
            whole["choices"][0]["message"]["content"], whole["choices"][0]["finish_reason"]
        )  # fmt: skip
        usage = whole["usage"]
    else:
        *chunks, last, done = events(got.text)
        assert done == "[DONE]"
        text = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks)
        reason, usage = chunks[-1]["choices"][0]["finish_reason"], last["usage"]
    assert (text, reason) == (f"{REPLY}\ufffd", "stop")  # a call of a tool would not be sent on
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_temperature_is_a_number(api: Api, model: LLMServer, number: str) -> None:
    asked = f'"messages": [{{"role": "user", "content": "안녕"}}], "temperature": {number}'
    body = f'{{"model": "passthrough", {asked}}}'
    got = api.client.post("/v1/chat/completions", content=body.encode(),
                          headers={"Content-Type": "application/json"})  # fmt: skip
    assert got.status_code == 400
    assert got.json()["error"]["param"] == "temperature"
    assert model.asked == []


def test_stream_with_usage(api: Api, model: LLMServer) -> None:
    got = post(api, [user("안녕")], model="passthrough", stream=True,
               stream_options={"include_usage": True})  # fmt: skip
    *chunks, usage, done = events(got.text)
    assert done == "[DONE]"
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == 16
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert "".join(c["choices"][0]["delta"].get("content", "") for c in chunks) == REPLY
    assert [
        c["choices"][0]["finish_reason"] for c in chunks if c["choices"][0]["finish_reason"]
    ] == ["stop"]
    assert {c["model"] for c in chunks} == {"passthrough"}


def test_the_reason_is_the_models(api: Api, model: LLMServer) -> None:
    model.say(replace(GOOD, finish="length"))
    got = post(api, [user("안녕")], model="passthrough")
    assert got.json()["choices"][0]["finish_reason"] == "length"


def test_usage_is_estimated_where_the_model_tells_none(api: Api, model: LLMServer) -> None:
    model.say(Reply(REPLY, usage=None))
    got = post(api, [user("안녕")], model="passthrough").json()["usage"]
    assert got == {"prompt_tokens": 2, "completion_tokens": 11, "total_tokens": 13}


def test_personal_data_stays_here(api: Api, model: LLMServer) -> None:
    post(api, [user("제 번호는 010-1234-5678, 메일은 a@b.kr이에요")], model="passthrough")
    sent = str(model.asked[0].body)
    assert "010-1234-5678" not in sent
    assert "a@b.kr" not in sent


@pytest.mark.parametrize(
    ("reply", "code"),
    [(Reply(status=401), "model_auth"), (Reply(fault="html"), "model_malformed")],
)
def test_a_failure_before_the_first_word_is_an_ordinary_error(
    api: Api, model: LLMServer, reply: Reply, code: str
) -> None:
    model.say(reply)
    for stream in (False, True):
        got = post(api, [user("안녕")], model="passthrough", stream=stream)
        assert got.status_code == 503
        assert got.json()["error"]["code"] == code
        assert "sk-test" not in got.text
    assert len(model.asked) == 2  # no retries of the SDK's own


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(REPLY, fault="error_event", after=1, status=500), "model_overloaded"),
        (Reply(REPLY, fault="cut", after=1), "model_truncated"),
    ],
)
def test_a_failure_midway_is_told_in_the_stream(
    api: Api, model: LLMServer, reply: Reply, code: str
) -> None:
    model.say(reply)
    got = post(api, [user("안녕")], model="passthrough", stream=True)
    *chunks, error = events(got.text)
    assert set(error) == {"error"}
    assert error["error"]["code"] == code
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)
    with official(api) as client:
        stream = client.chat.completions.create(
            model="passthrough", messages=[user("안녕")], stream=True
        )
        with pytest.raises(openai.APIError):
            list(stream)
    assert post(api, [user("안녕")], model="passthrough").status_code == 503
    figures = api.shop.metrics.render()[0].decode()
    assert f'kind="{code.removeprefix("model_")}"' in figures


def test_a_drip_ends_at_the_deadline(api: Api, model: LLMServer) -> None:
    model.say(Reply(REPLY, fault="drip_words"))
    api.shop.settings = api.shop.settings.replace(turn_timeout_s=1)
    error = events(post(api, [user("안녕")], model="passthrough", stream=True).text)[-1]
    assert error["error"]["code"] == "model_timeout"


def test_a_client_that_leaves_frees_the_model(api: Api, model: LLMServer) -> None:
    model.say(Reply(REPLY, fault="drip_words"))
    body = {"model": "passthrough", "messages": [user("안녕")], "stream": True}
    with api.client.stream("POST", "/v1/chat/completions", json=body) as got:
        assert next(got.iter_lines()).startswith("data: ")
    assert model.gone.wait(5)


def test_a_server_that_is_down(api: Api, model: LLMServer) -> None:
    with nobody_there() as url:
        use(api, url)
        got = post(api, [user("안녕")], model="passthrough")
    assert (got.status_code, got.json()["error"]["code"]) == (503, "model_unreachable")


def test_hidden_calls_go_to_the_model_that_was_chosen(api: Api, model: LLMServer) -> None:
    prompt = (
        "Provide a concise, 5-word-or-less title for the conversation.\n\nConversation:\nUser: 반품"
    )
    got = post(api, [user(prompt)], model="passthrough")
    assert got.json()["choices"][0]["message"]["content"] == REPLY


def test_limits_hold_here_too(api: Api, model: LLMServer) -> None:
    api.shop.settings = api.shop.settings.replace(turns_per_minute=1)
    assert post(api, [user("안녕")], model="passthrough").status_code == 200
    assert post(api, [user("안녕")], model="passthrough").status_code == 429
    long = post(api, [user("가" * 200_001)], model="passthrough")
    assert long.status_code == 400
