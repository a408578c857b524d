"""Which row decides, who stands in its chain, who is passed over and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from agent.flows import FLOWS
from agent.llm.adapters import ADAPTERS
from agent.llm.gateway import Gateway
from agent.llm.routing import LAST, check_rows, expand, plan, resolve
from agent.llm.types import Fallback, Route, Step
from errors import BadSetting
from tests.agent.llm.gateway_rig import config_of, rig_of, saying

DOMAINS = tuple(dict.fromkeys(flow.domain for flow in FLOWS.values()))
MODELS = {name: {"model": "m"} for name in ("ollama", "vllm", "midm", "anthropic", "openai")}


def steps(table: dict[str, Any], chain: Sequence[str]) -> list[tuple[str, str]]:
    config = config_of(table)
    return [(step.provider, step.model) for step in expand(config, tuple(chain))]


def test_groups_open_and_models_are_split_at_the_first_colon() -> None:
    table = {"providers": MODELS, "local": ["ollama:qwen3:8b", "midm"], "cloud": ["openai"]}
    assert steps(table, ["local", "openai:big:2026", "cloud"]) == [
        ("ollama", "qwen3:8b"), ("midm", "m"), ("openai", "big:2026"), ("openai", "m"),
    ]  # fmt: skip


def test_a_step_that_came_before_is_dropped_also_under_another_name() -> None:
    table = {"providers": MODELS, "local": ["ollama", "vllm"]}
    chain = ["ollama:m", "local", "vllm", "ollama:other"]
    assert steps(table, chain) == [("ollama", "m"), ("vllm", "m"), ("ollama", "other")]


def test_nobody_stands_behind_offline() -> None:
    assert steps({"providers": MODELS}, ["ollama", "offline", "openai"]) == [("ollama", "m")]


@pytest.fixture(scope="module")
def shipped() -> Gateway:
    """As shipped, but that each provider has a model and its key."""
    rows: dict[str, Any] = {name: {"model": "m", "api_key": "k"} for name in MODELS}
    rows["vllm"]["base_url"] = rows["midm"]["base_url"] = "http://127.0.0.1:1"
    return Gateway(config_of({"providers": rows}), adapters=ADAPTERS)


@pytest.mark.parametrize(
    ("domain", "rule", "first"),
    [
        ("policy", "routes.policy", "ollama"),
        ("order", "routes.order", "ollama"),
        ("claim", "routes.claim", "ollama"),
        ("general", "routes.general", "anthropic"),
        ("product_info", "routes.product_info", "anthropic"),
        ("unknown", "routes.unknown", "anthropic"),
        ("", "routes.default", "ollama"),
    ],
)
def test_as_shipped(shipped: Gateway, domain: str, rule: str, first: str) -> None:
    route = shipped.route(intent="no_row_of_its_own", domain=domain)
    assert (route.rule, route.steps[0].provider, route.steps[-1]) == (rule, first, LAST)


def test_every_flow_has_a_row_and_ends_offline(shipped: Gateway) -> None:
    for flow in FLOWS.values():
        route = shipped.route(intent=flow.intent, domain=flow.domain)
        assert route.rule != "routes.default"
        assert route.steps[-1] == LAST


def test_an_intents_row_wins_over_its_domains_and_a_purposes_over_both() -> None:
    script = {"a": [saying("a")], "b": [saying("b")], "c": [saying("c")]}
    routes = {"order": ["a"], "delivery": ["b"], "default": ["c"]}
    with rig_of(script, routes=routes, purposes={"understand": ["c"]}) as rig:
        route = rig.gateway.route
        assert route(intent="delivery", domain="order").rule == "routes.delivery"
        assert route(intent="cancel", domain="order").rule == "routes.order"
        assert route(intent="x", domain="y").steps[0] == Step("c", "c-1")
        understood = route(intent="delivery", domain="order", purpose="understand")
        assert (understood.rule, understood.steps[0].provider) == ("purposes.understand", "c")
        assert route(intent="delivery", purpose="test").rule == "routes.delivery"


def test_an_empty_row_turns_a_purpose_off() -> None:
    with rig_of({"a": [saying("a")]}, purposes={"understand": []}) as rig:
        assert rig.gateway.route(purpose="understand") == Route("purposes.understand", (LAST,))


def test_what_is_not_configured_is_skipped_with_the_missing_field() -> None:
    rows: dict[str, Any] = {"anthropic": {"model": "m"}, "vllm": {"model": "m"}}
    gateway = Gateway(config_of({"providers": rows, "routes": {"default": ["local", "cloud"]}}))
    route = gateway.route()
    assert route.steps == (LAST,)
    assert {row.provider: row.reason for row in route.skipped} == {
        "ollama": "unconfigured:model",
        "vllm": "unconfigured:base_url",
        "midm": "unconfigured:base_url",
        "anthropic": "unconfigured:api_key",
        "openai": "unconfigured:api_key",
        "openrouter": "unconfigured:api_key",
    }
    assert not gateway.configured


def test_a_model_named_in_a_chain_configures_its_provider() -> None:
    gateway = Gateway(config_of({"routes": {"default": ["ollama:qwen3:8b"]}}))
    assert gateway.route().steps == (Step("ollama", "qwen3:8b"), LAST)
    assert gateway.configured
    assert gateway.states()["ollama"].status == "ok"


def test_who_cannot_do_what_is_needed_is_skipped() -> None:
    rows: dict[str, Any] = {"a": {"tools": False}}
    with rig_of({"a": [saying("a")], "b": [saying("b")]}, rows=rows) as rig:
        route = rig.gateway.route(needs={"tools", "pictures"})
        assert route.steps == (Step("b", "b-1"), LAST)
        assert route.skipped == (Fallback("a", "capability:tools"),)
        assert rig.gateway.route().skipped == ()


def test_when_the_day_is_spent_only_local_ones_are_left() -> None:
    script = {"a": [saying("a")], "b": [saying("b")]}
    with rig_of(script, rows={"b": {"local": True}}, budget={"day_usd": 2.0}) as rig:
        rig.spent_usd = 1.99
        assert len(rig.gateway.route().steps) == 3
        rig.spent_usd = 2.0
        assert rig.gateway.route().steps == (Step("b", "b-1"), LAST)
        assert rig.gateway.route().skipped == (Fallback("a", "budget"),)


def test_the_plan_keeps_those_passed_over_at_their_places() -> None:
    table = {"providers": MODELS, "routes": {"default": ["ollama", "openai", "vllm", "midm"]}}
    config = config_of(table)
    reasons = {"ollama": "breaker_open", "openai": "unconfigured:api_key", "midm": "budget"}
    route = resolve(config, "routes.default", lambda step: reasons.get(step.provider, ""))
    assert route.steps == (Step("vllm", "m"), LAST)
    assert plan(config, route) == (
        Fallback("ollama", "breaker_open"), Step("vllm", "m"), Fallback("midm", "budget"),
    )  # fmt: skip


def test_a_route_made_by_hand_is_planned_as_it_stands() -> None:
    config = config_of({"providers": MODELS})
    by_hand = Route("test", (Step("openai", "x"), Step("ollama", "y")))
    assert plan(config, by_hand) == by_hand.steps


def test_the_shipped_rows_are_ones_that_are_asked_for() -> None:
    check_rows(config_of({}), intents=FLOWS, domains=DOMAINS)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"routes": {"polizy": ["local"]}}, "polizy"),
        ({"purposes": {"compose": ["local"]}}, "compose"),
        ({"purposes": {"translate": ["local"]}}, "translate"),
    ],
)
def test_a_row_that_nothing_asks_for_is_refused(table: dict[str, Any], named: str) -> None:
    with pytest.raises(BadSetting, match=named):
        check_rows(config_of(table), intents=FLOWS, domains=DOMAINS)


def test_an_intent_may_have_a_row_of_its_own() -> None:
    check_rows(config_of({"routes": {"refund_status": []}}), intents=FLOWS, domains=DOMAINS)


def test_a_provider_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BadSetting, match="telepathy"):
        Gateway(config_of({"providers": {"x": {"kind": "telepathy"}}}))
