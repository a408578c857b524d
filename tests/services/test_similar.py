"""Solved tickets like an open one, and a customer's history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from time import perf_counter

import pytest

from agent.types import Caller
from errors import Forbidden, NotFound
from services import Services
from services.similar import rank
from store.models import Ticket, to_text
from store.ticket_history import Solved
from tests.desk import do
from tests.shelves import STAFF


def made(shop: Services, text: str, issue_type: str = "delivery", **more: str) -> Ticket:
    found: Ticket = shop.tool(
        STAFF, "create_ticket", issue_type=issue_type, description=text,
        **{"customer_id": "user_001", **more},
    )  # fmt: skip
    return found


def old(number: str, text: str, *, products: tuple[str, ...] = ()) -> Solved:
    return Solved(number, "문의", text, "", "이렇게 했어요", "delivery", "", None, products)


def test_the_likest_comes_first_and_strangers_are_left_out() -> None:
    found = [
        old("a", "적립금이 안 들어왔어요"),
        old("b", "택배가 사흘째 곤지암 허브에 멈춰 있어요"),
        old("c", "택배가 안 와요"),
    ]
    liked = rank("곤지암 허브에서 택배가 멈췄어요", (), found)
    assert [like.ticket.ticket_id for like in liked][:1] == ["b"]
    assert "a" not in [like.ticket.ticket_id for like in liked]
    assert all(0 < like.likeness <= 1 for like in liked)


def test_an_order_of_the_same_product_counts() -> None:
    text = "충전 단자가 헐거워서 충전이 안 돼요"
    found = [old("a", text), old("b", text, products=("p_1",))]
    assert rank("충전 단자가 흔들려요", ("p_1",), found)[0].ticket.ticket_id == "b"


def test_nothing_and_empty_texts_are_no_error() -> None:
    assert rank("", (), []) == ()
    assert rank("", (), [old("a", "")]) == ()
    assert rank("말", (), [old("a", "말")])[0].likeness > 0.5


def test_only_solved_tickets_of_the_type_with_a_resolution(shop: Services) -> None:
    mine = made(shop, "무선 이어폰 왼쪽에서 지지직 소리가 나요", "defect")
    twin = made(shop, "이어폰 왼쪽에서 지지직 소리가 계속 나요", "defect")
    other = made(shop, "이어폰 왼쪽에서 지지직 소리가 나요", "product")
    assert mine.ticket_id not in [x.ticket.ticket_id for x in shop.similar(STAFF, mine)]
    assert twin.ticket_id not in [x.ticket.ticket_id for x in shop.similar(STAFF, mine)]
    do(shop, "resolve_ticket", twin, resolution="새 제품으로 교환했어요.")
    do(shop, "resolve_ticket", other, resolution="사용법을 안내했어요.")
    liked = shop.similar(STAFF, mine)
    assert liked[0].ticket.ticket_id == twin.ticket_id
    assert liked[0].ticket.resolution == "새 제품으로 교환했어요."
    assert other.ticket_id not in [like.ticket.ticket_id for like in liked]
    with pytest.raises(Forbidden):
        shop.similar(Caller("customer", "user_001", "김민지"), mine)


def test_thirty_thousand_tickets_are_no_hindrance(shop: Services) -> None:
    """The bound is ten times the measured time of 20 ms: only a full scan fails it."""
    mine = made(shop, "택배가 곤지암 허브에 멈춰 있어요")
    moment = shop.clock()
    columns = ("ticket_id", "user_id", "issue_type", "priority", "status", "subject",
               "description", "resolution", "tags", "version", "created_at", "updated_at",
               "resolved_at")  # fmt: skip
    states, types = ("resolved", "closed"), ("delivery", "refund", "defect", "product", "other")

    def rows() -> object:
        for number in range(30_000):
            at = to_text(moment - timedelta(minutes=number))
            text = f"주문 {number}번 택배가 {number % 97}일째 멈춰 있어서 확인을 부탁드려요. " * 3
            text += "곤지암 허브예요." if number % 50 == 0 else ""
            yield (f"T2020-{number:06}", "user_001", types[number % 5], "normal",
                   states[number % 2], "배송 문의", text, "택배사에 재촉했어요.", "[]", 3, at, at,
                   at)  # fmt: skip

    with shop.database.write(durable=False) as tx:
        tx.insert_many("tickets", columns, rows())  # type: ignore[arg-type]
    shop.similar(STAFF, mine)
    begin = perf_counter()
    liked = shop.similar(STAFF, mine)
    took = perf_counter() - begin
    assert took < 0.2
    assert len(liked) == 3
    assert all("곤지암" in like.ticket.description for like in liked)


def test_the_history_of_a_customer(shop: Services, minji: Caller) -> None:
    found = shop.tool(STAFF, "customer_history", customer_id="user_001")
    every = shop.tool(minji, "list_tickets", limit=100).items
    orders = shop.tool(minji, "list_orders", limit=100, with_total=True)
    claims = shop.tool(minji, "list_claims", limit=100)
    assert found.customer.name == "김민지"
    assert found.counts.orders == orders.total
    assert found.counts.spent_krw == sum(
        one.total_krw for one in orders.items if one.status != "cancelled"
    )
    assert (found.counts.claims, found.counts.tickets) == (len(claims), len(every))
    assert [one.ticket_id for one in found.tickets] == [one.ticket_id for one in every[:5]]
    assert [one.order_id for one in found.orders] == [one.order_id for one in orders.items[:5]]
    with pytest.raises(Forbidden):
        shop.tool(minji, "customer_history", customer_id="user_001")
    with pytest.raises(NotFound):
        shop.tool(STAFF, "customer_history", customer_id="user_none")


def test_moods_and_open_tickets_are_counted(shop: Services) -> None:
    before = shop.tool(STAFF, "customer_history", customer_id="user_001").counts
    ticket = made(shop, "정말 화나네요")
    with shop.database.write() as tx:
        tx.update("tickets", {"ticket_id": ticket.ticket_id}, {"sentiment": "angry"})
    now = shop.tool(STAFF, "customer_history", customer_id="user_001").counts
    assert now == replace(
        before, tickets=before.tickets + 1, open_tickets=before.open_tickets + 1,
        unhappy_tickets=before.unhappy_tickets + 1,
    )  # fmt: skip
