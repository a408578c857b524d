"""A database of the first version is brought to today's, with what was under way in it."""

from __future__ import annotations

from pathlib import Path

from store import claims, migrations, orders, tickets
from store.database import Database
from store.migrations import MIGRATIONS

MOMENT = "2026-09-01T03:00:00.000Z"
_ROWS = {
    "users": {
        "user_id": "u", "email": "u@example.com", "name": "유", "role": "customer",
        "password_hash": "x", "created_at": MOMENT,
    },
    "products": {
        "product_id": "P", "name": "무선 이어폰", "category": "전자", "price_krw": 30000,
        "returnable": "normal",
    },
    "product_options": {
        "sku": "S", "product_id": "P", "name": "기본", "extra_krw": 0, "stock": 1, "position": 1,
    },
    "orders": {
        "order_id": "20260825-0000001", "user_id": "u", "status": "delivered",
        "created_at": MOMENT, "items_krw": 30000, "coupon_krw": 0, "shipping_krw": 0,
        "total_krw": 30000, "delivered_at": MOMENT, "version": 1,
    },
    "order_lines": {
        "line_id": "L", "order_id": "20260825-0000001", "position": 1, "product_id": "P",
        "sku": "S", "product_name": "무선 이어폰", "option_name": "기본", "quantity": 1,
        "unit_price_krw": 30000,
    },
    "payments": {
        "payment_id": "p", "order_id": "20260825-0000001", "kind": "payment", "method": "card",
        "label": "신한카드", "amount_krw": 30000, "created_at": MOMENT,
    },
    "claims": {
        "claim_id": "C20260826-0001", "order_id": "20260825-0000001", "user_id": "u",
        "kind": "return", "reason_code": "defect", "fault": "seller", "status": "collected",
        "quote": "{}", "refund_krw": 30000, "created_at": MOMENT, "updated_at": MOMENT,
        "version": 4,
    },
    "claim_lines": {"claim_id": "C20260826-0001", "line_id": "L", "quantity": 1},
    "tickets": {
        "ticket_id": "T20260826-0001", "user_id": "u", "issue_type": "other",
        "priority": "normal", "status": "closed", "created_at": MOMENT, "updated_at": MOMENT,
        "version": 1,
    },
}  # fmt: skip


def test_what_was_under_way_goes_on_after_the_upgrade(tmp_path: Path) -> None:
    old = Database(tmp_path / "old.db")
    name, first = MIGRATIONS[0]
    with old.write() as tx:
        tx.execute("create table migrations (name text primary key, applied_at text)")
        first(tx)
        tx.insert("migrations", {"name": name, "applied_at": MOMENT})
        for table, row in _ROWS.items():
            tx.insert(table, row)
    old.prepare()
    with old.write() as tx:
        assert migrations.apply(tx) == []  # nothing is done twice
        claim = claims.get(tx, "C20260826-0001", user_id="u")
        order = orders.get(tx, "20260825-0000001", user_id="u")
        ticket = tickets.get(tx, "T20260826-0001", user_id="u")
        found = orders.find(tx, user_id="u", text="이어폰")
        assert tx.rows("pragma foreign_key_check") == []
        assert tx.value("pragma integrity_check") == "ok"
    assert claim is not None
    assert claim.collected_at == MOMENT  # the refund's clock runs from there
    assert order is not None
    assert (order.lines[0].gone, order.payments[0].method_id, order.option_changes) == (1, None, 0)
    assert ticket is not None
    assert ticket.status == "closed"
    assert [one.order_id for one in found] == ["20260825-0000001"]
