from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from store_helpers import NOW

from store import actions, audit, conversations, tickets
from store.database import Tx
from store.models import PendingAction, StoredMessage, Ticket, to_text

MOMENT = to_text(NOW)
TICKET = Ticket(
    "T20261121-0001", "minji", "20261101-0000001", None, "chat", "delivery", "normal", "open",
    "배송", "안 와요", None, "", MOMENT, MOMENT, None, None, ("급함",), 1, MOMENT, MOMENT,
)  # fmt: skip
ACTION = PendingAction(
    "a1", "chat", "minji", "cancel_order", {"order_id": "1"}, "취소", {}, {"version": 1},
    "pending", {}, MOMENT, MOMENT,
)  # fmt: skip


@pytest.fixture
def chat(tx: Tx) -> Tx:
    conversations.create(tx, conversation_id="chat", user_id="minji", guest_hash=None, at=NOW)
    return tx


def say(tx: Tx, message_id: str, role: str, text: str) -> None:
    conversations.add_message(
        tx, StoredMessage(message_id, "chat", None, role, text, {"intent": "x"}, MOMENT)
    )


def test_a_conversation_shows_once_it_has_a_title(chat: Tx) -> None:
    assert conversations.find(chat, user_id="minji") == []
    conversations.remember(chat, "chat", context={"주문": "1"}, title="배송", at=NOW)
    conversations.remember(chat, "chat", context={"주문": "2"}, title="다른 제목", at=NOW)
    (found,) = conversations.find(chat, user_id="minji")
    assert (found.title, found.context) == ("배송", {"주문": "2"})
    assert conversations.find(chat, user_id="jihun") == []
    assert conversations.get(chat, "none") is None


def test_messages_keep_their_order_and_the_newest_opinion(chat: Tx) -> None:
    for number in range(5):
        say(chat, f"m{number}", "user" if number % 2 else "assistant", f"말 {number}")
    assert [m.content for m in conversations.messages(chat, "chat", limit=2)] == ["말 3", "말 4"]
    for rating in (1, 0):
        conversations.set_feedback(chat, "m4", user_id="minji", rating=rating, reason="", at=NOW)
    last = conversations.messages(chat, "chat")[-1]
    assert last.payload == {"intent": "x", "feedback": {"rating": 0, "reason": ""}}


def test_deleting_takes_everything_said_but_not_the_ticket(chat: Tx) -> None:
    say(chat, "m1", "user", "안녕하세요")
    conversations.set_feedback(chat, "m1", user_id="minji", rating=1, reason="", at=NOW)
    conversations.add_turn(
        chat, {"turn_id": "t", "conversation_id": "chat", "status": "done", "tools": ["a"],
               "created_at": MOMENT},
    )  # fmt: skip
    photo = {"image_id": "i", "conversation_id": "chat", "media_type": "image/png",
             "size_bytes": 1, "created_at": MOMENT}  # fmt: skip
    conversations.add_attachment(chat, photo)
    assert conversations.attachment(chat, "i") is not None
    actions.add(chat, ACTION, at=NOW)
    tickets.add(chat, TICKET)
    conversations.delete(chat, "chat")
    for table in ("messages", "feedback", "turns", "attachments", "pending_actions"):
        assert chat.value(f"select count(*) from {table}") == 0, table
    kept = tickets.get(chat, TICKET.ticket_id, user_id="minji")
    assert kept is not None
    assert kept.conversation_id is None


def test_one_pending_action_a_conversation(chat: Tx) -> None:
    actions.add(chat, ACTION, at=NOW)
    actions.add(chat, replace(ACTION, action_id="a2"), at=NOW)
    assert actions.pending(chat, "chat") == replace(ACTION, action_id="a2")
    first = actions.get(chat, "a1", user_id="minji")
    assert first is not None
    assert first.status == "superseded"
    assert actions.get(chat, "a2", user_id="jihun") is None


def test_an_action_is_decided_once(chat: Tx) -> None:
    actions.add(chat, ACTION, at=NOW)
    assert actions.decide(chat, "a1", status="executed", result={"ok": True}, at=NOW)
    assert not actions.decide(chat, "a1", status="declined", result={}, at=NOW)
    done = actions.get(chat, "a1", user_id="minji")
    assert done is not None
    assert (done.status, done.result) == ("executed", {"ok": True})
    assert actions.pending(chat, "chat") is None


def test_tickets_hide_internal_notes_and_strangers(chat: Tx) -> None:
    tickets.add(chat, TICKET)
    tickets.add_event(chat, TICKET.ticket_id, at=NOW, actor_id="minji", kind="created")
    tickets.add_event(
        chat, TICKET.ticket_id, at=NOW, actor_id="staff", kind="note", text="비밀", internal=True
    )
    seen = tickets.get(chat, TICKET.ticket_id, user_id="minji")
    staff = tickets.get(chat, TICKET.ticket_id, user_id=None, internal=True)
    assert seen is not None
    assert staff is not None
    assert [event.kind for event in seen.events] == ["created"]
    assert [event.text for event in staff.events] == ["", "비밀"]
    assert replace(seen, events=()) == TICKET
    assert tickets.get(chat, TICKET.ticket_id, user_id="jihun") is None
    assert tickets.get(chat, "T20261121-9999", user_id="minji") is None


def test_finding_tickets(chat: Tx) -> None:
    assert tickets.next_id(chat, "20261121") == "T20261121-0001"
    tickets.add(chat, TICKET)
    later = to_text(NOW + timedelta(hours=1))
    tickets.add(
        chat, replace(TICKET, ticket_id="T20261121-0002", status="closed", created_at=later)
    )
    assert tickets.next_id(chat, "20261121") == "T20261121-0003"
    assert [t.ticket_id[-1] for t in tickets.find(chat, user_id="minji")] == ["2", "1"]
    assert [t.ticket_id[-1] for t in tickets.find(chat, user_id=None, statuses=("open",))] == ["1"]
    assert tickets.find(chat, user_id="jihun") == []
    running = tickets.open_of_conversation(chat, "chat")
    assert running is not None
    assert running.ticket_id == "T20261121-0001"
    assert tickets.open_of_conversation(chat, "none") is None


def test_a_stale_ticket_is_not_written(chat: Tx) -> None:
    tickets.add(chat, TICKET)
    assert tickets.change(chat, TICKET, {"status": "resolved"}, at=NOW) == 1
    assert tickets.change(chat, TICKET, {"status": "open"}, at=NOW) == 0


def test_the_audit_tells_an_objects_history(chat: Tx) -> None:
    for verb in ("create", "change"):
        audit.write(
            chat, at=NOW, actor_id="minji", actor_role="customer", source="chat", turn_id=None,
            action=verb, object_type="order", object_id="1", before={}, after={"메모": verb},
        )  # fmt: skip
    assert [row["action"] for row in audit.of_object(chat, "order", "1")] == ["create", "change"]
    assert audit.of_object(chat, "order", "2") == []
