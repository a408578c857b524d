"""Product files of every kind, the bad rows in them, and runs that are cut off."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from store_helpers import add_order, add_user

from store import products
from store.database import Database
from store.imports import text_lines
from store.models import Option
from store.product_index import Filters, candidates
from tests.store.catalogue_helpers import (
    EARPHONES,
    found,
    imported,
    lines,
    rejected,
    write_csv,
)


def test_a_product_comes_in_whole(database: Database, tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl", EARPHONES)
    assert imported(database, path, source="몰A") == (1, 1, 0, 0, 0)
    with database.read() as tx:
        product = products.get(tx, "E1")
        assert tx.value("select source from products") == "몰A"
    assert product is not None
    assert (product.name, product.price_krw, product.emoji) == ("무선 이어폰", 59000, "🎧")
    assert product.attributes == {"방수": "IPX5"}
    assert product.options == (
        Option("E1-BK", "E1", "블랙", 0, 3), Option("E1-WH", "E1", "화이트", 1000, 0)
    )  # fmt: skip
    assert product.reviews is None
    assert not (tmp_path / "p.jsonl.rejected.jsonl").exists()


def test_a_second_run_changes_nothing_and_a_new_price_one_product(
    database: Database, tmp_path: Path
) -> None:
    other = {**EARPHONES, "product_id": "E2", "options": []}
    imported(database, lines(tmp_path / "p.jsonl", EARPHONES, other))
    assert imported(database, tmp_path / "p.jsonl") == (2, 0, 0, 2, 0)
    cheaper = {**EARPHONES, "price_krw": 49000}
    assert imported(database, lines(tmp_path / "p.jsonl", cheaper, other)) == (2, 0, 1, 1, 0)
    with database.read() as tx:
        cheap = Filters(max_price_krw=50000)
        assert candidates(tx, ["이어폰"], cheap, limit=5) == ["E1"]
        assert tx.value("select count(*) from product_options") == 3


def test_an_option_that_is_gone_is_sold_out_and_kept(database: Database, tmp_path: Path) -> None:
    imported(database, lines(tmp_path / "p.jsonl", EARPHONES))
    less = {**EARPHONES, "options": [{"sku": "E1-NV", "name": "네이비", "stock": 7}]}
    assert imported(database, lines(tmp_path / "p.jsonl", less)) == (1, 0, 1, 0, 0)
    with database.read() as tx:
        stock = {o.sku: o.stock for o in products.get(tx, "E1").options}  # type: ignore[union-attr]
    assert stock == {"E1-BK": 0, "E1-WH": 0, "E1-NV": 7}


def test_options_of_orders_survive_an_import(database: Database, tmp_path: Path) -> None:
    with database.write() as tx:
        add_user(tx, "minji", "minji@example.com")
        add_order(tx, "20261101-0000001", "minji", "텀블러")
    row = {"product_id": "P1", "name": "새 텀블러", "price_krw": 9000, "options": [{"sku": "N"}]}
    imported(database, lines(tmp_path / "p.jsonl", row))
    with database.read() as tx:
        assert tx.value("select sku from order_lines") == "P1-A"
        assert products.option(tx, "P1-A") == Option("P1-A", "P1", "A", 0, 0)
        assert not tx.rows("pragma foreign_key_check")
    assert found(database, "새텀블러") == ["P1"]


def test_a_price_list_leaves_the_options_alone(database: Database, tmp_path: Path) -> None:
    imported(database, lines(tmp_path / "p.jsonl", EARPHONES))
    price = {"product_id": "E1", "name": "무선 이어폰", "price_krw": 1000}
    imported(database, lines(tmp_path / "p.jsonl", price))
    with database.read() as tx:
        product = products.get(tx, "E1")
    assert product is not None
    assert product.price_krw == 1000
    assert [(o.sku, o.stock) for o in product.options] == [("E1-BK", 3), ("E1-WH", 0)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"price_krw": -1}, "음수"),
        ({"price_krw": None}, "price_krw이(가) 비어"),
        ({"price_krw": "만원"}, "정수여야"),
        ({"price_krw": 10.5}, "정수여야"),
        ({"price_krw": True}, "정수여야"),
        ({"price_krw": 10**15}, "범위"),
        ({"product_id": "  "}, "product_id이(가) 비어"),
        ({"name": None}, "name이(가) 비어"),
        ({"name": "가" * 501}, "500자"),
        ({"name": ["목록"]}, "목록이나 객체"),
        ({"returnable": "maybe"}, "returnable은"),
        ({"keywords": 7}, "keywords는"),
        ({"attributes": "{"}, "JSON으로"),
        ({"attributes": [1]}, "attributes는"),
        ({"options": "블랙"}, "options"),
        ({"options": [{"sku": "A"}, {"sku": "A"}]}, "두 번"),
        ({"options": [{"sku": "A", "stock": -3}]}, "음수"),
        ({"options": [{"sku": "A", "extra_krw": -60_000}]}, "범위"),
    ],
)
def test_a_bad_row_is_kept_with_its_line_and_reason(
    database: Database, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    good = {"product_id": "OK", "name": "양말", "price_krw": 1000}
    bad = {**EARPHONES, **change}
    path = lines(tmp_path / "p.jsonl", good, bad)
    assert imported(database, path) == (2, 1, 0, 0, 1)
    [kept] = rejected(path)
    assert kept["line"] == 2
    assert reason in kept["reason"]
    assert kept["raw"] == bad


@pytest.mark.parametrize(
    "line",
    ['{"product_id": "A"', "[1, 2]", '"글"', '{"product_id": "\\ud800"}', "[" * 100_000],
    ids=["cut off", "list", "text", "half a surrogate", "too deep"],
)
def test_a_line_that_is_no_object_is_rejected(
    database: Database, tmp_path: Path, line: str
) -> None:
    path = lines(tmp_path / "p.jsonl", line, "", EARPHONES)
    assert imported(database, path) == (2, 1, 0, 0, 1)
    assert rejected(path)[0]["raw"].strip() == line


def test_nan_and_infinity_are_no_prices(database: Database, tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl", '{"product_id": "A", "name": "가", "price_krw": NaN}')
    assert imported(database, path) == (1, 0, 0, 0, 1)


def test_a_huge_line_is_rejected_and_the_next_is_read(database: Database, tmp_path: Path) -> None:
    huge = {**EARPHONES, "description": "가" * text_lines.MAX_LINE_BYTES}
    path = lines(tmp_path / "p.jsonl", huge, {**EARPHONES, "product_id": "E2"})
    assert imported(database, path) == (2, 1, 0, 0, 1)
    [kept] = rejected(path)
    assert (kept["line"], "4MB" in kept["reason"]) == (1, True)


def test_a_sku_of_another_product_is_refused(database: Database, tmp_path: Path) -> None:
    thief = {**EARPHONES, "product_id": "E2"}
    path = lines(tmp_path / "p.jsonl", EARPHONES, thief)
    assert imported(database, path) == (2, 1, 0, 0, 1)
    assert "'E1'" in rejected(path)[0]["reason"]
    assert imported(database, path) == (2, 0, 0, 1, 1)  # and from an earlier run as well


def test_the_last_of_two_rows_of_a_product_counts(database: Database, tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl", EARPHONES, {**EARPHONES, "price_krw": 1})
    assert imported(database, path) == (2, 1, 1, 0, 0)
    with database.read() as tx:
        assert tx.value("select price_krw from products") == 1


def test_the_last_of_two_neighbours_without_options_counts(
    database: Database, tmp_path: Path
) -> None:
    old = {"product_id": "A", "name": "양말", "price_krw": 1000}
    path = lines(tmp_path / "p.jsonl", old, {**old, "price_krw": 900, "name": "새 양말"})
    assert imported(database, path) == (2, 1, 1, 0, 0)
    table = write_csv(tmp_path / "p.csv", "product_id,name,price_krw\nB,양말,1000\nB,양말,900\n")
    assert imported(database, table) == (2, 1, 1, 0, 0)
    flat = lines(tmp_path / "f.jsonl", {**old, "sku": "A-1"}, {**old, "sku": "A-2", "price_krw": 5})
    imported(database, flat)
    with database.read() as tx:
        found = {row["product_id"]: row["price_krw"] for row in tx.rows("select * from products")}
        assert tx.value("select name from products where product_id = 'A'") == "양말"
        skus = [row["sku"] for row in tx.rows("select sku from product_options order by sku")]
    assert found == {"A": 5, "B": 900}
    assert skus == ["A", "A-1", "A-2", "B"]


@pytest.mark.parametrize("name", ["p.jsonl", "p.csv"])
def test_numbers_of_any_size_are_bad_rows(database: Database, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    sizes = (2**63, -(2**63) - 1, 10**400, "1e400", "9" * 5000)
    rows = [{"product_id": f"P{i}", "name": "양말", "price_krw": 1, "option": "검정", field: size}
            for i, size in enumerate(sizes)
            for field in ("price_krw", "stock", "extra_krw")]  # fmt: skip
    if name.endswith("csv"):
        with path.open("w", newline="") as out:
            writer = csv.DictWriter(
                out, ["product_id", "name", "price_krw", "option", "stock", "extra_krw"]
            )
            writer.writeheader()
            writer.writerows(rows)
    else:
        lines(path, *rows)
    assert imported(database, path) == (15, 0, 0, 0, 15)
