"""The output guard: what a reply must pass before anybody sees it.

A reply with a problem is replaced by the grounded template (product.md, Principles), so a
false alarm costs wording and a miss costs a promise the shop has to keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.guardrails.claims import readable
from agent.guardrails.evidence import Evidence
from agent.guardrails.facts import Fact, extract_facts
from agent.guardrails.grounding import has_day, is_grounded, missing_facts
from agent.guardrails.mask import mask_pii
from agent.guardrails.normalise import fold
from agent.guardrails.pii import find_pii

__all__ = ["OutputCheck", "check_output", "says_done", "says_promised"]


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """``problems`` are "kind:detail" codes for the log; personal data in them is masked."""

    ok: bool
    problems: tuple[str, ...]


# Denials are no promises: "무조건 환불되는 것은 아닙니다", "100% 보장하기 어렵습니다".
_DENIED = re.compile(
    r"[^.!?\n]{0,20}?(?:지\s?(?:않|못)|것은\s?아|은\s?아니|는\s?아니|어렵|어려|수\s?(?:는\s?)?없|불가)"
)
_NEVER = re.compile(
    r"무조건\s?(?:전액\s?)?(?:환불|교환|보상|취소|반품|배송|도착|가능|해\s?드|됩니다|처리)"
    r"|(?:100|백)\s?(?:%|퍼센트|프로)\s?(?:보장|환불|확실|가능|책임|해결|만족)"
    r"|(?:제가|저희가)\s?(?:전부\s?|모두\s?|다\s?|직접\s?)?책임(?:지고|질게|지겠|집니다)"
    r"|(?:제가|저희가)\s?(?:전부|모두|다|싹|알아서)\s?(?:처리\s?|해결\s?)?해\s?(?:드릴|드리겠|드립)"
    r"|무조건\s?(?:다\s?)?(?:돼요|되세요|될\s?거|해\s?드)|(?:100|백)\s?(?:%|퍼센트|프로)\s?(?:됩니다|돼요)"
    r"|(?:제가|저희가)?\s?(?:반드시|꼭|확실히|틀림없이)\s?[^.!?\n]{0,12}?(?:환불|입금|배송|도착|보상|교환)"
    r"[^.!?\n]{0,6}?(?:해\s?드리|해\s?드릴|됩니다|될\s?거|되실|보장|하겠)"
    r"|(?:환불|보상|도착|배송|교환|입금)[을를은는이가]?\s?(?:[가-힣]{1,4}\s?)?(?:보장(?:합|해\s?드|됩)|약속)"
    r"|약속\s?드(?:립|리|릴)|보장해\s?드(?:립|리|릴)"
)
# Words of time: such a promise holds only where a tool or a policy used such a word.
_BY = r"\s?(?:안에|안으로|중|내로|까지|바로|도착|입금|환불|발송|출고|배송|처리|취소|교환|승인)"
_AT_ONCE = (
    r"(?:즉시|바로)(?=[^.!?\n]{0,6}(?:환불|입금|취소|발송|출고|배송|도착|교환|보상|승인|적립))"
)
_SOON = (
    (re.compile(rf"(?:오늘|금일|당일){_BY}"), ("오늘", "금일", "당일")),
    (re.compile(rf"(?:내일|익일|다음\s?날){_BY}"), ("내일", "익일", "다음 날")),
    (re.compile(rf"모레{_BY}"), ("모레",)),
    (re.compile(rf"(?:이번\s?주|금주){_BY}"), ("이번 주", "금주")),
    (re.compile(_AT_ONCE), ("즉시", "바로", "at_once", "immediate")),
)
_DELIVER = r"(?:환불|입금|취소|도착|배송|발송|출고|보상|교환|승인|적립|처리|완료|회수|수거)"
_WILL = r"(?:드리겠|드릴게|드립니다|됩니다|될\s?예정|되실|될\s?거|될\s?겁|예정|받으실|하겠|할게)"
_PROMISE = re.compile(rf"{_DELIVER}[^.!?\n]{{0,25}}?{_WILL}")
_REFUND = re.compile(
    r"(?:환불|보상|적립|입금)[^.!?\n]{0,8}?(?:해\s?드리|해\s?드릴|됩니다|될\s?예정|받으실|하겠)"
)
# A call or a visit is somebody's work: only where a tool or a policy speaks of it.
_CONTACT = re.compile(
    r"(?:전화|연락|방문)(?:를|을)?\s?(?:드리겠|드릴게|드립니다|드릴\s?예정|드릴\s?거|갈\s?거|하겠|할게요)"
)
# "확인 후 안내드리겠습니다": nobody is told to, unless the desk's own words say who will.
_LATER = re.compile(
    r"(?:확인|검토|조회|알아보|살펴보|논의|문의)[^\s.!?\n]{0,6}\s?(?:후에?|뒤에?|다음|고|는\s?대로|되면)?\s?"
    r"[^.!?\n]{0,14}?(?:안내|연락|답변|회신|말씀|답|알려|처리)[^\s.!?\n]{0,4}\s?"
    r"(?:드리겠|드릴게|드릴\s?예정|드릴\s?거|주겠|하겠|할게요)"
)
_GIFT = re.compile(
    r"(쿠폰|적립금|포인트|사은품|보상금|위로금)(?:을|를|도)?\s?[^.!?\n]{0,12}?(?:드릴게|드리겠|드립니다|드릴\s?거)"
)
_SENT = re.compile(
    r"(?:(돈|환불금|금액)[^.!?\n]{0,12}?(?:보내|넣어|입금해)|(다시|새\s?상품)[^.!?\n]{0,8}?(?:보내|발송해)"
    r"|(주소|배송지|옵션|결제\s?수단)(?:를|을)?\s?(?:바꿔|변경해))\s?(?:드렸|줬|두었|놓았)"
)
# Done is said only of what a tool did: the word or the name it left behind.
_DID = (
    r"\s?(?:접수|신청|처리|완료)?(?:를|을|가|이)?\s?(?:모두\s?|다\s?)?"
    r"(?:되었|됐|했습|했어|해\s?드렸|해\s?두었|해\s?뒀|마쳤|끝냈|끝났|넣어\s?드렸)"
)
_DONE = (
    (re.compile(rf"환불(?:이|을|은|금을)?{_DID}"), "refund"),
    (re.compile(rf"취소(?:가|를|는)?{_DID}"), "cancel"),
    (re.compile(rf"(?:반품|교환|회수)(?:이|을|은|를)?{_DID}"), "claim"),
)
_WORDS = {
    "refund": ("환불", "refund"),
    "cancel": ("취소", "cancel"),
    "claim": ("반품", "교환", "회수", "return", "exchange", "claim"),
    "contact": ("전화", "연락", "방문", "phone", "call"),
}
_SENT_WORDS = {
    1: ("환불했", "환불됐", "refunded", "입금"),
    2: ("reship", "재발송", "다시보내"),
    3: ("changed", "변경", "바꿨", "바뀌"),
}
# A sum that may be refunded is none that was.
_DONE_WORDS = _WORDS | {
    "refund": ("환불했", "환불됐", "환불되", "환불완료", "환불을마", "refunded")
}
_SHORTEST_QUOTE = 10  # letters; shorter ones are phrases that anything may contain
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]+)*")


def says_promised(text: str) -> frozenset[str]:
    """What a text promises that somebody would have to keep later: "contact", "gift"."""
    found = {"contact"} if _CONTACT.search(text) or _LATER.search(text) else set()
    return frozenset(found | ({"gift"} if _GIFT.search(text) else set()))


def says_done(text: str) -> frozenset[str]:
    """What a text says has been done: "refund", "cancel", "claim"."""
    return frozenset(kind for pattern, kind in _DONE if pattern.search(text))


def _mentions(evidence: Evidence, words: Sequence[str]) -> bool:
    wanted = [word.replace(" ", "") for word in words]
    sources = (*evidence.texts, *evidence.names)
    return any(w in source.lower().replace(" ", "") for source in sources for w in wanted)


def _unsupported(fact: Fact, evidence: Evidence) -> bool:
    """A fact that only the customer said: it may be repeated, not promised."""
    return is_grounded(fact, evidence) and not is_grounded(fact, evidence, said=False)


def _is_quote(sentence: str, evidence: Evidence) -> bool:
    """Whether the whole sentence stands in what the tools returned: the shop's own words."""
    quoted = re.sub(r"\W", "", sentence)
    return len(quoted) >= _SHORTEST_QUOTE and any(
        quoted in re.sub(r"\W", "", text) for text in evidence.texts
    )


