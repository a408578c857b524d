"""Search the policies: keyword, vector and both, with every stage's rank and score."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from retrieval.confidence import CONFIDENT_FROM, Gauge, probability
from retrieval.find import MAX_QUERY_CHARS, NOTICES, Finder, Found, FoundEntry
from retrieval.highlight import highlight_spans
from retrieval.index import PolicyIndex, chunk_of, searchable_text, visible_to
from retrieval.rerank import Coverage, Reranker
from retrieval.types import Hit, Mode, SearchResult
from retrieval.words import Words

__all__ = ["MAX_QUERY_CHARS", "MAX_TOP_K", "NOTICES", "PolicySearch"]

MAX_TOP_K = 50
CACHED_RESULTS = 256


class PolicySearch:
    """Searches one :class:`PolicyIndex`. Thread safe; keeps the last ``cache_size`` results.

    ``reranker`` orders the best hits of the hybrid mode anew; without one, ``Coverage`` does.
    ``finder`` is what it asks the index with.
    """

    def __init__(
        self,
        index: PolicyIndex,
        *,
        cache_size: int = CACHED_RESULTS,
        reranker: Reranker | None = None,
    ) -> None:
        self.index = index
        words = Words(index.tokenizer)
        self.finder = Finder(
            index.engine,
            words=words,
            gauge=Gauge(index.tokenizer, words),
            reranker=reranker or Coverage(index.tokenizer),
            text_of=_text_of,
        )
        self._cache: OrderedDict[tuple[object, ...], SearchResult] = OrderedDict()
        self._cache_size = cache_size
        self._lock = threading.Lock()

    def search(
        self,
        query: str,
        *,
        mode: Mode = "hybrid",
        top_k: int = 5,
        staff: bool = False,
        today: date,
        include_superseded: bool = False,
    ) -> SearchResult:
        """The ``top_k`` (1 to 50) best clauses for ``query``, whose first 4,000 characters count.

        Only public clauses in force on ``today``; ``staff`` sees internal ones as well, and,
        with ``include_superseded``, those no longer in force. Never raises for any text: when
        a stage cannot take part the other answers, and ``mode_used`` and ``notice`` say so.
        """
        started = time.perf_counter()
        snapshot = self.index.snapshot()
        top_k = max(1, min(top_k, MAX_TOP_K))
        seen = visible_to(staff=staff, today=today, include_superseded=include_superseded)
        key = (query, mode, top_k, seen, snapshot and snapshot.manifest)
        result = self._cached(key)
        if result is None:
            found = self.finder.find(query, mode=mode, top_k=top_k, filters=seen)
            result = _result(query, mode, found)
            self._keep(key, result)
        return replace(result, took_ms=(time.perf_counter() - started) * 1000)

    def stages(
        self, query: str, *, depth: int, staff: bool, today: date, include_superseded: bool
    ) -> dict[str, tuple[Hit, ...]]:
        """What :meth:`search` sees on its way: the ``depth`` best clauses of each stage
        ("keyword", "vector", "fused", "reranked") that could take part, for inspecting.
        """
        seen = visible_to(staff=staff, today=today, include_superseded=include_superseded)
        return {name: _hits(some) for name, some in self.finder.lists(query, depth, seen).items()}

    def everywhere(self, query: str, *, depth: int) -> tuple[Hit, ...]:
        """The ``depth`` best clauses of all, also those that nobody may find now: internal,
        no longer in force, not yet in force. For telling why one is not found.
        """
        return _hits(self.finder.find(query, top_k=depth).entries)

    def highlight_spans(self, query: str, text: str) -> list[tuple[int, int]]:
        """Character ranges of ``text`` that say words of ``query``, in order, not touching."""
        return highlight_spans(self.index.tokenizer, query[:MAX_QUERY_CHARS], text)

    def _cached(self, key: tuple[object, ...]) -> SearchResult | None:
        with self._lock:
            if key not in self._cache:
                return None
            self._cache.move_to_end(key)
            return self._cache[key]

    def _keep(self, key: tuple[object, ...], result: SearchResult) -> None:
        if result.notice in ("vector_failed", "index_missing"):
            return  # it may work again at the next try
        with self._lock:
            self._cache[key] = result
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)


def _result(query: str, mode: Mode, found: Found) -> SearchResult:
    hits = _hits(found.entries)
    confidence = probability(found.evidence) if found.evidence else 0.0
    return SearchResult(
        query=query,
        mode=mode,
        mode_used=found.mode_used,
        took_ms=0.0,
        hits=hits,
        notice=found.notice,
        confident=confidence >= CONFIDENT_FROM,
        confidence=confidence,
    )


def _hits(entries: Iterable[FoundEntry]) -> tuple[Hit, ...]:
    return tuple(Hit(chunk_of(one.payload), one.score, one.ranks, one.scores) for one in entries)


def _text_of(payload: str) -> str:
    return searchable_text(chunk_of(payload))
