"""Adding a provider: one file (``one_more_provider.py``) and one line, here the marked one."""

from __future__ import annotations

from agent.llm.adapters import ADAPTERS
from agent.llm.types import Finished, TextDelta, Usage
from agent.types import Caller
from services import Services
from services.llm import Models
from tests.agent.llm.conftest import Live
from tests.agent.llm.one_more_provider import Scripted
from tests.talk import Talk

GOOD = "네, 커피는 지금 배송 중이에요."


def with_one_more(shop: Services) -> None:
    shop.llm.gateway.close()
    adapters = (
        *ADAPTERS,
        Scripted,  # the line
    )
    shop.__dict__["llm"] = Models(shop, adapters)


def test_it_answers_a_customer_and_is_in_the_books(live: Live, minji: Caller) -> None:
    shop = live(mine={"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:9"})
    shop.settings = shop.settings.replace(llm={"providers": {"mine": {"kind": "scripted"}}})
    with_one_more(shop)
    Scripted.reset()
    Scripted.script["mine"] = [[TextDelta(GOOD), Finished("stop", Usage(30, 7))]]
    message = Talk(shop, minji).say("커피 어디쯤 왔어요?")
    assert (message.content, message.provider, message.model) == (GOOD, "mine", "m")
    assert message.token_usage.total_tokens == 37
    state = shop.models()["mine"]
    assert state.status == "ok"
