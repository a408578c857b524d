"""The demonstration shop in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from errors import AlreadyExists
from store import product_index, reviews
from store.database import Database, Row, Tx
from store.models import Order, to_text
from store.seed import catalogue as catalogues
from store.seed import (
    chats,
    claims,
    history,
    orders,
    people,
    plans,
    rows,
    stories,
    tickets,
    wallets,
)  # fmt: skip
from store.seed.shop import QuoteFunction, Shop, SlaFunction

__all__ = ["Progress", "SeedReport", "is_seeded", "seed", "seed_if_empty", "seeded_at"]

ORDERS = 400
Progress = Callable[[str, int, int], None]  # (what, done, of)


@dataclass(frozen=True, slots=True)
class SeedReport:
    """How much was written, and how long it took (seconds)."""

    users: int
    products: int
    orders: int
    claims: int
    tickets: int
    conversations: int
    took_s: float


def is_seeded(tx: Tx) -> bool:
    """Whether the demonstration shop has been written to this database."""
    return tx.value("select 1 from settings where key = 'seeded_at'") is not None


def seeded_at(tx: Tx) -> str:
    """The end of the demonstration shop's own history; "" where there is none."""
    return str(tx.value("select value from settings where key = 'seeded_at'") or "")


def seed(
    database: Database, *, today: date, number: int, catalogue: Path, quote: QuoteFunction,
    sla: SlaFunction, shipping_fee_krw: int = 3000, free_shipping_threshold_krw: int = 50_000,
    progress: Progress | None = None,
) -> SeedReport:  # fmt: skip
    """Write the demonstration shop of domain.md into a migrated database without a shop.

    The same ``today`` (a day in Seoul), ``number``, catalogue and functions give the same
    rows, byte for byte. Raises BadInput for a catalogue that cannot be used and Conflict
    when the database already holds a shop; nothing is written then.
    """
    started = perf_counter()
    tell = progress or (lambda what, done, of: None)
    tell("시연용 상점 만들기", 0, 2)
    shop = Shop(
        today, number, catalogues.read(catalogue), shipping_fee_krw, free_shipping_threshold_krw
    )
    tables = _tables(shop, quote, sla)
    tell("시연용 상점 저장", 1, 2)
    with database.write() as tx:
        _refuse_a_shop(tx)
        rows.insert(tx, tables)
        product_index.fill(tx)
        reviews.add(tx, shop.catalogue.known_reviews())
    counted = ("users", "products", "orders", "claims", "tickets", "conversations")
    tell("시연용 상점 저장", 2, 2)
    return SeedReport(
        **{name: len(tables[name]) for name in counted}, took_s=perf_counter() - started
    )


def seed_if_empty(database: Database, **arguments: Any) -> SeedReport | None:
    """:func:`seed` with the same arguments, or None when the database already holds a shop.

    Two processes may start at once: the loser of the race answers None as well.
    """
    with database.read() as tx:
        if _holds_a_shop(tx):
            return None
    try:
        return seed(database, **arguments)
    except AlreadyExists:
        return None


def _holds_a_shop(tx: Tx) -> bool:
    return is_seeded(tx) or any(
        tx.value(f"select 1 from {table}") for table in ("users", "products", "orders")
    )


def _refuse_a_shop(tx: Tx) -> None:
    if _holds_a_shop(tx):
        raise AlreadyExists(
            "이미 자료가 들어 있는 데이터베이스예요. 모두 지우고 다시 만들려면 "
            "'python -m store seed --force'를 실행해 주세요.",
            code="already_seeded",
        )


def _tables(shop: Shop, quote: QuoteFunction, sla: SlaFunction) -> dict[str, list[Row]]:
    """Every row of the shop by table, referenced tables before the ones that refer to them."""
    sold, methods, audit = _orders(shop, quote)
    talk = chats.build(shop, sold)
    desk = tickets.build(shop, sold, people.customers(shop), sla, handed_off=talk.handed_off)
    past = history.build(shop, talk, sold, desk.tickets)
    return {
        "settings": _marks(shop),
        "users": people.rows(shop),
        "payment_methods": methods,
        **rows.of_products(shop.catalogue.products),
        **rows.of_orders(sold),
        "conversations": talk.conversations,
        "messages": talk.messages,
        "turns": past.turns,
        "pending_actions": past.actions,
        "feedback": past.feedback,
        "tickets": rows.of_tickets(past.tickets),
        "ticket_events": desk.events,
        "audit_events": sorted(audit + desk.audit, key=lambda row: row["at"]),
    }


def _orders(shop: Shop, quote: QuoteFunction) -> tuple[list[Order], list[Row], list[Row]]:
    """The orders with their claims, their customers' payment methods, the audit rows."""
    users = people.customers(shop)
    others = [user.user_id for user in users if not user.is_demo]
    wanted = [*stories.minji(shop), *stories.jihun(shop), *plans.claimed(shop, others)]
    wanted += plans.ordinary(shop, others, ORDERS - len(wanted))
    wanted.sort(key=lambda plan: (plan.placed, plan.user_id, plan.picks))
    sold, methods = wallets.build(orders.build(shop, wanted, users))
    sold, audit = claims.build(shop, sold, wanted, quote)
    return sold, methods, audit


def _marks(shop: Shop) -> list[Row]:
    # The end of the shop's history rather than the clock: two seeds of one day are equal.
    values = {
        "seeded_at": to_text(shop.end),
        "seed_number": str(shop.number),
        "seed_date": shop.today.isoformat(),
    }
    return [{"key": key, "value": value} for key, value in values.items()]
