"""``Idempotency-Key``: the same request again gets the first answer and changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx2
import pytest

from errors import Unavailable
from services.repeats import Repeats
from store import requests
from tests.api.conftest import Api
from tests.shelves import every_row, order_of

KEY = {"Idempotency-Key": "6f1f0c1e-6f0d-4c57-9d0a-0d5f2f5f4a10"}
TICKET = {"issue_type": "other", "description": "도와주세요"}


def asked(api: Api, minji: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """One request of every route that takes a key."""
    paid, back = order_of(api.shop, minji, "paid"), order_of(api.shop, minji, "delivered")
    line = {"line_id": back.lines[0].line_id, "quantity": 1}
    claim = {"kind": "return", "lines": [line], "reason_code": "defect"}
    return {
        "cancel": (f"/api/orders/{paid.order_id}/cancel", {"reason": "other"}),
        "claim": (f"/api/orders/{back.order_id}/claims", claim),
        "ticket": ("/api/tickets", TICKET),
    }


def post(api: Api, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    return api.client.post(path, json=body, headers=headers)


@pytest.mark.parametrize("name", ["cancel", "claim", "ticket"])
def test_the_first_answer_comes_again_and_nothing_changes(api: Api, minji, name: str) -> None:  # type: ignore[no-untyped-def]
    path, body = asked(api, minji)[name]
    first = post(api, path, body, api.minji | KEY)
    assert first.status_code in (200, 201)
    assert "idempotency-replayed" not in first.headers
    before = every_row(api.shop)
    for _ in range(3):
        again = post(api, path, body, api.minji | KEY)
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert again.headers["idempotency-replayed"] == "true"
    assert every_row(api.shop) == before


@pytest.mark.parametrize("name", ["cancel", "claim", "ticket"])
def test_twenty_at_once_make_one_change(api: Api, minji, name: str) -> None:  # type: ignore[no-untyped-def]
    path, body = asked(api, minji)[name]
    headers, together = api.minji | KEY, Barrier(20)

    def work(_: int) -> Any:
        with httpx2.Client(base_url=api.url, trust_env=False, timeout=30) as client:
            together.wait()
            return client.post(path, json=body, headers=headers)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(work, range(20)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    with api.shop.database.read() as tx:
        made = tx.rows("select * from audit_events where source = 'api' and action in "
                       "('create', 'cancel')")  # fmt: skip
    assert len(made) == (2 if name == "cancel" else 1)  # a cancelled order has a claim, too


def test_a_key_stands_for_one_request(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    routes = asked(api, minji)
    path, body = routes["ticket"]
    assert post(api, path, body, api.minji | KEY).status_code == 201
    before = every_row(api.shop)
    for other, changed in (
        (path, {**body, "description": "다른 말이에요"}), routes["cancel"], routes["claim"],
    ):  # fmt: skip
        answer = post(api, other, changed, api.minji | KEY)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert every_row(api.shop) == before


def test_another_caller_has_keys_of_their_own(api: Api) -> None:
    mine = post(api, "/api/tickets", TICKET, api.minji | KEY).json()
    theirs = post(api, "/api/tickets", TICKET, api.jihun | KEY).json()
    assert (mine["user_id"], theirs["user_id"]) == ("user_001", "user_002")


def test_without_a_key_or_with_another_it_is_another_request(api: Api) -> None:
    numbers = {
        post(api, "/api/tickets", TICKET, api.minji | headers).json()["ticket_id"]
        for headers in ({}, {}, {"Idempotency-Key": "a"}, {"Idempotency-Key": "b"})
    }
    assert len(numbers) == 4


def test_a_refusal_is_not_kept(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "paid")
    path = f"/api/orders/{order.order_id}/claims"
    body = {"kind": "cancel", "reason_code": "other", "lines": [{"line_id": "x", "quantity": 1}]}
    assert post(api, path, body, api.minji | KEY).status_code == 400
    right = {"kind": "cancel", "reason_code": "other"}
    assert post(api, path, right, api.minji | KEY).status_code == 201


def test_a_quote_takes_no_key(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    path, body = asked(api, minji)["claim"]
    assert post(api, f"{path}?dry_run=true", body, api.minji | KEY).status_code == 200
    assert post(api, path, body, api.minji | KEY).status_code == 201


def test_change_and_answer_are_kept_together_or_not_at_all(
    api: Api,
    minji,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    """The program dies between the change and the answer's record."""
    path, body = asked(api, minji)["cancel"]
    _, before = api.minji, every_row(api.shop)

    def dies(*_: Any, **__: Any) -> None:
        raise Unavailable("저장하지 못했어요.")

    with monkeypatch.context() as patched:
        patched.setattr(requests, "add", dies)
        assert post(api, path, body, api.minji | KEY).status_code == 503
    assert every_row(api.shop) == before
    assert post(api, path, body, api.minji | KEY).status_code == 200


def test_an_answer_is_kept_for_a_day(api: Api, clock) -> None:  # type: ignore[no-untyped-def]
    first = post(api, "/api/tickets", TICKET, api.minji | KEY).json()
    repeats = Repeats(api.shop)
    clock.pass_(hours=23, minutes=59)
    assert repeats.forget_old() == 0
    api._tokens.clear()  # an access token is shorter lived
    assert post(api, "/api/tickets", TICKET, api.minji | KEY).json() == first
    clock.pass_(minutes=1)
    api._tokens.clear()
    second = post(api, "/api/tickets", TICKET, api.minji | KEY).json()
    assert second["ticket_id"] != first["ticket_id"]
    clock.pass_(hours=24)
    assert (repeats.forget_old(), repeats.forget_old()) == (1, 0)


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "키".encode()])
def test_keys_that_are_refused(api: Api, key: Any) -> None:
    answer = api.client.post(
        "/api/tickets", json=TICKET, headers={**api.minji, "Idempotency-Key": key}
    )
    assert answer.status_code == 422, answer.text
