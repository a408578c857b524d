"""The gateway under time: deadlines, waits, the breaker, many at once, and whoever leaves."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from agent.llm.adapters import ADAPTERS
from agent.llm.types import (
    Ask,
    Cancelled,
    Endpoint,
    Fallback,
    Final,
    Finished,
    Spend,
    TextDelta,
    ToolCall,
    ToolSpec,
)
from errors import LLMError, Unavailable
from tests.agent.llm.gateway_rig import Rig, config_of, rig_of, saying
from tests.agent.llm.one_more_provider import Scripted

LONG = 60.0


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def left_alone(rig: Rig) -> bool:
    """Whether no reply is being read any more, within a second."""
    end = time.monotonic() + 1
    while time.monotonic() < end:
        if not any(Scripted.now.values()) and not any(
            state.in_flight for state in rig.gateway.states().values()
        ):
            return True
        time.sleep(0.01)
    return False


def tasks_of(rig: Rig) -> int:
    """Tasks on the gateway's loop, but the one that counts."""

    async def count() -> int:
        await asyncio.sleep(0)
        return len(asyncio.all_tasks()) - 1

    return rig.gateway._io.run(count)


@pytest.mark.parametrize("quiet", [[LONG], [TextDelta(" "), LONG], [TextDelta(""), LONG]])
def test_who_does_not_begin_in_time_is_left(quiet: list[Any]) -> None:
    script = {"a": [quiet], "b": [saying("네")]}
    with rig_of(script, limits={"first_token_s": 0.5}) as rig, within(1.6):
        final = rig.ask()[2]
        assert (final.provider, final.fallbacks) == ("b", (Fallback("a", "timeout"),))
        assert left_alone(rig)
        assert rig.gateway.states()["a"].last_detail.startswith("no word after ")


def test_a_tools_call_counts_as_having_begun() -> None:
    call = ToolCall("1", "find", "{}")
    with rig_of({"a": [[call, 0.8, Finished("stop")]]}, limits={"first_token_s": 0.5}) as rig:
        assert rig.ask(tools=(ToolSpec("find", "", {}),))[1] == (call,)


def test_the_whole_ends_at_its_deadline_after_words_too() -> None:
    script = {"a": [[TextDelta("이틀"), LONG]], "b": [saying("네")]}
    with rig_of(script) as rig, within(1.4):
        with pytest.raises(LLMError) as told:
            rig.ask(deadline_s=0.4, draft="문구")
        assert (told.value.kind, told.value.emitted) == ("timeout", True)
        assert [name for name, _ in Scripted.asked] == ["a"]
        assert left_alone(rig)


def test_several_that_are_silent_share_one_deadline() -> None:
    script = {name: [[LONG]] for name in "abc"}
    with rig_of(script, limits={"first_token_s": 0.3}) as rig, within(1.5):
        text, _, final = rig.ask(deadline_s=0.5, draft="문구")
        assert (text, final.provider) == ("문구", "offline")
        assert [row.provider for row in final.fallbacks] == ["a", "b"]


def test_no_time_at_all_is_a_timeout() -> None:
    with rig_of({"a": [saying("네")]}) as rig:
        with pytest.raises(LLMError) as told:
            rig.ask(deadline_s=0)
        assert (told.value.kind, told.value.provider) == ("timeout", "a")
        assert rig.ask(deadline_s=0, draft="문구")[2].fallbacks == (Fallback("a", "timeout"),)
        assert Scripted.asked == []


def test_a_server_that_asks_to_wait_is_waited_for() -> None:
    script = {"a": [[LLMError("rate_limited", retry_after_s=0.3)], saying("네")]}
    with rig_of(script) as rig:
        began = time.monotonic()
        assert rig.ask()[2].retries == 1
        assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(("asked_s", "deadline_s"), [(3.5, 5.0), (2.0, 1.0)])
def test_but_not_beyond_the_cap_or_the_deadline(asked_s: float, deadline_s: float) -> None:
    script = {"a": [[LLMError("rate_limited", retry_after_s=asked_s)]], "b": [saying("네")]}
    with rig_of(script) as rig, within(1.0):
        final = rig.ask(deadline_s=deadline_s)[2]
        assert (final.provider, final.retries) == ("b", 0)


def test_who_keeps_failing_is_not_asked_and_then_tried_by_one() -> None:
    limits = {"breaker_failures": 2, "breaker_cooldown_s": 1.0, "retries": 0}
    fails = [LLMError("malformed")]
    script = {"a": [fails, fails, [0.3, *saying("네")]], "b": [saying("b")]}
    with rig_of(script, limits=limits) as rig:
        stale = rig.gateway.route()
        assert [rig.ask()[2].provider for _ in range(2)] == ["b", "b"]
        assert rig.turns == [("a", "open")]
        assert rig.gateway.states()["a"].status == "down"
        assert rig.gateway.route().skipped == (Fallback("a", "breaker_open"),)
        for route in (rig.gateway.route(), stale):
            assert rig.ask(route=route)[2].fallbacks == (Fallback("a", "breaker_open"),)
        assert len([name for name, _ in Scripted.asked if name == "a"]) == 2
        time.sleep(1.1)
        answered = at_once(rig, 3)
        assert sorted(final.provider for final in answered) == ["a", "b", "b"]
        assert rig.turns[1:] == [("a", "half_open"), ("a", "closed")]
        assert rig.gateway.states()["a"].status == "ok"


