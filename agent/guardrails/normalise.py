"""Views of a text for detection, each with a map back to what was written.

Detectors look at a folded view (NFKC, no invisible characters, jamo composed) while the
text that is stored and answered stays the customer's own; :meth:`View.span` finds the
written place of whatever a detector saw.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["View", "compose_jamo", "digit_view", "fold", "squeeze"]

_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = "\0ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_LEAD_AT = {c: i for i, c in enumerate(_LEADS)}
_VOWEL_AT = {c: i for i, c in enumerate(_VOWELS)}
_TAIL_AT = {c: i for i, c in enumerate(_TAILS) if i}
# Lone conjoining jamo become the compatibility jamo people type (U+1109 ᄉ -> U+3145 ㅅ).
_TO_COMPAT = (
    {0x1100 + i: ord(c) for i, c in enumerate(_LEADS)}
    | {0x1161 + i: ord(c) for i, c in enumerate(_VOWELS)}
    | {0x11A7 + i: ord(c) for i, c in enumerate(_TAILS) if i}
)

# Folding changes nothing here; nearly every message is of these characters.
_PLAIN = re.compile(r"[\t\n\r -~가-힣ㄱ-ㅣ]*+")
# Cyrillic and Greek letters that a reader takes for Latin ones (Unicode TR39, confusables):
# "іgnоre" hides from a rule that knows only "ignore".
_LOOK_ALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаесоорхуіјѕԁԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαινρυ",
    "ABESIJKMHOPCTYXaecoopxyijsdqwhABEZHIKMNOPTYXoaivpu",
)
_HANGUL_DIGITS = str.maketrans("공영빵일이삼사오육륙칠팔구", "0001234566789")
# Dashes of every width are one dash to a reader.
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－ー", "-"))
# "…팔공사이에요" ends in 4: that 이 belongs to the ending.
_ENDING = r"에요|예요|고[요,\s]|구요|며|라[고는]|거든|야|었|입니|\s?맞"
_SPOKEN = rf"(?:[공영빵일삼사오육륙칠팔구]|이(?!{_ENDING}))"
# Three in a row at least: "공일공" is dictation, "이사" (moving house) is a word.
_SPOKEN_RUN = re.compile(rf"{_SPOKEN}(?:(?>\s?(?:다시|대시)\s?|[ \-.·])?{_SPOKEN}){{2,}}+")
_STROKES = re.compile(
    r"(?<=[가-힣ㄱ-ㅎㅏ-ㅣA-Za-z])(?:[^\w\s]|_){1,3}+(?=[가-힣ㄱ-ㅎㅏ-ㅣA-Za-z])"
    r"|(?<=[가-힣ㄱ-ㅎ])[^\w\s]?\d[^\w\s]?(?=[가-힣ㄱ-ㅎ])"
)


# A character with the marks, vowels and tails that NFKC joins to it. Marks piled higher
# start a cluster of their own: the cache of clusters must not keep whole messages.
_CLUSTER = re.compile(
    r"[\s\S][\u0300-\u036f\u1160-\u11ff\u20d0-\u20ff\u3099\u309a\uff9e\uff9f]{0,7}+"
)


@dataclass(frozen=True, slots=True)
class View:
    """A derived text; character ``i`` stands for ``[starts[i], ends[i])`` of the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's half-open range for the view's ``[start, end)`` (not empty)."""
        return self.starts[start], self.ends[end - 1]


def _invisible(char: str) -> bool:
    # Cf: zero-width characters, joiners, soft hyphens, direction marks. The Hangul fillers
    # are letters to Unicode, and the blank Braille cell is a symbol.
    return char in "\u115f\u1160\u2800" or unicodedata.category(char) in ("Cf", "Mn")


@lru_cache(maxsize=8192)
def _fold_cluster(cluster: str) -> str:
    if len(cluster) == 1 and "ㄱ" <= cluster <= "ㅣ":
        return cluster  # NFKC would turn typed jamo into conjoining ones
    folded = unicodedata.normalize("NFKC", cluster).translate(_TO_COMPAT).translate(_LOOK_ALIKES)
    if len(folded) > 4:  # one Arabic ligature unfolds to 18 letters: a cheap way to slow us
        folded = cluster[0]
    kept = (c for c in folded if not _invisible(c))
    return "".join(str(unicodedata.decimal(c, c)) for c in kept)  # digits of any script


def fold(text: str) -> View:
    """NFKC without invisible characters: full-width and look-alikes become ASCII, split jamo
    syllables."""
    if _PLAIN.fullmatch(text):
        return View(text, range(len(text)), range(1, len(text) + 1))
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        folded = _fold_cluster(cluster[0])
        out.append(folded)
        starts += [cluster.start()] * len(folded)
        ends += [cluster.end()] * len(folded)
    return View("".join(out), starts, ends)


def digit_view(folded: str) -> str:
    """The same length with dictated digits written out, "공일공" is "010", and plain dashes."""
    dashed = folded.translate(_DASHES)
    return _SPOKEN_RUN.sub(lambda m: m[0].translate(_HANGUL_DIGITS), dashed)


def _syllable(text: str, at: int) -> tuple[str, int]:
    """The syllable typed as loose jamo at ``at``, or the character itself, and its length."""
    lead = _LEAD_AT.get(text[at])
    vowel = _VOWEL_AT.get(text[at + 1]) if lead is not None and at + 1 < len(text) else None
    if lead is None or vowel is None:
        return text[at], 1
    tail = _TAIL_AT.get(text[at + 2], 0) if at + 2 < len(text) else 0
    if tail and at + 3 < len(text) and text[at + 3] in _VOWEL_AT:
        tail = 0  # that consonant opens the next syllable
    return chr(0xAC00 + (lead * 21 + vowel) * 28 + tail), 3 if tail else 2


def compose_jamo(view: View) -> View:
    """Join loose jamo: "ㅅㅣㅂㅏㄹ" reads "시발"; "ㅅㅂ" and "ㅋㅋ" stay."""
    text = view.text
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        char, length = _syllable(text, at)
        start, end = view.span(at, at + length)
        out.append(char)
        starts.append(start)
        ends.append(end)
        at += length
    return View("".join(out), starts, ends)


def squeeze(text: str) -> View:
    """Folded, jamo composed, lower case, and strokes inside a word taken out ("씨1발").

    Spaces stay: without them "다시 발송" would read like a swear word.
    """
    view = compose_jamo(fold(text))
    keep: list[int] = []
    at = 0
    for stroke in _STROKES.finditer(view.text):
        keep.extend(range(at, stroke.start()))
        at = stroke.end()
    keep.extend(range(at, len(view.text)))
    # Characters whose lower case is longer (İ) would shift the map.
    lowered = (view.text[i].lower() for i in keep)
    kept = "".join(c if len(c) == 1 else c[0] for c in lowered)
    return View(kept, [view.starts[i] for i in keep], [view.ends[i] for i in keep])
