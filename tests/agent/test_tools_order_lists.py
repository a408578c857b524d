"""``list_orders``: whose orders, which of them, and page after page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from agent.shop.calendar import day_of
from agent.types import Caller
from errors import BadInput, NotFound, NotSignedIn
from services import Services
from store.models import Order, OrderPage, from_text
from tests.shelves import STAFF
from tests.talk import Talk


def walk(shop: Services, caller: Caller, limit: int = 9, **filters: Any) -> list[Order]:
    """All pages of a list."""
    found: list[Order] = []
    cursor = None
    while True:
        page: OrderPage = shop.tool(caller, "list_orders", limit=limit, cursor=cursor, **filters)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(page.items) == limit


def day(order: Order) -> date:
    return day_of(from_text(order.created_at))


def test_a_customer_sees_their_own_and_nobody_elses(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    mine = walk(shop, minji)
    assert mine
    assert {order.user_id for order in mine} == {minji.user_id}
    assert walk(shop, minji, customer_id=minji.user_id) == mine
    for somebody in (jihun.user_id, "user_999", "staff_001", ""):
        with pytest.raises(NotFound) as caught:
            shop.tool(minji, "list_orders", customer_id=somebody)
        assert str(caught.value) == "해당 고객을 찾을 수 없어요."
    theirs = walk(shop, jihun)[0]
    assert walk(shop, minji, text=theirs.order_id) == []
    assert walk(shop, minji, text="박지훈") == []


def test_staff_see_everybodys_or_one_customers(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    everybody = walk(shop, STAFF, limit=100)
    assert len(everybody) == 400
    assert [o.created_at for o in everybody] == sorted(
        (o.created_at for o in everybody), reverse=True
    )
    assert walk(shop, STAFF, customer_id=jihun.user_id) == walk(shop, jihun)
    with pytest.raises(NotFound, match="고객 번호"):
        shop.tool(STAFF, "list_orders", customer_id="user_999")


def test_staff_search_by_the_customers_name_and_email(shop: Services, jihun: Caller) -> None:
    by_name = walk(shop, STAFF, text="박지훈")
    assert {order.order_id for order in walk(shop, jihun)} <= {o.order_id for o in by_name}
    assert walk(shop, STAFF, text="jihun@") == walk(shop, jihun)
    assert walk(shop, STAFF, text="JIHUN@example.com") == walk(shop, jihun)


def test_both_days_are_korean_and_included(shop: Services, minji: Caller) -> None:
    mine = walk(shop, minji)
    first, last = day(mine[-1]), day(mine[0])
    middle = first + (last - first) / 2
    until = walk(shop, minji, until=middle)
    since = walk(shop, minji, since=middle + timedelta(days=1))
    assert [*since, *until] == mine
    assert walk(shop, minji, since=last, until=last) == [o for o in mine if day(o) == last]


def test_states_and_products(shop: Services, minji: Caller) -> None:
    mine = walk(shop, minji)
    for statuses in (("paid",), ("delivered", "cancelled"), ["shipped"]):
        assert walk(shop, minji, limit=2, statuses=statuses) == [
            order for order in mine if order.status in statuses
        ]
    name = mine[0].lines[0].product_name
    found = walk(shop, minji, limit=2, text=name.replace(" ", ""))
    assert found == [o for o in mine if any(line.product_name == name for line in o.lines)]
    page = shop.tool(minji, "list_orders", with_total=True, limit=1)
    assert page.total == len(mine)


def test_what_is_refused(shop: Services, minji: Caller, guest: Caller) -> None:
    for caller in (guest, Caller()):
        with pytest.raises(NotSignedIn):
            shop.tool(caller, "list_orders")
    with pytest.raises(BadInput, match="pending_payment, paid"):
        shop.tool(minji, "list_orders", statuses=("delivering",))
    with pytest.raises(BadInput) as caught:
        shop.tool(minji, "list_orders", cursor="다음")
    assert caught.value.code == "bad_cursor"
    assert len(shop.tool(minji, "list_orders", limit=0).items) == 1


def test_a_cursor_of_somebody_elses_list_shows_ones_own(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    cursor = shop.tool(jihun, "list_orders", limit=1).next_cursor
    page = shop.tool(minji, "list_orders", cursor=cursor)
    assert {order.user_id for order in page.items} <= {minji.user_id}


def test_staff_who_chat_are_shown_their_own_orders(shop: Services) -> None:
    order = walk(shop, STAFF, limit=100)[0]
    talk = Talk(shop, STAFF)
    assert not talk.say("제 주문 어떻게 됐어요?").cards
    with shop.database.write() as tx:
        tx.update("orders", {"order_id": order.order_id}, {"user_id": STAFF.user_id})
    assert [card.id for card in talk.say("제 주문 보여 주세요").cards] == [order.order_id]
