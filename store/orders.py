"""Orders with their lines, payments and parcel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from store import claims
from store.database import Row, Tx
from store.models import Order, OrderLine, Payment, Shipment, ShipmentEvent, to_text

__all__ = ["add_payment", "change", "find", "get", "swap_line_option"]

_LINES = """
select l.*, p.emoji, p.returnable,
  (select c.kind || ':' || c.status from claim_lines cl join claims c using (claim_id)
    where cl.line_id = l.line_id order by c.created_at desc limit 1) as claim
from order_lines l join products p using (product_id)
where l.order_id in ({marks}) order by l.order_id, l.position
"""


def get(tx: Tx, order_id: str, *, user_id: str | None) -> Order | None:
    """One order read whole; None when there is none or it is not ``user_id``'s.

    ``user_id`` None means any owner (staff).
    """
    row = tx.row("select * from orders where order_id = ?", (order_id,))
    if row is None or (user_id is not None and row["user_id"] != user_id):
        return None
    return replace(
        _order(row, _lines(tx, [order_id])[order_id]),
        payments=_payments(tx, order_id),
        shipment=_shipment(tx, order_id),
        claims=tuple(claims.of_order(tx, order_id)),
    )


def find(
    tx: Tx,
    *,
    user_id: str | None,
    statuses: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    text: str = "",
    limit: int = 20,
    offset: int = 0,
) -> list[Order]:
    """Orders with their lines, newest first.

    ``since`` and ``until`` are stored times (from included, to excluded); ``text`` looks in
    order numbers and product names.
    """
    where: list[str] = ["1"]
    values: dict[str, Any] = {"limit": limit, "offset": offset}
    named: dict[str, Any] = {"user_id": user_id, "since": since, "until": until}
    for name, condition in (
        ("user_id", "user_id = :user_id"),
        ("since", "created_at >= :since"),
        ("until", "created_at < :until"),
    ):
        if named[name] is not None:
            where.append(condition)
            values[name] = named[name]
    if statuses:
        marks = [f":s{i}" for i in range(len(statuses))]
        where.append(f"status in ({', '.join(marks)})")
        values |= {f"s{i}": status for i, status in enumerate(statuses)}
    if text:
        where.append(
            "(order_id like :text escape '\\' or exists (select 1 from order_lines l where "
            "l.order_id = orders.order_id and l.product_name like :text escape '\\'))"
        )
        values["text"] = f"%{_escape(text)}%"
    rows = tx.rows(
        f"select * from orders where {' and '.join(where)} "
        "order by created_at desc, order_id desc limit :limit offset :offset",
        values,
    )
    lines = _lines(tx, [row["order_id"] for row in rows])
    return [_order(row, lines.get(row["order_id"], ())) for row in rows]


def change(tx: Tx, order: Order, changes: dict[str, Any], *, at: Any) -> int:
    """Write ``changes`` and the next version. Returns 0 when ``order`` is stale."""
    return tx.update(
        "orders",
        {"order_id": order.order_id, "version": order.version},
        {**changes, "version": order.version + 1, "updated_at": to_text(at)},
    )


def swap_line_option(tx: Tx, line_id: str, *, sku: str, option_name: str) -> None:
    """Give a line another option of the same product and price."""
    tx.update("order_lines", {"line_id": line_id}, {"sku": sku, "option_name": option_name})


def add_payment(tx: Tx, payment: Payment) -> None:
    """Write a row of the ledger."""
    tx.insert(
        "payments",
        {
            "payment_id": payment.payment_id,
            "order_id": payment.order_id,
            "claim_id": payment.claim_id,
            "kind": payment.kind,
            "method": payment.method,
            "label": payment.label,
            "amount_krw": payment.amount_krw,
            "created_at": payment.created_at,
        },
    )


def _escape(text: str) -> str:
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, "\\" + sign)
    return text


def _lines(tx: Tx, order_ids: Sequence[str]) -> dict[str, tuple[OrderLine, ...]]:
    if not order_ids:
        return {}
    marks = ", ".join("?" for _ in order_ids)
    grouped: dict[str, list[OrderLine]] = {order_id: [] for order_id in order_ids}
    for row in tx.rows(_LINES.format(marks=marks), order_ids):
        grouped[row["order_id"]].append(_line(row))
    return {order_id: tuple(lines) for order_id, lines in grouped.items()}


def _line(row: Row) -> OrderLine:
    kind, _, status = (row["claim"] or "").partition(":")
    return OrderLine(
        row["line_id"], row["order_id"], row["product_id"], row["sku"], row["product_name"],
        row["option_name"] or "", row["quantity"], row["unit_price_krw"], row["emoji"] or "📦",
        row["returnable"], kind or None, status or None,
    )  # fmt: skip


def _order(row: Row, lines: Iterable[OrderLine]) -> Order:
    return Order(
        row["order_id"], row["user_id"], row["status"], row["created_at"],
        row["updated_at"] or row["created_at"], row["recipient"] or "", row["phone"] or "",
        row["zip"] or "", row["road"] or "", row["detail"] or "", row["memo"] or "",
        row["items_krw"], row["coupon_krw"], row["shipping_krw"], row["total_krw"],
        row["delivered_at"], row["version"], tuple(lines),
    )  # fmt: skip


def _payments(tx: Tx, order_id: str) -> tuple[Payment, ...]:
    rows = tx.rows("select * from payments where order_id = ? order by created_at", (order_id,))
    return tuple(Payment(**row) for row in rows)


def _shipment(tx: Tx, order_id: str) -> Shipment | None:
    row = tx.row("select * from shipments where order_id = ?", (order_id,))
    if row is None:
        return None
    events = tx.rows(
        "select at, place, text from shipment_events where shipment_id = ? order by at",
        (row["shipment_id"],),
    )
    return Shipment(
        row["carrier"], row["tracking_no"], row["shipped_at"], row["delivered_at"],
        tuple(ShipmentEvent(**event) for event in events),
    )  # fmt: skip
