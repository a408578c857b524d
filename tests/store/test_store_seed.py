from __future__ import annotations

import copy
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from store_helpers import CATALOGUE, NUMBER, TODAY, fake_quote, fake_sla, new_database, seed_into

from errors import AlreadyExists, BadInput, Conflict
from store import accounts, orders, payment_methods, tickets
from store.database import Database
from store.models import Order, from_text, to_text
from store.seed import DEMO_PASSWORD, catalogue, grow, is_seeded, run, seed_if_empty
from store.seed.shop import SEOUL, Shop
from store.transfer import export


@pytest.fixture(scope="module")
def sold(seeded: Database) -> list[Order]:
    """Every order, read whole."""
    with seeded.read() as tx:
        ids = [row["order_id"] for row in tx.rows("select order_id from orders order by 1")]
        found = [orders.get(tx, order_id, user_id=None) for order_id in ids]
    return [order for order in found if order is not None]


def a_shop(today: date, number: int = NUMBER) -> Shop:
    return Shop(today, number, catalogue.read(CATALOGUE), 3000, 50_000)


def rows_of(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    return run._tables(shop, fake_quote, fake_sla)


def test_the_report_and_the_marks(tmp_path: Path) -> None:
    database = new_database(tmp_path / "shop.db")
    told: list[tuple[str, int, int]] = []
    with database.read() as tx:
        assert not is_seeded(tx)
    report = seed_if_empty(
        database, today=TODAY, number=NUMBER, catalogue=CATALOGUE, quote=fake_quote,
        sla=fake_sla, progress=lambda *step: told.append(step),
    )  # fmt: skip
    assert report is not None
    assert (report.users, report.products, report.orders) == (32, 48, 400)
    assert report.tickets >= 30
    assert report.conversations >= 15
    assert [(done, of) for _, done, of in told] == [(0, 2), (1, 2), (2, 2)]
    with database.read() as tx:
        assert is_seeded(tx)
        assert tx.rows("pragma foreign_key_check") == []
        marks = {row["key"]: row["value"] for row in tx.rows("select * from settings")}
    assert marks["seed_date"] == "2026-11-21"
    assert marks["seed_number"] == "7"
    # A second shop on top is refused, quietly or loudly.
    with pytest.raises(AlreadyExists, match="--force"):
        seed_into(database)
    assert seed_if_empty(database, today=TODAY) is None


def test_the_same_date_and_number_give_the_same_bytes(seeded: Database, tmp_path: Path) -> None:
    again, other = new_database(tmp_path / "again.db"), new_database(tmp_path / "other.db")
    seed_into(again)
    seed_into(other, number=NUMBER + 1)
    for name, database in (("first", seeded), ("again", again), ("other", other)):
        export(database, tmp_path / name)
    for path in sorted((tmp_path / "first").iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name
    first, changed = ((tmp_path / n / "orders.csv").read_bytes() for n in ("first", "other"))
    assert first != changed


def test_the_fixed_accounts(seeded: Database) -> None:
    with seeded.read() as tx:
        found = accounts.demo_users(tx)
        hashes = {row["password_hash"] for row in tx.rows("select * from users where is_demo")}
        closed = {row["password_hash"] for row in tx.rows("select * from users where not is_demo")}
        assert tx.value("select count(*) from users where role = 'customer'") == 30
        assert tx.row("select 1 from users where email = 'seoyeon.lee@example.com'")
    assert [(u.user_id, u.email, u.name, u.role) for u in found] == [
        ("user_001", "minji@example.com", "김민지", "customer"),
        ("user_002", "jihun@example.com", "박지훈", "customer"),
        ("staff_001", "staff@example.com", "이상담", "staff"),
        ("admin_001", "admin@example.com", "한관리", "admin"),
    ]
    assert accounts.check_password(DEMO_PASSWORD, hashes.pop())
    assert not accounts.check_password(DEMO_PASSWORD, closed.pop())
    assert not hashes | closed


def test_money_adds_up(sold: list[Order]) -> None:
    assert len(sold) == 400
    for order in sold:
        assert order.items_krw == sum(line.amount_krw for line in order.lines)
        assert order.coupon_krw % 1000 == 0
        free = order.items_krw - order.coupon_krw >= 50_000
        assert order.shipping_krw == (0 if free else 3000)
        assert order.total_krw == order.items_krw - order.coupon_krw + order.shipping_krw
        assert order.paid_krw == (0 if order.status == "pending_payment" else order.total_krw)
        assert order.refunded_krw <= order.paid_krw
        done = [c for c in order.claims if c.status == "completed" and c.kind != "exchange"]
        assert order.refunded_krw == sum(claim.refund_krw for claim in done)
    assert any(order.coupon_krw for order in sold)


def test_numbers_rise_with_time(sold: list[Order]) -> None:
    by_serial = sorted(sold, key=lambda order: order.order_id[9:])
    assert by_serial == sorted(sold, key=lambda order: (order.created_at, order.order_id[9:]))
    for order in sold:
        day = from_text(order.created_at).astimezone(SEOUL)
        assert order.order_id.startswith(f"{day:%Y%m%d}-")
        assert TODAY - timedelta(days=120) <= day.date() <= TODAY


def test_parcels_fit_their_orders(sold: list[Order]) -> None:
    for order in sold:
        assert (order.shipment is not None) == (order.status in ("shipped", "delivered"))
        if order.shipment is None:
            continue
        moments = [event.at for event in order.shipment.events]
        assert moments
        assert moments == sorted(moments)
        assert moments[0] > order.created_at
        assert len(order.shipment.tracking_no) == 12
        assert order.shipment.delivered_at == order.delivered_at
        assert (order.delivered_at is not None) == (order.status == "delivered")
        if order.delivered_at:
            assert moments[-1] == order.delivered_at


def test_claims_fit_their_orders(sold: list[Order]) -> None:
    states = Counter()  # type: ignore[var-annotated]
    for order in sold:
        for claim in order.claims:
            states[claim.kind, claim.status] += 1
            assert claim.created_at > (order.delivered_at or order.created_at) or (
                claim.kind == "cancel"
            )
            if claim.kind == "cancel":
                status = {"completed": "cancelled", "requested": "preparing"}
                assert order.status == status.get(claim.status, "delivered")
            else:
                assert order.status == "delivered"
            assert (claim.note != "") == (claim.status == "rejected")
            assert all(
                (line.new_sku is not None) == (claim.kind == "exchange") for line in claim.lines
            )
    assert {status for kind, status in states if kind == "return"} == {
        "requested", "approved", "collecting", "collected", "completed", "rejected",
    }  # fmt: skip
    assert {status for kind, status in states if kind == "exchange"} == {
        "requested", "approved", "collecting", "collected", "reshipping", "completed", "rejected",
    }  # fmt: skip


def test_customers_have_the_methods_they_paid_with(seeded: Database, sold: list[Order]) -> None:
    with seeded.read() as tx:
        hers = payment_methods.of_user(tx, "user_001")
        his = payment_methods.of_user(tx, "user_002")
    assert [m.balance_krw for m in hers if m.kind == "gift_card"] == [70_000]
    assert [m.balance_krw for m in his if m.kind == "gift_card"] == [50_000]
    # What can still be changed was paid with something that is registered.
    paid = [o for o in sold if o.user_id == "user_001" and o.status == "paid"]
    ids = {method.method_id for method in hers}
    assert paid
    assert all(payment.method_id in ids for order in paid for payment in order.payments)
    for order in sold:
        for payment in order.payments:
            assert payment.method_id in (None, order.payments[0].method_id)
            assert payment.method != "bank_transfer" or payment.method_id is None


def test_a_finished_exchange_shows_what_the_customer_has(sold: list[Order]) -> None:
    done = [
        (order, line)
        for order in sold
        for claim in order.claims
        if (claim.kind, claim.status) == ("exchange", "completed")
        for line in claim.lines
    ]
    assert done
    for order, line in done:
        assert next(x.sku for x in order.lines if x.line_id == line.line_id) == line.new_sku
    collected = [c for o in sold for c in o.claims if c.status == "collected"]
    assert all(claim.collected_at for claim in collected)


def last_week_of(today: date) -> tuple[str, str]:
    monday = today - timedelta(days=today.weekday() + 7)
    start = datetime.combine(monday, datetime.min.time(), SEOUL)
    return to_text(start), to_text(start + timedelta(days=7))


def test_last_week_has_two_orders_to_choose_from(seeded: Database) -> None:
    since, until = last_week_of(TODAY)
    with seeded.read() as tx:
        found = orders.find(tx, user_id="user_001", since=since, until=until)
    assert sorted(order.status for order in found) == ["delivered", "paid", "paid"]
    paid = [{line.product_id for line in o.lines} for o in found if o.status == "paid"]
    assert sorted(len(products) for products in paid) == [1, 2]
    assert not paid[0] & paid[1]


def test_minji_has_every_state_and_one_open_ticket(seeded: Database, sold: list[Order]) -> None:
    hers = [order for order in sold if order.user_id == "user_001"]
    assert {order.status for order in hers} == {
        "pending_payment", "paid", "preparing", "shipped", "delivered", "cancelled",
    }  # fmt: skip
    assert any(c.status == "requested" and c.kind == "return" for o in hers for c in o.claims)
    delivered = [from_text(o.delivered_at) for o in hers if o.delivered_at]
    end = a_shop(TODAY).end
    assert any(end - at < timedelta(days=7) for at in delivered)
    assert any(end - at > timedelta(days=21) for at in delivered)
    with seeded.read() as tx:
        (ticket,) = tickets.find(tx, user_id="user_001")
    assert ticket.status == "open"
    assert len([order for order in sold if order.user_id == "user_002"]) >= 6


def test_tickets_have_every_state_type_and_history(seeded: Database) -> None:
    with seeded.read() as tx:
        ids = [row["ticket_id"] for row in tx.rows("select ticket_id from tickets")]
        found = [tickets.get(tx, ticket_id, user_id=None, internal=True) for ticket_id in ids]
        owners = tx.value(
            "select count(*) from tickets t join orders o using (order_id) "
            "where t.user_id <> o.user_id"
        )
    whole = [ticket for ticket in found if ticket]
    assert owners == 0
    assert len({ticket.issue_type for ticket in whole}) == 10
    assert {ticket.status for ticket in whole} == {
        "open", "in_progress", "waiting_customer", "resolved", "closed",
    }  # fmt: skip
    for ticket in whole:
        assert ticket.events[0].kind == "created"
        assert [e.at for e in ticket.events] == sorted(e.at for e in ticket.events)
        assert ticket.first_response_due
        assert (ticket.resolved_at is not None) == (ticket.status in ("resolved", "closed"))
        assert (ticket.assignee_id is None) == (ticket.status == "open")


@pytest.mark.parametrize("day", [date(2026, 3, 2) + timedelta(days=n) for n in range(7)])
def test_every_weekday_keeps_the_promises(day: date) -> None:
    """Mondays and Sundays are where relative dates go wrong."""
    shop = a_shop(day, number=day.day)
    tables = rows_of(shop)
    since, until = last_week_of(day)
    hers = [o for o in tables["orders"] if o["user_id"] == "user_001"]
    week = [o["status"] for o in hers if since <= o["created_at"] < until]
    assert sorted(week) == ["delivered", "paid", "paid"]
    assert len(tables["orders"]) == 400
    assert len({(c["kind"], c["status"]) for c in tables["claims"]}) == 16
    times = [
        value
        for rows in tables.values()
        for row in rows
        for name, value in row.items()
        if value and (name == "at" or name.endswith("_at"))
    ]
    assert max(times) <= to_text(shop.end)


def test_a_refund_beyond_what_was_paid_is_refused() -> None:
    def greedy(order: Order, kind: str, fault: str, lines: Any, /) -> dict[str, Any]:
        return {"refund_krw": order.total_krw + 1}

    with pytest.raises(ValueError, match="refunds"):
        run._tables(a_shop(TODAY), greedy, fake_sla)


BROKEN: list[tuple[Any, str]] = [
    (lambda d: d.pop("products"), "products에 항목"),
    (lambda d: d["products"].append(d["products"][0]), "product_id가 겹칩니다: P1001"),
    (lambda d: d["products"][2].update(price_krw="비쌈"), r"3번째 \(P1003\)의 price_krw"),
    (lambda d: d["products"][0].update(returnable="maybe"), "returnable 'maybe'"),
    (lambda d: d["products"][0].update(attributes=[]), "attributes"),
    (lambda d: d["products"].pop(0), "SKU 'P1001-BK'"),
    (lambda d: d["addresses"][1].update(zip=4524), "addresses의 2번째의 zip"),
    (lambda d: d["customers"].update(family_and_given=["김하나"]), "28개 이상"),
    (lambda d: d["ticket_texts"][0].update(issue_type="shipping"), "issue_type 'shipping'"),
    (lambda d: d["ticket_texts"].append("글"), "21번째 항목"),
    (lambda d: d.update(order_memos=None), "order_memos"),
]  # fmt: skip


@pytest.fixture(scope="module")
def loaded() -> Any:
    return yaml.load(
        CATALOGUE.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )


@pytest.mark.parametrize(("spoil", "said"), BROKEN)
def test_a_broken_catalogue_names_the_entry(
    spoil: Any, said: str, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = copy.deepcopy(loaded)
    spoil(data)
    monkeypatch.setattr(yaml, "safe_load", lambda text: data)
    with pytest.raises(BadInput, match=said):
        rows_of(a_shop(TODAY))


@pytest.mark.parametrize("text", ["[1, 2", "just text", "- a\n- b"])
def test_a_file_that_is_no_catalogue(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadInput, match=r"catalogue\.yaml"):
        catalogue.read(path)
    with pytest.raises(BadInput, match="읽을 수 없습니다"):
        catalogue.read(tmp_path / "none.yaml")


def test_growing(tmp_path: Path) -> None:
    database = new_database(tmp_path / "shop.db")
    with pytest.raises(Conflict, match="seed"):
        grow(database, orders=1, messages=1, number=1)
    seed_into(database)
    for number in (1, 2):  # twice: the numbers must not collide
        report = grow(database, orders=150, messages=410, number=number)
        assert (report.orders, report.messages, report.conversations) == (150, 410, 21)
    with database.read() as tx:
        assert tx.value("select count(*) from orders") == 700
        assert tx.value("select count(*) from messages where message_id like 'msg_bulk%'") == 820
        assert tx.rows("pragma foreign_key_check") == []
        newest = tx.value(
            "select max(created_at) from orders where substr(order_id, 10) > '0000400'"
        )
        assert newest < tx.value(
            "select min(created_at) from orders where substr(order_id, 10) <= '0000400'"
        )
        assert not tx.value(
            "select 1 from orders o where total_krw <> items_krw + shipping_krw - coupon_krw or "
            "items_krw <> (select sum(quantity * unit_price_krw) from order_lines l "
            "where l.order_id = o.order_id)"
        )
