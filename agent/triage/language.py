"""The language of a text by its letters: which script they are of, and a few English words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from agent.triage.types import Guess
from agent.understanding.text import clean

__all__ = ["language_of"]

_MOST = 1000  # letters that are counted
# A Korean or Japanese sentence may be half foreign names; these shares still tell it.
_KOREAN, _JAPANESE, _CHINESE = 0.2, 0.1, 0.3
# The commonest English words: another language in Latin letters has hardly any of them.
_ENGLISH = frozenset(
    "a an and are as at be been but by can could did do does for from had has have how i in is it "
    "item me my not of on or order please refund return the this to was we what when where will "
    "with would you your help thanks thank cancel size black hello hi".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_FEW_ENGLISH = 0.2


def language_of(text: str) -> Guess:
    """One of ``words.LANGUAGE``, with the share of letters that speak for it.

    A text without letters is taken for Korean, the shop's own, without confidence.
    """
    text = clean(text[: _MOST * 2])
    counts = Counter(map(_script, text))
    del counts[""]
    total = sum(counts.values())
    if not total:
        return Guess("ko", 0.0)
    share = {name: count / total for name, count in counts.items()}
    if share.get("hangul", 0.0) >= _KOREAN:
        return Guess("ko", _sure(share["hangul"], _KOREAN))
    if share.get("kana", 0.0) >= _JAPANESE:
        return Guess("ja", _sure(share["kana"] + share.get("han", 0.0), _JAPANESE))
    if share.get("han", 0.0) >= _CHINESE:
        return Guess("zh", _sure(share["han"], _CHINESE))
    if share.get("latin", 0.0) > 0.5 and (known := _english(text)) >= _FEW_ENGLISH:
        return Guess("en", _sure(known, _FEW_ENGLISH))
    return Guess("other", max(share.values()))


def _script(char: str) -> str:
    if not char.isalpha():
        return ""
    if "가" <= char <= "힣" or "ㄱ" <= char <= "ㆎ":
        return "hangul"
    if "\u3040" <= char <= "\u30ff":
        return "kana"
    if "\u4e00" <= char <= "\u9fff":
        return "han"
    return "latin" if unicodedata.name(char, "").startswith("LATIN") else "other"


def _sure(share: float, least: float) -> float:
    """From .7 at the least share that decides to 1 at all letters."""
    return round(0.7 + 0.3 * (share - least) / (1 - least), 3)


def _english(text: str) -> float:
    """The share of words that are common English ones."""
    words = [word.lower() for word in _WORD.findall(text)]
    return sum(word in _ENGLISH for word in words) / len(words)
