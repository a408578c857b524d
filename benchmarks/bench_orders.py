"""Lists of 100,000 orders: pages, filters, text and depth, for a customer and for staff.

Through the tool, connection and all: what a page of the console or a route of the API waits
for. The target is a p95 under 20 ms for every list.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Any

import settings as settings_module
from agent.types import Caller
from services import Services

__all__ = ["run"]

ORDERS = 100_000
ROUNDS = 200
PAGES_DEEP = 100
_TEXTS = ("이어폰", "텀블러", "무선 이어폰 SW", "후드", "크림", "러", "없는상품", "50")


def run() -> dict[str, float]:
    """Milliseconds a page (p50, p95) by kind of list, for a customer and for staff."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        plain = settings_module.load({}, env_file=Path(folder) / "none")
        shop = Services(plain.replace(data_dir=folder))
        shop.prepare()
        from store.seed import grow

        grow(shop.database, orders=ORDERS, messages=0, number=1)
        staff = Caller("staff", "staff_001", "상담원")
        customer = Caller("customer", _largest(shop), "고객")
        for who, caller in (("customer", customer), ("staff", staff)):
            for kind, calls in _lists(shop, caller).items():
                took = [_ms(shop, caller, arguments) for arguments in calls]
                cuts = statistics.quantiles(took[5:], n=20)  # the first ones warm up
                figures[f"orders_{who}_{kind}_p50_ms"] = cuts[9]
                figures[f"orders_{who}_{kind}_p95_ms"] = cuts[18]
    return figures


def _lists(shop: Services, caller: Caller) -> dict[str, Iterator[dict[str, Any]]]:
    with shop.database.read() as tx:
        newest = date.fromisoformat(tx.value("select max(created_at) from orders")[:10])
        ids = [row["order_id"] for row in tx.rows(
            "select order_id from orders where user_id = coalesce(?, user_id) "
            "order by order_id limit 500", (None if caller.is_staff else caller.user_id,),
        )]  # fmt: skip
        name = tx.value("select name from users where user_id = 'user_009'")
    texts = [*_TEXTS, *([name, "minji@"] if caller.is_staff else [])]
    kinds: dict[str, Callable[[int], dict[str, Any]]] = {
        "first_page": lambda _: {},
        "hundred": lambda _: {"limit": 100},
        "status": lambda n: {"statuses": _pick(("delivered", "paid", "shipped"), n)},
        "statuses": lambda _: {"statuses": ("paid", "delivered", "cancelled")},
        "days": lambda n: {
            "since": newest - timedelta(days=n * 5 + 30), "until": newest - timedelta(days=n * 5),
        },
        "total": lambda _: {"with_total": True},
        "text": lambda n: {"text": texts[n % len(texts)]},
        "text_status_days": lambda n: {
            "text": texts[n % len(texts)], "statuses": ("delivered",),
            "until": newest - timedelta(days=n * 4),
        },
        "number": lambda n: {"text": ids[n % len(ids)]},
    }  # fmt: skip
    lists = {kind: iter([make(n) for n in range(ROUNDS)]) for kind, make in kinds.items()}
    for kind, arguments in (("deep", {}), ("deep_text", {"text": "이어폰"})):
        cursors = _cursors(shop, caller, arguments)
        lists[kind] = islice(({**arguments, "cursor": c} for c in cycle(cursors)), ROUNDS)
    return lists


def _pick(values: Sequence[str], n: int) -> tuple[str, ...]:
    return (values[n % len(values)],)


def _cursors(shop: Services, caller: Caller, arguments: dict[str, Any]) -> list[str]:
    """The cursors of the pages far down a list."""
    cursors, cursor = [], None
    for _ in range(PAGES_DEEP):
        page = shop.tool(caller, "list_orders", limit=30, cursor=cursor, **arguments)
        cursor = page.next_cursor
        if cursor is None:
            break
        cursors.append(cursor)
    return cursors[len(cursors) // 2 :]


def _largest(shop: Services) -> str:
    """The customer with the most orders."""
    with shop.database.read() as tx:
        return str(tx.value(
            "select user_id from orders group by user_id order by count(*) desc limit 1"
        ))  # fmt: skip


def _ms(shop: Services, caller: Caller, arguments: dict[str, Any]) -> float:
    started = perf_counter()
    shop.tool(caller, "list_orders", **arguments)
    return (perf_counter() - started) * 1000


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:40} {value:10.2f}")
