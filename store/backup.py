"""A copy of the shop for bad days, and the way back.

A backup is made while the server runs: SQLite's own backup in steps, from one moment's
snapshot, checked before it gets its name. A file that ends in ``.tar.gz`` or ``.tgz`` holds
the data folder's state (database, photos, collected policies), any other the database alone.
Search indexes and models stay out: they are made anew from these.

Restoring needs the server stopped. Whether it is, SQLite itself tells: a database whose
write-ahead log can be closed is open nowhere else (the server keeps one connection open for
as long as it lives, see :func:`hold`; a killed server's is gone with it). Everything is
checked aside first, then put in place by renaming; what was there before stays beside it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from errors import AlreadyExists, BadInput, Conflict, NotFound
from store.archive import DATABASE, PHOTOS, POLICIES, SECRET, SUFFIXES, pack, unpack
from store.database import Database
from store.migrations import MIGRATIONS

__all__ = ["Report", "backup", "hold", "restore"]

PAGES = 2000  # copied at once (8 MB); in between others get at the disk
PAUSE_S = 0.005
Progress = Callable[[int, int], None]
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


@dataclass(frozen=True, slots=True)
class Report:
    """What was copied: rows by table, photos, bytes of the backup file.

    ``kept`` are the pieces that were there before a restore, under their new names;
    ``unsure`` says that the old database was damaged and could not tell who uses it.
    """

    rows: dict[str, int]
    photos: int
    size_bytes: int
    kept: tuple[Path, ...] = ()
    unsure: bool = False


def hold(database: Database) -> sqlite3.Connection:
    """A connection to keep for as long as the process uses the database, and never to use.

    It tells others that the database is in use, and spares SQLite closing and removing the
    write-ahead log whenever the last unit of work ends. The database must be prepared.
    """
    connection = sqlite3.connect(database.path, check_same_thread=False, isolation_level=None)
    connection.execute("select 1 from migrations limit 1").fetchone()  # opens the file
    return connection


# ── backup ───────────────────────────────────────────────────────────────────


def backup(
    database: Database,
    target: Path,
    *,
    force: bool = False,
    with_secret: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Write ``target``, readable by its owner only; it appears whole or not at all.

    ``progress`` gets (pages done, pages in all). Raises NotFound without a database,
    AlreadyExists when ``target`` is there and ``force`` is not set, BadInput when the copy
    is damaged or ``with_secret`` is asked of a database alone, OSError.
    """
    folder = database.path.parent
    whole = target.name.endswith(SUFFIXES)
    if not database.path.is_file():
        raise NotFound(f"{database.path} 데이터베이스가 없습니다. 설정 data_dir을 확인해 주세요.")
    if with_secret and not whole:
        raise BadInput("--with-secret은 .tar.gz로 끝나는 파일에만 쓸 수 있습니다.")
    if target.exists() and not target.is_file():  # a folder, or a device that renaming would end
        raise BadInput(f"{target}은(는) 보통 파일이 아닙니다. 만들 파일의 이름을 적어 주세요.")
    if target.exists() and not force:
        raise AlreadyExists(f"{target} 파일이 이미 있습니다. 바꾸려면 --force를 붙여 주세요.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _aside(target.parent, target.name) as aside:
        part, photos = aside / DATABASE, 0
        _copy(database.path, part, progress or (lambda done, of: None))
        rows = _check(part)
        if whole:
            part, photos = pack(aside / "whole", part, folder, with_secret=with_secret)
        _flush(part)
        size = part.stat().st_size
        part.replace(target)
    _flush(target.parent)
    return Report(rows, photos, size)


def _copy(source: Path, target: Path, progress: Progress) -> None:
    """One moment's state of ``source``, while others write."""
    with (
        closing(sqlite3.connect(source, isolation_level=None)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        # Held open: else every commit of somebody else would begin the copying anew.
        live.execute("begin")
        live.execute("select 1 from sqlite_master limit 1").fetchone()
        live.backup(
            copy, pages=PAGES, sleep=PAUSE_S,
            progress=lambda _status, left, of: progress(of - left, of),
        )  # fmt: skip
        copy.execute("pragma journal_mode = delete")  # one file, nothing beside it
    target.chmod(0o600)


# ── restore ──────────────────────────────────────────────────────────────────


def restore(database: Database, source: Path, *, force: bool = False) -> Report:
    """Put a backup in place of the database (and photos, policies where it holds them).

    With ``force`` what is there already is kept beside, under a name with date and time.
    The server's next start brings an older schema up to date. Raises NotFound, BadInput for
    a file that is no backup or is damaged, Conflict ("newer_schema", "in_use", "not_empty"),
    OSError; then everything is as it was.
    """
    folder = database.path.parent
    if not source.is_file():
        raise NotFound(f"{source} 파일이 없습니다.")
    if not force:
        _refuse_data(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _aside(folder, "restore") as aside:
        photos = _lay_out(source, aside)
        rows = _check(aside / DATABASE)
        with _nobody_uses(database.path) as unsure:
            kept = _put_in_place(aside, folder)
    _flush(folder)
    return Report(rows, photos, source.stat().st_size, tuple(kept), unsure)


def _refuse_data(folder: Path) -> None:
    there = [name for name in (DATABASE, PHOTOS, POLICIES) if (folder / name).exists()]
    if there:
        raise Conflict(
            f"{folder}에 이미 자료가 있습니다({', '.join(there)}). 바꾸려면 --force를 붙여 주세요. "
            "지금 자료는 날짜를 붙인 이름으로 옆에 남겨 둡니다.",
            code="not_empty",
        )


def _lay_out(source: Path, aside: Path) -> int:
    """The backup's pieces in ``aside``; returns the photos among them."""
    with source.open("rb") as file:
        head = file.read(16)
    if head[:2] == b"\x1f\x8b":
        return unpack(source, aside)
    if head != b"SQLite format 3\x00":
        raise BadInput(f"{source}은(는) 백업 파일이 아닙니다. backup으로 만든 파일을 적어 주세요.")
    shutil.copyfile(source, aside / DATABASE)
    (aside / DATABASE).chmod(0o600)
    return 0


@contextmanager
def _nobody_uses(path: Path) -> Iterator[bool]:
    """Hold ``path`` locked for the block; gives whether it is too damaged to tell.

    Raises Conflict when another process has it open.
    """
    if not path.is_file():
        yield False
        return
    with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as connection:
        try:
            # Leaving the write-ahead log works for the only connection alone; what stands in
            # the log goes into the file, so that the one that is kept is whole.
            mode = connection.execute("pragma journal_mode = delete").fetchone()[0]
            connection.execute("begin exclusive")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in _DAMAGED:
                mode = "busy"
            else:
                yield True
                return
        if mode != "delete":
            raise Conflict(
                "데이터베이스를 다른 프로그램이 쓰고 있습니다. 서버를 멈춘 뒤 다시 실행해 주세요.",
                code="in_use",
            )
        yield False


def _put_in_place(aside: Path, folder: Path) -> list[Path]:
    """Rename piece by piece, the database last; what was there gets a name with the date."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = []
    for name in (SECRET, POLICIES, PHOTOS, DATABASE):
        new, place = aside / name, folder / name
        if not new.exists():
            continue
        old = _free(folder / f"{name}.before-{stamp}")
        if name == DATABASE:
            kept += _keep_database(place, old)
        elif place.exists():
            place.rename(old)
            kept.append(old)
        if new.is_file():
            _flush(new)
        new.replace(place)
    return kept


def _keep_database(place: Path, old: Path) -> list[Path]:
    """A second name for the old file, so that at no moment there is none."""
    for tail in ("-wal", "-shm"):  # left where the old file is damaged; the new one has none
        if Path(f"{place}{tail}").exists():
            Path(f"{place}{tail}").rename(f"{old}{tail}")
    if not place.exists():
        return []
    try:
        os.link(place, old)
    except OSError:  # a file system without links
        shutil.copy2(place, old)
    return [old]


def _free(path: Path) -> Path:
    number, free = 1, path
    while free.exists():
        number, free = number + 1, path.with_name(f"{path.name}-{number + 1}")
    return free


# ── both ─────────────────────────────────────────────────────────────────────


def _check(path: Path) -> dict[str, int]:
    """Rows by table of a sound database of ours. Raises BadInput, Conflict("newer_schema")."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            found = connection.execute("pragma integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise BadInput(f"데이터베이스가 망가졌습니다({found}).", code="damaged")
            rows = _rows(connection)
            names = {row[0] for row in connection.execute("select name from migrations")}
    except sqlite3.DatabaseError as error:
        raise BadInput(f"상담 데이터베이스로 읽을 수 없습니다({error}).", code="damaged") from error
    known = {name for name, _ in MIGRATIONS}
    if unknown := sorted(names - known):
        raise Conflict(
            f"더 새로운 판에서 만든 자료입니다(모르는 구조 변경: {', '.join(unknown)}). "
            "그 판 이상의 프로그램으로 올린 뒤 다시 실행해 주세요.",
            code="newer_schema",
        )
    return rows


def _rows(connection: sqlite3.Connection) -> dict[str, int]:
    names = connection.execute(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite%' "
        "and name not like 'product_search%' and name not like 'order_search%' order by name"
    )
    return {
        name: int(connection.execute(f'select count(*) from "{name}"').fetchone()[0])
        for (name,) in names.fetchall()
    }


@contextmanager
def _aside(folder: Path, name: str) -> Iterator[Path]:
    """A folder of ours beside the target: on the same disk, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}.") as aside:
        yield Path(aside)


def _flush(path: Path) -> None:
    """Have what was written to a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
