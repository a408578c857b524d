"""The dashboard with 1,000,000 turns and 100,000 tickets: all in its 30 days, or over a year.

``dashboard_first_screen_*`` is what the page needs before it draws: the numbers with those of
the period before, and two charts, nothing kept from an earlier visit.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter

import settings as settings_module
from agent.types import Caller
from services import Services
from services.dashboard import Dashboard
from services.dashboard_table import FIGURES
from services.seeding import seed_demo
from store.database import Database
from store.seed.bulk_turns import grow_turns
from ui.dashboard.view import SECTIONS

__all__ = ["run"]

TURNS, TICKETS = 1_000_000, 100_000
ROUNDS = 7
WRITES = 2_000
STAFF = Caller("staff", "staff_001", "상담원")


def run() -> dict[str, float]:
    """Milliseconds of the first screen, of the slowest section, of a list; of writing a turn."""
    figures: dict[str, float] = {}
    for name, days in (("month", 30), ("year", 365)):
        with tempfile.TemporaryDirectory() as folder:
            shop = _shop(folder)
            figures[f"dashboard_turn_write_{name}_empty_ms"] = _writes(shop.database)
            started = perf_counter()
            grow_turns(
                shop.database, turns=TURNS, tickets=TICKETS, until=datetime.now(UTC), days=days
            )
            figures[f"dashboard_grow_{name}_s"] = perf_counter() - started
            figures |= _sections(shop, name)
            figures[f"dashboard_list_{name}_ms"] = _median(partial(_list, shop))
            figures[f"dashboard_turn_write_{name}_ms"] = _writes(shop.database)
    return figures


def _shop(folder: str) -> Services:
    plain = settings_module.load({}, env_file=Path(folder) / "none")
    shop = Services(plain.replace(data_dir=folder))
    shop.database.prepare()
    seed_demo(shop.settings, database=shop.database, clock=shop.clock)
    return shop


def _sections(shop: Services, name: str) -> dict[str, float]:
    found = {}
    for key, section in SECTIONS.items():
        spent = _median(partial(_open, shop, section.tiles, section.charts))
        found["first_screen" if key == "summary" else key] = spent
    found["everything"] = _median(partial(_open, shop, (), tuple(FIGURES)))
    return {f"dashboard_{key}_{name}_ms": spent for key, spent in found.items()}


def _open(shop: Services, tiles: tuple[str, ...], charts: tuple[str, ...]) -> None:
    """A visit, by a dashboard that keeps nothing from before."""
    dashboard = Dashboard(shop.database, shop.rules, shop.clock)
    dashboard.empty(STAFF)
    period = dashboard.period("30")
    dashboard.read(STAFF, tiles, period, compare=True)
    dashboard.read(STAFF, charts, period)


def _list(shop: Services) -> None:
    shop.dashboard.behind(STAFF, "intents", "refund_status", shop.dashboard.period("30"), limit=51)


def _median(work: Callable[[], None]) -> float:
    spent = []
    for _ in range(ROUNDS):
        started = perf_counter()
        work()
        spent.append((perf_counter() - started) * 1000)
    return statistics.median(spent)


def _writes(database: Database) -> float:
    """Milliseconds to write a turn's row, its counting included."""
    with database.write(durable=False) as tx:
        talk = tx.value("select conversation_id from conversations limit 1")
        before = tx.value("select count(*) from turns")
        rows = [
            (f"t_bench_{before}_{n}", talk, "done", "policy", "[]", "offline", 0.0, 20.0, "chat",
             datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"))
            for n in range(WRITES)
        ]  # fmt: skip
        columns = ("turn_id", "conversation_id", "status", "intent", "guardrails", "provider",
                   "cost_usd", "latency_ms", "source", "created_at")  # fmt: skip
        started = perf_counter()
        tx.insert_many("turns", columns, rows)
        return (perf_counter() - started) / WRITES * 1000


if __name__ == "__main__":
    for figure, value in run().items():
        print(f"{figure:40} {value:10.2f}")
