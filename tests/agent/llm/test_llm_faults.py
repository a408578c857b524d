"""Every fault in every wire format: bounded, told by its right name, and never said twice."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from agent.llm.gateway import Gateway
from agent.llm.types import (
    Cancelled,
    ChatMessage,
    Fallback,
    Final,
    Piece,
    Tag,
    TextDelta,
    ToolCall,
    ToolSpec,
)
from errors import LLMError
from tests.agent.llm.gateway_rig import config_of
from tests.llmserver import KINDS, LLMServer, Reply, nobody_there, providers_table
from tests.llmserver.rows import BEFORE, HARMLESS, LONG, MIDWAY, Row, each

# Seconds: for faults that only a deadline ends, and for all that end by themselves.
FIRST_S, SURE_S, TOTAL_S = 0.6, 1.8, 2.0
GOOD = "둘째가 답해요. 반품은 칠 일 안에 됩니다."
DRAFT = "지금은 준비된 말로 답해 드려요."
SAID = [ChatMessage("user", "배송은 얼마나 걸려요?")]
FIND = ToolSpec("find_products", "상품 찾기", {"type": "object", "properties": {}})
LIMITS = {
    "first_token_s": SURE_S, "total_s": TOTAL_S, "retries": 0, "retry_after_max_s": 1,
    "breaker_failures": 50, "breaker_cooldown_s": 1, "max_output_chars": 2000,
}  # fmt: skip


@dataclass
class Heard:
    """What one call handed out, and how it ended."""

    pieces: list[Piece] = field(default_factory=list)
    error: LLMError | None = None
    took_s: float = 0.0

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces if isinstance(piece, TextDelta))

    @property
    def final(self) -> Final:
        assert self.error is None, f"{self.error.kind}: {self.error.detail}"
        last = self.pieces[-1]
        assert isinstance(last, Final)
        return last


@dataclass
class Rig:
    """A gateway over ``faulty`` and ``good``, and what it told of them."""

    gateway: Gateway
    faulty: LLMServer
    good: LLMServer
    failed: list[tuple[str, str]]
    breaker: list[tuple[str, str]]

    def ask(self, **more: Any) -> Heard:
        """One call, listened to until it ends."""
        heard, started = Heard(), time.monotonic()
        try:
            for piece in self.stream(**more):
                heard.pieces.append(piece)
        except LLMError as error:
            heard.error = error
        heard.took_s = time.monotonic() - started
        return heard

    def left(self) -> tuple[int, list[Any]]:
        """Requests and tasks that are still there, after a moment to go."""
        self.faulty.idle()
        self.good.idle()
        until = time.monotonic() + 1
        while undone() and time.monotonic() < until:
            time.sleep(0.01)
        return self.faulty.open_now + self.good.open_now, undone()

    def stream(self, **more: Any) -> Iterator[Piece]:
        wishes = {"draft": DRAFT, "tag": Tag("test"), **more}
        return self.gateway.complete(self.gateway.route(), SAID, **wishes)


def undone() -> list[Any]:
    """Every task of every loop that has not ended."""
    tasks = [thing for thing in gc.get_objects() if isinstance(thing, asyncio.Task)]
    return [task for task in tasks if not task.done()]


def ours() -> set[str]:
    """The threads that are not the servers'."""
    return {each.name for each in threading.enumerate() if not each.name.startswith("llmserver")}


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """A first import takes a second, which would stand in the first row's time.

    What is there already is frozen: only what a test makes is searched for tasks.
    """
    import anthropic  # noqa: F401
    import ollama  # noqa: F401
    import openai  # noqa: F401

    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def make() -> Iterator[Any]:
    """Makes a rig; after the test nothing of it may be left: no request, thread or task."""
    with ExitStack() as stack:
        before = ours()

        def made(
            kind: str, *script: Any, down: bool = False, row: Any = None, **limits: Any
        ) -> Rig:
            faulty = stack.enter_context(LLMServer(*script))
            good = stack.enter_context(LLMServer(Reply(GOOD)))
            address = stack.enter_context(nobody_there()) if down else faulty.url
            providers = {
                "faulty": {**providers_table(address, kind), **(row or {})},
                "good": providers_table(good, kind),
            }
            llm = {
                "providers": providers,
                "routes": {"default": ["faulty", "good"]},
                "limits": {**LIMITS, **limits},
            }
            failed: list[tuple[str, str]] = []
            turned: list[tuple[str, str]] = []
            gateway = Gateway(
                config_of(llm),
                failed=lambda provider, kind: failed.append((provider, kind)),
                breaker=lambda provider, state: turned.append((provider, state)),
            )
            stack.callback(lambda: left_nothing(gateway, before, faulty, good))
            gateway.warm()
            return Rig(gateway, faulty, good, failed, turned)

        yield made


def left_nothing(gateway: Gateway, before: set[str], *servers: LLMServer) -> None:
    gateway.close()

    def left() -> list[Any]:
        return [*undone(), *(ours() - before), *(one.url for one in servers if one.connections)]

    until = time.monotonic() + 2
    while left() and time.monotonic() < until:
        time.sleep(0.01)
    assert left() == []


