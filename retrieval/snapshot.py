"""One generation of an index, opened for reading: immutable, shared by threads.

Opening maps files and reads a little of them (see :mod:`retrieval.writer` for what lies in
the folder), so that a million entries open as quickly as a hundred. Arrays by entry:
``payload`` (with its key), ``groups``, ``vectors`` (its passage's, then its sentences'),
``column_*``; an array of variable parts has its ends beside it. By row (entries' own texts
first, then the asked wordings): ``terms``, ``counts``, ``lengths``.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.arrays import open_array, ranges, read_blob, spans
from retrieval.bm25 import Terms, Weighed
from retrieval.entries import Encoded, Filter, hash64
from retrieval.fusion import Signals, vector_score
from retrieval.generations import Manifest
from retrieval.tables import ROWS, VECTORS, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["Snapshot"]

COMPARE = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
MASKS_KEPT = 8
MOST_WORDS = 64  # of a question, the ones that tell most, are asked LanceDB for
# Common words tell least and cost most. Above so many rows, those that hold the last sixth of
# a question's information look for nothing (all of them still count in the scores). Of the
# exact best ten .997 were kept at .9 and .973 at .8, which halves full text's time.
MANY_ROWS, TELLING = 100_000, 0.84
MOST_ASKED_FOR = 4096  # rows of one LanceDB query
ENOUGH = 0.5  # of the wanted candidates, before a filter is left to LanceDB
COPIED_AT_ONCE = 4096


class Snapshot:
    """The entries of one generation with everything a search needs.

    Raises OSError, RuntimeError or ValueError when the generation is gone or broken.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        import numpy as np

        self.manifest = manifest
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        for name, size in meta["bytes"].items():
            if (folder / name).stat().st_size != size:
                raise OSError(f"{folder / name} is not {size} bytes long")
        self.entries = int(meta["entries"])
        self._words: dict[str, list[str] | None] = meta["columns"]
        self.terms = Terms(folder, self.entries)
        self._payload = open_array(folder, "payload", "u1")
        self._payload_ends = open_array(folder, "payload_ends", "i8")
        self._keys = open_array(folder, "key_hashes", "u8")
        self._key_rows = open_array(folder, "key_rows", "u4")
        self._groups = open_array(folder, "groups", "u8")
        numbers = open_array(folder, "group_numbers", "u8")
        self._group_contents = (numbers, open_array(folder, "group_contents", "u8"))
        self._columns = {name: open_array(folder, f"column_{name}", "i8") for name in self._words}
        self._asked_ends = open_array(folder, "asked_ends", "i8")
        self._asked_entries = open_array(folder, "asked_entries", "u4")
        self._asked_vectors = open_array(folder, "asked_vectors", "f2", width=manifest.dim)
        self._asked_length = self.terms.mean_length_of(self._asked_ends)
        self._vectors = open_array(folder, "vectors", "f2", width=manifest.dim)
        self._vector_ends = open_array(folder, "vector_ends", "i8")
        self._vector_entries = open_array(folder, "vector_entries", "u4")
        fragments = meta["fragments"]
        self._rows = Table(folder, ROWS, fragments[ROWS]) if fragments[ROWS] else None
        self._nearest = Table(folder, VECTORS, fragments[VECTORS]) if fragments[VECTORS] else None
        if self._nearest is None:  # few enough to be compared one and all, fastest as float32
            self._vectors = np.asarray(self._vectors, dtype=np.float32)
            self._asked_vectors = np.asarray(self._asked_vectors, dtype=np.float32)
        # No method: a cache that holds its own snapshot keeps the files of every generation
        # open until the garbage collector comes by.
        self._mask = lru_cache(MASKS_KEPT)(partial(_mask, self.entries, self._words, self._columns))

    @property
    def version(self) -> str:
        """The generation's name."""
        return self.manifest.generation

    @property
    def groups(self) -> dict[int, int]:
        """Group number → hash of its content, as of the build."""
        numbers, contents = self._group_contents
        return dict(zip(numbers.tolist(), contents.tolist(), strict=True))

    # -- entries -------------------------------------------------------------------------------

    def entry(self, key: str) -> int | None:
        """The number of the entry called ``key``."""
        import numpy as np

        wanted = np.uint64(hash64(key))
        place = int(np.searchsorted(self._keys, wanted))
        found = place < len(self._keys) and self._keys[place] == wanted
        return int(self._key_rows[place]) if found else None

    def group(self, key: str) -> list[int]:
        """The numbers of the entries of the group ``key``."""
        import numpy as np

        found: list[int] = np.flatnonzero(self._groups == np.uint64(hash64(key))).tolist()
        return found

    def of_groups(self, numbers: set[int]) -> list[int]:
        """The numbers of the entries of these groups (:attr:`groups`)."""
        import numpy as np

        wanted = np.fromiter(numbers, dtype=np.uint64, count=len(numbers))
        found: list[int] = np.flatnonzero(np.isin(self._groups, wanted)).tolist()
        return found

    def read(self, entry: int) -> tuple[str, str]:
        """An entry's key and payload."""
        start = int(self._payload_ends[entry - 1]) if entry else 0
        return read_blob(self._payload[start : int(self._payload_ends[entry])].tobytes())

    def vector(self, entry: int) -> NDArray[np.float32] | None:
        """The vector of the whole entry, of length 1; None when it has none."""
        import numpy as np

        start = int(self._vector_ends[entry - 1]) if entry else 0
        if start == int(self._vector_ends[entry]):
            return None
        return np.asarray(self._vectors[start], dtype=np.float32)

    def visible(self, filters: Sequence[Filter]) -> Mask:
        """Which entries all ``filters`` hold for, shape (entries,); do not write to it.

        Raises ValueError for a column that the index does not have or that holds no such
        values.
        """
        return self._mask(tuple(filters))

    # -- candidates ----------------------------------------------------------------------------

    def by_words(self, weighed: Weighed, filters: Sequence[Filter], depth: int) -> Numbers:
        """Entries that share words with the question, about ``depth`` of the best, in any
        order."""
        import numpy as np

        if self._rows is None or not weighed.words:
            return np.zeros(0, dtype=np.int64)
        table = self._rows
        words = _telling(weighed) if table.size > MANY_ROWS else weighed.words[:MOST_WORDS]

        def ask(limit: int, given: Sequence[Filter]) -> Numbers:
            return self._entry_of(table.by_words(words, "tokens", limit, given))

        return self._seen(ask, table.size, filters, depth)

    def by_vector(
        self, query: NDArray[np.float32], filters: Sequence[Filter], depth: int
    ) -> Numbers:
        """Entries nearest to ``query`` (length 1), about ``depth`` of the best, in any order."""
        import numpy as np

        if self._nearest is None:
            return self._nearest_of_all(query, filters, depth)
        table = self._nearest

        def ask(limit: int, given: Sequence[Filter]) -> Numbers:
            rows = table.by_vector(query, "vector", limit, given)
            return self._vector_entries[rows].astype(np.int64)

        return self._seen(ask, table.size, filters, depth)

    def _nearest_of_all(
        self, query: NDArray[np.float32], filters: Sequence[Filter], depth: int
    ) -> Numbers:
        import numpy as np

        no_words = np.zeros(self.entries)
        cosines = self.cosines(query, np.arange(self.entries))
        scores = vector_score(Signals(no_words, no_words, *cosines))
        scores = np.where(self.visible(filters) & np.isfinite(scores), scores, -np.inf)
        if depth < len(scores):
            best = np.argpartition(-scores, depth)[:depth]
            return np.sort(best[np.isfinite(scores[best])])
        return np.flatnonzero(np.isfinite(scores))

    def _seen(
        self,
        ask: Any,
        size: int,
        filters: Sequence[Filter],
        depth: int,
    ) -> Numbers:
        """The entries that ``ask(limit, filters)`` finds and the reader may see.

        A filter costs LanceDB 20 ms at a million rows, looking at the mask nothing: so ask
        for more rows and drop what must not be seen. Where too little would be left (hardly
        anything may be seen, or none of the best), LanceDB filters.
        """
        import numpy as np

        mask = self.visible(filters)
        rows = depth * max(1, size // max(1, self.entries))  # an entry may have several
        limit = min(size, -(-rows * self.entries // max(1, int(np.count_nonzero(mask)))))
        if limit <= MOST_ASKED_FOR:
            found = ask(limit, ())
            kept = found[mask[found]]
            if len(found) < limit or len(kept) >= depth * ENOUGH:
                return np.unique(kept)
        return np.unique(ask(min(size, rows), filters))

    def _entry_of(self, rows: Numbers) -> Numbers:
        import numpy as np

        asked = rows >= self.entries
        if not asked.any():
            return rows
        entries = rows.copy()
        entries[asked] = self._asked_entries[rows[asked] - self.entries]
        return np.asarray(entries, dtype=np.int64)

    def terms_of(self, entry: int) -> Numbers:
        """The numbers of the terms of an entry's own text and of all its asked wordings."""
        import numpy as np

        starts, sizes = spans(self._asked_ends, np.array([entry]))
        asked = ranges(starts, sizes) + self.entries
        return self.terms.of(np.concatenate([[entry], asked]))

    # -- scores --------------------------------------------------------------------------------

    def signals(
        self, weighed: Weighed, query: NDArray[np.float32] | None, entries: Numbers
    ) -> Signals:
        """Every signal of ``entries``, exact; cosines are nan without a ``query`` vector."""
        import numpy as np

        starts, sizes = spans(self._asked_ends, entries)
        asked_rows = ranges(starts, sizes) + self.entries
        asked = self.terms.scores_together(weighed, asked_rows, sizes, self._asked_length)
        none = np.full(len(entries), np.nan)
        cosines = (none, none, none) if query is None else self.cosines(query, entries)
        return Signals(self.terms.scores(weighed, entries), asked, *cosines)

    def cosines(
        self, query: NDArray[np.float32], entries: Numbers
    ) -> tuple[Floats, Floats, Floats]:
        """Cosines of ``entries`` with ``query``: passage, best sentence, best asked wording.

        An entry that is one sentence has the same cosine twice. nan where there is no vector.
        """
        import numpy as np

        starts, sizes = spans(self._vector_ends, entries)
        everything = len(entries) == self.entries
        rows = self._vectors if everything else self._vectors[ranges(starts, sizes)]
        # Not "@": BLAS starts a thread a core for it, and beside full text's own threads that
        # takes twice as long, on a busy machine thirty times.
        found = np.vecdot(rows.astype(np.float32, copy=False), query).astype(np.float64)
        firsts = np.cumsum(sizes) - sizes
        passage = np.full(len(entries), np.nan)
        passage[sizes > 0] = found[firsts[sizes > 0]]
        # Passages stand first; where sentences follow they must not count among them.
        found[firsts[sizes > 1]] = -np.inf
        sentence = _best(found, sizes, np.nan)
        return passage, sentence, self._asked_cosines(query, entries)

    def _asked_cosines(self, query: NDArray[np.float32], entries: Numbers) -> Floats:
        import numpy as np

        if not len(self._asked_vectors):
            return np.full(len(entries), np.nan)
        starts, sizes = spans(self._asked_ends, entries)
        everything = len(entries) == self.entries
        vectors = self._asked_vectors if everything else self._asked_vectors[ranges(starts, sizes)]
        found = np.vecdot(vectors.astype(np.float32, copy=False), query).astype(np.float64)
        found[found == 0] = -np.inf  # an unknown wording is all zero
        best = _best(found, sizes, np.nan)
        best[np.isneginf(best)] = np.nan
        return best

    # -- for the next build --------------------------------------------------------------------

    def encoded(self, groups: set[int]) -> Iterator[Encoded]:
        """The entries of ``groups`` as they were written, for the next generation."""
        import numpy as np

        keep = np.isin(self._groups, np.array(sorted(groups), dtype="u8"))
        asked_tokens = self._tokens(self.entries, self.terms.rows - self.entries)
        for at in range(0, self.entries, COPIED_AT_ONCE):
            end = min(self.entries, at + COPIED_AT_ONCE)
            if keep[at:end].any():
                tokens = self._tokens(at, end - at)
                for entry in (at + np.flatnonzero(keep[at:end])).tolist():
                    yield self._encoded(entry, tokens[entry - at], asked_tokens)

    def _tokens(self, start: int, rows: int) -> list[str]:
        return self._rows.column("tokens", start, rows) if self._rows and rows else []

    def _encoded(self, entry: int, tokens: str, asked_tokens: list[str]) -> Encoded:
        import numpy as np

        key, payload = self.read(entry)
        first = int(self._vector_ends[entry - 1]) if entry else 0
        asked = range(
            int(self._asked_ends[entry - 1]) if entry else 0, int(self._asked_ends[entry])
        )
        return Encoded(
            key=key,
            group=int(self._groups[entry]),
            payload=payload,
            columns={name: self._value(name, entry) for name in self._columns},
            tokens=tokens,
            vectors=np.asarray(self._vectors[first : int(self._vector_ends[entry])], np.float32),
            asked=tuple(
                (asked_tokens[n], self._asked_vectors[n].astype(np.float32)) for n in asked
            ),
        )

    def _value(self, column: str, entry: int) -> int | str:
        value, words = int(self._columns[column][entry]), self._words[column]
        return value if words is None else words[value]


def _mask(
    entries: int,
    words_of: Mapping[str, list[str] | None],
    columns: Mapping[str, Numbers],
    filters: tuple[Filter, ...],
) -> Mask:
    import numpy as np

    mask = np.ones(entries, dtype=bool)
    for one in filters if entries else ():
        if one.column not in columns:
            raise ValueError(f"no column {one.column!r} in {sorted(columns)}")
        words, value = words_of[one.column], one.value
        ordered = one.op not in ("=", "!=")
        if isinstance(value, str) != (words is not None) or (words is not None and ordered):
            raise ValueError(f"column {one.column!r} cannot be compared: {one.op} {value!r}")
        if words is not None:
            value = words.index(str(value)) if value in words else -1
        mask &= COMPARE[one.op](columns[one.column], value)
    return mask


def _telling(weighed: Weighed) -> tuple[str, ...]:
    import numpy as np

    held = np.cumsum(np.sort(weighed.weights)[::-1])
    enough = int(np.searchsorted(held, TELLING * held[-1])) + 1
    return weighed.words[: min(enough, MOST_WORDS)]


def _best(values: Floats, sizes: Numbers, empty: float) -> Floats:
    """The greatest of each run of ``sizes`` values; ``empty`` for a run without any."""
    import numpy as np

    best = np.full(len(sizes), empty)
    some = sizes > 0
    if some.any():
        firsts = (np.cumsum(sizes) - sizes)[some]
        best[some] = np.maximum.reduceat(values, firsts)
    return best
