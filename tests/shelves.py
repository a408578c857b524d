"""Looking into the shop and rearranging it, for tests of its tools."""

from __future__ import annotations

from typing import Any

import pytest

from agent.types import Caller
from errors import (
    SangdamError,
)
from services import Services
from store.models import Order

STAFF = Caller("staff", "staff_001", "이상담")
ROAD = "서울 중구 세종대로 110"
MISSING = "20200101-9999999"


def every_row(shop: Services) -> dict[str, list[dict[str, Any]]]:
    """The whole database."""
    with shop.database.read() as tx:
        names = tx.rows(
            "select name from sqlite_master where type = 'table' "
            "and sql not like 'create virtual%'"  # what a search index holds is in its tables
        )
        return {row["name"]: tx.rows(f'select * from "{row["name"]}"') for row in names}


def stock(shop: Services, sku: str) -> int:
    with shop.database.read() as tx:
        return int(tx.value("select stock from product_options where sku = ?", (sku,)))


def set_stock(shop: Services, sku: str, pieces: int) -> None:
    with shop.database.write(durable=False) as tx:
        tx.execute("update product_options set stock = ? where sku = ?", (pieces, sku))


def order_of(shop: Services, caller: Caller, status: str, *, claims: int = 0) -> Order:
    """The caller's newest order in a state, with so many claims, read whole."""
    for listed in shop.tool(caller, "list_orders", statuses=(status,), limit=50).items:
        order: Order = shop.tool(caller, "get_order", order_id=listed.order_id)
        if len(order.claims) == claims:
            return order
    raise AssertionError(f"the seed has no {status} order with {claims} claims")


def told(shop: Services, caller: Caller, name: str, given: dict[str, Any]) -> tuple[Any, ...]:
    with pytest.raises(SangdamError) as caught:
        shop.tool(caller, name, **given)
    error = caught.value
    return type(error), error.message, error.code, error.http_status, vars(error)


def other_options(shop: Services, order: Order) -> dict[bool, str]:
    """For the order's first line: another option of the same price (True), of another (False)."""
    line = order.lines[0]
    options = {
        o.sku: o for o in shop.tool(STAFF, "get_product", product_id=line.product_id).options
    }
    now = options[line.sku].extra_krw
    return {o.extra_krw == now: o.sku for o in options.values() if o.sku != line.sku}
