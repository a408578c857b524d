"""Pages of orders: complete whatever the filters, by indexes alone, and searched by text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from store_helpers import add_order, add_user, new_database

from errors import BadInput
from store import order_pages, orders
from store.database import Database, Tx
from store.models import to_text
from store.transfer import empty, export, import_

START = datetime(2026, 11, 1, tzinfo=UTC)
STATES = ("pending_payment", "paid", "shipped", "delivered")
NAMES = ("무선 이어폰 SW-200", "머그컵 2개 세트", "50% 할인_텀블러", "Cotton T-shirt")


def fill(tx: Tx, count: int) -> None:
    """Orders of three customers in four states, several a minute, some in the same instant."""
    random = Random(1)
    for user in ("kim", "lee", "park"):
        add_user(tx, user, f"{user}@example.com")
    for serial in range(1, count + 1):
        placed = START + timedelta(minutes=serial // 3)
        add_order(
            tx, f"{placed:%Y%m%d}-{serial:07d}", random.choice(("kim", "lee", "park")),
            random.choice(NAMES), status=random.choice(STATES), created_at=to_text(placed),
            recipient="받는이",
        )  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tx]:
    database = new_database(tmp_path_factory.mktemp("pages") / "shop.db")
    with database.write(durable=False) as unit:
        fill(unit, 200)
    with database.read() as unit:
        yield unit


def walk(tx: Tx, limit: int = 7, **filters: Any) -> list[str]:
    """All pages of a list, by their cursors."""
    found: list[str] = []
    cursor = None
    while True:
        page = order_pages.page(tx, cursor=cursor, limit=limit, **filters)
        found += [order.order_id for order in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(page.items) == limit


def listed(tx: Tx, **filters: Any) -> list[str]:
    page = order_pages.page(tx, **{"limit": 100, **filters})
    assert page.next_cursor is None
    return [order.order_id for order in page.items]


@pytest.mark.parametrize("user_id", [None, "kim", "nobody"])
@pytest.mark.parametrize("statuses", [(), ("paid",), ("paid", "delivered"), STATES])
@pytest.mark.parametrize("days", [(None, None), (10, None), (None, 50), (10, 50)])
def test_all_pages_together_are_the_list(
    full: Tx, user_id: str | None, statuses: tuple[str, ...], days: tuple[int | None, int | None]
) -> None:
    since, until = (None if at is None else to_text(START + timedelta(minutes=at)) for at in days)
    filters = {"user_id": user_id, "statuses": statuses, "since": since, "until": until}
    whole = [order.order_id for order in orders.find(full, limit=1000, **filters)]  # type: ignore[arg-type]
    assert walk(full, **filters) == whole
    page = order_pages.page(full, limit=1, with_total=True, **filters)  # type: ignore[arg-type]
    assert page.total == len(whole)


@pytest.mark.parametrize("text", ["이어폰", "머그", "cotton t", "텀블러"])
def test_a_search_walks_like_a_list(full: Tx, text: str) -> None:
    for filters in ({}, {"user_id": "lee"}, {"user_id": "lee", "statuses": ("paid", "shipped")}):
        whole = [
            o.order_id
            for o in orders.find(full, text=text, limit=1000, **{"user_id": None, **filters})
        ]  # type: ignore[arg-type]
        assert whole
        assert walk(full, text=text, **filters) == whole


def test_orders_that_arrive_while_paging_do_not_move_the_pages(database: Database) -> None:
    with database.write(durable=False) as tx:
        fill(tx, 30)
        before = walk(tx, limit=30)
        first = order_pages.page(tx, limit=10)
        late = START + timedelta(days=1)
        add_order(tx, f"{late:%Y%m%d}-0000999", "kim", "새 주문", created_at=to_text(late))
        second = order_pages.page(tx, limit=10, cursor=first.next_cursor)
    assert [order.order_id for order in second.items] == before[10:20]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50%", ["1"]),
        ("_", ["1"]),
        ("할인_텀", ["1"]),
        ("텀블러", ["3", "1"]),
        ("러", ["3", "1"]),  # one letter, the last one of a name
        ("50", ["2", "1"]),
        ("머그", ["2"]),
        ("50개머그컵", ["2"]),  # blanks do not count
        ("머 그 컵", ["2"]),
        ("0000002", ["2"]),  # the serial a customer reads out
        ("20261102-0000002", ["2"]),
        ("20261101", ["1"]),
        ("2026", []),  # a number's beginning counts from the day on
        ("M-7", ["2"]),
        ("M-77", []),
        ("987654321", ["3"]),
        ("98765432", ["3"]),
        ("9876543", []),
        ("1001", ["1"]),
        ("#1001", ["1"]),
        ("홍길동", []),
        ("\\", []),
        ('"', []),
        ("* OR goods", []),
        ("'; drop table orders; --", []),
        ("\u200b", []),
        ("\x00", []),
        ("👩‍👩‍👧", []),
    ],
)
def test_what_a_text_finds(tx: Tx, text: str, expected: list[str]) -> None:
    for serial, external in ((1, "#1001"), (2, "M-7"), (3, "987654321")):
        tx.update(
            "orders", {"order_id": f"2026110{serial}-000000{serial}"},
            {"source": "elsewhere", "external_id": external},
        )  # fmt: skip
    assert [order_id[-1] for order_id in listed(tx, text=text)] == expected
    theirs = [order_id[-1] for order_id in listed(tx, text=text, user_id="jihun")]
    assert theirs == [serial for serial in expected if serial == "3"]


def test_staff_search_people(tx: Tx) -> None:
    tx.update("users", {"user_id": "jihun"}, {"name": "박 지훈"})
    tx.update("orders", {"order_id": "20261101-0000001"}, {"recipient": "제갈공명"})
    for text, serials in (
        ("지훈", "3"), ("박지훈", "3"), ("홍길동", "21"), ("공명", "1"), ("jihun@", "3"),
        ("JIHUN@example.com", "3"), ("jihun@example.net", ""), ("ji", ""),
    ):  # fmt: skip
        assert "".join(i[-1] for i in listed(tx, text=text, people=True)) == serials
    assert listed(tx, text="지훈") == []
    assert listed(tx, text="jihun@", people=True, user_id="minji") == []


def test_the_index_follows_every_change(tx: Tx) -> None:
    first = "20261101-0000001"
    tx.update("orders", {"order_id": first}, {"status": "shipped"})
    assert listed(tx, text="할인", statuses=("shipped",)) == [first]
    assert listed(tx, text="할인", statuses=("paid",)) == []
    tx.update("order_lines", {"order_id": first}, {"product_name": "보온병"})
    assert listed(tx, text="보온병") == [first]
    assert listed(tx, text="할인") == []
    line = tx.row("select * from order_lines where order_id = ?", (first,))
    assert line is not None
    tx.insert("order_lines", {**line, "line_id": "more", "position": 2, "product_name": "손수건"})
    assert listed(tx, text="보온병") == listed(tx, text="손수건") == [first]
    assert listed(tx, text="병손") == []  # names do not run into each other
    tx.update("orders", {"order_id": first}, {"created_at": "2025-01-01T00:00:00.000Z"})
    assert listed(tx, text="보온병") == [first]
    tx.execute("delete from order_lines where line_id = 'more'")
    assert listed(tx, text="손수건") == []
    tx.execute("delete from order_lines where order_id = ?", (first,))
    tx.execute("delete from orders where order_id = ?", (first,))
    assert listed(tx, text="보온병") == []
    assert tx.value("select count(*) from order_search") == 2


def test_many_orders_are_indexed_at_once(database: Database) -> None:
    with database.write(durable=False) as tx:
        fill(tx, 10)
        one_by_one = tx.rows("select rowid, * from order_search order by rowid")
        with order_pages.indexed_at_once(tx) as written:
            add_order(tx, "20261201-0000001", "kim", "새 주문")
            tx.update("orders", {"order_id": "20261101-0000001"}, {"status": "cancelled"})
            written += ["20261201-0000001", "20261101-0000001"]
            assert listed(tx, text="새 주문") == []
        assert listed(tx, text="새 주문") == ["20261201-0000001"]
        add_order(tx, "20261202-0000002", "kim", "나중 주문")  # the triggers watch again
        assert listed(tx, text="나중") == ["20261202-0000002"]
        rows = tx.rows("select rowid, * from order_search order by rowid")
        assert len(rows) == len(one_by_one) + 2
        assert [row["state"] for row in rows if row["state"] == "cancelled"] == ["cancelled"]


def test_the_index_is_there_after_reading_a_copy_back(database: Database, tmp_path: Path) -> None:
    with database.write(durable=False) as tx:
        fill(tx, 20)
        found = listed(tx, text="이어폰")
    export(database, tmp_path / "out")
    copy = new_database(tmp_path / "copy.db")
    for _ in range(2):
        import_(copy, tmp_path / "out", replace=True)
        with copy.read() as tx:
            assert found
            assert found == listed(tx, text="이어폰")
            assert listed(tx, text="홍길동", people=True) == listed(tx)
    with copy.write(durable=False) as tx:
        empty(tx)
        assert tx.value("select count(*) from order_search") == 0


def test_the_migrations_index_what_is_there(database: Database) -> None:
    from store.migrations import m004_orders, m006_order_pause

    with database.write(durable=False) as tx:
        fill(tx, 20)
        found = tx.rows("select rowid, * from order_search order by rowid")
        for row in tx.rows("select name from sqlite_master where name like 'order_search%'"
                           " and type = 'trigger' or name like 'ix_orders_%'"):  # fmt: skip
            kind = "index" if row["name"].startswith("ix") else "trigger"
            tx.execute(f"drop {kind} {row['name']}")
        for drop in (
            "table order_search",
            "view order_search_texts",
            "table order_search_steps",
            "table order_search_pause",
        ):
            tx.execute(f"drop {drop}")
        for column in ("place", "source", "external_id"):
            tx.execute(f"alter table orders drop column {column}")
        m004_orders.apply(tx)
        m006_order_pause.apply(tx)
        assert tx.rows("select rowid, * from order_search order by rowid") == found


@pytest.mark.parametrize(
    "cursor", ["x", "", "AAAA", "가나다", "-" * 11, "/" * 11, "A" * 200, "2026-11-20T03:00:00.000Z"]
)
def test_a_bad_cursor(full: Tx, cursor: str) -> None:
    if not cursor:
        assert order_pages.page(full, cursor=cursor).items
        return
    with pytest.raises(BadInput) as caught:
        order_pages.page(full, cursor=cursor)
    assert caught.value.code == "bad_cursor"


def test_a_cursor_is_opaque_and_fits_a_url(full: Tx) -> None:
    cursor = order_pages.page(full, limit=1).next_cursor
    assert cursor is not None
    assert re.fullmatch(r"[A-Za-z0-9_-]{11}", cursor)


@pytest.mark.parametrize(("limit", "shown"), [(0, 1), (-3, 1), (1, 1), (100, 100), (5000, 100)])
def test_a_page_has_one_to_a_hundred_orders(full: Tx, limit: int, shown: int) -> None:
    assert len(order_pages.page(full, limit=limit).items) == shown


def test_two_orders_in_one_place_keep_their_owners(tx: Tx) -> None:
    """The same serial in the same instant cannot show one customer the other's order."""
    moment = to_text(START)
    add_order(tx, "20261104-0000009", "minji", "목도리", created_at=moment)
    add_order(tx, "20261105-0000009", "jihun", "장갑", created_at=moment)
    assert listed(tx, user_id="jihun", until="2026-11-02") == ["20261105-0000009"]
    assert "20261104-0000009" in listed(tx, user_id="minji")
    assert listed(tx, user_id="minji", text="장갑") == []


def test_no_list_reads_more_than_its_page(full: Tx) -> None:
    """Every plain list is an index read in order: no sorting, no scan."""
    for names in ((), ("user",), ("status",), ("user", "status")):
        index, where = order_pages._index(
            "kim" if "user" in names else None, "paid" if "status" in names else None
        )
        plan = full.rows(
            f"explain query plan select place from orders indexed by {index} where {where}"
            "place >= 1 and place < 9 order by place desc limit 5",
            {"user_id": "kim", "status": "paid"},
        )
        told = " ".join(row["detail"] for row in plan)
        assert f"USING COVERING INDEX {index}" in told or f"USING INDEX {index}" in told
        assert "TEMP B-TREE" not in told
