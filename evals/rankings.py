"""Questions put to the search in every mode, once a run: what the retrieval suites count.

The sets: the shop's own questions over its real index, and, where ``../shared/korean`` is
there, KorQuAD and HG-TODS over passages of their own, every question of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import settings as settings_module
from agent.shop.calendar import day_of
from evals.subject import SHARED, Subject
from evals.types import Case, Progress
from retrieval import Document, Mode, PolicyIndex, PolicySearch
from retrieval.documents import content_hash, load_all
from retrieval.shelf import FILE
from services.policy_questions import CASES as KEPT
from settings import ROOT

__all__ = [
    "DATA",
    "DEPTH",
    "MODES",
    "Asked",
    "Ranked",
    "RankedSet",
    "kept_cases",
    "labelled",
    "ranked_sets",
]

DATA = Path(__file__).resolve().parent / "retrieval"
MODES = ("keyword", "vector", "rrf", "hybrid")
_ASKED_IN: tuple[Mode, ...] = ("keyword", "vector", "hybrid")  # confident: the last one's
DEPTH, FUSED_FROM, RRF_K = 10, 50, 60
EXCERPT = 160  # characters
WHOLE = 1_000_000  # characters: passages are ranked as they are given, never split


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, where it stands, and the ids that answer it (none: nothing does)."""

    id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One question's answer: a place (from 1, None past ten) and the milliseconds a mode.

    ``found`` is what hybrid search put first ("" for nothing) and ``confident`` whether it
    would be presented as an answer.
    """

    asked: Asked
    places: dict[str, int | None]
    ms: dict[str, float]
    found: str
    confident: bool


@dataclass(frozen=True, slots=True)
class RankedSet:
    """A data set's answers; ``title`` in Korean, ``passages`` the texts of a foreign set."""

    name: str
    title: str
    rows: tuple[Ranked, ...]
    passages: Mapping[str, str] = field(default_factory=dict)

    @property
    def answerable(self) -> tuple[Ranked, ...]:
        """The questions that something answers."""
        return tuple(row for row in self.rows if row.asked.relevant)

    def case(self, row: Ranked, weight: float, note: str) -> Case:
        """``row`` as a wrong example."""
        expected = ", ".join(map(self._said, sorted(row.asked.relevant)))
        return Case(
            row.asked.id, row.asked.text, expected, self._said(row.found), weight,
            f"{self.title} · {note}",
        )  # fmt: skip

    def _said(self, key: str) -> str:
        """What stands behind an id, for people: the passage's beginning, or the clause's id."""
        text = " ".join(self.passages.get(key, key).split())
        return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


_DONE: WeakKeyDictionary[Subject, tuple[RankedSet, ...]] = WeakKeyDictionary()


def ranked_sets(subject: Subject, progress: Progress) -> tuple[RankedSet, ...]:
    """Every set that is there, asked in every mode; a second suite gets the same answers."""
    if subject not in _DONE:
        _DONE[subject] = tuple(_ranked_sets(subject, progress))
    return _DONE[subject]


def labelled(path: Path) -> list[Asked]:
    """The questions of a JSONL file; empty while one of them has no ``relevant``."""
    if not path.is_file():
        return []
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    if not all("relevant" in row for row in rows):
        return []
    return [
        Asked(f"evals/retrieval/{path.name}:{number}", row["question"], frozenset(row["relevant"]))
        for number, row in enumerate(rows, 1)
    ]


def kept_cases() -> list[Asked]:
    """What the policy owner kept in this machine's data folder; empty where there is none.

    A line that is no case (half written, changed by hand) is passed over.
    """
    path = settings_module.load().data_path.joinpath(*KEPT)
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
        try:
            row = json.loads(line)
            found.append(
                Asked(f"{path.name}:{number}", row["question"], frozenset(row["relevant"]))
            )
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _search_over_own(subject: Subject) -> PolicySearch:
    """A search over this machine's policies: kept questions may ask for what was written here."""
    own = settings_module.load()
    index = PolicyIndex(
        subject.folder / "kept", subject.shop.tokenizer, subject.shop.policy_encoder
    )
    index.build(load_all(ROOT / "data" / "policies", own.data_path / FILE, own.rules()))
    return PolicySearch(index, cache_size=0)


