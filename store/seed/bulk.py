"""Makes a seeded database large, for measurements.

Rows go in by ``executemany`` from generators, some thousand orders to a transaction: memory
stays small whatever the numbers, and a reader never waits long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any

from errors import Conflict
from store import order_pages
from store.database import Database, Row, Tx
from store.models import from_text, to_text
from store.seed.shop import SEOUL

__all__ = ["GrowReport", "grow"]

ORDERS_A_TRANSACTION = 10_000
CHATS_A_TRANSACTION = 2_500
MESSAGES_A_CHAT = 20
SPREAD = timedelta(days=1095)
_COLUMNS = {
    "orders": (
        "order_id, user_id, status, created_at, updated_at, recipient, phone, zip, road, detail,"
        " memo, items_krw, coupon_krw, shipping_krw, total_krw, delivered_at, version"
    ),
    "order_lines": (
        "line_id, order_id, position, product_id, sku, product_name, option_name, quantity,"
        " unit_price_krw"
    ),
    "payments": "payment_id, order_id, kind, method, label, amount_krw, created_at",
    "conversations": "conversation_id, user_id, title, context, created_at, updated_at",
    "messages": "message_id, conversation_id, role, content, payload, created_at",
}
_QUESTIONS = (
    "택배 어디쯤이에요?",
    "환불 언제 들어와요?",
    "주문 취소할래요",
    "사이즈 교환하고 싶어요",
)
_ANSWERS = (
    "주문 상태를 확인했어요.",
    "신청을 접수했어요.",
    "조금만 기다려 주세요.",
    "도와드릴게요.",
)


@dataclass(frozen=True, slots=True)
class GrowReport:
    """How much was added, and how long it took (seconds)."""

    orders: int
    messages: int
    conversations: int
    took_s: float


@dataclass(frozen=True, slots=True)
class _Stock:
    """What new rows are made of: customers, options, fees, first time and serial."""

    users: Sequence[Row]
    options: Sequence[Row]
    fee_krw: int
    threshold_krw: int
    first: datetime
    serial: int


def grow(
    database: Database, *, orders: int, messages: int, number: int,
    shipping_fee_krw: int = 3000, free_shipping_threshold_krw: int = 50_000,
) -> GrowReport:  # fmt: skip
    """Add ``orders`` delivered orders and ``messages`` messages of the ordinary customers.

    They lie in the three years before the oldest order, so the demonstration customers and
    the last 120 days stay as they are; serials go on from the highest. Raises Conflict when
    the shop has not been seeded.
    """
    started = perf_counter()
    random = Random(f"{number}:grow")
    with database.read() as tx:
        stock = _stock(tx, shipping_fee_krw, free_shipping_threshold_krw)
    for first in range(0, orders, ORDERS_A_TRANSACTION):
        batch = range(first, min(first + ORDERS_A_TRANSACTION, orders))
        with database.write(durable=False) as tx, order_pages.indexed_at_once(tx) as written:
            written += _write_orders(tx, stock, random, batch, SPREAD / orders)
    chats = -(-messages // MESSAGES_A_CHAT)
    for first in range(0, chats, CHATS_A_TRANSACTION):
        batch = range(first, min(first + CHATS_A_TRANSACTION, chats))
        with database.write(durable=False) as tx:
            _write_chats(tx, stock, random, batch, messages)
    return GrowReport(orders, messages, chats, perf_counter() - started)


def _stock(tx: Tx, fee_krw: int, threshold_krw: int) -> _Stock:
    users = tx.rows("select * from users where role = 'customer' and is_demo = 0 order by user_id")
    options = tx.rows(
        "select o.sku, o.product_id, p.name, o.name as option_name, p.price_krw + o.extra_krw "
        "as price_krw from product_options o join products p using (product_id) order by o.sku"
    )
    oldest = tx.value("select min(created_at) from orders")
    if not users or not options or oldest is None:
        raise Conflict("먼저 'python -m store seed'로 시연용 상점을 만들어 주세요.")
    serial = int(tx.value("select max(substr(order_id, 10)) from orders"))
    return _Stock(users, options, fee_krw, threshold_krw, from_text(oldest) - SPREAD, serial)


def _write_orders(
    tx: Tx, stock: _Stock, random: Random, batch: range, pace: timedelta
) -> list[str]:
    rows: dict[str, list[tuple[Any, ...]]] = {"orders": [], "order_lines": [], "payments": []}
    for number in batch:
        placed = stock.first + pace * number
        order_id = f"{placed.astimezone(SEOUL):%Y%m%d}-{stock.serial + number + 1:07d}"
        user = random.choice(stock.users)
        items = 0
        for position in range(1, random.choices((1, 2, 3), (60, 30, 10))[0] + 1):
            option, quantity = random.choice(stock.options), random.choice((1, 1, 1, 2))
            items += quantity * option["price_krw"]
            rows["order_lines"].append(
                (
                    f"{order_id}-{position}", order_id, position, option["product_id"],
                    option["sku"], option["name"], option["option_name"], quantity,
                    option["price_krw"],
                )
            )  # fmt: skip
        shipping = 0 if items >= stock.threshold_krw else stock.fee_krw
        at, arrived = to_text(placed), to_text(placed + timedelta(days=2))
        rows["orders"].append(
            (
                order_id, user["user_id"], "delivered", at, arrived, user["name"], user["phone"],
                user["zip"], user["road"], user["detail"], "", items, 0, shipping,
                items + shipping, arrived, 5,
            )
        )  # fmt: skip
        rows["payments"].append(
            (f"P-{order_id}", order_id, "payment", "card", "신한카드 (**** 1234)",
             items + shipping, at)
        )  # fmt: skip
    for table, values in rows.items():
        _insert(tx, table, values)
    return [row[0] for row in rows["orders"]]


def _write_chats(tx: Tx, stock: _Stock, random: Random, batch: range, messages: int) -> None:
    users = stock.users

    def conversations() -> Iterator[tuple[Any, ...]]:
        for chat in batch:
            at = to_text(stock.first + timedelta(minutes=chat))
            chat_id, user_id = f"conv_bulk_{stock.serial}_{chat:07d}", users[chat % len(users)]
            yield chat_id, user_id["user_id"], _QUESTIONS[chat % 4], "{}", at, at

    def texts() -> Iterator[tuple[Any, ...]]:
        for chat in batch:
            start = stock.first + timedelta(minutes=chat)
            chat_id = f"conv_bulk_{stock.serial}_{chat:07d}"
            for place in range(min(MESSAGES_A_CHAT, messages - chat * MESSAGES_A_CHAT)):
                role, said = ("assistant", _ANSWERS) if place % 2 else ("user", _QUESTIONS)
                message_id = f"msg_bulk_{stock.serial}_{chat * MESSAGES_A_CHAT + place:09d}"
                at = to_text(start + timedelta(seconds=20 * place))
                yield message_id, chat_id, role, random.choice(said), "{}", at

    _insert(tx, "conversations", conversations())
    _insert(tx, "messages", texts())


def _insert(tx: Tx, table: str, values: Iterable[tuple[Any, ...]]) -> None:
    columns = _COLUMNS[table]
    marks = ", ".join("?" for _ in columns.split(","))
    # The connection below sqlite-utils: its own insert builds a dictionary and SQL text a row.
    tx.tables.conn.executemany(f"insert into {table} ({columns}) values ({marks})", values)
