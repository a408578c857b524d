"""``make bench``: every benchmark, its figures printed and kept in ``results.json``.

``python -m benchmarks search_scale`` runs one alone (``--chunks 1000000``: about ten minutes
and 10 GB of disk); figures of the others stay. Milliseconds differ from machine to machine;
compare the ratios, and figures of one run.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import (
    bench_api,
    bench_dashboard,
    bench_import,
    bench_llm,
    bench_orders,
    bench_photos,
    bench_retrieval,
    bench_search_scale,
    bench_start,
    bench_turn,
    bench_understanding,
)

RESULTS = Path(__file__).with_name("results.json")
ALL: dict[str, Callable[[], dict[str, float]]] = {
    "start": bench_start.run,
    "turn": bench_turn.run,
    "api": bench_api.run,
    "llm": bench_llm.run,
    "understanding": bench_understanding.run,
    "orders": bench_orders.run,
    "dashboard": bench_dashboard.run,
    "retrieval": bench_retrieval.run,
    "search_scale": bench_search_scale.run,
    "import": bench_import.run,
    "photos": bench_photos.run,
}


def main() -> None:
    """Run what was asked for, or all, and keep the figures beside those of before."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(ALL)}; default: all")
    parser.add_argument("--chunks", type=int, help="size of search_scale")
    options = parser.parse_args()
    if unknown := set(options.names) - ALL.keys():
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    chosen = dict(ALL)
    if options.chunks:
        chosen["search_scale"] = partial(bench_search_scale.run, options.chunks)
    kept = _read()
    for name in options.names or ALL:
        print(f"… {name}", flush=True)
        for figure, value in chosen[name]().items():
            kept[figure] = round(value, 2)
            print(f"{figure:36} {value:10.2f}", flush=True)
    about = {"date": date.today().isoformat(), "python": platform.python_version()}
    RESULTS.write_text(json.dumps({**about, "figures": kept}, indent=2) + "\n", "utf-8")


def _read() -> dict[str, float]:
    try:
        about: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(about["figures"])


if __name__ == "__main__":
    main()
