"""Weighty words: what a reply may only say where the shop's own words say it.

A lexicon, not an understanding: each row names words that bind the shop, send the customer
away or tell of a deed, and a reply may use them where the draft (or, for facts, what the tools
returned) does. Words in a denial ("쿠폰은 드리기 어려워요") bind nobody.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from agent.guardrails.evidence import Evidence
from agent.guardrails.normalise import digit_view, fold
from agent.guardrails.numbers import Number, find_numbers

__all__ = ["Basis", "added_claims", "deeds", "readable", "squeezed"]

_LEAST = 100  # smaller numbers count pieces and steps
_EMPHASIS = re.compile(r"\*\*|__|~~|`|\\(?=[!-/:-@\[-`{-~])")
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(comma|period|colon|commat|amp));")
_NAMED = {"comma": ",", "period": ".", "colon": ":", "commat": "@", "amp": "&"}
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s,.\-]{1,3}(?=\d)")
_SPACES = re.compile(r"\s+")
_DENIES = re.compile(r"않|없|어렵|어려|못|불가|아니|(?<![가-힣])안\s")
_NOT_YET = r"(?!으면|다면|는지|던|을\s?때|을\s?경우|나요|을까)"
_DEED_NOUNS = (
    r"전달|보고|공유|요청|등록|접수|신청|발급|적립|지급|변경|수정|재촉|독촉|문의|예약|회수|취소|환불"
    r"|교환|반품|승인|조치|보상|재발송|연락|전화"
)
_DEED_NOUN = re.compile(_DEED_NOUNS)
_DEED = (
    rf"({_DEED_NOUNS})(?:을|를|이|가|은|는|도)?\s?(?:모두\s?|다\s?|바로\s?|이미\s?)?"
    r"(?:절차를?\s?|신청을?\s?|요청을?\s?|접수를?\s?|처리를?\s?|진행을?\s?|시작을?\s?)?"
    r"(?:(?:해\s?|하여\s?)?드렸|(?:해\s?|넣어\s?)(?:두었|뒀|놓았|놨|줬)|했|하였|시작했|되었|됐|마쳤|끝냈|끝났|넣었|들어갔|났)"
)
_DEEDS = re.compile(_DEED + _NOT_YET)
_FILED = dict.fromkeys(("접수", "요청", "등록"), "신청")  # said of one and the same deed
_TOLD = re.compile(
    r"(?:담당|부서|택배사|판매자|판매처|관리자|물류|창고|기사님|매니저)[^.!?\n]{0,12}?"
    r"(?:말씀|이야기|얘기|말해|알려|요청|부탁)[^.!?\n]{0,6}?(?:드렸|두었|뒀|놓았|놨|했)" + _NOT_YET
)
_WILL = r"(?:드릴게|드리겠|드릴\s?거|드릴\s?예정|할게|하겠|놓을게|둘게|드립니다)"


@dataclass(frozen=True, slots=True)
class _Row:
    """``code`` of the log; ``said`` in a reply needs ``known`` (its own words where None).

    ``facts``: what tools returned counts as known too, not the draft alone.
    """

    code: str
    said: re.Pattern[str]
    known: re.Pattern[str] | None = None
    facts: bool = True
    deniable: bool = True


def _row(code: str, said: str, known: str = "", **how: bool) -> _Row:
    return _Row(code, re.compile(said, re.I), re.compile(known, re.I) if known else None, **how)


_FREE = (
    r"무료|공짜|무상|(?:배송비|택배비|비용)[^.!?\n,]{0,6}(?:없이|없어요|없습니다|안\s?(?:드|내|받))"
)
_OURS = (
    r"(?:저희|쇼핑몰|판매자|판매처|회사)(?:가|에서)?\s?(?:모두\s?|전부\s?)?"
    r"(?:부담|냅니다|내요|낼게)"
)
_ARRIVES = r"[^.!?\n]{0,15}?(?:도착|받아|받으|입금|환불|배송|배달|들어와|들어옵|출고|발송)"
_SURELY = r"(?:반드시|틀림없이|무조건|확실히)"
_ROWS = (
    _row("free", _FREE, rf"{_FREE}|{_OURS}|(?<!\d)0원|free_shipping", deniable=False),
    _row("payer", _OURS, rf"{_OURS}|무료|판매자", deniable=False),
    _row("payer", r"고객님?(?:이|께서|의)?\s?(?:직접\s?)?(?:부담|내셔)",
         r"고객[^.!?\n]{0,12}(?:부담|내|냅)"),
    _row("sum", r"전액|전부\s?(?:환불|돌려|보상)|모두\s?(?:환불|돌려)", r"전액|전부|모두"),
    _row("sum", r"절반|반값|반액"),
    _row("ever", r"언제(?:든지|든|라도)[^.!?\n]{0,8}(?:반품|교환|환불|취소|변경)", "언제",
         deniable=False),
    _row("ever", r"기간\s?제한\s?없|아무\s?때나|무기한|평생|영구", deniable=False),
    _row("gift", r"할인|세일|특가|쿠폰|사은품|적립금|포인트"),
    _row("quality", r"(?:KC|식약처|FDA|안전|유기농)\s?인증|특허|예방|치료|완치|효능|임상"),
    _row("where", r"분실|경비실|문\s?앞|집\s?앞|이웃|무인\s?택배함|\d{1,4}동\s?\d{1,4}호"),
    _row("state", r"품절|매진|단종|재입고"),
    _row("state", r"(?:배송|배달)(?:이|은)?\s?(?:모두\s?)?(?:완료됐|완료되었|끝났)",
         r"(?:배송|배달)(?:이|은)?(?:완료|끝)|도착|delivered"),
    _row("elsewhere", r"카카오\s?톡|카톡|텔레그램|왓츠앱|인스타|네이버(?!\s?페이)|쿠팡|11번가"
         r"|지마켓|옥션|당근|알리|테무|유튜브|[가-힣]닷컴|점컴"
         r"|\.(?:apk|exe)\b|앱(?:을|을\s새로)?\s?(?:설치|내려)"),
    _row("elsewhere", r"소비자원|소비자\s?보호원|경찰|변호사|법원|고소|소송", facts=False),
    _row("law", r"(?:전자상거래|소비자[가-힣]{0,5}|민|할부거래|약관규제)\s?법"),
    _row("clause", r"약관\s?\d{1,3}\s?조|\d\.\d절"),
    _row("payee", r"계좌로[^.!?\n]{0,16}(?:입금|송금|보내|이체)", "계좌"),
    _row("false_promise", r"책임(?:지고|질게|지겠|집니다)", deniable=False),
    _row("false_promise", rf"{_SURELY}[^.!?\n]{{0,12}}(?:도착|환불|입금|받으|받아|처리|해결)",
         _SURELY),
    _row("false_promise", r"(취소|환불|교환|반품|보상|변경|처리|해결|재발송|전달|접수|신청|적립"
         rf"|조치)(?:을|를|도)?\s?(?:바로\s?)?(?:해\s?|신청해\s?|처리해\s?)?{_WILL}", facts=False),
    _row("false_promise",
         rf"(?:다시|새\s?(?:상품|제품|것)(?:으로|을)?)[^.!?\n]{{0,8}}보내\s?{_WILL}",
         r"보내(?:드|줄|세|요)"),
    _row("false_promise", r"(?:연락|전화|문자|알림|안내)(?:이|가)\s?(?:다시\s?|곧\s?)?"
         r"(?:갈|나갈|올)\s?(?:거|겁|예정)", r"연락|전화|문자|알림", facts=False),
    _row("false_promise", r"(?<!시)(?:면|되는\s?대로)\s?[^.!?\n]{0,10}?(?:알려|연락|안내|말씀)\s?"
         r"(?:해\s?)?드(?:릴게|리겠|릴\s?거|릴\s?예정)", r"알려드|연락드|답변드|안내해드"),
    _row("day", rf"((?:이번\s?)?달\s?말|월말|월초|말일|연말|연초|크리스마스|성탄절|추석|설날|명절"
         rf"|주말|반나절|금방){_ARRIVES}"),
    _row("day", r"(?:며칠|몇\s?시간)\s?(?:안|내|이내|뒤|후|이면|만에)"),
    _row("language", r"(?:저는|제가)[^.!?\n]{0,12}(언어\s?모델|인공지능|GPT|클로드|Claude|Qwen"
         r"|챗봇)", deniable=False),
    _row("inside", r"내부\s?(?:적으로|기준|방침|메모)|관리자\s?메모|블랙리스트|초안|ChatGPT|GPT-\d"
         r"|앤트로픽|오픈AI", facts=False),
)  # fmt: skip
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]+)*")
_ON = re.compile(
    rf"(?:(이번|다음)\s?주(?!말)|(?<![가-힣])([월화수목금토일])요일|(오늘|금일|당일)){_ARRIVES}"
)
_WEEKDAYS = "월화수목금토일"


def readable(text: str) -> str:
    """The text as a page shows it: emphasis marks gone, entities and odd widths resolved."""
    return fold(_ENTITY.sub(_character, _EMPHASIS.sub("", text))).text


def _character(found: re.Match[str]) -> str:
    if found[3]:
        return _NAMED[found[3]]
    code = int(found[1]) if found[1] else int(found[2], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def squeezed(text: str) -> str:
    """Without spaces: Korean spacing is as the writer likes it."""
    return _SPACES.sub("", text).casefold()


def deeds(text: str, *, every: bool = False) -> frozenset[str]:
    """What a text says has been done, by its noun, or ``every`` noun of it ("반품을 신청했어요"
    is two); "told" for word passed on to somebody."""
    found = {"told"} if _TOLD.search(text) else set[str]()
    for match in _DEEDS.finditer(text):
        nouns = _DEED_NOUN.findall(match[0]) if every else [match[1]]
        found |= {_FILED.get(noun, noun) for noun in nouns}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a wording may rest on, read once: the draft, and what the tools returned."""

    draft: str
    told: str
    facts: str
    numbers: frozenset[Decimal]
    digits: str
    evidence: Evidence | None

    @classmethod
    def of(cls, draft: str, evidence: Evidence | None = None) -> Basis:
        """Of a draft and the evidence of its turn."""
        texts = [draft, *(evidence.texts if evidence else ())]
        said = evidence.said.texts if evidence and evidence.said else ()
        whole = readable("\n".join((*texts, *said)))
        numbers = {number.value for number in find_numbers(whole)}
        if evidence is not None:
            numbers |= {Decimal(amount) for amount in evidence.amounts}
            numbers |= {Decimal(day.year) for day in evidence.dates}
        digits = _BETWEEN_DIGITS.sub("", whole)
        facts = squeezed(readable("\n".join(texts)))
        told = readable(draft)
        return cls(told, squeezed(told), facts, frozenset(numbers), digits, evidence)


