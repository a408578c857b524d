"""Measure the search on passages and questions: R@1, R@5, MRR@10 and ms a question."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, get_args

from errors import BadInput
from retrieval.documents import content_hash
from retrieval.embed import Encoder
from retrieval.index import PolicyIndex, Progress
from retrieval.search import PolicySearch
from retrieval.tokenize import KoreanTokenizer
from retrieval.types import Document, Mode

__all__ = ["BenchRow", "Question", "measure", "passage_documents", "read_questions", "run"]

T = TypeVar("T")
DEPTH = 10
ENOUGH_CHUNKS = 50
WHOLE = 1_000_000  # characters: passages are ranked as they are given, never split


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the ids of the passages that answer it."""

    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One mode's figures; ``ms`` is the mean time a question."""

    mode: Mode
    recall_1: float
    recall_5: float
    mrr_10: float
    ms: float


def run(
    passages: Path,
    questions: Path,
    tokenizer: KoreanTokenizer,
    encoder: Encoder,
    progress: Progress | None = None,
) -> list[BenchRow]:
    """Index ``passages`` in a temporary folder and ask ``questions`` in each mode.

    Raises :class:`errors.BadInput` for a file that cannot be read.
    """
    documents = passage_documents(passages)
    asked = read_questions(questions)
    with tempfile.TemporaryDirectory() as folder:
        index = PolicyIndex(Path(folder), tokenizer, encoder, max_chars=WHOLE)
        index.build(documents, progress)
        search = PolicySearch(index, cache_size=0)
        return [measure(search, asked, mode) for mode in get_args(Mode)]


def passage_documents(path: Path) -> list[Document]:
    """The documents of a JSONL file of ``{"id", "text"}``."""
    return _read(path, lambda row: _document(str(row["id"]), str(row["text"])))


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSONL file of ``{"text", "relevant": [ids]}``."""
    return _read(path, lambda row: Question(str(row["text"]), frozenset(map(str, row["relevant"]))))


def measure(search: PolicySearch, questions: Sequence[Question], mode: Mode) -> BenchRow:
    """Ask every question in ``mode``.

    Keyword or vector search that falls back to the other counts as finding nothing; hybrid
    may fall back, which is part of what it is.
    """
    places: list[int | None] = []
    spent = 0.0
    for question in questions:
        started = time.perf_counter()
        result = search.search(question.text, mode=mode, top_k=ENOUGH_CHUNKS, today=date.today())
        spent += time.perf_counter() - started
        hits = result.hits if mode in ("hybrid", result.mode_used) else ()
        found = list(dict.fromkeys(hit.chunk.doc_id for hit in hits))[:DEPTH]
        places.append(_place(found, question.relevant))
    asked = max(1, len(questions))
    return BenchRow(
        mode=mode,
        recall_1=_share(places, 1, asked),
        recall_5=_share(places, 5, asked),
        mrr_10=sum(1 / place for place in places if place) / asked,
        ms=spent * 1000 / asked,
    )


def _place(found: Iterable[str], relevant: frozenset[str]) -> int | None:
    return next((at for at, one in enumerate(found, start=1) if one in relevant), None)


def _share(places: Sequence[int | None], within: int, asked: int) -> float:
    return sum(place is not None and place <= within for place in places) / asked


def _document(doc_id: str, text: str) -> Document:
    plain = Document(doc_id, "", "", "public", None, None, 1, text, "")
    return Document(doc_id, "", "", "public", None, None, 1, text, content_hash(plain))


def _read(path: Path, make: Callable[[dict[str, Any]], T]) -> list[T]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path}: 파일을 읽을 수 없습니다. 경로와 UTF-8 저장을 확인해 주세요."
        ) from error
    rows: list[T] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                rows.append(make(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f"{path}의 {number}번째 줄을 읽을 수 없습니다. 한 줄에 JSON 하나를 적어 주세요."
                ) from error
    return rows
