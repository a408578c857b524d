"""How fast the policy search answers over the shop's own policies, beside two baselines."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import settings
from benchmarks.questions import QUESTIONS, WARM_UP
from benchmarks.timing import figures
from retrieval import CongEncoder, KoreanTokenizer, PolicyIndex, PolicySearch, load_folder
from retrieval.baselines import lancedb_simple, whitespace_bm25
from retrieval.chunking import chunk_document

__all__ = ["main", "run"]


def run() -> dict[str, float]:
    """Milliseconds a question: ``search_*`` (hybrid), ``keyword_*``, ``vector_*``,
    ``whitespace_*`` and ``lancedb_default_*``, each with ``p50_ms``,
    ``p95_ms`` and ``cpu_p95_ms``."""
    day = date.today()
    documents = load_folder(settings.ROOT / "data" / "policies", settings.load().rules())
    texts = [chunk.text for document in documents for chunk in chunk_document(document)]
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = KoreanTokenizer()
        index = PolicyIndex(Path(folder), tokenizer, CongEncoder(tokenizer, Path(folder)))
        index.build(documents)
        search = PolicySearch(index, cache_size=0)
        for question in WARM_UP:
            search.search(question, today=day)
        found = figures("search", QUESTIONS, lambda one: search.search(one, today=day))
        # Other wordings for the single modes, so that no analysis is in the cache.
        third = len(QUESTIONS) // 3
        polite = [f"저기요 {question}" for question in QUESTIONS[:third]]
        found |= figures("keyword", polite, lambda q: search.search(q, mode="keyword", today=day))
        direct = [f"혹시 {question}" for question in QUESTIONS[third : 2 * third]]
        found |= figures("vector", direct, lambda q: search.search(q, mode="vector", today=day))
        plain = lancedb_simple(texts, Path(folder) / "lancedb")
        for question in WARM_UP:
            plain(question)
        found |= figures("lancedb_default", QUESTIONS, plain)
    return found | figures("whitespace", QUESTIONS, whitespace_bm25(texts))


def main() -> None:
    """Print the figures, one a line."""
    for name, value in run().items():
        print(f"{name:<24}{value:8.2f}")


if __name__ == "__main__":
    main()
