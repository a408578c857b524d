"""Orders at the edges of an import: sums, numbers, ledgers, staff, the audit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from store_helpers import add_order, add_user

from errors import BadInput
from store import audit, order_pages, orders
from store.database import Database
from store.imports.order_mapping import load
from store.imports.orders import import_orders
from store.imports.reading import ImportReport
from store.models import Order, to_text

MAPPINGS = Path(__file__).resolve().parents[2] / "data" / "mappings"
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
HEAD = "주문번호,주문일시,주문자명,주문자 이메일,상품명,수량,판매가,결제수단,주문 상태\n"


def line(number: str, **more: Any) -> str:
    given = {"at": "2026-11-03", "email": "", "goods": "양말", "quantity": 1, "price": 1000,
             "state": "결제완료", **more}  # fmt: skip
    return (
        f"{number},{given['at']},김하늘,{given['email']},{given['goods']},{given['quantity']},"
        f"{given['price']},신용카드,{given['state']}\n"
    )


def bring(
    database: Database, tmp_path: Path, *lines: str, format: str = "cafe24"
) -> tuple[ImportReport, list[str]]:
    """The report, and the reasons of what was rejected."""
    path = tmp_path / "orders.csv"
    path.write_text(HEAD + "".join(lines), "utf-8")
    report = import_orders(database, path, load(format, MAPPINGS), now=lambda: NOW)
    if report.rejects_path is None:
        return report, []
    kept = report.rejects_path.read_text("utf-8").splitlines()
    return report, [json.loads(entry)["reason"] for entry in kept]


def whole(database: Database, number: str, user_id: str | None = None) -> Order | None:
    with database.read() as tx:
        return orders.get(tx, number, user_id=user_id)


def another_shop(tmp_path: Path) -> str:
    """A mapping like Cafe24's with a source of its own."""
    path = tmp_path / "other.toml"
    text = (MAPPINGS / "cafe24.toml").read_text("utf-8")
    path.write_text(text.replace('source = "cafe24"', 'source = "other"'), "utf-8")
    return str(path)


# ── Sums ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("quantity", "price", "said"),
    [
        (10**11, 10**11, "수량"),
        (10**6 + 1, 1, "수량"),
        (10**6, 10**11, "쓸 수 있는 범위"),
        (2, 10**11, "쓸 수 있는 범위"),
        (1, 10**30, "쓸 수 있는 범위"),
    ],
)
def test_a_sum_that_does_not_fit_is_a_bad_row(
    database: Database, tmp_path: Path, quantity: int, price: int, said: str
) -> None:
    big = line("big", quantity=quantity, price=price)
    report, reasons = bring(database, tmp_path, big, line("small"))
    assert (report.inserted, report.rejected) == (1, 1)
    assert said in reasons[0]


def test_lines_that_are_too_much_together(database: Database, tmp_path: Path) -> None:
    lines = [line("big", goods=f"금 {n}", price=10**11) for n in range(2)]
    report, reasons = bring(database, tmp_path, *lines, line("most", price=10**11))
    assert (report.inserted, report.rejected) == (1, 2)
    assert "200,000,000,000원" in reasons[0]


# ── Numbers ──────────────────────────────────────────────────────────────────


def test_two_orders_never_get_the_same_place(database: Database, tmp_path: Path) -> None:
    numbers = ("20261101-0000101", "20261102-0000101", "20261103-0000101")
    report, _ = bring(database, tmp_path, *map(line, numbers))
    assert (report.inserted, report.rejected) == (3, 0)
    found = [whole(database, number) for number in numbers]
    assert [order.order_id for order in found if order] == [
        "20261103-0000001", "20261103-0000002", "20261103-0000101",
    ]  # fmt: skip
    with database.read() as tx:
        assert len({row["place"] for row in tx.rows("select place from orders")}) == 3
        assert len(order_pages.page(tx, text="양말").items) == 3


def test_a_number_whose_place_is_taken_is_not_given(database: Database, tmp_path: Path) -> None:
    at = to_text(datetime(2026, 11, 2, 15, tzinfo=UTC))  # midnight of 3 November in Seoul
    with database.write() as tx:
        add_user(tx, "u", "u@example.com")
        for number in ("20261101-0000101", "20261101-0000102"):
            add_order(tx, number, "u", "텀블러", created_at=at)
    bring(database, tmp_path, line("20261103-0000101"), line("x"))
    kept, free = whole(database, "20261103-0000101"), whole(database, "x")
    assert kept is not None
    assert free is not None
    assert (kept.order_id, free.order_id) == ("20261103-0000001", "20261103-0000002")


