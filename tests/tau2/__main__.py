"""``python -m tests.tau2 --db db.json --tasks train.json``: one line for each task that differs.

Exit status 0 when all tasks are equal, 1 when one is not, 2 for a file that cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.tau2.replay import replay


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.tau2", description=__doc__)
    parser.add_argument("--db", type=Path, required=True, help="products, users and orders")
    parser.add_argument("--tasks", type=Path, required=True, help="actions and what they change")
    given = parser.parse_args(arguments)
    shop, tasks = _read(parser, given.db), _read(parser, given.tasks)
    equal = 0
    for report in replay(shop, tasks):
        equal += report.equal
        if not report.equal:
            print(report, flush=True)
    print(f"{equal} of {len(tasks)} tasks equal")
    return 0 if equal == len(tasks) else 1


def _read(parser: argparse.ArgumentParser, path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"{path} cannot be read: {error}")


if __name__ == "__main__":
    sys.exit(main())
