"""What is not counted but looked up when Prometheus asks: the desk, the store, the disk."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from agent.shop.words import PRIORITY, TICKET_STATUS
from services.turns import workers
from store import desk_figures
from store.desk_figures import DeskFigures

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["KEEP_S", "DeskCollector"]

KEEP_S = 5.0  # two Prometheus servers and a curious person cost the store no more than one
PROMISES = ("first_response", "resolution")


class DeskCollector(Collector):
    """Gauges of one shop. Builds no heavy part, and never fails because one is not there."""

    def __init__(self, desk: Services, *, keep_s: float = KEEP_S) -> None:
        self._desk, self._keep_s = desk, keep_s
        self._lock = threading.Lock()
        self._looked: tuple[float, DeskFigures | None] | None = None

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now; what the store counted at most ``keep_s`` ago."""
        figures = self._figures()
        ready = "1 once store, index and model are there."
        yield GaugeMetricFamily("sangdam_ready", ready, self._desk.ready)
        yield GaugeMetricFamily(
            "sangdam_store_up", "1 when the store could be read.", figures is not None
        )
        yield from _tickets(figures)
        yield from self._turns()
        yield from self._disk()

    def _figures(self) -> DeskFigures | None:
        with self._lock:
            now = time.monotonic()
            if self._looked is None or now - self._looked[0] >= self._keep_s:
                self._looked = now, desk_figures.figures(self._desk.database, self._desk.clock())
            return self._looked[1]

    def _turns(self) -> Iterator[Metric]:
        turns = self._desk.__dict__.get("turns")  # asking for it would start the pool
        settings = self._desk.settings
        for name, text, value in (
            ("turns_running", "Turns that have a worker.", turns.running if turns else 0),
            ("turns_waiting", "Turns that wait for a worker.", turns.waiting if turns else 0),
            ("turn_workers", "Turns that may run at the same time.", workers(self._desk)),
            ("turn_queue_max", "Turns that may wait.", settings.turn_queue_max),
        ):
            yield GaugeMetricFamily(f"sangdam_{name}", text, value)

    def _disk(self) -> Iterator[Metric]:
        size = desk_figures.size_bytes(self._desk.database)
        yield GaugeMetricFamily(
            "sangdam_database_size_bytes", "The database with its log, on disk.", size
        )
        free = GaugeMetricFamily("sangdam_disk_free_bytes", "Free on the data folder's disk.")
        whole = GaugeMetricFamily("sangdam_disk_size_bytes", "Size of the data folder's disk.")
        try:
            disk = shutil.disk_usage(self._desk.settings.data_path)
        except OSError:  # the folder is not made yet
            pass
        else:
            free.add_metric([], disk.free)
            whole.add_metric([], disk.total)
        yield from (free, whole)


def _tickets(figures: DeskFigures | None) -> Iterator[Metric]:
    """Every pair of words, zeros too; no samples at all while nobody can count."""
    tickets = GaugeMetricFamily("sangdam_tickets", "Tickets.", labels=["state", "priority"])
    late = GaugeMetricFamily(
        "sangdam_tickets_late", "Open tickets past a promised time.", labels=["promise"]
    )
    if figures is not None:
        for state in TICKET_STATUS:
            for priority in PRIORITY:
                tickets.add_metric([state, priority], figures.tickets.get((state, priority), 0))
        for promise in PROMISES:
            late.add_metric([promise], figures.late.get(promise, 0))
    yield from (tickets, late)
