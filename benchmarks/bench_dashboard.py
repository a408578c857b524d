"""The dashboard with 1,000,000 turns and 100,000 tickets: all in its 30 days, or over a year.

``dashboard_first_screen_*`` is what the page needs before it draws: the numbers with those of
the period before, and two charts, nothing kept from an earlier visit. The page itself, in a
browser, is opened by ``tests/browser/test_browser_dashboard_scale.py``.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

import settings as settings_module
from agent.types import Caller
from services import Services
from services.dashboard import Dashboard
from services.dashboard_table import FIGURES
from services.seeding import seed_demo
from store.database import Database, Tx
from store.migrations import m013_dashboard
from store.seed.bulk_turns import grow_turns
from ui.dashboard.view import SECTIONS

__all__ = ["PLAIN_COUNT", "run"]

TURNS, TICKETS = 1_000_000, 100_000
ROUNDS = 7
WRITES = 2_000
STAFF = Caller("staff", "staff_001", "상담원")
# What a dashboard without tables of its own would do for one figure alone.
PLAIN_COUNT = (
    "select strftime('%Y-%m-%dT%H', created_at, '+9 hours') as hour, source, intent, status, "
    "count(*) from turns group by 1, 2, 3, 4"
)


def run() -> dict[str, float]:
    """Milliseconds of the first screen (by the clock, and of processor time: that holds on a
    busy machine), of every section, of a list, of counting the turns once without any table of
    the dashboard's; microseconds of writing a turn, without counting it and with.
    """
    figures: dict[str, float] = {}
    for name, days in (("month", 30), ("year", 365)):
        with tempfile.TemporaryDirectory() as folder:
            shop = _shop(folder)
            started = perf_counter()
            grow_turns(
                shop.database, turns=TURNS, tickets=TICKETS, until=datetime.now(UTC), days=days
            )
            figures[f"dashboard_grow_{name}_s"] = perf_counter() - started
            figures |= _sections(shop, name)
            figures |= _plain(shop, name, figures[f"dashboard_first_screen_cpu_{name}_ms"])
            figures[f"dashboard_list_{name}_ms"] = _median(partial(_list, shop))[0]
            plain, counted = _writes(shop.database)
            figures[f"dashboard_turn_write_plain_{name}_us"] = plain
            figures[f"dashboard_turn_write_counted_{name}_us"] = counted
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
        work = partial(_open, shop, section.tiles, section.charts)
        shown = "first_screen" if key == "summary" else key
        found[shown], found[f"{shown}_cpu"] = _median(work)
    found["everything"], found["everything_cpu"] = _median(partial(_open, shop, (), tuple(FIGURES)))
    return {f"dashboard_{key}_{name}_ms": spent for key, spent in found.items()}


def _plain(shop: Services, name: str, first_screen_ms: float) -> dict[str, float]:
    """One count straight from the turns, and how the first screen's ten figures compare."""

    def count() -> None:
        with shop.database.read() as tx:
            tx.rows(PLAIN_COUNT)

    plain_ms = _median(count)[1]
    return {
        f"dashboard_plain_count_cpu_{name}_ms": plain_ms,
        f"dashboard_first_screen_to_plain_count_{name}": first_screen_ms / plain_ms,
    }


def _open(shop: Services, tiles: tuple[str, ...], charts: tuple[str, ...]) -> None:
    """A visit, by a dashboard that keeps nothing from before."""
    dashboard = Dashboard(shop.database, shop.rules, shop.clock)
    dashboard.empty(STAFF)
    period = dashboard.period("30")
    dashboard.read(STAFF, tiles, period, compare=True)
    dashboard.read(STAFF, charts, period)


def _list(shop: Services) -> None:
    shop.dashboard.behind(STAFF, "intents", "refund_status", shop.dashboard.period("30"), limit=51)


def _median(work: Callable[[], None]) -> tuple[float, float]:
    """Milliseconds by the clock, and of all threads' processor time."""
    spent, worked = [], []
    for _ in range(ROUNDS):
        started, before = perf_counter(), process_time()
        work()
        worked.append((process_time() - before) * 1000)
        spent.append((perf_counter() - started) * 1000)
    return statistics.median(spent), statistics.median(worked)


def _writes(database: Database) -> tuple[float, float]:
    """Microseconds of processor time to write a turn's row: without counting it, and with."""
    with database.write(durable=False) as tx:
        talk = tx.value("select conversation_id from conversations limit 1")
        counted, plain = [], []
        for number in range(ROUNDS):
            counted.append(_write(tx, talk, f"counted_{number}"))
            for name in m013_dashboard.TRIGGERS:
                tx.execute(f"drop trigger {name}")
            plain.append(_write(tx, talk, f"plain_{number}"))
            tx.execute("delete from turns where turn_id like 't_bench_plain_%'")
            m013_dashboard.count_on(tx)
    return statistics.median(plain), statistics.median(counted)


def _write(tx: Tx, talk: str, name: str) -> float:
    rows = [
        (f"t_bench_{name}_{n}", talk, "done", "policy", "[]", "offline", 0.0, 20.0, "chat",
         datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        for n in range(WRITES)
    ]  # fmt: skip
    columns = ("turn_id", "conversation_id", "status", "intent", "guardrails", "provider",
               "cost_usd", "latency_ms", "source", "created_at")  # fmt: skip
    before = process_time()
    tx.insert_many("turns", columns, rows)
    return (process_time() - before) / WRITES * 1e6


if __name__ == "__main__":
    for figure, value in run().items():
        print(f"{figure:40} {value:10.2f}")
