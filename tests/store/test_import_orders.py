"""Orders from other shops' exports: read, checked, written once, moved forward only."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import BadInput
from store.database import Database
from store.imports.order_mapping import load
from store.imports.orders import import_orders
from store.models import to_text
from tests.store.import_helpers import (
    MAPPINGS,
    NOW,
    bring,
    copied,
    edited,
    rejected,
    rows,
    whole,
)

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
