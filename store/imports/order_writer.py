"""Imported orders into the store: new ones whole, known ones forward only."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import bcrypt

from store import accounts, audit, products
from store.database import Row, Tx
from store.imports.order_groups import RANK, ImportedOrder
from store.imports.order_rows import OrderRow
from store.imports.values import BadValue
from store.models import Option, Product, to_text

__all__ = ["OrderWriter", "unusable_hash"]

SEOUL = ZoneInfo("Asia/Seoul")
_OURS = re.compile(r"(\d{8})-\d{7}")
_REMEMBERED = 20_000  # options and accounts, so that a file's favourites are looked up once


def unusable_hash() -> str:
    """A bcrypt hash that no password has; checking one takes as long as for any account."""
    digest = base64.b64encode(secrets.token_bytes(24), altchars=b"./").decode()[:31]
    return bcrypt.gensalt(accounts.BCRYPT_COST).decode() + digest


class OrderWriter:
    """Writes the orders of one source, and counts what became of them."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._accounts: dict[str, str] = {}
        self._options: dict[tuple[str, str, str, str], tuple[str, str]] = {}
        self.inserted = self.updated = self.unchanged = 0

    def write(self, tx: Tx, order: ImportedOrder, *, at: datetime) -> list[str]:
        """Insert an order, or move the known one forward; ``at`` is now.

        Returns the id of the order if it was written, for the search index. Raises BadValue,
        with nothing written, for an order that the store tells otherwise.
        """
        known = tx.row(
            "select * from orders where external_id = ? and source = ?",
            (order.number, self._source),
        )
        if known is None:
            order_id = self._insert(tx, order, at)
            _note(tx, order_id, None, order.status, at)
            self.inserted += 1
            return [order_id]
        if self._move(tx, known, order, at):
            after = tx.value("select status from orders where order_id = ?", (known["order_id"],))
            _note(tx, known["order_id"], known["status"], after, at)
            self.updated += 1
            return [known["order_id"]]
        self.unchanged += 1
        return []

    # ── New orders ───────────────────────────────────────────────────────────

    def _insert(self, tx: Tx, order: ImportedOrder, at: datetime) -> str:
        order_id = _order_id(tx, order)
        user_id = self._customer(tx, order, at)
        moments = (order.ordered_at, order.paid_at, order.shipped_at, order.delivered_at,
                   order.ended_at)  # fmt: skip
        tx.insert("orders", {
            "order_id": order_id, "user_id": user_id, "status": order.status,
            "created_at": to_text(order.ordered_at),
            "updated_at": to_text(max(moment for moment in moments if moment is not None)),
            "recipient": order.recipient, "phone": order.recipient_phone or order.phone,
            "zip": order.zip, "road": order.road, "detail": order.detail, "memo": order.memo,
            "items_krw": order.items_krw, "coupon_krw": order.coupon_krw,
            "shipping_krw": order.shipping_krw, "total_krw": order.total_krw,
            "delivered_at": _text(order.delivered_at), "version": 1, "source": self._source,
            "external_id": order.number,
        })  # fmt: skip
        for position, line in enumerate(order.lines, 1):
            product_id, sku = self._option(tx, line)
            tx.insert("order_lines", {
                "line_id": f"{order_id}-{position}", "order_id": order_id, "position": position,
                "product_id": product_id, "sku": sku, "product_name": line.product_name,
                "option_name": line.option_name or products.DEFAULT_OPTION,
                "quantity": line.quantity, "unit_price_krw": line.unit_price_krw,
            })  # fmt: skip
        if order.paid_at is not None:
            _pay(tx, order_id, order, "payment", order.paid_at)
            if order.status == "cancelled":
                _pay(tx, order_id, order, "refund", order.ended_at or order.paid_at)
        _ship(tx, order_id, order)
        return order_id

    def _customer(self, tx: Tx, order: ImportedOrder, at: datetime) -> str:
        """The account of the order's e-mail, or of its name and phone; made when missing.

        Raises BadValue for an account of staff: staff do not own orders.
        """
        email = order.email or self._placeholder(order)
        if email in self._accounts:
            return self._accounts[email]
        user = accounts.by_email(tx, email) or accounts.create(
            tx, email=email, name=order.name, role="customer", password_hash=unusable_hash(),
            at=at, phone=order.phone, address=(order.zip, order.road, order.detail),
        )  # fmt: skip
        if user.role != "customer":
            raise BadValue(
                f"주문자 이메일 {email!r}은(는) 고객이 아닌 담당자 계정입니다. 고객의 이메일로 "
                "고치거나 비워 주세요"
            )
        _remember(self._accounts, email, user.user_id)
        return user.user_id

    def _placeholder(self, order: ImportedOrder) -> str:
        """An address that stays the same for a person and can never receive mail."""
        person = "\n".join((self._source, order.name, re.sub(r"\D", "", order.phone)))
        return f"{hashlib.sha256(person.encode()).hexdigest()[:24]}@{self._source}.invalid".lower()

    def _option(self, tx: Tx, line: OrderRow) -> tuple[str, str]:
        """(product id, SKU) of a line: by our SKU, by the shop's code, or made without stock."""
        wanted = (line.sku, line.product_code, line.product_name, line.option_name)
        if wanted in self._options:
            return self._options[wanted]
        option = products.option(tx, line.sku) if line.sku else None
        found = (option.product_id, option.sku) if option else self._by_code(tx, line)
        _remember(self._options, wanted, found)
        return found

    def _by_code(self, tx: Tx, line: OrderRow) -> tuple[str, str]:
        digest = hashlib.sha256(line.product_name.encode()).hexdigest()[:12]
        # A variant without a product's code is a product of its own.
        product_id = f"{self._source}-{line.product_code or line.sku or digest}"
        theirs = tx.value(
            "select product_id from products where product_id = ? and source = ?",
            (line.product_code, self._source),
        )
        product = products.get(tx, theirs or product_id)
        if product is None:
            product = Product(
                product_id, line.product_name, "기타", "", line.unit_price_krw, "📦", "", (), {},
                "normal",
            )  # fmt: skip
        name = line.option_name or products.DEFAULT_OPTION
        for option in product.options:
            if option.name == name or (not line.option_name and len(product.options) == 1):
                return product.product_id, option.sku
        option = Option(
            self._free_sku(tx, line, product.product_id, name), product.product_id, name,
            max(line.unit_price_krw - product.price_krw, -product.price_krw), 0,
        )  # fmt: skip
        whole = Product(
            product.product_id, product.name, product.category, product.brand, product.price_krw,
            product.emoji, product.description, product.keywords, product.attributes,
            product.returnable, (option,),
        )  # fmt: skip
        products.save(tx, [whole], partial=True, source=self._source)
        return product.product_id, option.sku

    def _free_sku(self, tx: Tx, line: OrderRow, product_id: str, name: str) -> str:
        if line.sku:  # looked up before: nobody has it
            return line.sku
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        return f"{product_id}-{digest}"

    # ── Known orders ─────────────────────────────────────────────────────────

    def _move(self, tx: Tx, known: Row, order: ImportedOrder, at: datetime) -> bool:
        """Bring a known order as far as the export tells; whether anything changed."""
        if known["total_krw"] != order.total_krw:
            raise BadValue(
                f"이미 있는 주문 {known['order_id']}과(와) 금액이 다릅니다"
                f"(저장된 금액 {known['total_krw']:,}원, 파일 {order.total_krw:,}원)"
            )
        changes = _changes(known, order)
        ledger = tx.rows(
            "select * from payments where order_id = ? order by created_at, rowid",
            (known["order_id"],),
        )
        shipped = RANK.get(order.status, -1) >= max(RANK.get(known["status"], 99), RANK["shipped"])
        parcel = _parcel_changes(tx, known["order_id"], order) if shipped else None
        if not changes and not parcel:
            return False
        if tx.value("select 1 from claims where order_id = ?", (known["order_id"],)):
            raise BadValue(
                f"주문 {known['order_id']}에 취소·반품·교환 신청이 있어 바꾸지 않았습니다"
                f"(저장된 상태 {known['status']}, 파일 {order.status})"
            )
        if changes.get("status") == "cancelled" and not _is_plain(ledger, known["total_krw"]):
            raise BadValue(
                f"주문 {known['order_id']}은(는) 여기에서 결제 수단이나 금액이 바뀌어 자동으로 "
                "환불할 수 없습니다. 상담 화면에서 직접 취소해 주세요"
            )
        tx.update(
            "orders", {"order_id": known["order_id"]},
            {**changes, "version": known["version"] + 1, "updated_at": to_text(at)},
        )  # fmt: skip
        _settle(tx, known["order_id"], order, ledger, at)
        if parcel:
            _ship(tx, known["order_id"], order, parcel)
        return True


