"""Abuse by a word list over the squeezed view of a text.

Swearing at the shop is no reason to refuse service: the words are masked and help goes on.
Only a message that is nothing but abuse is refused. The list keeps to words thrown at
people, because a false alarm insults a customer who only asked about "다시 발송".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from agent.guardrails.abuse_words import ABUSE, LEFT_OVER
from agent.guardrails.normalise import squeeze

__all__ = ["AbuseVerdict", "Level", "assess_abuse"]

Level = Literal["none", "masked", "pure"]
STARS = "**"
_CUT = "\0"  # stands where a word was cut out, so that "ㅈ같네" does not leave the answer "네"
_TOKEN = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣa-z0-9\0]+")
_LONGEST_FILLER = 12
# An answer to what the desk asked is content, however it is said: "네 시발".
_ANSWERS = frozenset(("네", "예", "넵", "응", "어", "아니", "아니요", "그래", "ㅇㅇ", "ㄴㄴ"))


@dataclass(frozen=True, slots=True)
class AbuseVerdict:
    """``masked_text`` is the message with each abusive word replaced by ``**``."""

    level: Level
    masked_text: str


def _without(text: str, spans: list[tuple[int, int]], filler: str) -> str:
    parts: list[str] = []
    at = 0
    for start, end in spans:
        if start >= at:  # two words inside one written character
            parts += (text[at:start], filler)
            at = end
    return "".join((*parts, text[at:]))


def _is_filler(token: str) -> bool:
    # The length bounds the pattern's backtracking; no filler is that long.
    left = token.replace(_CUT, "")
    if token in _ANSWERS or len(left) > _LONGEST_FILLER:
        return False
    return not left or LEFT_OVER.fullmatch(left) is not None


def assess_abuse(text: str) -> AbuseVerdict:
    """Find abusive words, mask them, and tell whether anything else was said.

    ``none``: nothing found. ``masked``: help goes on with the masked text. ``pure``:
    nothing but abuse, particles and fillers; may be refused.
    """
    view = squeeze(text)
    spans = [match.span() for match in ABUSE.finditer(view.text) if match[0]]
    if not spans:
        return AbuseVerdict("none", text)
    masked = _without(text, [view.span(*span) for span in spans], STARS)
    left = _TOKEN.findall(_without(view.text, spans, _CUT))
    return AbuseVerdict("pure" if all(map(_is_filler, left)) else "masked", masked)
