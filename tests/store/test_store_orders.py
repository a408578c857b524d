from __future__ import annotations

from dataclasses import replace

import pytest
from store_helpers import NOW

from store import claims, orders, products
from store.database import Tx
from store.models import Claim, ClaimLine, Payment, to_text

FIRST, SECOND, JIHUNS = "20261101-0000001", "20261102-0000002", "20261103-0000003"


def a_claim(claim_id: str = "C20261121-0001", order_id: str = SECOND, **more: object) -> Claim:
    moment = to_text(NOW)
    claim = Claim(
        claim_id, order_id, "minji", "return", "defect", "깨짐", "seller", "requested",
        ("img_1",), {"refund_krw": 10_000}, 10_000, "", moment, moment, 1,
        (ClaimLine(f"{order_id}-1", 1, None),),
    )  # fmt: skip
    return replace(claim, **more)  # type: ignore[arg-type]


def test_an_order_read_whole(tx: Tx) -> None:
    payment = Payment("p1", SECOND, None, "payment", "card", "신한카드", 13_000, to_text(NOW))
    orders.add_payment(tx, payment)
    claims.add(tx, a_claim())
    orders.add_payment(
        tx, replace(payment, payment_id="r1", kind="refund", amount_krw=10_000,
                    claim_id="C20261121-0001"),
    )  # fmt: skip
    tx.insert("shipments", {"shipment_id": "s", "order_id": SECOND, "carrier": "한진택배", "tracking_no": "1"})  # fmt: skip  # noqa: E501
    for at, text in (("2", "도착"), ("1", "출발")):
        tx.insert("shipment_events", {"shipment_id": "s", "at": at, "place": "", "text": text})
    order = orders.get(tx, SECOND, user_id="minji")
    assert order is not None
    assert order.shipment is not None
    assert (order.paid_krw, order.refunded_krw) == (13_000, 10_000)
    assert [event.text for event in order.shipment.events] == ["출발", "도착"]
    assert order.claims == (a_claim(),)
    assert (order.lines[0].claim_kind, order.lines[0].claim_status) == ("return", "requested")
    assert (order.title, order.lines[0].amount_krw) == ("50개 머그컵", 10_000)


def test_somebody_elses_order_is_missing(tx: Tx) -> None:
    assert orders.get(tx, JIHUNS, user_id="minji") is None
    assert orders.get(tx, "20261103-9999999", user_id="minji") is None
    assert orders.get(tx, JIHUNS, user_id=None) is not None  # staff


def found(tx: Tx, **filters: object) -> list[str]:
    return [order.order_id for order in orders.find(tx, **filters)]  # type: ignore[arg-type]


def test_finding(tx: Tx) -> None:
    tx.update("orders", {"order_id": FIRST}, {"created_at": "2026-11-01T00:00:00.000Z"})
    assert found(tx, user_id="minji") == [SECOND, FIRST]
    assert found(tx, user_id=None) == [JIHUNS, SECOND, FIRST]
    assert found(tx, user_id=None, limit=1, offset=1) == [SECOND]
    assert found(tx, user_id="minji", statuses=("delivered", "shipped")) == [SECOND]
    assert found(tx, user_id="minji", since=to_text(NOW)) == [SECOND]
    assert found(tx, user_id="minji", until=to_text(NOW)) == [FIRST]
    assert found(tx, user_id="nobody") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50%", [FIRST]),  # a wildcard would find 50개 as well
        ("_", [FIRST]),
        ("\\", []),
        ("50", [SECOND, FIRST]),
        ("0000002", [SECOND]),
        ("텀블러", [FIRST]),  # jihun's stays jihun's
        ("'; drop table orders; --", []),
    ],
)
def test_text_is_searched_literally(tx: Tx, text: str, expected: list[str]) -> None:
    assert sorted(found(tx, user_id="minji", text=text)) == sorted(expected)


def test_a_stale_order_is_not_written(tx: Tx) -> None:
    order = orders.get(tx, FIRST, user_id="minji")
    assert order is not None
    assert orders.change(tx, order, {"memo": "문 앞"}, at=NOW) == 1
    assert orders.change(tx, order, {"memo": "경비실"}, at=NOW) == 0
    again = orders.get(tx, FIRST, user_id="minji")
    assert again is not None
    assert (again.memo, again.version) == ("문 앞", 2)


def test_another_option_of_a_line(tx: Tx) -> None:
    order = orders.get(tx, FIRST, user_id="minji")
    assert order is not None
    line = order.lines[0]
    orders.swap_option(
        tx, line, line.quantity, sku="P1-B", option_name="B", unit_price_krw=line.unit_price_krw
    )
    order = orders.get(tx, FIRST, user_id="minji")
    assert order is not None
    assert (order.lines[0].sku, order.lines[0].option_name) == ("P1-B", "B")


def test_claims_are_numbered_by_day(tx: Tx) -> None:
    assert claims.next_id(tx, "20261121") == "C20261121-0001"
    claims.add(tx, a_claim("C20261121-0009"))
    assert claims.next_id(tx, "20261121") == "C20261121-0010"
    assert claims.next_id(tx, "20261122") == "C20261122-0001"


def test_claims_belong_to_their_customer(tx: Tx) -> None:
    claims.add(tx, a_claim())
    assert claims.get(tx, "C20261121-0001", user_id="minji") == a_claim()
    assert claims.get(tx, "C20261121-0001", user_id=None) == a_claim()
    assert claims.get(tx, "C20261121-0001", user_id="jihun") is None
    assert claims.get(tx, "C20261121-0002", user_id="minji") is None


def test_finding_claims(tx: Tx) -> None:
    claims.add(tx, a_claim())
    claims.add(tx, a_claim("C20261121-0002", FIRST, status="rejected"))
    assert [c.claim_id[-1] for c in claims.find(tx, user_id="minji")] == ["2", "1"]
    assert len(claims.find(tx, user_id=None, limit=1)) == 1
    assert [c.claim_id[-1] for c in claims.find(tx, user_id=None, statuses=["rejected"])] == ["2"]
    assert claims.find(tx, user_id="jihun") == []
    assert [c.order_id for c in claims.of_order(tx, FIRST)] == [FIRST]


def test_a_stale_claim_is_not_written(tx: Tx) -> None:
    claims.add(tx, a_claim())
    assert claims.change(tx, a_claim(), {"status": "approved"}, at=NOW) == 1
    assert claims.change(tx, a_claim(), {"status": "rejected"}, at=NOW) == 0
    now = claims.get(tx, "C20261121-0001", user_id="minji")
    assert now is not None
    assert (now.status, now.version) == ("approved", 2)


def test_products_and_stock(tx: Tx) -> None:
    product = products.get(tx, "P1")
    assert product is not None
    assert product.in_stock
    assert product.keywords == ("컵",)
    assert products.many(tx, ["P1", "P2"]) == [product]
    assert products.categories(tx) == ["주방"]
    assert products.get(tx, "P2") is None
    assert products.option(tx, "P9") is None
    assert products.take(tx, "P1-A", 5)
    assert not products.take(tx, "P1-A", 1)
    products.put_back(tx, "P1-A", 2)
    option = products.option(tx, "P1-A")
    assert option is not None
    assert option.stock == 2
