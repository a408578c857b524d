"""Rows of one order put together: its lines, its money checked, its state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from store.imports.order_mapping import CANCELLED_UNPAID, OrderMapping, Spread
from store.imports.order_rows import OrderRow
from store.imports.values import HIGHEST_KRW, BadValue

__all__ = ["RANK", "ImportedOrder", "put_together"]

# How far along its life an order is; a cancellation leaves it (domain.md, Orders).
RANK = {"pending_payment": 0, "paid": 1, "preparing": 2, "shipped": 3, "delivered": 4}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """An order as an export tells it. Amounts in KRW: items − coupon + shipping = total.

    ``paid_at`` is None for an order that was never paid; ``email`` may be empty.
    """

    number: str
    status: str
    ordered_at: datetime
    paid_at: datetime | None
    ended_at: datetime | None
    name: str
    email: str
    phone: str
    recipient: str
    recipient_phone: str
    zip: str
    road: str
    detail: str
    memo: str
    method: str
    label: str
    items_krw: int
    coupon_krw: int
    shipping_krw: int
    carrier: str
    tracking_no: str
    shipped_at: datetime | None
    delivered_at: datetime | None
    lines: tuple[OrderRow, ...]

    @property
    def total_krw(self) -> int:
        """What the customer pays or paid."""
        return self.items_krw - self.coupon_krw + self.shipping_krw


def put_together(rows: Sequence[OrderRow], mapping: OrderMapping) -> ImportedOrder:
    """The order of these rows, the first first. Raises BadValue with the Korean reason."""
    lines = _distinct(rows)
    word = _status(lines)
    status = "cancelled" if word == CANCELLED_UNPAID else word
    ordered_at = _first(row.ordered_at for row in lines)
    if ordered_at is None:
        raise BadValue("주문일시가 비어 있습니다")
    name = _first(row.name for row in lines) or _first(row.recipient for row in lines)
    if not name:
        raise BadValue("주문자명과 수령인이 모두 비어 있습니다")
    paid_at = _paid_at(word, lines, ordered_at, mapping)
    shipped_at = min((row.shipped_at for row in lines if row.shipped_at), default=None)

    def told(field: str) -> str:
        return _first(getattr(row, field) for row in lines) or ""

    order = ImportedOrder(
        lines[0].number, status, ordered_at, paid_at, _first(r.cancelled_at for r in lines), name,
        told("email"), told("phone"), told("recipient") or name, told("recipient_phone"),
        told("zip"), told("road"), told("detail"), told("memo"),
        _first(row.method for row in lines if row.label) or lines[0].method, told("label"),
        sum(row.quantity * row.unit_price_krw for row in lines), _coupon(lines, mapping),
        _shipping(lines, mapping.shipping), told("carrier"), told("tracking_no"), shipped_at,
        _delivered_at(status, lines, shipped_at or paid_at or ordered_at), lines,
    )  # fmt: skip
    _check_money(order, mapping)
    return order


def _distinct(rows: Sequence[OrderRow]) -> tuple[OrderRow, ...]:
    """The rows without exact repetitions of a line that has a number."""
    found: dict[str, OrderRow] = {}
    for place, row in enumerate(rows):
        known = found.setdefault(row.line_number or f"\n{place}", row)
        if known is not row and known != row:
            raise BadValue(f"품목 번호 {row.line_number!r}이(가) 서로 다른 내용으로 두 번 있습니다")
    return tuple(found.values())


def _status(rows: Sequence[OrderRow]) -> str:
    """The status of the line that is least far along."""
    words = {row.status for row in rows if row.status}
    if not words:
        raise BadValue("주문 상태가 비어 있습니다")
    going = [word for word in words if word in RANK]
    if going and len(going) < len(words):
        raise BadValue(
            "일부 품목만 취소된 주문입니다. 부분 취소는 클레임이라 주문으로 가져올 수 없습니다"
        )
    if going:
        return min(going, key=RANK.__getitem__)
    return "cancelled" if "cancelled" in words else CANCELLED_UNPAID


def _paid_at(
    word: str, rows: Sequence[OrderRow], ordered_at: datetime, mapping: OrderMapping
) -> datetime | None:
    if word in ("pending_payment", CANCELLED_UNPAID):
        return None
    paid_at = _first(row.paid_at for row in rows)
    if paid_at is None and word == "cancelled" and mapping.columns.get("paid_at"):
        return None
    return paid_at or ordered_at


def _delivered_at(status: str, rows: Sequence[OrderRow], known: datetime) -> datetime | None:
    if status != "delivered":
        return None
    # Without a time of delivery the last time that is known starts the customer's periods.
    return max((row.delivered_at for row in rows if row.delivered_at), default=known)


def _coupon(rows: Sequence[OrderRow], mapping: OrderMapping) -> int:
    total = sum(row.line_discount_krw for row in rows)
    for place, ways in enumerate(mapping.order_discounts):
        named = ways[0][0] if ways else "할인"
        total += abs(_once((row.order_discounts_krw[place] for row in rows), named))
    return total


def _shipping(rows: Sequence[OrderRow], spread: Spread) -> int:
    if spread == "order":
        return _once((row.shipping_krw for row in rows), "배송비")
    if spread == "line":
        return sum(row.shipping_krw or 0 for row in rows)
    bundles: dict[str, list[int | None]] = {}
    for row in rows:
        bundles.setdefault(row.bundle, []).append(row.shipping_krw)
    return sum(_once(fees, "묶음의 배송비") for fees in bundles.values())


def _once(amounts: Iterable[int | None], what: str) -> int:
    """The one amount that all rows, or only the first, tell. Raises BadValue for two."""
    told = sorted({amount for amount in amounts if amount})
    if len(told) > 1:
        raise BadValue(
            f"한 주문의 {what}이(가) 행마다 다릅니다({', '.join(f'{one:,}원' for one in told)})"
        )
    return told[0] if told else 0


def _check_money(order: ImportedOrder, mapping: OrderMapping) -> None:
    """The order's own sums against the export's. A cancelled one may tell 0 in the end."""
    for sum_krw in (order.items_krw, order.coupon_krw, order.shipping_krw, order.total_krw):
        if abs(sum_krw) > HIGHEST_KRW:
            raise BadValue(
                f"주문의 금액 {sum_krw:,}원이 쓸 수 있는 범위({HIGHEST_KRW:,}원까지)를 벗어났습니다"
            )
    for row in order.lines:
        line = row.quantity * row.unit_price_krw - row.line_discount_krw
        _same(order, line, row.line_total_krw, f"품목 {row.product_name[:30]!r}의 금액이")
    if order.coupon_krw > order.items_krw + order.shipping_krw:
        raise BadValue(
            f"할인 {order.coupon_krw:,}원이 상품 금액과 배송비 "
            f"{order.items_krw + order.shipping_krw:,}원보다 큽니다"
        )
    totals = [row.total_krw for row in order.lines if row.total_krw is not None]
    if totals:
        told = sum(totals) if mapping.total == "line" else _once(totals, "결제 금액")
        sums = (
            f"상품 {order.items_krw:,}원 − 할인 {order.coupon_krw:,}원 + 배송비 "
            f"{order.shipping_krw:,}원의 합이"
        )
        _same(order, order.total_krw, told, sums)


def _same(order: ImportedOrder, ours: int, told: int | None, what: str) -> None:
    if told is None or told == ours or (told == 0 and order.status == "cancelled"):
        return
    raise BadValue(f"{what} 맞지 않습니다: 계산하면 {ours:,}원인데 파일에는 {told:,}원입니다")


def _first(values: Iterable[T]) -> T | None:
    """The first value that is there."""
    return next((value for value in values if value), None)
