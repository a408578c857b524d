"""What a call through the gateway ends in: the answer, the fallback, the error, the books."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from agent.llm.adapters import ADAPTERS
from agent.llm.gateway import Gateway
from agent.llm.routing import LAST
from agent.llm.types import (
    ChatMessage,
    Fallback,
    Final,
    Finished,
    Picture,
    Route,
    Spend,
    Step,
    Tag,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from errors import LLMError, NotFound, Unavailable
from tests.agent.llm.gateway_rig import ASKED, config_of, rig_of, saying
from tests.agent.llm.one_more_provider import Scripted

TOOL = ToolSpec("find", "상품을 찾아요", {"type": "object"})
CALL = ToolCall("1", "find", '{"query": "컵"}')
ONE_PRICE = {"a:a-1": {"input": 1.0, "output": 10.0}}
PRICES = {**ONE_PRICE, "b:b-1": {"input": 2.0, "output": 20.0}}


def test_one_file_and_one_line_add_a_provider() -> None:
    table = {
        "providers": {"new": {"kind": "scripted", "model": "m"}},
        "routes": {"default": ["new"]},
    }
    Scripted.reset()
    gateway = Gateway(config_of(table), adapters=(*ADAPTERS, Scripted))  # the line
    try:
        assert gateway.probe("new").models == ("scripted-1",)
        assert gateway.route().steps[0] == Step("new", "m")
    finally:
        gateway.close()


def test_an_answer_comes_in_pieces_with_what_it_used() -> None:
    script = [
        TextDelta("이틀 "),
        TextDelta(""),
        TextDelta("걸려요."),
        Finished("stop", Usage(20, 5), "a-1x"),
    ]
    with rig_of({"a": [script]}, prices=ONE_PRICE) as rig:
        *said, final = rig.pieces()
        assert said == [TextDelta("이틀 "), TextDelta("걸려요.")]
        assert isinstance(final, Final)
        assert (final.finish, final.usage, final.provider) == ("stop", Usage(20, 5), "a")
        assert (final.model, final.retries, final.fallbacks) == ("a-1x", 0, ())
        assert final.cost_usd == pytest.approx(70e-6)
        assert 0 < final.first_token_ms <= final.total_ms
        (call,) = rig.calls
        assert (call.provider, call.model, call.usage) == ("a", "a-1x", Usage(20, 5))
        assert (call.prompt, call.turn_id, call.conversation_id) == ("policy@1", "t-1", "c-1")
        assert (call.error, call.reason, call.fallbacks) == ("", "", 0)
        assert rig.failures == []
        state = rig.gateway.states()["a"]
        assert (state.status, state.last_error, state.in_flight) == ("ok", None, 0)
        assert state.latency_ms is not None


def test_the_adapter_is_asked_what_was_asked() -> None:
    with rig_of({"a": [saying("네")]}) as rig:
        rig.ask(max_tokens=77, temperature=0.2, stop=("끝",), schema={"type": "object"})
        ((_, ask),) = Scripted.asked
        assert (ask.model, ask.max_tokens, ask.temperature) == ("a-1", 77, 0.2)
        assert (ask.stop, ask.schema, ask.tools) == (("끝",), {"type": "object"}, ())


def test_nothing_is_asked_before_the_first_piece_is_wanted() -> None:
    with rig_of({"a": [saying("네")]}) as rig:
        rig.pieces()
        assert Scripted.asked == []
        assert rig.calls == []


@pytest.mark.parametrize("kind", ["auth", "not_found", "bad_request", "context_too_long",
                                  "malformed", "truncated", "timeout"])  # fmt: skip
def test_before_a_word_the_next_one_answers_without_a_retry(kind: Any) -> None:
    script = {"a": [[LLMError(kind, detail="no")]], "b": [saying("네")]}
    with rig_of(script, limits={"retries": 3}) as rig:
        text, _, final = rig.ask()
        assert (text, final.provider, final.retries) == ("네", "b", 0)
        assert final.fallbacks == (Fallback("a", kind),)
        assert rig.failures == [("a", kind)]
        assert (rig.calls[0].reason, rig.calls[0].fallbacks) == (kind, 1)
        state = rig.gateway.states()["a"]
        assert (state.status, state.last_error, state.last_detail) == ("degraded", kind, "no")
        assert state.last_error_at is not None


@pytest.mark.parametrize("kind", ["unreachable", "rate_limited", "overloaded"])
def test_what_may_pass_is_asked_again(kind: Any) -> None:
    script = {"a": [[LLMError(kind)], saying("네")], "b": [saying("아니요")]}
    with rig_of(script) as rig:
        text, _, final = rig.ask()
        assert (text, final.provider, final.retries, final.fallbacks) == ("네", "a", 1, ())
        assert (rig.calls[0].retries, rig.calls[0].reason) == (1, "")


def test_the_desks_own_words_are_the_last_to_answer() -> None:
    with rig_of({"a": [[LLMError("auth")]]}) as rig:
        text, _, final = rig.ask(draft="준비된 문구예요.")
        assert (text, final.provider, final.model) == ("준비된 문구예요.", "offline", "template")
        assert (final.usage, final.cost_usd) == (Usage(), 0.0)
        assert (rig.calls[0].provider, rig.calls[0].reason) == ("offline", "auth")


def test_without_own_words_the_last_error_is_raised() -> None:
    with rig_of({"a": [[LLMError("auth")]], "b": [[LLMError("malformed")]]}) as rig:
        with pytest.raises(LLMError) as told:
            rig.ask()
        error = told.value
        assert (error.kind, error.provider, error.emitted) == ("malformed", "b", False)
        assert (rig.calls[0].error, rig.calls[0].reason) == ("malformed", "auth")
        assert rig.calls[0].first_token_ms is None


def test_with_nobody_to_ask_it_says_so() -> None:
    with rig_of({"a": [saying("네")]}, rows={"a": {"model": ""}}) as rig:
        assert rig.ask(draft="문구예요.")[0] == "문구예요."
        with pytest.raises(Unavailable) as told:
            rig.ask()
        assert told.value.code == "model_not_configured"
        by_hand = Route("test", (Step("a", ""), Step("gone", "x")))
        with pytest.raises(Unavailable, match="없어요"):
            rig.ask(route=by_hand)
        assert [call.error for call in rig.calls] == ["", "not_configured", "not_configured"]
        assert Scripted.asked == []


def test_after_a_word_nobody_else_is_asked() -> None:
    script = {"a": [[TextDelta("이틀"), LLMError("overloaded")]], "b": [saying("네")]}
    with rig_of(script, prices=PRICES) as rig:
        said, error = rig.broken(draft="문구")
        assert said == [TextDelta("이틀")]
        assert (error.kind, error.provider, error.emitted) == ("overloaded", "a", True)
        assert [name for name, _ in Scripted.asked] == ["a"]
        (call,) = rig.calls
        assert (call.error, call.provider, call.usage.estimated) == ("overloaded", "a", True)
        assert call.cost_usd is not None
        assert call.cost_usd > 0


def test_a_call_of_a_tool_is_handed_out_when_its_reply_is_whole() -> None:
    good = [CALL, Finished("stop", Usage(9, 9))]
    with rig_of({"a": [[CALL, LLMError("truncated")]], "b": [good]}) as rig:
        text, calls, final = rig.ask(tools=(TOOL,))
        assert (text, calls) == ("", (CALL,))
        assert (final.finish, final.provider) == ("tool_calls", "b")


def test_a_call_that_nobody_offered_is_no_reply() -> None:
    script = {
        "a": [[CALL, Finished("tool_calls")]],
        "b": [[TextDelta("네"), CALL, Finished("tool_calls")]],
    }
    with rig_of(script) as rig:
        text, calls, final = rig.ask()
        assert (text, calls, final.finish, final.provider) == ("네", (), "stop", "b")
        assert rig.failures == [("a", "malformed")]


@pytest.mark.parametrize("lines", [[Finished("stop")], [TextDelta(" \n"), Finished("length")], []])
def test_a_reply_without_words_is_none(lines: list[Any]) -> None:
    with rig_of({"a": [lines], "b": [saying("네")]}) as rig:
        text, _, final = rig.ask()
        assert (text, final.provider) == ("네", "b")
        assert rig.failures == [("a", "malformed" if lines else "truncated")]


def test_blanks_before_the_first_word_go_out_with_it() -> None:
    with rig_of({"a": [saying("\n", "  네", " ", "요")]}) as rig:
        assert [p.text for p in rig.pieces() if isinstance(p, TextDelta)] == ["\n  네", " ", "요"]


def test_a_reply_that_was_cut_at_its_length_is_delivered() -> None:
    with rig_of({"a": [[TextDelta("길어"), Finished("length")]]}) as rig:
        text, _, final = rig.ask()
        assert (text, final.finish) == ("길어", "length")


def test_a_reply_without_end_is_cut() -> None:
    with rig_of(
        {"a": [saying(*["가나다라마바사아자차"] * 50)]}, limits={"max_output_chars": 100}
    ) as rig:
        said, error = rig.broken()
        assert (error.kind, error.emitted) == ("malformed", True)
        assert len(said) == 10


def test_what_a_client_does_unexpectedly_is_told_without_its_words() -> None:
    boom = RuntimeError("Bearer sk-secret")
    with rig_of({"a": [[boom]], "b": [saying("네")]}) as rig:
        assert rig.ask()[0] == "네"
        detail = rig.gateway.states()["a"].last_detail
        assert detail.startswith("unexpected RuntimeError at one_more_provider.py:")
        assert "secret" not in detail


def test_a_prompt_that_cannot_fit_is_not_sent() -> None:
    rows = {"a": {"context_tokens": 1000}}
    long = (ChatMessage("user", "가" * 900),)
    with rig_of({"a": [saying("a")], "b": [saying("b")]}, rows=rows) as rig:
        assert rig.ask(messages=long, max_tokens=101)[2].fallbacks == (
            Fallback("a", "context_too_long"),
        )
        assert rig.ask(messages=long, max_tokens=100)[2].provider == "a"
        assert [name for name, _ in Scripted.asked] == ["b", "a"]


def test_a_server_that_cuts_a_prompt_in_silence_is_noticed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    long = (ChatMessage("user", "가" * 4000),)
    with (
        rig_of({"a": [[TextDelta("네"), Finished("stop", Usage(1024, 5))]]}) as rig,
        caplog.at_level(logging.WARNING, "sangdam.llm"),
    ):
        assert rig.ask()[0] == "네"
        assert rig.gateway.states()["a"].last_detail == ""
        assert rig.ask(messages=long)[0] == "네"
        state = rig.gateway.states()["a"]
        assert (state.status, "4,000토큰 가운데 1,024토큰만" in state.last_detail) == ("ok", True)
        assert "1024" in caplog.text


def test_pictures_and_tools_go_to_who_can() -> None:
    seen = (ChatMessage("user", "뭐예요?", (Picture("image/png", b"x"),)),)
    with rig_of({"a": [saying("a")], "b": [saying("b")]}, rows={"a": {"tools": False}}) as rig:
        final = rig.ask(tools=(TOOL,))[2]
        assert (final.provider, final.fallbacks) == ("b", (Fallback("a", "capability:tools"),))
        after_a_tool = (ChatMessage("tool", "{}", call_id="1", name="find"),)
        assert rig.ask(messages=after_a_tool)[2].provider == "b"
        assert rig.ask(messages=seen)[2].provider == "a"


def test_a_turn_that_has_spent_its_share_asks_no_model() -> None:
    told = [TextDelta("네"), Finished("stop", Usage(600, 400))]
    with rig_of({"a": [told]}, prices=ONE_PRICE, budget={"turn_tokens": 1500}) as rig:
        spend = Spend()
        assert rig.ask(spend=spend, draft="문구")[2].provider == "a"
        assert (spend.tokens, spend.usd) == (1000, pytest.approx(4.6e-3))
        assert rig.ask(spend=spend, draft="문구")[2].provider == "a"
        final = rig.ask(spend=spend, draft="문구")[2]
        assert (final.provider, final.fallbacks) == ("offline", (Fallback("a", "budget"),))
        with pytest.raises(Unavailable) as refused:
            rig.ask(spend=spend)
        assert refused.value.code == "model_budget"
        assert spend.tokens == 2000


def test_money_of_a_turn_is_bounded_too() -> None:
    told = [TextDelta("네"), Finished("stop", Usage(600, 400))]
    with rig_of({"a": [told]}, prices=ONE_PRICE, budget={"turn_usd": 0.004}) as rig:
        spend = Spend()
        assert [rig.ask(spend=spend, draft="문구")[2].provider for _ in range(2)] == [
            "a",
            "offline",
        ]


def test_a_day_that_is_spent_leaves_the_local_ones() -> None:
    script = {"a": [saying("a")], "b": [saying("b")]}
    with rig_of(script, rows={"b": {"local": True}}, budget={"day_usd": 1}) as rig:
        route = rig.gateway.route()
        rig.spent_usd = 1.0
        final = rig.ask(route=route)[2]
        assert (final.provider, final.fallbacks) == ("b", (Fallback("a", "budget"),))
        assert final.cost_usd == 0.0


def test_what_a_failed_reply_cost_is_not_forgotten() -> None:
    empty = [Finished("stop", Usage(1000, 0))]
    good = [TextDelta("네"), Finished("stop", Usage(1000, 100))]
    with rig_of({"a": [empty], "b": [good]}, prices=PRICES) as rig:
        final = rig.ask()[2]
        assert final.usage == Usage(2000, 100)
        assert final.cost_usd == pytest.approx(0.001 + 0.002 + 0.002)


def test_an_unknown_price_makes_an_unknown_sum() -> None:
    with rig_of({"a": [saying("네")]}) as rig:
        assert rig.ask()[2].cost_usd is None
        assert rig.calls[0].cost_usd is None


def test_books_that_fail_lose_no_reply() -> None:
    Scripted.reset()
    table = {"providers": {"a": {"kind": "scripted", "model": "m"}}, "routes": {"default": ["a"]}}

    def fail(*told: object) -> None:
        raise OSError("disk full")

    gateway = Gateway(config_of(table), adapters=(*ADAPTERS, Scripted), record=fail, failed=fail)
    Scripted.script["a"] = [[LLMError("overloaded")], saying("네")]
    try:
        said = list(gateway.complete(gateway.route(), ASKED, tag=Tag("compose")))
        assert said[0] == TextDelta("네")
    finally:
        gateway.close()


def test_a_probe_asks_for_the_models() -> None:
    with rig_of(
        {"a": [[LLMError("auth", detail="bad key")]], "b": [[]]}, rows={"b": {"model": ""}}
    ) as rig:
        bad, good = rig.gateway.probe("a"), rig.gateway.probe("b")
        assert (bad.success, bad.error_kind, bad.detail) == (False, "auth", "bad key")
        assert (good.success, good.models) == (True, ("scripted-1",))
        assert good.target_url == "http://scripted.invalid"
        assert rig.gateway.probe("scripted").error_kind == "auth"  # a kind: its first one
        assert rig.gateway.probe("anthropic").error_kind == "unconfigured:api_key"
        assert rig.gateway.probe("offline").models == (LAST.model,)
        with pytest.raises(NotFound, match="offline"):
            rig.gateway.probe("nobody")
        assert rig.failures == []
        assert rig.calls == []
