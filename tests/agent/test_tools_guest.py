"""A guest's look-up of imported orders: by the other shop's number, among several, counted."""

from __future__ import annotations

from typing import Any

import pytest

from agent.shop import words
from agent.types import Caller
from errors import BadInput, TooMany
from services import Services
from tests.conftest import Clock
from tests.shelves import STAFF, order_of
from tests.talk import Talk

GUEST = Caller(guest_key="g")


def imported(shop: Services, caller: Caller, number: str, source: str, status: str = "paid") -> str:
    """One of the caller's orders as if it came from another shop."""
    order_id = order_of(shop, caller, status).order_id
    with shop.database.write() as tx:
        tx.update("orders", {"order_id": order_id}, {"external_id": number, "source": source})
    return order_id


def look(shop: Services, number: str, email: str) -> Any:
    return shop.tool(GUEST, "lookup_guest_order", order_id=number, email=email)


def test_every_guests_order_of_a_number_is_found(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    mine = imported(shop, minji, "#1001", "a")
    his = imported(shop, jihun, "1001", "b")
    for number in ("1001", "#1001", " #1001 "):
        assert look(shop, number, "minji@example.com").order_id == mine
        assert look(shop, number, "jihun@example.com").order_id == his
    rows = shop.tool(STAFF, "list_audit", action="guest_lookup").items
    assert {row.entry.object_id for row in rows} == {mine, his}


def test_a_guest_with_two_orders_of_a_number_is_asked(shop: Services, minji: Caller) -> None:
    ids = {imported(shop, minji, "1001", "a"), imported(shop, minji, "1001", "b", "shipped")}
    with pytest.raises(BadInput) as caught:
        look(shop, "1001", "minji@example.com")
    assert all(order_id in caught.value.message for order_id in ids)


def test_a_guests_wrong_tries_count_for_the_order_however_it_is_called(
    shop: Services, minji: Caller, clock: Clock
) -> None:
    mine = imported(shop, minji, "#1001", "a")
    for number, name in enumerate(("1001", "#1001", mine)):
        assert look(shop, name, f"{number}@example.com") is None
    for name in ("1001", "##1001", mine):
        with pytest.raises(TooMany):
            look(shop, name, "minji@example.com")
    clock.pass_(minutes=61)
    assert look(shop, "1001", "minji@example.com").order_id == mine


def test_staff_are_told_of_several_orders_of_a_number(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    ids = {imported(shop, minji, "1001", "a"), imported(shop, jihun, "1001", "b")}
    tries: dict[str, dict[str, Any]] = {"get_order": {}, "advance_order": {"to": "preparing"}}
    for tool, more in tries.items():
        with pytest.raises(BadInput) as caught:
            shop.tool(STAFF, tool, order_id="1001", **more)
        assert all(order_id in caught.value.message for order_id in ids)
    assert shop.tool(minji, "get_order", order_id="1001").order_id in ids


def test_a_guest_in_the_chat_is_let_to_the_order_that_was_proved(
    shop: Services, minji: Caller, jihun: Caller, guest: Caller
) -> None:
    number = order_of(shop, jihun, "paid").order_id  # his here, and hers in her shop
    mine = imported(shop, minji, number, "a")
    talk = Talk(shop, guest)
    said = talk.say(f"주문번호 {number} 배송 조회해 주세요. 이메일은 minji@example.com 이에요")
    assert [card.id for card in said.cards if card.type == "order"] == [mine]
    again = talk.say(f"{number} 주문 상태 알려 주세요")
    assert [card.id for card in again.cards if card.type == "order"] == [mine]
    with shop.database.read() as tx:
        context = tx.value(
            "select context from conversations where guest_hash is not null "
            "and conversation_id glob 's_*'"
        )
    assert mine in context
    assert number not in context


def test_an_import_has_its_word_in_the_audit() -> None:
    assert words.AUDIT_ACTION["import"]
