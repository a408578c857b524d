"""Orders from other shops' exports: read, checked, written once, moved forward only."""

from __future__ import annotations

import csv
import io
import json
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from store_helpers import add_order, add_user, new_database

from errors import BadInput
from store import accounts, order_pages, orders, products
from store.__main__ import main
from store.database import Database, Row
from store.imports.order_mapping import FIELDS, load
from store.imports.order_writer import unusable_hash
from store.imports.orders import import_orders
from store.imports.reading import ImportReport
from store.models import Order, to_text

EXPORTS = Path(__file__).parent / "exports"
MAPPINGS = Path(__file__).resolve().parents[2] / "data" / "mappings"
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


def bring(database: Database, path: Path, format: str = "cafe24") -> ImportReport:
    return import_orders(database, path, load(format, MAPPINGS), now=lambda: NOW)


def copied(tmp_path: Path, name: str) -> Path:
    return Path(shutil.copy(EXPORTS / name, tmp_path / name))


def rejected(path: Path) -> list[dict[str, Any]]:
    kept = path.with_name(path.name + ".rejected.jsonl")
    return [json.loads(line) for line in kept.read_text("utf-8").splitlines()]


def whole(database: Database, number: str) -> Order:
    with database.read() as tx:
        order = orders.get(tx, number, user_id=None)
    assert order is not None
    return order


def rows(database: Database) -> dict[str, list[Row]]:
    with database.read() as tx:
        names = ("orders", "order_lines", "payments", "shipments", "users", "products",
                 "product_options")  # fmt: skip
        return {name: tx.rows(f"select * from {name} order by 1") for name in names}


def edited(source: Path, target: Path, change: Callable[[dict[str, str]], None]) -> Path:
    """A copy of an export with every row changed in place."""
    reader = csv.DictReader(io.StringIO(source.read_bytes().decode("cp949")))
    out = io.StringIO()
    writer = csv.DictWriter(out, reader.fieldnames or ())
    writer.writeheader()
    for row in reader:
        change(row)
        writer.writerow(row)
    target.write_bytes(out.getvalue().encode("cp949"))
    return target


# ── The three formats ────────────────────────────────────────────────────────


def test_cafe24(database: Database, tmp_path: Path) -> None:
    report = bring(database, copied(tmp_path, "cafe24.csv"))
    assert (report.rows, report.inserted, report.rejected) == (6, 5, 0)
    assert report.rejects_path is None
    order = whole(database, "20261103-0000042")
    assert (order.order_id, order.source, order.external_id) == (
        "20261103-0000042", "cafe24", "20261103-0000042",
    )  # fmt: skip
    assert (order.items_krw, order.coupon_krw, order.shipping_krw, order.total_krw) == (
        55_800, 2000, 3000, 56_800,
    )  # fmt: skip
    assert order.created_at == "2026-11-03T05:05:12.000Z"
    assert (order.status, order.delivered_at) == ("delivered", "2026-11-06T02:00:00.000Z")
    assert [(line.product_name, line.option_name, line.quantity, line.unit_price_krw)
            for line in order.lines] == [
        ("울 혼방 머플러", "색상=그레이", 2, 12_900), ("양모 장갑", "기본", 1, 30_000),
    ]  # fmt: skip
    assert (order.zip, order.road, order.detail) == ("04524", "서울특별시 중구 세종대로 110", "3층")
    assert order.shipment is not None
    assert (order.shipment.carrier, order.shipment.tracking_no, order.shipment.shipped_at) == (
        "CJ대한통운", "612345678901", "2026-11-04T09:20:00.000Z",
    )  # fmt: skip
    [payment] = order.payments
    assert (payment.kind, payment.method, payment.label, payment.amount_krw) == (
        "payment", "card", "신용카드", 56_800,
    )  # fmt: skip


def test_cafe24s_unpaid_shipped_and_cancelled_orders(database: Database, tmp_path: Path) -> None:
    bring(database, copied(tmp_path, "cafe24.csv"))
    waiting = whole(database, "20261104-0000007")
    assert (waiting.status, waiting.payments, waiting.shipment) == ("pending_payment", (), None)
    assert waiting.created_at == "2026-11-03T15:30:00.000Z"  # 오전 12:30 in Seoul
    shipped = whole(database, "20261104-0000008")
    assert (shipped.status, shipped.coupon_krw, shipped.total_krw) == ("shipped", 1500, 31_500)
    assert (shipped.payments[0].method, shipped.payments[0].label) == (
        "kakaopay", "카카오페이, 적립금",
    )  # fmt: skip
    assert shipped.recipient == "박서연"
    cancelled = whole(database, "20261105-0000001")
    assert (cancelled.status, cancelled.paid_krw, cancelled.refunded_krw) == (
        "cancelled", 33_000, 33_000,
    )  # fmt: skip
    never_paid = whole(database, "20261105-0000002")
    assert (never_paid.status, never_paid.payments, never_paid.total_krw) == (
        "cancelled", (), 33_000,
    )  # fmt: skip


