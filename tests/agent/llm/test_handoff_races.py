"""A person takes the chat while a model still words the agent's reply."""

from __future__ import annotations

import time
from typing import Any

from agent.tools.handoff import BACK
from agent.types import PERSON, Caller, Delta
from services import LiveTurn, Services
from store.models import StoredMessage
from tests.agent.llm.conftest import Live
from tests.desk import do, of_chat
from tests.llmserver import LLMServer, Reply, providers_table
from tests.talk import Talk

ASKED = "커피 어디쯤 왔어요?"
FIRST = "네, 커피는 지금 배송 중이에요."


def begun(shop: Services, minji: Caller, server: LLMServer, reply: Reply) -> tuple[Talk, LiveTurn]:
    """A chat that has a ticket and is the agent's again, and the turn a model answers in it."""
    server.say(Reply("네"))
    talk = Talk(shop, minji)
    talk.say("상담원 연결해 주세요")
    talk.say(BACK)
    server.say(reply)
    return talk, shop.turns.start(minji, ASKED, session_id=talk.session_id)


def said(shop: Services, talk: Talk) -> list[StoredMessage]:
    return shop.messages(Caller("customer", "user_001", "김민지"), talk.session_id or "")


def shop_of(live: Live, server: LLMServer, **limits: Any) -> Services:
    return live({"total_s": 10.0, **limits}, one=providers_table(server, "openai"))


def test_a_reply_that_nobody_has_heard_is_not_given(
    live: Live, server: LLMServer, minji: Caller
) -> None:
    shop = shop_of(live, server)
    talk, turn = begun(shop, minji, server, Reply(FIRST, delay_s=1.5))
    time.sleep(0.5)
    do(shop, "take_ticket", of_chat(shop, talk))
    assert turn.wait(15)
    assert turn.message is not None
    assert (turn.message.model, turn.message.handoff) == (PERSON, True)
    assert not [event for event in turn.events() if isinstance(event, Delta)]
    after = said(shop, talk)
    assert [one.role for one in after[-3:]] == ["user", "system", "receipt"]
    assert of_chat(shop, talk).customer_spoke_at is not None


def test_what_the_customer_has_read_stays(live: Live, server: LLMServer, minji: Caller) -> None:
    shop = shop_of(live, server)
    reply = Reply(pieces=(FIRST, " ", "오늘", " ", "안에는", " ", "어려워요."), gap_s=0.4)
    talk, turn = begun(shop, minji, server, reply)
    heard = next(event for event in turn.events() if isinstance(event, Delta))
    do(shop, "take_ticket", of_chat(shop, talk))
    assert turn.wait(15)
    assert turn.message is not None
    assert turn.message.content.startswith(heard.text)
    assert said(shop, talk)[-1].role == "assistant"
