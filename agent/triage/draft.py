"""The draft of a reply without a model: what is known of the order, and the clause that fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import yaml

from agent.korean import Template
from store.triage import TriageSource

__all__ = ["Draft", "Found", "drafted", "found_for", "question_of"]

_FILE = Path(__file__).with_name("replies.yaml")
_MARKUP = re.compile(r"[*_`#>]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_ALSO = 0.85  # of the best clause's score: as good an answer
MOST_SOURCES, MOST_QUOTE_CHARS, MOST_TOLD_CHARS = 3, 1200, 280
_NEEDS_ORDER = ("delivery", "cancel", "return_exchange", "refund", "defect")


class Search(Protocol):
    """The policy search as a draft uses it: public clauses in force today."""

    def __call__(self, question: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What the policies say: the clauses, and how sure the search is of the best one."""

    sources: tuple[TriageSource, ...] = ()
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply for staff to change, and how sure it is to answer (0 to 1)."""

    text: str
    confidence: float


def found_for(questions: Sequence[str], search: Search) -> Found:
    """The clauses of the first question that the search answers with confidence."""
    for question in filter(None, questions):
        result = search(question)
        if result is None or not result.hits or not result.confident:
            continue
        best = result.hits[0].score
        hits = [hit for hit in result.hits if hit.score >= _ALSO * best][:MOST_SOURCES]
        sources = tuple(
            TriageSource(hit.chunk.chunk_id, hit.chunk.title, hit.chunk.section,
                         _plain(hit.chunk.text)[:MOST_QUOTE_CHARS])
            for hit in hits
        )  # fmt: skip
        return Found(sources, float(result.confidence))
    return Found()


def question_of(issue_type: str) -> str:
    """What the policies are asked about an issue type in general, "" for none."""
    question: str = _data()["questions"].get(issue_type, "")
    return question


def drafted(
    *,
    name: str,
    issue_type: str,
    sentiment: str,
    danger: str,
    facts: Sequence[str],
    found: Found,
    sure: float,
    photos: bool = False,
) -> Draft:
    """The draft; ``sure`` is how sure the issue type (and the order, where one is told) is.

    It states nothing but the facts and the clause. Without either it asks for what is missing
    and is worth little.
    """
    parts = [_say("greeting", name=name)]
    if danger:
        parts.append(_say(f"danger_{danger}"))
    elif sentiment in ("negative", "angry"):
        parts.append(_say("sorry"))
    parts += facts
    if found.sources:
        parts.append(_shortened(found.sources[0].quote))
    if not facts and issue_type in _NEEDS_ORDER:
        parts.append(_say("ask_order"))
    elif not facts and not found.sources:
        parts.append(_say("ask_more"))
    if issue_type == "defect" and not photos:
        parts.append(_say("ask_photo"))
    parts.append(_say("closing"))
    grounds = found.confidence if found.sources else 0.5 if facts else 0.2
    return Draft("\n\n".join(parts), round(sure * grounds, 3))


def _say(piece: str, **values: str) -> str:
    return Template(_data()[piece]).fill(**values)


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Any]:
    data: Mapping[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    return data


def _plain(text: str) -> str:
    """A clause's Markdown as running text; lists keep their dashes."""
    return _MARKUP.sub("", text).strip()


def _shortened(text: str) -> str:
    """The first sentences of a clause that fit into a reply; one at least."""
    told = ""
    for sentence in _SENTENCE.split(text):
        if told and len(told) + len(sentence) > MOST_TOLD_CHARS:
            break
        told = f"{told} {sentence}".strip()
    return told
