r"""Every table out to CSV files and back in, without loss.

One file a table, UTF-8, first line the columns' names, rows in order of the primary key, so
that two equal databases give equal files. NULL is written ``\N``; a text that itself begins
with a backslash gets one more in front. The list of migrations stays out: it belongs to the
database, not to the data; so do the search indexes and the dashboard's counts, which are made
anew.

The files hold personal data and password hashes; they are readable by their owner only.
"""

from __future__ import annotations

import csv
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from errors import BadInput, Conflict
from store import order_pages, product_index
from store.database import Database, Tx
from store.migrations import m001_first_schema, m013_dashboard

__all__ = ["empty", "export", "import_"]

_NULL = r"\N"
_NUMBERS = {"INTEGER": int, "FLOAT": float, "REAL": float}


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as the database knows it: columns with their types, primary key."""

    name: str
    types: dict[str, str]
    key: tuple[str, ...]


def export(database: Database, folder: Path) -> dict[str, int]:
    """Write every table to ``folder`` (made when missing); returns rows by table.

    All files show the same moment. Each appears whole or not at all; files of the same names
    are replaced. Raises OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    with database.read() as tx:
        for table in _tables(tx):
            columns = ", ".join(f'"{name}"' for name in table.types)
            order = ", ".join(f'"{name}"' for name in table.key) or "rowid"
            # A cursor rather than Tx.rows: a million messages do not fit in a list.
            found = tx.tables.conn.execute(f'select {columns} from "{table.name}" order by {order}')
            with _replacing(folder / f"{table.name}.csv") as stream:
                counts[table.name] = _write(stream, table, found)
    return counts


def import_(database: Database, folder: Path, *, replace: bool = False) -> dict[str, int]:
    """Read what :func:`export` wrote into a migrated database; returns rows by table.

    One transaction: a mistake anywhere leaves the database as it was. ``replace`` empties it
    first. What an older version did not know yet may be missing: such a table stays empty,
    such a column takes its default. Raises Conflict when it holds data and ``replace`` is not
    set, BadInput naming file and line for anything in the files that does not fit.
    """
    with database.write() as tx:
        tables = _tables(tx)
        first = _first_schema()
        _check_files(folder, tables, first)
        tx.execute("pragma defer_foreign_keys = on")
        if replace:
            empty(tx)
        else:
            _refuse_data(tx, tables)
        counts = {table.name: _read(tx, table, folder, first) for table in tables}
        product_index.fill(tx)
        m013_dashboard.fill(tx)
        _check_references(tx, tables)
    return counts


def empty(tx: Tx) -> None:
    """Delete every row of every table, the append-only audit included.

    Its trigger is taken away and put back inside the transaction, so no other connection
    ever sees the audit unprotected.
    """
    tx.execute("pragma defer_foreign_keys = on")
    triggers = tx.rows("select name, sql from sqlite_master where type = 'trigger' order by name")
    for trigger in triggers:
        tx.execute(f'drop trigger "{trigger["name"]}"')
    for table in _tables(tx):
        tx.execute(f'delete from "{table.name}"')
    product_index.clear(tx)
    order_pages.clear_index(tx)
    for statement in m013_dashboard.CLEAR:
        tx.execute(statement)
    for trigger in triggers:
        tx.execute(trigger["sql"])


def _tables(tx: Tx) -> list[_Table]:
    names = tx.rows(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite%' "
        "and name <> 'migrations' and name not like 'product_search%' "
        "and name not like 'order_search%' and name not like 'figures_%' order by name"
    )
    found = []
    for row in names:
        columns = tx.rows(f'pragma table_info("{row["name"]}")')
        keyed = sorted((c for c in columns if c["pk"]), key=lambda c: int(c["pk"]))
        found.append(
            _Table(
                row["name"],
                {c["name"]: c["type"].upper() for c in columns},
                tuple(c["name"] for c in keyed),
            )
        )
    return found


def _first_schema() -> dict[str, _Table]:
    """The tables with the columns that every export has, whatever version wrote it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        tx = Tx(connection, writable=True)
        m001_first_schema.apply(tx)
        return {table.name: table for table in _tables(tx)}


def _refuse_data(tx: Tx, tables: Sequence[_Table]) -> None:
    full = [t.name for t in tables if tx.value(f'select 1 from "{t.name}" limit 1')]
    if full:
        raise Conflict(
            f"데이터베이스에 이미 자료가 있어요({', '.join(full)}). 지금 자료를 모두 지우고 "
            "가져오려면 --replace를 붙여 다시 실행해 주세요. 먼저 export로 따로 저장해 두세요.",
            code="not_empty",
        )


# ── Writing ──────────────────────────────────────────────────────────────────


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """A stream whose text becomes ``path`` when all of it is on the disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _write(stream: TextIO, table: _Table, found: Iterable[Sequence[Any]]) -> int:
    # \r\n ends a line (RFC 4180); with it the writer also quotes a lone \r inside a text.
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(table.types)
    count = 0
    for row in found:
        writer.writerow([_encode(value, table) for value in row])
        count += 1
    return count


def _encode(value: object, table: _Table) -> str:
    if value is None:
        return _NULL
    if isinstance(value, str):
        return "\\" + value if value.startswith("\\") else value
    if isinstance(value, int | float):
        return repr(value)
    raise BadInput(f"{table.name} 표에 글이나 숫자가 아닌 값이 있어 내보낼 수 없어요.")


