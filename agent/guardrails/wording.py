"""What a model's wording may not add to the draft it was given.

The draft is the shop's; a model only says it more warmly. Whoever talks the model into more,
by a message, a clause or a review, gets the draft instead (OWASP LLM01, LLM02, LLM05:2025).
"""

from __future__ import annotations

import re
import unicodedata

from agent.guardrails.claims import Basis, added_claims, readable, squeezed
from agent.guardrails.mask import MARKS, NUMBERED
from agent.guardrails.output import says_done, says_promised
from agent.guardrails.polarity import reverses

__all__ = ["added_by_wording", "as_data", "plain_text"]

_MARKUP = re.compile(
    r"<\s*/?[A-Za-z!][^>\n]{0,200}>?|!\[[^\]\n]{0,100}\]|\]\s?\(|javascript\s?:"
    r"|data\s?:\s?text/|\bon[a-z]{3,12}\s?=|```|<\||\|>|\[/?(?:INST|THINK)\]",
    re.IGNORECASE,
)
_SECRET = (
    r"(?:(?:비밀|카드|계좌|주민(?:등록)?|인증|승인)\s?번호|비번|패스워드|CVC|CVV|OTP|password|보안\s?코드"
    r"|카드\s?(?:뒷면|유효|정보)|신분증|주민등록증|운전면허증|통장\s?사본|공동인증서"
    r"|문자로\s?(?:온|받으신|받은|보낸)[^.!?\n]{0,8}(?:번호|숫자|코드))"
)
_ASKS = re.compile(
    rf"{_SECRET}[^.!?\n]{{0,20}}?(?:알려\s?주|보내\s?주|보내\s?주|입력|적어\s?주|남겨\s?주|말(?:씀)?해\s?주|불러\s?주"
    r"|올려\s?주|찍어\s?주|필요해|필요합|뭐(?:예요|죠)|무엇인|뭔가요|어떻게\s?되)(?!\S{0,3}\s?(?:않|마세))",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    r"시스템\s?프롬프트|내부\s?(?:지침|지시|메모|규정)|(?:system|developer)\s?(?:prompt|message|instruction)"
    r"|</?(?:draft|message|evidence|history)>|\btool_call|(?:staff|admin|user)_\d+",
    re.IGNORECASE,
)
_LINES = re.compile(r"(?<=[.!?])\s|\n")
_LATIN = re.compile(r"[A-Za-z]")
_LATIN_LETTERS = 12  # fewer are a name or a unit
_BLUNT = re.compile(r"[가-힣](?:[^니]다|했음|있음|없음)$|^(?:분석|생각|추론|답변|초안)\s?:")
_EMPTY = re.compile(
    r"\[[^\]\n]{0,12}(?:이름|성함|고객명|주문번호|날짜|금액|상품명|회사명)[^\]\n]{0,8}\]|\{[A-Za-z_가-힣]{1,20}\}|[○O]{2,3}\s?(?:고객)?님"
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


def as_data(text: str) -> str:
    """The text for a prompt, where tags tell data from instructions: it can close none."""
    return text.replace("<", "＜")


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[at : at + _WORDS]) for at in range(len(words) - _WORDS + 1)}


def _foreign(reply: str, basis: Basis) -> bool:
    """Whether letters of another script, or a sentence without Korean, came into the reply."""
    if any(_script(char) and char not in basis.facts for char in set(reply)):
        return True
    return any(
        len(_LATIN.findall(line)) >= _LATIN_LETTERS
        and not re.search("[가-힣]", line)
        and squeezed(line) not in basis.facts
        for line in _LINES.split(reply)
    )


def _script(char: str) -> bool:
    """Whether it is a letter of neither Hangul nor Latin."""
    return (
        char.isalpha()
        and not char.isascii()
        and not unicodedata.name(char, "").startswith(("HANGUL", "LATIN"))
    )


def _blunt(reply: str, basis: Basis) -> bool:
    """Whether a sentence ends as nobody speaks to customers: a model's notes to itself."""
    lines = (line.strip(" .!?\"'”’)") for line in _LINES.split(reply))
    return any(_BLUNT.search(line) and squeezed(line) not in basis.facts for line in lines)


def _korean(text: str) -> float:
    """The share of Hangul among the letters."""
    letters = [char for char in text if char.isalpha()]
    return sum("가" <= char <= "힣" for char in letters) / max(1, len(letters))


def added_by_wording(
    reply: str, draft: str, *, instruction: str = "", basis: Basis | None = None
) -> tuple[str, ...]:
    """What ``reply`` says beyond ``draft``, as codes for the log; empty when nothing.

    ``basis``: the draft with the turn's evidence; the draft alone where it is None.

    ``language`` (no Korean where the draft is, another script), ``manner`` (notes instead of a
    polite reply), ``done`` (something told as done), ``promise`` (a call, an answer or a present
    to come), ``reversed`` (allows what the draft denies, or the reverse), ``markup`` (HTML,
    Markdown links or pictures), ``asks_secret``, ``inside`` (internal ids and words, the
    instruction's own text), ``mark`` (a mask that stands for nothing), and the codes of
    :func:`~agent.guardrails.claims.added_claims`.
    """
    known = basis or Basis.of(draft)
    written, reply = reply, readable(reply)
    korean = _korean(draft) > 0.5
    problems = ["language"] if korean and (_korean(reply) < 0.25 or _foreign(reply, known)) else []
    if korean and basis is not None and _blunt(reply, known):  # notes of staff may be blunt
        problems.append("manner")
    if not says_done(reply) <= says_done(draft):
        problems.append("done")
    if not says_promised(reply) <= says_promised(draft):
        problems.append("promise")
    if reverses(reply, known.draft):
        problems.append("reversed")
    problems += added_claims(reply, known)
    for code, pattern in (("markup", _MARKUP), ("asks_secret", _ASKS), ("inside", _INSIDE)):
        if any(
            found[0] not in draft for text in (written, reply) for found in pattern.finditer(text)
        ):
            problems.append(code)
    if _runs(reply) & _runs(instruction):
        problems.append("inside")
    marks = (*MARKS.values(), *NUMBERED.findall(reply), *_EMPTY.findall(reply))
    if any(mark in reply and mark not in draft for mark in marks):
        problems.append("mark")
    return tuple(dict.fromkeys(problems))
