"""Rows of an export laid down by order number, so that an order's rows need not be together.

They go to a temporary database on the disk: memory stays small whatever the file's size, and
a total can be checked against all lines of its order wherever they stand.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from store.imports.reading import Raw, Rejects

__all__ = ["Stage", "WatchedRejects"]

LONGEST_NUMBER = 60  # characters of an order number


class Stage:
    """The rows of one file. A context manager; what it holds is gone afterwards."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)  # SQLite's own temporary file
        self._file.execute("create table rows (number text, line integer, raw text)")
        self._file.execute("create table broken (piece text primary key, line integer)")
        self._file.execute("begin")

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, number: str, line: int, row: Raw) -> None:
        """Lay down a row of an order."""
        self._file.execute(
            "insert into rows values (?, ?, ?)", (number, line, json.dumps(row, ensure_ascii=False))
        )

    def add_broken(self, line: int, raw: str) -> None:
        """Remember that some order has a row that could not be read."""
        pieces = set(re.split(r'[,\t;"\s]+', raw))
        self._file.executemany(
            "insert or ignore into broken values (?, ?)",
            ((piece, line) for piece in pieces if 0 < len(piece) <= LONGEST_NUMBER),
        )

    def count(self) -> int:
        """How many orders there are."""
        self._file.execute("create index if not exists ix_rows on rows (number, line)")
        found = self._file.execute("select count(distinct number) from rows").fetchone()
        return int(found[0])

    def orders(self) -> Iterator[tuple[list[tuple[int, Raw]], int | None]]:
        """Every order's rows with their lines, and the line of one that could not be read.

        Orders come in the order of their first rows.
        """
        self._file.execute("create index if not exists ix_rows on rows (number, line)")
        numbers = self._file.execute(
            "select number, (select line from broken where piece = number) from rows "
            "group by number order by min(line)"
        )
        for number, broken in numbers:
            rows: list[tuple[int, Any]] = self._file.execute(
                "select line, raw from rows where number = ? order by line", (number,)
            ).fetchall()
            yield [(line, json.loads(raw)) for line, raw in rows], broken


class WatchedRejects(Rejects):
    """Rejects that count the rows that could not be read, and tell the stage of them."""

    def __init__(self, source: Path, stage: Stage) -> None:
        super().__init__(source)
        self._stage = stage
        self.unread = 0

    def add(self, line: int, reason: str, raw: object) -> None:
        """Keep a row."""
        super().add(line, reason, raw)
        if isinstance(raw, str):
            self.unread += 1
            self._stage.add_broken(line, raw)
