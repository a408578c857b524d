"""A seed with stand-ins for the agent's quote and SLA, and a tiny shop for repositories."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from store import accounts
from store.database import Database, Tx
from store.models import Order, to_text
from store.seed import SeedReport, seed

CATALOGUE = Path(__file__).resolve().parents[2] / "data" / "seed" / "catalogue.yaml"
TODAY = date(2026, 11, 21)  # a Saturday
NUMBER = 7
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def fake_quote(
    order: Order, kind: str, fault: str, lines: list[tuple[str, int]], /
) -> dict[str, Any]:
    """All of it for a cancellation, the goods less 3,000 for a return, nothing else."""
    prices = {line.line_id: line.unit_price_krw for line in order.lines}
    goods = sum(prices[line_id] * quantity for line_id, quantity in lines)
    refund = {"cancel": order.total_krw, "exchange": 0}.get(kind, max(0, goods - 6000))
    return {"refund_krw": min(refund, order.paid_krw), "fault": fault}


def fake_sla(issue_type: str, priority: str, created: datetime, /) -> tuple[datetime, datetime]:
    """Eight hours and two days."""
    return created + timedelta(hours=8), created + timedelta(days=2)


def new_database(path: Path) -> Database:
    """An empty, migrated database."""
    database = Database(path)
    database.prepare()
    return database


def seed_into(database: Database, *, today: date = TODAY, number: int = NUMBER) -> SeedReport:
    """The demonstration shop with the stand-ins."""
    return seed(
        database, today=today, number=number, catalogue=CATALOGUE, quote=fake_quote,
        sla=fake_sla, shipping_fee_krw=3000, free_shipping_threshold_krw=50_000,
    )  # fmt: skip


def add_user(tx: Tx, user_id: str, email: str, **more: Any) -> None:
    """An account with a cheap hash."""
    accounts.create(
        tx, email=email, name="홍길동", role="customer", at=NOW, user_id=user_id,
        password_hash=accounts.hash_password("비밀번호는열글자넘게", cost=4), **more,
    )  # fmt: skip


def add_order(tx: Tx, order_id: str, user_id: str, name: str, **more: Any) -> None:
    """A paid order of one line; ``more`` replaces columns of ``orders``."""
    if not tx.value("select 1 from products"):
        tx.insert("products", {
            "product_id": "P1", "name": "텀블러", "category": "주방", "price_krw": 10_000,
            "returnable": "normal", "keywords": '["컵"]', "attributes": "{}",
        })  # fmt: skip
        for sku, stock in (("P1-A", 5), ("P1-B", 0)):
            tx.insert("product_options", {
                "sku": sku, "product_id": "P1", "name": sku[-1], "extra_krw": 0, "stock": stock,
            })  # fmt: skip
    tx.insert("orders", {
        "order_id": order_id, "user_id": user_id, "status": "paid", "created_at": to_text(NOW),
        "items_krw": 10_000, "coupon_krw": 0, "shipping_krw": 3000, "total_krw": 13_000,
        "version": 1, **more,
    })  # fmt: skip
    tx.insert("order_lines", {
        "line_id": f"{order_id}-1", "order_id": order_id, "position": 1, "product_id": "P1",
        "sku": "P1-A", "product_name": name, "quantity": 1, "unit_price_krw": 10_000,
    })  # fmt: skip