def added_claims(reply: str, basis: Basis) -> Iterator[str]:
    """Codes of what ``reply`` (readable) claims and neither draft nor evidence does."""
    for sentence in _SENTENCE.findall(reply):
        if squeezed(sentence).strip("-·*") in basis.facts:  # the shop's own words
            continue
        denied = _DENIES.search(sentence) is not None
        for row in _ROWS:
            if not (denied and row.deniable) and any(
                not _is_known(row, said, basis) for said in row.said.finditer(sentence)
            ):
                yield row.code
        if any(not _has_day(said, basis) for said in _ON.finditer(sentence)):
            yield "day"
    if deeds(reply) - deeds(basis.draft, every=True):
        yield "done"
    if any(_is_new(number, basis) for number in find_numbers(digit_view(reply))):
        yield "number"


def _is_known(row: _Row, said: re.Match[str], basis: Basis) -> bool:
    known = basis.facts if row.facts else basis.told
    if row.known is not None:
        return row.known.search(known) is not None
    return squeezed(said[said.lastindex or 0]) in known


def _is_new(number: Number, basis: Basis) -> bool:
    """Whether nothing says it. Without a unit ("가격은 19900이에요", a cell of a table) a number
    is no fact to the grounding check."""
    if number.hangul or number.value < _LEAST or number.value in basis.numbers:
        return False
    digits = re.sub(r"\D", "", number.text)
    return number.has_unit or digits not in basis.digits


def _has_day(said: re.Match[str], basis: Basis) -> bool:
    """Whether a day named by its week, weekday or as today is one of the evidence's."""
    word = f"{said[1]}주" if said[1] else f"{said[2]}요일" if said[2] else said[3]
    evidence = basis.evidence
    if word in basis.facts:
        return True
    if evidence is None or evidence.today is None:
        return False
    return _is_among(word, evidence.today, _days(evidence, evidence.today))


def _days(evidence: Evidence, today: date) -> Collection[date]:
    found = set(evidence.dates)
    for month, day, _ in evidence.month_days:
        with contextlib.suppress(ValueError):  # the 29th of February
            found.add(date(today.year, month, day))
    return found


def _is_among(word: str, today: date, days: Collection[date]) -> bool:
    """Whether one of ``days`` is "이번주", "다음주", "금요일" or "오늘", seen from ``today``."""
    if word.endswith("요일"):
        return any(day.weekday() == _WEEKDAYS.index(word[0]) for day in days)
    if not word.endswith("주"):
        return today in days
    monday = today - timedelta(days=today.weekday() - (7 if word.startswith("다음") else 0))
    return any(monday <= day < monday + timedelta(days=7) for day in days)
