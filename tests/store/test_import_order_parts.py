"""Whose an imported order is, what it holds, its number; mapping files and the command."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from store_helpers import add_order, add_user, new_database

from errors import BadInput
from store import accounts, order_pages, orders, products
from store.__main__ import main
from store.database import Database
from store.imports.order_mapping import FIELDS, load
from store.imports.order_writer import unusable_hash
from tests.store.import_helpers import (
    EXPORTS,
    MAPPINGS,
    bring,
    copied,
    whole,
)

# ── Customers, products, numbers ─────────────────────────────────────────────


def test_customers_are_found_or_made_without_a_password(database: Database, tmp_path: Path) -> None:
    with database.write() as tx:
        add_user(tx, "known", "haneul@example.com")
    bring(database, copied(tmp_path, "cafe24.csv"))
    assert whole(database, "20261103-0000042").user_id == "known"
    first, second = whole(database, "20261104-0000007"), whole(database, "20261104-0000008")
    assert first.user_id == second.user_id  # same name; the phone written in two ways
    with database.read() as tx:
        person = accounts.get(tx, first.user_id)
        hashed = tx.value("select password_hash from users where user_id = ?", (first.user_id,))
    assert person is not None
    assert (person.name, person.role, person.phone) == ("이도윤", "customer", "010-9876-5432")
    assert person.email.endswith("@cafe24.invalid")
    for guess in ("", "이도윤", hashed, person.email):
        assert not accounts.check_password(guess, hashed)


def test_an_unusable_hash_costs_as_much_as_any() -> None:
    made = unusable_hash()
    assert made != unusable_hash()
    assert len(made) == 60
    started = time.perf_counter()
    assert not accounts.check_password("sangdam-demo-2026", made)
    assert time.perf_counter() - started > 0.02


def test_products_are_found_by_sku_then_code_then_made(database: Database, tmp_path: Path) -> None:
    with database.write() as tx:
        add_user(tx, "u", "u@example.com")
        add_order(tx, "20250101-0000001", "u", "텀블러")  # makes P1 with the options P1-A and P1-B
        tx.update("product_options", {"sku": "P1-B"}, {"sku": "P0000DEF000A"})
    bring(database, copied(tmp_path, "cafe24.csv"))
    lines = whole(database, "20261103-0000042").lines
    assert [(line.product_id, line.sku) for line in lines] == [
        ("cafe24-P0000ABC", "P0000ABC000A"), ("P1", "P0000DEF000A"),
    ]  # fmt: skip
    with database.read() as tx:
        made = products.get(tx, "cafe24-P0000ABC")
        assert tx.value("select source from products where product_id = 'cafe24-P0000ABC'") == (
            "cafe24"
        )
    assert made is not None
    assert (made.name, made.price_krw, made.in_stock) == ("울 혼방 머플러", 12_900, False)
    assert [option.name for option in made.options] == ["색상=그레이", "색상=네이비"]


def test_a_number_of_our_shape_is_kept_only_when_free(database: Database, tmp_path: Path) -> None:
    with database.write() as tx:
        add_user(tx, "u", "u@example.com")
        add_order(tx, "20261103-0000042", "u", "우리 주문")
    bring(database, copied(tmp_path, "cafe24.csv"))
    with database.read() as tx:
        ours = orders.get(tx, "20261103-0000042", user_id=None)
        theirs = tx.row("select * from orders where external_id = '20261103-0000042'")
        assert orders.get(tx, "20261103-0000042", user_id="u") == ours
    assert ours is not None
    assert theirs is not None
    assert ours.external_id is None
    assert theirs["order_id"] == "20261103-0000043"


def test_an_imported_order_is_found_by_the_number_its_customer_knows(
    database: Database, tmp_path: Path
) -> None:
    bring(database, copied(tmp_path, "smartstore.csv"), "smartstore")
    order = whole(database, "2026110512345671")
    with database.read() as tx:
        assert orders.get(tx, "2026110512345671", user_id=order.user_id) is not None
        assert orders.get(tx, "2026110512345671", user_id="somebody") is None
        found = orders.find(tx, user_id=order.user_id, text="2026110512345671")
        assert [one.order_id for one in found] == [order.order_id]
        page = order_pages.page(tx, user_id=order.user_id, text="2026110512345671")
        assert [one.order_id for one in page.items] == [order.order_id]
        assert [o.order_id for o in order_pages.page(tx, text="감귤").items] == [order.order_id]


# ── Mapping files, the command ───────────────────────────────────────────────


def written_mapping(tmp_path: Path, change: Callable[[str], str]) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(change((MAPPINGS / "cafe24.toml").read_text("utf-8")), "utf-8")
    return path


def test_a_mapping_of_ones_own(database: Database, tmp_path: Path) -> None:
    mine = written_mapping(tmp_path, lambda text: text.replace('"cafe24"', '"mine"').replace(
        '"배송보류" = "preparing"', '"반품완료" = "delivered"'
    ))  # fmt: skip
    report = bring(database, copied(tmp_path, "cafe24_bad.csv"), str(mine))
    assert report.inserted == 2
    assert whole(database, "B-status").source == "mine"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[columns]", "[column]", "'column' 항목은 없습니다"),
        ("quantity =", "amount =", "'amount' 항목은 없습니다"),
        ('quantity = ["수량"]', "", "quantity"),
        ('"배송중" = "shipped"', '"배송중" = "going"', "'배송중'"),
        ('"카드" = "card"', '"카드" = "cash"', "'카드'"),
        ("Asia/Seoul", "Asia/Seul", "time_zone"),
        ('source = "cafe24"', 'source = "a b"', "source"),
        ('total = "order"', 'total = "each"', "total"),
        ('quantity = ["수량"]', "quantity = [[]]", "quantity"),
        ('quantity = ["수량"]', "quantity = [", "TOML"),
    ],
)
def test_a_wrong_mapping_is_named_by_file_and_key(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = written_mapping(tmp_path, lambda text: text.replace(old, new, 1))
    with pytest.raises(BadInput) as caught:
        load(str(path), MAPPINGS)
    assert told in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_an_unknown_format_names_the_ready_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cafe24, shopify, smartstore"):
        load("coupang", MAPPINGS)
    with pytest.raises(OSError, match="none"):
        load(str(tmp_path / "none.toml"), MAPPINGS)


def test_every_key_is_documented_with_an_example_that_works(tmp_path: Path) -> None:
    told = (Path(__file__).resolve().parents[2] / "docs" / "imports.md").read_text("utf-8")
    missing = [name for name in FIELDS if f"`{name}`" not in told]
    assert not missing
    example = tmp_path / "example.toml"
    example.write_text(told.split("```toml\n", 1)[1].split("```", 1)[0], "utf-8")
    mapping = load(str(example), MAPPINGS)
    assert mapping.columns["road"] == (("city", "street"),)
    assert mapping.status["awaitingpayment"] == "pending_payment"


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path / "var"))
    path = copied(tmp_path, "cafe24.csv")
    assert main(["import-orders", str(path), "--format", "cafe24"]) == 0
    said = capsys.readouterr()
    assert "추가 5" in said.out
    assert "주문" in said.err
    assert main(["import-orders", str(path), "--format", "cafe24"]) == 0
    assert "변경 없음" in capsys.readouterr().out
    bad = copied(tmp_path, "cafe24_bad.csv")
    assert main(["import-orders", str(bad), "--format", "cafe24"]) == 0
    said = capsys.readouterr()
    assert "2행: 주문 상태 '반품완료'" in said.err
    assert "cafe24_bad.csv.rejected.jsonl" in said.err
    assert main(["import-orders", str(path), "--format", "shopify"]) == 1
    assert "열이 없습니다" in capsys.readouterr().err


def test_a_long_file_is_read_in_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    head, *_, last = (EXPORTS / "cafe24_bad.csv").read_bytes().decode("cp949").splitlines()
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(head + "\n")
        for number in range(4000):
            out.write(
                last.replace("20261106-0000001", f"L{number % 2000:05d}x{number // 2000}") + "\n"
            )
    database = new_database(tmp_path / "shop.db")
    tracemalloc.start()
    report = bring(database, path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.inserted == 4000
    assert peak < 24 * 2**20
