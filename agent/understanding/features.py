"""What the classifier sees of a message: jamo n-grams, morphemes and a meaning vector.

The mix is measured (korean.md): jamo n-grams forgive typing errors and dialect endings,
morphemes carry the words, the CoNg vector carries words that training never saw. The two
count blocks are TF-IDF rows of length 1, so that neither drowns the other. Needs numpy only.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from agent.understanding.ports import Encoder, FloatArray, Tokenizer

__all__ = [
    "MAX_CHARS",
    "Document",
    "Vocabulary",
    "document",
    "jamo_grams",
    "morpheme_grams",
    "shorten",
    "vectors",
]

GRAM_SIZES = range(2, 7)
HEAD_MORPHEMES = 2
TAIL_MORPHEMES = 4
# Length of the meaning vector beside the two count blocks of length 1; .5 to .7 are equal.
VECTOR_WEIGHT = 0.6
# A message's intent is in its beginning or its end; the cut keeps a pasted page affordable.
MAX_CHARS = 400
# A gram seen in one example only cannot generalise and is two thirds of the vocabulary; a
# morpheme seen once still helps (cross-validation: +0.3 points for 2,000 entries).
MIN_JAMO_DOCUMENTS = 2
MIN_MORPHEME_DOCUMENTS = 1

Indices = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Document:
    """A message as counted features: one list of grams for each block, repeats included."""

    jamo: list[str]
    morphemes: list[str]


def document(text: str, tokenizer: Tokenizer) -> Document:
    """The features of ``text``, which went through ``text.simplify`` before."""
    text = shorten(text)
    return Document(jamo_grams(text), morpheme_grams(text, tokenizer))


def vectors(texts: list[str], encoder: Encoder) -> FloatArray:
    """The meaning vectors (n, D) of texts that went through ``text.simplify`` before."""
    encoded = np.asarray(encoder.encode([shorten(text) for text in texts]), dtype=np.float32)
    return encoded * np.float32(VECTOR_WEIGHT)


def shorten(text: str) -> str:
    """At most MAX_CHARS characters: the first three quarters and the last quarter."""
    if len(text) <= MAX_CHARS:
        return text
    tail = MAX_CHARS // 4
    return text[: MAX_CHARS - tail] + " " + text[-tail + 1 :]


def jamo_grams(text: str) -> list[str]:
    """The 2- to 6-grams of the decomposed (NFD) text without its spaces.

    Half the customers leave spaces out, so grams must not depend on them
    (cross-validation: +0.5 points over grams of words). A space marks the message's ends.
    """
    jamo = f" {unicodedata.normalize('NFD', text).replace(' ', '')} "
    return [jamo[at : at + size] for size in GRAM_SIZES for at in range(len(jamo) - size + 1)]


def morpheme_grams(text: str, tokenizer: Tokenizer) -> list[str]:
    """Each morpheme with its tag ("사/VV"), so that homographs stay apart.

    The first and the last few are given once more as such: where a Korean sentence asks,
    asks for something or only tells is in its ending (cross-validation: +0.5 points).
    """
    morphemes = tokenizer.morphemes(text)
    grams = [f"{morpheme.form}/{morpheme.tag}" for morpheme in morphemes]
    grams += [f"^{morpheme.form}" for morpheme in morphemes[:HEAD_MORPHEMES]]
    grams += [f"{morpheme.form}$" for morpheme in morphemes[-TAIL_MORPHEMES:]]
    return grams


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Gram → column. ``idf`` has one weight a column: jamo columns first, then morphemes."""

    jamo: dict[str, int]
    morphemes: dict[str, int]
    idf: FloatArray

    def __len__(self) -> int:
        return len(self.jamo) + len(self.morphemes)

    @classmethod
    def fit(cls, documents: Sequence[Document]) -> Vocabulary:
        """Columns and weights from training documents (smoothed inverse frequency)."""
        jamo = _frequencies((d.jamo for d in documents), MIN_JAMO_DOCUMENTS)
        morphemes = _frequencies((d.morphemes for d in documents), MIN_MORPHEME_DOCUMENTS)
        counts = [*jamo.values(), *morphemes.values()]
        idf = [log((1 + len(documents)) / (1 + count)) + 1 for count in counts]
        start = len(jamo)
        return cls(
            {gram: column for column, gram in enumerate(jamo)},
            {gram: column for column, gram in enumerate(morphemes, start)},
            np.array(idf, dtype=np.float32),
        )

    def row(self, document: Document) -> tuple[Indices, FloatArray]:
        """Columns and values of ``document``; each block that knows anything has length 1."""
        jamo = self._block(self.jamo, document.jamo)
        morphemes = self._block(self.morphemes, document.morphemes)
        return np.concatenate([jamo[0], morphemes[0]]), np.concatenate([jamo[1], morphemes[1]])

    def _block(self, known: dict[str, int], grams: list[str]) -> tuple[Indices, FloatArray]:
        counts = Counter(known[gram] for gram in grams if gram in known)
        columns = np.fromiter(counts.keys(), dtype=np.int32, count=len(counts))
        raw = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        values = (1 + np.log(raw)) * self.idf[columns]
        norm = float(np.sqrt(values @ values))
        return columns, (values / norm if norm else values).astype(np.float32)


def _frequencies(blocks: Iterable[list[str]], minimum: int) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for grams in blocks:
        counts.update(set(grams))
    return {gram: counts[gram] for gram in sorted(counts) if counts[gram] >= minimum}