def name(value: Any) -> str:
    return value.name if isinstance(value, Row) else str(value)


@pytest.mark.parametrize(("kind", "row"), each(BEFORE), ids=name)
def test_before_the_first_word_the_next_provider_answers(make: Any, kind: str, row: Row) -> None:
    first_s = FIRST_S if row.told == "timeout" else SURE_S
    rig = make(kind, row.reply or Reply(), down=row.reply is None, first_token_s=first_s)
    heard = rig.ask(tools=[FIND] if row.reply and row.reply.calls else [])
    assert (heard.text, heard.final.provider) == (GOOD, "good")
    assert heard.final.fallbacks == (Fallback("faulty", row.told),)
    assert rig.failed == [("faulty", row.told)]
    assert len(rig.faulty.asked) == (0 if row.reply is None else 1)
    assert not [piece for piece in heard.pieces if isinstance(piece, ToolCall)]
    assert heard.took_s < TOTAL_S + 1
    assert rig.left() == (0, [])


@pytest.mark.parametrize(("kind", "row"), each(MIDWAY), ids=name)
def test_after_words_went_out_nobody_else_is_asked(make: Any, kind: str, row: Row) -> None:
    assert row.reply is not None
    rig = make(kind, row.reply)
    heard = rig.ask()
    assert heard.error is not None
    assert (heard.error.kind, heard.error.emitted) == (row.told, True)
    assert heard.error.provider == "faulty"
    assert rig.failed == [("faulty", row.told)]
    assert rig.good.asked == []
    assert heard.took_s < TOTAL_S + 1
    assert rig.left() == (0, [])
    if row.name == "endless":
        assert 0 < len(heard.text) <= LIMITS["max_output_chars"]
    elif row.name == "drip_words":
        assert heard.text == "네 " * len(heard.pieces)
    else:
        assert heard.text == "".join(row.reply.words[:2])


@pytest.mark.parametrize(("kind", "row"), each(HARMLESS), ids=name)
def test_an_odd_but_whole_answer_is_given_once(make: Any, kind: str, row: Row) -> None:
    assert row.reply is not None
    rig = make(kind, row.reply, first_token_s=10, total_s=10)
    heard = rig.ask()
    assert heard.text.replace("�", "?") == row.reply.whole.replace("\ud83d", "?")
    assert (heard.final.provider, heard.final.finish) == ("faulty", "stop")
    assert heard.final.usage.estimated == (row.reply.usage is None or kind == "midm")
    assert [type(piece) for piece in heard.pieces].count(Final) == 1
    assert rig.good.asked == []
    assert rig.failed == []
    assert heard.took_s < 5
    assert rig.left() == (0, [])


@pytest.mark.parametrize("fault", [None, "double_end", "lingers"])
@pytest.mark.parametrize(
    ("kind", "late"), [("openai", 0), ("anthropic", 0), ("ollama", 0), ("ollama", 1)]
)
def test_a_call_is_handed_out_whole_and_once(make: Any, kind: str, late: int, fault: Any) -> None:
    calls = [("find_products", {"q": "장화"})]
    rig = make(kind, Reply("찾아볼게요.", calls=calls, calls_late=bool(late), fault=fault))
    heard = rig.ask(tools=[FIND])
    assert (heard.text, heard.final.finish) == ("찾아볼게요.", "tool_calls")
    (call,) = [piece for piece in heard.pieces if isinstance(piece, ToolCall)]
    assert (call.name, json.loads(call.arguments)) == ("find_products", {"q": "장화"})


def test_the_first_word_s_deadline_ends_with_it(make: Any) -> None:
    rig = make("openai", Reply(LONG, gap_s=0.3), first_token_s=1, total_s=15)
    heard = rig.ask()
    assert (heard.text, heard.final.provider) == (LONG, "faulty")
    assert heard.took_s > 1


def test_with_nobody_left_the_draft_is_the_answer(make: Any) -> None:
    rig = make("openai", Reply(fault="no_reply"), first_token_s=FIRST_S)
    rig.good.say(Reply(status=503))
    heard = rig.ask()
    assert (heard.text, heard.final.provider, heard.final.model) == (DRAFT, "offline", "template")
    assert heard.final.fallbacks == (Fallback("faulty", "timeout"), Fallback("good", "overloaded"))
    assert heard.final.cost_usd == 0
    bare = rig.ask(draft=None)
    assert bare.error is not None
    assert (bare.error.kind, bare.error.emitted) == ("overloaded", False)


