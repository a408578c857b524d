"""Whether one word is another with a slip of the finger: 이어퐁, 텀불러.

Compared by jamo, so that a wrong vowel is one step and not a whole syllable.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

__all__ = ["misspells", "misspelt_among"]

# Two-syllable words are too near to each other: 쿠션 and 쿠폰, 이불 and 이물.
SHORTEST = 6
ONE_SLIP = 10
MOST_SLIPS = 2


def misspells(typed: str, word: str) -> bool:
    """Whether ``typed`` is ``word`` with a jamo or two wrong; also true when they are equal.

    One wrong jamo is forgiven from six on, two from ten on. Spaces and case do not count.
    """
    first, second = _jamo(typed), _jamo(word)
    if first == second:
        return True
    slips = 1 if len(second) < ONE_SLIP else MOST_SLIPS
    if len(second) < SHORTEST or abs(len(first) - len(second)) > slips:
        return False
    return bool(Levenshtein.distance(first, second, score_cutoff=slips) <= slips)


def misspelt_among(typed: str, words: tuple[str, ...]) -> bool:
    """Whether ``typed`` misspells, or is, one of ``words``."""
    near = process.extract(
        _jamo(typed), _jamos(words), scorer=Levenshtein.distance, score_cutoff=MOST_SLIPS
    )
    return any(misspells(typed, words[at]) for _, _, at in near)


@lru_cache(4)
def _jamos(words: tuple[str, ...]) -> list[str]:
    return [_jamo(word) for word in words]


@lru_cache(4096)
def _jamo(text: str) -> str:
    return unicodedata.normalize("NFD", text.replace(" ", "").lower())
