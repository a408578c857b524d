"""Two answerers under odd hands: old buttons, races, a new matter after a resolution."""

from __future__ import annotations

from typing import Any

import pytest

from agent.types import Caller, Message
from services import Services
from services.sessions import Sessions
from store import conversations
from store.models import Conversation, Ticket
from tests.desk import do, of_chat, read
from tests.shelves import STAFF, order_of
from tests.talk import Talk

HAND_OFF, QUESTION = "상담원 연결해 주세요", "반품 배송비는 누가 내요?"


@pytest.fixture
def talk(shop: Services, minji: Caller) -> Talk:
    found = Talk(shop, minji)
    found.say(HAND_OFF)
    return found


def roles(shop: Services, talk: Talk) -> list[str]:
    return [one.role for one in shop.messages(talk.caller, talk.session_id or "")]


def answerer(shop: Services, talk: Talk) -> str:
    return Sessions(shop).get(STAFF, talk.session_id or "").answerer


def resolved(shop: Services, talk: Talk) -> Ticket:
    return do(shop, "resolve_ticket", of_chat(shop, talk), resolution="보내 드렸어요.")


def pressed(shop: Services, talk: Talk, offer: Message) -> Message:
    assert offer.pending_action is not None
    events = shop.run_turn(
        talk.caller, "", session_id=talk.session_id, confirm=offer.pending_action.action_id
    )
    return [event for event in events if isinstance(event, Message)][-1]


# ── the button of an old offer ───────────────────────────────────────────────────────────


def test_an_old_offer_pressed_while_a_person_answers_is_done_and_said_by_nobody(
    shop: Services, minji: Caller, talk: Talk
) -> None:
    order = order_of(shop, minji, "paid")
    talk.say("상담 도우미에게 돌아갈게요")
    offer = talk.say(f"{order.order_id} 주문 취소할래요")
    do(shop, "take_ticket", of_chat(shop, talk))
    before = roles(shop, talk).count("assistant")
    done = pressed(shop, talk, offer)
    assert "취소" in done.content
    assert shop.tool(minji, "get_order", order_id=order.order_id).status == "cancelled"
    assert (roles(shop, talk)[-1], roles(shop, talk).count("assistant")) == ("system", before)
    last = shop.messages(minji, talk.session_id or "")[-1]
    assert (last.payload, last.content) == ({"event": "done"}, done.content)


def test_a_withdrawn_offer_pressed_while_a_person_answers_does_nothing_and_says_so(
    shop: Services, minji: Caller
) -> None:
    order = order_of(shop, minji, "paid")
    talk = Talk(shop, minji)
    offer = talk.say(f"{order.order_id} 주문 취소할래요")
    talk.say(HAND_OFF)
    before = roles(shop, talk).count("assistant")
    told = pressed(shop, talk, offer)
    assert "진행할 수 없어요" in told.content
    assert shop.tool(minji, "get_order", order_id=order.order_id).status == "paid"
    assert (roles(shop, talk)[-1], roles(shop, talk).count("assistant")) == ("system", before)


# ── a resolution in the middle of a turn ─────────────────────────────────────────────────


