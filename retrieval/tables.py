"""The LanceDB side of a generation: tables written in large pieces, then indexed.

Rows are known by LanceDB's own ``_rowid`` (fragment number and place in it), which a query
gives for nothing, while any column of 300 rows costs 2 ms. Every write makes one fragment,
so their sizes are enough to tell a row's number.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.entries import Filter, sql

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ROWS", "VECTORS", "Table", "TableWriter"]

ROWS, VECTORS = "rows", "vectors"
FRAGMENT_BITS = 32
ROWS_A_FRAGMENT = 65_536
INDEXED_FROM = 20_000  # rows: scanning fewer for a filter takes no time
MOST_PARTITIONS = 1024
PROBES = 80  # of 1,024 partitions; 3 ms at a million vectors, and no fewer found than by 160


class TableWriter:
    """Collects rows of Arrow columns and writes them a fragment at a time."""

    def __init__(self, folder: Path, name: str, *, fragment: int = ROWS_A_FRAGMENT) -> None:
        self._folder, self._name, self._fragment = folder, name, fragment
        self._waiting: list[Any] = []
        self._table: Any = None
        self.fragments: list[int] = []

    @property
    def size(self) -> int:
        """How many rows have been written or wait to be."""
        return sum(self.fragments) + self._waiting_rows

    @property
    def _waiting_rows(self) -> int:
        return sum(int(piece.num_rows) for piece in self._waiting)

    def add(self, columns: dict[str, Any]) -> None:
        """Add rows: a column is an Arrow array or anything that becomes one."""
        import pyarrow as pa

        self._waiting.append(pa.table(columns))
        if self._waiting_rows >= self._fragment:
            self.flush()

    def flush(self) -> None:
        """Write what waits as one fragment."""
        import lancedb
        import pyarrow as pa

        rows = self._waiting_rows
        if not rows:  # LanceDB refuses to create or add nothing
            return
        piece = pa.concat_tables(self._waiting).combine_chunks()
        if self._table is None:
            self._table = lancedb.connect(self._folder).create_table(self._name, data=piece)
        else:
            self._table.add(piece)
        self._waiting.clear()
        self.fragments.append(rows)

    def index_words(self, column: str) -> None:
        """Full text over a column of ready-made terms: LanceDB must not change or drop any."""
        from lancedb.index import FTS

        words = FTS(
            base_tokenizer="whitespace",
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
            lower_case=False,
            with_position=False,
            max_token_length=None,
        )
        self._table.create_index(column, config=words)

    def index_vectors(self, column: str) -> None:
        """One bit a dimension: 3 ms at a million, and candidates are compared exactly later."""
        from lancedb.index import IvfRq

        partitions = max(1, min(MOST_PARTITIONS, int(self.size**0.5)))
        config = IvfRq(distance_type="dot", num_partitions=partitions, num_bits=1)
        self._table.create_index(column, config=config)

    def index_filters(self, numbers: Sequence[str], words: Sequence[str]) -> None:
        """Make filters on these columns quick, where there are rows enough to notice."""
        from lancedb.index import Bitmap, BTree

        if self.size >= INDEXED_FROM:
            for name in numbers:
                self._table.create_index(name, config=BTree())
            for name in words:
                self._table.create_index(name, config=Bitmap())


class Table:
    """One table opened for reading. Methods raise what LanceDB raises (OSError, RuntimeError,
    ValueError) when its files are gone."""

    def __init__(self, folder: Path, name: str, fragments: Sequence[int]) -> None:
        import lancedb
        import numpy as np

        self._table: Any = lancedb.connect(folder).open_table(name)
        self._starts = np.cumsum([0, *fragments[:-1]])
        self.size = sum(fragments)

    def by_words(
        self, terms: Sequence[str], column: str, limit: int, filters: Sequence[Filter]
    ) -> NDArray[np.int64]:
        """The rows with the highest BM25 for ``terms``, best first, at most ``limit``."""
        from lancedb.query import MatchQuery

        # Without a column named, LanceDB searches every one that has an index.
        query = MatchQuery(" ".join(terms), column)  # type: ignore[call-arg]
        return self._rows(self._table.search(query, query_type="fts"), limit, filters, "_score")

    def by_vector(
        self, vector: NDArray[np.float32], column: str, limit: int, filters: Sequence[Filter]
    ) -> NDArray[np.int64]:
        """The rows nearest to ``vector`` by the index's own estimate, at most ``limit``."""
        query = self._table.search(vector, vector_column_name=column)
        query = query.distance_type("dot").nprobes(PROBES)
        return self._rows(query, limit, filters, "_distance")

    def column(self, name: str, start: int, rows: int) -> list[Any]:
        """``rows`` values of a column from row ``start`` on."""
        places = list(range(start, start + rows))
        values: list[Any] = (
            self._table.take_offsets(places).select([name]).to_arrow()[name].to_pylist()
        )
        return values

    def _rows(
        self, query: Any, limit: int, filters: Sequence[Filter], score: str
    ) -> NDArray[np.int64]:
        import numpy as np

        if filters:
            query = query.where(sql(filters), prefilter=True)
        found = query.with_row_id(True).select([score]).limit(limit).to_arrow()["_rowid"]
        ids = found.to_numpy().astype(np.int64)
        rows: NDArray[np.int64] = self._starts[ids >> FRAGMENT_BITS] + (
            ids & ((1 << FRAGMENT_BITS) - 1)
        )
        return rows
