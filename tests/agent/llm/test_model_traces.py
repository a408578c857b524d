"""What a turn keeps of the models it asked: their exact messages, words, failures, and guards."""

from __future__ import annotations

import json
from typing import Any

from agent.types import Caller
from services import Services
from store import traces
from tests.agent.llm.conftest import Live
from tests.llmserver import LLMServer, Reply, providers_table
from tests.shelves import STAFF
from tests.talk import Talk

GOOD = "네, 커피는 지금 배송 중이에요."
ASK = "커피 어디쯤 왔어요?"


def trace_of(shop: Services, talk: Talk) -> dict[str, Any]:
    with shop.database.read() as tx:
        found = traces.newest(tx, talk.session_id or "")
    assert found is not None
    return found


def test_the_words_to_and_from_a_model_are_kept(
    shop_with: Services, server: LLMServer, minji: Caller
) -> None:
    server.say(Reply(GOOD))
    talk = Talk(shop_with, minji)
    talk.say(f"{ASK} 제 번호는 010-1234-5678이에요")
    trace = trace_of(shop_with, talk)
    (call,) = trace["models"]
    assert [text for _, text in call["messages"]] == [
        one["content"] for one in server.asked[0].body["messages"]
    ]
    assert call["said"] == GOOD
    assert (call["provider"], call["purpose"], call["error"]) == ("one", "compose", "")
    assert call["prompt"].startswith("delivery@") or "@" in call["prompt"]
    assert call["input_tokens"] + call["output_tokens"] == 25
    assert call["took_ms"] > 0
    assert "010-1234-5678" not in json.dumps(call, ensure_ascii=False)
    assert trace["reply"]["final"] == GOOD
    assert trace["reply"]["draft"] != GOOD


def test_the_sentence_that_failed_is_kept_with_why(
    shop_with: Services, server: LLMServer, minji: Caller
) -> None:
    server.say(Reply("커피 값 99,999원은 오늘 환불해 드릴게요."))
    talk = Talk(shop_with, minji)
    message = talk.say(ASK)
    assert "ungrounded_model_reply" in message.guardrails
    (guard,) = trace_of(shop_with, talk)["guards"]
    assert guard["where"] == "model"
    assert "99,999원" in guard["text"]
    assert any("99,999원" in problem for problem in guard["problems"])


def test_a_model_that_fails_is_kept_with_its_error(
    live: Live, server: LLMServer, minji: Caller
) -> None:
    shop = live(limits={"retries": 0}, one=providers_table(server, "openai"))
    server.say(Reply(status=500))
    talk = Talk(shop, minji)
    talk.say(ASK)
    (call,) = trace_of(shop, talk)["models"]
    assert call["error"]
    assert call["said"] == ""


def test_playing_again_asks_the_model_again(
    shop_with: Services, server: LLMServer, minji: Caller
) -> None:
    server.say(Reply(GOOD), Reply("커피는 배송 중이에요."))
    talk = Talk(shop_with, minji)
    talk.say(ASK)
    with shop_with.database.read() as tx:
        turn_id = tx.value("select turn_id from turn_traces")
    found = shop_with.runs.replay(STAFF, turn_id)
    assert len(server.asked) == 2
    assert [one.name for one in found.differences if not one.same] == ["reply"]
    assert found.replayed.trace["models"][0]["said"] == "커피는 배송 중이에요."


def test_playing_again_costs_the_day_and_not_the_customers_chat(
    live: Live, server: LLMServer, minji: Caller
) -> None:
    prices = {"one:tiny": {"input": 100.0, "output": 200.0}}
    shop = live(one=providers_table(server, "openai"), more={"prices": prices})
    server.say(Reply(GOOD), Reply(GOOD))
    talk = Talk(shop, minji)
    talk.say(ASK)
    with shop.database.read() as tx:
        turn = tx.row("select turn_id, cost_usd from turns where conversation_id = ?",
                      (talk.session_id,))  # fmt: skip
        assert turn is not None
        spent = tx.value("select total(cost_usd) from llm_days")
    found = shop.runs.replay(STAFF, turn["turn_id"])
    assert found.same
    with shop.database.read() as tx:
        rows = tx.rows("select turn_id, conversation_id, cost_usd from llm_calls order by rowid")
        talked = tx.value("select cost_usd from figures_talks where conversation_id = ?",
                          (talk.session_id,))  # fmt: skip
        assert tx.value("select total(cost_usd) from llm_days") == 2 * spent
    first, again = rows
    assert (first["turn_id"], first["conversation_id"]) == (turn["turn_id"], talk.session_id)
    assert (again["turn_id"], again["conversation_id"]) == (None, None)
    assert again["cost_usd"] == first["cost_usd"] > 0
    assert talked == turn["cost_usd"] == first["cost_usd"]
    assert shop.llm.spent_today_usd() == 2 * first["cost_usd"]


def test_playing_again_while_the_model_is_down_tells_it(
    live: Live, server: LLMServer, minji: Caller
) -> None:
    shop = live(limits={"retries": 0}, one=providers_table(server, "openai"))
    server.say(Reply(GOOD), Reply(status=500))
    talk = Talk(shop, minji)
    talk.say(ASK)
    with shop.database.read() as tx:
        turn_id = tx.value("select turn_id from turn_traces")
    found = shop.runs.replay(STAFF, turn_id)
    assert not found.replayed.error
    assert found.replayed.reply["provider"] == "offline"
    assert found.replayed.trace["models"][0]["error"]
    assert not found.same
