"""One generation of the index, opened for reading: immutable, shared by threads."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.bm25 import Postings
from retrieval.generations import Manifest
from retrieval.types import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TABLE", "Snapshot", "row_vectors"]

TABLE = "chunks"
FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()


def row_vectors(
    passage: NDArray[np.float32], sentences: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The vectors stored for a clause: shape (max(1, sentences), dim + 1), rows of length 1.

    The recipe's score is ½(cos(q, passage) + max over sentences cos(q, sentence)), which is
    the best cosine with any ½(passage + sentence), did those have length 1. One more
    coordinate, zero in every question, gives them that. So one LanceDB query over one
    multi-vector column answers exactly, and no stored vector is zero (a zero vector makes
    LanceDB's cosine answer nothing).
    """
    import numpy as np

    halves = (passage[None, :] + sentences) / 2 if len(sentences) else passage[None, :] / 2
    rest = np.sqrt(np.maximum(0.0, 1.0 - (halves**2).sum(axis=1, keepdims=True)))
    return np.concatenate([halves, rest], axis=1).astype(np.float32)


class Snapshot:
    """The clauses of one generation with everything a search needs.

    Opening reads the whole table but the vectors: about 10 ms for 200 clauses. Raises what
    LanceDB raises (OSError, RuntimeError, ValueError) when the generation is gone or broken.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        import lancedb

        self.manifest = manifest
        self._table: Any = lancedb.connect(path).open_table(TABLE)
        columns = [name for name in self._table.schema.names if name != "vectors"]
        rows = self._rows(columns)
        self.chunks = tuple(_chunk(row) for row in rows)
        self.postings = Postings([row["tokens"].split(" ") for row in rows])
        self._row_of = {chunk.chunk_id: row for row, chunk in enumerate(self.chunks)}
        self._describe()

    @property
    def version(self) -> str:
        """The generation's name."""
        return self.manifest.generation

    def chunk(self, chunk_id: str) -> Chunk | None:
        """The clause called ``chunk_id``."""
        row = self._row_of.get(chunk_id)
        return None if row is None else self.chunks[row]

    def visible(self, *, staff: bool, today: date, include_superseded: bool) -> NDArray[np.bool_]:
        """Which rows this reader may find, shape (rows,).

        Staff may ask for clauses no longer in force as well; clauses not yet in force are
        never found.
        """
        day = today.toordinal()
        mask: NDArray[np.bool_] = self._starts <= day
        if not (staff and include_superseded):
            mask = mask & (self._ends >= day)
        return mask if staff else mask & self._public

    def cosines(self, query: NDArray[np.float32]) -> NDArray[np.float64]:
        """½(passage + best sentence) cosine of every row with ``query``, shape (rows,).

        ``query`` has length 1 and shape (dim,). Raises what LanceDB raises.
        """
        import numpy as np

        scores = np.full(len(self.chunks), -1.0)
        if not self.chunks:
            return scores
        found = (
            self._table.search(np.append(query, np.float32(0)), vector_column_name="vectors")
            .distance_type("cosine")
            .limit(len(self.chunks))
            .select(["chunk_id", "_distance"])
            .to_arrow()
        )
        rows = [self._row_of[chunk_id] for chunk_id in found["chunk_id"].to_pylist()]
        scores[rows] = 1.0 - found["_distance"].to_numpy()
        return scores

    def rows_of(self, doc_ids: set[str]) -> Any:
        """The stored rows (an Arrow table, vectors included) of ``doc_ids``, for the next build."""
        import pyarrow as pa
        import pyarrow.compute as pc

        table = self._table.to_arrow()
        return table.filter(pc.is_in(table["doc_id"], value_set=pa.array(sorted(doc_ids))))

    def _rows(self, columns: list[str]) -> list[dict[str, Any]]:
        arrow = self._table.search().select(columns).limit(self._table.count_rows() or 1).to_arrow()
        rows: list[dict[str, Any]] = arrow.to_pylist()
        return sorted(rows, key=lambda row: (row["doc_id"], row["position"]))

    def _describe(self) -> None:
        import numpy as np

        self._public = np.array([chunk.audience == "public" for chunk in self.chunks], dtype=bool)
        self._starts = np.array(
            [c.effective_from.toordinal() if c.effective_from else FIRST_DAY for c in self.chunks],
            dtype=np.int64,
        )
        self._ends = np.array(
            [c.effective_to.toordinal() if c.effective_to else LAST_DAY for c in self.chunks],
            dtype=np.int64,
        )


def _chunk(row: dict[str, Any]) -> Chunk:
    return Chunk(**{name: row[name] for name in Chunk.__slots__})
