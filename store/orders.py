"""Orders with their lines, payments and parcel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from errors import BadInput
from store import claims
from store.database import Row, Tx
from store.models import Order, OrderLine, Payment, Shipment, ShipmentEvent, to_text

__all__ = [
    "add_payment",
    "add_shipment",
    "bare",
    "change",
    "find",
    "get",
    "next_payment_number",
    "numbered",
    "set_delivered",
    "swap_option",
    "with_lines",
]

_LINES = """
select l.*, p.emoji, p.returnable,
  (select c.kind || ':' || c.status from claim_lines cl join claims c using (claim_id)
    where cl.line_id = l.line_id and c.status not in ('rejected', 'withdrawn')
    order by c.created_at desc, c.claim_id desc limit 1) as claim,
  (select sum(cl.quantity) from claim_lines cl join claims c using (claim_id)
    where cl.line_id = l.line_id and c.kind <> 'exchange'
      and c.status not in ('rejected', 'withdrawn')) as gone,
  (select sum(cl.quantity) from claim_lines cl join claims c using (claim_id)
    where cl.line_id = l.line_id and c.kind = 'exchange'
      and c.status not in ('rejected', 'withdrawn', 'completed')) as in_exchange
from order_lines l join products p using (product_id)
where l.order_id in ({marks}) order by l.order_id, l.position
"""


def get(tx: Tx, order_id: str, *, user_id: str | None) -> Order | None:
    """One order read whole; None when there is none or it is not ``user_id``'s.

    ``user_id`` None means any owner (staff). An imported order is found by its number in the
    shop it came from as well (with or without its ``#``). Raises BadInput naming the orders
    where several that the caller may see have that number in different shops.
    """
    row = tx.row(
        "select * from orders where order_id = :id and user_id = coalesce(:user_id, user_id)",
        {"id": order_id, "user_id": user_id},
    ) or _by_external(tx, order_id, user_id)
    if row is None:
        return None
    order_id = row["order_id"]
    return replace(
        _order(row, _lines(tx, [order_id])[order_id]),
        payments=_payments(tx, order_id),
        shipment=_shipment(tx, order_id),
        claims=tuple(claims.of_order(tx, order_id)),
    )


def numbered(tx: Tx, number: str) -> list[Row]:
    """Rows of all orders with that number, here or in the shop they came from, newest first.

    A ``#`` in front and blanks around it do not count.
    """
    return tx.rows(
        "select * from orders where order_id = :id or external_id in (:id, '#' || :id) "
        "order by place desc",
        {"id": bare(number)},
    )


def bare(number: str) -> str:
    """An order number as it is compared: without blanks around it and ``#`` in front."""
    return number.strip().lstrip("#")


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
    order numbers, ours and the other shop's, and product names. For long lists see
    ``store.order_pages``.
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
            "(order_id like :text escape '\\' or external_id like :text escape '\\' or "
            "exists (select 1 from order_lines l where l.order_id = orders.order_id "
            "and l.product_name like :text escape '\\'))"
        )
        values["text"] = f"%{_escape(text)}%"
    rows = tx.rows(
        f"select * from orders where {' and '.join(where)} "
        "order by created_at desc, order_id desc limit :limit offset :offset",
        values,
    )
    return with_lines(tx, rows)


def with_lines(tx: Tx, rows: Sequence[Row]) -> list[Order]:
    """Rows of ``orders`` as orders with their lines, in the order given."""
    lines = _lines(tx, [row["order_id"] for row in rows])
    return [_order(row, lines.get(row["order_id"], ())) for row in rows]


def change(tx: Tx, order: Order, changes: dict[str, Any], *, at: Any) -> int:
    """Write ``changes`` and the next version. Returns 0 when ``order`` is stale."""
    return tx.update(
        "orders",
        {"order_id": order.order_id, "version": order.version},
        {**changes, "version": order.version + 1, "updated_at": to_text(at)},
    )


def swap_option(
    tx: Tx, line: OrderLine, quantity: int, *, sku: str, option_name: str, unit_price_krw: int
) -> None:
    """Give ``quantity`` pieces of a line another option of the same product.

    All of them change the line itself; fewer move to a new line at the order's end.
    """
    after = {"sku": sku, "option_name": option_name, "unit_price_krw": unit_price_krw}
    if quantity == line.quantity:
        tx.update("order_lines", {"line_id": line.line_id}, after)
        return
    tx.update("order_lines", {"line_id": line.line_id}, {"quantity": line.quantity - quantity})
    row = tx.row("select * from order_lines where line_id = ?", (line.line_id,))
    last = tx.row(
        "select count(*) as count, max(position) as position from order_lines where order_id = ?",
        (line.order_id,),
    )
    assert row is not None  # the line was read in this transaction
    assert last is not None
    moved = {"line_id": f"{line.order_id}-{last['count'] + 1}", "position": last["position"] + 1}
    tx.insert("order_lines", {**row, **after, **moved, "quantity": quantity})


def add_shipment(tx: Tx, order_id: str, *, carrier: str, tracking_no: str, at: Any) -> None:
    """Write an order's parcel as handed over at ``at``."""
    tx.insert(
        "shipments",
        {
            "shipment_id": f"S-{order_id}", "order_id": order_id, "carrier": carrier,
            "tracking_no": tracking_no, "shipped_at": to_text(at), "delivered_at": None,
        },
    )  # fmt: skip


def set_delivered(tx: Tx, order_id: str, *, at: Any) -> None:
    """Note on the parcel that it has arrived."""
    tx.update("shipments", {"order_id": order_id}, {"delivered_at": to_text(at)})


def next_payment_number(tx: Tx, order_id: str) -> int:
    """The next free number in an order's ledger, from 1."""
    count = tx.value("select count(*) from payments where order_id = ?", (order_id,))
    return int(count) + 1


def add_payment(tx: Tx, payment: Payment) -> None:
    """Write a row of the ledger; the method's balance is the caller's."""
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
            "method_id": payment.method_id,
        },
    )


def _by_external(tx: Tx, number: str, user_id: str | None) -> Row | None:
    found = [
        row
        for row in numbered(tx, number)
        if row["external_id"] is not None and user_id in (None, row["user_id"])
    ]
    if len(found) > 1:
        ids = ", ".join(row["order_id"] for row in found)
        raise BadInput(
            f"같은 번호의 주문이 여러 개예요({ids}). 이 가운데 하나의 번호로 다시 말씀해 주세요.",
            code="ambiguous_order",
        )
    return found[0] if found else None


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
        row["returnable"], kind or None, status or None, row["gone"] or 0,
        row["in_exchange"] or 0,
    )  # fmt: skip


def _order(row: Row, lines: Iterable[OrderLine]) -> Order:
    return Order(
        row["order_id"], row["user_id"], row["status"], row["created_at"],
        row["updated_at"] or row["created_at"], row["recipient"] or "", row["phone"] or "",
        row["zip"] or "", row["road"] or "", row["detail"] or "", row["memo"] or "",
        row["items_krw"], row["coupon_krw"], row["shipping_krw"], row["total_krw"],
        row["delivered_at"], row["version"], tuple(lines),
        option_changes=row["option_changes"], source=row["source"],
        external_id=row["external_id"],
    )  # fmt: skip


def _payments(tx: Tx, order_id: str) -> tuple[Payment, ...]:
    rows = tx.rows(
        "select * from payments where order_id = ? order by created_at, rowid", (order_id,)
    )
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
