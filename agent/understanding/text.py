"""Cleaning a message: one Unicode form, no invisible characters, placeholders for numbers.

:func:`clean` keeps everything a slot may need; :func:`simplify` goes on to what the
classifier reads, where the particular order number or amount only adds noise.
"""

from __future__ import annotations

import re
import unicodedata

from agent.understanding.keyboard import from_english_layout
from agent.understanding.lexicon import load_lexicon

__all__ = ["EMAIL", "PHONE", "blank", "clean", "simplify"]

# NFKC would turn a lone ㅋ or ㅇ into a conjoining jamo, which no pattern and no dictionary
# knows; everything outside the compatibility block is normalised.
_NOT_LONE_JAMO = re.compile(r"[^\u3131-\u318e]+")
_SPACES = re.compile(r"\s+")

EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
PHONE = re.compile(r"(?<!\d)0\d{1,2}[-. ]?\d{3,4}[-. ]?\d{4}(?!\d)")

_PLACEHOLDERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"https?://\S+"), " <링크> "),
    (EMAIL, " <이메일> "),
    (re.compile(r"(?<!\d)20\d{6}\s?[-–_]\s?\d{1,7}(?!\d)"), " <주문번호> "),
    (PHONE, " <전화번호> "),
    (
        re.compile(
            r"(?<!\d)\d[\d,.]{0,14}\s?[천만백]?\s?\d{0,5}\s?[천만]?\s?원(?![피래하인본가단목두형룸])"
        ),
        " <금액> ",
    ),
    (re.compile(r"(?:\d{2,4}\s?년\s?)?\d{1,2}\s?월\s?\d{1,2}\s?일"), " <날짜> "),
    (re.compile(r"(?<![\d.])(?:20)?\d{2}[-./]\d{1,2}[-./]\d{1,2}(?!\d)"), " <날짜> "),
    (re.compile(r"\d{9,}"), " <긴번호> "),
)
_SHORTHAND = load_lexicon("shorthand")
_INITIALS: dict[str, str] = _SHORTHAND["initials"]
_INITIAL = re.compile(
    rf"(?<![ㄱ-ㅎ])(?:{'|'.join(sorted(_INITIALS, key=len, reverse=True))})(?![ㄱ-ㅎ])"
)
_OTHER_SHOP = re.compile(
    rf"(?<![가-힣a-z])(?:{'|'.join(sorted(_SHORTHAND['other_shops'], key=len, reverse=True))})"
    r"(?![a-z])"
)
_REPEATED = re.compile(r"(.)\1{2,}")
_REPEATED_PAIR = re.compile(r"(..)\1{2,}")


def clean(text: str) -> str:
    """NFKC without breaking lone jamo, no invisible characters, single spaces, trimmed.

    What was typed on the English layout is turned back ("ghksqnf" to 환불).
    """
    visible = "".join(_visible(char) for char in text)
    composed = _NOT_LONE_JAMO.sub(lambda run: unicodedata.normalize("NFKC", run[0]), visible)
    return from_english_layout(_SPACES.sub(" ", composed).strip())


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cf", "Cs", "Co"):
        return ""
    return " " if category == "Cc" else char


def simplify(text: str) -> str:
    """What the classifier reads: clean, lower case, placeholders, long repeats shortened.

    Words of initials are written out, other shops become one placeholder.
    """
    text = clean(text).lower()
    for pattern, placeholder in _PLACEHOLDERS:
        text = pattern.sub(placeholder, text)
    text = _OTHER_SHOP.sub(" <다른가게> ", text)
    text = _INITIAL.sub(lambda match: _INITIALS[match[0]], text)
    text = _REPEATED_PAIR.sub(r"\1\1", _REPEATED.sub(r"\1\1", text))
    return _SPACES.sub(" ", text).strip()


def blank(text: str, spans: list[tuple[int, int]]) -> str:
    """``text`` with each (start, end) replaced by as many spaces, so that offsets stay."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
