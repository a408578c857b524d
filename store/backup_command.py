"""``python -m store backup FILE`` and ``python -m store restore FILE``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from store.backup import Report, backup, restore
from store.database import Database

__all__ = ["COMMANDS", "add_parsers", "run"]

COMMANDS = ("backup", "restore")
_SECRET = (
    "secret.key도 넣습니다. 이 열쇠를 가진 사람은 누구의 로그인이든 꾸며 낼 수 있어 보통은 "
    "빼 둡니다. 열쇠 없이 되살리면 모두 다시 로그인해야 합니다"
)


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands."""
    out = commands.add_parser("backup", help="서버가 도는 중에 자료를 파일 하나로 저장합니다")
    out.add_argument(
        "file", type=Path, metavar="FILE",
        help="만들 파일. .tar.gz나 .tgz로 끝나면 데이터베이스·사진·모은 정책을 모두, "
        "다른 이름이면 데이터베이스만 담습니다",
    )  # fmt: skip
    out.add_argument("--force", action="store_true", help="있는 파일을 바꿉니다")
    out.add_argument("--with-secret", action="store_true", help=_SECRET)
    back = commands.add_parser("restore", help="백업 파일로 되돌립니다(서버를 멈춘 뒤)")
    back.add_argument("file", type=Path, metavar="FILE", help="backup으로 만든 파일")
    back.add_argument(
        "--force",
        action="store_true",
        help="지금 자료를 바꿉니다. 있던 자료는 날짜를 붙인 이름으로 옆에 남습니다",
    )


def run(options: argparse.Namespace, database: Database) -> None:
    """Run either command; the database need not be prepared and is never migrated."""
    if options.command == "backup":
        report = backup(
            database, options.file, force=options.force, with_secret=options.with_secret,
            progress=_progress,
        )  # fmt: skip
        _tell(report, f"백업했습니다: {options.file}")
        return
    report = restore(database, options.file, force=options.force)
    if report.unsure:
        print(
            "주의: 있던 데이터베이스가 망가져 있어, 서버가 쓰고 있는지 확인하지 못했습니다. "
            "서버가 멈춰 있는지 확인해 주세요.",
            file=sys.stderr,
        )
    for kept in report.kept:
        print(f"있던 자료를 남겨 두었습니다: {kept}")
    _tell(report, f"되돌렸습니다: {database.path}")


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done / max(of, 1):4.0%}", end="" if done < of else "\n", file=sys.stderr)


def _tell(report: Report, done: str) -> None:
    for table, rows in report.rows.items():
        print(f"{table:22} {rows:>11,}")
    print(
        f"표 {len(report.rows)}개, {sum(report.rows.values()):,}행, 사진 {report.photos:,}장, "
        f"파일 {report.size_bytes / 2**20:,.1f} MB. {done}"
    )
