"""What the policy search takes and gives: plain frozen values, no behaviour.

Scores are plain floats whose scale depends on the stage: ``keyword`` is BM25n (0 to 1, the
share of the query's information found; up to 2 with the asked wordings' share), ``vector`` a
cosine (-1 to 1), ``fused`` their weighted sum, ``reranked`` that and the re-ranker's bonus.
Ranks count from 1. None means that the stage has nothing to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

__all__ = [
    "Audience",
    "Chunk",
    "Document",
    "Hit",
    "IndexReport",
    "IndexStatus",
    "Mode",
    "ModeUsed",
    "Ranks",
    "Scores",
    "SearchResult",
]

Audience = Literal["public", "staff"]
Mode = Literal["hybrid", "keyword", "vector"]
ModeUsed = Literal["hybrid", "keyword", "vector", "none"]


@dataclass(frozen=True, slots=True)
class Document:
    """One policy. ``body`` is Markdown with its placeholders already filled in.

    It is in force from ``effective_from`` to ``effective_to``, both days included; None
    leaves that side open. ``source`` is the file or address it was read from.
    ``content_hash`` covers every other field.
    """

    doc_id: str
    title: str
    category: str
    audience: Audience
    effective_from: date | None
    effective_to: date | None
    version: int
    body: str
    content_hash: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One clause: the unit that is found and cited.

    ``position`` counts from 0 within the document. ``section`` is the heading without its
    marks, or the document's title for text before the first heading; ``path`` is the way to
    it ("반품·교환 › 반품 기간 › 예외"). ``asked`` are other ways customers ask for this clause,
    as its author wrote them down: found by, never shown.
    """

    chunk_id: str
    doc_id: str
    title: str
    category: str
    audience: Audience
    section: str
    text: str
    position: int
    effective_from: date | None
    effective_to: date | None
    version: int
    path: str = ""
    asked: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Ranks:
    """A clause's place (from 1) at each stage, among the clauses the reader may see."""

    keyword: int | None = None
    vector: int | None = None
    fused: int | None = None
    reranked: int | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """A clause's score at each stage."""

    keyword: float | None = None
    vector: float | None = None
    fused: float | None = None
    reranked: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A found clause; ``score`` is the one of the mode that was used."""

    chunk: Chunk
    score: float
    ranks: Ranks
    scores: Scores


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search answered. ``hits`` come best first.

    ``mode_used`` differs from ``mode`` only when a stage could not take part; ``notice`` then
    says why, as a snake_case word (see ``retrieval.search.NOTICES``), and is empty otherwise.
    ``confidence`` (0 to 1) is how sure the best hit is to answer; ``confident`` is False when
    that is too little to present it as an answer (``retrieval.confidence``).
    """

    query: str
    mode: Mode
    mode_used: ModeUsed
    took_ms: float
    hits: tuple[Hit, ...] = ()
    notice: str = ""
    confident: bool = False
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a build did, in documents; ``chunks`` is the index's new size, ``took_s`` seconds."""

    added: int
    changed: int
    removed: int
    unchanged: int
    chunks: int
    took_s: float


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The index as it lies on the disk. ``stale`` asks for a build: its makers changed.

    ``built_at`` is UTC ISO-8601, empty when there is no index; ``version`` names the
    generation in force.
    """

    ready: bool
    version: str = ""
    documents: int = 0
    chunks: int = 0
    built_at: str = ""
    tokenizer: str = ""
    encoder: str = ""
    stale: bool = False
