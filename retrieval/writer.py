"""Writes one generation: LanceDB tables for finding candidates, arrays for scoring them.

gen-000008/
├── rows.lance      one row a text (every entry's own, then every asked wording): terms in
│                   full text, filter columns
├── vectors.lance   only above FLAT_VECTORS: vectors with an index, filter columns
├── meta.json       sizes of everything, and the words of word columns
└── *.bin           arrays, as retrieval.snapshot describes them
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.arrays import ArrayWriter, blob_of, open_array, ranges, spans
from retrieval.entries import Encoded, hash64
from retrieval.tables import ROWS, ROWS_A_FRAGMENT, VECTORS, TableWriter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

__all__ = ["FLAT_VECTORS", "write_generation"]

FLAT_VECTORS = 65_536  # up to here comparing with all takes no longer than asking an index
BATCH = 4096  # entries written at once
BLOCK = 1 << 22  # numbers rewritten at once
MOST_COUNTED = 65_535


def write_generation(
    folder: Path,
    entries: Iterable[Encoded],
    groups: Mapping[int, int],
    *,
    dim: int,
    flat_vectors: int = FLAT_VECTORS,
    fragment: int = ROWS_A_FRAGMENT,
    batch: int = BATCH,
) -> int:
    """Write ``entries`` to the new ``folder`` and index them; returns how many there were.

    ``groups`` is group number → hash of its content. Raises ValueError when entries differ
    in their columns. Memory grows with the vocabulary and the asked wordings only.
    """
    folder.mkdir(parents=True)
    with ArrayWriter(folder) as arrays:
        writer = _Writer(folder, arrays, dim, fragment)
        waiting = iter(entries)
        while some := list(islice(waiting, batch)):
            writer.add(some)
        writer.add_asked()
        writer.number_terms()
        writer.look_ups(groups)
        writer.index(flat_vectors)
    return writer.entries


class _Columns:
    """Filter columns as numbers: a word is its place in the list of the column's words."""

    def __init__(self, folder: Path, arrays: ArrayWriter) -> None:
        self._folder, self._arrays = folder, arrays
        self._words: dict[str, dict[str, int] | None] | None = None

    def add(self, batch: Sequence[Encoded]) -> None:
        if self._words is None:
            first = batch[0].columns
            self._words = {name: {} if isinstance(first[name], str) else None for name in first}
        if any(entry.columns.keys() != self._words.keys() for entry in batch):
            raise ValueError(f"every entry needs the columns {sorted(self._words)}")
        for name, words in self._words.items():
            values = [entry.columns[name] for entry in batch]
            if any(isinstance(value, str) != (words is not None) for value in values):
                raise ValueError(f"column {name!r} holds words and numbers")
            codes = (
                values if words is None else [words.setdefault(str(v), len(words)) for v in values]
            )
            self._arrays.append(f"column_{name}", codes, "i8")

    def names(self) -> tuple[list[str], list[str]]:
        """Names of number columns and of word columns."""
        words = self._words or {}
        return [n for n in words if words[n] is None], [n for n in words if words[n] is not None]

    def described(self) -> dict[str, list[str] | None]:
        return {
            name: None if words is None else list(words)
            for name, words in (self._words or {}).items()
        }

    def of(self, entries: Numbers) -> dict[str, Any]:
        """Arrow columns for ``entries``."""
        import pyarrow as pa

        self._arrays.flush()
        found: dict[str, Any] = {}
        for name, words in self.described().items():
            values = pa.array(open_array(self._folder, f"column_{name}", "i8")[entries])
            found[name] = values if words is None else pa.array(words, pa.string()).take(values)
        return found