def _promises(sentence: str, evidence: Evidence) -> Iterator[str]:
    if _is_quote(sentence, evidence):
        return
    for match in _NEVER.finditer(sentence):
        if not _DENIED.match(sentence, match.end()):
            yield match[0]
    promise = _PROMISE.search(sentence)
    if promise and not _DENIED.match(sentence, promise.end()):
        for soon, words in _SOON:
            said = soon.search(sentence)
            if said and not (_mentions(evidence, words) or has_day(words[0], evidence)):
                yield f"{said[0]} … {promise[0]}"
        for fact in extract_facts(sentence):
            if _unsupported(fact, evidence):
                yield f"{fact.text} … {promise[0]}"
    refund = _REFUND.search(sentence)
    if refund and not _mentions(evidence, _WORDS["refund"]):
        yield refund[0]
    gift = _GIFT.search(sentence)
    if gift and not _mentions(evidence, (gift[1],)):
        yield gift[0]
    sent = _SENT.search(sentence)
    if sent and not _mentions(evidence, _SENT_WORDS[sent.lastindex or 1]):
        yield sent[0]
    contact = _CONTACT.search(sentence)
    if contact and not _mentions(evidence, _WORDS["contact"]):
        yield contact[0]
    for pattern, what in _DONE:
        done = pattern.search(sentence)
        if done and not _mentions(evidence, _DONE_WORDS[what]):
            yield done[0]


