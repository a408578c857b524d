"""What a client may leave to us: HEAD, a slash at the end, empty parameters, null for nothing."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api

OWN = "/api/users/user_001/orders"


@pytest.mark.parametrize(
    "path", ["/healthz", "/ready", "/health", "/metrics", "/api/docs", "/api/openapi.json",
             "/api/auth/me", "/api/products/search?q=이어폰", "/v1/models"],
)  # fmt: skip
def test_head_answers_like_get_without_the_body(api: Api, path: str) -> None:
    asked = api.client.get(path, headers=api.minji)
    head = api.client.head(path, headers=api.minji)
    assert head.status_code == asked.status_code == 200
    assert head.headers["Content-Type"] == asked.headers["Content-Type"]
    assert head.headers["X-Request-ID"]
    assert head.content == b""


def test_head_keeps_to_who_may_read(api: Api) -> None:
    assert api.client.head("/api/auth/me").status_code == 401
    assert api.client.head(OWN, headers=api.jihun).status_code == 404
    assert api.client.head("/api/chat").status_code == 405


@pytest.mark.parametrize("path", ["/api/auth/me", OWN, "/v1/models", "/api/docs"])
def test_a_slash_at_the_end_changes_nothing(api: Api, path: str) -> None:
    plain = api.client.get(path, headers=api.minji)
    slashed = api.client.get(f"{path}/", headers=api.minji)
    assert slashed.status_code == 200
    assert slashed.content == plain.content


def test_a_write_may_end_in_a_slash(api: Api) -> None:
    assert api.client.post("/api/sessions/", json={}).status_code == 201


def test_an_empty_parameter_of_a_list_asks_for_nothing(api: Api) -> None:
    whole = api.client.get(OWN, headers=api.minji).json()
    empty = api.client.get(
        OWN, headers=api.minji, params={"cursor": None, "status": "", "limit": None}
    )
    assert str(empty.request.url).endswith("?cursor=&status=&limit=")
    assert empty.json() == whole


def test_a_value_that_ends_in_an_equals_sign_is_no_empty_one(api: Api) -> None:
    assert api.client.get(f"{OWN}?cursor=abc=", headers=api.minji).status_code == 422


@pytest.mark.parametrize("query", ["dry_run", "dry_run="])
def test_a_write_is_taken_word_by_word(api: Api, query: str) -> None:
    order = api.client.get(OWN, params={"status": "paid"}, headers=api.minji).json()["items"][0]
    path = f"/api/orders/{order['order_id']}"
    body = {"kind": "cancel", "reason_code": "change_of_mind"}
    assert (
        api.client.post(f"{path}/claims?{query}", json=body, headers=api.minji).status_code == 422
    )
    assert api.client.get(path, headers=api.minji).json()["claims"] == order.get("claims", [])


def test_null_says_nothing_and_metadata_may_have_parts(api: Api) -> None:
    nested = {"client": {"name": "kiosk", "floor": None}, "tags": ["a", 1]}
    kept = api.client.post("/api/sessions", json={"metadata": nested}, headers=api.minji)
    assert kept.json()["metadata"] == nested
    begun = api.client.post("/api/sessions", json={"metadata": None}, headers=api.minji)
    assert (begun.status_code, begun.json()["metadata"]) == (201, {})
    asked = {
        "issue_type": "other",
        "description": "문의드려요.",
        "priority": None,
        "order_id": None,
    }
    ticket = api.client.post("/api/tickets", json=asked, headers=api.minji)
    assert (ticket.status_code, ticket.json()["priority"]) == (201, "normal")
    order = api.client.get(OWN, params={"status": "paid"}, headers=api.minji).json()["items"][0]
    body = {"kind": "cancel", "reason_code": "change_of_mind", "photos": None, "lines": None}
    quote = api.client.post(
        f"/api/orders/{order['order_id']}/claims?dry_run=true", json=body, headers=api.minji
    )
    assert quote.status_code == 200, quote.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_json_under_another_name_is_told_the_name(api: Api, kind: str) -> None:
    answer = api.client.post(
        "/api/chat", content='{"message": "안녕하세요"}', headers={"Content-Type": kind}
    )
    assert answer.status_code == 422
    assert "Content-Type" in answer.json()["detail"]


@pytest.mark.parametrize("password", ["password123", "1234567890", "qwerty12345", "20261121000"])
def test_passwords_of_every_list_are_weak(api: Api, password: str) -> None:
    asked = {"email": "weak@example.com", "password": password, "name": "김나라"}
    answer = api.client.post("/api/auth/register", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "weak_password")


def test_messages_keep_to_the_limit_of_lists(api: Api) -> None:
    chat = api.client.post("/api/sessions", json={}, headers=api.minji).json()["session_id"]
    path = f"/api/sessions/{chat}/messages"
    for limit, status in ((0, 422), (1, 200), (100, 200), (101, 422)):
        got = api.client.get(path, params={"limit": limit}, headers=api.minji)
        assert got.status_code == status, limit
