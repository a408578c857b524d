"""A conversation with a person over HTTP: who answers it, the silence, what each client reads."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from store import tickets
from store.models import Ticket
from tests.api.conftest import Api, Headers
from tests.desk import do

HAND_OFF, QUESTION = "상담원 연결해 주세요", "반품 배송비는 누가 내요?"
RECEIPT = "상담원에게 전했어요"


def say(api: Api, text: str, headers: Headers, session_id: str | None = None) -> dict[str, Any]:
    body = {"message": text} | ({"session_id": session_id} if session_id else {})
    answer = api.client.post("/api/chat", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def hand(api: Api, chat: str, to: str, headers: Headers) -> httpx2.Response:
    return api.client.post(f"/api/sessions/{chat}/answerer", json={"to": to}, headers=headers)


def messages(api: Api, chat: str, headers: Headers, limit: int = 50) -> list[dict[str, Any]]:
    answer = api.client.get(
        f"/api/sessions/{chat}/messages", params={"limit": limit}, headers=headers
    )
    found: list[dict[str, Any]] = answer.json()["messages"]
    return found


def ticket_of(api: Api, chat: str) -> Ticket:
    with api.shop.database.read() as tx:
        found = tickets.open_of_conversation(tx, chat)
    assert found is not None
    return found


def test_a_message_to_a_person_is_answered_by_a_receipt(api: Api) -> None:
    first = say(api, HAND_OFF, api.minji)
    chat = first["session_id"]
    got = say(api, QUESTION, api.minji, chat)
    assert (got["handoff"], got["ticket_id"]) == (True, first["ticket_id"])
    assert RECEIPT in got["content"] == got["answer"]
    assert (got["cards"], got["citations"], got["tools_used"]) == ([], [], [])
    read = messages(api, chat, api.minji)
    assert [one["role"] for one in read] == ["user", "system", "assistant", "user"]
    assert [one["event"] for one in read] == [None, "handed_over", None, None]


def test_who_answers_is_told_and_chosen(api: Api) -> None:
    chat = say(api, QUESTION, api.minji)["session_id"]
    found = api.client.get(f"/api/sessions/{chat}", headers=api.minji).json()
    assert found["answerer"] == "agent"
    handed = hand(api, chat, "person", api.minji)
    assert (handed.status_code, handed.json()["answerer"]) == (200, "person")
    assert QUESTION in ticket_of(api, chat).description
    again = hand(api, chat, "person", api.minji)
    assert again.json() == handed.json()  # nothing happens twice
    back = hand(api, chat, "agent", api.staff)
    assert (back.status_code, back.json()["answerer"]) == (200, "agent")
    assert say(api, QUESTION, api.minji, chat)["citations"]
    told = [one["event"] for one in messages(api, chat, api.minji) if one["role"] == "system"]
    assert told == ["handed_over", "back_to_agent"]


def test_an_empty_conversation_may_begin_with_a_person(api: Api) -> None:
    chat = api.client.post("/api/sessions", json={}, headers=api.minji).json()["session_id"]
    assert hand(api, chat, "person", api.minji).json()["answerer"] == "person"
    assert say(api, QUESTION, api.minji, chat)["ticket_id"] == ticket_of(api, chat).ticket_id


def test_nobody_else_changes_hands(api: Api) -> None:
    chat = say(api, HAND_OFF, api.minji)["session_id"]
    for headers, status in ((api.jihun, 404), (api.guest(), 401), ({}, 401)):
        assert hand(api, chat, "agent", headers).status_code == status
    assert hand(api, "s_missing", "agent", api.minji).status_code == 404
    assert hand(api, chat, "nobody", api.minji).status_code == 422
    mine = say(api, QUESTION, api.guest())["session_id"]
    assert hand(api, mine, "person", api.minji).status_code == 404
    assert ticket_of(api, chat).conversation_id == chat
    found = api.client.get(f"/api/sessions/{chat}", headers=api.minji).json()
    assert found["answerer"] == "person"


def test_staff_take_up_no_conversation_without_a_ticket(api: Api) -> None:
    chat = say(api, QUESTION, api.minji)["session_id"]
    answer = hand(api, chat, "person", api.staff)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_ticket")


def test_a_persons_words_are_read_with_their_name(api: Api) -> None:
    chat = say(api, HAND_OFF, api.minji)["session_id"]
    do(api.shop, "reply_ticket", ticket_of(api, chat), text="안녕하세요, 이상담이에요.")
    last = messages(api, chat, api.minji)[-1]
    assert (last["role"], last["name"], last["content"]) == (
        "staff", "이상담", "안녕하세요, 이상담이에요.",
    )  # fmt: skip


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_receipts_take_no_place_in_a_list(api: Api, limit: int) -> None:
    chat = say(api, HAND_OFF, api.minji)["session_id"]
    for number in range(6):
        say(api, f"{number}번째 말이에요", api.minji, chat)
    read = [one["content"] for one in messages(api, chat, api.minji, limit)]
    assert read == [f"{number}번째 말이에요" for number in range(6 - limit, 6)]


def sse(api: Api, text: str, chat: str, last: str = "") -> list[tuple[str, dict[str, Any], str]]:
    headers = api.minji | ({"Last-Event-ID": last} if last else {})
    body = {"message": text, "session_id": chat}
    answer = api.client.post("/api/chat/stream", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found = []
    for block in answer.text.split("\n\n"):
        rows = dict(row.split(": ", 1) for row in block.splitlines() if ": " in row)
        if "event" in rows:
            found.append((rows["event"], json.loads(rows["data"]), rows.get("id", "")))
    return found


def test_a_stream_ends_with_the_receipt_and_can_be_taken_up(api: Api) -> None:
    chat = say(api, HAND_OFF, api.minji)["session_id"]
    events = sse(api, QUESTION, chat)
    names = [name for name, _, _ in events]
    assert names[0] == "status"
    assert names[-2:] == ["message", "done"]
    assert not {"card", "citation", "error"} & set(names)
    message = events[-2][1]
    assert RECEIPT in message["content"]
    again = sse(api, QUESTION, chat, last=events[0][2])
    assert next(row for row in again if row[0] == "message")[1] == message
    assert len(messages(api, chat, api.minji)) == 4  # nothing was asked twice


@pytest.mark.parametrize("stream", [False, True])
def test_openais_clients_read_the_receipt(api: Api, stream: bool) -> None:
    key = api.key("chat", "act_for_customers")
    said = [{"role": "user", "content": HAND_OFF}]
    first = complete(api, key, said, stream=False)
    said += [{"role": "assistant", "content": first}, {"role": "user", "content": QUESTION}]
    assert RECEIPT in complete(api, key, said, stream=stream)
    with api.shop.database.read() as tx:
        chats = tx.rows("select answerer from conversations where title = ?", (HAND_OFF,))
    assert [row["answerer"] for row in chats] == ["person"]


def complete(api: Api, key: Headers, said: list[dict[str, str]], *, stream: bool) -> str:
    body = {"model": "orchestrator", "messages": said, "stream": stream,
            "user": "minji@example.com"}  # fmt: skip
    answer = api.client.post("/v1/chat/completions", json=body, headers=key)
    assert answer.status_code == 200, answer.text
    if not stream:
        return str(answer.json()["choices"][0]["message"]["content"])
    rows = [row[6:] for row in answer.text.splitlines() if row.startswith("data: {")]
    deltas = [choice["delta"] for row in rows for choice in json.loads(row)["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)
