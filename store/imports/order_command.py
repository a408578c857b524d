"""``import-orders``: the order import on the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from store.database import Database
from store.imports import commands, order_mapping, orders

__all__ = ["COMMAND", "add_parser", "run"]

COMMAND = "import-orders"
MAPPINGS = Path(__file__).resolve().parents[2] / "data" / "mappings"


def add_parser(parsers: Any) -> None:
    """Add the command to ``argparse``'s subparsers."""
    ready = ", ".join(path.stem for path in sorted(MAPPINGS.glob("*.toml")))
    parser: argparse.ArgumentParser = parsers.add_parser(
        COMMAND, help="다른 쇼핑몰에서 내려받은 주문 파일(CSV)을 가져옵니다"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="주문 파일(.gz도 됩니다)")
    parser.add_argument(
        "--format", required=True, metavar="FORMAT", help=f"{ready} 또는 매핑 파일(.toml)의 경로"
    )


def run(options: argparse.Namespace, database: Database) -> None:
    """Run the command of ``options``; prints the report. Raises BadInput, OSError."""
    from tqdm import tqdm

    mapping = order_mapping.load(options.format, MAPPINGS)
    with (
        commands.bar(options.file, "csv") as progress,
        tqdm(desc="주문", unit="건", file=sys.stderr) as shown,
    ):

        def written(done: int, of: int) -> None:
            shown.total = of
            shown.update(done - shown.n)

        report = orders.import_orders(
            database, options.file, mapping, progress=progress, written=written
        )
    commands.show(report, "주문")
    if not (report.inserted or report.updated or report.rejected):
        print("변경 없음: 파일의 주문이 모두 이미 들어 있습니다.")
