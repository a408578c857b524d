"""Product files of every kind, the bad rows in them, and runs that are cut off."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from store_helpers import add_order, add_user, new_database

from errors import BadInput
from store import products, transfer
from store.__main__ import main
from store.database import Database
from store.imports import ImportReport, reading, text_lines
from store.imports import products as importer
from store.imports.products import import_products
from store.models import Option
from store.product_index import Filters, candidates

ROOT = Path(__file__).resolve().parents[2]
EARPHONES = {
    "product_id": "E1", "name": "무선 이어폰", "category": "전자기기", "brand": "소닉",
    "price_krw": 59000, "description": "IPX5 생활 방수를 지원합니다.",
    "keywords": ["이어폰", "콩나물"], "attributes": {"방수": "IPX5"}, "returnable": "normal",
    "emoji": "🎧", "options": [
        {"sku": "E1-BK", "name": "블랙", "extra_krw": 0, "stock": 3},
        {"sku": "E1-WH", "name": "화이트", "extra_krw": 1000, "stock": 0},
    ],
}  # fmt: skip
CSV_HEADER = "product_id,name,category,price_krw,keywords,attributes,sku,option,extra_krw,stock\n"


def lines(path: Path, *rows: Any) -> Path:
    """A JSONL file; a row that is text goes in as it is."""
    text = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(line + "\n" for line in text), "utf-8")
    return path


def imported(database: Database, path: Path, **more: Any) -> tuple[int, int, int, int, int]:
    report = import_products(database, path, **more)
    return figures(report)


def figures(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.rows, report.inserted, report.updated, report.unchanged, report.rejected


def rejected(path: Path) -> list[dict[str, Any]]:
    kept = path.with_name(path.name + ".rejected.jsonl")
    return [json.loads(line) for line in kept.read_text("utf-8").splitlines()]


def dump(database: Database) -> list[list[dict[str, Any]]]:
    with database.read() as tx:
        return [tx.rows(f"select * from {table} order by 1")
                for table in ("products", "product_options", "product_search_rows")]  # fmt: skip


def found(database: Database, *words: str) -> list[str]:
    with database.read() as tx:
        return candidates(tx, words, Filters(), limit=10)


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


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


CSV_ROWS = (
    CSV_HEADER + 'T1,텀블러,주방,"12,900원",컵|보온병,"{""용량"": ""500ml""}",T1-A,크림,0,5\n'
    "T1,텀블러,주방,12900,,,T1-B,네이비,500,2\n"
    "T2,머그컵,주방,8000,,,,,,\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_csv_rows_of_a_product_are_its_options(
    database: Database, tmp_path: Path, encoding: str
) -> None:
    path = write_csv(tmp_path / "p.csv", CSV_ROWS, encoding)
    assert imported(database, path) == (3, 2, 0, 0, 0)
    with database.read() as tx:
        tumbler, mug = products.many(tx, ["T1", "T2"])
    assert (tumbler.name, tumbler.price_krw, tumbler.keywords) == (
        "텀블러",
        12900,
        ("컵", "보온병"),
    )
    assert tumbler.attributes == {"용량": "500ml"}
    assert [(o.sku, o.name, o.extra_krw, o.stock) for o in tumbler.options] == [
        ("T1-A", "크림", 0, 5), ("T1-B", "네이비", 500, 2)
    ]  # fmt: skip
    assert mug.options == (Option("T2", "T2", "기본", 0, 0),)
    assert imported(database, path) == (3, 0, 0, 2, 0)


def test_korean_names_of_columns_are_understood(database: Database, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "p.csv", "상품코드;상품명;판매가;분류;옵션;재고\nA;양말;3,000원;패션;검정;4\n"
    )
    assert imported(database, path) == (1, 1, 0, 0, 0)
    with database.read() as tx:
        product = products.get(tx, "A")
    assert product is not None
    assert (product.category, product.price_krw) == ("패션", 3000)
    assert product.options == (Option("A-검정", "A", "검정", 0, 4),)


def test_a_csv_without_a_needed_column_is_refused_at_once(
    database: Database, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "p.csv", "상품코드,상품명\nA,양말\n")
    with pytest.raises(BadInput, match=r"price_krw.*파일의 열: 상품코드, 상품명"):
        import_products(database, path)


def test_bad_csv_rows_keep_their_text_and_line(database: Database, tmp_path: Path) -> None:
    rows = 'A,"두\n줄",주방,1000,,,,,,\nB,머그,주방,1000,,,,,,,넘침\nC,"컵"주방,1000\nD,컵,주방,1\n'
    path = write_csv(tmp_path / "p.csv", CSV_HEADER + rows)
    assert imported(database, path) == (4, 2, 0, 0, 2)
    assert [(kept["line"], kept["raw"]) for kept in rejected(path)] == [
        (4, "B,머그,주방,1000,,,,,,,넘침\n"), (5, 'C,"컵"주방,1000\n')
    ]  # fmt: skip


def test_letters_that_cannot_be_read_are_rejected(database: Database, tmp_path: Path) -> None:
    text = CSV_HEADER + "A,양말,패션,1000,,,,,,\nB,모자,패션,1000,,,,,,\n"
    path = tmp_path / "p.csv"
    path.write_bytes(text.encode().replace("모자".encode(), b"\xff\xfe"))
    assert imported(database, path) == (2, 1, 0, 0, 1)
    assert "UTF-8" in rejected(path)[0]["reason"]


def test_utf16_says_what_to_do(database: Database, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="UTF-8 또는 CP949"):
        import_products(database, write_csv(tmp_path / "p.csv", CSV_ROWS, "utf-16"))


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl", "p.parquet"])
def test_an_empty_file_has_no_rows(database: Database, tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert imported(database, tmp_path / name) == (0, 0, 0, 0, 0)


def test_gzip_is_unpacked_and_a_damaged_one_told(database: Database, tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(EARPHONES).encode() * 1)
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(packed)
    assert imported(database, path) == (1, 1, 0, 0, 0)
    path.write_bytes(packed[:-20])
    with pytest.raises(BadInput, match="압축"):
        import_products(database, path)


def test_parquet_with_lists_and_nan(database: Database, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table(
        {
            "product_id": ["A", "B", "C"], "title": ["양말", "모자", "장갑"],
            "price": [1000.0, float("nan"), 2000.5],
            "keywords": [["발"], [], None],
            "options": [[{"sku": "A-1", "name": "검정", "stock": 2}], [], None],
        }
    )  # fmt: skip
    path = tmp_path / "p.parquet"
    parquet.write_table(table, path)
    assert imported(database, path) == (3, 1, 0, 0, 2)
    assert [(kept["line"], kept["raw"]["price_krw"]) for kept in rejected(path)] == [
        (2, None), (3, 2000.5)
    ]  # fmt: skip
    with database.read() as tx:
        product = products.get(tx, "A")
    assert product is not None
    assert (product.keywords, product.options[0].stock) == (("발",), 2)
    path.write_bytes(b"no parquet at all")
    with pytest.raises(BadInput, match="Parquet"):
        import_products(database, path)


def test_letters_are_composed_and_emoji_of_four_bytes_kept(
    database: Database, tmp_path: Path
) -> None:
    row = {"product_id": 7, "name": "\u1110\u1165\u11b7블러 🧋", "price_krw": 1, "emoji": "👩‍🚀"}
    imported(database, lines(tmp_path / "p.jsonl", row))
    with database.read() as tx:
        product = products.get(tx, "7")
    assert product is not None
    assert (product.name, product.emoji) == ("텀블러 🧋", "👩‍🚀")
    assert found(database, "텀블러") == ["7"]


def test_an_unknown_suffix_needs_a_format(database: Database, tmp_path: Path) -> None:
    path = lines(tmp_path / "p.dat", EARPHONES)
    with pytest.raises(BadInput, match="--format"):
        import_products(database, path)
    assert imported(database, path, format="jsonl") == (1, 1, 0, 0, 0)


def test_progress_ends_with_the_whole_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "TELL_EVERY_ROWS", 2)
    told: list[tuple[int, int]] = []
    rows = [{**EARPHONES, "product_id": f"E{n}", "options": []} for n in range(5)]
    path = lines(tmp_path / "p.jsonl", *rows)
    import_products(database, path, progress=lambda done, of: told.append((done, of)))
    size = path.stat().st_size
    assert len(told) == 3
    assert told[-1] == (size, size)


def test_an_export_that_comes_back_is_found_again(database: Database, tmp_path: Path) -> None:
    imported(database, lines(tmp_path / "p.jsonl", EARPHONES))
    transfer.export(database, tmp_path / "out")
    assert not list((tmp_path / "out").glob("product_search*"))
    other = new_database(tmp_path / "other.db")
    transfer.import_(other, tmp_path / "out")
    assert found(other, "어폰") == ["E1"]
    transfer.import_(other, tmp_path / "out", replace=True)
    assert found(other, "방수") == ["E1"]


# ── The command ──────────────────────────────────────────────────────────────


def test_the_command_tells_the_first_twenty_bad_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path / "data"))
    path = lines(tmp_path / "p.jsonl", EARPHONES, *[{"product_id": "x"}] * 25)
    assert main(["import-products", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "추가 1" in out
    assert "제외 25행" in out
    assert err.count("name이(가) 비어") + err.count("price_krw이(가) 비어") == 20
    assert "5행을 더" in err
    assert str(path) + ".rejected.jsonl" in err
    assert len(rejected(path)) == 25


def test_a_file_of_bad_rows_only_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path / "data"))
    assert main(["import-products", str(lines(tmp_path / "p.jsonl", "{}"))]) == 1
    assert main(["import-products", str(tmp_path / "none.jsonl")]) == 1
    assert "하나도 없습니다" in capsys.readouterr().err


def test_a_killed_import_is_completed_by_the_next(tmp_path: Path) -> None:
    """SIGKILL in the middle: what was written stays, a second run gives the whole."""
    rows = [
        {**EARPHONES, "product_id": f"K{n:05d}", "options": [{"sku": f"K{n:05d}-1", "stock": n}]}
        for n in range(6000)
    ]
    path = lines(tmp_path / "p.jsonl", *rows)
    database, calm = new_database(tmp_path / "killed.db"), new_database(tmp_path / "calm.db")
    code = (
        "import sys; from pathlib import Path; from store.database import Database; "
        "from store.imports import products; products.BATCH = 100; "
        "products.import_products(Database(Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(database.path), str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with database.read() as tx:
            if products.count(tx) >= 200:
                break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with database.read() as tx:
        before = products.count(tx)
        assert tx.value("select count(*) from product_options") == before
        assert tx.value("pragma integrity_check") == "ok"
    assert 200 <= before < 6000
    assert before % 100 == 0
    report = import_products(database, path)
    assert figures(report) == (6000, 6000 - before, 0, before, 0)
    import_products(calm, path)
    assert dump(database) == dump(calm)
    assert found(database, "이어폰") == found(calm, "이어폰")


def test_batches_keep_what_is_written_when_a_later_row_breaks_the_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "BATCH", 2)
    raw = io.StringIO()
    writer = csv.writer(raw)
    writer.writerow(["product_id", "name", "price_krw"])
    for number in range(4000):
        writer.writerow([f"G{number:04d}", f"장갑 {os.urandom(20).hex()}", 1000])
    path = tmp_path / "p.csv.gz"
    path.write_bytes(gzip.compress(raw.getvalue().encode())[:100_000])
    monkeypatch.setattr(text_lines, "SAMPLE_BYTES", 1000)
    with pytest.raises(BadInput, match="압축"):
        import_products(database, path)
    with database.read() as tx:
        assert products.count(tx) > 1000
