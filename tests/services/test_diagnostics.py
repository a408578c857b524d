"""What an administrator sees: settings, warnings, providers and routes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.flows import FLOWS
from agent.types import Caller
from errors import Forbidden
from services.diagnostics import Notice
from services.settings_words import GROUPS, about, about_llm
from settings import TABLE
from tests.services.diagnostics_rig import (
    ADMIN,
    KEY,
    close_all,
    desk_of,
    everything,
    row_of,
    told,
    view_of,
)


@pytest.fixture(autouse=True)
def closed_at_the_end() -> Iterator[None]:
    yield
    close_all()


# ── who ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "caller", [Caller(), Caller("customer", "user_001"), Caller("staff", "staff_001")]
)
def test_nobody_but_an_admin_sees_anything(tmp_path: Path, caller: Caller) -> None:
    diagnostics = desk_of(tmp_path)
    for ask in (
        lambda: diagnostics.settings(caller),
        lambda: diagnostics.notices(caller),
        lambda: diagnostics.providers(caller),
        lambda: diagnostics.routes(caller),
        lambda: diagnostics.probe(caller, "offline"),
        lambda: diagnostics.generate(caller, "offline"),
        lambda: diagnostics.days(caller),
    ):
        with pytest.raises(Forbidden):
            ask()


# ── settings ─────────────────────────────────────────────────────────────────────────────


def test_every_setting_is_told_once_with_its_origin_and_words(tmp_path: Path) -> None:
    rows = desk_of(tmp_path).settings(ADMIN)
    names = [row.name for row in rows]
    assert len(names) == len(set(names))
    assert {row.name for row in TABLE} <= set(names)
    assert {"llm.local", "llm.limits.total_s", "llm.providers.ollama.base_url"} <= set(names)
    assert {row.origin for row in rows} == {"default"}
    assert [row.name for row in rows if not (row.help and row.group)] == []


def test_the_korean_words_are_those_of_the_table() -> None:
    told_of = {name for rows in GROUPS.values() for name in rows}
    assert told_of == {row.name for row in TABLE}
    assert all(about(row.name) != row.help for row in TABLE)
    assert about_llm("limits.nothing") == ""


def test_a_value_shows_what_it_hides(tmp_path: Path) -> None:
    diagnostics = desk_of(
        tmp_path, {"SANGDAM_PORT": "9000", "SANGDAM_LLM_OLLAMA_MODEL": "exaone"},
        env="SANGDAM_PORT=9001\nSANGDAM_LLM_OLLAMA_MODEL=other",
        toml="port = 9002\n[llm.limits]\ntotal_s = 9",
    )  # fmt: skip
    port, model = row_of(diagnostics, "port"), row_of(diagnostics, "llm.providers.ollama.model")
    assert (port.value, port.origin) == ("9000", "environment")
    assert port.shadowed == ((".env", "9001"), ("sangdam.toml", "9002"), ("default", "8501"))
    assert (model.value, model.shadowed) == ("exaone", ((".env", "other"),))
    limit = row_of(diagnostics, "llm.limits.total_s")
    assert (limit.value, limit.origin, limit.shadowed) == (
        "9",
        "sangdam.toml",
        (("default", "20"),),
    )
    assert row_of(diagnostics, "demo").value == "true"
    assert row_of(diagnostics, "llm.local").value == "ollama, vllm, midm"


def test_no_secret_is_told_anywhere(tmp_path: Path) -> None:
    diagnostics = desk_of(
        tmp_path,
        {"SANGDAM_LLM_OPENAI_API_KEY": KEY, "SANGDAM_LLM_OPENAI_MODEL": "any",
         "SANGDAM_WEATHER_BASE_URL": "https://me:hunter2@weather.example/v1?apikey=zzz9",
         "SANGDAM_LLM_VLLM_BASE_URL": "http://bob:p@ss@10.0.0.5:8000/v1#tok99",
         "SANGDAM_LLM_VLLM_MODEL": "m", "OPENAI_API_KEY": "sk-foreign-1234567890",
         "SANGDAM_LLM_OPENAI_APIKEY": "sk-mistyped-1234567890"},
        env=f"SANGDAM_LLM_OPENAI_API_KEY=short1\nSANGDAM_LLM_MIDM_API_KEY={KEY}2",
        toml="[llm.providers.vllm.headers]\nX-Pass = 'open-sesame'",
    )  # fmt: skip
    shown = everything(diagnostics)
    for secret in (KEY, KEY[:-4], "short1", "hunter2", "zzz9", "p@ss", "bob", "tok99",
                   "open-sesame", "sk-foreign", "sk-mistyped"):  # fmt: skip
        assert secret not in shown, secret
    key = row_of(diagnostics, "llm.providers.openai.api_key")
    assert key.secret
    assert (key.value, key.shadowed) == ("가림 · 끝 4자리 ab12", ((".env", "가림"),))
    assert row_of(diagnostics, "llm.providers.vllm.headers.X-Pass").value == "가림"
    url = row_of(diagnostics, "weather_base_url").value
    assert url == "https://가림@weather.example/v1?가림"
    assert view_of(diagnostics, "vllm").target_url == "http://가림@10.0.0.5:8000/v1?가림"


# ── what looks wrong ─────────────────────────────────────────────────────────────────────


def test_a_plain_desk_has_nothing_to_look_at(tmp_path: Path) -> None:
    assert desk_of(tmp_path).notices(ADMIN) == []


def test_the_environment_and_the_file_disagree(tmp_path: Path) -> None:
    diagnostics = desk_of(
        tmp_path,
        {"SANGDAM_PORT": "9000", "SANGDAM_DEMO": "on", "SANGDAM_LOG_LEVEL": "INFO",
         "SANGDAM_LLM_OLLAMA_MODEL": "one", "SANGDAM_LLM_VLLM_MODEL": "same"},
        env="SANGDAM_PORT=9001\nSANGDAM_DEMO=true\nSANGDAM_LOG_LEVEL=info\nSANGDAM_SEED=7\n"
            "SANGDAM_LLM_OLLAMA_MODEL=two\nSANGDAM_LLM_VLLM_MODEL=same",
        toml="host = '127.0.0.2'",
    )  # fmt: skip
    notices = diagnostics.notices(ADMIN)
    assert {one.name for one in notices} == {"port", "llm.providers.ollama.model"}
    assert all("환경 변수" in one.text and ".env" in one.text for one in notices)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("OPENAI_BASE_URL", "SANGDAM_LLM_OPENAI_BASE_URL"),
        ("OPENAI_CUSTOM_HEADERS", "headers"),
        ("ANTHROPIC_AUTH_TOKEN", "SANGDAM_LLM_ANTHROPIC_API_KEY"),
        ("OLLAMA_HOST", "SANGDAM_LLM_OLLAMA_BASE_URL"),
        ("HTTPS_PROXY", "base_url"),
        ("all_proxy", "base_url"),
    ],
)
def test_other_programs_variables_are_told_and_not_used(
    tmp_path: Path, name: str, ours: str
) -> None:
    diagnostics = desk_of(tmp_path, {name: ""}, env=f"{name}=http://10.9.8.7:1")
    assert ours in told(diagnostics, name)
    assert "환경 변수와 .env" in told(diagnostics, name)
    assert "10.9.8.7" not in everything(diagnostics)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SANGDAM_PROT", "SANGDAM_PORT"),
        ("SANGDAM_LLM_OLLAMA_MODLE", "SANGDAM_LLM_OLLAMA_MODEL"),
        ("SANGDAM_LLM_BASE_URL", "SANGDAM_LLM_VLLM_BASE_URL"),
        ("SANGDAM_LLM_TIMEOUT_S", "SANGDAM_LLM_TOTAL_S"),
        ("SANGDAM_XYZZY_QUUX", "이름을 확인해"),
    ],
)
def test_a_name_nobody_knows_is_told_with_the_nearest(
    tmp_path: Path, name: str, meant: str
) -> None:
    assert meant in told(desk_of(tmp_path, {name: "1"}), name)
    assert meant in told(desk_of(tmp_path, env=f"{name}=1"), name)


def test_known_names_are_no_warning(tmp_path: Path) -> None:
    names = {
        f"SANGDAM_LLM_OLLAMA_{field}": value
        for field, value in (
            ("KIND", "ollama"),
            ("BASE_URL", "http://127.0.0.1:1"),
            ("MODEL", "m"),
            ("API_KEY", "k"),
        )
    }
    names |= {"SANGDAM_LLM_TOTAL_S": "30", "SANGDAM_LLM_FIRST_TOKEN_S": "9", "PATH": "/bin"}
    assert desk_of(tmp_path, names).notices(ADMIN) == []


def test_a_model_without_a_price_is_told_unless_it_is_the_shops_own(tmp_path: Path) -> None:
    environment = {"SANGDAM_LLM_OPENAI_API_KEY": KEY, "SANGDAM_LLM_OPENAI_MODEL": "any",
                   "SANGDAM_LLM_OLLAMA_MODEL": "exaone"}  # fmt: skip
    name = "llm.prices.openai:any"
    assert '[llm.prices."openai:any"]' in told(desk_of(tmp_path, environment), name)
    assert [one.name for one in desk_of(tmp_path, environment).notices(ADMIN)] == [name]
    price = "[llm.prices.'openai:any']\ninput = 1\noutput = 2"
    assert desk_of(tmp_path, environment, toml=price).notices(ADMIN) == []
    own = "[llm.providers.openai]\nlocal = true"
    assert desk_of(tmp_path, environment, toml=own).notices(ADMIN) == []
    routed = "[llm.prices.'openai:any']\ninput=1\noutput=2\n[llm.routes]\npolicy=['openai:big']"
    assert told(desk_of(tmp_path, environment, toml=routed), "llm.prices.openai:big")


@pytest.mark.parametrize(
    ("url", "cloud", "own"),
    [("http://10.0.0.5:8000/v1", True, False), ("http://gpu:8000/v1", True, False),
     ("http://gpu.lan/v1", True, False), ("http://gpu.example/v1", True, True),
     ("http://8.8.8.8/v1", True, True), ("https://gpu.example/v1", False, False),
     ("http://127.0.0.1:8000/v1", False, False), ("http://[::1]:8000/v1", False, False),
     ("http://localhost:8000/v1", False, False), ("http://[::1", False, False)],
)  # fmt: skip
def test_what_leaves_the_house_unencrypted_is_told(
    tmp_path: Path, url: str, cloud: bool, own: bool
) -> None:
    environment = {"SANGDAM_LLM_OPENAI_BASE_URL": url, "SANGDAM_LLM_OPENAI_MODEL": "m",
                   "SANGDAM_LLM_OPENAI_API_KEY": KEY}  # fmt: skip
    name = "llm.providers.openai.base_url"
    warning = told(desk_of(tmp_path, environment), name)
    assert bool(warning) is cloud
    assert ("local = true" in warning) is cloud
    local = "[llm.providers.openai]\nlocal = true"
    assert bool(told(desk_of(tmp_path, environment, toml=local), name)) is own


def test_a_demonstration_that_others_can_reach_is_told_first(tmp_path: Path) -> None:
    open_to_all = {"SANGDAM_HOST": "0.0.0.0", "SANGDAM_DEMO_ON_ANY_HOST": "1", "OLLAMA_HOST": "x"}
    first, *_ = desk_of(tmp_path, open_to_all).notices(ADMIN)
    assert first.name == "demo_on_any_host"
    assert told(desk_of(tmp_path, {"SANGDAM_HOST": "0.0.0.0"}), "demo")
    shut = {"SANGDAM_HOST": "0.0.0.0", "SANGDAM_DEMO": "0"}
    assert desk_of(tmp_path, shut).notices(ADMIN) == []


def test_warnings_are_polite_korean_with_a_remedy(tmp_path: Path) -> None:
    environment = {"SANGDAM_HOST": "0.0.0.0", "OPENAI_BASE_URL": "x", "SANGDAM_PROT": "1",
                   "HTTP_PROXY": "y"}  # fmt: skip
    notices: list[Notice] = desk_of(tmp_path, environment).notices(ADMIN)
    assert len(notices) == 4
    assert all(one.text.endswith(("주세요.", "돼요.")) for one in notices)


# ── providers and routes ─────────────────────────────────────────────────────────────────


def test_what_is_not_configured_says_what_is_missing(tmp_path: Path) -> None:
    diagnostics = desk_of(tmp_path, {"SANGDAM_LLM_ANTHROPIC_MODEL": "any"})
    views = {one.name: one for one in diagnostics.providers(ADMIN)}
    assert list(views)[-1] == "offline"
    for name, field in (("ollama", "MODEL"), ("vllm", "BASE_URL"), ("anthropic", "API_KEY")):
        assert (views[name].light, views[name].word) == ("gray", "설정 안 됨")
        assert f"SANGDAM_LLM_{name.upper()}_{field}" in views[name].remedy
    assert (views["offline"].light, views["offline"].word) == ("green", "늘 준비됨")
    assert (views["ollama"].local, views["openai"].local) == (True, False)


def test_a_provider_nobody_asked_is_not_called_well(tmp_path: Path) -> None:
    view = view_of(desk_of(tmp_path, {"SANGDAM_LLM_OLLAMA_MODEL": "exaone"}), "ollama")
    assert (view.word, view.last_error, view.latency_ms) == ("설정됨", "", None)
    assert (view.model, view.target_url) == ("exaone", "http://127.0.0.1:11434")
    assert (view.breaker, view.in_flight, view.concurrency) == ("closed", 0, 4)


def test_routes_tell_who_would_answer_and_who_is_passed_over(tmp_path: Path) -> None:
    environment = {"SANGDAM_LLM_OLLAMA_MODEL": "exaone", "SANGDAM_LLM_ANTHROPIC_MODEL": "c",
                   "SANGDAM_LLM_ANTHROPIC_API_KEY": KEY}  # fmt: skip
    views = {one.intent: one for one in desk_of(tmp_path, environment).routes(ADMIN)}
    assert list(views)[: len(FLOWS)] == list(FLOWS)
    assert list(views)[len(FLOWS) :] == [
        "understand", "triage", "summarise", "inspect", "generate", "passthrough",
    ]  # fmt: skip
    policy = views["policy"]
    assert (policy.title, policy.domain, policy.rule) == ("정책 안내", "policy", "routes.policy")
    assert policy.steps == ("ollama:exaone",)
    assert policy.skipped == (("vllm", "주소 없음"), ("midm", "주소 없음"))
    assert views["smalltalk"].steps == ("anthropic:c",)
    assert views["generate"].rule == "purposes.generate"
    assert views["generate"].steps == ("ollama:exaone", "anthropic:c")