def test_when_all_are_left_alone_the_error_says_so() -> None:
    limits = {"breaker_failures": 1, "retries": 0}
    with rig_of({"a": [[LLMError("malformed")]]}, limits=limits) as rig:
        for kind in ("malformed", "unreachable"):
            with pytest.raises(LLMError) as told:
                rig.ask()
            assert (told.value.kind, told.value.provider) == (kind, "a")


def test_a_wrong_request_opens_no_breaker() -> None:
    script = {"a": [[LLMError("bad_request")]], "b": [saying("b")]}
    with rig_of(script, limits={"breaker_failures": 1}) as rig:
        for _ in range(3):
            assert rig.ask()[2].fallbacks == (Fallback("a", "bad_request"),)
        assert rig.turns == []


def test_who_got_the_rest_of_a_deadline_is_not_blamed_for_it() -> None:
    script = {"a": [[LONG]], "b": [[LONG]]}
    limits = {"first_token_s": 0.4, "breaker_failures": 1}
    with rig_of(script, limits=limits) as rig:
        rig.ask(deadline_s=0.5, draft="문구")
        assert rig.turns == [("a", "open")]


def test_a_try_that_is_given_up_leaves_the_right_to_the_next() -> None:
    limits = {"breaker_failures": 1, "breaker_cooldown_s": 0.1, "retries": 0}
    with rig_of({"a": [[LLMError("malformed")], [LONG], saying("네")]}, limits=limits) as rig:
        rig.ask(draft="문구")
        time.sleep(0.15)
        gone = threading.Event()
        threading.Timer(0.2, gone.set).start()
        with pytest.raises(Cancelled):
            rig.ask(cancel=gone)
        assert left_alone(rig)
        assert rig.ask()[2].provider == "a"


def at_once(rig: Rig, count: int, **asked: Any) -> list[Final]:
    finals: list[Final] = []
    threads = [
        threading.Thread(target=lambda: finals.append(rig.ask(**asked)[2])) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(finals) == count
    return finals


def test_a_provider_answers_so_many_at_a_time_and_the_others_wait() -> None:
    with rig_of({"a": [[0.1, *saying("네")]]}, rows={"a": {"concurrency": 3}}) as rig:
        assert {final.provider for final in at_once(rig, 12, draft="문구")} == {"a"}
        assert Scripted.most["a"] == 3


def test_who_waits_for_a_place_too_long_goes_to_the_next() -> None:
    script = {"a": [[TextDelta("네"), 1.2, Finished("stop")]], "b": [saying("b")]}
    rows = {"a": {"concurrency": 1}}
    with rig_of(script, rows=rows, limits={"first_token_s": 0.5}) as rig:
        finals = at_once(rig, 2)
        assert sorted(final.provider for final in finals) == ["a", "b"]
        assert {final.fallbacks for final in finals} == {(), (Fallback("a", "overloaded"),)}
        assert {final.retries for final in finals} == {0}
        assert rig.failures == []  # it was never asked
        assert rig.turns == []


def test_fifty_at_once_leave_nothing_behind() -> None:
    rows = {"a": {"concurrency": 50}}
    with rig_of({"a": [[0.5, *saying(*"가나다라마")]]}, rows=rows) as rig:
        rig.ask()
        before = threading.active_count()
        with within(3):
            assert {final.provider for final in at_once(rig, 50)} == {"a"}
        assert Scripted.most["a"] == 50
        assert threading.active_count() == before
        assert tasks_of(rig) == 0
        assert len(rig.calls) == 51


@pytest.mark.parametrize("lines", [[LONG], [TextDelta("이틀"), LONG]])
def test_stop_is_heard_at_once(lines: list[Any]) -> None:
    with rig_of({"a": [lines], "b": [saying("b")]}) as rig:
        gone = threading.Event()
        told_at: list[float] = []
        threading.Timer(0.3, lambda: (told_at.append(time.monotonic()), gone.set())).start()
        with pytest.raises(Cancelled):
            rig.ask(cancel=gone)
        assert time.monotonic() - told_at[0] < 1.2
        assert left_alone(rig)
        assert tasks_of(rig) == 0
        # Booked only where something came of it.
        assert [call.error for call in rig.calls] == ["cancelled"] * (len(lines) - 1)
        assert rig.failures == []


def test_stop_before_the_start_asks_nobody() -> None:
    with rig_of({"a": [saying("네")]}) as rig:
        gone = threading.Event()
        gone.set()
        with pytest.raises(Cancelled):
            rig.ask(cancel=gone)
        assert Scripted.asked == []


def test_closing_the_iterator_gives_the_call_up_and_books_what_was_used() -> None:
    with rig_of({"a": [[TextDelta("이틀 걸려요"), LONG]]}) as rig:
        spend = Spend()
        pieces = rig.pieces(spend=spend)
        assert next(pieces) == TextDelta("이틀 걸려요")
        pieces.close()
        assert left_alone(rig)
        (call,) = rig.calls
        assert (call.error, call.usage.estimated) == ("cancelled", True)
        assert call.usage.output_tokens == 6
        assert spend.tokens == call.usage.input_tokens + 6


def test_closing_the_gateway_ends_calls_and_its_thread() -> None:
    with rig_of({"a": [[LONG]]}) as rig:
        ended: list[BaseException] = []

        def ask() -> None:
            try:
                rig.ask()
            except Unavailable as error:
                ended.append(error)

        asker = threading.Thread(target=ask)
        asker.start()
        while not Scripted.now.get("a"):
            time.sleep(0.01)
        rig.gateway.close()
        asker.join(2)
        assert [type(error) for error in ended] == [Unavailable]
        assert "llm" not in {thread.name for thread in threading.enumerate()}
        with pytest.raises(Unavailable, match="다시 시작하는"):
            rig.ask()
        rig.gateway.close()


class Stubborn(Scripted):
    """Does not let itself be cancelled, and goes on talking."""

    kind = "stubborn"

    async def stream(self, ask: Ask) -> AsyncGenerator[TextDelta | ToolCall | Finished, None]:
        for _ in range(8):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.8)
            yield TextDelta("네")
        yield Finished("stop")


