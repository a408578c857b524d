"""Ask and time: what every search benchmark prints."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable

__all__ = ["figures"]


def figures(name: str, questions: Iterable[str], ask: Callable[[str], object]) -> dict[str, float]:
    """Ask every question once; milliseconds ``<name>_p50_ms`` and ``<name>_p95_ms`` by the
    clock, ``<name>_cpu_p95_ms`` of all threads together, which holds on a busy machine."""
    spent: list[float] = []
    worked: list[float] = []
    for question in questions:
        started, before = time.perf_counter(), time.process_time()
        ask(question)
        worked.append((time.process_time() - before) * 1000)
        spent.append((time.perf_counter() - started) * 1000)
    return {
        f"{name}_p50_ms": statistics.median(spent),
        f"{name}_p95_ms": statistics.quantiles(spent, n=20)[-1],
        f"{name}_cpu_p95_ms": statistics.quantiles(worked, n=20)[-1],
    }
