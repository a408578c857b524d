"""CSV files with a stray quote: one line is lost, never the rows it would have swallowed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from store import products
from store.database import Database
from store.imports.order_mapping import load
from store.imports.orders import import_orders
from store.imports.products import import_products
from store.imports.reading import Columns, ImportReport, Rejects, read_rows
from store.imports.reviews import import_reviews
from store.imports.text_lines import MAX_ROW_CHARS

MAPPINGS = Path(__file__).resolve().parents[2] / "data" / "mappings"
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
# No total column: nothing but the rows themselves tells that one is missing.
HEAD = "주문번호,주문일시,주문자명,상품명,수량,판매가,배송메시지,주문 상태\n"


def bring(database: Database, path: Path) -> ImportReport:
    return import_orders(database, path, load("cafe24", MAPPINGS), now=lambda: NOW)


def rejected(path: Path) -> list[dict[str, Any]]:
    kept = path.with_name(path.name + ".rejected.jsonl")
    return [json.loads(line) for line in kept.read_text("utf-8").splitlines()]


def order_lines(count: int) -> list[str]:
    """Two lines for every order."""
    return [
        f"N{number:05d},2026-11-03 10:00:00,김하늘,{goods},1,1000,문 앞,결제완료\n"
        for number in range(count)
        for goods in ("양말", "장갑")
    ]


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(lines), "utf-8", newline="")
    return path


def counts(database: Database) -> tuple[int, int]:
    with database.read() as tx:
        whole = "select count(*) from (select 1 from order_lines group by order_id having {})"
        return (
            tx.value(whole.format("count(*) = 2")), tx.value(whole.format("count(*) <> 2"))
        )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [("문 앞", '"문 앞'), ("양말", '"양말'), ("N01000", '"N01000'), ("결제완료", '"결제완료')],
)
def test_a_stray_quote_costs_one_order_and_the_mended_file_brings_it(
    database: Database, tmp_path: Path, old: str, new: str
) -> None:
    lines = order_lines(3000)
    good = lines[2000]
    lines[2000] = good.replace(old, new, 1)
    path = written(tmp_path / "orders.csv", HEAD, *lines)
    report = bring(database, path)
    assert (report.rows, report.inserted, report.rejected) == (6000, 2999, 2)
    assert counts(database) == (2999, 0)
    assert {entry["line"] for entry in rejected(path)} == {2002, 2003}
    assert any("따옴표" in entry["reason"] for entry in rejected(path))
    lines[2000] = good
    again = bring(database, written(path, HEAD, *lines))
    assert (again.inserted, again.unchanged, again.rejected) == (1, 2999, 0)


def test_two_stray_quotes_that_make_one_row_of_many(database: Database, tmp_path: Path) -> None:
    lines = order_lines(300)
    lines[100] = lines[100].replace("문 앞", '"문 앞')
    lines[110] = lines[110].replace("문 앞", '문 앞"')  # closes it, and the columns are right
    path = written(tmp_path / "orders.csv", HEAD, *lines)
    report = bring(database, path)
    assert (report.rows, report.inserted, report.rejected) == (600, 299, 2)
    assert counts(database) == (299, 0)


def test_neighbours_that_close_each_others_quote(database: Database, tmp_path: Path) -> None:
    lines = order_lines(3)
    lines[1] = lines[1].replace("문 앞", '"문 앞')
    lines[2] = lines[2].replace("문 앞", '문 앞"')
    path = written(tmp_path / "orders.csv", HEAD, *lines)
    assert bring(database, path).inserted == 2
    assert counts(database) == (2, 0)


def test_a_line_break_inside_a_field_is_kept_before_and_after(
    database: Database, tmp_path: Path
) -> None:
    lines = order_lines(20)
    for number in (2, 3, 30, 31):
        lines[number] = lines[number].replace("문 앞", '"경비실, 또는\n\n문 앞, 1, 2\n놓아 주세요"')
    lines[10] = lines[10].replace("문 앞", '"문 앞')
    path = written(tmp_path / "orders.csv", HEAD, *lines)
    report = bring(database, path)
    assert (report.rows, report.inserted, report.rejected) == (40, 19, 2)
    assert [entry["line"] for entry in rejected(path)] == [18, 19]  # two rows of four lines above
    with database.read() as tx:
        said = tx.value("select memo from orders where external_id = 'N00015'")
    assert said == "경비실, 또는 문 앞, 1, 2 놓아 주세요"


def test_a_whole_row_of_several_lines_that_is_bad_is_told_once(
    database: Database, tmp_path: Path
) -> None:
    lines = order_lines(2)
    lines[0] = lines[0].replace("문 앞", '"문\n앞"').replace("결제완료", "몰라요")
    path = written(tmp_path / "orders.csv", HEAD, *lines)
    assert bring(database, path).rejected == 2
    assert "'몰라요'" in rejected(path)[0]["reason"]
    assert rejected(path)[0]["raw"]["배송메시지"] == "문\n앞"


def test_the_number_of_a_broken_row_may_stand_far_to_the_right(
    database: Database, tmp_path: Path
) -> None:
    wide = ",".join(f"c{number}" for number in range(600))
    rows = [line[7:-1] + "," + ",".join(["x"] * 600) + "," + line[:6] for line in order_lines(1)]
    head = HEAD[5:-1] + "," + wide + ",주문번호\n"
    path = written(tmp_path / "orders.csv", head, rows[0] + "\n", rows[1] + ",더\n")
    assert bring(database, path).inserted == 0


def test_products_lose_the_one_line(database: Database, tmp_path: Path) -> None:
    rows = [f"P{number},양말 {number},{1000 + number},설명\n" for number in range(5000)]
    rows[7] = 'P7,"양말 7,1007,설명\n'
    rows[4000] = 'P4000,양말 4000,5000,"여러\n줄"\n'
    path = written(tmp_path / "p.csv", "product_id,name,price_krw,description\n", *rows)
    report = import_products(database, path)
    assert (report.rows, report.inserted, report.rejected) == (5000, 4999, 1)
    assert [(entry["line"], entry["raw"]) for entry in rejected(path)] == [(9, rows[7])]
    with database.read() as tx:
        found = products.get(tx, "P4000")
    assert found is not None
    assert found.description == "여러\n줄"


def test_reviews_lose_the_one_line(database: Database, tmp_path: Path) -> None:
    import_products(
        database, written(tmp_path / "p.csv", "product_id,name,price_krw\nP1,양말,1000\n")
    )
    rows = [f"P1,5,좋아요 {number}\n" for number in range(300)]
    rows[10] = 'P1,5,"좋아요\n'
    rows[200] = 'P1,5,아주 좋아요"\n'  # a text may have any length: only its lines tell
    rows[250] = 'P1,5,"좋아요, 예뻐요, 편해요\n정말, 잘, 샀어요"\n'
    path = written(tmp_path / "r.csv", "product_id,rating,text\n", *rows)
    report = import_reviews(database, path)
    assert (report.rows, report.inserted, report.rejected) == (300, 299, 1)
    assert rejected(path)[0]["line"] == 12


def test_the_half_of_a_torn_row_is_no_row(database: Database, tmp_path: Path) -> None:
    torn = 'A,"두\n줄"끝,1000,설명\n'
    path = written(tmp_path / "p.csv", "product_id,name,price_krw,description\n", torn,
                   'B,"컵\nC",머그,2000\n', "D,접시,3000\n")  # fmt: skip
    report = import_products(database, path)
    assert (report.inserted, report.rejected) == (1, 3)
    with database.read() as tx:
        assert [row["product_id"] for row in tx.rows("select * from products")] == ["D"]


@pytest.mark.parametrize("line", ['15",a,"b\n', 'a,"b\n', 'a,"b""\n'])
def test_a_file_of_stray_quotes_is_read_in_bounded_time(tmp_path: Path, line: str) -> None:
    count = 2 * MAX_ROW_CHARS // len(line)
    path = written(tmp_path / "x.csv", "one,two,three\n", line * count)
    started = time.perf_counter()
    with Rejects(path) as rejects:
        taken = [number for number, _ in read_rows(path, Columns({}), rejects)]
    assert taken == []
    assert rejects.count == count
    assert time.perf_counter() - started < 20
