"""Dense vectors for Korean text from Kiwi's own language model: nothing to download.

Kiwi's CoNg model holds a 256-dimensional vector for each morpheme but tells only cosines.
Those are enough: with the similarity matrix G of 288 anchor morphemes, G = U·diag(w)·Uᵀ and
T = U₂₅₆/√w, a morpheme's similarities to the anchors times T are its vector (error 5e-7).
A text is the sum of its content morphemes, rare ones weighing more, after the mean and the
eight strongest common directions are taken out. Without that step every text looks like
every other one (R@1 on shop questions .28 instead of .43).
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from retrieval.tokenize import KoreanTokenizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["CongBasis", "CongEncoder", "Encoder", "MorphemeEncoder", "build_basis"]

log = logging.getLogger(__name__)
DIM = 256
ANCHORS = 288
ANCHOR_IDS = (3, 20001)
FIRST_COMMON_ID, END_COMMON_ID = 100, 20001
DROPPED_COMPONENTS = 8
END_VECTOR_IDS = 70488
# Ids below are Kiwi's stand-ins for whole classes (any number, any e-mail, any emoji): they
# say nothing about meaning, so a text made of them alone has no vector.
FIRST_WORD_ID = 50
SCHEME = 1  # raise when encode answers differently
BLOCK = 256  # ids per call, so that other threads get their turn at Kiwi in between
CACHED_MORPHEMES = 16384  # 1 KiB each


@runtime_checkable
class Encoder(Protocol):
    """Anything that turns text into vectors, e.g. a sentence-transformers model.

    ``version`` must change whenever ``encode`` may answer differently: indexes are tied to it.
    """

    @property
    def name(self) -> str:
        """A short word for people and for the index."""

    @property
    def version(self) -> str:
        """Identifies weights and recipe."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """An array (len(texts), dim); rows of length 1, or all zero for unknown text."""


@runtime_checkable
class MorphemeEncoder(Encoder, Protocol):
    """An encoder that needs no more of a text than the ids of its content morphemes.

    An index then analyses every text once, for its terms and its vectors together.
    """

    def encode_ids(self, rows: Sequence[Sequence[int]]) -> Floats:
        """As ``encode``, for texts given by :meth:`KoreanTokenizer.content_ids`."""


@dataclass(frozen=True, slots=True)
class CongBasis:
    """What recovers morpheme vectors: ``anchors`` (288,), ``transform`` (288, 256),
    ``mean`` (256,) and ``components`` (8, 256)."""

    anchors: NDArray[np.int64]
    transform: Floats
    mean: Floats
    components: Floats

    def cleaned(self) -> tuple[Floats, Floats]:
        """``(A, b)`` such that ``similarities @ A + b`` is the vector without the mean and
        the common components."""
        import numpy as np

        keep = np.eye(DIM, dtype=np.float32) - self.components.T @ self.components
        return self.transform @ keep, -self.mean @ keep


class _Words:
    """Vectors of the morphemes met so far. Rows are only ever added: readers need no lock."""

    def __init__(self) -> None:
        import numpy as np

        self._places = np.full(END_VECTOR_IDS, -1, dtype=np.int32)
        self._table = np.zeros((BLOCK, DIM), dtype=np.float32)
        self._used = 0

    def missing(self, ids: set[int]) -> list[int]:
        return sorted(one for one in ids if self._places[one] < 0)

    def fits(self, more: int) -> bool:
        return self._used + more <= CACHED_MORPHEMES

    def add(self, ids: list[int], vectors: Floats) -> None:
        import numpy as np

        end = self._used + len(ids)
        if end > len(self._table):
            larger = np.zeros((2 * end, DIM), dtype=np.float32)
            larger[: self._used] = self._table[: self._used]
            self._table = larger
        self._table[self._used : end] = vectors
        self._places[ids] = np.arange(self._used, end)
        self._used = end

    def sum(self, ids: list[int]) -> Floats:
        total: Floats = self._table[self._places[ids]].sum(axis=0)
        return total


def build_basis(tokenizer: KoreanTokenizer, *, seed: int = 0) -> CongBasis:
    """Work the basis out from Kiwi's similarities: about 4 s, the same for the same model."""
    import numpy as np

    random = np.random.default_rng(seed)
    anchors = np.sort(random.choice(np.arange(*ANCHOR_IDS), ANCHORS, replace=False))
    gram = np.array(tokenizer.similarity(anchors.tolist(), anchors.tolist()))
    values, vectors = np.linalg.eigh((gram + gram.T) / 2)
    transform = vectors[:, -DIM:] / np.sqrt(values[-DIM:])

    ids = np.arange(FIRST_COMMON_ID, END_COMMON_ID)
    rows: list[list[float]] = []
    for at in range(0, len(ids), BLOCK):
        rows += tokenizer.similarity(ids[at : at + BLOCK].tolist(), anchors.tolist())
    common = np.nan_to_num(np.array(rows)) @ transform
    weights = 1 / np.sqrt(ids + 100.0)
    mean = weights @ common / weights.sum()
    centred = common - mean
    _, directions = np.linalg.eigh((centred * weights[:, None]).T @ centred)
    return CongBasis(
        anchors=anchors,
        transform=transform.astype(np.float32),
        mean=mean.astype(np.float32),
        components=directions[:, -DROPPED_COMPONENTS:].T.astype(np.float32),
    )


