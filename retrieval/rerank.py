"""Orders the best candidates anew from their texts: the seam, and the default behind it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from retrieval.pieces import split_sentences
from retrieval.tokenize import KoreanTokenizer, normalise

if TYPE_CHECKING:
    from retrieval.fusion import Floats

__all__ = ["Candidate", "Coverage", "Reranker"]

FEW_WORDS, MANY_WORDS = 0.1, 0.2  # of the question's information, in the best candidate's text
SENTENCE, LETTERS = 0.2, 0.1


@dataclass(frozen=True)
class Candidate:
    """One candidate; its text is read from the table only when asked for.

    ``fused`` is the score it came with; the other fields are those of
    :class:`retrieval.fusion.Signals`.
    """

    key: str
    fused: float
    keyword: float
    asked_keyword: float
    passage: float
    sentence: float
    asked: float
    read: Callable[[], str] = field(repr=False, compare=False)

    @cached_property
    def text(self) -> str:
        """What the entry is found by: title, heading and text."""
        return self.read()


@runtime_checkable
class Reranker(Protocol):
    """Scores the best candidates of a query anew. None keeps the fused order."""

    @property
    def name(self) -> str:
        """A short word for people."""

    def rerank(self, query: str, candidates: Sequence[Candidate]) -> Floats:
        """A score a candidate, shape (n,), higher is better. ``candidates`` come best first."""


class Coverage:
    """Adds to the fused score how much of the question stands together in one sentence, and
    how many of its runs of three letters stand in the text at all.

    BM25 counts words wherever they stand; an answer mostly has them side by side. Works on
    letters alone, so the candidates are not analysed again (1 ms for 20 of them). Where hardly
    a word is shared it has nothing to go by and leaves the order as it is.
    """

    name = "coverage"

    def __init__(self, tokenizer: KoreanTokenizer) -> None:
        self._tokenizer = tokenizer

    def rerank(self, query: str, candidates: Sequence[Candidate]) -> Floats:
        """As :class:`Reranker` says; the fused scores where too few words are shared."""
        import numpy as np

        scores = np.array([one.fused for one in candidates], dtype=np.float64)
        shared = max((one.keyword for one in candidates), default=0.0)
        known = min(1.0, (shared - FEW_WORDS) / (MANY_WORDS - FEW_WORDS))
        if known <= 0:
            return scores
        plain = normalise(query)
        texts = [normalise(one.text) for one in candidates]
        return scores + known * np.array(
            [
                SENTENCE * together + LETTERS * letters
                for together, letters in zip(
                    _together(Counter(self._tokenizer.index_terms(plain)), texts),
                    _letters(plain, texts),
                    strict=True,
                )
            ]
        )


def _together(terms: Counter[str], texts: Sequence[str]) -> list[float]:
    """Of each text, the best sentence's share of the question's information, 0 to 1.

    A term's information is its rarity among these texts: they are all about the subject, so
    what all of them say decides nothing.
    """
    held = [{term for term in terms if term in text} for text in texts]
    among = Counter(term for some in held for term in some)
    weights = {
        term: count * math.log(1 + (len(texts) - among[term] + 0.5) / (among[term] + 0.5))
        for term, count in terms.items()
    }
    total = sum(weights.values()) or 1.0
    return [
        max(
            sum(weights[term] for term in some if term in sentence)
            for sentence in split_sentences(text) or [text]
        )
        / total
        for some, text in zip(held, texts, strict=True)
    ]


def _letters(query: str, texts: Sequence[str]) -> list[float]:
    """Of each text, the share of the question's runs of three letters, blanks left out."""
    joined = "".join(query.split())
    runs = {joined[at : at + 3] for at in range(max(1, len(joined) - 2))}
    dense = ("".join(text.split()) for text in texts)
    return [sum(run in text for run in runs) / len(runs) for text in dense]
