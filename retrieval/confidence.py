"""How sure it is that the best clause answers: a logistic function of what the question says.

Scores alone tell little: a question about something else still shares 언제 or 얼마 with a
clause. What tells most is what of the question the index has never heard of. The weights come
from ``python -m evals.confidence``, which fits them and shows what they are worth.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

from retrieval.tokenize import KoreanTokenizer
from retrieval.words import Words, information

if TYPE_CHECKING:
    from retrieval.snapshot import Snapshot

__all__ = ["CONFIDENT_FROM", "Evidence", "Gauge", "probability"]

_NOUNS = frozenset({"NNG", "NNP", "SL", "XR"})
FEWEST, MOST = 4, 30  # terms; hardly any question fitted on knows fewer or more
NO_MEANING = 0.3  # stands in where vectors take no part: about the mean, so that it tells nothing


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a question and its best hit.

    A word's information is the one of :func:`retrieval.words.information`.
    """

    known: float  # log of the number of its Korean terms that the index knows, FEWEST to MOST
    held: float  # share of its words' information that the best hit says, or was asked with
    unknown_noun: float  # 1 when the index does not know a noun of it: its subject, mostly
    nouns: float  # number of nouns
    meant: float  # weight of the everyday words found, 0 to retrieval.words.MOST_ADDED
    meaning: float  # cosine with the best hit's own text


WEIGHTS: Final = Evidence(
    known=1.50, held=1.89, unknown_noun=-1.16, nouns=-0.28, meant=0.64, meaning=1.60,
)  # fmt: skip
BASE: Final = -3.67
CONFIDENT_FROM: Final = 0.30


def probability(evidence: Evidence) -> float:
    """How sure the best hit is to answer, 0 to 1; presented from :data:`CONFIDENT_FROM` on.

    A probability where six of ten messages have an answer, as where it was fitted.
    """
    pairs = zip(astuple(WEIGHTS), astuple(evidence), strict=True)
    return 1 / (1 + math.exp(-BASE - sum(weight * value for weight, value in pairs)))


class Gauge:
    """Reads the evidence. Thread safe; ``words`` are those the question was searched with."""

    def __init__(self, tokenizer: KoreanTokenizer, words: Words | None = None) -> None:
        self._tokenizer = tokenizer
        self._words = words

    def read(self, snapshot: Snapshot, text: str, best: int, meaning: float) -> Evidence:
        """Of the question ``text`` (normalised) and the entry numbered ``best``, whose cosine
        with it is ``meaning`` (nan without vectors)."""
        import numpy as np

        terms = self._tokenizer.index_terms(text)
        said = self._tokenizer.content(text)
        numbers = snapshot.terms.numbers(terms)
        # A telephone number or an address is made of many known pieces and says nothing.
        heard = {
            term for term, at in zip(terms, numbers, strict=True) if at >= 0 and not term.isascii()
        }
        numbers = numbers[: len(said)]  # content morphemes come first, one term each
        known = numbers >= 0
        held = known & np.isin(numbers, snapshot.terms_of(best))
        weights = np.array([information(one) for one in said])
        nouns = np.array([one.tag in _NOUNS for one in said], dtype=bool)
        return Evidence(
            known=math.log(min(max(len(heard), FEWEST), MOST)),
            held=float(weights[held].sum()) / max(float(weights.sum()), 1e-9),
            unknown_noun=float((nouns & ~known).any()),
            nouns=float(nouns.sum()),
            meant=sum(self._words.meant(text).values()) if self._words else 0.0,
            meaning=meaning if math.isfinite(meaning) else NO_MEANING,
        )
