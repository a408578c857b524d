"""``import-products`` and ``import-reviews``: a progress bar, a report, the first bad rows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errors import BadInput
from store.database import Database
from store.imports import products, reviews
from store.imports.reading import ImportReport, Progress, format_of

__all__ = ["COMMANDS", "add_import", "add_parsers", "bar", "run", "show"]

COMMANDS: dict[str, tuple[Callable[..., ImportReport], str]] = {
    "import-products": (products.import_products, "상품"),
    "import-reviews": (reviews.import_reviews, "후기"),
}


def add_parsers(commands: Any) -> None:
    """Add the commands to ``argparse``'s subparsers."""
    for name, (_, what) in COMMANDS.items():
        add_import(commands, name, f"{what} 파일(CSV, JSONL, Parquet)을 가져옵니다")


def add_import(commands: Any, name: str, help_text: str) -> argparse.ArgumentParser:
    """A command that takes a file, its format and its source."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_text)
    parser.add_argument("file", type=Path, metavar="FILE", help="파일(.gz도 됩니다)")
    parser.add_argument(
        "--format", choices=("csv", "jsonl", "parquet"), help="형식(기본: 파일 이름으로 압니다)"
    )
    parser.add_argument("--source", help="어디에서 온 자료인지 적는 이름")
    return parser


def run(options: argparse.Namespace, database: Database) -> None:
    """Run the command of ``options``; prints the report. Raises BadInput, OSError."""
    importer, what = COMMANDS[options.command]
    with bar(options.file, options.format) as progress:
        report = importer(
            database, options.file, format=options.format, source=options.source,
            progress=progress,
        )  # fmt: skip
    show(report, what)


@contextmanager
def bar(path: Path, format: Any = None) -> Iterator[Progress]:
    """A progress bar on stderr: bytes of the file, or rows of a Parquet file."""
    from tqdm import tqdm

    rows = format_of(path, format) == "parquet"
    with tqdm(
        desc=path.name, unit="행" if rows else "B", unit_scale=not rows, file=sys.stderr
    ) as shown:

        def tell(done: int, of: int) -> None:
            shown.total = of
            shown.update(done - shown.n)

        yield tell


def show(report: ImportReport, what: str) -> None:
    """Print the report, and the first bad rows on stderr. Raises BadInput when all are bad."""
    for line in report.shown:
        print(line, file=sys.stderr)
    rest = report.rejected - len(report.shown)
    if rest > 0:
        print(f"그 밖에 {rest:,}행을 더 가져오지 못했습니다.", file=sys.stderr)
    if report.rejects_path is not None:
        print(
            f"가져오지 못한 {report.rejected:,}행을 모두 여기에 적었습니다: {report.rejects_path}",
            file=sys.stderr,
        )
    if report.rejected and report.rejected == report.rows:
        raise BadInput("쓸 수 있는 행이 하나도 없습니다. 위의 이유를 보고 파일을 고쳐 주세요.")
    print(
        f"{what} 가져오기를 마쳤습니다({report.took_s:.1f}초): 파일 {report.rows:,}행, "
        f"추가 {report.inserted:,}, 변경 {report.updated:,}, 그대로 {report.unchanged:,}, "
        f"제외 {report.rejected:,}행"
    )
