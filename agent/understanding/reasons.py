"""Why something goes back: a reason code by the patterns of ``reasons.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.understanding.lexicon import load_lexicon
from agent.understanding.ports import MorphemeLike

__all__ = ["find_reason"]


@dataclass(frozen=True, slots=True)
class _Reason:
    code: str
    morphemes: re.Pattern[str] | None
    surface: re.Pattern[str] | None
    unless: re.Pattern[str] | None


def _any_of(patterns: Iterable[str] | None) -> re.Pattern[str] | None:
    return re.compile("|".join(patterns)) if patterns else None


_REASONS: tuple[_Reason, ...] = tuple(
    _Reason(
        row["code"],
        _any_of(row.get("morphemes")),
        _any_of(row.get("surface")),
        _any_of(row.get("unless")),
    )
    for row in load_lexicon("reasons")
)


def find_reason(text: str, morphemes: Sequence[MorphemeLike]) -> str | None:
    """The code of the first reason that the message names; None when it names none."""
    # Sentence marks go: "작아요." and "작아요" are the same to a pattern.
    forms = " " + " ".join(m.form for m in morphemes if not m.tag.startswith("S") or _word(m))
    forms += " "
    surface = text.replace(" ", "").lower()
    for reason in _REASONS:
        if not _found(reason.morphemes, forms) and not _found(reason.surface, surface):
            continue
        if not _found(reason.unless, surface):
            return reason.code
    return None


def _word(morpheme: MorphemeLike) -> bool:
    return morpheme.tag in ("SL", "SN", "SH")


def _found(pattern: re.Pattern[str] | None, text: str) -> bool:
    return pattern is not None and pattern.search(text) is not None
