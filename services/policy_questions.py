"""Questions without a good answer, grouped by likeness, and what the policy owner makes of them.

A group is a question and those whose meaning is near it (cosine from :data:`ALIKE` of the
local encoder), or somewhat near it with the same nearest clause: of two such questions of the
retrieval sets 44 of 100 have the same answer, of two at random 4. Vectors are kept by
question, so that a look costs only the new ones.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.tools.base import ToolContext, run
from errors import NotFound, Unavailable
from store.unanswered import Kind, Unanswered

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from agent.types import Caller
    from retrieval import Chunk
    from services.parts import Parts
    from services.policy_desk import PolicyDesk

    Vectors = NDArray[np.float32]

__all__ = ["CASES", "Group", "Questions", "group"]

ALIKE, ALIKE_BY_CLAUSE = 0.62, 0.2
BLOCK = 256  # rows of the matrix of cosines at a time: 5 MB for 5,000 questions
CASES = ("kept_cases", "retrieval.jsonl")


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that ask alike, most asked first; ``title`` is the first one's text."""

    rows: tuple[Unanswered, ...]

    @property
    def title(self) -> str:
        """What the group is called: its most asked question."""
        return self.rows[0].question

    @property
    def times(self) -> int:
        """How often it was asked altogether."""
        return sum(row.times for row in self.rows)

    @property
    def last_at(self) -> str:
        """When it was asked last (UTC ISO-8601)."""
        return max(row.last_at for row in self.rows)

    @property
    def nearest(self) -> str:
        """The clause that came closest to its first question that has one; "" for none."""
        return next((row.nearest_chunk_id for row in self.rows if row.nearest_chunk_id), "")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its questions."""
        return tuple(row.key for row in self.rows)


class Questions:
    """See the module. Thread safe; raises Forbidden for anybody who is not staff."""

    def __init__(self, shop: Parts, desk: PolicyDesk) -> None:
        self._shop = shop
        self._desk = desk
        self._lock = threading.Lock()
        self._vectors: dict[str, Vectors] = {}
        self._grouped: dict[tuple[Kind, bool], tuple[tuple[Unanswered, ...], list[Group]]] = {}

    def groups(
        self, caller: Caller, *, kind: Kind = "unanswered", settled: bool = False
    ) -> list[Group]:
        """All questions of a kind in groups, the most asked group first."""
        with self._shop.database.read() as tx:
            context = ToolContext(tx, caller, self._shop.rules, self._shop.clock(), source="page")
            rows = tuple(run(context, "open_questions", kind=kind, settled=settled))
        before = self._grouped.get((kind, settled))
        if before is None or before[0] != rows:  # most looks find nothing new
            before = self._grouped[kind, settled] = rows, group(rows, self._encoded(rows))
        return list(before[1])

    def settle(
        self, caller: Caller, keys: Sequence[str], *, kind: Kind, settled: bool = True
    ) -> int:
        """Mark the questions of a group as dealt with, or open again. Raises NotFound."""
        with self._shop.database.write() as tx:
            context = ToolContext(tx, caller, self._shop.rules, self._shop.clock(), source="page")
            done: int = run(context, "settle_questions", keys=keys, kind=kind, settled=settled)
        return done

    def candidates(self, caller: Caller, question: str) -> list[Chunk]:
        """Public clauses in force, the likeliest to answer ``question`` first."""
        return [hit.chunk for hit in self._desk.inspect(caller, question).stages.get("fused", ())]

    def keep_case(self, caller: Caller, question: str, chunk_id: str) -> Path:
        """Keep ``question`` with the clause that answers it as a test of the search.

        ``python -m evals run --suite retrieval`` asks it too. Returns the file. Raises
        BadInput, NotFound for an unknown clause, Unavailable when the file cannot be written.
        """
        if caller.is_staff and chunk_id and self._shop.index.chunk(chunk_id) is None:
            raise NotFound("고객이 볼 수 있는 조항을 골라 주세요.")
        path: Path = self._shop.settings.data_path.joinpath(*CASES)
        with self._shop.database.write() as tx:
            context = ToolContext(tx, caller, self._shop.rules, self._shop.clock(), source="page")
            text = run(context, "keep_policy_case", question=question, chunk_id=chunk_id)
            row = {"question": text, "topic": "kept", "relevant": [chunk_id],
                   "kept_by": caller.user_id, "kept_at": self._desk.now_iso()}  # fmt: skip
            with self._lock:
                _append(path, row)
        return path

    def _encoded(self, rows: Sequence[Unanswered]) -> Vectors:
        """The questions' vectors, shape (n, dim); only those not seen before are worked out."""
        import numpy as np

        with self._lock:
            new = [row for row in rows if row.key not in self._vectors]
            if new:
                fresh = self._shop.encoder.encode([row.question for row in new])
                self._vectors |= {row.key: one for row, one in zip(new, fresh, strict=True)}
            if len(self._vectors) > 4 * 5_000:  # questions long settled
                keep = {row.key for row in rows}
                self._vectors = {key: one for key, one in self._vectors.items() if key in keep}
            known = [self._vectors[row.key] for row in rows]
        return np.array(known, dtype=np.float32).reshape(len(rows), self._shop.encoder.dim)


def group(rows: Sequence[Unanswered], vectors: Vectors) -> list[Group]:
    """Groups of ``rows``, which come most asked first: the most asked one gathers those alike.

    ``vectors`` (n, dim) are unit vectors, zero for a question of unknown words.
    """
    import numpy as np

    taken = np.zeros(len(rows), dtype=bool)
    groups = []
    for first, alike in _likenesses(rows, vectors):
        for offset, near in enumerate(alike):
            at = first + offset
            if taken[at]:
                continue
            members = np.flatnonzero(near & ~taken)
            members = np.union1d(members, [at])
            taken[members] = True
            groups.append(Group((rows[at], *(rows[int(one)] for one in members if one != at))))
    return sorted(groups, key=lambda one: (-one.times, one.title))


def _likenesses(
    rows: Sequence[Unanswered], vectors: Vectors
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """(first row, which rows each of a block's is like), block by block."""
    import numpy as np

    names = {name: at for at, name in enumerate({row.nearest_chunk_id for row in rows} - {""}, 1)}
    clause = np.array([names.get(row.nearest_chunk_id, 0) for row in rows])
    for first in range(0, len(vectors), BLOCK):
        block = slice(first, first + BLOCK)
        cosines = vectors[block] @ vectors.T
        same = (clause[block, None] == clause) & (clause[block, None] > 0)
        yield first, (cosines >= ALIKE) | (same & (cosines >= ALIKE_BY_CLAUSE))


def _append(path: Path, row: dict[str, object]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable("시험 문항을 저장할 수 없어요. 폴더의 권한을 확인해 주세요.") from error
