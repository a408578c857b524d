"""Words that may name a product: runs of nouns without the shop's own vocabulary."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice, pairwise

from agent.understanding.alike import misspelt_among
from agent.understanding.lexicon import load_lexicon
from agent.understanding.ports import MorphemeLike
from agent.understanding.wishes import COLOURS

__all__ = ["find_products"]

MAX_PRODUCTS = 8
LONGEST_GOODS = 7
MOST_WORDS = 60

_WORDS = load_lexicon("products")
_GENERIC = frozenset(_WORDS["generic"])
_PARTS = frozenset(_WORDS["parts"])
_SHORT_NAMES = frozenset(_WORDS["short"])
_GOODS: tuple[str, ...] = tuple(_WORDS["goods"])
_WORD = re.compile(r"[가-힣]{3,}")
# A colour alone is an option.
_COLOUR = re.compile(rf"(?:{COLOURS})(?:\s?색상?)?")
_NAME_TAGS = ("NNG", "NNP", "SL", "SN", "SH", "XR")
_PREFIXES = ("XPN", "MM")
_AFTER_PREFIX = (*_NAME_TAGS, "XPN")
_VERB_MAKERS = ("XSV", "XSA")
# A shoe size after the name (운동화 240) is an option; SW-200 is a model.
_SHOE = re.compile(r"2\d[05]$")
_JOINTS = frozenset("-+&./")


def find_products(
    text: str, morphemes: Sequence[MorphemeLike], taken: Sequence[tuple[int, int]]
) -> tuple[str, ...]:
    """Noun runs of ``text`` that may name a product, longest first, as written.

    ``taken`` are spans that already mean something else (dates, amounts, order numbers).
    """
    names: dict[str, None] = {}
    for run in _runs(text, morphemes, taken):
        name = _name(text, run)
        if name:
            names.setdefault(name)
    for name in _misspelt(text, names, taken):
        names.setdefault(name)
    return tuple(sorted(names, key=lambda name: -len(name))[:MAX_PRODUCTS])


def _misspelt(text: str, found: Collection[str], taken: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Beginnings of words that are common goods but for a typing error.

    Kiwi takes 텀불러 for a verb; a word in which a name was found needs no such help.
    """
    pieces = {piece for name in found for piece in name.split()}
    words = {match[0]: match.span() for match in islice(_WORD.finditer(text), MOST_WORDS)}
    for word, (start, end) in words.items():
        if any(start < b and a < end for a, b in taken) or any(one in word for one in pieces):
            continue
        for length in range(min(len(word), LONGEST_GOODS), 2, -1):
            if misspelt_among(word[:length], _GOODS):
                yield word[:length]
                break


def _runs(
    text: str, morphemes: Sequence[MorphemeLike], taken: Sequence[tuple[int, int]]
) -> Iterator[list[MorphemeLike]]:
    run: list[MorphemeLike] = []
    for morpheme, after in pairwise([*morphemes, None]):
        if morpheme is None:
            break
        gap = text[run[-1].end : morpheme.start] if run else ""
        usable = _usable(morpheme, run, after) and not _overlaps(morpheme, taken)
        if run and (not usable or gap.strip()):
            yield run
            run = []
        if usable and not _is_verb(morpheme, after):
            run.append(morpheme)
    if run:
        yield run


def _usable(morpheme: MorphemeLike, run: list[MorphemeLike], after: MorphemeLike | None) -> bool:
    glued = bool(run) and morpheme.start == run[-1].end
    if morpheme.form in _JOINTS or morpheme.tag == "XSN":  # SW-200, 견과류
        return glued
    if morpheme.form.lower() in _GENERIC:
        return False
    if morpheme.tag in _PREFIXES:
        return glued or _leads(morpheme, after)
    return morpheme.tag.startswith(_NAME_TAGS)


def _leads(prefix: MorphemeLike, after: MorphemeLike | None) -> bool:
    """Whether a noun is grown on: 초음파, and 이불 or 세럼 in the pieces Kiwi makes of them."""
    return after is not None and after.start == prefix.end and after.tag.startswith(_AFTER_PREFIX)


def _is_verb(morpheme: MorphemeLike, after: MorphemeLike | None) -> bool:
    """Whether 하다 or 되다 follows, which makes the noun a verb (교환 + 하다)."""
    return after is not None and after.tag.startswith(_VERB_MAKERS)


def _overlaps(morpheme: MorphemeLike, taken: Sequence[tuple[int, int]]) -> bool:
    return any(morpheme.start < end and start < morpheme.end for start, end in taken)


def _name(text: str, run: list[MorphemeLike]) -> str:
    while run and (run[-1].form in _PARTS or run[-1].form in _JOINTS):
        run = run[:-1]
    if not run:
        return ""
    if len(run) > 1 and _SHOE.match(run[-1].form) and run[-1].start > run[-2].end:
        run = run[:-1]
    while run and run[0].form in _PARTS:
        run = run[1:]
    words = [morpheme for morpheme in run if morpheme.tag not in ("SN", "XR")]
    if len(words) < 2 and not any(len(w.form) > 1 or w.tag.startswith("NN") for w in words):
        return ""
    name = text[run[0].start : run[-1].end].strip()
    joined = name.replace(" ", "")
    if joined in _PARTS or joined in _GENERIC or _COLOUR.fullmatch(name):
        return ""
    # One syllable alone is far more often a piece of something else than 책 or 컵.
    return name if len(name) > 1 or name in _SHORT_NAMES else ""
