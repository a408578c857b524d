"""Ask an index: candidates of both stages, every signal of each, one order.

Works on any :class:`retrieval.engine.Index`; what an entry means is the caller's business.
Full text and vectors are asked at the same time. Each names its best candidates; then every
candidate's signals are worked out exactly, so that a clause found by its words alone still
has its true cosine, and the other way round.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from retrieval.confidence import Evidence, Gauge
from retrieval.engine import Index
from retrieval.entries import Filter
from retrieval.fusion import Signals, fuse, keyword_score, own_meaning, vector_score
from retrieval.query import query_terms, query_vector
from retrieval.rerank import Candidate, Reranker
from retrieval.snapshot import Snapshot
from retrieval.tokenize import normalise
from retrieval.types import Mode, ModeUsed, Ranks, Scores
from retrieval.words import Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]

__all__ = ["MAX_QUERY_CHARS", "NOTICES", "Finder", "Found", "FoundEntry"]

log = logging.getLogger(__name__)
MAX_QUERY_CHARS = 4000
DEPTH = 300  # candidates of each stage
RERANKED = 20
TRIES = 3
_SIGNALS = tuple(one.name for one in fields(Signals))

NOTICES: Final = {
    "empty_query": "the question holds nothing but white space",
    "index_missing": "no index has been built, or it cannot be read",
    "nothing_in_force": "no entry is there that this reader may see",
    "no_known_words": "no word of the question is known",
    "no_keyword_match": "no entry holds a word of the question; found by meaning alone",
    "no_vector": "no word of the question has a vector; found by words alone",
    "encoder_changed": "the index was built with another encoder; found by words alone",
    "vector_failed": "the encoder or the vector query failed; found by words alone",
}


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """A found entry. Ranks count among the candidates of this question."""

    key: str
    payload: str
    score: float
    ranks: Ranks
    scores: Scores


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, best first; ``mode_used`` and ``notice`` as in ``SearchResult``.

    ``evidence`` tells how sure the first one is; None when nobody asked, or nothing was found.
    """

    mode_used: ModeUsed
    notice: str = ""
    entries: tuple[FoundEntry, ...] = ()
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class _Stages:
    """Every candidate's score at each stage, nan where the stage has nothing to say of it;
    None where the stage could not take part at all."""

    candidates: Numbers
    meaning: Floats  # cosine with the own text
    keyword: Floats | None
    vector: Floats | None
    fused: Floats | None
    reranked: Floats | None
    vector_notice: str


