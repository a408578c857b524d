"""Measure the search on passages and questions: R@1, R@5, MRR@10 and ms a question.

Every question is asked once and every stage's order kept, so that keyword, vector, rank
fusion and our own order are compared on the very same candidates.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

from errors import BadInput
from retrieval.baselines import Ask, lancedb_simple, whitespace_bm25
from retrieval.documents import content_hash
from retrieval.embed import Encoder
from retrieval.index import PolicyIndex, Progress, visible_to
from retrieval.search import PolicySearch
from retrieval.tokenize import KoreanTokenizer
from retrieval.types import Document, Mode

__all__ = [
    "BenchReport",
    "BenchRow",
    "Question",
    "measure",
    "passage_documents",
    "read_questions",
    "run",
]

T = TypeVar("T")
Method = Literal["keyword", "vector", "rrf", "hybrid", "whitespace", "lancedb"]
DEPTH = 10
FUSED_DEPTH = 100  # of each order that rank fusion sees
RRF_K = 60
TIMED = 200  # questions a mode
WHOLE = 1_000_000  # characters: passages are ranked as they are given, never split
TIMED_AS: dict[Method, Mode] = {
    "keyword": "keyword",
    "vector": "vector",
    "rrf": "hybrid",
    "hybrid": "hybrid",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the ids of the passages that answer it."""

    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One method's figures; ``ms`` is the mean time a question.

    ``rrf`` is reciprocal rank fusion (k = 60) of keyword and vector, ``hybrid`` our order.
    """

    mode: Method
    recall_1: float
    recall_5: float
    mrr_10: float
    ms: float


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All rows, and how many of the ``questions`` have no relevant passage in the file
    (``unanswerable``; they count as not found)."""

    rows: tuple[BenchRow, ...]
    passages: int
    questions: int
    unanswerable: int


def run(
    passages: Path,
    questions: Path,
    tokenizer: KoreanTokenizer,
    encoder: Encoder,
    progress: Progress | None = None,
    *,
    baselines: bool = False,
) -> BenchReport:
    """Index ``passages`` in a temporary folder and ask ``questions`` by each method.

    ``baselines`` adds whitespace BM25 and LanceDB's default full text. Passages of the same
    text are one: finding any of them is finding the relevant one. Raises
    :class:`errors.BadInput` for a file that cannot be read.
    """
    documents = passage_documents(passages)
    asked = _with_twins(read_questions(questions), documents)
    with tempfile.TemporaryDirectory() as folder:
        index = PolicyIndex(Path(folder), tokenizer, encoder, max_chars=WHOLE)
        index.build(documents, progress)
        rows = measure(PolicySearch(index, cache_size=0), asked)
        if baselines:
            texts, ids = [one.body for one in documents], [one.doc_id for one in documents]
            simple = lancedb_simple(texts, Path(folder) / "simple")
            rows.append(_baseline("whitespace", whitespace_bm25(texts), ids, asked))
            rows.append(_baseline("lancedb", simple, ids, asked))
    known = {document.doc_id for document in documents}
    lost = sum(not question.relevant & known for question in asked)
    return BenchReport(tuple(rows), len(documents), len(asked), lost)


def measure(
    search: PolicySearch, questions: Sequence[Question], *, clauses: bool = False
) -> list[BenchRow]:
    """Ask every question; rows for keyword, vector, rrf and hybrid.

    A stage that cannot take part finds nothing; hybrid may fall back to the other one, which
    is part of what it is. Relevant ids name documents or, with ``clauses``, single clauses.
    """
    seen = visible_to(staff=False, today=date.today(), include_superseded=False)
    spent = _times(search, [question.text for question in questions])
    places: dict[Method, list[int | None]] = {name: [] for name in TIMED_AS}
    for question in questions:
        orders = search.finder.orders(question.text, FUSED_DEPTH, seen)
        orders["rrf"] = _fused_by_rank(orders)
        for name, found in places.items():
            # A key is a document's id, "#" and the clause within it.
            keys = orders.get(name, ())
            ids = dict.fromkeys(key if clauses else key.rpartition("#")[0] for key in keys)
            found.append(_place(list(ids)[:DEPTH], question.relevant))
    return [_row(name, found, spent[TIMED_AS[name]]) for name, found in places.items()]