def test_a_client_that_swallows_the_deadline_is_left_all_the_same() -> None:
    row = {"model": "m"}
    table = {
        "providers": {"s": {"kind": "stubborn", **row}, "b": {"kind": "scripted", **row}},
        "routes": {"default": ["s", "b"]},
        "limits": {"first_token_s": 0.5},
    }
    Scripted.reset()
    rig = Rig(config_of(table), (*ADAPTERS, Scripted, Stubborn))
    try:
        text, _, final = rig.ask()
        assert (text, final.provider, final.fallbacks) == ("네", "b", (Fallback("s", "timeout"),))
    finally:
        rig.gateway.close()


class Slow(Scripted):
    """Takes its time to be made, as an SDK's import does."""

    kind = "slow"
    go_on = threading.Event()
    made = 0

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.go_on.wait(5)
        type(self).made += 1


def test_making_a_client_holds_nobody_up_and_happens_once() -> None:
    row = {"model": "m"}
    table = {
        "providers": {"s": {"kind": "slow", **row}, "b": {"kind": "scripted", **row}},
        "routes": {"default": ["s"], "order": ["b"]},
        "limits": {"first_token_s": 0.5},
    }
    Scripted.reset()
    rig = Rig(config_of(table), (*ADAPTERS, Scripted, Slow))
    try:
        slow = threading.Thread(target=at_once, args=(rig, 3))
        slow.start()
        assert rig.ask(route=rig.gateway.route(domain="order"))[2].provider == "b"
        assert Slow.made == 0
        gone = threading.Event()
        threading.Timer(0.1, gone.set).start()
        with pytest.raises(Cancelled):  # who gives up leaves the client to the others
            rig.ask(cancel=gone)
        time.sleep(0.6)  # longer than a first word may take: that clock has not begun
        Slow.go_on.set()
        slow.join()
        assert (Slow.made, rig.failures) == (1, [])
        rig.gateway.warm()
        assert Slow.made == 1
    finally:
        Slow.go_on.set()
        rig.gateway.close()


class Broken(Scripted):
    """Cannot be made."""

    kind = "broken"

    def __init__(self, endpoint: Endpoint) -> None:
        raise ValueError("key sk-secret")


def test_a_client_that_cannot_be_made_is_passed_over() -> None:
    row = {"model": "m"}
    table = {
        "providers": {"x": {"kind": "broken", **row}, "b": {"kind": "scripted", **row}},
        "routes": {"default": ["x", "b"]},
    }
    Scripted.reset()
    rig = Rig(config_of(table), (*ADAPTERS, Scripted, Broken))
    try:
        assert [rig.ask()[2].provider for _ in range(2)] == ["b", "b"]
        assert rig.failures == [("x", "bad_request")] * 2
        detail = "the client could not be made: ValueError"
        assert rig.gateway.states()["x"].last_detail == detail
        assert rig.gateway.probe("x").detail == detail
    finally:
        rig.gateway.close()
