"""The store's commands: ``python -m store migrate | seed | export DIR | import DIR``, and
``import-products FILE`` and the like (see ``store.imports``), ``password EMAIL``,
``backup FILE``, ``restore FILE``.

A composition point: it may read the settings, and seeding comes from ``services``, which
knows the functions the seed needs. Exit status: 0 done, 1 refused or failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import settings as settings_table
from errors import AlreadyExists, SangdamError
from settings import Settings
from store import account_command, backup_command, transfer
from store.database import Database
from store.imports import commands as imports
from store.imports import order_command

__all__ = ["DATABASE_NAME", "main"]

DATABASE_NAME = "sangdam.db"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = settings_table.load()
        database = Database(settings.data_path / DATABASE_NAME)
        _run(options, settings, database)
    except SangdamError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"파일을 다룰 수 없습니다: {error}", file=sys.stderr)
    except sqlite3.DatabaseError as error:
        print(f"데이터베이스를 쓸 수 없습니다: {error}", file=sys.stderr)
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m store", description="상담 데이터베이스 도구")
    commands = parser.add_subparsers(dest="command", required=True, metavar="명령")
    commands.add_parser("migrate", help="데이터베이스를 만들거나 새 구조로 바꿉니다")
    seed = commands.add_parser("seed", help="시연용 상점을 만듭니다")
    seed.add_argument("--date", type=_day, help="오늘로 삼을 날짜(YYYY-MM-DD, 기본: 오늘)")
    seed.add_argument("--number", type=int, help="난수 씨앗(기본: 설정 seed)")
    seed.add_argument("--force", action="store_true", help="지금 자료를 모두 지우고 다시 만듭니다")
    out = commands.add_parser("export", help="모든 표를 CSV로 내보냅니다")
    out.add_argument("folder", type=Path, metavar="DIR", help="CSV를 둘 폴더")
    back = commands.add_parser("import", help="내보낸 CSV를 가져옵니다")
    back.add_argument("folder", type=Path, metavar="DIR", help="export로 만든 폴더")
    back.add_argument("--replace", action="store_true", help="지금 자료를 모두 지우고 가져옵니다")
    imports.add_parsers(commands)
    order_command.add_parser(commands)
    account_command.add_parsers(commands)
    backup_command.add_parsers(commands)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}은(는) 날짜가 아닙니다. 2026-11-21처럼 적어 주세요."
        ) from None


def _run(options: argparse.Namespace, settings: Settings, database: Database) -> None:
    if options.command in backup_command.COMMANDS:  # as it is: nothing is made or migrated
        backup_command.run(options, database)
        return
    database.prepare()
    if options.command == "migrate":
        print(f"데이터베이스가 준비되었습니다: {database.path}")
    elif options.command == "seed":
        _seed(options, settings, database)
    elif options.command in imports.COMMANDS:
        imports.run(options, database)
    elif options.command == order_command.COMMAND:
        order_command.run(options, database)
    elif options.command in account_command.COMMANDS:
        account_command.run(options, database)
    elif options.command == "export":
        _report("내보냈습니다", transfer.export(database, options.folder), options.folder)
    else:
        counts = transfer.import_(database, options.folder, replace=options.replace)
        _report("가져왔습니다", counts, options.folder)


def _seed(options: argparse.Namespace, settings: Settings, database: Database) -> None:
    from services import seed_demo

    if options.force:
        with database.write() as tx:
            transfer.empty(tx)
    report = seed_demo(settings, today=options.date, number=options.number, progress=_say)
    if report is None:
        raise AlreadyExists(
            "데이터베이스에 이미 자료가 있습니다. 모두 지우고 다시 만들려면 --force를 붙여 주세요."
        )
    print(
        f"시연용 상점을 만들었습니다({report.took_s:.1f}초): 계정 {report.users}, "
        f"상품 {report.products}, 주문 {report.orders}, 신청 {report.claims}, "
        f"문의 {report.tickets}, 대화 {report.conversations}"
    )


def _say(what: str, done: int, of: int) -> None:
    print(f"[{done}/{of}] {what}", file=sys.stderr)


def _report(done: str, counts: dict[str, int], folder: Path) -> None:
    for table, rows in counts.items():
        print(f"{table:18} {rows:>9,}")
    print(f"표 {len(counts)}개, {sum(counts.values()):,}행을 {done}: {folder}")


if __name__ == "__main__":
    sys.exit(main())
