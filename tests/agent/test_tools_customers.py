"""Profiles: one's own, found by staff, and the default address with its trail."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.types import Caller
from errors import BadInput, Forbidden, NotFound, NotSignedIn, StateChanged
from services import Services
from store import payment_methods
from store.models import PaymentMethod
from tests.shelves import ROAD, STAFF, told

ADMIN = Caller("admin", "admin_001", "관리자")


def add_method(shop: Services, user_id: str, method_id: str, position: int, **values) -> None:
    with shop.database.write() as tx:
        method = PaymentMethod(method_id, user_id, values.pop("kind", "card"), **values)
        payment_methods.add(tx, method, position=position)


def set_user(shop: Services, user_id: str, **columns: str) -> None:
    with shop.database.write() as tx:
        tx.update("users", {"user_id": user_id}, columns)


def kept(shop: Services) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every account and the whole audit, oldest first."""
    with shop.database.read() as tx:
        users = tx.rows("select * from users order by user_id")
        return users, tx.rows("select * from audit_events order by rowid")


# ── looking ──────────────────────────────────────────────────────────────────────────────


def test_ones_own_profile_is_whole(shop, minji):
    me = shop.tool(minji, "get_customer")
    assert (me.user_id, me.name, me.email) == ("user_001", "김민지", "minji@example.com")
    assert me.address.road == "서울특별시 중구 세종대로 110"
    mine = [order.order_id for order in shop.tool(minji, "list_orders", limit=100).items]
    assert list(me.order_ids) == mine
    assert shop.tool(minji, "get_customer", customer_id="user_001") == me


def test_somebody_elses_profile_answers_like_a_missing_one(shop, minji):
    for name in ("get_customer", "list_payment_methods"):
        other = told(shop, minji, name, {"customer_id": "user_002"})
        assert other == told(shop, minji, name, {"customer_id": "nobody"})
        assert other[0] is NotFound
        assert other == told(shop, minji, name, {"customer_id": "staff_001"})


def test_staff_read_customers_and_themselves_but_not_each_other(shop):
    assert shop.tool(STAFF, "get_customer", customer_id="user_002").name == "박지훈"
    assert shop.tool(STAFF, "get_customer").user_id == "staff_001"
    assert shop.tool(ADMIN, "get_customer", customer_id="user_001").name == "김민지"
    with pytest.raises(NotFound):
        shop.tool(STAFF, "get_customer", customer_id="admin_001")


@pytest.mark.parametrize("name", ["get_customer", "list_payment_methods"])
def test_a_guest_has_no_profile(shop, guest, name):
    with pytest.raises(NotSignedIn):
        shop.tool(guest, name)
    with pytest.raises(NotSignedIn):
        shop.tool(guest, name, customer_id="user_001")


def test_payment_methods_stand_in_their_order(shop, minji, jihun):
    had = shop.tool(minji, "list_payment_methods")
    add_method(shop, "user_001", "pm_b", 91, label="우리카드", last_four="6876")
    add_method(shop, "user_001", "pm_a", 90, kind="gift_card", label="기프트카드", balance_krw=500)
    add_method(shop, "user_002", "pm_c", 90, label="국민카드")
    mine = shop.tool(minji, "list_payment_methods")[len(had) :]
    assert [(one.method_id, one.balance_krw) for one in mine] == [("pm_a", 500), ("pm_b", None)]
    assert shop.tool(minji, "get_customer").payment_methods[len(had) :] == tuple(mine)
    assert "pm_c" not in {one.method_id for one in shop.tool(minji, "list_payment_methods")}
    assert "pm_c" in {one.method_id for one in shop.tool(jihun, "list_payment_methods")}
    assert shop.tool(STAFF, "list_payment_methods", customer_id="user_001") == [*had, *mine]


# ── finding ──────────────────────────────────────────────────────────────────────────────


def test_staff_find_by_email_in_either_case(shop):
    found = shop.tool(STAFF, "find_customer", email="  MINJI@Example.com ")
    assert found.user_id == "user_001"


def test_staff_find_by_name_and_postal_code(shop):
    set_user(shop, "user_003", name="Mei Kovacs", zip="28236")
    found = shop.tool(STAFF, "find_customer", name=" mei  KOVACS ", zip_code="28236")
    assert found.user_id == "user_003"
    with pytest.raises(NotFound, match="다시 확인"):
        shop.tool(STAFF, "find_customer", name="Mei Kovacs", zip_code="28237")
    with pytest.raises(NotFound):
        shop.tool(STAFF, "find_customer", name="Mei", zip_code="28236")


