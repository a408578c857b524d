"""/v1/chat/completions: the shapes, whole and as a stream, by OpenAI's own client."""

from __future__ import annotations

import base64
from io import BytesIO
from urllib.parse import unquote

import openai
import pytest
from PIL import Image

from agent.types import Caller
from tests.api.conftest import Api
from tests.api.openai_client import assistant, events, official, post, user

QUESTION = "반품 배송비는 누가 내요?"


def test_the_official_client_lists_the_models(api: Api) -> None:
    with official(api) as client:
        models = {model.id: model for model in client.models.list()}
        assert set(models) == {"orchestrator", "passthrough"}
        assert models["orchestrator"].owned_by == "sangdam"
        assert client.models.retrieve("passthrough").object == "model"
        for name in ("gpt-9", "openai/gpt-9"):
            with pytest.raises(openai.NotFoundError) as error:
                client.models.retrieve(name)
            assert error.value.code == "model_not_found"


def test_the_official_client_gets_an_answer(api: Api) -> None:
    with official(api) as client:
        got = client.chat.completions.create(model="orchestrator", messages=[user(QUESTION)])
    choice = got.choices[0]
    assert got.object == "chat.completion"
    assert got.model == "orchestrator"
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.tool_calls is None
    assert "불량" in (choice.message.content or "")
    assert got.usage is not None
    assert got.usage.total_tokens == got.usage.prompt_tokens + got.usage.completion_tokens
    # Estimated without a model: 3 bytes of UTF-8 a token.
    assert got.usage.prompt_tokens == -(-len(QUESTION.encode()) // 3)


@pytest.mark.parametrize("model", [None, "", "orchestrator", "sangdam"])
def test_names_of_the_desk(api: Api, model: str | None) -> None:
    got = post(api, [user(QUESTION)], model=model)
    assert got.status_code == 200
    assert got.json()["model"] == "orchestrator"


def test_sources_stand_where_the_annotations_say(api: Api) -> None:
    message = post(api, [user(QUESTION)]).json()["choices"][0]["message"]
    content, notes = message["content"], message["annotations"]
    assert "\n\n근거\n[1] " in content
    assert notes
    for number, note in enumerate(notes, 1):
        cited = note["url_citation"]
        line = content[cited["start_index"] : cited["end_index"]]
        assert note["type"] == "url_citation"
        assert line == f"[{number}] [{cited['title']}]({cited['url']})"
        base, _, chunk_id = cited["url"].partition("/policies?clause=")
        assert base == api.url
        clause = api.shop.clause(Caller(), unquote(chunk_id))  # what the page opens
        assert clause.title in cited["title"]
    assert content.endswith(line)


@pytest.mark.parametrize("include_usage", [True, False, None])
def test_a_stream_has_the_chunks_in_order(api: Api, include_usage: bool | None) -> None:
    options = {} if include_usage is None else {"stream_options": {"include_usage": include_usage}}
    got = post(api, [user(QUESTION)], stream=True, **options)
    assert got.headers["content-type"].startswith("text/event-stream")
    *chunks, done = events(got.text)
    assert done == "[DONE]"
    assert len({(c["id"], c["created"], c["model"], c["object"]) for c in chunks}) == 1
    assert chunks[0]["object"] == "chat.completion.chunk"
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    if include_usage:
        last = chunks.pop()
        assert last["choices"] == []
        assert last["usage"]["total_tokens"] > last["usage"]["prompt_tokens"] > 0
        assert all(chunk["usage"] is None for chunk in chunks)
    else:
        assert all("usage" not in chunk for chunk in chunks)
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + ["stop"]
    assert chunks[-1]["choices"][0]["delta"] == {}
    assert "annotations" in chunks[-2]["choices"][0]["delta"]


def test_the_stream_says_what_the_whole_answer_says(api: Api) -> None:
    whole = post(api, [user(QUESTION)]).json()["choices"][0]["message"]
    with official(api) as client:
        stream = client.chat.completions.create(
            model="orchestrator", messages=[user(QUESTION)], stream=True
        )
        deltas = [chunk.choices[0].delta for chunk in stream]
    assert "".join(delta.content or "" for delta in deltas) == whole["content"]
    notes = [delta.annotations for delta in deltas if hasattr(delta, "annotations")]  # type: ignore[attr-defined]
    assert notes == [whole["annotations"]]


def test_unknown_fields_are_ignored(api: Api) -> None:
    tool = {"type": "function", "function": {"name": "cancel", "parameters": {"type": "object"}}}
    with official(api) as client:
        got = client.chat.completions.create(
            model="orchestrator", messages=[user(QUESTION)], n=3, tools=[tool],  # type: ignore[list-item]
            tool_choice="required", response_format={"type": "json_object"}, logprobs=True,
            reasoning_effort="high", seed=7, temperature=9.5, max_tokens=-1, store=True,
            metadata={"chat": "1"}, extra_body={"chat_id": "c", "anything": [1, {"a": None}]},
        )  # fmt: skip
    assert len(got.choices) == 1
    assert got.choices[0].message.tool_calls is None


def test_content_may_be_parts_and_roles_may_be_new(api: Api) -> None:
    parts = {"role": "user", "content": [
        {"type": "text", "text": "반품 배송비는"}, "누가 내요?", {"type": "file", "file": {"x": 1}},
    ]}  # fmt: skip
    calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    messages = [
        {"role": "developer", "content": "짧게"}, user("안녕하세요"),
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "1", "content": "3"}, {"role": "critic", "content": "?"},
        parts,
    ]  # fmt: skip
    got = post(api, messages)
    assert got.status_code == 200, got.text
    assert "고객이 냅니다" in got.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": "안녕"}, "messages"),
        ({"messages": []}, "messages"),
        ({}, "messages"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages.0.content"),
        ({"messages": [user("안녕")], "user": {"id": 1}}, "user"),
        ({"messages": [user("안녕")], "stream": "조금"}, "stream"),
        ({"messages": [assistant("안녕")]}, None),
        ({"messages": [user(" ")]}, None),
        ({"messages": [user("가" * 4001)]}, None),
    ],
)
def test_wrong_types_are_told_in_korean(api: Api, body: dict[str, object], param: str) -> None:
    got = api.client.post("/v1/chat/completions", json=body)
    error = got.json()["error"]
    assert got.status_code == 400
    assert set(error) == {"message", "type", "code", "param"}
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert any("가" <= letter <= "힣" for letter in error["message"])


