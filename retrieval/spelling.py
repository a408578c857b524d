"""The words of an index's names, to read a misspelt one: 텀불러, 이어퐁, ㅌㅂㄹ, sw200.

A Hangul word is compared letter by letter (jamo): one wrong letter, two in a long word.
Arrays are mapped from disk, so a million words cost no memory until they are read.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.arrays import ArrayWriter, open_array
from retrieval.entries import hash64

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Spelling", "count_words", "initials", "letters", "squeezed", "write_spelling"]

LONGEST = 30
MOST_COMPARED = 40
SAME_INITIALS = 4
SHARED = 0.45  # of the pairs of letters, before two words are compared letter by letter
LONG = 8  # letters from which on two of them may be wrong
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MARKS = re.compile(r"[^0-9a-z가-힣]+")


def squeezed(word: str) -> str:
    """Lower case without marks and blanks: "SW-200" → "sw200"."""
    return _MARKS.sub("", word.lower())


def letters(word: str) -> str:
    """Its single letters: "컵" is three."""
    return unicodedata.normalize("NFD", word)


def initials(word: str) -> str:
    """The first consonant of every syllable: "텀블러" → "ㅌㅂㄹ"; "" for other writing."""
    if not word or not all("가" <= sign <= "힣" for sign in word):
        return ""
    return "".join(_INITIALS[(ord(sign) - 0xAC00) // 588] for sign in word)


def write_spelling(folder: Path, words: Mapping[str, int]) -> None:
    """Write ``words`` (as they are to be read back → how often) to ``folder``, replacing it."""
    import numpy as np

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kept = sorted(w for w in words if len(squeezed(w)) > 1 and len(w) <= LONGEST)
    blobs = [word.encode() for word in kept]
    pairs: defaultdict[int, list[int]] = defaultdict(list)
    for number, word in enumerate(kept):
        for code in _pairs(word):
            pairs[code].append(number)
    with ArrayWriter(folder) as arrays:
        arrays.append("text", np.frombuffer(b"".join(blobs), dtype="u1"), "u1")
        arrays.append("ends", np.cumsum([len(blob) for blob in blobs] or [0]), "i8")
        arrays.append("times", [min(words[word], 2**31) for word in kept], "u4")
        for name, key in (("known", squeezed), ("initials", initials)):
            hashes = np.array([hash64(key(word)) if key(word) else 0 for word in kept], dtype="u8")
            order = np.argsort(hashes, kind="stable")
            arrays.append(f"{name}_hashes", hashes[order], "u8")
            arrays.append(f"{name}_words", order, "u4")
        codes = sorted(pairs)
        arrays.append("pairs", codes, "u8")
        arrays.append("pair_ends", np.cumsum([len(pairs[code]) for code in codes] or [0]), "i8")
        arrays.append("pair_words", [n for code in codes for n in pairs[code]], "u4")


class Spelling:
    """The words written to ``folder``. Raises OSError when they cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._text = open_array(folder, "text", "u1")
        self._ends = open_array(folder, "ends", "i8")
        self._times = open_array(folder, "times", "u4")
        self._keys = {
            name: (open_array(folder, f"{name}_hashes", "u8"),
                   open_array(folder, f"{name}_words", "u4"))
            for name in ("known", "initials")
        }  # fmt: skip
        self._pairs = open_array(folder, "pairs", "u8")
        self._pair_ends = open_array(folder, "pair_ends", "i8")
        self._pair_words = open_array(folder, "pair_words", "u4")

    def known(self, word: str) -> str | None:
        """The word as it is written in the index ("sw200" → "sw-200"), or None."""
        found = self._by_key("known", squeezed(word))
        return self._most_used(found) if len(found) else None

    def begun_by(self, consonants: str) -> list[str]:
        """The words of these initial consonants, those used most first; a few at most."""
        found = self._by_key("initials", consonants)
        order = sorted(found.tolist(), key=lambda number: -int(self._times[number]))
        return [self._word(number) for number in order[:SAME_INITIALS]]

    def nearest(self, word: str) -> str | None:
        """The known Hangul word that differs in a letter (two, when long), or None."""
        import numpy as np

        codes, size = _pairs(word), len(letters(word))
        if not self._times.size or not initials(word):
            return None
        lists = [self._of_pair(code) for code in codes]
        counts = np.bincount(np.concatenate(lists), minlength=len(self._times))
        best = np.argsort(-counts, kind="stable")[:MOST_COMPARED]
        allowed = 2 if size >= LONG else 1
        near: list[tuple[int, int, str]] = []
        for number in best[counts[best] >= SHARED * len(codes)].tolist():
            other = self._word(number)
            distance = _distance(letters(word), letters(other), allowed)
            if distance <= allowed and initials(other):
                near.append((distance, -int(self._times[number]), other))
        return min(near)[2] if near else None

    def _by_key(self, name: str, key: str) -> NDArray[Any]:
        import numpy as np

        hashes, words = self._keys[name]
        wanted = np.uint64(hash64(key))
        first, last = np.searchsorted(hashes, wanted), np.searchsorted(hashes, wanted, "right")
        return words[int(first) : int(last)] if key else words[:0]

    def _most_used(self, numbers: NDArray[Any]) -> str:
        return self._word(max(numbers.tolist(), key=lambda number: int(self._times[number])))

    def _of_pair(self, code: int) -> NDArray[np.uint32]:
        import numpy as np

        place = int(np.searchsorted(self._pairs, np.uint64(code)))
        if place >= len(self._pairs) or int(self._pairs[place]) != code:
            return self._pair_words[:0]
        start = int(self._pair_ends[place - 1]) if place else 0
        return self._pair_words[start : int(self._pair_ends[place])]

    def _word(self, number: int) -> str:
        start = int(self._ends[number - 1]) if number else 0
        return self._text[start : int(self._ends[number])].tobytes().decode()


def _pairs(word: str) -> list[int]:
    """Pairs of neighbouring letters as numbers, the word's edges among them."""
    plain = f"^{letters(squeezed(word))}$"
    return list(dict.fromkeys(ord(a) << 21 | ord(b) for a, b in pairwise(plain)))


def _distance(first: str, second: str, most: int) -> int:
    """How many letters must be put in, left out or changed; ``most`` + 1 when more than that."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    row = list(range(len(second) + 1))
    for at, sign in enumerate(first, 1):
        before, row[0] = row[0], at
        for place, other in enumerate(second, 1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (sign != other)),
            )
        if min(row) > most:
            return most + 1
    return row[-1]


def count_words(texts: Iterable[str]) -> dict[str, int]:
    """The words of ``texts`` → how often; a code with a mark ("sw-200") stays whole."""
    found: dict[str, int] = {}
    for text in texts:
        for word in re.split(r"[^0-9a-z가-힣._-]+", text.lower()):
            plain = word.strip("._-")
            if plain:
                found[plain] = found.get(plain, 0) + 1
    return found