def test_two_of_the_same_name_and_code_need_the_email(shop):
    for user_id in ("user_003", "user_004"):
        set_user(shop, user_id, name="이하나", zip="04524")
    with pytest.raises(BadInput, match="이메일로"):
        shop.tool(STAFF, "find_customer", name="이하나", zip_code="04524")


@pytest.mark.parametrize("given", [{}, {"name": "김민지"}, {"zip_code": "04524"}, {"email": " "}])
def test_half_of_what_finds_a_customer_is_refused(shop, given):
    with pytest.raises(BadInput, match="이름과 우편번호"):
        shop.tool(STAFF, "find_customer", **given)


def test_nobody_and_colleagues_are_not_found(shop):
    for email in ("nobody@example.com", "admin@example.com"):
        with pytest.raises(NotFound):
            shop.tool(STAFF, "find_customer", email=email)


def test_customers_and_guests_find_nobody(shop, minji, guest):
    for caller in (minji, guest):
        for email in ("minji@example.com", "jihun@example.com", "nobody@example.com"):
            with pytest.raises(Forbidden, match="담당자만"):
                shop.tool(caller, "find_customer", email=email)


# ── the default address ──────────────────────────────────────────────────────────────────


def test_ones_own_address_changes_and_leaves_a_trail(shop, minji):
    before = shop.tool(minji, "get_customer")
    orders = [shop.tool(minji, "get_order", order_id=one) for one in before.order_ids]
    after = shop.tool(
        minji, "change_customer_address", road="  서울 마포구   월드컵북로 21 ", detail=" 3층 ",
        zip_code="03925", shown_road=before.address.road,
    )  # fmt: skip
    assert (after.address.zip, after.address.road) == ("03925", "서울 마포구 월드컵북로 21")
    assert after.address.detail == "3층"
    assert shop.tool(minji, "get_customer") == after
    assert [shop.tool(minji, "get_order", order_id=one) for one in after.order_ids] == orders
    last = kept(shop)[1][-1]
    assert (last["action"], last["object_type"]) == ("change_customer_address", "user")
    assert (last["actor_id"], last["object_id"]) == ("user_001", "user_001")
    assert json.loads(last["before"])["road"] == before.address.road
    assert json.loads(last["after"])["road"] == "서울 마포구 월드컵북로 21"


def test_staff_change_a_customers_address_under_their_own_name(shop, jihun):
    shop.tool(STAFF, "change_customer_address", customer_id="user_002", road=ROAD)
    assert shop.tool(jihun, "get_customer").address.road == ROAD
    last = kept(shop)[1][-1]
    assert (last["actor_id"], last["actor_role"]) == ("staff_001", "staff")


def test_nobody_changes_somebody_elses_address(shop, minji, jihun, guest):
    given = {"road": ROAD, "customer_id": "user_002"}
    missing = told(shop, minji, "change_customer_address", {**given, "customer_id": "nobody"})
    rows = kept(shop)
    assert told(shop, minji, "change_customer_address", given) == missing
    with pytest.raises(NotSignedIn):
        shop.tool(guest, "change_customer_address", **given)
    with pytest.raises(NotFound):
        shop.tool(STAFF, "change_customer_address", road=ROAD, customer_id="admin_001")
    assert kept(shop) == rows


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"road": ""}, "도로명"),
        ({"road": "서울"}, "도로명"),
        ({"road": "가" * 201}, "도로명"),
        ({"road": ROAD, "detail": "가" * 101}, "도로명"),
        ({"road": ROAD, "zip_code": "1234"}, "다섯 자리"),
        ({"road": ROAD, "zip_code": "1234５"}, "다섯 자리"),
    ],
)
def test_what_is_no_address_is_refused(shop, minji, given, says):
    rows = kept(shop)
    with pytest.raises(BadInput, match=says):
        shop.tool(minji, "change_customer_address", **given)
    assert kept(shop) == rows


def test_a_change_of_another_address_than_shown_is_refused(shop, minji):
    with pytest.raises(StateChanged, match="다시 확인"):
        shop.tool(minji, "change_customer_address", road=ROAD, shown_road="부산 어딘가 1")


def test_personal_numbers_are_masked_before_they_are_stored(shop, minji):
    after = shop.tool(
        minji, "change_customer_address", road=ROAD, detail="문 앞 900101-1234568"
    )  # fmt: skip
    assert "1234568" not in after.address.detail
    assert "1234568" not in str(kept(shop)[1][-1])
