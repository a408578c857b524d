"""Orders over HTTP: lists page by page, detail, status, cancelling."""

from __future__ import annotations

from typing import Any

import pytest

from services import words
from tests.api.conftest import Api
from tests.api.helpers import walk
from tests.shelves import STAFF, every_row, order_of, stock

LIST = "/api/users/user_001/orders"


def test_a_list_is_the_customers_own_newest_first_and_pages(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    one_page = walk(api, LIST, api.minji, limit=100)
    assert one_page == walk(api, LIST, api.minji, limit=3)
    assert one_page == walk(api, LIST, api.staff, limit=7)
    every = api.shop.tool(minji, "list_orders", limit=100).items
    assert [one["order_id"] for one in one_page] == [order.order_id for order in every]
    assert {one["user_id"] for one in one_page} == {"user_001"}
    for one in one_page:
        assert one["status_ko"] == words.ORDER_STATUS[one["status"]]
        assert one["total_krw"] == one["items_krw"] - one["coupon_krw"] + one["shipping_krw"]
        assert sum(line["amount_krw"] for line in one["lines"]) == one["items_krw"]


def test_a_list_can_be_of_some_states(api: Api) -> None:
    every = walk(api, LIST, api.minji)
    for wanted in ("paid", ["delivered", "cancelled"]):
        found = walk(api, LIST, api.minji, status=wanted, limit=2)
        assert found == [one for one in every if one["status"] in wanted]
        assert found


@pytest.mark.parametrize(
    ("query", "status"),
    [("limit=0", 422), ("limit=101", 422), ("status=delivering", 422), ("status=", 200),
     ("cursor=abc", 422), ("cursor=%ED%A0%80", 422), ("cursor=zzzzzzzzzzz", 422),
     ("cursor=", 200), ("limit=ten", 422)],
)  # fmt: skip
def test_what_a_list_refuses_and_what_counts_as_absent(api: Api, query: str, status: int) -> None:
    assert api.client.get(f"{LIST}?{query}", headers=api.minji).status_code == status


def test_every_order_of_the_shop_can_be_looked_at(api: Api) -> None:
    for number in range(1, 31):
        for one in walk(api, f"/api/users/user_{number:03d}/orders", api.staff, limit=100):
            answer = api.client.get(f"/api/orders/{one['order_id']}", headers=api.staff)
            assert answer.status_code == 200, answer.text
            order = answer.json()
            assert {name: order[name] for name in one} == one
            for claim in order["claims"]:
                path = f"/api/claims/{claim['claim_id']}"
                assert api.client.get(path, headers=api.staff).json() == claim


def test_a_detail_tells_everything_and_the_status_the_same(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    for status in ("pending_payment", "paid", "preparing", "shipped", "delivered", "cancelled"):
        listed = api.shop.tool(minji, "list_orders", statuses=(status,)).items[0]
        path = f"/api/orders/{listed.order_id}"
        order = api.client.get(path, headers=api.minji).json()
        whole = api.shop.tool(minji, "get_order", order_id=listed.order_id)
        assert order["allowed_actions"] == list(api.shop.allowed_actions(whole))
        assert order["paid_krw"] == whole.paid_krw
        assert order["due_krw"] == (api.shop.due_krw(whole) if status == "pending_payment" else 0)
        assert (order["title"], order["version"]) == (whole.title, whole.version)
        assert len(order["payments"]) == len(whole.payments)
        state = api.client.get(f"{path}/status", headers=api.minji).json()
        assert set(state) == {"order_id", "status", "status_ko", "shipment", "allowed_actions"}
        assert state == {name: order[name] for name in state}
        assert (state["shipment"] is not None) == (whole.shipment is not None)


def cancel(api: Api, order_id: str, reason: str = "change_of_mind", **more: Any):  # type: ignore[no-untyped-def]
    return api.client.post(
        f"/api/orders/{order_id}/cancel", json={"reason": reason},
        headers=api.minji | more.pop("headers", {}),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "code", "text"),
    [
        ("late_delivery", "late_delivery", ""),
        ("그냥 취소할래요", "change_of_mind", "그냥 취소할래요"),
    ],
)
def test_a_paid_order_is_cancelled_and_paid_back(
    api: Api,
    minji,
    reason: str,
    code: str,
    text: str,  # type: ignore[no-untyped-def]
) -> None:
    order = order_of(api.shop, minji, "paid")
    had = {line.sku: stock(api.shop, line.sku) for line in order.lines}
    answer = cancel(api, order.order_id, reason)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["order_id"], body["status"], body["status_ko"]) == (
        order.order_id, "cancelled", "취소완료",
    )  # fmt: skip
    assert body["refunded_krw"] == order.paid_krw > 0
    (claim,) = body["claims"]
    assert (claim["reason_code"], claim["reason_text"]) == (code, text)
    assert {sku: stock(api.shop, sku) for sku in had} == {
        line.sku: had[line.sku] + line.quantity for line in order.lines
    }
    again = cancel(api, order.order_id, reason)
    assert (again.status_code, again.json()["code"]) == (409, "not_cancellable")
    assert again.json()["allowed_actions"] == body["allowed_actions"] == ["refund_status"]


@pytest.mark.parametrize("status", ["preparing", "shipped", "delivered", "cancelled"])
def test_what_cannot_be_cancelled_says_what_can_be_done(api: Api, minji, status: str) -> None:  # type: ignore[no-untyped-def]
    order = api.shop.tool(minji, "list_orders", statuses=(status,)).items[0]
    whole = api.shop.tool(minji, "get_order", order_id=order.order_id)
    _, before = api.minji, every_row(api.shop)
    answer = cancel(api, order.order_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_cancellable")
    assert answer.json()["allowed_actions"] == list(api.shop.allowed_actions(whole))
    hint = f"POST /api/orders/{order.order_id}/claims" in answer.json()["detail"]
    assert hint == ("request_cancel" in answer.json()["allowed_actions"])
    assert every_row(api.shop) == before


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": ""}, {"reason": "  "}, {"reason": "가" * 501}, {"reason": "a\0"},
     {"reason": 3}, {"reason": None}, [], "reason", None],
)  # fmt: skip
def test_a_cancellation_needs_a_reason(api: Api, minji, body: Any) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "paid")
    path = f"/api/orders/{order.order_id}/cancel"
    assert api.client.post(path, json=body, headers=api.minji).status_code == 422


def test_a_lone_surrogate_is_refused(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "paid")
    for body in (b'{"reason": "\\ud800"}', b'{"\\ud800": 1}', b'{"reason": "\xff"}', b"{", b""):
        answer = api.client.post(
            f"/api/orders/{order.order_id}/cancel", content=body,
            headers=api.minji | {"Content-Type": "application/json"},
        )  # fmt: skip
        assert 400 <= answer.status_code < 500, (body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_staff_cancel_for_a_customer_and_are_in_the_audit(api: Api, minji) -> None:  # type: ignore[no-untyped-def]
    order = order_of(api.shop, minji, "paid")
    answer = api.client.post(
        f"/api/orders/{order.order_id}/cancel", json={"reason": "other"}, headers=api.staff
    )
    assert answer.json()["status"] == "cancelled"
    entry = api.shop.tool(STAFF, "list_audit", object_id=order.order_id).items[0].entry
    assert (entry.actor_id, entry.source, entry.action) == ("staff_001", "api", "cancel")
