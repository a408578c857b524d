"""The small handle every repository goes through.

A :class:`Database` opens one connection per unit of work: ``read()`` for looking,
``write()`` for a ``BEGIN IMMEDIATE`` transaction. Both give a :class:`Tx`, the only
object repositories know, so another engine can stand beside SQLite.

Measured on this stack: sharing a connection over threads raises ProgrammingError, and a
plain ``BEGIN`` for read-modify-write loses 363 of 400 races to "database is locked";
``BEGIN IMMEDIATE`` with a 10 s timeout loses none.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlite_utils

from errors import Unavailable

__all__ = ["Database", "Row", "Tx", "dump", "load"]

Row = dict[str, Any]
BUSY_TIMEOUT_S = 10.0
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: Any) -> str:
    """JSON text as the store keeps it: Korean readable, keys in the order given."""
    return _JSON.encode(value)


def load(text: str | None, default: Any = None) -> Any:
    """The value of a JSON column; ``default`` for NULL or an empty string."""
    return json.loads(text) if text else default


class Tx:
    """One unit of work on one connection."""

    __slots__ = ("_connection", "writable")

    def __init__(self, connection: sqlite3.Connection, *, writable: bool) -> None:
        self._connection = connection
        self.writable = writable

    @property
    def tables(self) -> sqlite_utils.Database:
        """The same connection as a sqlite-utils database, for schema and bulk work."""
        return sqlite_utils.Database(self._connection)

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """All rows of a query as dictionaries."""
        cursor = self._connection.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def row(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        cursor = self._connection.execute(sql, parameters)
        first = cursor.fetchone()
        if first is None:
            return None
        return dict(zip((column[0] for column in cursor.description), first, strict=True))

    def value(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        """The first column of the first row, or None."""
        first = self._connection.execute(sql, parameters).fetchone()
        return None if first is None else first[0]

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """Run a writing statement inside the transaction; returns the rows it touched."""
        return self._connection.execute(sql, parameters).rowcount

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Insert one row. Names come from code, never from input; values are bound."""
        columns = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" for _ in row)
        self._connection.execute(
            f'insert into "{table}" ({columns}) values ({marks})', list(row.values())
        )

    def insert_many(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Insert rows given as tuples in the order of ``columns``; one prepared statement."""
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" for _ in columns)
        self.execute_many(f'insert into "{table}" ({names}) values ({marks})', rows)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one writing statement for every row of parameters, drawn one by one."""
        self._connection.executemany(sql, rows)

    def update(self, table: str, key: Mapping[str, Any], changes: Mapping[str, Any]) -> int:
        """Set ``changes`` where every column of ``key`` matches; returns the rows touched."""
        sets = ", ".join(f'"{name}" = ?' for name in changes)
        where = " and ".join(f'"{name}" = ?' for name in key)
        return self.execute(
            f'update "{table}" set {sets} where {where}', [*changes.values(), *key.values()]
        )


class Database:
    """An SQLite file in WAL mode. Cheap to make; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A unit of work that only looks; sees one consistent snapshot."""
        with closing(self._connect()) as connection:
            connection.execute("pragma query_only = on")  # a write here is a bug, not a no-op
            connection.execute("begin")
            yield Tx(connection, writable=False)

    @contextmanager
    def write(self, *, durable: bool = True, wait_s: float = BUSY_TIMEOUT_S) -> Iterator[Tx]:
        """A transaction that either happens whole or not at all.

        ``durable`` flushes to the disk before returning (survives a power loss); without
        it a commit survives the death of the process only, at a fraction of the time.
        Raises :class:`errors.Unavailable` when another writer holds the file over ``wait_s``.
        """
        with closing(self._connect(wait_s)) as connection:
            connection.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
            try:
                connection.execute("begin immediate")
            except sqlite3.OperationalError as error:
                raise Unavailable("지금 이용이 많아요. 잠시 뒤 다시 시도해 주세요.") from error
            try:
                yield Tx(connection, writable=True)
            except BaseException:
                connection.rollback()
                raise
            connection.execute("commit")

    def _connect(self, wait_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=wait_s, isolation_level=None, check_same_thread=True
        )
        connection.execute("pragma foreign_keys = on")
        return connection

    def check(self) -> None:
        """Look at a row. Raises sqlite3.Error when the file is not there or not ours."""
        with self.read() as tx:
            tx.value("select name from migrations limit 1")

    def prepare(self) -> None:
        """Make the folder and the file, switch to WAL, run the migrations that are due."""
        from store import migrations

        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as connection:
            _switch_to_wal(connection)
        with self.write() as tx:
            migrations.apply(tx)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch once for all time; SQLite does not wait for a lock here, so we do."""
    for _ in range(int(BUSY_TIMEOUT_S / 0.02)):
        try:
            if connection.execute("pragma journal_mode = wal").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError:
            time.sleep(0.02)  # another process starts at the same moment
    raise Unavailable("데이터베이스를 열 수 없어요. 다른 프로그램이 쓰고 있는지 확인해 주세요.")
