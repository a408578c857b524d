"""BM25n of any rows, worked out from the terms that a generation keeps for each row.

LanceDB's full text finds the candidates; its score is ours times k1 + 1 and the summed idf
(a test compares them). The fusion needs more than that score: how often each word of the
question stands in the index, unknown words included, and the score of rows that were found
by their meaning alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.arrays import open_array, ranges, spans
from retrieval.entries import hash64

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]

__all__ = ["K1", "B", "Terms", "Weighed"]

K1 = 1.2
B = 0.75


@dataclass(frozen=True, slots=True)
class Weighed:
    """A question's terms as the index knows them: ``numbers`` ascending, ``weights`` = times
    in the question × idf; ``information`` is the sum of all weights, unknown terms' too."""

    numbers: Numbers
    weights: Floats
    information: float
    words: tuple[str, ...]  # the known terms, those that tell most first


class Terms:
    """The terms of every row. The first ``entries`` rows are the entries' own texts; term
    frequencies count in these alone."""

    def __init__(self, folder: Path, entries: int) -> None:
        self._entries = entries
        self._hashes = open_array(folder, "term_hashes", "u8")
        self._frequencies = open_array(folder, "frequencies", "u4")
        self._terms = open_array(folder, "terms", "u4")
        self._counts = open_array(folder, "counts", "u2")
        self._ends = open_array(folder, "term_ends", "i8")
        self._lengths = open_array(folder, "lengths", "i4")
        own = self._lengths[:entries]
        self._average = max(1.0, float(own.mean())) if len(own) else 1.0

    @property
    def rows(self) -> int:
        """Number of rows, asked wordings included."""
        return len(self._ends)

    def mean_length_of(self, asked_ends: Numbers) -> float:
        """The mean length, in terms, of all asked wordings of an entry that has any."""
        import numpy as np

        some = int((np.diff(asked_ends, prepend=0) > 0).sum())
        return max(1.0, float(self._lengths[self._entries :].sum()) / max(1, some))

    def numbers(self, words: Sequence[str]) -> Numbers:
        """The number of each term, shape (len(words),); -1 where no row holds it."""
        import numpy as np

        hashes = np.array([hash64(word) for word in words], dtype="u8")
        places = np.searchsorted(self._hashes, hashes).astype(np.int64)
        places[places == len(self._hashes)] = -1
        inside = places >= 0
        inside[inside] = self._hashes[places[inside]] == hashes[inside]
        return np.where(inside, places, -1)

    def of(self, rows: Numbers) -> Numbers:
        """The numbers of the terms of ``rows``, repeats included."""
        return self._terms[ranges(*spans(self._ends, rows))]

    def weigh(self, terms: Mapping[str, float]) -> Weighed:
        """Look up a question's ``terms`` (term → how often it counts)."""
        import numpy as np

        words = list(terms)
        places = self.numbers(words)
        known = places >= 0
        frequencies = np.zeros(len(words))
        frequencies[known] = self._frequencies[places[known]]
        # Lucene's form: never negative.
        idf = np.log(1 + (self._entries - frequencies + 0.5) / (frequencies + 0.5))
        weights = idf * np.array(list(terms.values()), dtype=np.float64)
        order = np.argsort(-weights[known], kind="stable")
        by_number = np.argsort(places[known])
        return Weighed(
            numbers=places[known][by_number],
            weights=weights[known][by_number],
            information=float(weights.sum()),
            words=tuple(np.array(words, dtype=object)[known][order]),
        )

    def scores(self, weighed: Weighed, rows: Numbers) -> Floats:
        """BM25n of ``rows``, shape (len(rows),), each in [0, 1).

        That is BM25 divided by the summed idf of the question's terms: the share of its
        information that a row holds. Words found nowhere count in the sum: a question of
        which little is known must not look well answered.
        """
        import numpy as np

        if not len(rows) or not len(weighed.numbers):
            return np.zeros(len(rows))
        starts, sizes = spans(self._ends, rows)
        places = ranges(starts, sizes)
        terms = self._terms[places]
        found = np.searchsorted(weighed.numbers, terms)
        found[found == len(weighed.numbers)] = 0
        hit = weighed.numbers[found] == terms
        owner = np.repeat(np.arange(len(rows)), sizes)[hit]
        counts = self._counts[places[hit]].astype(np.float64)
        damping = K1 * (1 - B + B * self._lengths[rows] / self._average)
        shares = weighed.weights[found[hit]] * counts / (counts + damping[owner])
        return np.bincount(owner, shares, minlength=len(rows)) / weighed.information

    def scores_together(
        self, weighed: Weighed, rows: Numbers, sizes: Numbers, average: float
    ) -> Floats:
        """As :meth:`scores`, but each run of ``sizes`` rows counts as one text, shape
        (len(sizes),). ``average`` is the mean length of such a text, in terms.
        """
        import numpy as np

        if not len(rows) or not len(weighed.numbers):
            return np.zeros(len(sizes))
        group = np.repeat(np.arange(len(sizes)), sizes)
        starts, lengths = spans(self._ends, rows)
        places = ranges(starts, lengths)
        terms = self._terms[places]
        found = np.searchsorted(weighed.numbers, terms)
        found[found == len(weighed.numbers)] = 0
        hit = weighed.numbers[found] == terms
        cells = np.repeat(group, lengths)[hit] * len(weighed.numbers) + found[hit]
        counts = np.bincount(
            cells, self._counts[places[hit]], minlength=len(sizes) * len(weighed.numbers)
        ).reshape(len(sizes), -1)
        long = np.bincount(group, self._lengths[rows], minlength=len(sizes))
        damping = K1 * (1 - B + B * long / average)
        shares: Floats = (counts / (counts + damping[:, None])) @ weighed.weights
        return shares / weighed.information