def test_smartstore_with_two_parcels_fees_and_rows_apart(
    database: Database, tmp_path: Path
) -> None:
    path = copied(tmp_path, "smartstore.csv")
    report = bring(database, path, "smartstore")
    assert (report.rows, report.inserted, report.rejected) == (4, 2, 1)
    order = whole(database, "2026110512345671")
    assert order.order_id == "20261105-0000001"
    # 2 × (15,000 + 1,000) + 6,000 − 3,000; a fee for each bundle and one for the island
    assert (order.items_krw, order.coupon_krw, order.shipping_krw, order.total_krw) == (
        38_000, 3000, 8500, 43_500,
    )  # fmt: skip
    assert [line.product_name for line in order.lines] == ["제주 감귤 5kg", "감귤칩"]
    assert (order.lines[0].sku, order.road) == ("TANG-S", "제주특별자치도 제주시 첨단로 242")
    free = whole(database, "2026110612345672")
    assert (free.status, free.shipping_krw, free.payments[0].method) == ("preparing", 0, "naverpay")
    [kept] = rejected(path)
    assert kept["line"] == 5
    assert "'반품'" in kept["reason"]
    assert kept["raw"]["상품주문번호"] == "2026110698765010"


def test_shopify(database: Database, tmp_path: Path) -> None:
    path = copied(tmp_path, "shopify.csv")
    report = bring(database, path, "shopify")
    assert (report.rows, report.inserted, report.rejected) == (5, 2, 2)
    order = whole(database, "#1001")
    assert order == whole(database, "1001")
    assert order.order_id == "20261102-0000001"
    assert (order.items_krw, order.coupon_krw, order.shipping_krw, order.total_krw) == (
        45_800, 5000, 3000, 43_800,
    )  # fmt: skip
    assert (order.status, order.created_at) == ("shipped", "2026-11-02T01:00:00.000Z")
    assert (order.zip, order.road, order.phone) == ("06236", "강남구 테헤란로 152", "010-5555-6666")
    cancelled = whole(database, "#1002")
    assert (cancelled.status, cancelled.refunded_krw) == ("cancelled", 23_000)
    assert cancelled.payments[1].created_at == "2026-11-02T03:00:00.000Z"
    assert cancelled.created_at == "2026-11-01T23:30:00.000Z"
    reasons = {entry["raw"]["name"]: entry["reason"] for entry in rejected(path)}
    assert "USD" in reasons["#1003"]
    assert "'12.34'" in reasons["#1004"]


# ── Bad rows ─────────────────────────────────────────────────────────────────


def test_every_bad_row_is_kept_with_its_line_and_reason(database: Database, tmp_path: Path) -> None:
    path = copied(tmp_path, "cafe24_bad.csv")
    report = bring(database, path)
    kept = rejected(path)
    assert (report.rows, report.inserted, report.rejected, len(kept)) == (23, 1, 22, 22)
    assert report.rejects_path is not None
    assert whole(database, "20261106-0000001").status == "paid"
    reasons: dict[str, list[str]] = {}
    for entry in kept:
        raw = entry["raw"]
        name = raw["주문번호"] if isinstance(raw, dict) else "?"
        reasons.setdefault(name, []).append(entry["reason"])
    for number, part in (
        ("B-status", "'반품완료'"), ("B-total", "33,000원인데 파일에는 32,000원"),
        ("B-dollar", "'$12.34'"), ("B-cents", "'12.34'"), ("B-date", "'11월 6일'"),
        ("B-email", "'없음'"), ("B-none", "수량"), ("B-pay", "'비트코인'"),
        ("2.02611E+15", "원본 파일"), ("", "주문번호가 비어"), ("B-coupon", "50,000원"),
        ("B-ships", "2,500원, 3,000원"), ("B-name", "주문자명"), ("B-twice", "두 번"),
        ("B-partly", "일부 품목만 취소"), ("?", "29개보다 많습니다"),
    ):  # fmt: skip
        assert all(part in reason for reason in reasons[number]), number
    assert sorted(reasons["B-two"]) == sorted([
        "같은 주문의 13행 때문에 함께 제외했습니다(수량은(는) 정수여야 합니다('두 개'))",
        "수량은(는) 정수여야 합니다('두 개')",
    ])  # fmt: skip
    assert reasons["B-broken"] == ["같은 주문의 17행을 읽을 수 없어 함께 제외했습니다"]
    assert [len(reasons[number]) for number in ("B-partly", "B-ships", "B-twice")] == [2, 2, 2]
    assert {entry["line"] for entry in kept} == set(range(2, 24))


def test_a_file_of_another_shop_is_refused_by_its_columns(
    database: Database, tmp_path: Path
) -> None:
    for format in ("cafe24", "smartstore"):
        with pytest.raises(BadInput, match="꼭 있어야 하는 열이 없습니다: 주문번호"):
            bring(database, copied(tmp_path, "shopify.csv"), format)
    (tmp_path / "empty.csv").write_bytes(b"")
    assert bring(database, tmp_path / "empty.csv").rows == 0
    with pytest.raises(OSError, match="none"):
        bring(database, tmp_path / "none.csv")
    assert rows(database)["orders"] == []