# ── Reading ──────────────────────────────────────────────────────────────────


def _check_files(folder: Path, tables: Sequence[_Table], first: dict[str, _Table]) -> None:
    if not folder.is_dir():
        raise BadInput(f"{folder} 폴더가 없어요. export로 만든 폴더를 적어 주세요.")
    wanted = {f"{table.name}.csv" for table in tables}
    there = {path.name for path in folder.glob("*.csv") if not path.name.startswith(".")}
    if not wanted & there:
        raise BadInput(f"{folder}에 export로 만든 파일이 하나도 없어요. 폴더를 확인해 주세요.")
    if missing := sorted({f"{name}.csv" for name in first} - there):
        raise BadInput(f"{folder}에 빠진 파일이 있어요: {', '.join(missing)}")
    if unknown := sorted(there - wanted):
        raise BadInput(
            f"{folder}에 모르는 표의 파일이 있어요: {', '.join(unknown)}. "
            "이 프로그램이 내보낸 파일만 두어 주세요."
        )


class _Rows:
    """The decoded rows of one file; ``line`` is where the row now being read begins."""

    def __init__(self, path: Path, table: _Table, needed: Iterable[str], stream: TextIO) -> None:
        self.path, self.table, self._needed = path, table, needed
        self._reader = csv.reader(stream, strict=True)
        self.line = 1
        self.count = 0
        self.columns = self._header()

    def __iter__(self) -> Iterator[list[Any]]:
        kinds = [(name, _NUMBERS.get(self.table.types[name])) for name in self.columns]
        while (fields := self._next()) is not None:
            if len(fields) != len(kinds):
                raise self.wrong(f"열이 {len(kinds)}개여야 하는데 {len(fields)}개예요")
            self.count += 1
            yield [self._decode(t, *kind) for t, kind in zip(fields, kinds, strict=True)]

    def wrong(self, what: str) -> BadInput:
        """The error for the row now being read."""
        return BadInput(f"{self.path} {self.line}번째 줄: {what}.", code="bad_csv")

    def _header(self) -> list[str]:
        header = self._next() or []
        known = self.table.types
        if missing := [name for name in self._needed if name not in header]:
            raise self.wrong(f"빠진 열이 있어요: {', '.join(missing)}")
        if unknown := [name for name in header if name not in known]:
            raise self.wrong(f"모르는 열이 있어요: {', '.join(unknown)}")
        if len(header) != len(set(header)):
            raise self.wrong("같은 열이 두 번 있어요")
        return header

    def _next(self) -> list[str] | None:
        self.line = self._reader.line_num + 1
        try:
            return next(self._reader, None)
        except (csv.Error, UnicodeDecodeError) as error:
            raise self.wrong(f"CSV로 읽을 수 없어요({error})") from error

    def _decode(self, text: str, name: str, number: type[int] | type[float] | None) -> Any:
        if text == _NULL:
            return None
        if number is None:
            if not text.startswith("\\"):
                return text
            if text.startswith("\\\\"):
                return text[1:]
            raise self.wrong(f"{name} 열의 {text!r}은(는) 알 수 없는 표시예요")
        try:
            return number(text)
        except ValueError:
            raise self.wrong(f"{name} 열에 숫자가 아닌 {text!r}이(가) 있어요") from None


def _read(tx: Tx, table: _Table, folder: Path, first: dict[str, _Table]) -> int:
    path = folder / f"{table.name}.csv"
    if not path.exists():  # an older version has no such table
        return 0
    needed = first.get(table.name, table).types
    # A spreadsheet program may have put a byte-order mark in front.
    with _long_fields(), open(path, encoding="utf-8-sig", newline="") as stream:
        rows = _Rows(path, table, needed, stream)
        columns = ", ".join(f'"{name}"' for name in rows.columns)
        marks = ", ".join("?" for _ in rows.columns)
        try:
            # executemany draws one row, writes it, draws the next: on an error rows.line is it.
            tx.tables.conn.executemany(
                f'insert into "{table.name}" ({columns}) values ({marks})', iter(rows)
            )
        except (sqlite3.IntegrityError, OverflowError) as error:
            raise rows.wrong(f"이 행을 넣을 수 없어요({error})") from error
    return rows.count


@contextmanager
def _long_fields() -> Iterator[None]:
    """Lift csv's limit of 131,072 characters a field: a stored reply may be longer."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _check_references(tx: Tx, tables: Sequence[_Table]) -> None:
    """Raises BadInput naming the first row that refers to nothing."""
    broken = tx.row("pragma foreign_key_check")
    if broken is None:
        return
    table = next(t for t in tables if t.name == broken["table"])
    keys = ", ".join(f'"{name}"' for name in table.key)
    links = tx.rows(f'pragma foreign_key_list("{table.name}")')
    link = next(one for one in links if one["id"] == broken["fkid"])
    parent = next(t for t in tables if t.name == link["table"])
    # The check names a rowid, which not every table has.
    there = f'select "{link["to"] or parent.key[0]}" from "{parent.name}"'
    row = tx.row(
        f'select {keys} from "{table.name}" where "{link["from"]}" is not null '
        f'and "{link["from"]}" not in ({there})'
    )
    assert row is not None  # the check has just found it
    which = ", ".join(f"{name} {value!r}" for name, value in row.items())
    raise BadInput(
        f"{table.name}.csv: {which} 행이 가리키는 {broken['parent']} 자료가 없어요.",
        code="bad_csv",
    )
