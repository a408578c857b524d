"""Rows of a CSV, JSONL or Parquet file of any size, one at a time, with their line numbers.

Nothing here holds more than one row (or one Parquet batch) in memory. What cannot be read
goes to :class:`Rejects` with its line and the reason; the rest is yielded as
``(line_number, row)`` with the columns' names made canonical by :class:`Columns`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

from errors import BadInput
from store.imports import text_lines
from store.imports.text_lines import Lines
from store.imports.values import BadValue

__all__ = [
    "Columns", "Format", "ImportReport", "Progress", "Rejects", "batches", "format_of",
    "read_rows",
]  # fmt: skip

Format = Literal["csv", "jsonl", "parquet"]
Raw = dict[str, Any]
Progress = Callable[[int, int], None]  # (done, of): bytes of the file, or rows of Parquet
Check = Callable[[Raw], object]  # raises BadValue for a row that cannot be used
T = TypeVar("T")

SHOWN_REJECTS = 20
PARQUET_BATCH_ROWS = 2000
TELL_EVERY_ROWS = 500
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".json": "jsonl", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, in rows of the file; ``took_s`` in seconds.

    ``rejects_path`` is None when every row was taken. ``shown`` are the first rejected rows
    as Korean lines.
    """

    rows: int
    inserted: int
    updated: int
    unchanged: int
    rejected: int
    took_s: float
    rejects_path: Path | None
    shown: tuple[str, ...] = ()


class Rejects:
    """Keeps the rows that could not be used, all of them, in ``FILE.rejected.jsonl``.

    Each line is ``{"line": 3, "reason": "…", "raw": …}``. The file of an earlier run is
    replaced, and removed when nothing is rejected. Used as a context manager.
    """

    def __init__(self, source: Path) -> None:
        self.path = source.with_name(source.name + ".rejected.jsonl")
        self.count = 0
        self.shown: list[str] = []
        self._file: IO[str] | None = None

    def __enter__(self) -> Rejects:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, line: int, reason: str, raw: object) -> None:
        """Keep one row; ``reason`` is Korean, ``raw`` what stood in the file."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace")
        entry = {"line": line, "reason": reason, "raw": raw}
        self._file.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
        self.count += 1
        if len(self.shown) < SHOWN_REJECTS:
            self.shown.append(f"{line}행: {reason}")

    def report(
        self, *, rows: int, inserted: int, updated: int, unchanged: int, took_s: float
    ) -> ImportReport:
        """The report of an import that rejected what is kept here."""
        path = self.path if self.count else None
        return ImportReport(
            rows, inserted, updated, unchanged, self.count, took_s, path, tuple(self.shown)
        )


@dataclass(slots=True)
class Columns:
    """Which column is which: alias → canonical name, and the names that must be there.

    Case and blanks around a name do not count. A canonical name in the file wins over its
    aliases; of two aliases the first wins. Unknown columns keep their own name.
    """

    aliases: Mapping[str, str]
    required: Sequence[str] = ()
    _known: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    def names(self, header: Sequence[str]) -> list[str]:
        """The canonical names of a header."""
        plain = [name.strip().lower() for name in header]
        taken = set(plain) & set(self.aliases.values())
        names = []
        for name in plain:
            wanted = self.aliases.get(name, name)
            if wanted != name and wanted in taken:
                wanted = name
            taken.add(wanted)
            names.append(wanted)
        return names

    def header(self, header: Sequence[str]) -> list[str]:
        """:meth:`names` of a whole file. Raises BadInput for missing or repeated columns."""
        names = self.names(header)
        missing = [name for name in self.required if name not in names]
        if missing:
            raise BadInput(
                f"꼭 있어야 하는 열이 없습니다: {', '.join(missing)}. "
                f"파일의 열: {', '.join(header) or '없음'}. 첫 줄에 열 이름을 적어 주세요."
            )
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if twice:
            raise BadInput(f"같은 열이 두 번 있습니다: {', '.join(twice)}. 하나만 남겨 주세요.")
        return names

    def row(self, raw: Raw) -> Raw:
        """A JSON row under its canonical names."""
        keys = tuple(raw)
        names = self._known.get(keys)
        if names is None:
            if len(self._known) > 256:  # every row has keys of its own: remember none
                self._known.clear()
            names = self._known[keys] = self.names(keys)
        return dict(zip(names, raw.values(), strict=True))


def format_of(path: Path, wanted: Format | None = None) -> Format:
    """The format by the file's name (``.gz`` left out). Raises BadInput for an unknown one."""
    name = Path(path.stem) if path.suffix.lower() == ".gz" else path
    found = wanted or _SUFFIXES.get(name.suffix.lower())
    if found is None:
        raise BadInput(
            f"{path.name}의 형식을 알 수 없습니다. --format csv, jsonl, parquet 가운데 하나를 "
            "붙여 주세요."
        )
    return found


