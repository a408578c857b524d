"""Abuse by a word list over the squeezed view of a text, and by a small model beside it.

Swearing at the shop is no reason to refuse service: the words are masked and help goes on.
Only a message that is nothing but abuse is refused. The list keeps to words thrown at
people, because a false alarm insults a customer who only asked about "다시 발송". The model
(:mod:`agent.guardrails.abuse_model`) hears insults without such a word; it has nothing to
mask and never refuses, the turn is only flagged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from agent.guardrails import abuse_model
from agent.guardrails.abuse_words import ABUSE, LEFT_OVER
from agent.guardrails.normalise import squeeze

__all__ = ["STARS", "SUPPORT", "THRESHOLD", "AbuseVerdict", "Level", "assess_abuse"]

Level = Literal["none", "likely", "masked", "pure"]
# Best F1 on held-out comments of the training sets (abuse_training).
THRESHOLD = 0.34
# Those comments neither speak of orders nor ask anybody for anything: where a message does,
# abuse is rarer beforehand.
REQUEST_THRESHOLD = 0.6
# What a customer may want of a shop.
SUPPORT = re.compile(
    r"환불|반품|교환|취소|주문|배송|택배|결제|쿠폰|적립|불량|고장|깨[졌져진]|파손|누락|오배송|상담|문의|"
    r"영수증|사이즈|옵션|상품|제품|재고|입금|운송장|송장|배송지|주소|로그인|비밀번호|탈퇴|회원|가격|할인|추천|"
    r"언제|얼마|refund|return|cancel|order|deliver|shipping|exchange"
)
_ASKS = re.compile(
    r"싶[어은다네]|알려|어떻게|하는\s?법|방법|설정|가능|[나까]요|줘(?:$|[\s.?!])|야\s?[해돼]|요[\s.?!~ㅠㅎ]*$"
    r"|(?:어떤|어느|무슨|어디)[^?]{1,30}\?$"
)
# Initials ("ㅈㄷㄱㅂ") and single words of one syllable have no shape the model could know.
_SHAPED = re.compile(r"[가-힣]\s?[가-힣]|[a-z]{3}")
STARS = "**"
_CUT = "\0"  # stands where a word was cut out, so that "ㅈ같네" does not leave the answer "네"
_TOKEN = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣa-z0-9\0]+")
_LONGEST_FILLER = 12
# An answer to what the desk asked is content, however it is said: "네 시발".
_ANSWERS = frozenset(("네", "예", "넵", "응", "어", "아니", "아니요", "그래", "ㅇㅇ", "ㄴㄴ"))


@dataclass(frozen=True, slots=True)
class AbuseVerdict:
    """``masked_text`` is the message with each abusive word of the list replaced by ``**``."""

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


def _is_likely(view: str, text: str) -> bool:
    """Whether the model takes a text without a listed word for abuse."""
    if not _SHAPED.search(view):
        return False
    request = SUPPORT.search(view) or _ASKS.search(view)
    return abuse_model.score(text) > (REQUEST_THRESHOLD if request else THRESHOLD)


def assess_abuse(text: str) -> AbuseVerdict:
    """Find abusive words, mask them, and tell whether anything else was said.

    ``none``: nothing found. ``likely``: the model calls it abuse, no word of it is known.
    ``masked``: help goes on with the masked text. ``pure``: nothing but abuse, particles and
    fillers; may be refused.
    """
    view = squeeze(text)
    spans = [match.span() for match in ABUSE.finditer(view.text) if match[0]]
    if not spans:
        return AbuseVerdict("likely" if _is_likely(view.text, text) else "none", text)
    masked = _without(text, [view.span(*span) for span in spans], STARS)
    left = _TOKEN.findall(_without(view.text, spans, _CUT))
    return AbuseVerdict("pure" if all(map(_is_filler, left)) else "masked", masked)
