"""``make bench``: every benchmark, its figures printed and kept in ``results.json``.

Milliseconds differ from machine to machine; compare the ratios, and figures of one run.
"""

from __future__ import annotations

import json
import platform
from datetime import date
from pathlib import Path

from benchmarks import bench_import, bench_orders, bench_retrieval, bench_start, bench_turn

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Run all and write the results."""
    figures: dict[str, float] = {}
    for bench in (bench_start, bench_turn, bench_orders, bench_retrieval, bench_import):
        print(f"… {bench.__name__}", flush=True)
        for name, value in bench.run().items():
            figures[name] = round(value, 2)
            print(f"{name:32} {value:10.2f}", flush=True)
    about = {"date": date.today().isoformat(), "python": platform.python_version()}
    RESULTS.write_text(json.dumps({**about, "figures": figures}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
