"""Any order of what customer and staff do: whose turn it is, and that the agent keeps to it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from agent.types import Caller, Message
from errors import SangdamError
from services import Services
from services.sessions import Sessions
from store import tickets
from store.models import Ticket
from tests.conftest import Clock
from tests.desk import do
from tests.shelves import STAFF, order_of
from tests.talk import Talk

STEPS = 24
WORDS = (
    "상담원 연결해 주세요", "반품 배송비는 누가 내요?", "네", "아니요", "고마워요", "안녕하세요",
    "상담 도우미에게 돌아갈게요", "네, 해결됐어요", "아직 해결되지 않았어요", "주문 취소할래요",
    "{order} 취소할래요", "{order} 어디쯤 왔어요?", "그거요", "", "비가 오네요",
    "챗봇 말고 사람이요",
)  # fmt: skip
AT_THE_DESK = ("take_ticket", "reply_ticket", "resolve_ticket", "reopen_ticket", "close_ticket")
GIVEN: dict[str, dict[str, Any]] = {
    "reply_ticket": {"text": "확인해 볼게요."},
    "resolve_ticket": {"resolution": "했어요."},
}


class Chat:
    """One chat under random hands, and what must hold after each of them."""

    def __init__(self, shop: Services, caller: Caller, clock: Clock, seed: int) -> None:
        self.shop, self.caller, self.clock = shop, caller, clock
        self.dice = random.Random(seed)
        self.order = order_of(shop, caller, "paid").order_id
        self.talk = Talk(shop, caller)
        self.talk.say("안녕하세요")
        self.done: list[str] = []

    def step(self) -> None:
        before, held = self.said(), self.by_person()
        what = self.dice.choice(("say", "say", "say", "desk", "desk", "agent", "person"))
        self.clock.pass_(minutes=self.dice.choice((0, 1, 90)))
        try:
            getattr(self, what)()
        except SangdamError as error:
            self.done.append(f"refused: {error.code}")
        self.holds(what, before, held)

    def say(self) -> None:
        text = self.dice.choice(WORDS).format(order=self.order)
        self.done.append(text)
        events = list(self.shop.run_turn(self.caller, text, session_id=self.talk.session_id))
        assert any(isinstance(event, Message) for event in events), events

    def desk(self) -> None:
        name = self.dice.choice(AT_THE_DESK)
        self.done.append(name)
        if (ticket := self.ticket()) is not None:
            do(self.shop, name, ticket, STAFF, **GIVEN.get(name, {}))

    def agent(self) -> None:
        self.done.append("to agent")
        Sessions(self.shop).hand(self.caller, self.talk.session_id or "", "agent")

    def person(self) -> None:
        self.done.append("to person")
        Sessions(self.shop).hand(self.caller, self.talk.session_id or "", "person")

    def holds(self, what: str, before: list[str], held: bool) -> None:
        fresh, told = self.said()[len(before) :], "; ".join(self.done)
        back = self.done[-1] == "상담 도우미에게 돌아갈게요"
        if held and what == "say" and not back:
            assert "assistant" not in fresh, told
            assert fresh[-1] in ("receipt", "system"), told
        if what != "say":
            assert "assistant" not in fresh, told
            assert "receipt" not in fresh, told
        ticket = self.ticket()
        running = ticket is not None and ticket.status in (
            "open",
            "in_progress",
            "waiting_customer",
        )
        assert running or not self.by_person(), told  # nobody is left with a person who is gone

    def said(self) -> list[str]:
        return [
            one.role for one in self.shop.messages(STAFF, self.talk.session_id or "", limit=500)
        ]

    def by_person(self) -> bool:
        return Sessions(self.shop).get(STAFF, self.talk.session_id or "").answerer == "person"

    def ticket(self) -> Ticket | None:
        states = ("open", "in_progress", "waiting_customer", "resolved")
        with self.shop.database.read() as tx:
            return tickets.of_conversation(tx, self.talk.session_id or "", states)


@pytest.mark.parametrize("seed", range(12))
def test_the_agent_keeps_silent_whatever_happens(
    shop: Services, minji: Caller, clock: Clock, seed: int
) -> None:
    chat = Chat(shop, minji, clock, seed)
    for _ in range(STEPS):
        chat.step()
    assert len([one for one in chat.done if not one.startswith("refused")]) == STEPS
