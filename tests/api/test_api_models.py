"""The contract with a model behind the desk: one reply, whichever way it is asked for."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.api.access import photo
from tests.api.conftest import Api
from tests.api.openai_client import events, post, user
from tests.llmserver import LLMServer, Reply, nobody_there, providers_table

ASKED = "커피 어디쯤 왔어요?"
GOOD = "네, 커피는 지금 배송 중이에요."
EVERYTHING = ("policy", "order", "claim", "general", "product_info", "unknown", "default")


def use(api: Api, server: LLMServer | str, kind: str = "openai", **limits: Any) -> None:
    """Have the shop ask this server for everything from now on."""
    tables = {
        "providers": {"one": providers_table(server, kind)},
        "limits": {"retries": 0, "first_token_s": 3, "total_s": 6, **limits},
        "routes": {name: ["one"] for name in EVERYTHING},
        "purposes": {"understand": [], "summarise": [], "passthrough": ["one"]},
    }
    api.shop.settings = api.shop.settings.replace(llm=tables)
    for part in ("llm", "desk"):
        api.shop.__dict__.pop(part, None)
    api.shop.llm.gateway.warm()


@pytest.fixture
def model(api: Api) -> Iterator[LLMServer]:
    with LLMServer(Reply(GOOD, usage=(100, 20, 40))) as server:
        use(api, server)
        yield server
        api.shop.llm.gateway.close()


def sse(text: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


ENDINGS = {
    "good": Reply(GOOD, usage=(100, 20, 40)),
    "fails": Reply(status=500),
    "cut": Reply(f"{GOOD} 그리고 곧", fault="cut", after=6),
    "invents": Reply(f"{GOOD} 도착은 2031년 1월 2일이고 99,999원이에요. 또 봐요."),
    "length": Reply(f"{GOOD} 그리고 곧", finish="length"),
    "html": Reply("<b>네</b>. <script>alert(1)</script>"),
    "empty": Reply(""),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_deltas_are_the_message(api: Api, model: LLMServer, ending: str) -> None:
    model.say(ENDINGS[ending])
    got = api.client.post("/api/chat/stream", json={"message": ASKED}, headers=api.minji)
    told = sse(got.text)
    joined = "".join(data["text"] for name, data in told if name == "delta")
    [message] = [data for name, data in told if name == "message"]
    assert joined == message["content"] == message["answer"]
    assert told[-1][0] == "done"
    whole = api.client.post("/api/chat", json={"message": ASKED}, headers=api.minji).json()
    assert set(whole) == set(message)
    assert (whole["content"], whole["provider"]) == (message["content"], message["provider"])
    kept = api.client.get(
        f"/api/sessions/{message['session_id']}/messages", headers=api.minji
    ).json()["messages"]
    assert kept[-1]["content"] == message["content"]
    assert kept[-1]["token_usage"] == message["token_usage"]
    assert kept[0]["token_usage"]["total_tokens"] == 0
    if ending == "good":
        assert message["token_usage"] == {
            "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
        }  # fmt: skip
        assert (message["provider"], message["model"]) == ("one", "tiny")
    if ending == "fails":
        assert message["token_usage"]["total_tokens"] == 0
        assert (message["provider"], message["model"]) == ("offline", "template")


@pytest.mark.parametrize("ending", ENDINGS)
def test_openais_chunks_are_the_message(api: Api, model: LLMServer, ending: str) -> None:
    model.say(ENDINGS[ending])
    question = [user("반품 배송비는 누가 내요?")]
    got = post(api, question, stream=True, stream_options={"include_usage": True}, tools=[{}],
               tool_choice="auto", n=3, seed=1)  # fmt: skip
    *chunks, usage, done = events(got.text)
    assert done == "[DONE]"
    joined = "".join(
        piece["delta"].get("content") or "" for one in chunks for piece in one["choices"]
    )
    reasons = [piece["finish_reason"] for one in chunks for piece in one["choices"]]
    assert [one for one in reasons if one] == ["stop"]
    assert reasons[-1] == "stop"
    whole = post(api, question).json()
    assert joined == whole["choices"][0]["message"]["content"]
    if ending == "good":  # the rest may have been counted, or cut off and estimated
        assert usage["usage"] == whole["usage"]
    assert "tool_calls" not in got.text


def test_health_tells_the_provider(api: Api, model: LLMServer) -> None:
    def health() -> Any:
        return api.client.get("/health").json()

    assert health()["components"]["llm"]["one"] == {
        "status": "ok", "last_error": None, "latency_ms": None,
    }  # fmt: skip
    post(api, [user("안녕")], model="passthrough")
    one = health()["components"]["llm"]["one"]
    assert one["status"] == "ok"
    assert one["latency_ms"] > 0
    model.say(Reply(status=401))
    post(api, [user("안녕")], model="passthrough")
    one = health()["components"]["llm"]["one"]
    assert one["status"] in ("degraded", "down")
    assert one["last_error"] == "auth"
    assert health()["components"]["llm"]["ollama"]["status"] == "unconfigured"


def test_a_picture_goes_to_the_model_without_where_it_was_taken(api: Api, model: LLMServer) -> None:
    exif, taken = Image.Exif(), io.BytesIO()
    exif[0x010F] = "SecretCamera"
    Image.new("RGB", (64, 48), (200, 40, 40)).save(taken, "JPEG", exif=exif, comment=b"secret")
    assert b"SecretCamera" in taken.getvalue()
    url = f"data:image/jpeg;base64,{base64.b64encode(taken.getvalue()).decode()}"
    parts = [{"type": "text", "text": "뭐예요?"}, {"type": "image_url", "image_url": {"url": url}}]
    got = post(api, [{"role": "user", "content": parts}], model="passthrough")
    assert got.status_code == 200
    [sent] = [one["image_url"]["url"] for one in model.asked[0].body["messages"][-1]["content"]
              if one["type"] == "image_url"]  # fmt: skip
    data = base64.b64decode(sent.partition(",")[2])
    with Image.open(io.BytesIO(data)) as seen:
        assert seen.size == (64, 48)
    assert not any(word in data for word in (b"SecretCamera", b"secret", b"Exif"))


@pytest.mark.parametrize("url", ["data:image/jpeg;base64,aGVsbG8=", "http://10.0.0.1/a.jpg"])
def test_what_is_no_picture_goes_to_no_model(api: Api, model: LLMServer, url: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    got = post(api, [{"role": "user", "content": [part]}], model="passthrough")
    assert got.status_code == 400
    assert model.asked == []
    many = [{"role": "user", "content": [part] * 5}] * 5
    assert "20장까지" in post(api, many, model="passthrough").json()["error"]["message"]


def test_a_picture_for_a_model_that_sees_none(api: Api, model: LLMServer) -> None:
    use(api, model, "midm")
    url = f"data:image/jpeg;base64,{base64.b64encode(photo()).decode()}"
    got = post(api, [{"role": "user", "content": [{"type": "image_url", "image_url": url}]}],
               model="passthrough")  # fmt: skip
    assert (got.status_code, got.json()["error"]["code"]) == (400, "pictures_unsupported")
    assert model.asked == []


def test_a_prompt_that_is_too_long_for_the_model(api: Api, model: LLMServer) -> None:
    model.say(Reply(fault="context_too_long"))
    got = post(api, [user("안녕")], model="passthrough")
    assert (got.status_code, got.json()["error"]["code"]) == (400, "context_length_exceeded")
    assert "길어요" in got.json()["error"]["message"]


@pytest.mark.parametrize(
    ("wish", "sent"),
    [
        ({"temperature": 99}, {"temperature": 2}),
        ({"temperature": -1}, {"temperature": 0}),
        ({"max_tokens": 10**12}, {"max_tokens": 32_000}),
        ({"max_tokens": -1}, {"max_tokens": 600}),
        ({"stop": ["", "끝"]}, {"stop": ["끝"]}),
    ],
)
def test_a_wish_that_no_server_takes_is_brought_down_to_one(
    api: Api, model: LLMServer, wish: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert post(api, [user("안녕")], model="passthrough", **wish).status_code == 200
    asked = model.asked[0].body
    assert {name: asked.get(name) for name in sent} == sent


def test_a_history_with_tools_of_the_client(api: Api, model: LLMServer) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    history = [user("안녕"), {"role": "assistant", "content": None, "tool_calls": [call]},
               {"role": "tool", "tool_call_id": "c", "content": "1"}, user("네?")]  # fmt: skip
    got = post(api, history, model="passthrough", tools=[{"type": "function"}])
    assert got.status_code == 200
    assert all(one["content"] for one in model.asked[0].body["messages"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"model": "passthrough", "messages": [user(ASKED)]}),
        ("/v1/chat/completions",
         {"model": "passthrough", "messages": [user(ASKED)], "stream": True}),
        ("/v1/chat/completions", {"messages": [user(ASKED)]}),
        ("/v1/chat/completions", {"messages": [user(ASKED)], "stream": True}),
        ("/api/chat/stream", {"message": ASKED}),
    ],
)  # fmt: skip
def test_a_client_that_leaves_before_the_first_word(
    api: Api, model: LLMServer, path: str, body: dict[str, Any]
) -> None:
    use(api, model, first_token_s=30, total_s=40)
    api.shop.settings = api.shop.settings.replace(stream_resume_s=1)
    model.say(Reply(fault="no_reply"))
    with (
        httpx2.Client(base_url=api.url, trust_env=False, timeout=1.0) as client,
        pytest.raises(httpx2.ReadTimeout),
    ):
        client.post(path, json=body)
    started = time.monotonic()
    assert model.gone.wait(20)
    assert time.monotonic() - started < 5
    assert model.idle(5)


def test_a_model_that_is_not_asked_for_a_while(api: Api, model: LLMServer) -> None:
    with nobody_there() as url:
        use(api, url, breaker_failures=1)
        post(api, [user("안녕")], model="passthrough")
        got = post(api, [user("안녕")], model="passthrough")
    assert (got.status_code, got.json()["error"]["code"]) == (503, "model_unreachable")
