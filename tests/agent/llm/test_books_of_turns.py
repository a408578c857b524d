"""The books of every ending of a turn: its row, its calls, the day's sums and the metrics agree."""

from __future__ import annotations

import json
from time import monotonic, sleep
from typing import Any

import pytest

from agent.types import Caller, Delta
from services import Services
from services.diagnostics import Diagnostics
from services.live_turn import LiveTurn
from services.openai_chat import Asker, OpenAIChat, Said
from store import llm_calls
from store.llm_calls import LlmCall
from tests.agent.llm.conftest import Live
from tests.llmserver import LLMServer, Reply, providers_table
from tests.llmserver.reply import Body

ASKED = "커피 어디쯤 왔어요?"
GOOD = "네, 커피는 지금 배송 중이에요."
STAFF, ADMIN = Caller("staff", "staff_001"), Caller("admin", "admin_001")
QUICK = {"first_token_s": 0.6, "total_s": 3.0, "retries": 1}
PRICES = {
    "one:tiny": {"input": 100.0, "output": 200.0, "cache_read": 10.0, "cache_write": 125.0},
    "two:tiny": {"input": 300.0, "output": 400.0},
}
BOTH = {"prices": PRICES, "budget": {"turn_usd": 0, "turn_tokens": 0, "day_usd": 0}}
CLOUD = {**BOTH, "prices": {"one:tiny": PRICES["one:tiny"]}}


def row(server: LLMServer, kind: str = "openai", **more: Any) -> dict[str, Any]:
    """A provider that costs what ``PRICES`` says."""
    return {**providers_table(server, kind), "local": False, **more}


def ended(turn: LiveTurn) -> LiveTurn:
    assert turn.wait(20)
    return turn


def ask(shop: Services, caller: Caller, text: str = ASKED) -> tuple[dict[str, Any], list[LlmCall]]:
    """The row of a turn that has ended and the calls of its models, checked against each other."""
    turn = ended(shop.turns.start(caller, text))
    assert turn.message is not None, turn.error
    said = "".join(event.text for event in turn.events() if isinstance(event, Delta))
    assert said == turn.message.content
    return books(shop, turn)


def books(shop: Services, turn: LiveTurn) -> tuple[dict[str, Any], list[LlmCall]]:
    with shop.database.read() as tx:
        kept = tx.row("select * from turns where turn_id = ?", (turn.turn_id,))
        calls = llm_calls.of_turn(tx, turn.turn_id)
    assert kept is not None
    agree(kept, calls)
    sums_agree(shop)
    return kept, calls


def agree(kept: dict[str, Any], calls: list[LlmCall]) -> None:
    """A turn's row is the sum of its calls."""
    assert kept["prompt_tokens"] == sum(call.input_tokens for call in calls)
    assert kept["completion_tokens"] == sum(call.output_tokens for call in calls)
    assert kept["cached_tokens"] == sum(call.cached_tokens for call in calls)
    costs = [call.cost_usd for call in calls]
    if None in costs:
        assert kept["cost_usd"] is None
    else:
        assert kept["cost_usd"] == pytest.approx(sum(filter(None, costs)))
    assert kept["retries"] == sum(call.retries for call in calls)
    assert kept["fallbacks"] == sum(call.fallbacks for call in calls)
    reasons = [call.reason for call in calls if call.reason]
    assert kept["fallback_reason"] == (reasons[0] if reasons else "")


def sums_agree(shop: Services) -> None:
    """The days' sums are those of the calls, and so are the metrics."""
    with shop.database.read() as tx:
        rows = tx.rows(
            "select provider, count(*) calls, sum(error not in ('', 'cancelled')) errors, "
            "sum(input_tokens) input_tokens, sum(output_tokens) output_tokens, "
            "sum(cached_tokens) cached_tokens, total(cost_usd) cost_usd, "
            "sum(cost_usd is null) unpriced from llm_calls group by provider order by provider"
        )
        days = tx.rows(
            "select provider, sum(calls) calls, sum(errors) errors, "
            "sum(input_tokens) input_tokens, sum(output_tokens) output_tokens, "
            "sum(cached_tokens) cached_tokens, total(cost_usd) cost_usd, "
            "sum(unpriced) unpriced from llm_days group by provider order by provider"
        )
    assert days == [{**one, "cost_usd": pytest.approx(one["cost_usd"])} for one in rows]
    for one in rows:
        for kind, name in (("prompt", "input_tokens"), ("completion", "output_tokens")):
            assert (
                metric(shop, "llm_tokens_total", provider=one["provider"], kind=kind) == one[name]
            )
        assert metric(shop, "llm_cost_usd_total", provider=one["provider"]) == pytest.approx(
            one["cost_usd"]
        )


