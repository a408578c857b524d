"""A tiny shop built directly for the engine's property tests, and what must hold in it.

Three products of which every option's price and stock is known, two customers, a member of
staff. ``check`` reads the raw rows and states the invariants without asking the engine.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.shop.claims import DEAD_STATUSES, ORDER_TRANSITIONS, TRANSITIONS, UNSOLD_REASONS
from agent.shop.quote import due_krw
from agent.shop.rules import Rules
from agent.tools.base import ToolContext, run
from agent.types import Caller
from store import orders
from store.database import Database, Row, Tx, load
from store.models import Order, to_text

__all__ = ["CALLERS", "METHODS", "OPTIONS", "START", "TinyShop", "add_order", "template"]

START = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)  # a Monday noon in Seoul
CALLERS = {
    "A": Caller("customer", "user_a", "가나"),
    "B": Caller("customer", "user_b", "다라"),
    "staff": Caller("staff", "staff_s", "마바"),
    "guest": Caller(guest_key="a-browser"),
}
# product → (returnable, {SKU: (extra KRW, stock)})
OPTIONS: dict[str, tuple[str, dict[str, tuple[int, int]]]] = {
    "P1": ("normal", {"P1-A": (0, 2), "P1-B": (0, 3), "P1-C": (2500, 5), "P1-D": (-3000, 5)}),
    "P2": ("normal", {"P2-A": (0, 1), "P2-B": (5000, 4), "P2-C": (-29000, 4)}),
    "P3": ("made_to_order", {"P3-A": (0, 2), "P3-B": (0, 0)}),
}
# method → (owner, kind, balance KRW)
METHODS: dict[str, tuple[str, str, int | None]] = {
    "A-card": ("user_a", "card", None),
    "A-gift": ("user_a", "gift_card", 40_000),
    "A-later": ("user_a", "bank_transfer", None),
    "B-card": ("user_b", "card", None),
    "B-gift": ("user_b", "gift_card", 4_000),
}
PRICES = {
    "P1": (7_777, 12_000),
    "P2": (30_000, 49_999),
    "P3": (45_000, 101),
}  # KRW, of the plain option
BEFORE_DISPATCH = ("pending_payment", "paid", "preparing")


def template(path: Path) -> Path:
    """A database file of the shop without orders, ready to be copied."""
    database = Database(path)
    database.prepare()
    with database.write() as tx:
        for name in ("user_a", "user_b", "staff_s"):
            role = "staff" if name == "staff_s" else "customer"
            row = {"user_id": name, "email": f"{name}@example.com", "name": name, "role": role}
            tx.insert("users", {**row, "password_hash": "-", "created_at": to_text(START)})
        for product_id, (returnable, options) in OPTIONS.items():
            row = {"product_id": product_id, "name": product_id, "category": "생활"}
            tx.insert("products", {**row, "price_krw": 30_000, "returnable": returnable})
            for place, (sku, (extra, stock)) in enumerate(options.items()):
                row = {"sku": sku, "product_id": product_id, "name": sku, "position": place}
                tx.insert("product_options", {**row, "extra_krw": extra, "stock": stock})
        for method_id, (user_id, kind, balance) in METHODS.items():
            row = {"method_id": method_id, "user_id": user_id, "kind": kind}
            tx.insert("payment_methods", {**row, "label": method_id, "balance_krw": balance})
    return path


def add_order(tx: Tx, order_id: str, owner: str, given: dict[str, Any]) -> None:
    """An order paid by a registered method, or still to be paid."""
    lines = []
    for place, (product_id, option, price, quantity) in enumerate(given["lines"]):
        options = OPTIONS[product_id][1]
        sku = list(options)[option % len(options)]
        lines.append(
            {"line_id": f"{order_id}-{place + 1}", "order_id": order_id, "position": place,
             "product_id": product_id, "sku": sku, "product_name": product_id,
             "quantity": quantity,
             "unit_price_krw": max(0, PRICES[product_id][price] + options[sku][0])}
        )  # fmt: skip
    items = sum(line["quantity"] * line["unit_price_krw"] for line in lines)
    coupon = items * given["coupon_percent"] // 100
    total = items - coupon + given["shipping"]
    paid = given["paid_by"] in ("card", "gift", "two")
    tx.insert(
        "orders",
        {"order_id": order_id, "user_id": f"user_{owner.lower()}",
         "status": "paid" if paid else "pending_payment", "created_at": to_text(START),
         "items_krw": items, "coupon_krw": coupon, "shipping_krw": given["shipping"],
         "total_krw": total, "version": 1,
         "external_id": "#1001" if owner == "B" else None},
    )  # fmt: skip
    for line in lines:
        tx.insert("order_lines", line)
    if paid:
        first = {"card": 0, "gift": total, "two": total // 2}[given["paid_by"]]
        parts = ((f"{owner}-gift", first), (f"{owner}-card", total - first))
        for number, (method, amount) in enumerate(((m, a) for m, a in parts if a), start=1):
            tx.insert(
                "payments",
                {"payment_id": f"{order_id}-P{number}", "order_id": order_id,
                 "kind": "payment", "method": METHODS[method][1], "label": method,
                 "amount_krw": amount, "created_at": to_text(START), "method_id": method},
            )  # fmt: skip


@dataclass
class TinyShop:
    """One copy of the template; ``seen`` is the state all checks were last made on."""

    path: Path
    rules: Rules
    now: datetime = START
    last_event: int = 0
    scrapped: Counter[str] = field(default_factory=Counter)
    history: dict[str, str] = field(default_factory=dict)  # claim or order → its status

    def __post_init__(self) -> None:
        self.database = Database(self.path)
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.connection.execute("pragma synchronous = off")  # nothing here outlives the example
        self.reader = Tx(self.connection, writable=False)
        # The full text index cannot be scanned; the tables below it can.
        sql = (
            "select name from sqlite_master where type = 'table' and sql not like 'create virtual%'"
        )
        self.tables = [row["name"] for row in self.reader.rows(sql)]
        self.tables.remove("order_search_steps")
        self.seen: dict[str, list[tuple[Any, ...]]] = {}
        self.pieces: Counter[str] = Counter()
        self.stored_value: dict[str, int] = {}

    @classmethod
    def copy(cls, source: Path, target: Path, rules: Rules) -> TinyShop:
        """A shop of its own, as the template is."""
        shutil.copyfile(source, target)
        return cls(target, rules)

    def close(self) -> None:
        self.connection.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def run(self, who: str, name: str, **arguments: Any) -> Any:
        """A tool in a transaction of its own, as services run it."""
        with self.database.write(durable=False) as tx:
            return run(ToolContext(tx, CALLERS[who], self.rules, self.now), name, **arguments)

    def look(self, who: str, name: str, **arguments: Any) -> Any:
        """A tool that only reads."""
        return run(ToolContext(self.reader, CALLERS[who], self.rules, self.now), name, **arguments)

    def order(self, order_id: str) -> Order:
        found = orders.get(self.reader, order_id, user_id=None)
        assert found is not None
        return found

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the database."""
        cursor = self.connection.cursor()
        return {name: cursor.execute(f'select * from "{name}"').fetchall() for name in self.tables}

    def opened(self) -> None:
        """Take the stock and the balances as they are now for the whole."""
        self.pieces = self._pieces()
        self.stored_value = self._stored_value()
        for row in self.reader.rows("select order_id, status from orders"):
            self.history[row["order_id"]] = row["status"]
        self.seen = self.state()

    # ── what must hold ───────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """Every invariant. Call after each action."""
        self.seen = self.state()
        self._check_history()
        assert self._pieces() == self.pieces, "pieces appeared or vanished"
        assert self._stored_value() == self.stored_value, "stored value is not what was moved"
        rows = self.reader.rows
        assert not rows("select * from product_options where stock < 0")
        assert not rows("select * from payment_methods where balance_krw < 0")
        assert not rows("select * from payments where amount_krw <= 0")
        for row in rows("select * from orders"):
            claims = rows("select * from claims where order_id = ?", (row["order_id"],))
            for claim in claims:
                claim["quote"] = load(claim["quote"])
            self._check_quantities(row, claims)
            self._check_money(row, claims)

    def _claimed(self, order_id: str) -> list[Row]:
        """An order's claim lines with what their claim is."""
        return self.reader.rows(
            "select cl.*, c.kind, c.status, c.reason_code, l.sku from claim_lines cl "
            "join claims c using (claim_id) join order_lines l using (line_id) "
            "where c.order_id = coalesce(nullif(?, ''), c.order_id)",
            (order_id,),
        )

    def _pieces(self) -> Counter[str]:
        """SKU → pieces on the shelf, with customers, set aside and thrown away."""
        count = Counter(self.scrapped)
        for row in self.reader.rows("select sku, stock from product_options"):
            count[row["sku"]] += row["stock"]
        for row in self.reader.rows("select sku, quantity from order_lines"):
            count[row["sku"]] += row["quantity"]
        for row in self._claimed(""):
            if row["kind"] == "exchange":
                if row["status"] not in (*DEAD_STATUSES, "completed"):
                    count[row["new_sku"]] += row["quantity"]
            elif row["status"] == "completed":
                broken = row["kind"] == "return" and row["reason_code"] in UNSOLD_REASONS
                count[row["sku"]] -= 0 if broken else row["quantity"]
        return count

    def _stored_value(self) -> dict[str, int]:
        """Method → its balance as it would be if nothing had been moved."""
        sign = {"payment": 1, "refund": -1, "interest": -1}
        found = {
            row["method_id"]: row["balance_krw"]
            for row in self.reader.rows("select * from payment_methods")
            if row["balance_krw"] is not None
        }
        for row in self.reader.rows("select * from payments"):
            if row["method_id"] in found:
                found[row["method_id"]] += sign[row["kind"]] * row["amount_krw"]
        return found

    def _check_history(self) -> None:
        sql = "select * from audit_events where event_seq > ? order by event_seq"
        for row in self.reader.rows(sql, (self.last_event,)):
            self.last_event = row["event_seq"]
            was, now = load(row["before"], {}).get("status"), load(row["after"], {}).get("status")
            if now is not None and row["object_type"] in ("claim", "order"):
                self._step(row["object_id"], was, now, row)
        for table, key in (("claims", "claim_id"), ("orders", "order_id")):
            for row in self.reader.rows(f"select {key} as id, status from {table}"):
                assert self.history.get(row["id"]) == row["status"], (row, "not in the audit")

    def _step(self, object_id: str, was: str | None, now: str, row: Row) -> None:
        if row["object_type"] == "claim" and row["action"] == "create":
            assert object_id not in self.history
            self.history[object_id] = now
            return
        assert self.history[object_id] == was, row
        self.history[object_id] = now
        if row["object_type"] == "claim":
            kind = self.reader.value("select kind from claims where claim_id = ?", (object_id,))
            assert now in TRANSITIONS[kind][str(was)], row
        elif row["action"] == "cancel":
            assert was in BEFORE_DISPATCH, row
        else:
            assert now in ORDER_TRANSITIONS[str(was)], row

    def _check_quantities(self, row: Row, claims: list[Row]) -> None:
        order, claimed = self.order(row["order_id"]), self._claimed(row["order_id"])
        assert sum(x.amount_krw for x in order.lines) == row["items_krw"]
        assert row["items_krw"] - row["coupon_krw"] + row["shipping_krw"] == row["total_krw"]
        for line in order.lines:
            mine = [c for c in claimed if c["line_id"] == line.line_id]
            gone, exchanged = (
                _sum(mine, lambda c: c["kind"] != "exchange"),
                _sum(mine, lambda c: c["kind"] == "exchange" and c["status"] != "completed"),
            )
            assert (line.gone, line.in_exchange) == (gone, exchanged)
            assert line.quantity > 0
            assert gone + exchanged <= line.quantity
            assert line.unit_price_krw >= 0
        cancelled = _sum(claimed, lambda c: c["kind"] == "cancel" and c["status"] == "completed")
        left = sum(x.quantity for x in order.lines) - cancelled
        assert (left == 0) == (row["status"] == "cancelled")

    def _check_money(self, row: Row, claims: list[Row]) -> None:
        order = self.order(row["order_id"])
        live = [c for c in claims if c["status"] not in DEAD_STATUSES]
        gone = [c for c in live if c["kind"] != "exchange"]
        exchanged = [c for c in live if c["kind"] == "exchange" and c["status"] == "completed"]
        for claim in claims:
            back = sum(
                p.amount_krw for p in order.payments
                if p.kind == "refund" and p.claim_id == claim["claim_id"]
            )  # fmt: skip
            done = claim["status"] == "completed"
            assert back == (claim["refund_krw"] if done else 0), claim
            assert claim["refund_krw"] == claim["quote"]["refund_krw"] >= 0
            _check_quote(claim["kind"], claim["quote"])
        assert 0 <= order.refunded_krw <= order.paid_krw
        if not (self.rules.price_difference or self.rules.refund_to_stored_value):
            net = Counter[str]()
            for p in order.payments:
                sign = {"payment": 1, "refund": -1}.get(p.kind, 0)
                net[p.method_id or p.label] += sign * p.amount_krw
            assert min(net.values(), default=0) >= 0, "a method got more than it paid"
        total = Counter[str]()
        for claim in gone:
            total.update({k: v for k, v in claim["quote"].items() if k.endswith("_krw")})
        fees = total["fee_krw"] + sum(c["quote"]["fee_krw"] for c in exchanged)
        # A fee with nothing to be deducted from is paid outside of the ledger.
        unpaid = total["to_pay_krw"] + sum(
            c["quote"]["to_pay_krw"] - max(0, c["quote"]["difference_krw"]) for c in exchanged
        )
        kept = sum(x.unit_price_krw * x.kept for x in order.lines)
        coupon = order.coupon_krw - total["coupon_krw"]
        shipping = order.shipping_krw - total["shipping_krw"]
        worth = kept - coupon + shipping + fees - unpaid
        assert 0 <= coupon <= kept, "the coupon is more than what it was for"
        assert shipping + fees >= 0, "the delivery was given back twice"
        if order.status == "pending_payment" or not order.payments:
            assert (order.paid_krw, due_krw(order)) == (0, worth)
            return
        promised = sum(c["refund_krw"] for c in gone if c["status"] != "completed")
        assert order.paid_krw - order.refunded_krw - promised == worth
        if order.status == "cancelled":
            assert order.refunded_krw == order.paid_krw


def _sum(rows: list[Row], wanted: Any) -> int:
    alive = [row for row in rows if row["status"] not in DEAD_STATUSES]
    return sum(row["quantity"] for row in alive if wanted(row))


def _check_quote(kind: str, shown: dict[str, Any]) -> None:
    """The identity in the docstring of ``agent.shop.quote``."""
    left = shown["refund_krw"] + shown["due_drop_krw"] - shown["to_pay_krw"]
    assert all(value >= 0 for key, value in shown.items()
               if key.endswith("_krw") and key != "difference_krw"), shown  # fmt: skip
    if kind == "exchange":
        assert left == -shown["difference_krw"] - shown["fee_krw"], shown
    else:
        paid_back = shown["goods_krw"] - shown["coupon_krw"] + shown["shipping_krw"]
        assert left == paid_back - shown["fee_krw"], shown