# ── Found by the other shop's number ─────────────────────────────────────────


def test_a_number_of_two_shops_is_not_guessed(database: Database, tmp_path: Path) -> None:
    bring(database, tmp_path, line("1001", email="a@example.com"))
    bring(database, tmp_path, line("#1001", email="b@example.com"), format=another_shop(tmp_path))
    with pytest.raises(BadInput, match=r"20261103-0000002, 20261103-0000001") as caught:
        whole(database, "1001")
    assert caught.value.code == "ambiguous_order"
    with database.read() as tx:
        owners = {row["order_id"]: row["user_id"] for row in orders.numbered(tx, " #1001 ")}
    for order_id, owner in owners.items():
        mine = whole(database, "1001", owner)
        assert mine is not None
        assert mine.order_id == order_id
    assert whole(database, "1001", "somebody") is None


def test_somebody_elses_own_number_does_not_hide_mine(database: Database, tmp_path: Path) -> None:
    with database.write() as tx:
        add_user(tx, "other", "other@example.com")
        add_order(tx, "20261103-0000042", "other", "텀블러")
    bring(database, tmp_path, line("20261103-0000042", email="me@example.com"))
    with database.read() as tx:
        me = tx.value("select user_id from users where email = 'me@example.com'")
    mine, theirs = (whole(database, "20261103-0000042", user) for user in (me, "other"))
    assert mine is not None
    assert theirs is not None
    assert (mine.order_id, theirs.order_id) == ("20261103-0000043", "20261103-0000042")


# ── Cancelled in the shop after a change here ────────────────────────────────


def test_a_cancellation_after_our_change_of_payment_is_rejected_with_its_reason(
    database: Database, tmp_path: Path
) -> None:
    bring(database, tmp_path, line("x"), line("y"))
    order = whole(database, "x")
    assert order is not None
    with database.write() as tx:
        for kind, method in (("payment", "gift_card"), ("refund", "card")):
            tx.insert("payments", {
                "payment_id": kind, "order_id": order.order_id, "kind": kind, "method": method,
                "label": method, "amount_krw": 1000, "created_at": to_text(NOW),
            })  # fmt: skip
    before = whole(database, "x")
    states = [line(number, state="취소완료") for number in ("x", "y")]
    report, reasons = bring(database, tmp_path, *states)
    assert (report.updated, report.rejected) == (1, 1)
    assert "결제 수단" in reasons[0]
    assert order.order_id in reasons[0]
    assert whole(database, "x") == before
    plain = whole(database, "y")
    assert plain is not None
    assert (plain.status, plain.refunded_krw) == ("cancelled", 1000)
    # What asks for no money is still taken over.
    report, _ = bring(database, tmp_path, line("x", state="배송중"))
    assert report.updated == 1


# ── Staff, the audit ─────────────────────────────────────────────────────────


def test_staff_get_no_orders(database: Database, tmp_path: Path) -> None:
    with database.write() as tx:
        add_user(tx, "staff_001", "staff@example.com")
        tx.update("users", {"user_id": "staff_001"}, {"role": "staff"})
    lines = [line(number, email="staff@example.com") for number in ("x", "y")]
    report, reasons = bring(database, tmp_path, *lines, line("z"))
    assert (report.inserted, report.rejected) == (1, 2)
    assert all("담당자 계정" in reason for reason in reasons)


def test_every_order_brought_or_moved_is_in_the_audit(database: Database, tmp_path: Path) -> None:
    bring(database, tmp_path, line("x"), line("y"))
    bring(database, tmp_path, line("x", state="배송중"), line("y"))
    order = whole(database, "x")
    assert order is not None
    with database.read() as tx:
        found = audit.find(tx, action="import", source="system", actor_id="system")
        assert len(found) == 3
        mine = [entry for entry in found if entry.object_id == order.order_id]
        assert {(entry.object_type, entry.at) for entry in mine} == {("order", to_text(NOW))}
        assert [(entry.before, entry.after) for entry in mine] == [
            ({"status": "paid"}, {"status": "shipped"}), ({}, {"status": "paid"}),
        ]  # fmt: skip