def test_the_total_deadline_holds_over_the_whole_chain(make: Any) -> None:
    rig = make("ollama", Reply(fault="drip_headers"), retries=5, first_token_s=0.5)
    rig.good.say(Reply(fault="pings"))
    heard = rig.ask(deadline_s=0.8)
    assert (heard.text, heard.final.provider) == (DRAFT, "offline")
    assert heard.took_s < 0.8 + 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_passing_fault_is_tried_again(make: Any, kind: str) -> None:
    rig = make(kind, Reply(status=503), Reply("다시 왔어요."), retries=1)
    heard = rig.ask()
    assert (heard.text, heard.final.provider, heard.final.retries) == ("다시 왔어요.", "faulty", 1)
    assert rig.failed == [("faulty", "overloaded")]
    assert len(rig.faulty.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 404])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_stays_is_not_tried_again(make: Any, kind: str, status: int) -> None:
    rig = make(kind, Reply(status=status), retries=3)
    assert rig.ask().final.provider == "good"
    assert len(rig.faulty.asked) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_retry_after_is_obeyed(make: Any, kind: str) -> None:
    rig = make(kind, Reply(status=429, retry_after=1), Reply("기다렸어요."), retries=1, total_s=9)
    assert rig.ask().text == "기다렸어요."
    first, second = rig.faulty.asked
    assert second.at - first.at >= 1


@pytest.mark.parametrize("asked_for", [4, 3600, "Fri, 01 Jan 2100 00:00:00 GMT"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_long_retry_after_goes_to_the_next(make: Any, kind: str, asked_for: Any) -> None:
    rig = make(kind, Reply(status=429, retry_after=asked_for), retries=3, total_s=20)
    heard = rig.ask()
    assert heard.text == GOOD
    assert len(rig.faulty.asked) == 1
    assert heard.took_s < 4


@pytest.mark.parametrize("asked_for", ["soon", "-5", "nan", "inf", "1e308", ""])
def test_a_senseless_retry_after_breaks_nothing(make: Any, asked_for: str) -> None:
    rig = make("openai", Reply(status=429, retry_after=asked_for), retries=1, total_s=20)
    heard = rig.ask()
    assert heard.text == GOOD
    assert set(rig.failed) == {("faulty", "rate_limited")}
    assert heard.took_s < 5


def test_the_breaker_opens_and_lets_one_try(make: Any) -> None:
    rig = make("anthropic", Reply(status=500), breaker_failures=2)
    assert [rig.ask().final.provider for _ in range(3)] == ["good"] * 3
    assert len(rig.faulty.asked) == 2
    assert rig.breaker == [("faulty", "open")]
    assert rig.ask().final.fallbacks == (Fallback("faulty", "breaker_open"),)
    assert rig.gateway.states()["faulty"].status == "down"
    time.sleep(LIMITS["breaker_cooldown_s"] + 0.05)
    assert rig.ask().final.provider == "good"  # the one that tried failed: open again
    assert len(rig.faulty.asked) == 3
    time.sleep(LIMITS["breaker_cooldown_s"] + 0.05)
    rig.faulty.say(Reply("돌아왔어요."))
    assert rig.ask().text == "돌아왔어요."
    states = [state for _, state in rig.breaker]
    assert states == ["open", "half_open", "open", "half_open", "closed"]
    assert rig.gateway.states()["faulty"].status == "ok"


def test_no_more_at_once_than_the_provider_takes(make: Any) -> None:
    rig = make("openai", Reply("차례로요.", delay_s=0.1), row={"concurrency": 2}, total_s=9,
               first_token_s=9)  # fmt: skip
    heard: list[Heard] = []
    threads = [threading.Thread(target=lambda: heard.append(rig.ask())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.text for one in heard] == ["차례로요."] * 6
    assert rig.faulty.most_open == 2


def test_waiting_for_a_place_counts_toward_the_deadline(make: Any) -> None:
    rig = make("midm", Reply(fault="drip_words"), row={"concurrency": 1})
    holder = threading.Thread(target=rig.ask)
    holder.start()
    assert rig.faulty.called()
    heard = rig.ask()
    holder.join()
    assert heard.took_s < TOTAL_S + 1
    assert (len(rig.faulty.asked), heard.text in (GOOD, DRAFT)) == (1, True)


@pytest.mark.parametrize("fault", ["no_reply", "drip_headers", "pings", "stall", "drip_words"])
@pytest.mark.parametrize("kind", KINDS)
def test_pressing_stop_hangs_up(make: Any, kind: str, fault: Any) -> None:
    rig = make(kind, Reply(fault=fault), total_s=30, first_token_s=30)
    stop, pressed = threading.Event(), []

    def press() -> None:
        rig.faulty.called()
        time.sleep(0.1)  # some of them have begun to answer by then
        pressed.append(time.monotonic())
        stop.set()

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(Cancelled):
        list(rig.stream(cancel=stop))
    assert time.monotonic() - pressed[0] < 0.2 + 1
    thread.join()
    assert rig.faulty.gone.wait(2)
    assert rig.left() == (0, [])
    assert (rig.failed, rig.good.asked) == ([], [])


@pytest.mark.parametrize("kind", KINDS)
def test_a_listener_that_leaves_hangs_up(make: Any, kind: str) -> None:
    rig = make(kind, Reply(fault="drip_words"), total_s=30)
    pieces = rig.stream()
    assert next(pieces) == TextDelta("네 ")
    pieces.close()
    assert rig.faulty.gone.wait(2)
    assert rig.left() == (0, [])
    assert rig.failed == []
