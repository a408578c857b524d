"""What understanding needs from outside, as protocols: a tokenizer and a text encoder.

``retrieval.tokenize.KoreanTokenizer`` and ``retrieval.embed.CongEncoder`` satisfy them; the
composition root hands them in, so this package imports neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Encoder", "FloatArray", "MorphemeLike", "Tokenizer"]

FloatArray = npt.NDArray[np.float32]


class MorphemeLike(Protocol):
    """One morpheme; ``start`` and ``end`` are character offsets into the text given."""

    @property
    def form(self) -> str:
        """Dictionary form."""

    @property
    def tag(self) -> str:
        """Part of speech."""

    @property
    def start(self) -> int:
        """First character."""

    @property
    def end(self) -> int:
        """One past the last character."""


class Tokenizer(Protocol):
    """Splits Korean text into morphemes (Sejong tags, as kiwi writes them)."""

    def morphemes(self, text: str, /) -> Sequence[MorphemeLike]:
        """Every morpheme of ``text`` in order."""


class Encoder(Protocol):
    """Turns texts into unit vectors, one row a text; text it does not know is a zero row."""

    @property
    def version(self) -> str:
        """Changes whenever :meth:`encode` may answer differently."""

    def encode(self, texts: list[str], /) -> FloatArray:
        """An array (len(texts), D)."""
