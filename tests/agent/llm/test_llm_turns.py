"""Whole turns over failing model servers: an answer in time, the right books, nothing twice."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from agent.llm import gateway
from agent.types import Caller, Delta, Message
from services import Services
from store import llm_calls
from tests.agent.llm.conftest import Live
from tests.llmserver import LLMServer, Reply, nobody_there, providers_table
from tests.llmserver.reply import Body
from tests.llmserver.rows import BEFORE, MIDWAY, Row, each
from tests.talk import Talk

ASKED = "커피 어디쯤 왔어요?"
TOTAL_S = 2.0
QUICK = {"first_token_s": 0.6, "total_s": TOTAL_S, "retries": 1, "retry_after_max_s": 1}
GOOD = "네, 커피는 지금 배송 중이에요."
# A whole sentence goes out before the fault.
BEGUN = f"{GOOD} 그리고 곧"
WORDS = 6
ENDLESS = ("drip_words", "endless")  # they say words of their own


def name(value: Any) -> str:
    return value.name if isinstance(value, Row) else str(value)


def told(shop: Services, caller: Caller) -> tuple[Message, str, float]:
    """The reply, all that was streamed of it, and the seconds it took."""
    started = time.perf_counter()
    turn = shop.turns.start(caller, ASKED)
    assert turn.wait(20)
    took_s = time.perf_counter() - started
    assert turn.message is not None, turn.error
    streamed = "".join(event.text for event in turn.events() if isinstance(event, Delta))
    return turn.message, streamed, took_s


@pytest.mark.parametrize(("kind", "row"), each(BEFORE), ids=name)
def test_a_fault_before_the_first_word(
    live: Live, server: LLMServer, minji: Caller, kind: str, row: Row
) -> None:
    server.say(row.reply or Reply())
    with LLMServer(Reply(GOOD)) as second, nobody_there() as nowhere:
        faulty = providers_table(server if row.reply else nowhere, kind)
        shop = live(QUICK, one=faulty, two=providers_table(second, "openai"))
        message, streamed, took_s = told(shop, minji)
    assert took_s < TOTAL_S + 1
    assert message.content == streamed == GOOD
    assert message.provider == "two"
    assert f'kind="{row.told}",provider="one"' in shop.metrics.render()[0].decode()
    with shop.database.read() as tx:
        turn = tx.row("select * from turns order by rowid desc limit 1")
        [call] = llm_calls.of_turn(tx, turn["turn_id"])
    assert (turn["provider"], turn["model"], turn["fallbacks"]) == ("two", "tiny", 1)
    assert (call.provider, call.reason) == ("two", row.told)
    assert turn["fallback_reason"] == row.told
    assert turn["prompt_tokens"] >= 20  # an empty reply was paid for as well
    assert turn["completion_tokens"] >= 5
    assert turn["prompt"].startswith("delivery@")
    assert server.idle(2)


@pytest.mark.parametrize(("kind", "row"), each(MIDWAY), ids=name)
def test_a_fault_midway_ends_in_the_desks_own_words(
    live: Live, server: LLMServer, minji: Caller, kind: str, row: Row
) -> None:
    assert row.reply is not None
    server.say(replace(row.reply, text=BEGUN, after=WORDS))
    with LLMServer(Reply("두 번째 모델이에요.")) as second:
        shop = live(QUICK, one=providers_table(server, kind), two=providers_table(second, "openai"))
        message, streamed, took_s = told(shop, minji)
        assert second.asked == []
    assert took_s < TOTAL_S + 1
    assert message.content == streamed
    assert message.content.count(GOOD) == (0 if row.name in ENDLESS else 1)
    assert message.content.count("송장번호") == 1
    assert "두 번째 모델" not in message.content
    assert "model_unavailable" in message.guardrails or row.name in ENDLESS
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
    assert server.called()
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
    assert server.called(count + 1)
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


def test_a_first_word_may_take_as_long_as_was_set(
    live: Live, server: LLMServer, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large model on a small machine: longer than one silent read takes otherwise."""
    monkeypatch.setattr(gateway, "_READ_S", 0.3)
    server.say(Reply(GOOD, delay_s=1.0))
    shop = live({**QUICK, "first_token_s": 4, "total_s": 8}, one=providers_table(server, "openai"))
    message, _, _ = told(shop, minji)
    assert (message.provider, message.content) == ("one", GOOD)
