"""POST /api/chat: one turn over real HTTP, in http.md's shape."""

from __future__ import annotations

import re
import threading
import time

import pytest

from tests.api.conftest import Api
from tests.shelves import order_of

QUESTION = "반품 배송비는 누가 내요?"
ANSWER = {
    "session_id", "message_id", "role", "content", "answer", "created_at", "intent", "confidence",
    "citations", "cards", "pending_action", "tools_used", "handoff", "ticket_id", "guardrails",
    "provider", "model", "token_usage", "latency_ms",
}  # fmt: skip


def say(api: Api, message: str, headers: dict[str, str] | None = None, **more: object):  # type: ignore[no-untyped-def]
    return api.client.post("/api/chat", json={"message": message, **more}, headers=headers or {})


def test_the_answer_has_exactly_the_contracts_shape(api: Api) -> None:
    answer = say(api, QUESTION).json()
    assert set(answer) == ANSWER
    assert answer["answer"] == answer["content"]
    assert answer["role"] == "assistant"
    assert answer["intent"] == "policy"
    assert set(answer["citations"][0]) == {"chunk_id", "title", "section", "quote"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["created_at"])
    assert set(answer["token_usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}


def test_a_customer_cancels_over_http_by_the_actions_id(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "paid")
    asked = say(api, f"{order.order_id} 주문 취소할래요", api.minji).json()
    pending = asked["pending_action"]
    assert pending["kind"] == "cancel_order"
    assert all(len(row) == 2 for row in pending["rows"])
    session = asked["session_id"]
    done = say(api, "", api.minji, session_id=session, confirm=pending["action_id"])
    assert done.status_code == 200
    assert "cancel_order" in done.json()["tools_used"]
    now = api.shop.tool(minji, "get_order", order_id=order.order_id)
    assert now.status == "cancelled"


def test_a_typed_yes_confirms_as_well(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "paid")
    asked = say(api, f"{order.order_id} 주문 취소할래요", api.minji).json()
    say(api, "네", api.minji, session_id=asked["session_id"])
    assert api.shop.tool(minji, "get_order", order_id=order.order_id).status == "cancelled"


def test_nobody_elses_action_can_be_confirmed(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "paid")
    asked = say(api, f"{order.order_id} 주문 취소할래요", api.minji).json()
    action = asked["pending_action"]["action_id"]
    assert say(api, "", api.jihun, confirm=action).status_code == 404
    assert say(api, "", confirm=action).status_code == 404
    assert api.shop.tool(minji, "get_order", order_id=order.order_id).status == "paid"


def test_without_a_token_the_session_id_is_what_a_chat_goes_on_with(api: Api) -> None:
    first = say(api, "반품하고 싶어요").json()
    again = say(api, "네", session_id=first["session_id"])
    assert again.status_code == 200
    assert again.json()["session_id"] == first["session_id"]
    assert say(api, "네", api.guest(), session_id=first["session_id"]).status_code == 404
    assert say(api, "네", api.jihun, session_id=first["session_id"]).status_code == 404


def test_a_guests_chat_with_a_token_needs_the_token(api: Api) -> None:
    mine = api.guest()
    session = say(api, QUESTION, mine).json()["session_id"]
    assert say(api, "왜요?", mine, session_id=session).status_code == 200
    for other in (None, api.guest(), api.minji):
        refused = say(api, "왜요?", other, session_id=session)
        assert refused.status_code == 404
        assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_request"),
        ({"message": 3}, 422, "invalid_request"),
        ({"message": "안녕", "session_id": 7}, 422, "invalid_request"),
        ({"message": ""}, 400, "empty_message"),
        ({"message": " \n"}, 400, "empty_message"),
        ({"message": "가" * 4001}, 400, "message_too_long"),
        ({"message": "안녕", "session_id": "s_missing"}, 404, "not_found"),
        ({"message": "사진이요", "image_ids": ["img_missing"]}, 404, "not_found"),
        ({"message": "안녕", "image_ids": ["img_1"] * 6}, 400, "bad_input"),
    ],
)
def test_bad_input_is_told_in_korean(api: Api, body: object, status: int, code: str) -> None:
    for path in ("/api/chat", "/api/chat/stream"):
        refused = api.client.post(path, json=body, headers=api.minji)
        assert refused.status_code == status
        problem = refused.json()
        assert problem["code"] == code
        assert problem["request_id"] == refused.headers["X-Request-ID"]
        assert re.search("[가-힣]", problem["detail"])
        assert {"type", "title", "status", "detail", "code", "request_id"} <= set(problem)


def test_the_61st_message_of_a_minute_waits(api: Api) -> None:
    api.shop.settings = api.shop.settings.replace(turns_per_minute=3)
    api.shop.__dict__.pop("limits", None)
    answers = [say(api, "안녕하세요", api.minji) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].json()["code"] == "rate_limited"
    assert say(api, "안녕하세요", api.jihun).status_code == 200


def test_a_full_queue_turns_away_and_loses_nothing(api: Api) -> None:
    api.shop.settings = api.shop.settings.replace(turn_workers=1, turn_queue_max=0)
    api.shop.__dict__.pop("turns", None)
    mine, other = api.minji, api.jihun
    first: list[int] = []
    waiting = threading.Thread(
        target=lambda: first.append(say(api, "안녕하세요", mine).status_code)
    )
    with api.shop.database.write():  # the first turn cannot begin to write
        waiting.start()
        while not api.shop.turns.running:
            time.sleep(0.01)
        refused = say(api, "안녕하세요", other)
    waiting.join(20)
    assert refused.status_code == 503
    assert refused.json()["code"] == "busy"
    assert "Retry-After" in refused.headers
    assert first == [200]


def test_a_slow_answer_is_given_up_but_kept(api: Api) -> None:
    api.shop.settings = api.shop.settings.replace(turn_timeout_s=0)
    late = say(api, QUESTION, api.minji)
    assert late.status_code == 504
    assert late.json()["code"] == "turn_timeout"
    assert api.shop.turns.drain(20) == 0
    with api.shop.database.read() as tx:
        (asked,) = tx.rows(
            "select turn_id from messages where content = ? and conversation_id glob 's_*'",
            (QUESTION,),
        )
        kept = tx.rows("select role from messages where turn_id = ?", (asked["turn_id"],))
    assert [one["role"] for one in kept] == ["user", "assistant"]
