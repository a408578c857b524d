"""``/api/debug`` over HTTP: settings without secrets, and providers tried for real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from agent.llm.config import load_config
from settings import TABLE
from tests.api.conftest import Api
from tests.api.test_api_llm import connect
from tests.llmserver import LLMServer, Reply, nobody_there

KEY = "sk-test-0000"  # the server's, in providers_table


@pytest.fixture(autouse=True)
def closed_at_the_end(api: Api) -> Iterator[None]:
    yield
    api.shop.llm.gateway.close()


def get(api: Api, path: str, **params: str) -> Any:
    got = api.client.get(f"/api/debug/{path}", params=params, headers=api.admin)
    assert got.status_code == 200, got.text
    return got.json()


def test_every_setting_in_force_with_its_origin(api: Api) -> None:
    told = get(api, "settings")
    assert set(told) == {"items", "warnings"}
    names = [one["name"] for one in told["items"]]
    config = load_config(api.shop.settings)
    assert names == [
        *(row.name for row in TABLE),
        *sorted(f"llm.{path}" for path in config.origins),
    ]
    assert set(told["items"][0]) == {
        "name", "value", "origin", "shadowed", "help", "group", "masked",
    }  # fmt: skip


def test_no_secret_is_told(api: Api) -> None:
    with LLMServer() as server:
        connect(api, server)
        told = get(api, "settings")
    [key] = [one for one in told["items"] if one["name"] == "llm.providers.one.api_key"]
    assert (key["value"], key["masked"], key["origin"]) == ("가림", True, "sangdam.toml")
    assert KEY not in str(told)


def test_a_foreign_variable_is_a_warning(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://10.9.8.7:1/v1")
    told = get(api, "settings")
    [warning] = [one for one in told["warnings"] if one["name"] == "OPENAI_BASE_URL"]
    assert "SANGDAM_LLM_OPENAI_BASE_URL" in warning["text"]
    assert "10.9.8.7" not in str(told)


def test_a_providers_models_asked_now(api: Api) -> None:
    with LLMServer() as server:
        server.models = ["tiny", "big"]
        connect(api, server)
        told = get(api, "one")
        assert told == {
            "target_url": server.base_url("openai"), "success": True,
            "models": ["tiny", "big"], "elapsed_ms": told["elapsed_ms"], "error": None,
        }  # fmt: skip
    assert 0 < told["elapsed_ms"] < 5000


def test_a_password_in_an_address_is_not_told(api: Api) -> None:
    with nobody_there() as url:
        connect(api, url.replace("://", "://bob:hunter22@") + "?token=zzz999")
        told = str([get(api, path) for path in ("one", "one/generate", "settings")])
    assert "unreachable" in told
    for secret in ("bob", "hunter22", "zzz999"):
        assert secret not in told


@pytest.mark.parametrize("path", ["one", "one/generate"])
def test_a_failure_is_told_in_the_answer(api: Api, path: str) -> None:
    with nobody_there() as url:
        connect(api, url)
        told = get(api, path)
    assert told["success"] is False
    assert told["error"].startswith("unreachable: 서버에 연결하지 못했어요.")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(status=401), "auth"),
        (Reply(status=404), "not_found"),
        (Reply(status=429), "rate_limited"),
        (Reply(fault="html"), "malformed"),
        (Reply(fault="no_reply"), "timeout"),
        (Reply(fault="cut", after=2), "truncated"),
    ],
)
def test_every_kind_of_failure_has_its_words(api: Api, reply: Reply, kind: str) -> None:
    with LLMServer(reply) as server:
        connect(api, server, first_token_s=0.5, total_s=2)
        told = get(api, "one/generate")
    assert told["success"] is False
    assert told["error"].split(": ")[0] == kind
    assert bool(told["response_text"]) is (kind == "truncated")
    assert KEY not in str(told)


def test_a_few_words_asked_now(api: Api) -> None:
    with LLMServer(Reply("안녕하세요. <b>네</b>")) as server:
        connect(api, server)
        told = get(api, "one/generate", prompt="인사해 주세요")
        assert "인사해 주세요" in str(server.asked[0].body)
        get(api, "one/generate")
        assert "한 문장으로" in str(server.asked[1].body)
    assert told["success"] is True
    assert (told["response_text"], told["error"]) == ("안녕하세요. <b>네</b>", None)
    assert told["elapsed_ms"] > 0


def test_the_desks_own_words_are_always_there(api: Api) -> None:
    assert get(api, "offline")["models"] == ["template"]
    told = get(api, "offline/generate")
    assert told["success"]
    assert told["response_text"].startswith("안녕하세요.")


@pytest.mark.parametrize("path", ["", "/generate"])
def test_what_is_not_configured_says_what_to_write(api: Api, path: str) -> None:
    told = get(api, f"vllm{path}")
    assert told["success"] is False
    assert "SANGDAM_LLM_VLLM_BASE_URL" in told["error"]


@pytest.mark.parametrize("path", ["nobody", "nobody/generate", "settings/generate"])
def test_an_unknown_provider_is_404_and_the_known_are_named(api: Api, path: str) -> None:
    got = api.client.get(f"/api/debug/{path}", headers=api.admin)
    assert (got.status_code, got.json()["code"]) == (404, "not_found")
    assert "offline" in got.json()["detail"]


def test_a_prompt_has_a_longest(api: Api) -> None:
    got = api.client.get("/api/debug/offline/generate", params={"prompt": "가" * 201},
                         headers=api.admin)  # fmt: skip
    assert got.status_code == 422
    assert "200" in got.json()["detail"]


def test_many_trials_at_once_end(api: Api) -> None:
    with LLMServer(Reply("네.", delay_s=0.2)) as server:
        connect(api, server)
        told = list[Any]()
        threads = [
            threading.Thread(target=lambda: told.append(get(api, "one/generate")))
            for _ in range(30)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert [one["success"] for one in told] == [True] * 30