def passage_documents(path: Path) -> list[Document]:
    """The documents of a JSONL file of ``{"id", "text"}``. Raises BadInput, also for an id
    that comes twice."""
    documents = _read(path, lambda row: _document(_id(row["id"]), _text(row["text"])))
    seen: set[str] = set()
    for document in documents:
        if document.doc_id in seen:
            raise BadInput(
                f"{path}: id {document.doc_id!r}가 두 번 나옵니다. 서로 다른 id로 고쳐 주세요."
            )
        seen.add(document.doc_id)
    return documents


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSONL file of ``{"text", "relevant": [ids]}``. Raises BadInput."""
    return _read(path, lambda row: Question(_text(row["text"]), _ids(row["relevant"])))


def _with_twins(questions: Sequence[Question], documents: Sequence[Document]) -> list[Question]:
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for document in documents:
        ids[document.body].append(document.doc_id)
    twins = {one: frozenset(same) for same in ids.values() for one in same}
    return [
        replace(question, relevant=question.relevant.union(*(twins[one] for one in known)))
        if (known := question.relevant & twins.keys())
        else question
        for question in questions
    ]


def _times(search: PolicySearch, texts: Sequence[str]) -> dict[Mode, float]:
    """Mean milliseconds a question; each mode gets questions the analyser has not seen yet."""
    modes: tuple[Mode, ...] = ("hybrid", "keyword", "vector")
    size, spent = min(TIMED, max(1, len(texts) // 3)), dict.fromkeys(modes, 0.0)
    search.search("배송", today=date.today())  # opens what is opened once
    for number, mode in enumerate(modes):
        some = texts[number * size : (number + 1) * size] or texts[:size]
        started = time.perf_counter()
        for text in some:
            search.search(text, mode=mode, today=date.today())
        spent[mode] = (time.perf_counter() - started) * 1000 / max(1, len(some))
    return spent


def _fused_by_rank(orders: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    scores: defaultdict[str, float] = defaultdict(float)
    for name in ("keyword", "vector"):
        for rank, key in enumerate(orders.get(name, ()), start=1):
            scores[key] += 1 / (RRF_K + rank)
    return tuple(sorted(scores, key=lambda key: -scores[key]))


def _baseline(
    name: Method, ask: Ask, ids: Sequence[str], questions: Sequence[Question]
) -> BenchRow:
    started = time.perf_counter()
    answers = [ask(question.text) for question in questions]
    spent = (time.perf_counter() - started) * 1000 / max(1, len(questions))
    places = [
        _place((ids[number] for number in answer), question.relevant)
        for answer, question in zip(answers, questions, strict=True)
    ]
    return _row(name, places, spent)


def _row(name: Method, places: Sequence[int | None], ms: float) -> BenchRow:
    asked = max(1, len(places))
    return BenchRow(
        mode=name,
        recall_1=_share(places, 1, asked),
        recall_5=_share(places, 5, asked),
        mrr_10=sum(1 / place for place in places if place) / asked,
        ms=ms,
    )


def _place(found: Iterable[str], relevant: frozenset[str]) -> int | None:
    return next((at for at, one in enumerate(found, start=1) if one in relevant), None)


def _share(places: Sequence[int | None], within: int, asked: int) -> float:
    return sum(place is not None and place <= within for place in places) / asked


def _document(doc_id: str, text: str) -> Document:
    plain = Document(doc_id, "", "", "public", None, None, 1, text, "")
    return replace(plain, content_hash=content_hash(plain))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value.encode("utf-8", "replace").decode()  # JSON may hold halves of letters


def _id(value: object) -> str:
    if not isinstance(value, (str, int)):
        raise TypeError("not an id")
    return str(value)


def _ids(value: object) -> frozenset[str]:
    """A list of ids; one alone may stand without the brackets."""
    return frozenset(map(_id, value if isinstance(value, list) else [value]))


def _read(path: Path, make: Callable[[dict[str, Any]], T]) -> list[T]:
    try:
        # Not splitlines: texts from the web hold U+2028 and the like, which JSON allows.
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path}: 파일을 읽을 수 없습니다. 경로와 UTF-8 저장을 확인해 주세요."
        ) from error
    rows: list[T] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                rows.append(make(json.loads(line)))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise BadInput(
                    f"{path}의 {number}번째 줄을 읽을 수 없습니다. 한 줄에 JSON 하나를 적어 주세요."
                ) from error
    if not rows:
        raise BadInput(f"{path}: 파일이 비어 있습니다. 한 줄에 JSON 하나를 적어 주세요.")
    return rows
