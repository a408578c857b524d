"""The search engine's index: groups of entries in, generations on disk out.

One path for every size. Full text (LanceDB) and vectors (all of them, or LanceDB's IVF_RQ
index above ``FLAT_VECTORS``) each name some hundred candidates; arrays mapped from disk give
every candidate's exact signals. A build makes a new generation beside the one in force
(unchanged groups are copied, not encoded again) and switches to it in one step.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from retrieval.embed import Encoder
from retrieval.encoding import encode_entries
from retrieval.entries import Encoded, Entry, Group, hash64
from retrieval.generations import Manifest, Store
from retrieval.snapshot import Snapshot
from retrieval.tokenize import KoreanTokenizer
from retrieval.types import IndexStatus
from retrieval.writer import FLAT_VECTORS, write_generation

__all__ = ["BuildReport", "Index", "Progress"]

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
OPEN_TRIES = 3


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did, in groups; ``entries`` is the index's new size, ``took_s`` seconds."""

    added: int
    changed: int
    removed: int
    unchanged: int
    entries: int
    took_s: float


class Index:
    """An index in ``directory``. Making one costs nothing; reading opens it when first needed.

    Thread safe. A build by another process is noticed at the next call. ``recipe`` names how
    groups become entries: change it and everything is encoded anew.
    """

    def __init__(
        self,
        directory: Path,
        tokenizer: KoreanTokenizer,
        encoder: Encoder,
        *,
        recipe: str = "",
        flat_vectors: int = FLAT_VECTORS,
    ) -> None:
        self.directory = directory
        self.tokenizer = tokenizer
        self.encoder = encoder
        self._recipe = recipe
        self._flat_vectors = flat_vectors
        self._store = Store(directory)
        self._lock = threading.Lock()
        self._open: Snapshot | None = None
        self._signature: tuple[int, int, int] | None = None

    # -- reading ---------------------------------------------------------------------------

    def snapshot(self) -> Snapshot | None:
        """The generation in force, opened; None when there is no readable index."""
        if self._signature is not None and self._signature == self._store.signature():
            return self._open
        with self._lock:
            for _ in range(OPEN_TRIES):
                signature = self._store.signature()
                if signature == self._signature:
                    break
                if self._reopen():
                    self._signature = signature
            return self._open

    def _reopen(self) -> bool:
        manifest = self._store.manifest()
        if manifest is None:
            self._open = None
            return True
        try:
            self._open = Snapshot(self._store.path(manifest.generation), manifest)
        except Exception as error:
            # A damaged file may hold anything. Or two builds have passed since the manifest was
            # read: the caller looks again.
            log.warning("index %s cannot be opened: %s", manifest.generation, error)
            self._open = None
            return False
        return True

    def encoder_matches(self, snapshot: Snapshot) -> bool:
        """Whether questions encoded now can be compared with the vectors of ``snapshot``."""
        return self._encoder_name == snapshot.manifest.encoder

    def _made_alike(self, manifest: Manifest) -> bool:
        """Whether entries would be encoded today as they were for ``manifest``."""
        mine = (self.tokenizer.version, self._encoder_name, self._recipe)
        return mine == (manifest.tokenizer, manifest.encoder, manifest.recipe)

    def status(self) -> IndexStatus:
        """What lies on the disk now. Loads neither Kiwi nor an encoder's model."""
        snapshot = self.snapshot()
        if snapshot is None:
            return IndexStatus(ready=False)
        manifest = snapshot.manifest
        return IndexStatus(
            ready=True,
            version=manifest.generation,
            documents=manifest.groups,
            chunks=manifest.entries,
            built_at=manifest.built_at,
            tokenizer=manifest.tokenizer,
            encoder=manifest.encoder,
            stale=not self._made_alike(manifest),
        )

    # -- building --------------------------------------------------------------------------

    def build(
        self, groups: Iterable[Group], progress: Progress | None = None, *, rebuild: bool = False
    ) -> BuildReport:
        """Make the index hold exactly ``groups``, which are gone through twice.

        Only new and changed ones are encoded, unless ``rebuild`` asks for all; nothing is
        written when nothing changed.
        ``progress(done, total)`` counts the groups to encode. Raises ValueError for equal
        keys, :class:`errors.Unavailable` when another process builds for over two minutes.
        """
        started = time.perf_counter()
        if iter(groups) is groups:
            raise TypeError("groups are gone through twice: give a list, not a generator")
        wanted, repeated = _numbered(groups)
        if repeated:
            raise ValueError("keys of groups (doc_ids) must differ")
        with self._store.building():
            old = self.snapshot()
            known = old.groups if old else {}
            if old is not None and (rebuild or not self._made_alike(old.manifest)):
                # What was there under other versions counts as changed, not as added.
                old = None
            same = {one for one in wanted if old and known.get(one) == wanted[one]}
            entries = old.entries if old else 0
            if old is None or len(same) < len(wanted) or known.keys() - wanted.keys():
                entries = self._write(groups, wanted, same, old, progress)
        new = wanted.keys() - known.keys()
        return BuildReport(
            added=len(new),
            changed=len(wanted) - len(same) - len(new),
            removed=len(known.keys() - wanted.keys()),
            unchanged=len(same),
            entries=entries,
            took_s=time.perf_counter() - started,
        )

    @property
    def _encoder_name(self) -> str:
        return f"{self.encoder.name}/{self.encoder.version}"

    def _manifest(self, generation: str, groups: int, entries: int) -> Manifest:
        return Manifest(
            generation=generation,
            tokenizer=self.tokenizer.version,
            encoder=self._encoder_name,
            dim=self.encoder.dim,
            recipe=self._recipe,
            built_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            groups=groups,
            entries=entries,
        )

    def _write(
        self,
        groups: Iterable[Group],
        wanted: dict[int, int],
        same: set[int],
        old: Snapshot | None,
        progress: Progress | None,
    ) -> int:
        """Write the new generation and bring it into force; returns its number of entries."""
        kept: Iterable[Encoded] = old.encoded(same) if old and same else ()
        todo = _entries(groups, same, len(wanted) - len(same), progress)
        new = encode_entries(self.tokenizer, self.encoder, todo)
        return self.write(chain(kept, new), wanted)

    def write(self, entries: Iterable[Encoded], groups: dict[int, int]) -> int:
        """Bring a generation of ready ``entries`` into force; returns how many there were.

        For entries encoded elsewhere; ``build`` is what everything else wants. ``groups`` is
        group number → hash of its content.
        """
        name = self._store.next_name()
        path = self._store.path(name)
        try:
            count = write_generation(
                path, entries, groups, dim=self.encoder.dim, flat_vectors=self._flat_vectors
            )
            self._store.switch(self._manifest(name, len(groups), count))
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        return count


def _numbered(groups: Iterable[Group]) -> tuple[dict[int, int], bool]:
    """Group number → hash of its content, and whether a key came twice."""
    wanted: dict[int, int] = {}
    repeated = False
    for group in groups:
        number = hash64(group.key)
        repeated = repeated or number in wanted
        wanted[number] = hash64(group.content_hash)
    return wanted, repeated


def _entries(
    groups: Iterable[Group], same: set[int], total: int, progress: Progress | None
) -> Iterator[tuple[int, Entry]]:
    """Entries of the groups that are not the ``same``, telling ``progress`` of each group."""
    done = 0
    if progress:
        progress(done, total)
    for group in groups:
        number = hash64(group.key)
        if number not in same:
            for entry in group.entries():
                yield number, entry
            done += 1
            if progress:
                progress(done, total)
