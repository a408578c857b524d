"""Whether a wording still allows and denies what its draft allows and denies.

By words alone: a noun ("반품") with the first "may" or "may not" behind it. What a condition
means is not understood; a reversed one is seen where it uses the draft's own words.
"""

from __future__ import annotations

import re
from collections.abc import Hashable

from agent.guardrails.facts import extract_facts

__all__ = ["leaves_out", "reverses"]

_NOUN = r"(?:반품|교환|환불|취소|변경|철회|수리|신청|바꾸|바꿀|돌려)"
_NEVER = (
    r"수\s?(?:는|가|도)?\s?없|어렵|어려[워울]|불가|(?<![가-힣])안\s?(?:돼|되|됩)|(?<![가-힣])못\s?(?:해|하|합)"
    r"|지\s?(?:않|못)|지\s?마"
)
_MAY = (
    r"수\s?(?:도|가)?\s?있(?!는지|을지|나요|을까)|가능(?!한지|\s?여부|하지|성)|해\s?드(?:릴게|리겠|립|려요)"
    r"|돼요|됩니다|되세요|하세요|하시면\s?돼"
)
_SAID = re.compile(
    rf"(?P<noun>{_NOUN})(?:(?!{_NOUN})[^.!?,\n]){{0,14}}?(?:(?P<never>{_NEVER})|(?P<may>{_MAY}))"
)
_NOUNS = re.compile(_NOUN)
_FINE = re.compile(r"괜찮|상관\s?없|문제\s?없|걱정\s?마|걱정하지")
_NO = re.compile(
    rf"{_NEVER}|없|않|아니|아직|제외|만\s?(?:가능|돼|반품|교환|신청)|(?<![가-힣])[안못]\s"
)
_CONDITION = re.compile(r"면|경우|지나|뒤에는|후에는|다만|단,|때는|까지만|미개봉|전이")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]+)*")
_WORD = re.compile(r"[가-힣]{2,}")
_COMMON = frozenset(  # says nothing of what a sentence is about
    "고객 상품 주문 신청 배송 받은 받으 반품 교환 환불 취소 변경 지금 이미 "
    "수거 가능 있어 없어 하실 드릴 저희 말씀 경우 대신 바로 확인 필요 아래 상태".split()
)


def _polarity(text: str) -> dict[str, set[str]]:
    """By noun, "may" and "never" as far as the text says them."""
    found: dict[str, set[str]] = {}
    for said in _SAID.finditer(text):
        found.setdefault(said["noun"], set()).add("may" if said["may"] else "never")
    return found


def _stems(sentence: str) -> set[str]:
    return {word[:2] for word in _WORD.findall(sentence)} - _COMMON


def reverses(reply: str, draft: str) -> bool:
    """Whether ``reply`` allows what ``draft`` only denies, or denies what it only allows."""
    told: dict[str, set[str]] = {}
    for line in _SENTENCE.findall(draft):  # "반품은 … 신청할 수 있어요" is about both
        for noun in _NOUNS.findall(line):
            told.setdefault(noun, set()).update(*_polarity(line).values())
    denials = [
        s for s in _SENTENCE.findall(draft) if "never" in set().union(*_polarity(s).values())
    ]
    allowed = [s for s in _SENTENCE.findall(draft) if "may" in set().union(*_polarity(s).values())]
    for sentence in _SENTENCE.findall(reply):
        if sentence.strip() in draft:
            continue
        said = _polarity(sentence)
        for noun, ways in said.items():
            other = len(ways) == 1 == len(told.get(noun, ())) and ways != told[noun]
            if other and (ways == {"may"} or not _CONDITION.search(sentence)):
                return True
        fine = _FINE.search(sentence) or "may" in set().union(*said.values())
        if fine and not _NO.search(_FINE.sub("", sentence)) and _meets(sentence, denials, allowed):
            return True
    return False


def _meets(sentence: str, denials: list[str], allowed: list[str]) -> bool:
    """Whether a sentence that allows is about what only a denial of the draft is about."""
    stems = _stems(sentence)
    about = {stem for denial in denials for stem in _stems(denial)}
    about -= {stem for other in allowed for stem in _stems(other)}
    return bool(stems & about)


def leaves_out(reply: str, draft: str, *, offer: bool) -> bool:
    """Whether nothing of the draft's refusal is left in ``reply``; of an ``offer``, a change
    that the draft asks a yes for, also whether the question or a sum of money is missing."""
    if any("never" in ways for ways in _polarity(draft).values()) and not _NO.search(reply):
        return True
    return offer and not ("?" in reply and _sums(draft) <= _sums(reply))


def _sums(text: str) -> set[Hashable]:
    return {fact.key for fact in extract_facts(text) if fact.kind == "amount"}
