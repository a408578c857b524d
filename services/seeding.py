"""The demonstration shop, seeded with the rules in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from agent.shop.calendar import day_of
from agent.shop.rules import Rules
from settings import ROOT, Settings
from store.database import Database

if TYPE_CHECKING:
    from store.seed import SeedReport

__all__ = ["seed_demo"]


def seed_demo(
    settings: Settings,
    *,
    database: Database | None = None,
    clock: Callable[[], datetime] | None = None,
    today: date | None = None,
    number: int | None = None,
    progress: Any = None,
) -> SeedReport | None:
    """Seed the demonstration shop into an empty store; None when it holds data already."""
    from agent.shop.quote import quote
    from agent.shop.tickets import due_times
    from store import seed

    database = database or Database(settings.data_path / "sangdam.db")
    rules = Rules.of(settings.rules())
    now = (clock or (lambda: datetime.now(UTC)))()
    return seed.seed_if_empty(
        database,
        today=today or day_of(now),
        number=settings.seed if number is None else number,
        catalogue=ROOT / "data" / "seed" / "catalogue.yaml",
        quote=lambda order, kind, fault, lines: quote(
            order, kind=kind, fault=fault, lines=lines, rules=rules
        ).as_json(),
        sla=lambda _type, priority, created: due_times(priority, created, rules),
        shipping_fee_krw=rules.shipping_fee_krw,
        free_shipping_threshold_krw=rules.free_shipping_threshold_krw,
        progress=progress,
    )