class CongEncoder:
    """The built-in :class:`Encoder`. The basis is kept in ``cache_dir``, one small file
    (about 300 KB) per Kiwi version; a damaged or foreign file is replaced.

    Making one costs nothing; the first text loads or builds the basis. Thread safe.
    """

    name = "kiwi-cong"
    dim = DIM

    def __init__(self, tokenizer: KoreanTokenizer, cache_dir: Path) -> None:
        self._tokenizer = tokenizer
        self._cache_dir = cache_dir
        self._lock = threading.Lock()
        self._basis: CongBasis | None = None
        self._words: _Words | None = None
        self._cleaned: tuple[Floats, Floats]  # of the basis, made with it; columns as rows

    @property
    def version(self) -> str:
        """Recipe and Kiwi version."""
        return f"{SCHEME}-{self._tokenizer.kiwi_version}"

    @property
    def cache_file(self) -> Path:
        """Where the basis of this version lies."""
        return self._cache_dir / f"cong-{self.version}.npz"

    def encode(self, texts: Sequence[str]) -> Floats:
        """An array (len(texts), 256) of unit rows; a zero row for text without known words.

        Under 1 ms a sentence whose words were seen before.
        """
        return self.encode_ids([self._tokenizer.content_ids(text) for text in texts])

    def encode_ids(self, rows: Sequence[Sequence[int]]) -> Floats:
        """The vectors of texts given by the ids of their content morphemes."""
        import numpy as np

        found = np.zeros((len(rows), DIM), dtype=np.float32)
        known = [
            [one for one in ids if 2 < one < END_VECTOR_IDS]
            if any(FIRST_WORD_ID <= one < END_VECTOR_IDS for one in ids)
            else []
            for ids in rows
        ]
        words = self._vectors_of({one for ids in known for one in ids})
        for number, ids in enumerate(known):
            if ids:
                found[number] = words.sum(ids)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.where(lengths > 1e-6, found / np.maximum(lengths, 1e-6), 0.0).astype(np.float32)

    def basis(self) -> CongBasis:
        """The basis, loaded or built once. Never fails for want of a writable folder."""
        import numpy as np

        with self._lock:
            if self._basis is None:
                self._basis = self._load() or self._build()
                matrix, offset = self._basis.cleaned()
                self._cleaned = np.ascontiguousarray(matrix.T), offset
            return self._basis

    def _vectors_of(self, ids: set[int]) -> _Words:
        """A table that holds at least ``ids``."""
        import numpy as np

        basis = self.basis()
        with self._lock:
            words = self._words or _Words()
            if not words.fits(len(words.missing(ids))):
                words = _Words()
            self._words = words
            missing = words.missing(ids)
            if missing:
                anchors, (columns, offset) = basis.anchors.tolist(), self._cleaned
            for at in range(0, len(missing), BLOCK):
                block = missing[at : at + BLOCK]
                similar = np.array(self._tokenizer.similarity(block, anchors), dtype=np.float32)
                # Ids follow frequency: the logarithm is an inverse document frequency for free.
                weights = np.log1p(np.array(block, dtype=np.float32) / 100)[:, None]
                # Not "@": for a question's few new words BLAS would wake a thread a core.
                vectors = np.vecdot(np.nan_to_num(similar)[:, None], columns) + offset
                words.add(block, vectors * weights)
            return words

    def _load(self) -> CongBasis | None:
        import zipfile

        import numpy as np

        try:
            with np.load(self.cache_file, allow_pickle=False) as file:
                basis = CongBasis(
                    file["anchors"], file["transform"], file["mean"], file["components"]
                )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            log.warning("encoder basis %s is unreadable, building it anew: %s", error, error)
            return None
        shapes = (basis.anchors.shape, basis.transform.shape, basis.mean.shape)
        good = shapes == ((ANCHORS,), (ANCHORS, DIM), (DIM,))
        return basis if good and basis.components.shape == (DROPPED_COMPONENTS, DIM) else None

    def _build(self) -> CongBasis:
        import numpy as np

        basis = build_basis(self._tokenizer)
        try:
            self._cache_dir.mkdir(parents=True, exist_ok=True)
            # Written aside and renamed: another process never reads half a file.
            with tempfile.TemporaryDirectory(dir=self._cache_dir) as aside:
                path = Path(aside) / self.cache_file.name
                np.savez(
                    path,
                    anchors=basis.anchors,
                    transform=basis.transform,
                    mean=basis.mean,
                    components=basis.components,
                )
                os.replace(path, self.cache_file)
        except OSError as error:
            log.warning("the encoder basis cannot be kept in %s: %s", self._cache_dir, error)
        return basis