def metric(shop: Services, name: str, **labels: str) -> float:
    return shop.metrics.registry.get_sample_value(f"sangdam_{name}", labels) or 0.0


def test_the_first_provider_answers(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(GOOD, usage=(1000, 50, 400)))
    kept, [call] = ask(live(QUICK, CLOUD, one=row(server)), minji)
    assert (call.cached_tokens, call.error, call.reason) == (400, "", "")
    assert call.cost_usd == pytest.approx((600 * 100 + 400 * 10 + 50 * 200) / 1e6)
    assert (kept["provider"], kept["model"]) == ("one", "tiny")
    assert call.prompt == kept["prompt"] != ""
    assert 0 < (call.first_token_ms or 0) <= call.latency_ms


def test_the_second_provider_answers(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(status=500))
    with LLMServer(Reply(GOOD, usage=(10, 5, 0))) as second:
        kept, [call] = ask(live(QUICK, BOTH, one=row(server), two=row(second)), minji)
    assert (kept["provider"], kept["fallbacks"], kept["retries"]) == ("two", 1, 1)
    assert (call.reason, call.error) == ("overloaded", "")


def test_nobody_answers(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(status=401))
    with LLMServer(Reply(status=500)) as second:
        kept, [call] = ask(live(QUICK, BOTH, one=row(server), two=row(second)), minji)
    assert (kept["provider"], kept["model"]) == ("offline", "template")
    assert (kept["fallbacks"], kept["fallback_reason"]) == (2, "auth")
    assert call.error == "overloaded"


def test_a_provider_that_is_not_asked_any_more(
    live: Live, server: LLMServer, minji: Caller
) -> None:
    server.say(Reply(status=500))
    shop = live({**QUICK, "breaker_failures": 1, "retries": 0}, CLOUD, one=row(server))
    ask(shop, minji)
    count = len(server.asked)
    kept, _ = ask(shop, minji)
    assert len(server.asked) == count
    assert (kept["provider"], kept["fallbacks"], kept["fallback_reason"]) == (
        "offline", 1, "breaker_open",
    )  # fmt: skip


def test_a_days_budget_that_is_spent(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(GOOD, usage=(1000, 50, 0)))
    shop = live(QUICK, {**CLOUD, "budget": {"day_usd": 0.05}}, one=row(server))
    ask(shop, minji)
    kept, _ = ask(shop, minji)
    assert len(server.asked) == 1
    assert (kept["provider"], kept["fallback_reason"]) == ("offline", "budget")


def test_words_that_do_not_hold(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(f"{GOOD} 주문번호는 O-999999이고 99,000원이에요. 또 봐요.", usage=(70, 9, 0)))
    kept, [call] = ask(live(QUICK, CLOUD, one=row(server)), minji)
    assert "ungrounded_model_reply" in kept["guardrails"]
    assert call.output_tokens > 0


def test_a_stop_midway(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(f"{GOOD} 조금만 기다려 주세요.", fault="stall", after=7))
    shop = live(None, CLOUD, one=row(server))
    turn = shop.turns.start(minji, ASKED)
    for event in turn.events():
        if isinstance(event, Delta):
            break
    turn.stop()
    kept, [call] = books(shop, ended(turn))
    assert (kept["status"], call.error) == ("stopped", "cancelled")
    assert call.estimated
    assert call.output_tokens > 0


def test_a_failure_midway(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(f"{GOOD} 그리고 곧", fault="cut", after=6))
    kept, [call] = ask(live(QUICK, CLOUD, one=row(server)), minji)
    assert call.error in ("unreachable", "truncated")
    assert kept["fallback_reason"] == call.reason == call.error


def test_a_model_without_a_price_costs_nobody_knows_what(
    live: Live, server: LLMServer, minji: Caller
) -> None:
    server.say(Reply(GOOD))
    kept, _ = ask(live(QUICK, {**CLOUD, "prices": {}}, one=row(server)), minji)
    assert kept["cost_usd"] is None


def test_a_local_model_costs_nothing(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(GOOD))
    kept, _ = ask(live(QUICK, {**CLOUD, "prices": {}}, one=row(server, local=True)), minji)
    assert kept["cost_usd"] == 0


def test_a_cache_that_was_read(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(GOOD, usage=(1000, 50, 400)))
    _, [call] = ask(live(QUICK, CLOUD, one=row(server, "anthropic")), minji)
    assert (call.input_tokens, call.cached_tokens) == (1000, 400)