def _personal(reply: str, facts: Iterable[Fact], evidence: Evidence) -> Iterator[str]:
    """Kinds of personal data in the reply that nothing in the turn shows."""
    for fact in facts:
        if fact.kind in ("email", "phone") and not is_grounded(fact, evidence):
            yield fact.kind
    shown = ["".join(c for c in text if c.isdigit()) for text in evidence.texts]
    for pii in find_pii(reply):
        written = reply[pii.start : pii.end]
        digits = "".join(c for c in written if c.isdigit())
        if pii.kind == "password" or not any(digits in text for text in shown):
            yield pii.kind


def _hidden(text: str, secrets: Sequence[str]) -> str:
    """A detail for the log without anything that is personal where it stood."""
    if any(text in secret for secret in secrets):
        return "***"
    for secret in secrets:
        text = text.replace(secret, "***")
    return mask_pii(text, for_cloud=True).text


def check_output(
    reply: str,
    evidence: Evidence,
    *,
    citations: Sequence[str] = (),
    retrieved: Sequence[str] = (),
) -> OutputCheck:
    """Check grounding, promises and personal data; ``ok`` when there is no problem.

    Problems read ``empty``, ``ungrounded:<kind>:<text>``, ``false_promise:<text>`` or
    ``pii:<kind>``. Read is what a page would show: emphasis, entities and odd widths hide nothing.
    """
    if not reply.strip():
        return OutputCheck(False, ("empty",))
    reply = readable(reply)
    facts = extract_facts(reply)
    missing = missing_facts(facts, evidence, citations=citations, retrieved=retrieved)
    secrets = [
        fold(reply[pii.start : pii.end]).text.strip() for pii in find_pii(reply, contacts=True)
    ] + [fact.text for fact in facts if fact.kind == "name"]
    problems = [f"ungrounded:{item.kind}:{_hidden(item.text, secrets)}" for item in missing]
    for sentence in _SENTENCE.findall(reply):
        problems += [
            f"false_promise:{_hidden(text, secrets)}" for text in _promises(sentence, evidence)
        ]
    problems += [f"pii:{kind}" for kind in _personal(reply, facts, evidence)]
    codes = tuple(dict.fromkeys(problems))
    return OutputCheck(not codes, codes)
