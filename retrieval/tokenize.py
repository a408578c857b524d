"""Korean words: morphemes by Kiwi, and the terms that keyword search is made of.

The process holds exactly one Kiwi (333 MB), loaded at first use and shared by every
:class:`KoreanTokenizer`. Everything here may be called from several threads.

Terms are measured on KorQuAD dev (every fourth question, R@1): content morphemes together
with in-word character bigrams, **both kept when they are equal**, .917; one of each pair
removed, .891; each term once a text, .884. A two-syllable noun then simply weighs double.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

__all__ = ["Analysis", "KoreanTokenizer", "Morpheme", "is_content", "normalise"]

SCHEME = 1  # raise when index_terms answers differently, so that indexes are built anew
CACHED_TEXTS = 2048
_CONTENT_TAGS = frozenset({"NR", "XR", "SL", "SN", "SH", "MAG"})
_CONTENT_STEMS = frozenset({"NN", "VV", "VA", "W_"})
_WORD = re.compile(r"\w+")
# "SW-200", "20261103-0000042", "a.b_c": joined by single marks, with a digit in it.
_CODE = re.compile(r"(?=[a-z0-9./_-]*\d)[a-z0-9]+(?:[-_./][a-z0-9]+)+")
_GROUPED_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+")
# Full-width forms to ASCII, one character for one, so that positions stay what they were.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
_load_lock = threading.Lock()
_use_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Morpheme:
    """One morpheme. ``start`` and ``end`` are character offsets in the analysed text.

    ``tag`` is Kiwi's part of speech (``NNG``, ``VV-R`` …). ``id`` names the morpheme in
    Kiwi's own model: small ids are frequent words; 70,488 and above have no vector.
    """

    form: str
    tag: str
    start: int
    end: int
    id: int


class Analysis(NamedTuple):
    """What one pass of Kiwi over a text gives: search terms, and ids of content morphemes."""

    terms: tuple[str, ...]
    ids: tuple[int, ...]


def normalise(text: str) -> str:
    """``text`` composed (NFC), full-width forms as ASCII, lower-case, numbers ungrouped."""
    composed = unicodedata.normalize("NFC", text).translate(_FULL_WIDTH).lower()
    return _GROUPED_NUMBER.sub(lambda match: match[0].replace(",", ""), composed)


def is_content(morpheme: Morpheme) -> bool:
    """Whether it carries meaning: nouns, roots, verbs, adjectives, adverbs, numbers, codes."""
    return morpheme.tag[:2] in _CONTENT_STEMS or morpheme.tag in _CONTENT_TAGS


@cache
def _load_kiwi() -> Any:
    from kiwipiepy import Kiwi

    return Kiwi(load_multi_dict=False)


def _kiwi() -> Any:
    # functools.cache alone would let two threads load two models at once.
    with _load_lock:
        return _load_kiwi()


@cache
def _kiwi_version() -> str:
    # Imported here: it would be a third of the package's import time. Cached: it reads files.
    from importlib.metadata import version

    return f"{version('kiwipiepy')}+{version('kiwipiepy_model')}"


class KoreanTokenizer:
    """Morphemes and search terms of Korean text, with the last ``cache_size`` texts kept.

    Making one costs nothing; the first text loads Kiwi (about 0.5 s).
    """

    def __init__(self, *, cache_size: int = CACHED_TEXTS) -> None:
        self._analyse = lru_cache(cache_size)(self._analyse_now)
        self._analysis = lru_cache(cache_size)(partial(self._terms_and_ids, self._analyse))

    @property
    def kiwi_version(self) -> str:
        """Versions of Kiwi and of its model (``0.24.1+0.24.0``): ids and vectors hang on both."""
        return _kiwi_version()

    @property
    def version(self) -> str:
        """Changes whenever :meth:`index_terms` may answer differently."""
        return f"{SCHEME}-kiwi-{self.kiwi_version}"

    def morphemes(self, text: str) -> list[Morpheme]:
        """Every morpheme of ``text`` in order, offsets as in ``text`` itself."""
        return list(self._analyse(text))

    def content(self, text: str) -> list[Morpheme]:
        """The morphemes of ``text`` for which :func:`is_content` holds."""
        return [morpheme for morpheme in self._analyse(text) if is_content(morpheme)]

    def index_terms(self, text: str) -> list[str]:
        """The search terms of ``text``, repeats included, none with white space in it.

        Content morphemes, in-word character bigrams, and codes and numbers as a whole
        (``sw-200``; ``50,000`` as ``50000``), all normalised and in lower case.
        """
        return list(self._analysis(text).terms)

    def content_ids(self, text: str) -> tuple[int, ...]:
        """Ids of the content morphemes of ``text``, normalised; repeats included."""
        return self._analysis(text).ids

    def analyse_once(self, text: str) -> Analysis:
        """Terms and ids of ``text``, not kept: for the thousands of texts of an index.

        About 110 characters a millisecond. Kiwi's own batches and threads are no faster.
        """
        return self._terms_and_ids(self._analyse_now, text)

    def _terms_and_ids(self, analyse: Callable[[str], tuple[Morpheme, ...]], text: str) -> Analysis:
        plain = normalise(text)
        content = [morpheme for morpheme in analyse(plain) if is_content(morpheme)]
        terms = [_joined(morpheme.form) for morpheme in content]
        known = set(terms)
        for word in _WORD.findall(plain):
            terms.extend(word[at : at + 2] for at in range(len(word) - 1))
        terms.extend(code for code in _CODE.findall(plain) if code not in known)
        return Analysis(tuple(terms), tuple(morpheme.id for morpheme in content))

    def similarity(self, first: Iterable[int], second: Iterable[int]) -> list[list[float]]:
        """Kiwi's own cosine between morpheme ids: one row for each of ``first``.

        About 0.6 µs a pair. NaN where an id has no vector.
        """
        kiwi, columns = _kiwi(), list(second)
        with _use_lock:
            compare = kiwi.morpheme_similarity
            return [[compare(row, column) for column in columns] for row in first]

    def _analyse_now(self, text: str) -> tuple[Morpheme, ...]:
        # Kiwi refuses lone surrogates; replacing one for one keeps the offsets.
        clean = text.translate(_SURROGATES)
        if not clean.strip():
            return ()
        kiwi = _kiwi()
        with _use_lock:
            tokens = kiwi.tokenize(clean)
        return tuple(Morpheme(t.form, t.tag, t.start, t.end, t.id) for t in tokens)


def _joined(form: str) -> str:
    # A few dictionary forms hold a space, which would split the term in the index.
    return "_".join(form.lower().split())
