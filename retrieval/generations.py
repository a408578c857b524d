"""Generations of the index on disk: readers see one whole generation or none.

policy_index/
├── CURRENT.json     names the generation in force; replaced in one step
├── .lock            held by the process that builds
├── gen-000007/      the generation before, for readers still in it
└── gen-000008/      a LanceDB database and arrays, see retrieval.writer
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO

from errors import Unavailable

__all__ = ["Manifest", "Store"]

FORMAT = 3  # raise when what lies in a generation's folder changes
LOCK_WAIT_S = 120.0
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS})
_GENERATION = re.compile(r"gen-(\d{6,})\Z")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``CURRENT.json`` says. ``recipe`` names how groups become entries."""

    generation: str
    tokenizer: str
    encoder: str
    dim: int
    recipe: str
    built_at: str
    groups: int
    entries: int
    format: int = FORMAT

    def readable(self) -> bool:
        """Whether this program wrote it: a file may hold anything."""
        kinds = {"str": str, "int": int}
        typed = all(
            isinstance(getattr(self, one.name), kinds[str(one.type)]) for one in fields(self)
        )
        return typed and self.format == FORMAT and bool(_GENERATION.match(self.generation))


class Store:
    """The folder of one index."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._pointer = directory / "CURRENT.json"

    def path(self, generation: str) -> Path:
        """The folder of ``generation``."""
        return self.directory / generation

    def signature(self) -> tuple[int, int, int] | None:
        """Changes whenever another generation comes into force; None without an index."""
        try:
            status = self._pointer.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size

    def manifest(self) -> Manifest | None:
        """The manifest in force, or None when there is none that this program can read."""
        try:
            manifest = Manifest(**json.loads(self._pointer.read_text("utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return manifest if manifest.readable() else None

    def next_name(self) -> str:
        """A name that no generation has."""
        return f"gen-{max(self._numbers(), default=0) + 1:06d}"

    def switch(self, manifest: Manifest) -> None:
        """Bring ``manifest`` into force in one step, then remove all but the one before."""
        previous = self.manifest()
        aside = self._pointer.with_suffix(".tmp")
        with aside.open("w", encoding="utf-8") as file:
            json.dump(asdict(manifest), file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, self._pointer)
        keep = {manifest.generation, previous.generation if previous else ""}
        for number in self._numbers():
            name = f"gen-{number:06d}"
            if name not in keep:
                shutil.rmtree(self.path(name), ignore_errors=True)

    @contextmanager
    def building(self, *, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
        """Hold the lock against other processes and threads; it ends with the process.

        Raises :class:`errors.Unavailable` when another builder holds it over ``wait_s``, and
        when the disk is full or may not be written to, also while building.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with (self.directory / ".lock").open("w") as lock:
                _wait_for(lock, wait_s)
                self._clean()
                yield
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            raise Unavailable(
                f"색인을 쓸 수 없습니다({error.strerror}). 디스크의 빈 공간과 쓰기 권한을 "
                f"확인해 주세요: {self.directory}",
                code="index_unwritable",
            ) from error

    def _clean(self) -> None:
        """Remove what killed builds left: a program killed at every build would fill the disk."""
        manifest = self.manifest()
        current = int(manifest.generation.removeprefix("gen-")) if manifest else 0
        for number in self._numbers():
            if number > current:
                shutil.rmtree(self.path(f"gen-{number:06d}"), ignore_errors=True)

    def _numbers(self) -> list[int]:
        if not self.directory.is_dir():
            return []
        names = (_GENERATION.match(path.name) for path in self.directory.iterdir())
        return [int(match[1]) for match in names if match]


def _wait_for(lock: IO[str], wait_s: float) -> None:
    import fcntl

    deadline = time.monotonic() + wait_s
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Unavailable(
                    "다른 곳에서 색인을 만들고 있습니다. 잠시 뒤 다시 시도해 주세요.",
                    code="index_busy",
                ) from None
            time.sleep(0.05)