# ── Again, and later ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "format"),
    [("cafe24.csv", "cafe24"), ("smartstore.csv", "smartstore"), ("shopify.csv", "shopify")],
)
def test_a_second_run_changes_nothing(
    database: Database, tmp_path: Path, name: str, format: str
) -> None:
    path = copied(tmp_path, name)
    first = bring(database, path, format)
    before = rows(database)
    again = bring(database, path, format)
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, first.inserted)
    assert again.rejected == first.rejected
    assert rows(database) == before


def test_a_run_that_was_cut_off_is_completed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied(tmp_path, "cafe24.csv")
    monkeypatch.setattr("store.imports.orders.ORDERS_A_TRANSACTION", 2)

    def stop(done: int, of: int) -> None:
        assert of == 5
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_orders(database, path, load("cafe24", MAPPINGS), written=stop)
    assert len(rows(database)["orders"]) == 2
    report = bring(database, path)
    assert (report.inserted, report.unchanged) == (3, 2)


def test_a_newer_export_moves_orders_forward(database: Database, tmp_path: Path) -> None:
    path = copied(tmp_path, "cafe24.csv")
    bring(database, path)

    def later(row: dict[str, str]) -> None:
        if row["주문번호"] == "20261104-0000007":
            row |= {"주문 상태": "결제완료", "결제일시(입금확인일)": "2026-11-05 09:00:00"}
        if row["주문번호"] == "20261104-0000008":
            row |= {"주문 상태": "배송완료", "배송완료일": "2026-11-07 12:00:00",
                    "운송장번호": "499999999999"}  # fmt: skip

    report = bring(database, edited(path, tmp_path / "later.csv", later))
    assert (report.inserted, report.updated, report.unchanged, report.rejected) == (0, 2, 3, 0)
    paid = whole(database, "20261104-0000007")
    assert (paid.status, paid.version, paid.updated_at) == ("paid", 2, to_text(NOW))
    assert [(p.kind, p.amount_krw, p.created_at) for p in paid.payments] == [
        ("payment", 15_900, "2026-11-05T00:00:00.000Z")
    ]
    arrived = whole(database, "20261104-0000008")
    assert (arrived.status, arrived.delivered_at) == ("delivered", "2026-11-07T03:00:00.000Z")
    assert arrived.shipment is not None
    assert (arrived.shipment.tracking_no, arrived.shipment.delivered_at) == (
        "499999999999", "2026-11-07T03:00:00.000Z",
    )  # fmt: skip
    assert arrived.shipment.shipped_at == "2026-11-05T08:00:00.000Z"
    # The older export, read again, takes nothing back.
    before = rows(database)
    assert bring(database, path).unchanged == 5
    assert rows(database) == before


def test_a_newer_export_cancels_with_a_refund_and_never_a_shipped_order(
    database: Database, tmp_path: Path
) -> None:
    path = copied(tmp_path, "cafe24.csv")
    pay = edited(path, tmp_path / "pay.csv", lambda row: row.update(
        {"주문 상태": "결제완료", "결제일시(입금확인일)": "2026-11-05 09:00:00"}
        if row["주문번호"] == "20261104-0000007" else {}
    ))  # fmt: skip
    bring(database, pay)
    cancel = edited(pay, tmp_path / "cancel.csv", lambda row: row.update({"주문 상태": "취소완료"}))
    report = bring(database, cancel)
    assert (report.updated, report.unchanged, report.rejected) == (1, 2, 3)
    order = whole(database, "20261104-0000007")
    assert (order.status, order.paid_krw, order.refunded_krw) == ("cancelled", 15_900, 15_900)
    assert "이미 발송되어" in rejected(cancel)[0]["reason"]
    assert whole(database, "20261104-0000008").status == "shipped"


def test_an_order_with_claims_or_another_amount_is_left_alone_and_reported(
    database: Database, tmp_path: Path
) -> None:
    path = copied(tmp_path, "cafe24.csv")
    bring(database, path)
    with database.write() as tx:
        tx.insert("claims", {
            "claim_id": "C1", "order_id": "20261104-0000008", "kind": "return", "version": 1,
            "user_id": tx.value("select user_id from orders where order_id = '20261104-0000008'"),
            "reason_code": "defect", "fault": "seller", "status": "requested",
            "created_at": to_text(NOW),
        })  # fmt: skip
    assert bring(database, path).rejected == 0  # nothing would change
    before = rows(database)

    def later(row: dict[str, str]) -> None:
        if row["주문번호"] == "20261104-0000008":
            row["주문 상태"] = "배송완료"
        if row["주문번호"] == "20261104-0000007":
            row |= {"판매가": "13900", "총 결제금액(KRW)": "16900"}

    newer = edited(path, tmp_path / "newer.csv", later)
    assert bring(database, newer).rejected == 2
    assert rows(database) == before
    by_line = {entry["line"]: entry["reason"] for entry in rejected(newer)}
    assert "15,900원" in by_line[4]
    assert "16,900원" in by_line[4]
    assert "신청이 있어" in by_line[5]


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