def test_half_a_character_is_no_failure_of_ours(api: Api) -> None:
    body = rb"""{"model": "\ud800", "messages": [{"role": "user", "content": "\udc00"}]}"""
    kind = {"Content-Type": "application/json"}
    got = api.client.post("/v1/chat/completions", content=body, headers=kind)
    assert got.status_code == 404
    body = body.replace(rb"\ud800", b"sangdam")
    got = api.client.post("/v1/chat/completions", content=body, headers=kind)
    assert got.status_code == 200


def test_errors_as_the_official_client_knows_them(api: Api) -> None:
    api.shop.__dict__["settings"] = api.shop.settings.replace(turns_per_minute=1)
    with official(api) as client:
        with pytest.raises(openai.NotFoundError) as missing:
            client.chat.completions.create(model="gpt-4o", messages=[user("안녕")])
        assert missing.value.code == "model_not_found"
        assert missing.value.param == "model"
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(model="orchestrator", messages=[assistant("안녕")])
        client.chat.completions.create(model="orchestrator", messages=[user("안녕하세요")])
        with pytest.raises(openai.RateLimitError) as often:
            client.chat.completions.create(model="orchestrator", messages=[user("안녕하세요")])
    assert int(often.value.response.headers["Retry-After"]) > 0
    assert often.value.type == "rate_limit_error"


def data_url() -> str:
    file = BytesIO()
    Image.effect_noise((320, 240), 60).convert("RGB").save(file, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def picture(url: str) -> dict[str, object]:
    parts = [{"type": "text", "text": "받은 상품이 깨져 있어요"},
             {"type": "image_url", "image_url": {"url": url, "detail": "auto"}}]  # fmt: skip
    return {"role": "user", "content": parts}


def test_a_data_url_becomes_a_photo_of_the_conversation(api: Api) -> None:
    got = post(api, [picture(data_url())], api.minji)
    assert got.status_code == 200
    with api.shop.database.read() as tx:
        photo = tx.row("select * from attachments order by created_at desc limit 1")
        assert photo is not None
        said = tx.row("select * from messages where conversation_id = ?",
                      (photo["conversation_id"],))  # fmt: skip
    assert photo["user_id"] == "user_001"
    assert said is not None
    assert photo["image_id"] in said["payload"]


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/a.png", "https://example.com/a.png", "file:///etc/passwd",
     "data:image/png;base64,@@@", "data:image/png,abc", "data:text/plain;base64,aGVsbG8="],
)  # fmt: skip
def test_other_pictures_are_refused_and_leave_nothing(api: Api, url: str) -> None:
    with api.shop.database.read() as tx:
        before = tx.value("select count(*) from conversations")
    got = post(api, [picture(url)])
    assert got.status_code == 400
    assert "사진" in got.json()["error"]["message"] or "이미지" in got.json()["error"]["message"]
    with api.shop.database.read() as tx:
        assert tx.value("select count(*) from conversations") == before


def test_too_many_pictures_are_refused(api: Api) -> None:
    many = [{"type": "image_url", "image_url": data_url()}] * 6
    got = post(api, [{"role": "user", "content": many}])
    assert got.status_code == 400
    assert "5장" in got.json()["error"]["message"]