def read_rows(
    path: Path,
    columns: Columns,
    rejects: Rejects,
    *,
    format: Format | None = None,
    progress: Progress | None = None,
    check: Check | None = None,
) -> Iterator[tuple[int, Raw]]:
    """Every readable row with its line number (1-based; a Parquet row's own number).

    CSV values are text (UTF-8 with or without BOM, or CP949; comma, tab or semicolon), JSON
    and Parquet values keep their types, NaN is None. An empty file has no rows. ``check``
    judges a CSV row whose quotes span lines: does it hold other rows, only its first line is
    rejected and the rest read again. Raises BadInput for a header without the required
    columns or a damaged file, OSError for one that cannot be opened.
    """
    found = format_of(path, format)
    tell = progress or (lambda done, of: None)
    if found == "parquet":
        yield from _parquet(path, columns, tell)
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            lines = Lines(_unpacked(file))
            if found == "csv":
                rows = _csv(lines, columns, rejects, check or (lambda row: None))
            else:
                rows = _jsonl(lines, rejects)
            for number, (line, row) in enumerate(rows, 1):
                if number % TELL_EVERY_ROWS == 0:
                    tell(file.tell(), size)
                yield line, columns.row(row) if found == "jsonl" else row
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise BadInput(f"{path.name}의 압축이 깨져 있습니다: {error}") from error
    tell(size, size)


def batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """``rows`` in lists of at most ``size``."""
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch


def _unpacked(file: IO[bytes]) -> io.BufferedIOBase:
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    if packed:
        return io.BufferedReader(gzip.GzipFile(fileobj=file), 1 << 16)
    assert isinstance(file, io.BufferedIOBase)
    return file


def _jsonl(lines: Lines, rejects: Rejects) -> Iterator[tuple[int, Raw]]:
    load = json.JSONDecoder(parse_constant=lambda _: None).decode
    for number, data, too_long in lines:
        text = lines.text(data)
        if not text.strip() and not too_long:
            continue
        reason = text_lines.TOO_LONG if too_long else text_lines.unreadable(text, lines.encoding)
        if not reason:
            try:
                row = load(text)
                if "\\u" in text:
                    json.dumps(row, ensure_ascii=False).encode()  # half of a surrogate pair
            except (ValueError, RecursionError) as error:
                reason = f"JSON으로 읽을 수 없습니다({error})"
            else:
                if isinstance(row, dict):
                    yield number, row
                    continue
                reason = "한 줄에 JSON 객체({…}) 하나가 있어야 합니다"
        rejects.add(number, reason, text)


def _csv(
    lines: Lines, columns: Columns, rejects: Rejects, check: Check
) -> Iterator[tuple[int, Raw]]:
    source = text_lines.CsvLines(lines)
    delimiter = source.delimiter()
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    names: list[str] | None = None
    while True:
        source.start_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            spans = source.later
            source.put_back()
            reason = text_lines.UNCLOSED if spans else f"CSV로 읽을 수 없습니다({error})"
            rejects.add(source.first, reason, source.raw())
            continue
        if not any(cells):
            continue
        if names is None:
            names = columns.header(cells)
            continue
        reason = text_lines.unreadable("".join(cells), lines.encoding)
        if not reason and len(cells) > len(names):
            reason = f"칸이 {len(cells)}개로 머리글의 {len(names)}개보다 많습니다"
        # Half of a row that was torn at a line's end; other short rows end with empty cells.
        torn = source.later or (source.again and '"' in source.raw())
        if not reason and torn and len(cells) < len(names):
            reason = f"칸이 {len(cells)}개로 머리글의 {len(names)}개보다 적습니다"
        cells += [""] * (len(names) - len(cells))
        if source.later and (reason or _holds_rows(source.later, cells, names, delimiter, check)):
            source.put_back()
            reason = text_lines.UNCLOSED
        if reason:
            rejects.add(source.first, reason, source.raw())
            continue
        yield source.first, dict(zip(names, cells, strict=True))


def _holds_rows(
    later: Iterable[str], cells: list[str], names: list[str], delimiter: str, check: Check
) -> bool:
    """Whether a stray quote made one row of several: a later line is a row by itself.

    It must be one that can be used, or the whole one that cannot.
    """
    usable = _passes(check, names, cells)
    for line in later:
        try:
            alone = next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        if len(alone) == len(names) and (not usable or _passes(check, names, alone)):
            return True
    return False


def _passes(check: Check, names: list[str], cells: list[str]) -> bool:
    try:
        check(dict(zip(names, cells, strict=True)))
    except BadValue:
        return False
    return True


def _parquet(path: Path, columns: Columns, tell: Progress) -> Iterator[tuple[int, Raw]]:
    import pyarrow.lib
    import pyarrow.parquet

    if not path.stat().st_size:
        return
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names, total, done = columns.header(file.schema_arrow.names), file.metadata.num_rows, 0
            for batch in file.iter_batches(PARQUET_BATCH_ROWS):
                for values in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                    done += 1
                    row = dict(zip(names, values, strict=True))
                    yield done, {k: None if v != v else v for k, v in row.items()}
                tell(done, total)
    except pyarrow.lib.ArrowException as error:
        raise BadInput(f"{path.name} 파일을 Parquet으로 읽을 수 없습니다: {error}") from error
