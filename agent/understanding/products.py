"""Words that may name a product: runs of nouns without the shop's own vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from agent.understanding.lexicon import load_lexicon
from agent.understanding.ports import MorphemeLike

__all__ = ["find_products"]

MAX_PRODUCTS = 8

_WORDS = load_lexicon("products")
_GENERIC = frozenset(_WORDS["generic"])
_PARTS = frozenset(_WORDS["parts"])
_SHORT_NAMES = frozenset(_WORDS["short"])
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
    return tuple(sorted(names, key=lambda name: -len(name))[:MAX_PRODUCTS])


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
    if len(run) > 1 and _SHOE.match(run[-1].form) and run[-1].start > run[-2].end:
        run = run[:-1]
    while run and run[0].form in _PARTS:
        run = run[1:]
    words = [morpheme for morpheme in run if morpheme.tag not in ("SN", "XR")]
    if len(words) < 2 and not any(len(w.form) > 1 or w.tag.startswith("NN") for w in words):
        return ""
    name = text[run[0].start : run[-1].end].strip()
    # One syllable alone is far more often a piece of something else than 책 or 컵.
    return name if len(name) > 1 or name in _SHORT_NAMES else ""
