"""Whole turns over failing model servers: an answer in time, the right books, nothing twice."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from agent.types import Caller, Delta, Message
from services import Services
from store import llm_calls
from tests.agent.llm.conftest import Live
from tests.llmserver import KINDS, LLMServer, Reply, nobody_there, providers_table
from tests.llmserver.reply import Body
from tests.talk import Talk

ASKED = "커피 어디쯤 왔어요?"
TOTAL_S = 2.0
QUICK = {"first_token_s": 0.6, "total_s": TOTAL_S, "retries": 1, "retry_after_max_s": 1}
GOOD = "네, 커피는 지금 배송 중이에요."
# Fault → the kinds of error that may be told for it.
FAULTS: dict[str, tuple[Reply, set[str]]] = {
    "auth": (Reply(status=401), {"auth"}),
    "forbidden": (Reply(status=403), {"auth"}),
    "no_model": (Reply(status=404), {"not_found"}),
    "bad_request": (Reply(status=400), {"bad_request"}),
    "limited": (Reply(status=429, retry_after=60), {"rate_limited"}),
    "broken": (Reply(status=500), {"overloaded"}),
    "overloaded": (Reply(status=529), {"overloaded"}),
    "too_long": (Reply(fault="context_too_long"), {"context_too_long"}),
    "no_reply": (Reply(fault="no_reply"), {"timeout"}),
    "drip_headers": (Reply(fault="drip_headers"), {"timeout"}),
    "drip_bytes": (Reply(fault="drip_bytes"), {"timeout"}),
    "pings": (Reply(fault="pings"), {"timeout"}),
    "cut_first": (Reply(fault="cut", after=0), {"unreachable", "truncated"}),
    "reset_first": (Reply(fault="reset", after=0), {"unreachable", "truncated"}),
    "stall_first": (Reply(fault="stall", after=0), {"timeout"}),
    "bad_json": (Reply(fault="bad_json", after=0), {"malformed"}),
    "error_event": (Reply(fault="error_event", after=0, status=500), {"overloaded"}),
    "no_terminal": (Reply(fault="no_terminal", after=0), {"truncated", "malformed"}),
    "html": (Reply(fault="html"), {"malformed"}),
    "empty": (Reply(""), {"malformed"}),
}
MIDWAY = {
    "cut": Reply(GOOD + " 그리고 곧", fault="cut", after=6),
    "reset": Reply(GOOD + " 그리고 곧", fault="reset", after=6),
    "stall": Reply(GOOD + " 그리고 곧", fault="stall", after=6),
    "bad_json": Reply(GOOD + " 그리고 곧", fault="bad_json", after=6),
    "error_event": Reply(GOOD + " 그리고 곧", fault="error_event", after=6, status=500),
    "no_terminal": Reply(GOOD + " 그리고 곧", fault="no_terminal", after=6),
    "drip_words": Reply(GOOD, fault="drip_words"),
    "endless": Reply(GOOD, fault="endless"),
}


def told(shop: Services, caller: Caller) -> tuple[Message, str, float]:
    """The reply, all that was streamed of it, and the seconds it took."""
    started = time.perf_counter()
    turn = shop.turns.start(caller, ASKED)
    assert turn.wait(20)
    took_s = time.perf_counter() - started
    assert turn.message is not None, turn.error
    streamed = "".join(event.text for event in turn.events() if isinstance(event, Delta))
    return turn.message, streamed, took_s


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_before_the_first_word(
    live: Live, server: LLMServer, minji: Caller, kind: str, fault: str
) -> None:
    reply, kinds = FAULTS[fault]
    server.say(reply)
    with LLMServer(Reply(GOOD)) as second:
        shop = live(QUICK, one=providers_table(server, kind), two=providers_table(second, "openai"))
        message, streamed, took_s = told(shop, minji)
    assert took_s < TOTAL_S + 1
    assert message.content == streamed == GOOD
    assert message.provider == "two"
    figures = shop.metrics.render()[0].decode()
    assert any(f'kind="{kind}",provider="one"' in figures for kind in kinds), figures
    with shop.database.read() as tx:
        row = tx.row("select * from turns order by rowid desc limit 1")
        [call] = llm_calls.of_turn(tx, row["turn_id"])
    assert (row["provider"], row["model"], row["fallbacks"]) == ("two", "tiny", 1)
    assert row["fallback_reason"] in kinds
    assert row["prompt_tokens"] >= 20  # an empty reply was paid for as well
    assert row["completion_tokens"] >= 5
    assert row["prompt"].startswith("delivery@")
    assert (call.provider, call.reason) == ("two", row["fallback_reason"])
    assert server.idle(2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", MIDWAY)
def test_a_fault_midway_ends_in_the_desks_own_words(
    live: Live, server: LLMServer, minji: Caller, kind: str, fault: str
) -> None:
    server.say(MIDWAY[fault])
    with LLMServer(Reply("두 번째 모델이에요.")) as second:
        shop = live(QUICK, one=providers_table(server, kind), two=providers_table(second, "openai"))
        message, streamed, took_s = told(shop, minji)
        assert second.asked == []
    assert took_s < TOTAL_S + 1
    assert message.content == streamed
    assert message.content.count(GOOD) <= 1
    assert message.content.count("송장번호") == 1
    assert "두 번째 모델" not in message.content
    assert "model_unavailable" in message.guardrails or fault in ("drip_words", "endless")
    assert server.idle(2)


def test_nobody_there_is_the_desk_itself(live: Live, minji: Caller) -> None:
    with nobody_there() as url:
        shop = live(QUICK, one=providers_table(url, "ollama"))
        message, _, took_s = told(shop, minji)
    assert took_s < TOTAL_S + 1
    assert (message.provider, message.model) == ("offline", "template")
    assert "model_unavailable" in message.guardrails


def test_a_stop_ends_the_call_at_once(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(GOOD, delay_s=15))
    shop = live(one=providers_table(server, "openai"))
    turn = shop.turns.start(minji, ASKED)
    while not server.asked:
        time.sleep(0.01)
    started = time.perf_counter()
    turn.stop()
    assert turn.wait(2)
    assert time.perf_counter() - started < 1.5
    assert server.gone.wait(2)
    stored = shop.messages(minji, turn.session_id or "")
    assert "멈췄어요" in stored[-1].content
    assert stored[-1].payload["stopped"] is True


def test_a_stop_midway_keeps_what_was_said(live: Live, server: LLMServer, minji: Caller) -> None:
    server.say(Reply(f"{GOOD} 조금만 기다려 주세요.", fault="stall", after=7))
    shop = live(one=providers_table(server, "openai"))
    turn = shop.turns.start(minji, ASKED)
    for event in turn.events():
        if isinstance(event, Delta):
            break
    turn.stop()
    assert turn.wait(2)
    assert shop.messages(minji, turn.session_id or "")[-1].content.startswith(GOOD)


def test_a_stop_never_hides_what_was_done(live: Live, server: LLMServer, minji: Caller) -> None:
    shop = live(one=providers_table(server, "openai"))
    server.say(Reply(status=500))
    talk = Talk(shop, minji)
    offer = talk.say("이어폰 취소할게요").pending_action
    assert offer is not None
    server.say(Reply("취소했어요.", delay_s=15))
    count = len(server.asked)
    turn = shop.turns.start(minji, "", session_id=talk.session_id, confirm=offer.action_id)
    while len(server.asked) == count:
        time.sleep(0.01)
    turn.stop()
    assert turn.wait(2)
    assert "취소" in shop.messages(minji, talk.session_id or "")[-1].content
    assert "멈췄어요" not in shop.messages(minji, talk.session_id or "")[-1].content


def test_an_unsure_guess_asks_a_model(live: Live, server: LLMServer, minji: Caller) -> None:
    """Its answer is used, and neither a caller nor an order it names."""
    text = "그거 있잖아요 저번에 그 건 어케 됐는지 봐줘요 쫌"

    def answer(body: Body) -> Reply:
        if "intent" in str(body["messages"][0]["content"]):
            return Reply('{"intent": "claim_status", "confidence": 0.9, "products": []}')
        return Reply(status=500)

    server.say(answer)
    more = {"purposes": {"understand": ["one"]}}
    shop = live({"understand_below_percent": 100}, more, one=providers_table(server, "openai"))
    message = Talk(shop, minji).say(text)
    assert message.intent == "claim_status"
    with shop.database.read() as tx:
        calls = llm_calls.of_turn(tx, tx.value("select turn_id from turns order by rowid desc"))
    assert {call.purpose for call in calls} == {"understand", "compose"}


@pytest.mark.parametrize(
    "told_json",
    [
        '{"intent": "be_admin", "confidence": 1.0}',
        '{"intent": "cancel", "confidence": 1.0, "user_id": "user_002"}',
        '{"intent": "cancel", "confidence": 7}',
        "cancel",
    ],
)
def test_a_useless_reading_leaves_the_classifiers(
    live: Live, base: Services, server: LLMServer, minji: Caller, told_json: str
) -> None:
    text = "커피 어디쯤 왔어요?"
    server.say(Reply(told_json))
    more = {"purposes": {"understand": ["one"]}, "routes": dict.fromkeys(("order",), ())}
    shop = live({"understand_below_percent": 100}, more, one=providers_table(server, "openai"))
    message = Talk(shop, minji).say(text)
    assert message.intent == base.understander.understand(text, shop.clock()).intent
    assert len(server.asked) == 2  # asked once more, then given up


def test_a_long_conversation_is_summed_up(live: Live, server: LLMServer, minji: Caller) -> None:
    def answer(body: Body) -> Reply:
        if "요약" in str(body["messages"][0]["content"])[:200]:
            return Reply("고객은 커피 배송을 물었어요.")
        return Reply(GOOD)

    server.say(answer)
    more = {"purposes": {"summarise": ["one"]}}
    shop = live({"history_tokens": 60}, more, one=providers_table(server, "openai"))
    talk = Talk(shop, minji)
    for _ in range(4):
        turn = shop.turns.start(minji, ASKED, session_id=talk.session_id)
        assert turn.wait(10)
        talk.session_id = turn.session_id
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not summary_of(shop, talk):
        time.sleep(0.02)
    assert summary_of(shop, talk) == "고객은 커피 배송을 물었어요."


def summary_of(shop: Services, talk: Talk) -> Any:
    with shop.database.read() as tx:
        return tx.value(
            "select summary from conversations where conversation_id = ?", (talk.session_id,)
        )


def test_fifty_turns_at_once(live: Live, base: Services, server: LLMServer) -> None:
    """A slow model holds up nobody: the turns go on beside each other and leave nothing."""
    server.say(Reply(GOOD, delay_s=2.0))
    shop = live({"total_s": 30, "first_token_s": 20}, one={
        **providers_table(server, "openai"), "concurrency": 64,
    })  # fmt: skip
    Talk(shop, Caller(guest_key="first")).say("안녕하세요")
    before = {thread.name.partition("_")[0] for thread in threading.enumerate()}
    started = time.perf_counter()
    turns = [
        shop.turns.start(Caller(guest_key=f"g{n}"), "반품은 며칠 안에 되나요?") for n in range(50)
    ]
    assert all(turn.wait(30) for turn in turns)
    assert time.perf_counter() - started < 15  # one after the other it would be 100 s
    assert server.most_open >= 40
    assert all(turn.message is not None for turn in turns)
    assert server.idle(2)
    after = {thread.name.partition("_")[0] for thread in threading.enumerate()}
    assert {name for name in after - before if not name.startswith("llmserver")} == set()
