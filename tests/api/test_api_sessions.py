"""Conversations over HTTP: whose they are, what was said, deleting, opinions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.helpers import walk

Headers = dict[str, str]


def begin(api: Api, headers: Headers | None = None, **body: Any) -> dict[str, Any]:
    answer = api.client.post("/api/sessions", json=body, headers=headers or {})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def say(api: Api, text: str, headers: Headers, session_id: str | None = None) -> dict[str, Any]:
    body = {"message": text} | ({"session_id": session_id} if session_id else {})
    answer = api.client.post("/api/chat", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def read(api: Api, path: str, headers: Headers) -> Any:
    return api.client.get(f"/api/sessions{path}", headers=headers)


def test_nobody_becomes_a_guest_with_a_token(api: Api) -> None:
    made = begin(api)
    assert made["token_type"] == "bearer"
    assert made["expires_in"] == 14 * 86400
    own = {"Authorization": f"Bearer {made['access_token']}"}
    path = f"/{made['session_id']}"
    assert read(api, path, own).json()["user_id"] is None
    assert say(api, "안녕하세요", own, made["session_id"])["session_id"] == made["session_id"]
    assert [one["session_id"] for one in walk(api, "/api/sessions", own)] == [made["session_id"]]
    for headers, status in (({}, 401), (api.guest(), 404), (api.minji, 404), (api.staff, 200)):
        assert read(api, path, headers).status_code == status
        assert read(api, f"{path}/messages", headers).status_code == status


def test_a_token_that_was_given_stays_the_guests(api: Api) -> None:
    guest = api.guest()
    made = [begin(api, guest), begin(api, guest)]
    for one in made:
        assert (one["access_token"], one["token_type"], one["expires_in"]) == (None, None, None)
    listed = {one["session_id"] for one in walk(api, "/api/sessions", guest, limit=1)}
    assert listed == {one["session_id"] for one in made}


def test_a_chat_without_a_token_is_held_by_its_id(api: Api) -> None:
    chat = say(api, QUESTION, {})["session_id"]
    assert len(read(api, f"/{chat}/messages", {}).json()["messages"]) == 2
    assert read(api, "/s_missing", {}).status_code == 401
    assert api.client.delete(f"/api/sessions/{chat}").status_code == 204
    assert read(api, f"/{chat}", {}).status_code == 401


METADATA = {"channel": "kiosk", "floor": 3, "rate": 0.5, "vip": True, "이름": "한글"}
QUESTION = "반품 배송비는 누가 내요?"


def test_metadata_is_kept(api: Api) -> None:
    made = begin(api, api.minji, metadata=METADATA)
    assert made["metadata"] == METADATA
    found = read(api, f"/{made['session_id']}", api.minji).json()
    assert set(found) == {
        "session_id", "title", "created_at", "updated_at", "metadata", "user_id", "answerer",
    }  # fmt: skip
    assert (found["metadata"], found["user_id"], found["title"]) == (METADATA, "user_001", "")
    say(api, QUESTION, api.minji, made["session_id"])
    after = read(api, f"/{made['session_id']}", api.minji).json()
    assert after["metadata"] == METADATA
    assert after["title"] == QUESTION
    assert begin(api, api.minji)["metadata"] == {}
    assert api.client.post("/api/sessions", headers=api.minji).status_code == 201


@pytest.mark.parametrize(
    "metadata",
    [[], "x", {"a": [[1]]}, {"a": {"b": {}}}, {"a": ["\0"]}, {"a": {"b\0": 1}},
     {str(n): n for n in range(21)}, {"a": "가" * 501}, {str(n): "가" * 100 for n in range(10)},
     {"a": "\0"}, {"": 1}, {"가" * 65: 1}, {"a\0": 1}, {"a": 10**400}],
)  # fmt: skip
def test_metadata_that_is_refused(api: Api, metadata: Any) -> None:
    answer = api.client.post("/api/sessions", json={"metadata": metadata}, headers=api.minji)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [b'{"metadata": {"a": NaN}}', b'{"metadata": {"a": 1e999}}', b'{"metadata": {"a": "\\ud800"}}',
     b'{"metadata": {"\\udfff": 1}}', b'{"metadata": {"a": ' + b"9" * 5000 + b"}}",
     b'{"metadata":' * 5000, b"[" * 100_000, b"\xff\xfe"],
)  # fmt: skip
def test_bodies_that_are_no_good_json(api: Api, body: bytes) -> None:
    headers = api.minji | {"Content-Type": "application/json"}
    answer = api.client.post("/api/sessions", content=body, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_list_is_last_used_first_and_pages(api: Api, clock) -> None:  # type: ignore[no-untyped-def]
    made = []
    for _ in range(6):
        made.append(begin(api, api.minji)["session_id"])
        clock.pass_(seconds=1)
    say(api, "안녕하세요", api.minji, made[2])
    every = walk(api, "/api/sessions", api.minji, limit=100)
    assert [one["session_id"] for one in every][:6] == [
        made[2], made[5], made[4], made[3], made[1], made[0],
    ]  # fmt: skip
    assert walk(api, "/api/sessions", api.minji, limit=2) == every
    assert walk(api, "/api/sessions", api.staff, limit=4, user_id="user_001") == every
    assert walk(api, "/api/sessions", api.minji, user_id="user_001") == every
    assert walk(api, "/api/sessions", api.staff) == []


def test_sessions_of_the_same_moment_are_all_listed(api: Api) -> None:
    made = {begin(api, api.jihun)["session_id"] for _ in range(5)}
    listed = [one["session_id"] for one in walk(api, "/api/sessions", api.jihun, limit=2)]
    assert len(listed) == len(set(listed))
    assert made <= set(listed)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x", "user_id=%00"])
def test_what_a_list_refuses(api: Api, query: str) -> None:
    assert read(api, f"?{query}", api.minji).status_code == 422


def test_messages_are_those_of_the_chat_oldest_first(api: Api) -> None:
    first = say(api, QUESTION, api.minji)
    chat = first["session_id"]
    second = say(api, "제 주문 어떻게 됐어요?", api.minji, chat)
    answer = read(api, f"/{chat}/messages", api.minji).json()
    assert set(answer) == {"messages"}
    roles = [one["role"] for one in answer["messages"]]
    assert roles == ["user", "assistant", "user", "assistant"]
    told = answer["messages"][1]
    for name in ("message_id", "content", "created_at", "token_usage", "citations", "cards"):
        assert told[name] == first[name], name
    assert answer["messages"][3]["cards"] == second["cards"] != []
    assert answer["messages"][0]["content"] == QUESTION
    last = read(api, f"/{chat}/messages?limit=1", api.staff).json()["messages"]
    assert last == answer["messages"][-1:]
    for limit in (0, 201, "x"):
        assert read(api, f"/{chat}/messages?limit={limit}", api.minji).status_code == 422


def test_what_a_person_answers_is_in_the_chat(api: Api) -> None:
    chat = say(api, "상담원 연결해 주세요", api.minji)
    ticket = api.client.get(f"/api/tickets/{chat['ticket_id']}", headers=api.staff).json()
    assert ticket["session_id"] == chat["session_id"]
    api.client.post(
        f"/api/tickets/{chat['ticket_id']}/resolve",
        json={"resolution": "보내 드렸어요.", "version": ticket["version"]}, headers=api.staff,
    )  # fmt: skip
    messages = read(api, f"/{chat['session_id']}/messages", api.minji).json()["messages"]
    assert (messages[-2]["role"], messages[-2]["content"]) == ("staff", "보내 드렸어요.")
    assert (messages[-1]["role"], messages[-1]["event"]) == ("system", "resolved")
    assert messages[-1]["token_usage"]["total_tokens"] == 0


def test_every_chat_of_the_seed_can_be_read(api: Api) -> None:
    seen = 0
    for number in range(1, 31):
        for one in walk(api, "/api/sessions", api.staff, user_id=f"user_{number:03d}", limit=100):
            answer = read(api, f"/{one['session_id']}/messages?limit=100", api.staff)
            assert answer.status_code == 200, answer.text
            seen += len(answer.json()["messages"])
    assert seen > 0


def test_deleting_takes_everything_said_with_it(api: Api) -> None:
    chat = say(api, QUESTION, api.minji)["session_id"]
    with api.shop.database.write() as tx:
        tx.insert("transcripts", {
            "digest": "d", "conversation_id": chat, "message_id": "m", "context": None,
            "created_at": "2026-11-20T03:00:00.000Z",
        })  # fmt: skip
    gone = api.client.delete(f"/api/sessions/{chat}", headers=api.minji)
    assert (gone.status_code, gone.content) == (204, b"")
    for path in (f"/{chat}", f"/{chat}/messages"):
        assert read(api, path, api.minji).status_code == 404
    assert api.client.delete(f"/api/sessions/{chat}", headers=api.minji).status_code == 404
    with api.shop.database.read() as tx:
        for table in ("messages", "turns", "transcripts", "conversations"):
            assert tx.rows(f"select 1 from {table} where conversation_id = ?", (chat,)) == []


def test_an_opinion_is_kept_and_replaced(api: Api) -> None:
    message = say(api, QUESTION, api.minji)
    path = f"/api/messages/{message['message_id']}/feedback"
    for good in (True, False):
        answer = api.client.post(
            path, json={"good": good, "reason": "설명이 짧아요"}, headers=api.minji
        )
        assert answer.status_code == 204
    with api.shop.database.read() as tx:
        rows = tx.rows("select * from feedback where message_id = ?", (message["message_id"],))
    assert [(row["rating"], row["reason"], row["user_id"]) for row in rows] == [
        (0, "설명이 짧아요", "user_001")
    ]
    for body in ({}, {"good": 1}, {"good": True, "reason": "가" * 501}, {"good": "yes"}):
        assert api.client.post(path, json=body, headers=api.minji).status_code == 422
