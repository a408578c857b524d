"""What anybody would have without an engine of their own: two keyword searches.

BM25 over white-space words, in memory, and LanceDB's full text as it comes (its ``simple``
tokenizer). Both return the numbers of the five best texts.
"""

from __future__ import annotations

import statistics
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from retrieval.bm25 import K1, B

__all__ = ["figures", "lancedb_default", "whitespace_bm25"]

TOP = 5
WRITTEN_AT_ONCE = 65_536
Ask = Callable[[str], Sequence[int]]


def whitespace_bm25(texts: Iterable[str]) -> Ask:
    """Lucene's BM25; one NumPy pass over the postings of each word of the question."""
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

    def ask(question: str) -> Sequence[int]:
        total = np.zeros(len(sizes), dtype=np.float32)
        for word in question.split():
            if word in rows:
                found = np.frombuffer(rows[word], dtype=np.uint32)
                count = np.frombuffer(times[word], dtype=np.uint16)
                idf = np.log(1 + (len(sizes) - len(found) + 0.5) / (len(found) + 0.5))
                total[found] += idf * count / (count + damping[found])
        best = np.argpartition(-total, min(TOP, len(total) - 1))[:TOP]
        numbers: list[int] = best[np.argsort(-total[best])].tolist()
        return numbers

    return ask


def lancedb_default(folder: Path, texts: Iterable[str]) -> Ask:
    """LanceDB's full text with nothing set: the ``simple`` tokenizer and its English rules."""
    import lancedb
    import pyarrow as pa
    from lancedb.index import FTS

    waiting, table, number = iter(texts), None, 0
    while some := list(islice(waiting, WRITTEN_AT_ONCE)):
        rows = pa.table({"number": range(number, number + len(some)), "text": some})
        number += len(some)
        if table is None:
            table = lancedb.connect(folder).create_table("texts", data=rows)
        else:
            table.add(rows)
    assert table is not None
    table.create_index("text", config=FTS())

    def ask(question: str) -> Sequence[int]:
        found = table.search(question, query_type="fts").select(["number", "_score"]).limit(TOP)
        numbers: list[int] = found.to_arrow()["number"].to_pylist()
        return numbers

    return ask


def figures(name: str, questions: Iterable[str], ask: Callable[[str], object]) -> dict[str, float]:
    """Ask every question once; milliseconds ``<name>_p50_ms`` and ``<name>_p95_ms`` by the
    clock, ``<name>_cpu_p95_ms`` of all threads together, which holds on a busy machine."""
    spent: list[float] = []
    worked: list[float] = []
    for question in questions:
        started, before = time.perf_counter(), time.process_time()
        ask(question)
        worked.append((time.process_time() - before) * 1000)
        spent.append((time.perf_counter() - started) * 1000)
    return {
        f"{name}_p50_ms": statistics.median(spent),
        f"{name}_p95_ms": statistics.quantiles(spent, n=20)[-1],
        f"{name}_cpu_p95_ms": statistics.quantiles(worked, n=20)[-1],
    }