def test_a_message_that_meets_the_resolution_is_answered_with_nothing_remembered(
    shop: Services, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = order_of(shop, minji, "shipped")
    talk = Talk(shop, minji)
    talk.say(f"{order.order_id} 어디쯤 왔어요?")
    talk.say(HAND_OFF)
    ticket = of_chat(shop, talk)
    real = conversations.get
    met: list[str] = []

    def first_then_resolved(tx: Any, conversation_id: str) -> Conversation | None:
        """The turn has just read who answers when the person resolves the matter."""
        found = real(tx, conversation_id)
        if not met:
            met.append(conversation_id)
            tx.execute("update conversations set answerer = 'agent', context = '{}', "
                       "fresh_from = (select max(message_seq) from messages) "
                       "where conversation_id = ?", (conversation_id,))  # fmt: skip
            tx.execute("update tickets set status = 'resolved', resolved_at = updated_at "
                       "where ticket_id = ?", (ticket.ticket_id,))  # fmt: skip
        return found

    monkeypatch.setattr(conversations, "get", first_then_resolved)
    after = talk.say("그거 취소할래요")
    assert met
    assert not after.handoff
    assert after.pending_action is None
    assert order.order_id not in f"{after.content}{after.cards}"


# ── after a resolution ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    ["환불 처리됐어요?", "완료됐나요?", "어제 주문한 이어폰이 아직 안 왔어요",
     "아직 취소할 수 있어요?", "네, 그런데 교환도 하고 싶어요"],
)  # fmt: skip
def test_a_new_matter_is_no_verdict(shop: Services, talk: Talk, text: str) -> None:
    ticket = resolved(shop, talk)
    talk.say(text)
    assert read(shop, ticket).verdict is None
    assert (read(shop, ticket).status, answerer(shop, talk)) == ("resolved", "agent")


def test_a_person_for_another_matter_gets_another_ticket(shop: Services, talk: Talk) -> None:
    ticket = resolved(shop, talk)
    talk.say(QUESTION)
    got = talk.say(HAND_OFF)
    assert got.handoff
    assert got.ticket_id != ticket.ticket_id
    assert (read(shop, ticket).status, read(shop, ticket).verdict) == ("resolved", None)


def test_a_person_right_after_the_resolution_is_the_same_matter(shop: Services, talk: Talk) -> None:
    ticket = resolved(shop, talk)
    assert talk.say(HAND_OFF).ticket_id == ticket.ticket_id
    assert (read(shop, ticket).reopens, answerer(shop, talk)) == (1, "person")


def test_a_verdict_on_the_ticket_page_is_not_asked_again_in_the_chat(
    shop: Services, talk: Talk
) -> None:
    ticket = resolved(shop, talk)
    shop.tool(talk.caller, "judge_resolution", ticket_id=ticket.ticket_id, solved=True)
    talk.say("아니요")
    assert (read(shop, ticket).verdict, answerer(shop, talk)) == ("solved", "agent")


# ── back to the agent ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["상담 도우미에게 돌아갈게요", "챗봇으로 바꿔 주세요"])
def test_a_wish_for_the_agent_that_answers_already_opens_no_ticket(
    shop: Services, minji: Caller, text: str
) -> None:
    talk = Talk(shop, minji)
    talk.say(QUESTION)
    got = talk.say(text)
    assert not got.handoff
    assert answerer(shop, talk) == "agent"


@pytest.mark.parametrize(
    "text",
    ["로봇청소기로 바꿔 주세요", "AI 스피커로 교환할래요", "봇이랑 얘기하기 싫어요",
     "챗봇한테 물어봤는데 모른대요", "이 멍청한 자식아 빨리 답해"],
)  # fmt: skip
def test_words_to_the_person_stay_with_the_person(shop: Services, talk: Talk, text: str) -> None:
    assert talk.say(text).handoff
    assert (answerer(shop, talk), roles(shop, talk)[-1]) == ("person", "receipt")


def test_a_chat_deleted_under_the_person_leaves_their_ticket(shop: Services, talk: Talk) -> None:
    ticket = do(shop, "take_ticket", of_chat(shop, talk))
    talk.say("사진 보낼게요")
    shop.delete_conversation(talk.caller, talk.session_id or "")
    ticket = do(shop, "reply_ticket", read(shop, ticket), text="확인할게요.")
    ticket = do(shop, "resolve_ticket", ticket, resolution="보내 드렸어요.")
    assert (ticket.status, ticket.conversation_id) == ("resolved", None)
    shop.tool(talk.caller, "judge_resolution", ticket_id=ticket.ticket_id, solved=False)
    assert read(shop, ticket).status == "in_progress"
