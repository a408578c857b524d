"""Photos as files, one for each content: ``photos/<sha256>.jpg``, and a photo stored before that
``photos/<image_id>.jpg``.

Files come and go while the one transaction that writes is held: nobody can name a file that is
just being taken away, nor take away one that is just being named. A file is whole and flushed
before the record that names it commits, and goes only after the commit of what named it last;
whoever is killed in between leaves a file that nobody names, which :func:`sweep` takes away.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

from store.database import Database, Row, Tx

__all__ = ["drop_unnamed", "name_of", "path_of", "place", "stage", "sweep"]

STALE_S = 3600  # a part file this old belongs to nobody any more
_SWEPT_AT_ONCE = 500  # files looked at while writers wait


def name_of(row: Row) -> str:
    """An attachment's or a catalogue picture's file, without its ending."""
    return str(row.get("sha256") or row["image_id"])


def path_of(folder: Path, row: Row) -> Path:
    """Where an attachment's or a catalogue picture's JPEG lies."""
    return folder / f"{name_of(row)}.jpg"


def stage(folder: Path, data: bytes) -> Path:
    """Write ``data`` to a file of its own, flushed to the disk; :func:`place` makes it a photo.

    Outside any transaction: a disk takes its time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{secrets.token_hex(12)}.part"
    with part.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return part


def place(tx: Tx, folder: Path, part: Path, sha256: str) -> None:
    """Make a staged file the photo of this content; ``tx`` must be one that writes.

    One that is there already is put in its place again: equal bytes, or a damaged file healed.
    """
    assert tx.writable, "files come and go one at a time"
    part.replace(folder / f"{sha256}.jpg")
    at = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(at)  # the name, too, must survive a power loss
    finally:
        os.close(at)


def drop_unnamed(database: Database, folder: Path, names: Iterable[str]) -> int:
    """Delete those of these files that no record names any more; returns how many.

    After the commit of what named them: a record never names a file that is gone.
    """
    wanted = sorted(set(names))
    if not wanted:
        return 0
    with database.write(durable=False) as tx:
        gone = [folder / f"{name}.jpg" for name in wanted if not _named(tx, name)]
        found = [path for path in gone if path.exists()]
        for path in found:
            path.unlink(missing_ok=True)
    return len(found)


def sweep(database: Database, folder: Path) -> int:
    """Delete the files nobody names, and what was staged and never placed; returns how many."""
    if not folder.is_dir():
        return 0
    names, swept = list[str](), 0
    for entry in os.scandir(folder):
        if entry.name.endswith(".part"):
            swept += _drop_stale(Path(entry.path))
        elif entry.name.endswith(".jpg") and entry.is_file(follow_symlinks=False):
            names.append(entry.name.removesuffix(".jpg"))
    with database.read() as tx:
        names = [name for name in names if not _named(tx, name)]
    for first in range(0, len(names), _SWEPT_AT_ONCE):
        swept += drop_unnamed(database, folder, names[first : first + _SWEPT_AT_ONCE])
    return swept


def _drop_stale(part: Path) -> int:
    try:
        if time.time() - part.stat().st_mtime < STALE_S:
            return 0
        part.unlink()
    except FileNotFoundError:
        return 0
    return 1


def _named(tx: Tx, name: str) -> bool:
    return bool(
        tx.value(
            "select exists (select 1 from attachments where sha256 = :name) "
            "or exists (select 1 from attachments where image_id = :name and sha256 is null) "
            "or exists (select 1 from product_photos where sha256 = :name)",
            {"name": name},
        )
    )
