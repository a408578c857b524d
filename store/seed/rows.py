"""Orders, claims and tickets as rows, written in the order their references need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from store.database import Row, Tx, dump
from store.models import Claim, Order, Product, Shipment, Ticket

__all__ = ["insert", "of_orders", "of_products", "of_tickets"]

Tables = dict[str, list[Row]]
_ORDER = (
    "order_id", "user_id", "status", "created_at", "updated_at", "recipient", "phone", "zip",
    "road", "detail", "memo", "items_krw", "coupon_krw", "shipping_krw", "total_krw",
    "delivered_at", "version",
)  # fmt: skip
_LINE = (
    "line_id", "order_id", "product_id", "sku", "product_name", "option_name", "quantity",
    "unit_price_krw",
)  # fmt: skip
_CLAIM = (
    "claim_id", "order_id", "user_id", "kind", "reason_code", "reason_text", "fault", "status",
    "refund_krw", "note", "created_at", "updated_at", "version", "collected_at", "completed_at",
)  # fmt: skip


def insert(tx: Tx, tables: Mapping[str, Sequence[Row]]) -> None:
    """Write every table's rows, in the order of the mapping."""
    for name, rows in tables.items():
        tx.tables.table(name).insert_all(rows)


def of_products(products: Iterable[Product]) -> Tables:
    """Rows of ``products`` and ``product_options``."""
    tables: Tables = {"products": [], "product_options": []}
    for product in products:
        left_out = ("options", "reviews")  # tables of their own
        row = {name: value for name, value in asdict(product).items() if name not in left_out}
        row["keywords"] = dump(list(product.keywords))
        row["attributes"] = dump(product.attributes)
        tables["products"].append(row)
        for position, option in enumerate(product.options, start=1):
            tables["product_options"].append({**asdict(option), "position": position})
    return tables


def of_orders(orders: Iterable[Order]) -> Tables:
    """Rows of the orders and everything that hangs on them."""
    names = (
        "orders", "order_lines", "claims", "claim_lines", "payments", "shipments",
        "shipment_events",
    )  # fmt: skip
    tables: Tables = {name: [] for name in names}
    for order in orders:
        tables["orders"].append(_fields(order, _ORDER))
        for position, line in enumerate(order.lines, start=1):
            tables["order_lines"].append({**_fields(line, _LINE), "position": position})
        for claim in order.claims:
            _add_claim(tables, claim)
        tables["payments"] += [asdict(payment) for payment in order.payments]
        if order.shipment is not None:
            _add_shipment(tables, order.order_id, order.shipment)
    return tables


def of_tickets(tickets: Iterable[Ticket]) -> list[Row]:
    """Rows of ``tickets``."""
    rows = []
    for ticket in tickets:
        row = {name: value for name, value in asdict(ticket).items() if name != "events"}
        rows.append({**row, "tags": dump(list(ticket.tags))})
    return rows


def _add_claim(tables: Tables, claim: Claim) -> None:
    lists = {"photos": dump(list(claim.photos)), "quote": dump(claim.quote)}
    tables["claims"].append({**_fields(claim, _CLAIM), **lists})
    tables["claim_lines"] += [{"claim_id": claim.claim_id, **asdict(line)} for line in claim.lines]


def _add_shipment(tables: Tables, order_id: str, shipment: Shipment) -> None:
    shipment_id = f"ship_{order_id}"
    tables["shipments"].append(
        {
            "shipment_id": shipment_id, "order_id": order_id, "carrier": shipment.carrier,
            "tracking_no": shipment.tracking_no, "shipped_at": shipment.shipped_at,
            "delivered_at": shipment.delivered_at,
        }
    )  # fmt: skip
    tables["shipment_events"] += [
        {"shipment_id": shipment_id, **asdict(event)} for event in shipment.events
    ]


def _fields(thing: Any, names: Sequence[str]) -> Row:
    return {name: getattr(thing, name) for name in names}
