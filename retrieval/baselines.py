"""What others would use on the same passages: measured beside our own search, never used."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Ask", "lancedb_simple", "whitespace_bm25"]

Ask = Callable[[str], list[int]]  # a question → the numbers of the passages, best first
DEPTH = 10
K1, B = 1.2, 0.75


def whitespace_bm25(texts: Sequence[str]) -> Ask:
    """BM25 (Lucene's form) over words as they stand between blanks."""
    import numpy as np

    counts = [Counter(text.split()) for text in texts]
    lengths = np.array([sum(count.values()) for count in counts], dtype=np.float64)
    damping = K1 * (1 - B + B * lengths / max(1.0, float(lengths.mean())))
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for number, count in enumerate(counts):
        for word in count:
            rows[word].append(number)
    weights: dict[str, tuple[list[int], NDArray[np.float64]]] = {}
    for word, found in rows.items():
        times = np.array([counts[number][word] for number in found])
        idf = np.log(1 + (len(texts) - len(found) + 0.5) / (len(found) + 0.5))
        weights[word] = found, idf * times / (times + damping[found])

    def ask(question: str) -> list[int]:
        scores = np.zeros(len(texts))
        for word in question.split():
            if word in weights:
                found, shares = weights[word]
                scores[found] += shares
        best = np.argsort(-scores, kind="stable")[:DEPTH]
        return [int(number) for number in best if scores[number] > 0]

    return ask


def lancedb_simple(texts: Sequence[str], folder: Path) -> Ask:
    """LanceDB's full text with its default tokenizer, on a table in ``folder``."""
    import lancedb
    from lancedb.index import FTS
    from lancedb.query import MatchQuery

    rows = [{"number": number, "text": text} for number, text in enumerate(texts)]
    table = lancedb.connect(folder).create_table("passages", rows)
    table.create_index("text", config=FTS())

    def ask(question: str) -> list[int]:
        query: Any = MatchQuery(question, "text")  # type: ignore[call-arg]  # has defaults
        found = table.search(query).select(["number", "_score"]).limit(DEPTH)
        return [int(row["number"]) for row in found.to_list()]

    return ask
