"""Each of the 16 tools: what it changes, and that a refusal changes nothing."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from errors import SangdamError
from services import Services
from tests.tau2.compare import canonical, differences
from tests.tau2.export import export
from tests.tau2.replay import STAFF
from tests.tau2.tiny import AWAY, HOME, TINY
from tests.tau2.tools import TOOLS, call


def do(shop: Services, name: str, **arguments: Any) -> Any:
    return call(partial(shop.tool, STAFF), name, arguments)


def changed(shop: Services) -> dict[str, Any]:
    """What is now different from the shop as it was loaded: field → value, money in cents."""
    found = differences(canonical(TINY), canonical(export(shop.database)))
    return {f"{one.object_id} {one.field}": one.got for one in found}


def paid(kind: str, amount: int, method: str) -> dict[str, Any]:
    return {"transaction_type": kind, "amount": amount, "payment_method_id": method}


# ── what each tool does ──────────────────────────────────────────────────────────────────


def test_all_sixteen_tools_are_there() -> None:
    assert len(TOOLS) == 16


@pytest.mark.parametrize(
    ("name", "arguments", "found"),
    [
        ("find_user_id_by_email", {"email": "ANN.lee@example.com"}, "ann_lee_1"),
        (
            "find_user_id_by_name_zip",
            {"first_name": "bob", "last_name": "RAY", "zip": "76165"}, "bob_ray_2",
        ),
    ],
)  # fmt: skip
def test_a_user_is_found_in_upper_and_lower_case(
    shop: Services, name: str, arguments: dict[str, str], found: str
) -> None:
    assert do(shop, name, **arguments) == found


def test_looking_shows_the_thing_and_changes_nothing(shop: Services) -> None:
    assert do(shop, "get_order_details", order_id="#W1").order_id == "#W1"
    assert do(shop, "get_user_details", user_id="bob_ray_2").name == "Bob Ray"
    assert do(shop, "get_product_details", product_id="light").name == "Lamp"
    assert "green" in str(do(shop, "get_item_details", item_id="green"))
    assert "T-Shirt" in str(do(shop, "list_all_product_types"))
    assert float(do(shop, "calculate", expression="(10.5 + 2) * 2").value) == 25
    assert do(shop, "transfer_to_human_agents", summary="wants a person").status == "open"
    assert changed(shop) == {}


def test_a_cancelled_order_is_paid_back_and_no_sold_out_variant_reappears(shop: Services) -> None:
    do(shop, "cancel_pending_order", order_id="#W1", reason="ordered by mistake")
    bill = paid("payment", 6209, "card_a")
    assert changed(shop) == {
        "#W1 status": "cancelled",
        "#W1 cancel_reason": "ordered by mistake",
        "#W1 payment_history": [bill, {**bill, "transaction_type": "refund"}],
    }


def test_a_gift_card_is_credited_at_once(shop: Services) -> None:
    do(shop, "cancel_pending_order", order_id="#W5", reason="no longer needed")
    assert changed(shop)["ann_lee_1 payment_methods.gift_a.balance"] == 500 + 2250


def test_one_of_two_equal_items_is_modified_and_the_difference_charged(shop: Services) -> None:
    given = {"order_id": "#W1", "item_ids": ["blue"], "new_item_ids": ["red"]}
    do(shop, "modify_pending_order_items", **given, payment_method_id="gift_a")
    assert changed(shop) == {
        "ann_lee_1 payment_methods.gift_a.balance": 250,
        "#W1 status": "pending (item modified)",
        "#W1 items.0.item_id": "red",
        "#W1 items.0.price": 1250,
        "#W1 items.0.options.color": "red",
        "#W1 payment_history": [paid("payment", 6209, "card_a"), paid("payment", 250, "gift_a")],
    }


def test_a_modification_that_costs_nothing_leaves_a_refund_of_nothing(shop: Services) -> None:
    given = {"order_id": "#W1", "item_ids": ["blue", "blue"], "new_item_ids": ["pale", "pale"]}
    do(shop, "modify_pending_order_items", **given, payment_method_id="paypal_a")
    assert changed(shop)["#W1 payment_history"][1:] == [paid("refund", 0, "paypal_a")]


def test_a_modified_order_keeps_its_address_open(shop: Services) -> None:
    given = {"order_id": "#W5", "item_ids": ["red"], "new_item_ids": ["blue"]}
    do(shop, "modify_pending_order_items", **given, payment_method_id="card_a")
    do(shop, "modify_pending_order_address", order_id="#W5", **AWAY)
    assert changed(shop)["#W5 address.address1"] == "1, The Old Road"
    assert changed(shop)["#W5 payment_history"][1:] == [paid("refund", 250, "card_a")]


def test_a_payment_moves_to_another_method(shop: Services) -> None:
    do(shop, "modify_pending_order_payment", order_id="#W5", payment_method_id="paypal_a")
    bill = paid("payment", 2250, "gift_a")
    assert changed(shop) == {
        "ann_lee_1 payment_methods.gift_a.balance": 2750,
        "#W5 payment_history": [
            bill, paid("payment", 2250, "paypal_a"), {**bill, "transaction_type": "refund"}
        ],
    }  # fmt: skip


def test_an_exchange_is_only_asked_for(shop: Services) -> None:
    given = {"order_id": "#W2", "item_ids": ["lamp", "blue"], "new_item_ids": ["lamp", "red"]}
    do(shop, "exchange_delivered_order_items", **given, payment_method_id="gift_a")
    assert changed(shop) == {
        "#W2 status": "exchange requested",
        "#W2 exchange_items": ["blue", "lamp"],
        "#W2 exchange_new_items": ["lamp", "red"],
        "#W2 exchange_payment_method_id": "gift_a",
        "#W2 exchange_price_difference": 250,
    }


def test_a_return_may_go_to_a_gift_card(shop: Services) -> None:
    given = {"order_id": "#W2", "item_ids": ["lamp", "blue", "blue"]}
    do(shop, "return_delivered_order_items", **given, payment_method_id="gift_a")
    assert changed(shop) == {
        "#W2 status": "return requested",
        "#W2 return_items": ["blue", "blue", "lamp"],
        "#W2 return_payment_method_id": "gift_a",
    }


def test_a_user_moves_and_the_orders_stay(shop: Services) -> None:
    do(shop, "modify_user_address", user_id="ann_lee_1", **AWAY)
    assert {key.split(".")[0] for key in changed(shop)} == {"ann_lee_1 address"}


# ── what each tool refuses ───────────────────────────────────────────────────────────────

CANCEL, RETURN = "cancel_pending_order", "return_delivered_order_items"
MODIFY, EXCHANGE = "modify_pending_order_items", "exchange_delivered_order_items"
PAY = "modify_pending_order_payment"


def swap(order_id: str, old: str, new: str, method: str = "card_a") -> dict[str, Any]:
    return {
        "order_id": order_id, "item_ids": old.split(), "new_item_ids": new.split(),
        "payment_method_id": method,
    }  # fmt: skip


def back(order_id: str, items: str, method: str = "card_a") -> dict[str, Any]:
    return {"order_id": order_id, "item_ids": items.split(), "payment_method_id": method}


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("no_such_tool", {}),
    ("get_order_details", {"order": "#W1"}),
    ("get_order_details", {"order_id": "W1"}),
    ("get_product_details", {"product_id": "blue"}),
    ("get_item_details", {"item_id": "shirt"}),
    ("get_user_details", {"user_id": "nobody"}),
    ("find_user_id_by_email", {"email": "nobody@example.com"}),
    ("find_user_id_by_name_zip", {"first_name": "Ann", "last_name": "Lee", "zip": "76166"}),
    ("find_user_id_by_name_zip", {"first_name": "Ann", "last_name": "Ray", "zip": "76165"}),
    *(("calculate", {"expression": text}) for text in ("1/0", "2,000 + 1", "10%", "3 원", "1 +")),
    (CANCEL, {"order_id": "#W1", "reason": "too dear"}),
    *((CANCEL, {"order_id": f"#W{n}", "reason": "no longer needed"}) for n in (2, 3, 4, 9)),
    *(("modify_pending_order_address", {"order_id": f"#W{n}", **HOME}) for n in (2, 3, 4, 9)),
    ("modify_user_address", {"user_id": "nobody", **HOME}),
    *((PAY, {"order_id": f"#W{n}", "payment_method_id": "paypal_a"}) for n in (2, 3, 4, 9)),
    (PAY, {"order_id": "#W1", "payment_method_id": "card_a"}),  # the one it is paid with
    (PAY, {"order_id": "#W1", "payment_method_id": "card_b"}),  # somebody else's
    (PAY, {"order_id": "#W1", "payment_method_id": "gift_a"}),  # holds too little
    *((MODIFY, swap(f"#W{n}", "blue", "red")) for n in (2, 3, 4, 9)),
    (MODIFY, swap("#W1", "blue", "blue")),
    (MODIFY, swap("#W1", "blue", "lamp")),
    (MODIFY, swap("#W1", "blue", "green")),  # sold out
    (MODIFY, swap("#W1", "blue", "nothing")),
    (MODIFY, swap("#W1", "red", "blue")),  # not in the order
    (MODIFY, swap("#W1", "blue blue blue", "red red red")),  # there are two
    (MODIFY, swap("#W1", "blue blue", "red")),
    (MODIFY, swap("#W1", "blue lamp", "red torch")),  # the second half cannot be done
    (MODIFY, swap("#W1", "blue", "red", "card_b")),
    (MODIFY, swap("#W1", "blue blue green", "red red red", "gift_a")),  # 5.51 from 5.00
    *((EXCHANGE, swap(f"#W{n}", "blue", "red")) for n in (1, 3, 4, 9)),
    (EXCHANGE, swap("#W2", "blue", "lamp")),
    (EXCHANGE, swap("#W2", "blue", "green")),
    (EXCHANGE, swap("#W2", "red", "blue")),
    (EXCHANGE, swap("#W2", "lamp lamp", "lamp lamp")),
    (EXCHANGE, swap("#W2", "blue blue", "red")),
    (EXCHANGE, swap("#W2", "blue", "red", "card_b")),
    *((RETURN, back(f"#W{n}", "blue")) for n in (1, 3, 4, 9)),
    (RETURN, back("#W2", "red")),
    (RETURN, back("#W2", "blue blue blue")),
    (RETURN, back("#W2", "blue", "paypal_a")),  # neither the original one nor a gift card
    (RETURN, back("#W2", "blue", "card_b")),
]


@pytest.mark.parametrize(("name", "arguments"), REFUSED, ids=str)
def test_refused_and_nothing_changed(shop: Services, name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(SangdamError):
        do(shop, name, **arguments)
    assert changed(shop) == {}


Step = tuple[str, dict[str, Any]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((MODIFY, swap("#W1", "blue", "red")), (MODIFY, swap("#W1", "lamp", "lamp"))),
        ((MODIFY, swap("#W1", "blue", "red")), (MODIFY, swap("#W1", "blue", "pale"))),
        (
            (MODIFY, swap("#W1", "blue", "red")),
            (CANCEL, {"order_id": "#W1", "reason": "no longer needed"}),
        ),
        (
            (MODIFY, swap("#W1", "blue", "red")),
            (PAY, {"order_id": "#W1", "payment_method_id": "paypal_a"}),
        ),
        (
            (PAY, {"order_id": "#W1", "payment_method_id": "paypal_a"}),
            (PAY, {"order_id": "#W1", "payment_method_id": "card_a"}),
        ),
        ((EXCHANGE, swap("#W2", "blue", "red")), (RETURN, back("#W2", "lamp"))),
        ((RETURN, back("#W2", "lamp")), (EXCHANGE, swap("#W2", "blue", "red"))),
    ],
)
def test_the_second_of_two_is_refused(shop: Services, first: Step, second: Step) -> None:
    do(shop, first[0], **first[1])
    before = changed(shop)
    with pytest.raises(SangdamError):
        do(shop, second[0], **second[1])
    assert changed(shop) == before
