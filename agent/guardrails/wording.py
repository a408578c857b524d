"""What a model's wording may not add to the draft it was given.

The draft is the shop's; a model only says it more warmly. Whoever talks the model into more,
by a message, a clause or a review, gets the draft instead (OWASP LLM01, LLM02, LLM05:2025).
"""

from __future__ import annotations

import re

from agent.guardrails.mask import MARKS, NUMBERED
from agent.guardrails.output import says_done, says_promised

__all__ = ["added_by_wording", "plain_text"]

_MARKUP = re.compile(
    r"<\s*/?[A-Za-z!][^>\n]{0,200}>?|!\[[^\]\n]{0,100}\]|\]\s?\(|javascript\s?:"
    r"|data\s?:\s?text/|\bon[a-z]{3,12}\s?=",
    re.IGNORECASE,
)
_SECRET = r"(?:(?:비밀|카드|계좌|주민(?:등록)?|인증)\s?번호|비번|CVC|OTP|password)"
_ASKS = re.compile(
    rf"{_SECRET}[^.!?\n]{{0,15}}?(?:알려\s?주|보내\s?주|입력|적어\s?주|남겨\s?주|말씀해\s?주|불러\s?주)",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    r"시스템\s?프롬프트|내부\s?(?:지침|지시|메모|규정)|(?:system|developer)\s?(?:prompt|message|instruction)"
    r"|</?(?:draft|message|evidence|history)>|\btool_call|(?:staff|admin|user)_\d+",
    re.IGNORECASE,
)
_WORDS = 6  # of the instruction in a row: nobody says them by chance
_WORD = re.compile(r"\w+")


# What a clause, a product's name or a review may carry into a reply that quotes it.
_ELEMENT = re.compile(
    r"<\s*(script|style|iframe|object|svg)\b.{0,2000}?<\s*/\s*\1\s*>", re.I | re.S
)
_TAG = re.compile(r"<\s*/?[A-Za-z!][^<>\n]{0,300}>")
_LINK = re.compile(r"!?\[([^\]\n]{0,200})\]\s?\([^)\n]{0,500}\)")


def plain_text(text: str) -> str:
    """The text without HTML and without the targets of Markdown links and pictures."""
    return _LINK.sub(r"\1", _TAG.sub("", _ELEMENT.sub("", text)))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[at : at + _WORDS]) for at in range(len(words) - _WORDS + 1)}


def _korean(text: str) -> float:
    """The share of Hangul among the letters."""
    letters = [char for char in text if char.isalpha()]
    return sum("가" <= char <= "힣" for char in letters) / max(1, len(letters))


def added_by_wording(reply: str, draft: str, *, instruction: str = "") -> tuple[str, ...]:
    """What ``reply`` says beyond ``draft``, as codes for the log; empty when nothing.

    ``language`` (no Korean where the draft is), ``done`` (a refund or cancellation told as
    done), ``promise`` (a call, an answer or a present to come), ``markup`` (HTML, Markdown links
    or pictures), ``asks_secret``, ``inside`` (internal ids and words, the instruction's own
    text), ``mark`` (a mask that stands for nothing).
    """
    problems = ["language"] if _korean(draft) > 0.5 > 2 * _korean(reply) else []
    if not says_done(reply) <= says_done(draft):
        problems.append("done")
    if not says_promised(reply) <= says_promised(draft):
        problems.append("promise")
    for code, pattern in (("markup", _MARKUP), ("asks_secret", _ASKS), ("inside", _INSIDE)):
        if any(found[0] not in draft for found in pattern.finditer(reply)):
            problems.append(code)
    if _runs(reply) & _runs(instruction):
        problems.append("inside")
    marks = (*MARKS.values(), *NUMBERED.findall(reply))
    if any(mark in reply and mark not in draft for mark in marks):
        problems.append("mark")
    return tuple(dict.fromkeys(problems))
