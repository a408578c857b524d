"""Everyday words to policy words: "돈 언제 꽂혀요" is about 환불, 입금, 기간.

A question and the clause that answers it often share no word, and the encoder's vectors,
learned from general text, do not know that a shop's 돈 is a 환불. A written list
(``data/retrieval/words.yaml``) says so. What it adds counts less than what was said, and
less for a way made of frequent words: 쓰다 says little, 꽂히다 much.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from retrieval.embed import END_VECTOR_IDS, FIRST_WORD_ID
from retrieval.tokenize import KoreanTokenizer, Morpheme, is_content, normalise

__all__ = ["WORDS_FILE", "Words", "information"]

log = logging.getLogger(__name__)
WORDS_FILE = Path(__file__).resolve().parents[1] / "data" / "retrieval" / "words.yaml"
FULL_INFORMATION = 6.0  # of a way's words, log(1 + id/100) summed, from which it counts fully
UNKNOWN_INFORMATION = 5.0
KEPT = 256  # texts: terms and vector ask one after the other
MOST_ADDED = 2.0  # together, in words of full weight: a long question must not drown

Form = tuple[str, str]  # a morpheme's form and the first letter of its tag
_Way = tuple[str, frozenset[Form], float]  # the policy word, what must be said, the weight
_POINTING = frozenset({"NP", "MM", "VX", "VC"})
# Alone these say nothing: 거 (a thing), 다 (all, or an ending that was misread).
_EMPTY = frozenset({("거", "N"), ("다", "M")})


class Words:
    """The list in ``path``, analysed at first use (about 0.3 s). Thread safe.

    A list that cannot be read adds nothing, and the log says so: search goes on without it.
    """

    def __init__(self, tokenizer: KoreanTokenizer, path: Path = WORDS_FILE) -> None:
        self._tokenizer = tokenizer
        self._path = path
        self._lock = threading.Lock()
        self._ways: dict[Form, list[_Way]] | None = None
        self._kept = lru_cache(KEPT)(self._meant)

    def meant(self, text: str) -> Mapping[str, float]:
        """Policy words that ``text`` speaks of without saying them → weight, each in (0, 1]."""
        return self._kept(text)

    def _meant(self, text: str) -> Mapping[str, float]:
        said = self._forms(text).keys()
        loaded = self._loaded()
        found: dict[str, float] = {}
        for form in said:
            for word, forms, weight in loaded.get(form, ()):
                if weight > found.get(word, 0.0) and forms <= said:
                    found[word] = weight
        share = min(1.0, MOST_ADDED / max(sum(found.values()), 1e-9))
        return {word: weight * share for word, weight in found.items()}

    def _loaded(self) -> dict[Form, list[_Way]]:
        """Every way under one of its forms: a question has few, the list thousands."""
        with self._lock:
            if self._ways is None:
                self._ways = defaultdict(list)
                for word, ways in self._read().items():
                    for forms, weight in self._analysed(ways):
                        self._ways[min(forms)].append((word, forms, weight))
            return self._ways

    def _read(self) -> dict[str, list[str]]:
        import yaml

        try:
            rows = yaml.safe_load(self._path.read_text("utf-8"))
            return {str(word): [str(way) for way in ways] for word, ways in rows.items()}
        except (OSError, ValueError, yaml.YAMLError, AttributeError, TypeError) as error:
            log.warning("the list of everyday words cannot be read: %s", error)
            return {}

    def _analysed(self, ways: list[str]) -> list[tuple[frozenset[Form], float]]:
        analysed = []
        for way in ways:
            forms = self._forms(way)
            if not forms.keys() <= _EMPTY:
                told = sum(map(_told, forms.values()))
                analysed.append((frozenset(forms), min(1.0, told / FULL_INFORMATION)))
        return analysed

    def _forms(self, text: str) -> dict[Form, Morpheme]:
        """Words with a meaning or a pointing: 누구, 딴 and 못하다 too, which search leaves out."""
        return {
            (morpheme.form, morpheme.tag[0]): morpheme
            for morpheme in self._tokenizer.morphemes(normalise(text))
            if is_content(morpheme) or morpheme.tag[:2] in _POINTING
        }


def _told(morpheme: Morpheme) -> float:
    # Words that Kiwi does not know (무배, 언박싱, cvc) share the small id of their kind.
    stands_in = morpheme.id < FIRST_WORD_ID
    return UNKNOWN_INFORMATION if stands_in else information(morpheme)


def information(morpheme: Morpheme) -> float:
    """How much a morpheme tells, by its rarity in general Korean, 0 to 6.6."""
    # Kiwi numbers its morphemes by frequency, so the logarithm is one without any corpus.
    known = morpheme.id < END_VECTOR_IDS
    return math.log1p(morpheme.id / 100) if known else UNKNOWN_INFORMATION
