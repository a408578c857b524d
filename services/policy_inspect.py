"""One question through the very search that the agent uses, with everything it saw.

``fates`` tells what a customer's reply would cite and why each of the rest is not: by the
agent's own functions and by what keeps a clause from the customer's search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from agent.flows.knowledge import ALSO, MOST_CITED, SEEN, judged, search_words
from agent.flows.knowledge import Verdict as Judged
from retrieval.confidence import CONFIDENT_FROM

if TYPE_CHECKING:
    from retrieval import Chunk, Hit, Mode, PolicySearch, SearchResult

__all__ = [
    "ALSO",
    "CONFIDENT_FROM",
    "DEPTH",
    "MOST_CITED",
    "SEEN",
    "Answer",
    "Comparison",
    "Fate",
    "Inspection",
    "Look",
    "Verdict",
    "answer",
    "compare",
    "inspect",
    "state_of",
]

DEPTH = 8  # clauses a column
ELSEWHERE = 12  # best clauses of all, where those are looked for that nobody may find
Verdict = Literal[Judged, "below", "internal", "ended", "coming"]
State = Literal["in_force", "coming", "ended"]


@dataclass(frozen=True, slots=True)
class Look:
    """How to look: the agent's own way by default. ``as_of`` None is today."""

    mode: Mode = "hybrid"
    top_k: int = SEEN
    superseded: bool = False
    staff: bool = False
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a search saw. ``stages`` are the best clauses of every stage that took part, by
    "keyword", "vector", "fused", "reranked"; ``searched`` is the question in the documents'
    words."""

    query: str
    searched: str
    look: Look
    today: date
    result: SearchResult
    stages: dict[str, tuple[Hit, ...]]


@dataclass(frozen=True, slots=True)
class Fate:
    """A clause and what becomes of it in a reply. ``share`` is its score over the best one's."""

    hit: Hit
    verdict: Verdict
    share: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a customer's reply would rest on. ``moved`` is the cited clause that was put in
    front for stating what was asked for, None when the search's own first one leads.
    ``intent`` is what the question is understood as: the policies answer only some.
    """

    confident: bool
    confidence: float
    fates: tuple[Fate, ...]
    moved: str | None = None
    intent: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two ways of looking: places (from 1) by clause on both sides, and the clauses."""

    left: Inspection
    right: Inspection
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    chunks: dict[str, Chunk] = field(default_factory=dict)

    def place(self, side: Literal["left", "right"], chunk_id: str) -> int | None:
        """Where a clause stands on one side; None when it is not found there."""
        hits = (self.left if side == "left" else self.right).result.hits
        ids = [hit.chunk.chunk_id for hit in hits]
        return ids.index(chunk_id) + 1 if chunk_id in ids else None


def inspect(
    policies: PolicySearch, query: str, look: Look, today: date, *, heard: str
) -> Inspection:
    """Search as ``look`` says, on ``look.as_of`` or ``today``; keeps every stage. ``heard`` is
    the text that the agent makes of ``query``."""
    searched, day = search_words(heard), look.as_of or today
    result = policies.search(
        searched, mode=look.mode, top_k=look.top_k, staff=look.staff, today=day,
        include_superseded=look.superseded,
    )  # fmt: skip
    stages = policies.stages(
        searched, depth=DEPTH, staff=look.staff, today=day, include_superseded=look.superseded
    )
    return Inspection(query, searched, look, day, result, stages)


def answer(policies: PolicySearch, query: str, today: date) -> Answer:
    """What the reply to a customer would cite on ``today``, and why the rest is dropped."""
    searched = search_words(query)
    result = policies.search(searched, top_k=SEEN, staff=False, today=today)
    hits = judged(query, result)
    best = result.hits[0].score if result.hits else 0.0
    fates = [Fate(hit, verdict, _share(hit, best)) for hit, verdict in hits]
    seen = {fate.hit.chunk.chunk_id for fate in fates}
    for hit in policies.everywhere(searched, depth=ELSEWHERE):
        if hit.chunk.chunk_id not in seen:
            fates.append(Fate(hit, _kept_from(hit.chunk, today), _share(hit, best)))
    moved = None
    if hits and hits[0][1] == "cited" and hits[0][0] is not result.hits[0]:
        moved = hits[0][0].chunk.chunk_id
    return Answer(result.confident, result.confidence, tuple(fates), moved)


def compare(
    policies: PolicySearch, query: str, left: Look, right: Look, today: date, *, heard: str
) -> Comparison:
    """The same question looked for in two ways; ``came`` is on the right alone."""
    one, other = (inspect(policies, query, look, today, heard=heard) for look in (left, right))
    ids = [[hit.chunk.chunk_id for hit in each.result.hits] for each in (one, other)]
    chunks = {hit.chunk.chunk_id: hit.chunk for each in (one, other) for hit in each.result.hits}
    came = tuple(key for key in ids[1] if key not in ids[0])
    went = tuple(key for key in ids[0] if key not in ids[1])
    return Comparison(one, other, came, went, chunks)


def state_of(begin: date | None, end: date | None, today: date) -> State:
    """Whether something with these days holds on ``today``."""
    if begin is not None and begin > today:
        return "coming"
    return "ended" if end is not None and end < today else "in_force"


def _kept_from(chunk: Chunk, today: date) -> Verdict:
    """Why a clause is not among those the customer's search looks at."""
    state = state_of(chunk.effective_from, chunk.effective_to, today)
    if state != "in_force":
        return state
    return "internal" if chunk.audience == "staff" else "below"


def _share(hit: Hit, best: float) -> float:
    return hit.score / best if best > 0 else 0.0