class _Writer:
    def __init__(self, folder: Path, arrays: ArrayWriter, dim: int, fragment: int) -> None:
        self._folder, self._arrays, self._dim = folder, arrays, dim
        self._columns = _Columns(folder, arrays)
        self._rows = TableWriter(folder, ROWS, fragment=fragment)
        self._vectors = TableWriter(folder, VECTORS, fragment=fragment)
        self._vocabulary: dict[str, int] = {}
        self._keys = array("Q")
        self._asked: list[tuple[int, str, Any]] = []
        self._ends: Counter[str] = Counter()
        self._own_terms = 0

    @property
    def entries(self) -> int:
        return len(self._keys)

    def add(self, batch: Sequence[Encoded]) -> None:
        first = self.entries
        self._keys.extend(hash64(entry.key) for entry in batch)
        self._arrays.append("groups", [entry.group for entry in batch], "u8")
        blobs = [blob_of(entry.key, entry.payload) for entry in batch]
        self._arrays.append("payload", bytearray(b"".join(blobs)), "u1")
        self._append_ends("payload_ends", map(len, blobs))
        for entry in batch:
            self._arrays.append("vectors", entry.vectors, "f2")
        self._append_ends("vector_ends", (len(entry.vectors) for entry in batch))
        self._append_ends("asked_ends", (len(entry.asked) for entry in batch))
        self._columns.add(batch)
        self._add_rows([entry.tokens for entry in batch], range(first, self.entries))
        self._own_terms = self._ends["term_ends"]
        self._asked += [
            (number, *asked)
            for number, entry in enumerate(batch, start=first)
            for asked in entry.asked
        ]

    def add_asked(self) -> None:
        """The rows of the asked wordings come after all the entries' own."""
        for number, _, vector in self._asked:
            self._arrays.append("asked_vectors", vector, "f2")
            self._arrays.append("asked_entries", [number], "u4")
        for at in range(0, len(self._asked), BATCH):
            some = self._asked[at : at + BATCH]
            self._add_rows([tokens for _, tokens, _ in some], [number for number, _, _ in some])

    def number_terms(self) -> None:
        """Number terms by their hashes, and count the entries that each stands in."""
        import numpy as np

        self._arrays.flush()
        hashes = np.array([hash64(term) for term in self._vocabulary], dtype="u8")
        order = np.argsort(hashes)
        numbers = np.empty(len(order), dtype="u4")
        numbers[order] = np.arange(len(order), dtype="u4")
        frequencies = np.zeros(len(order), dtype="i8")
        terms = open_array(self._folder, "terms", "u4", mode="r+")
        for at in range(0, len(terms), BLOCK):
            block = numbers[terms[at : at + BLOCK]]
            terms[at : at + BLOCK] = block
            own = block[: max(0, self._own_terms - at)]
            frequencies += np.bincount(own, minlength=len(order))
        self._arrays.append("term_hashes", hashes[order], "u8")
        self._arrays.append("frequencies", frequencies, "u4")

    def look_ups(self, groups: Mapping[int, int]) -> None:
        """What finds an entry by its key and tells which groups are as they were."""
        import numpy as np

        keys = np.array(self._keys, dtype="u8")
        order = np.argsort(keys)
        self._arrays.append("key_hashes", keys[order], "u8")
        self._arrays.append("key_rows", order, "u4")
        numbers = sorted(groups)
        self._arrays.append("group_numbers", numbers, "u8")
        self._arrays.append("group_contents", [groups[one] for one in numbers], "u8")

    def index(self, flat_vectors: int) -> None:
        """Make LanceDB's indexes, and write what the tables and columns are."""
        self._rows.flush()
        if self._rows.size:
            self._rows.index_words("tokens")
            self._rows.index_filters(*self._columns.names())
        if self._ends["vector_ends"] + len(self._asked) > flat_vectors:
            self._write_vectors()
        self._arrays.flush()
        meta = {
            "entries": self.entries,
            "bytes": {path.name: path.stat().st_size for path in self._folder.glob("*.bin")},
            "columns": self._columns.described(),
            "fragments": {ROWS: self._rows.fragments, VECTORS: self._vectors.fragments},
        }
        (self._folder / "meta.json").write_text(json.dumps(meta, ensure_ascii=False), "utf-8")

    # -- parts ---------------------------------------------------------------------------------

    def _append_ends(self, name: str, lengths: Iterable[int]) -> None:
        ends = list(accumulate(lengths, initial=self._ends[name]))
        self._ends[name] = ends[-1]
        self._arrays.append(name, ends[1:], "i8")

    def _add_rows(self, tokens: Sequence[str], entries: Sequence[int]) -> None:
        import numpy as np

        counts = [Counter(one.split(" ")) if one else Counter[str]() for one in tokens]
        known = self._vocabulary
        numbers = [known.setdefault(term, len(known)) for one in counts for term in one]
        times = chain.from_iterable(one.values() for one in counts)
        self._arrays.append("terms", numbers, "u4")
        self._arrays.append("counts", [min(one, MOST_COUNTED) for one in times], "u2")
        self._append_ends("term_ends", map(len, counts))
        self._arrays.append("lengths", [one.total() for one in counts], "i4")
        columns = self._columns.of(np.asarray(entries, dtype=np.int64))
        self._rows.add({"tokens": list(tokens), **columns})

    def _write_vectors(self) -> None:
        """One row for each ½(passage + sentence) and each asked wording: the best product of
        a question with an entry's rows is then the score the vectors stage gives it."""
        import numpy as np
        import pyarrow as pa

        self._arrays.flush()
        for entries, vectors in self._vector_blocks():
            self._arrays.append("vector_entries", entries, "u4")
            flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).ravel())
            column = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
            self._vectors.add({"vector": column, **self._columns.of(entries)})
        self._vectors.flush()
        self._vectors.index_vectors("vector")
        self._vectors.index_filters(*self._columns.names())

    def _vector_blocks(self) -> Iterable[tuple[Numbers, NDArray[np.float32]]]:
        import numpy as np

        stored = open_array(self._folder, "vectors", "f2", width=self._dim)
        ends = open_array(self._folder, "vector_ends", "i8")
        for at in range(0, self.entries, BATCH):
            rows = np.arange(at, min(self.entries, at + BATCH))
            starts, sizes = spans(ends, rows)
            # An entry's first vector is its passage's; a lone one is its own sentence.
            sentences = np.maximum(sizes - 1, np.minimum(sizes, 1))
            passages = np.repeat(starts, sentences)
            others = ranges(np.where(sizes > 1, starts + 1, starts), sentences)
            halves = (stored[passages].astype(np.float32) + stored[others]) / 2
            yield np.repeat(rows, sentences), halves
        asked = open_array(self._folder, "asked_vectors", "f2", width=self._dim)
        entries = open_array(self._folder, "asked_entries", "u4").astype(np.int64)
        known = np.flatnonzero(asked.any(axis=1))
        for at in range(0, len(known), BATCH):
            some = known[at : at + BATCH]
            yield entries[some], asked[some].astype(np.float32)