def _changes(known: Row, order: ImportedOrder) -> dict[str, Any]:
    """Columns of ``orders`` that the export moves forward."""
    before, after = known["status"], order.status
    if before == "cancelled":
        if after in ("shipped", "delivered"):
            raise BadValue(
                f"주문 {known['order_id']}은(는) 취소되었는데 파일의 상태는 {after}입니다"
            )
        return {}
    if after == "cancelled":
        if RANK[before] >= RANK["shipped"]:
            raise BadValue(
                f"주문 {known['order_id']}은(는) 이미 발송되어 취소할 수 없습니다"
                f"(저장된 상태 {before})"
            )
        return {"status": after}
    if RANK[after] < RANK[before]:
        return {}
    changes: dict[str, Any] = {}
    if after != before:
        changes["status"] = after
    if after == "delivered" and known["delivered_at"] is None:
        changes["delivered_at"] = _text(order.delivered_at)
    return changes


def _parcel_changes(tx: Tx, order_id: str, order: ImportedOrder) -> Row | None:
    """The parcel's row where the export knows more than it; {} where there is none yet."""
    if not (order.carrier or order.tracking_no):
        return None
    known = tx.row("select * from shipments where order_id = ?", (order_id,))
    if known is None:
        return {"shipment_id": None}
    told = {
        "carrier": order.carrier, "tracking_no": order.tracking_no,
        "shipped_at": _text(order.shipped_at), "delivered_at": _text(order.delivered_at),
    }  # fmt: skip
    newer = {
        name: value
        for name, value in told.items()
        if value and value != known[name] and not (name.endswith("_at") and known[name])
    }
    return {"shipment_id": known["shipment_id"], **newer} if newer else None


