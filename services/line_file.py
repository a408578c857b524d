"""A file that only grows by whole lines, and is set aside when it has grown enough."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["LineFile"]

_TAIL = 262_144  # bytes of a file's end in which its last line ends
_BLOCK = 65_536  # bytes that are read at a time


class LineFile:
    """``path``, readable by its owner alone, with ``path.1`` (the newest) … ``path.N`` behind it.

    ``max_bytes`` 0 never rotates. Every method raises OSError.
    """

    def __init__(self, path: Path, *, max_bytes: int, files: int) -> None:
        self.path = path
        self._max_bytes, self._files = max_bytes, files

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from appending meanwhile."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(
            self.path.with_name(f".{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def append(self, lines: Sequence[str]) -> None:
        """Write ``lines`` (each with its line end) whole or not at all, rotating before it."""
        data = "".join(lines).encode()
        if self._max_bytes and self._size() > 0 and self._size() + len(data) > self._max_bytes:
            self._rotate()
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            before = _whole(file)
            try:
                _write(file, data)
            except OSError:
                os.ftruncate(file, before)  # half a line would spoil the next one
                raise
        finally:
            os.close(file)

    def newest(self) -> Iterator[str]:
        """Whole lines from the last one back, of the file and the one before it."""
        for path in (self.path, self._old(1)):
            try:
                with path.open("rb") as file:
                    for line in _backwards(file):
                        yield line.decode("utf-8", "replace")
            except FileNotFoundError:
                continue

    def exists(self) -> bool:
        """Whether anything was ever written."""
        return self.path.exists() or self._old(1).exists()

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def _rotate(self) -> None:
        file = os.open(self.path, os.O_RDWR)
        try:
            _whole(file)  # nobody mends it once it is set aside
        finally:
            os.close(file)
        self._old(self._files).unlink(missing_ok=True)
        for number in range(self._files - 1, 0, -1):
            if self._old(number).exists():
                self._old(number).replace(self._old(number + 1))
        if self._files:
            self.path.replace(self._old(1))
        else:
            self.path.unlink()

    def _old(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


def _whole(file: int) -> int:
    """The file's size without a line that a crash has left unfinished."""
    size = os.fstat(file).st_size
    if size == 0:
        return 0
    tail = os.pread(file, min(size, _TAIL), max(0, size - _TAIL))
    whole = size - len(tail) + tail.rfind(b"\n") + 1
    if whole != size:
        os.ftruncate(file, whole)
    return whole


def _backwards(file: BinaryIO) -> Iterator[bytes]:
    """A file's lines, the last one first, without what follows the last line end."""
    at, rest, unfinished = file.seek(0, os.SEEK_END), b"", True
    while at:
        size = min(_BLOCK, at)
        at -= size
        file.seek(at)
        rest, *lines = (file.read(size) + rest).split(b"\n")
        if lines and unfinished:
            lines.pop()
            unfinished = False
        yield from reversed(lines)
    if not unfinished:
        yield rest


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
