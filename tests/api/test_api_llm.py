"""``POST /api/llm/generate`` over HTTP: roles, bounds, a slow model, a client that leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from services.llm import Models
from tests.api.conftest import Api
from tests.llmserver import LLMServer, Reply, nobody_there, providers_table

SNS = {
    "role": "copywriter", "task": "sns",
    "payload": {"product": "무선 이어폰", "price": 39000, "points": ["20시간 재생"]},
}  # fmt: skip


def connect(api: Api, server: LLMServer | str, **limits: Any) -> None:
    """Have the shop ask this server from now on."""
    tables = {
        "providers": {"one": providers_table(server, "openai")},
        "limits": {"retries": 0, **limits},
        "purposes": {"generate": ["one"]},
    }
    api.shop.settings = api.shop.settings.replace(llm=tables)
    api.shop.__dict__["llm"] = Models(api.shop)


@pytest.fixture(autouse=True)
def closed_at_the_end(api: Api) -> Iterator[None]:
    yield
    api.shop.llm.gateway.close()


def ask(api: Api, body: dict[str, Any] = SNS, **more: Any) -> httpx2.Response:
    return api.client.post("/api/llm/generate", json={**body, **more}, headers=api.staff)


def test_without_a_model_the_desks_own_words_come(api: Api) -> None:
    got = ask(api)
    assert got.status_code == 200, got.text
    told = got.json()
    assert set(told) == {"provider", "model", "output", "usage", "latency_ms"}
    assert (told["provider"], told["model"]) == ("offline", "template")
    assert "무선 이어폰" in told["output"]
    assert "39,000원" in told["output"]
    assert told["usage"] == dict.fromkeys(
        ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens"), 0
    )


def test_a_models_text_comes_with_what_it_took(api: Api) -> None:
    with LLMServer(Reply("무선 이어폰으로 20시간 즐겨 보세요.", usage=(40, 9, 8))) as server:
        connect(api, server)
        told = ask(api).json()
    assert (told["provider"], told["model"]) == ("one", "tiny")
    assert told["output"] == "무선 이어폰으로 20시간 즐겨 보세요."
    assert told["usage"] == {
        "prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49, "cached_tokens": 8,
    }  # fmt: skip
    with api.shop.database.read() as tx:
        [row] = tx.rows("select purpose, prompt, provider from llm_calls")
    assert (row["purpose"], row["provider"]) == ("generate", "one")
    assert row["prompt"].startswith("copywriter/sns@1-")


def test_json_follows_the_callers_schema(api: Api) -> None:
    schema = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    with LLMServer(Reply('{"title": "무선 이어폰"}')) as server:
        connect(api, server)
        told = ask(api, mode="json", schema=schema).json()
    assert told["output"] == {"title": "무선 이어폰"}
    assert "title" in str(server.asked[0].body)


def test_json_that_nobody_can_make_is_503(api: Api) -> None:
    schema = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    got = ask(api, mode="json", schema=schema)
    assert (got.status_code, got.json()["code"]) == (503, "model_not_configured")
    assert "진단" in got.json()["detail"]
    assert int(got.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("more", "status", "named"),
    [
        ({"role": "poet"}, 404, "copywriter/sns"),
        ({"task": "poem"}, 404, "agent/summary"),
        ({"payload": {"product": "이어폰", "colour": "red"}}, 400, "points"),
        ({"payload": {}}, 400, "product"),
        ({"payload": {"product": "가" * 21_000}}, 400, "20,000"),
        ({"mode": "text", "schema": {"type": "object"}}, 400, "json"),
        ({"mode": "xml"}, 422, "mode"),
        ({"payload": ["이어폰"]}, 422, "payload"),
        ({"schema": "object", "mode": "json"}, 422, "schema"),
        ({"role": "../etc"}, 422, "role"),
    ],
)
def test_what_cannot_be_used_says_what_could(
    api: Api, more: dict[str, Any], status: int, named: str
) -> None:
    got = ask(api, **more)
    assert got.status_code == status, got.text
    assert named in got.json()["detail"]
    assert got.headers["content-type"] == "application/problem+json"


def test_a_failing_model_is_no_failure(api: Api) -> None:
    with nobody_there() as url:
        connect(api, url)
        got = ask(api)
    assert (got.status_code, got.json()["provider"]) == (200, "offline")


def test_it_counts_as_a_message(api: Api) -> None:
    api.shop.settings = api.shop.settings.replace(turns_per_minute=3)
    statuses = [ask(api).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert ask(api).json()["code"] == "rate_limited"


def test_a_slow_model_holds_up_nobody_else(api: Api) -> None:
    """Forty wait for a model, more than all threads there are; a page's request does not."""
    with LLMServer(Reply(fault="no_reply")) as server:
        connect(api, server, total_s=8, first_token_s=8)
        header, got = api.staff, list[int]()

        def slow() -> None:
            with httpx2.Client(base_url=api.url, trust_env=False, timeout=60) as client:
                got.append(client.post("/api/llm/generate", json=SNS, headers=header).status_code)

        threads = [threading.Thread(target=slow) for _ in range(40)]
        for thread in threads:
            thread.start()
        while server.open_now < 10:
            time.sleep(0.02)
        started = time.monotonic()
        assert api.client.get("/api/policies/search", params={"q": "반품"}).status_code == 200
        assert time.monotonic() - started < 4
        server.close()  # whoever waits falls back at once
        for thread in threads:
            thread.join(30)
    assert got == [200] * 40


def test_a_client_that_leaves_stops_the_model(api: Api) -> None:
    with LLMServer(Reply(fault="no_reply")) as server:
        connect(api, server, total_s=30, first_token_s=30)
        with (
            httpx2.Client(base_url=api.url, trust_env=False, timeout=0.5) as client,
            pytest.raises(httpx2.ReadTimeout),
        ):
            client.post("/api/llm/generate", json=SNS, headers=api.staff)
        assert server.gone.wait(5)
        assert server.idle(5)
