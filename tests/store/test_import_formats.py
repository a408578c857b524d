"""Catalogues as CSV, Parquet, gzip, in other encodings; the command and a kill in the middle."""

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

import pytest
from store_helpers import new_database

from errors import BadInput
from store import products, transfer
from store.__main__ import main
from store.database import Database
from store.imports import products as importer
from store.imports import reading, text_lines
from store.imports.products import import_products
from store.models import Option
from tests.store.catalogue_helpers import (
    CSV_HEADER,
    EARPHONES,
    ROOT,
    dump,
    figures,
    found,
    imported,
    lines,
    rejected,
    write_csv,
)

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
