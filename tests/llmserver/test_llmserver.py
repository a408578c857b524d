"""The server as the SDKs see it: whole answers, and each fault with the error it is known by.

What an SDK does with a fault is what the adapters are built on; a new version that does
something else shows here first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.llmserver import LLMServer, Reply

anthropic = pytest.importorskip("anthropic")
httpx = pytest.importorskip("httpx")
httpx2 = pytest.importorskip("httpx2")
ollama = pytest.importorskip("ollama")
openai = pytest.importorskip("openai")

SAID = [{"role": "user", "content": "안녕하세요"}]
TEXT = "안녕하세요. 무엇을 도와드릴까요?"
CALL = ("find_products", {"q": "장화"})


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with LLMServer() as server:
        yield server


class OpenAI:
    """Each of these collects text, calls, why it ended and the input tokens told."""

    def __init__(self, server: LLMServer) -> None:
        self.client = openai.OpenAI(
            base_url=server.base_url("openai"), api_key="none", max_retries=0, timeout=1,
            http_client=httpx2.Client(trust_env=False, timeout=1),
        )  # fmt: skip

    def models(self) -> list[str]:
        return [model.id for model in self.client.models.list().data]

    def whole(self) -> str:
        answer = self.client.chat.completions.create(model="tiny", messages=SAID)
        return str(answer.choices[0].message.content)

    def stream(self, told: dict[str, Any]) -> None:
        with self.client.chat.completions.create(
            model="tiny", messages=SAID, stream=True, stream_options={"include_usage": True}
        ) as stream:
            for chunk in stream:
                if chunk.usage:
                    told["tokens"] = chunk.usage.prompt_tokens
                for choice in chunk.choices:
                    told["text"] += choice.delta.content or ""
                    for call in choice.delta.tool_calls or ():
                        told["call"] += call.function.name or call.function.arguments
                    told["end"] = choice.finish_reason or told["end"]


class Anthropic:
    def __init__(self, server: LLMServer) -> None:
        self.client = anthropic.Anthropic(
            base_url=server.base_url("anthropic"), api_key="none", max_retries=0, timeout=1,
            http_client=httpx2.Client(trust_env=False, timeout=1),
        )  # fmt: skip

    def models(self) -> list[str]:
        return [model.id for model in self.client.models.list().data]

    def whole(self) -> str:
        answer = self.client.messages.create(model="tiny", max_tokens=9, messages=SAID)
        return str(answer.content[0].text)

    def stream(self, told: dict[str, Any]) -> None:
        with self.client.messages.create(
            model="tiny", max_tokens=9, messages=SAID, stream=True
        ) as stream:
            for event in stream:
                if event.type == "message_start":
                    usage = event.message.usage
                    told["tokens"] = usage.input_tokens + usage.cache_read_input_tokens
                elif event.type == "content_block_start" and event.content_block.type != "text":
                    told["call"] += event.content_block.name
                elif event.type == "content_block_delta":
                    told["text"] += getattr(event.delta, "text", "")
                    told["call"] += getattr(event.delta, "partial_json", "")
                elif event.type == "message_delta":
                    told["end"] = event.delta.stop_reason


class Ollama:
    def __init__(self, server: LLMServer) -> None:
        self.client = ollama.Client(host=server.base_url("ollama"), timeout=1, trust_env=False)

    def models(self) -> list[str]:
        return [str(model.model) for model in self.client.list().models]

    def whole(self) -> str:
        return str(self.client.chat(model="tiny", messages=SAID).message.content)

    def stream(self, told: dict[str, Any]) -> None:
        for part in self.client.chat(model="tiny", messages=SAID, stream=True):
            told["text"] += part.message.content or ""
            for call in part.message.tool_calls or ():
                arguments = json.dumps(dict(call.function.arguments), ensure_ascii=False)
                told["call"] += call.function.name + arguments
            if part.done:
                told["end"], told["tokens"] = part.done_reason, part.prompt_eval_count


Client = type[OpenAI] | type[Anthropic] | type[Ollama]
SDKS: tuple[Client, ...] = (OpenAI, Anthropic, Ollama)


def listen(client: Any, told: dict[str, Any]) -> dict[str, Any]:
    """The whole stream; its connections are closed whatever happens."""
    inner = client.client
    try:
        client.stream(told)
    finally:
        (inner._client if isinstance(client, Ollama) else inner).close()
    return told


def nothing() -> dict[str, Any]:
    return {"text": "", "call": "", "end": None, "tokens": None}


@pytest.mark.parametrize("sdk", SDKS)
def test_a_whole_answer(server: LLMServer, sdk: Client) -> None:
    client = sdk(server)
    assert client.models() == ["tiny"]
    assert client.whole() == TEXT
    told = listen(client, nothing())
    ending = "end_turn" if sdk is Anthropic else "stop"
    assert told == {"text": TEXT, "call": "", "end": ending, "tokens": 20}
    assert [asked.body["messages"] for asked in server.asked] == [SAID, SAID]
    assert (len(server.listed), server.idle(), server.gone.is_set()) == (1, True, False)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("sdk", SDKS)
def test_a_tool_call(server: LLMServer, sdk: Client, late: bool) -> None:
    server.say(Reply("찾아볼게요.", calls=[CALL], calls_late=late, usage=(30, 5, 10)))
    told = listen(sdk(server), nothing())
    assert told["call"] == 'find_products{"q": "장화"}'
    assert (told["text"], told["tokens"]) == ("찾아볼게요.", 30)
    assert told["end"] == {OpenAI: "tool_calls", Anthropic: "tool_use", Ollama: "stop"}[sdk]


FAULTS = [
    ("cut", openai.APIConnectionError, httpx2.RemoteProtocolError, httpx.RemoteProtocolError),
    ("reset", openai.APIConnectionError, httpx2.ReadError, httpx.ReadError),
    ("stall", openai.APITimeoutError, httpx2.ReadTimeout, httpx.ReadTimeout),
    ("bad_json", json.JSONDecodeError, json.JSONDecodeError, json.JSONDecodeError),
    ("error_event", openai.APIError, anthropic.APIStatusError, ollama.ResponseError),
]


@pytest.mark.parametrize("number", range(3), ids=["openai", "anthropic", "ollama"])
@pytest.mark.parametrize("row", FAULTS, ids=[row[0] for row in FAULTS])
def test_a_fault_is_the_error_it_is_known_by(server: LLMServer, row: Any, number: int) -> None:
    server.say(Reply(TEXT, fault=row[0], after=2))
    told = nothing()
    with pytest.raises(row[1 + number]):
        listen(SDKS[number](server), told)
    assert told["text"] == "안녕하세요. 무엇을 "
    assert server.idle()


@pytest.mark.parametrize("sdk", SDKS)
def test_a_clean_end_without_its_event_is_no_error_at_all(server: LLMServer, sdk: Client) -> None:
    server.say(Reply(TEXT, fault="no_terminal", after=2))
    told = listen(sdk(server), nothing())
    assert (told["text"], told["end"]) == ("안녕하세요. 무엇을 ", None)


@pytest.mark.parametrize("path", ["/chat", "/chat/stream"])
def test_midm_on_the_wire(server: LLMServer, path: str) -> None:
    with httpx.Client(base_url=server.base_url("midm"), trust_env=False) as client:
        assert client.get("/health").json()["model_loaded"] is True
        answer = client.post(path, json={"messages": SAID, "max_new_tokens": 8})
    if path == "/chat":
        assert answer.json()["response"] == TEXT
        return
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    events = [json.loads(line) for line in lines[:-1]]
    assert lines[-1] == "[DONE]"
    assert [event["type"] for event in events] == ["start", *["chunk"] * 3, "complete"]
    assert events[-1]["full_response"] == events[-2]["accumulated"] == TEXT


def test_the_script_goes_on_to_its_last_reply(server: LLMServer) -> None:
    server.say(Reply(status=503, retry_after=7), lambda body: Reply(body["model"]), Reply("끝"))
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        answers = [client.post("/api/chat", json={"model": "m", "stream": False})
                   for _ in range(4)]  # fmt: skip
    assert (answers[0].status_code, answers[0].headers["retry-after"]) == (503, "7")
    assert [one.json()["message"]["content"] for one in answers[1:]] == ["m", "끝", "끝"]