def _ship(tx: Tx, order_id: str, order: ImportedOrder, parcel: Row | None = None) -> None:
    """Write the order's parcel, or what changed of it."""
    if parcel and parcel["shipment_id"]:
        changes = {name: value for name, value in parcel.items() if name != "shipment_id"}
        tx.update("shipments", {"shipment_id": parcel["shipment_id"]}, changes)
    elif (order.carrier or order.tracking_no) and RANK.get(order.status, 0) >= RANK["shipped"]:
        tx.insert("shipments", {
            "shipment_id": f"S-{order_id}", "order_id": order_id, "carrier": order.carrier,
            "tracking_no": order.tracking_no, "shipped_at": _text(order.shipped_at),
            "delivered_at": _text(order.delivered_at),
        })  # fmt: skip


def _pay(tx: Tx, order_id: str, order: ImportedOrder, kind: str, at: datetime) -> None:
    number = "P" if kind == "payment" else "R"
    tx.insert("payments", {
        "payment_id": f"{number}-{order_id}", "order_id": order_id, "kind": kind,
        "method": order.method, "label": order.label, "amount_krw": order.total_krw,
        "created_at": to_text(at),
    })  # fmt: skip


def _is_plain(ledger: list[Row], total_krw: int) -> bool:
    """Whether nothing was paid, or the total once by a method that has no balance here."""
    return not ledger or (
        [(row["kind"], row["amount_krw"]) for row in ledger] == [("payment", total_krw)]
        and ledger[0]["method_id"] is None
    )


def _settle(tx: Tx, order_id: str, order: ImportedOrder, ledger: list[Row], at: datetime) -> None:
    """Write what of payment and refund is not in the ledger yet."""
    kinds = {row["kind"] for row in ledger}
    if order.paid_at is not None and "payment" not in kinds:
        _pay(tx, order_id, order, "payment", order.paid_at)
        kinds.add("payment")
    if order.status == "cancelled" and "payment" in kinds and "refund" not in kinds:
        _pay(tx, order_id, order, "refund", order.ended_at or at)


def _note(tx: Tx, order_id: str, before: str | None, after: str, at: datetime) -> None:
    """Leave in the audit that the import brought the order or moved it on."""
    audit.write(
        tx, at=at, actor_id=None, actor_role="system", source="system", turn_id=None,
        action="import", object_type="order", object_id=order_id,
        before={"status": before} if before else {}, after={"status": after},
    )  # fmt: skip


def _order_id(tx: Tx, order: ImportedOrder) -> str:
    """The number itself where it has our shape, our day and is free, else the next free one."""
    day = f"{order.ordered_at.astimezone(SEOUL):%Y%m%d}"
    match = _OURS.fullmatch(order.number)
    if match and match[1] == day and _is_free(tx, order.number, order.ordered_at):
        return order.number
    last = tx.value(
        "select max(order_id) from orders where order_id >= ? and order_id < ?",
        (f"{day}-", f"{day}."),
    )
    serial = int(last.rpartition("-")[2]) + 1 if last else 1
    while not _is_free(tx, f"{day}-{serial:07d}", order.ordered_at):
        serial += 1
    if serial > 9_999_999:
        raise BadValue(f"{day}의 주문번호가 모두 쓰였습니다")
    return f"{day}-{serial:07d}"


def _is_free(tx: Tx, order_id: str, ordered_at: datetime) -> bool:
    """Whether no order has the number, nor its place in the lists (m004_orders)."""
    centiseconds = int(ordered_at.replace(microsecond=0).timestamp()) * 100
    centiseconds += ordered_at.microsecond // 10_000
    place = centiseconds << 24 | int(order_id.rpartition("-")[2]) & 0xFFFFFF
    return not tx.value(
        "select 1 from orders where order_id = ? union all select 1 from orders where place = ?",
        (order_id, place),
    )


def _remember(memory: dict[Any, Any], known: Any, value: Any) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[known] = value


def _text(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None