def _ranked_sets(subject: Subject, progress: Progress) -> Iterator[RankedSet]:
    own = [(f"shop_{part}", title, labelled(DATA / f"{part}.jsonl"))
           for part, title in (("test", "우리 정책 시험"), ("dev", "우리 정책 개발"))]  # fmt: skip
    others = [one for one in (_korquad(), _hgtods()) if one]
    kept = kept_cases()
    of = sum(len(rows) for *_, rows in own) + sum(len(one[3]) for one in others) + len(kept)
    done = 0
    for name, title, rows in own:
        if rows:
            search = subject.shop.policies
            yield RankedSet(name, title, tuple(_ask(search, rows, subject, progress, done, of)))
            done += len(rows)
    if kept:
        search = _search_over_own(subject)
        yield RankedSet(
            "kept", "모아 둔 질문", tuple(_ask(search, kept, subject, progress, done, of))
        )
        done += len(kept)
    for name, title, documents, rows in others:
        search = _search_over(subject, name, documents)
        answers = _ask(search, rows, subject, progress, done, of, documents=True)
        yield RankedSet(name, title, tuple(answers), documents)
        done += len(rows)


def _ask(
    search: PolicySearch,
    rows: Sequence[Asked],
    subject: Subject,
    progress: Progress,
    done: int,
    of: int,
    *,
    documents: bool = False,
) -> Iterator[Ranked]:
    """Each question in each mode; ``documents`` counts passages instead of clauses."""
    today = day_of(subject.shop.clock())
    for number, asked in enumerate(rows, done + 1):
        lists: dict[str, list[str]] = {}
        ms: dict[str, float] = {}
        confident = False
        for mode in _ASKED_IN:
            started = time.perf_counter()
            result = search.search(asked.text, mode=mode, top_k=FUSED_FROM, today=today)
            ms[mode] = (time.perf_counter() - started) * 1000
            # A mode that fell back to the other found nothing of its own.
            hits = result.hits if mode in ("hybrid", result.mode_used) else ()
            ids = (hit.chunk.doc_id if documents else hit.chunk.chunk_id for hit in hits)
            lists[mode] = list(dict.fromkeys(ids))
            confident = result.confident
        lists["rrf"] = _reciprocal(lists["keyword"], lists["vector"])
        places = {mode: _place(lists[mode], asked.relevant) for mode in MODES}
        yield Ranked(asked, places, ms, next(iter(lists["hybrid"]), ""), confident)
        progress(number, of)


def _reciprocal(*lists: Sequence[str]) -> list[str]:
    """Reciprocal rank fusion (Cormack et al., 2009)."""
    score: dict[str, float] = {}
    for one in lists:
        for rank, key in enumerate(one, 1):
            score[key] = score.get(key, 0.0) + 1 / (RRF_K + rank)
    return sorted(score, key=lambda key: -score[key])


def _place(found: Iterable[str], relevant: frozenset[str]) -> int | None:
    return next((at for at, key in enumerate(list(found)[:DEPTH], 1) if key in relevant), None)


def _search_over(subject: Subject, name: str, passages: dict[str, str]) -> PolicySearch:
    shop = subject.shop
    index = PolicyIndex(subject.folder / name, shop.tokenizer, shop.policy_encoder, max_chars=WHOLE)
    index.build([_document(key, text) for key, text in passages.items()])
    return PolicySearch(index, cache_size=0)


def _document(doc_id: str, text: str) -> Document:
    plain = Document(doc_id, "", "", "public", None, None, 1, text, "")
    return Document(doc_id, "", "", "public", None, None, 1, text, content_hash(plain))


Passages = tuple[str, str, dict[str, str], list[Asked]]


def _korquad() -> Passages | None:
    """KorQuAD 1.0 dev: 964 paragraphs, 5,774 questions."""
    path = SHARED / "KorQuAD_v1.0_dev.json"
    if not path.is_file():
        return None
    passages: dict[str, str] = {}
    rows: list[Asked] = []
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            key = f"p{len(passages)}"
            passages[key] = paragraph["context"]
            rows += (Asked(f"KorQuAD {qa['id']}", qa["question"], frozenset((key,)))
                     for qa in paragraph["qas"])  # fmt: skip
    return "korquad", "KorQuAD dev", passages, rows


def _hgtods() -> Passages | None:
    """HG-TODS: a customer's turn and the answer that follows it, over all answers."""
    path = SHARED / "hgtods_manual2dial_validation.json"
    if not path.is_file():
        return None
    passages: dict[str, str] = {}
    rows: list[Asked] = []
    keys: dict[str, str] = {}
    for domain in json.loads(path.read_text("utf-8"))["dial_data"].values():
        for dialogue in domain:
            for asked, answer in _turn_pairs(dialogue["turns"]):
                key = keys.setdefault(answer["utterance"], f"a{len(keys)}")
                passages[key] = answer["utterance"]
                where = f"HG-TODS {dialogue['dial_id']}/{asked['turn_id']}"
                rows.append(Asked(where, asked["utterance"], frozenset((key,))))
    return "hgtods", "HG-TODS", passages, rows


def _turn_pairs(turns: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for asked, answer in pairwise(turns):
        if asked["role"] == "user" and answer["role"] == "system":
            yield asked, answer
