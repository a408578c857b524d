"""What the classifier sees of a message: jamo and syllable n-grams, morphemes, a vector.

The mix is measured: jamo n-grams forgive typing errors and dialect endings, morphemes carry
the words, syllables within words carry particles and endings, the CoNg vector carries words
that training never saw. The count blocks are TF-IDF rows of length 1, so that none drowns
the others. Needs numpy only.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
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
    "syllable_grams",
    "vectors",
]

GRAM_SIZES = range(2, 7)
SYLLABLES = range(1, 4)
HEAD_MORPHEMES = 3
TAIL_MORPHEMES = 6
# Length of the meaning vector beside the count blocks of length 1; .4 to .6 are equal.
VECTOR_WEIGHT = 0.5
# A message's intent is in its beginning or its end; the cut keeps a pasted page affordable.
MAX_CHARS = 400
# Rarer grams cannot generalise and are two thirds of the vocabulary. An example comes with
# its misspelt copy, so that what it alone holds occurs up to twice.
MINIMA = (3, 2, 2)  # documents, for each block

Indices = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Document:
    """A message as counted features: one list of grams for each block, repeats included."""

    jamo: list[str]
    morphemes: list[str]
    syllables: list[str]

    @property
    def blocks(self) -> tuple[list[str], ...]:
        """The blocks in the order of :class:`Vocabulary`."""
        return self.jamo, self.morphemes, self.syllables


def document(text: str, tokenizer: Tokenizer) -> Document:
    """The features of ``text``, which went through ``text.simplify`` before."""
    text = shorten(text)
    return Document(jamo_grams(text), morpheme_grams(text, tokenizer), syllable_grams(text))


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


def syllable_grams(text: str) -> list[str]:
    """One to three syllables in a row within each word, whose ends are marked."""
    words = [f"<{word}>" for word in text.split()]
    return [
        word[at : at + size]
        for word in words
        for size in SYLLABLES
        for at in range(len(word) - size + 1)
    ]


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
    """Gram → column, a table for each block; ``idf`` has one weight a column, in their order."""

    blocks: tuple[dict[str, int], ...]
    idf: FloatArray

    def __len__(self) -> int:
        return sum(map(len, self.blocks))

    @classmethod
    def fit(cls, documents: Sequence[Document]) -> Vocabulary:
        """Columns and weights from training documents (smoothed inverse frequency)."""
        found = [
            _frequencies((document.blocks[at] for document in documents), minimum)
            for at, minimum in enumerate(MINIMA)
        ]
        counts = [count for block in found for count in block.values()]
        idf = [log((1 + len(documents)) / (1 + count)) + 1 for count in counts]
        return cls.of([list(block) for block in found], np.array(idf, dtype=np.float32))

    @classmethod
    def of(cls, blocks: Sequence[Sequence[str]], idf: FloatArray) -> Vocabulary:
        """The vocabulary with these grams, numbered through all blocks."""
        starts = accumulate((len(block) for block in blocks), initial=0)
        tables = [
            {gram: column for column, gram in enumerate(block, start)}
            for block, start in zip(blocks, starts, strict=False)
        ]
        return cls(tuple(tables), idf)

    def row(self, document: Document) -> tuple[Indices, FloatArray]:
        """Columns and values of ``document``; each block that knows anything has length 1."""
        found = [self._block(*pair) for pair in zip(self.blocks, document.blocks, strict=True)]
        return np.concatenate([at for at, _ in found]), np.concatenate([v for _, v in found])

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
