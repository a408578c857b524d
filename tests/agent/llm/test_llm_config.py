"""The ``[llm]`` tables: what is shipped, what is laid over it, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import settings
from agent.llm.adapters import ADAPTERS
from agent.llm.config import LLMConfig, load_config
from errors import BadSetting
from tests.agent.llm.gateway_rig import config_of


def loaded(
    folder: Path, *, environment: dict[str, str] | None = None, dotenv: str = "", toml: str = ""
) -> LLMConfig:
    (folder / "env").write_text(dotenv, "utf-8")
    (folder / "toml").write_text(toml, "utf-8")
    return load_config(
        settings.load(environment or {}, env_file=folder / "env", toml_file=folder / "toml")
    )


def test_as_shipped_no_model_is_named_and_every_chain_stands() -> None:
    config = config_of({})
    assert {name for name, row in config.providers.items() if row.model or row.api_key} == set()
    assert config.routes["policy"] == config.routes["order"] == config.routes["claim"] == ("local",)
    for name in ("general", "product_info", "unknown"):
        assert config.routes[name] == ("cloud",)
    assert config.routes["default"] == ("local", "cloud")
    assert {row.kind for row in config.providers.values()} <= {kind.kind for kind in ADAPTERS}
    assert {*config.local, *config.cloud} == set(config.providers)


def test_the_environment_wins_over_dotenv_over_toml(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        environment={"SANGDAM_LLM_OLLAMA_MODEL": "from-env"},
        dotenv="SANGDAM_LLM_OLLAMA_MODEL=from-dotenv\nSANGDAM_LLM_OPENAI_MODEL=dot\n",
        toml='[llm.providers.ollama]\nmodel = "from-toml"\ncontext_tokens = 4096\n',
    )
    row = config.providers["ollama"]
    assert (row.model, row.context_tokens, row.concurrency) == ("from-env", 4096, 4)
    assert config.providers["openai"].model == "dot"
    assert config.origins["providers.ollama.model"] == (
        ("environment", "from-env"), (".env", "from-dotenv"), ("sangdam.toml", "from-toml"),
    )  # fmt: skip
    assert config.origins["providers.ollama.context_tokens"] == (
        ("sangdam.toml", 4096), ("default", 8192),
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["OLLAMA_HOST", "OPENAI_BASE_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HTTP_PROXY"]
)
def test_foreign_variables_are_not_ours(tmp_path: Path, name: str) -> None:
    foreign = loaded(tmp_path, environment={name: "http://elsewhere.example"})
    assert foreign.providers == loaded(tmp_path).providers


def test_an_empty_variable_sets_nothing(tmp_path: Path) -> None:
    config = loaded(tmp_path, environment={"SANGDAM_LLM_OLLAMA_BASE_URL": ""})
    assert config.providers["ollama"].base_url == "http://127.0.0.1:11434"


def test_a_provider_of_ones_own_needs_only_its_rows() -> None:
    row = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "m", "local": True}
    config = config_of({"providers": {"mine": row}, "routes": {"delivery": ["mine", "cloud"]}})
    assert config.providers["mine"].local is True
    assert config.routes["delivery"] == ("mine", "cloud")
    assert config.routes["policy"] == ("local",)


def test_a_chain_is_replaced_whole() -> None:
    assert config_of({"local": ["midm"]}).local == ("midm",)


def test_a_price_may_have_a_dotted_name() -> None:
    prices = {"openai:gpt-4.1": {"input": 2, "output": 8, "cache_read": 0.5}}
    price = config_of({"prices": prices}).prices["openai:gpt-4.1"]
    assert (price.input, price.output, price.cache_read, price.cache_write) == (2, 8, 0.5, None)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"limits": {"first_token": 3}}, "first_token"),
        ({"limits": {"first_token_s": 0}}, "limits.first_token_s"),
        ({"limits": {"retries": 99}}, "limits.retries"),
        ({"budget": {"day_usd": -1}}, "budget.day_usd"),
        ({"speed": 3}, "speed"),
        ({"providers": {"x": {"model": "m"}}}, "providers.x.kind"),
        ({"providers": {"ollama": {"modle": "m"}}}, "modle"),
        ({"providers": {"ollama": {"schema": "yes"}}}, "providers.ollama.schema"),
        ({"providers": {"offline": {"kind": "ollama"}}}, "offline"),
        ({"providers": {"local": {"kind": "ollama"}}}, "local"),
        ({"routes": {"policy": ["olama"]}}, "olama"),
        ({"routes": {"policy": "local"}}, "policy"),
        ({"purposes": {"understand": ["gpt:4"]}}, "gpt:4"),
        ({"local": ["cloud"]}, "cloud"),
        ({"prices": {"a:b": {"input": 1}}}, "prices"),
        ({"prices": {"opnai:b": {"input": 1, "output": 2}}}, "opnai:b"),
        ({"providers": 3}, "providers에는 값이 아니라 표"),
        (3, r"\[llm\]으로"),
        ({"providers": {"olama": {"model": "m"}}}, "'olama'.*SANGDAM_LLM_OLAMA_"),
        ({"limits": {"total_s": "20s"}}, "total_s 값을 쓸 수 없습니다. 수로"),
        ({"limits": {"total_s": 9999}}, "total_s 값을 쓸 수 없습니다. 600 이하"),
        ({"providers": {"ollama": {"schema": "yes"}}}, "'native', 'json_object', 'none' 가운데"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(table: Any, named: str) -> None:
    with pytest.raises(BadSetting, match=named):
        config_of(table)


def test_a_refusal_shows_no_key() -> None:
    row = {"kind": 3, "api_key": "sk-secret", "headers": {"x-key": "sk-secret"}}
    with pytest.raises(BadSetting) as told:
        config_of({"providers": {"x": row}})
    assert "secret" not in str(told.value)


def test_keys_are_in_no_repr() -> None:
    row = {"kind": "openai", "api_key": "sk-secret", "headers": {"x-key": "sk-secret"},
           "base_url": "http://bob:secret@10.0.0.5/v1"}  # fmt: skip
    assert "secret" not in repr(config_of({"providers": {"x": row}}).providers["x"])


def test_the_whole_configuration_shows_no_key() -> None:
    row = {"kind": "openai", "api_key": "sk-secret"}
    assert "secret" not in repr(config_of({"providers": {"x": row}}))
