"""What a question becomes before it is searched for: weighted terms and a vector.

Query adaptation lives here: the index never changes with it, so it needs no rebuild.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from retrieval.embed import Encoder, MorphemeEncoder
from retrieval.tokenize import KoreanTokenizer
from retrieval.words import Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["query_terms", "query_vector"]

# Of a term, and of a unit vector, that the list of everyday words adds with full weight.
ADDED_TERM, ADDED_VECTOR = 0.8, 0.5


def query_terms(
    tokenizer: KoreanTokenizer, text: str, words: Words | None = None
) -> Mapping[str, float]:
    """Term → weight: how often it stands in ``text`` (normalised), and what ``words`` add."""
    terms: Counter[str] = Counter(tokenizer.index_terms(text))
    weighed: dict[str, float] = dict(terms)
    for word, weight in (words.meant(text) if words else {}).items():
        for term in tokenizer.index_terms(word):
            weighed[term] = weighed.get(term, 0.0) + ADDED_TERM * weight
    return weighed


def query_vector(encoder: Encoder, text: str, words: Words | None = None) -> NDArray[np.float32]:
    """The unit vector of ``text``, shape (dim,); all zero when no word of it is known.

    ``words`` move it only where the encoder adds up words: a sentence model knows them.
    """
    import numpy as np

    vector: NDArray[np.float32] = encoder.encode([text])[0]
    meant = words.meant(text) if words and isinstance(encoder, MorphemeEncoder) else {}
    if not meant:
        return vector
    weights = ADDED_VECTOR * np.array(list(meant.values()))
    moved = vector + weights @ encoder.encode(list(meant))
    length = float(np.linalg.norm(moved))
    return (moved / max(length, 1e-6)).astype(np.float32)