class Finder:
    """Asks one index. Thread safe; keeps nothing between questions.

    ``text_of`` makes of a payload the text that ``reranker`` sees. ``gauge`` is asked how
    sure the best entry is.
    """

    def __init__(
        self,
        index: Index,
        *,
        words: Words | None = None,
        reranker: Reranker | None = None,
        gauge: Gauge | None = None,
        text_of: Callable[[str], str] = str,
    ) -> None:
        self.index = index
        self._words = words
        self._reranker = reranker
        self._gauge = gauge
        self._text_of = text_of

    def find(
        self, query: str, *, mode: Mode = "hybrid", top_k: int = 5, filters: Sequence[Filter] = ()
    ) -> Found:
        """The ``top_k`` best entries that all ``filters`` hold for.

        Never raises for any text: when a stage cannot take part the other answers, and
        ``mode_used`` and ``notice`` say so. Raises ValueError for a filter on a column that
        the index does not have.
        """
        text = normalise(query[:MAX_QUERY_CHARS]).strip()
        if not text:
            return Found("none", "empty_query")
        for attempt in range(TRIES):
            snapshot = self.index.snapshot()
            if snapshot is None:
                return Found("none", "index_missing")
            if not snapshot.visible(filters).any():
                return Found("none", "nothing_in_force")
            try:
                return self._answer(snapshot, text, mode, top_k, filters)
            except (OSError, RuntimeError, ValueError, LookupError) as error:
                # Two builds may have passed since the snapshot was taken: look again.
                log.warning("search in %s failed: %s", snapshot.version, error)
                if self.index.snapshot() is snapshot and attempt:
                    break
        return Found("none", "index_missing")

    def lists(
        self, query: str, depth: int, filters: Sequence[Filter] = ()
    ) -> dict[str, tuple[FoundEntry, ...]]:
        """The ``depth`` best entries of every stage that took part, with their ranks and
        scores at all stages: all from the one pass that :meth:`find` makes.
        """
        text, snapshot = normalise(query[:MAX_QUERY_CHARS]).strip(), self.index.snapshot()
        if not text or snapshot is None:
            return {}
        stages = self._stages(snapshot, text, filters)
        return {
            name: _read(snapshot, stages, [int(row) for row in _order(scores)[:depth]], scores)
            for name, scores in _by_stage(stages).items()
            if scores is not None
        }

    def orders(
        self, query: str, depth: int, filters: Sequence[Filter] = ()
    ) -> dict[str, tuple[str, ...]]:
        """The keys of the ``depth`` best entries at each stage that took part ("keyword",
        "vector") and at the end ("hybrid", which may be one of them): all from one pass, for
        measuring.
        """
        text, snapshot = normalise(query[:MAX_QUERY_CHARS]).strip(), self.index.snapshot()
        if not text or snapshot is None:
            return {}
        stages = self._stages(snapshot, text, filters)
        used: dict[str, ModeUsed] = {"hybrid": _choose("hybrid", stages)[0]}
        used |= {"keyword": "keyword"} if stages.keyword is not None else {}
        used |= {"vector": "vector"} if stages.vector is not None else {}
        return {
            name: tuple(
                snapshot.read(int(stages.candidates[row]))[0]
                for row in _placed(stages, one)[0][:depth]
            )
            for name, one in used.items()
            if one != "none"
        }

    def _answer(
        self, snapshot: Snapshot, text: str, mode: Mode, top_k: int, filters: Sequence[Filter]
    ) -> Found:
        stages = self._stages(snapshot, text, filters)
        used, notice = _choose(mode, stages)
        if used == "none":
            return Found("none", notice)
        entries = _entries(snapshot, stages, used, top_k)
        if not entries:  # no entry that may be seen has a vector
            return Found("none", "no_known_words")
        return Found(used, notice, entries, self._evidence(snapshot, text, stages, used))

    def _evidence(
        self, snapshot: Snapshot, text: str, stages: _Stages, used: ModeUsed
    ) -> Evidence | None:
        order = _placed(stages, used)[0]
        if self._gauge is None or not len(order):
            return None
        best = int(stages.candidates[order[0]])
        meaning = float(stages.meaning[order[0]])
        return self._gauge.read(snapshot, text, best, meaning)

    def _stages(self, snapshot: Snapshot, text: str, filters: Sequence[Filter]) -> _Stages:
        import numpy as np

        weighed = snapshot.terms.weigh(query_terms(self.index.tokenizer, text, self._words))
        words = _pool().submit(snapshot.by_words, weighed, filters, DEPTH)
        vector, near, notice = self._by_vector(snapshot, text, filters)
        candidates = np.union1d(words.result(), near)
        signals = snapshot.signals(weighed, vector, candidates)
        shared = keyword_score(signals)
        keyword = np.where(shared > 0, shared, np.nan) if (shared > 0).any() else None
        meaning = own_meaning(signals)
        if vector is None:
            return _Stages(candidates, meaning, keyword, None, None, None, notice)
        fused = fuse(signals)
        reranked = self._rerank(snapshot, text, candidates, signals, fused)
        cosines = vector_score(signals)
        return _Stages(candidates, meaning, keyword, cosines, fused, reranked, "")

    def _by_vector(
        self, snapshot: Snapshot, text: str, filters: Sequence[Filter]
    ) -> tuple[NDArray[np.float32] | None, Numbers, str]:
        import numpy as np

        nobody = np.zeros(0, dtype=np.int64)
        try:
            if not self.index.encoder_matches(snapshot):
                return None, nobody, "encoder_changed"
            vector = query_vector(self.index.encoder, text, self._words)
            if not vector.any():
                return None, nobody, "no_vector"
            return vector, snapshot.by_vector(vector, filters, DEPTH), ""
        except Exception:
            # Whatever a pluggable encoder or the table's files do, words still answer.
            log.exception("vector search failed")
            return None, nobody, "vector_failed"

    def _rerank(
        self,
        snapshot: Snapshot,
        text: str,
        candidates: Numbers,
        signals: Signals,
        fused: Floats,
    ) -> Floats | None:
        import numpy as np

        if self._reranker is None or not len(candidates):
            return None
        best = np.argsort(-fused, kind="stable")[:RERANKED]
        values = np.stack(astuple(signals), axis=1).tolist()
        shown = [
            self._candidate(snapshot, int(candidates[row]), float(fused[row]), values[row])
            for row in best
        ]
        scores = np.full(len(candidates), np.nan)
        scores[best] = self._reranker.rerank(text, shown)
        return scores

    def _candidate(
        self, snapshot: Snapshot, entry: int, fused: float, signals: Sequence[float]
    ) -> Candidate:
        named = dict(zip(_SIGNALS, signals, strict=True))
        read = partial(self._text, snapshot, entry)
        return Candidate(key=snapshot.read(entry)[0], fused=fused, read=read, **named)

    def _text(self, snapshot: Snapshot, entry: int) -> str:
        return self._text_of(snapshot.read(entry)[1])


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="search")