def test_an_empty_reply_costs_its_own_price(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply("", usage=(500, 1, 0)))
    with LLMServer(Reply(GOOD, usage=(10, 5, 0))) as second:
        kept, _ = ask(live(QUICK, BOTH, one=row(server), two=row(second)), minji)
    assert kept["cost_usd"] == pytest.approx((500 * 100 + 200 + 10 * 300 + 5 * 400) / 1e6)


def test_reading_tools_and_wording(live: Live, server: LLMServer, minji: Caller) -> None:
    def answer(body: Body) -> Reply:
        if "intent" in str(body["messages"][0]["content"]):
            told = {"intent": "product_info", "confidence": 0.9, "products": []}
            return Reply(json.dumps(told), usage=(100, 10, 0))
        if body.get("tools") and not any(one["role"] == "tool" for one in body["messages"]):
            return Reply("", calls=[("calculate", {"expression": "1+1"})], usage=(200, 20, 0))
        return Reply("네, 도와드릴게요.", usage=(300, 30, 0))

    server.say(answer)
    more = {**CLOUD, "purposes": {"understand": ["one"]}}
    shop = live({**QUICK, "understand_below_percent": 100}, more, one=row(server))
    kept, calls = ask(shop, minji, "그거 있잖아요 저번에 그 건 어케 됐는지 봐줘요 쫌")
    assert [call.purpose for call in calls] == ["understand", "compose", "compose"]
    assert kept["prompt_tokens"] == 600
    assert calls[0].prompt.startswith("understand@")


def test_a_reading_that_is_wrong_twice(live: Live, server: LLMServer, minji: Caller) -> None:
    def answer(body: Body) -> Reply:
        if "intent" in str(body["messages"][0]["content"]):
            return Reply("모르겠어요", usage=(100, 10, 0))
        return Reply(GOOD, usage=(300, 30, 0))

    server.say(answer)
    more = {**CLOUD, "purposes": {"understand": ["one"]}}
    shop = live({**QUICK, "understand_below_percent": 100}, more, one=row(server))
    _, calls = ask(shop, minji)
    assert [call.purpose for call in calls] == ["understand", "understand", "compose"]


def test_a_reading_that_fails_the_second_time(live: Live, server: LLMServer, minji: Caller) -> None:
    bad = iter([Reply("모르겠어요", usage=(100, 10, 0)), Reply(status=400)])

    def answer(body: Body) -> Reply:
        if "intent" in str(body["messages"][0]["content"]):
            return next(bad)
        return Reply(GOOD, usage=(300, 30, 0))

    server.say(answer)
    more = {**CLOUD, "purposes": {"understand": ["one"]}}
    shop = live({**QUICK, "understand_below_percent": 100}, more, one=row(server))
    kept, calls = ask(shop, minji)
    assert [call.error for call in calls] == ["", "bad_request", ""]
    assert kept["prompt_tokens"] == 400


def test_what_is_asked_beside_turns(live: Live, server: LLMServer, minji: Caller) -> None:
    """A text by role, a trial, the model alone and a summary are in the sums, and stay there."""
    server.say(Reply(GOOD, usage=(1000, 50, 400)))
    more = {**CLOUD, "purposes": {"generate": ["one"], "summarise": ["one"]}}
    shop = live({**QUICK, "history_tokens": 1}, more, one=row(server))
    product = {"product": "이어폰"}
    shop.llm.generate(STAFF, role="copywriter", task="sns", payload=product)
    list(Diagnostics(shop).generate(ADMIN, "one"))
    anybody = Asker(Caller(guest_key="g"), None, frozenset())
    list(OpenAIChat(shop).complete(anybody, [Said("user", "안녕")]))
    turn = ended(shop.turns.start(minji, ASKED))
    until = monotonic() + 10
    while len(purposes(shop)) < 5 and monotonic() < until:
        sleep(0.02)
    kept, [call] = books(shop, turn)
    assert kept["cost_usd"] == pytest.approx(call.cost_usd)
    everything = {"generate", "test", "passthrough", "compose", "summarise"}
    assert purposes(shop) == everything
    shop.delete_conversation(minji, turn.session_id or "")
    assert purposes(shop) == everything
    sums_agree(shop)
    with shop.database.read() as tx:
        assert tx.rows("select * from llm_calls where turn_id is not null") == []


def purposes(shop: Services) -> set[str]:
    with shop.database.read() as tx:
        return {one["purpose"] for one in tx.rows("select purpose from llm_days")}
