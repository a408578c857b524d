"""What others would use on the same passages: measured beside our own search, never used.

BM25 over white-space words, in memory, and LanceDB's full text as it comes. Lean enough for a
million texts.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from retrieval.bm25 import K1, B

__all__ = ["Ask", "lancedb_simple", "whitespace_bm25"]

Ask = Callable[[str], list[int]]  # a question → the numbers of the passages, best first
DEPTH = 10
WRITTEN_AT_ONCE = 65_536


def whitespace_bm25(texts: Iterable[str]) -> Ask:
    """BM25 (Lucene's form) over words as they stand between blanks: one NumPy pass over the
    postings of each word of the question."""
    import numpy as np

    rows: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
    times: defaultdict[str, array[int]] = defaultdict(lambda: array("H"))
    lengths = array("I")
    for number, text in enumerate(texts):
        counts = Counter(text.split())
        lengths.append(counts.total())
        for word, count in counts.items():
            rows[word].append(number)
            times[word].append(min(count, 65_535))
    sizes = np.array(lengths, dtype=np.float32)
    damping = K1 * (1 - B + B * sizes / max(1.0, float(sizes.mean())))

    def ask(question: str) -> list[int]:
        total = np.zeros(len(sizes), dtype=np.float32)
        for word in question.split():
            if word in rows:
                found = np.frombuffer(rows[word], dtype=np.uint32)
                count = np.frombuffer(times[word], dtype=np.uint16)
                idf = np.log(1 + (len(sizes) - len(found) + 0.5) / (len(found) + 0.5))
                total[found] += idf * count / (count + damping[found])
        some = np.argpartition(-total, min(DEPTH, len(total) - 1))[:DEPTH]
        best = some[np.lexsort((some, -total[some]))]
        return [int(number) for number in best if total[number] > 0]

    return ask


def lancedb_simple(texts: Iterable[str], folder: Path) -> Ask:
    """LanceDB's full text with nothing set (the ``simple`` tokenizer and its English rules),
    on a table in ``folder``."""
    import lancedb
    import pyarrow as pa
    from lancedb.index import FTS
    from lancedb.query import MatchQuery

    table: Any = None
    waiting, number = iter(texts), 0
    while some := list(islice(waiting, WRITTEN_AT_ONCE)):
        rows = pa.table({"number": range(number, number + len(some)), "text": some})
        number += len(some)
        if table is None:
            table = lancedb.connect(folder).create_table("passages", data=rows)
        else:
            table.add(rows)
    table.create_index("text", config=FTS())

    def ask(question: str) -> list[int]:
        query: Any = MatchQuery(question, "text")  # type: ignore[call-arg]  # has defaults
        found = table.search(query).select(["number", "_score"]).limit(DEPTH)
        numbers: list[int] = found.to_arrow()["number"].to_pylist()
        return numbers

    return ask