def _choose(mode: Mode, stages: _Stages) -> tuple[ModeUsed, str]:
    """The mode that can answer, and why when it is not the one asked for."""
    words, meaning = stages.keyword is not None, stages.vector is not None
    if not words and not meaning:
        known = stages.vector_notice in ("encoder_changed", "vector_failed")
        return "none", stages.vector_notice if known else "no_known_words"
    if not words and mode != "vector":
        return "vector", "no_keyword_match"
    if not meaning and mode != "keyword":
        return "keyword", stages.vector_notice
    return mode, ""


def _placed(stages: _Stages, used: ModeUsed) -> tuple[Numbers, Floats]:
    """Rows of the candidates, best first, and the scores that placed them."""
    import numpy as np

    scores = {"keyword": stages.keyword, "vector": stages.vector, "hybrid": stages.fused}[used]
    assert scores is not None  # _choose picked a stage that speaks
    order = _order(scores)
    if used == "hybrid" and stages.reranked is not None:
        # Those the re-ranker saw stand first, in its order; the others keep theirs.
        seen = _order(stages.reranked)
        order = np.concatenate([seen, order[~np.isin(order, seen)]])
        scores = np.where(np.isfinite(stages.reranked), stages.reranked, scores)
    return order, scores


def _entries(
    snapshot: Snapshot, stages: _Stages, used: ModeUsed, top_k: int
) -> tuple[FoundEntry, ...]:
    order, scores = _placed(stages, used)
    return _read(snapshot, stages, [int(row) for row in order[:top_k]], scores)


def _by_stage(stages: _Stages) -> dict[str, Floats | None]:
    return {
        "keyword": stages.keyword,
        "vector": stages.vector,
        "fused": stages.fused,
        "reranked": stages.reranked,
    }


def _read(
    snapshot: Snapshot, stages: _Stages, rows: Sequence[int], scores: Floats
) -> tuple[FoundEntry, ...]:
    """The candidates of ``rows``; ``scores`` are those that placed them."""
    by_stage = _by_stage(stages)
    ranks = {name: None if one is None else _ranks(one) for name, one in by_stage.items()}

    def entry(row: int) -> FoundEntry:
        key, payload = snapshot.read(int(stages.candidates[row]))
        at = {name: None if one is None else _finite(one[row]) for name, one in by_stage.items()}
        places = {
            name: int(one[row]) if one is not None and at[name] is not None else None
            for name, one in ranks.items()
        }
        return FoundEntry(key, payload, float(scores[row]), Ranks(**places), Scores(**at))

    return tuple(entry(row) for row in rows)


def _order(scores: Floats) -> Numbers:
    """Rows with a score, best first; of equal ones the first entry first."""
    import numpy as np

    return np.argsort(-scores, kind="stable")[: int(np.isfinite(scores).sum())]


def _ranks(scores: Floats) -> Numbers:
    import numpy as np

    ranks = np.zeros(len(scores), dtype=np.int64)
    order = _order(scores)
    ranks[order] = np.arange(1, len(order) + 1)
    return ranks


def _finite(value: float) -> float | None:
    return float(value) if value == value else None
