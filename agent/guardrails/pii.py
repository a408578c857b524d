"""Where personal data stands in a text: the finders behind masking and the output guard.

Sources of the rules: resident number, 주민등록법 시행규칙 제2조 (birth date, sex digit; the
check digit was dropped for numbers given out since October 2020, so a valid date counts as
well); card number, ISO/IEC 7812-1 (13 to 19 digits, Luhn check digit); phone prefixes,
전기통신번호관리세칙. Every pattern is bounded or possessive: time grows linearly with the text.
"""

from __future__ import annotations

import re
from bisect import bisect, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Literal

from agent.guardrails.addresses import find_addresses
from agent.guardrails.normalise import digit_view, fold
from agent.guardrails.passwords import find_secrets

__all__ = ["CONTACTS", "Kind", "Pii", "find_pii", "is_luhn", "is_resident_number"]

Kind = Literal["resident", "card", "account", "password", "phone", "email", "address"]
Span = tuple[int, int]

# What may stand between the digits of one number, typed or dictated ("다시" is a dash).
# Atomic: an optional space on both sides would otherwise be tried in every combination.
_S = r"(?>\s?(?:다시|대시|하이픈|에)\s?|\s?[-–—−.·/_)]?\s?)"
_HARD = r"(?>\s?(?:다시|대시|하이픈|에)\s?|\s?[-–—−.·/_]\s?|\s)"


@dataclass(frozen=True, slots=True)
class Pii:
    """One finding; ``start`` and ``end`` are places in the original text."""

    kind: Kind
    start: int
    end: int


def is_luhn(digits: str) -> bool:
    """The check of ISO/IEC 7812-1: every second digit from the right doubled, sum mod 10."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_resident_number(digits: str) -> bool:
    """Thirteen digits that start with a birth date, not in the future, and a fitting sex digit.

    The sex digit names the century: 1, 2 (foreigners 5, 6) the 1900s, 3, 4 (7, 8) the 2000s.
    """
    if len(digits) != 13 or digits[6] not in "12345678":
        return False
    century = 1900 if digits[6] in "1256" else 2000
    try:
        born = date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    return born <= date.today()


def has_resident_checksum(digits: str) -> bool:
    """Weights 2 to 9, then 2 to 5; the check digit is (11 - sum mod 11) mod 10."""
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    total = sum(w * int(d) for w, d in zip(weights, digits, strict=False))
    return (11 - total % 11) % 10 == int(digits[12])


def _digits(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")


def _before(text: str, at: int, length: int = 24) -> str:
    """What was said right before a number, not reaching into another sentence."""
    return re.split(r"[\n?!]|\.\s", text[max(0, at - length) : at])[-1]


# --- What is never personal, whatever its digits look like -----------------------------------

_TRACKING_WORD = r"(?:운송장|송장|배송\s?조회|택배\s?(?:번호|조회)|등기\s?번호|tracking|바코드)"
_NO_PERSON = r"(?!\d{6}[- ]\d{7}(?!\d)|01[016789][- ]?\d{4}[- ]?\d{4}(?!\d)|0\d{1,2}[- ])"
_HARMLESS = re.compile(
    r"(?<!\d)20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[- ]?\d{7}(?!\d)"  # order number
    r"|(?<!\d)20\d{2}\s?[-./년]\s?\d{1,2}\s?[-./월]\s?\d{1,2}(?!\d)"  # date
    # A telephone or a resident number is no tracking number, whatever stands beside it.
    rf"|{_TRACKING_WORD}[^\d\n+]{{0,15}}{_NO_PERSON}(?P<number>\d(?:[- ]?\d){{9,13}})(?!-?\d)"
    rf"|(?<![\d+-]){_NO_PERSON}(?P<first>\d(?:-?\d){{9,13}})(?=\D{{0,4}}{_TRACKING_WORD})",
    re.IGNORECASE,
)


# Asking where a parcel is names no number: there a resident number may stand as well.
# Its check digit tells it from a parcel's, unless it was given to somebody born since then.
_RECENT = re.compile(r"2[0-9]\d{4}[3478]")
_WAYBILL_WORD = re.compile(r"송장|등기|바코드|택배\s?번호|tracking", re.IGNORECASE)


def _harmless(text: str) -> list[Span]:
    spans = []
    for match in _HARMLESS.finditer(text):
        group = "number" if match["number"] else "first" if match["first"] else 0
        digits = _digits(match[group])
        whole = match[0] + text[match.end() : match.end() + 12]
        resident = is_resident_number(digits) and (
            has_resident_checksum(digits) or _RECENT.match(digits) is not None
        )
        if not (group and resident and not _WAYBILL_WORD.search(whole)):
            spans.append(match.span(group))
    return spans


# --- The finders: folded text with digits written out -> spans -------------------------------

_RESIDENT = re.compile(
    rf"(?<!\d)(?<!\d-)(?P<a>\d{{6}}|\d\d(?P<s>[ .\-])\d\d(?P=s)\d\d"
    r"|(?<!\d[ .])\d(?P<t>[ .])(?:\d(?P=t)){4}\d)"
    rf"(?P<gap>{_S})(?P<b>\d{{7}}|\d(?P<u>[ .])(?:\d(?P=u)){{5}}\d|\d \d{{6}})(?!\d)(?![-.]\d)"
)
_RESIDENT_WORD = re.compile(r"(?:주민(?:등록)?\s?번호|등록번호|주민\s?등록|주번|민증)(?!\s?가림)")


def _residents(text: str) -> Iterator[Span]:
    for match in _RESIDENT.finditer(text):
        digits = _digits(match["a"] + match["b"])
        dashed = match["gap"].strip() != ""
        if (
            is_resident_number(digits)
            or (dashed and digits[6] in "12345678" and has_resident_checksum(digits))
            or _RESIDENT_WORD.search(_before(text, match.start()))
        ):
            yield match.span()


_CARD = re.compile(
    rf"(?<!\d)(?<!\d-)(?:\d{{4}}(?P<s>{_HARD})\d{{4}}(?P=s)\d{{4}}(?P=s)\d{{4}}(?:(?P=s)\d{{3}})?"
    rf"|\d{{4}}(?P<t>{_HARD})\d{{6}}(?P=t)\d{{4,5}}"
    r"|\d(?:(?P<u>[ .\-])\d(?:(?P=u)\d){11,17}|\d{12,18}))(?!\d)(?![- ]?\d{4}(?!\d))"
)
_CARD_LOOSE = re.compile(rf"(?<!\d)\d(?:{_S}\d){{12,18}}(?!\d)")
_CARD_WORD = re.compile(r"(?:카드|card)(?!\s?번?호?\s?가림)", re.IGNORECASE)
_ISSUERS = re.compile(r"3[0-9]|4|5|6|9|2[2-7]")


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        digits = _digits(match[0])
        named = _CARD_WORD.search(_before(text, match.start())) is not None
        # Bare runs of 13 and 14 digits are tracking numbers unless a card is spoken of.
        bare = match["s"] is None and match["t"] is None and len(digits) < 15
        grouped = match["s"] is not None
        if (named and (grouped or is_luhn(digits))) or (
            not bare and is_luhn(digits) and _ISSUERS.match(digits)
        ):
            yield match.span()
    for match in _CARD_LOOSE.finditer(text):
        if is_luhn(_digits(match[0])) and _CARD_WORD.search(_before(text, match.start())):
            yield match.span()


_STRONG_BANK = (
    r"(?:계좌|예금주|은행|뱅크|카뱅|농협|신협|수협|새마을금고|신한|국민|토스(?!트)"
    r"|bank\s?account|(?<![A-Za-z])(?:KB|NH|IBK))"
)
_WEAK_BANK = r"(?:우리|하나|기업|산업|부산|대구|광주|전북|경남|제주|씨티|우체국|SC제일|제일|카카오)"
_DASH = r"(?>\s?(?:-|다시|대시)\s?)?"
_NUMBER = rf"(?<!\d)(?<!\d-)\d(?:{_DASH}\d){{9,15}}(?!-?\d)(?!\s?(?:원|번\s?주문))"
_SPACED = r"(?<!\d)\d{2,6}(?: \d{2,7}){1,3}(?!-?\d)(?!\s?원)"
_OTHER = r"송장|주문|전화|연락|휴대|핸드폰|폰|승인|카드|가림|번호표|고객"
_ACCOUNT = re.compile(
    rf"{_STRONG_BANK}(?P<gap>[^\d\n?!]{{0,14}}?)(?P<n1>{_NUMBER}|{_SPACED})"
    rf"|{_WEAK_BANK}\s?(?:은행|뱅크)?\s?[:은는의]?\s?(?P<n2>(?<!\d)\d{{2,6}}(?:-\d{{2,7}}){{1,3}}(?!-?\d))"
    rf"|(?P<n3>{_NUMBER}|{_SPACED})(?=[\s,(/]{{0,3}}(?:[가-힣A-Z]{{2,6}}(?:은행|뱅크)|농협|신협|수협"
    r"|새마을금고|신한|국민|카뱅|토스|계좌|예금주))"
    rf"|(?P<n4>{_NUMBER}|{_SPACED})(?=[\s,(/]{{0,3}}우체국(?!\s?(?:택배|등기|소포)))"
    rf"|우체국\s?[:은는의]?\s?(?P<n5>{_NUMBER}|{_SPACED})",
    re.IGNORECASE,
)
_MOBILE = re.compile(rf"01[016789]{_S}\d{{3,4}}{_S}\d{{4}}$")


_MONEY = re.compile(r"환불|돌려|통장|입금|송금|이체|넣어")


def _accounts(text: str) -> Iterator[Span]:
    for match in _ACCOUNT.finditer(text):
        group = next(name for name in ("n1", "n2", "n3", "n4", "n5") if match[name])
        number = match[group]
        # The post office is a bank and a carrier: a bare number is an account near money only.
        money = text[max(0, match.start() - 12) : match.end() + 14]
        if group in ("n4", "n5") and number.isdigit() and not _MONEY.search(money):
            continue
        other = re.search(_OTHER, match["gap"] or "")
        if not other and 10 <= len(_digits(number)) <= 16 and not _MOBILE.match(number):
            yield match.span(group)


_AREA = r"0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70)"
_PHONE = re.compile(
    rf"(?<![\d+])(?<!\d-)(?:\(?\+?\s?82\)?{_S}\(?0?\)?1[016789]{_S}\d{{3,4}}{_S}\d{{4}}"
    rf"|\(?01[016789]\)?{_S}\d{{3,4}}{_S}\d{{4}}"
    rf"|\(?050\d\)?{_S}\d{{3,4}}{_S}\d{{4}}"
    rf"|\(?(?:\+?82{_S}{_AREA[1:]}|{_AREA})\)?{_HARD}\d{{3,4}}{_HARD}\d{{4}}"
    rf"|\({_AREA}\)\s?\d{{3,4}}{_HARD}\d{{4}}"
    rf"|01[016789](?:[ .\-]\d){{7,8}}"
    rf"|(?P<bare>{_AREA}\d{{7,8}}))(?!\d)(?!-\d)"
)
_PHONE_LETTERS = re.compile(r"(?<![0-9A-Za-z])[oO0][1lI][oO0][-. ]?\d{4}[-. ]?\d{4}(?!\d)")
_PHONE_WORD = re.compile(r"전화|연락|번호|tel|집\s?전|폰", re.IGNORECASE)


def _phones(text: str) -> Iterator[Span]:
    for match in chain(_PHONE.finditer(text), _PHONE_LETTERS.finditer(text)):
        bare = match.groupdict().get("bare")
        around = _before(text, match.start(), 12) + " " + text[match.end() : match.end() + 6]
        if not bare or _PHONE_WORD.search(around):
            yield match.span()


_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,64}+\s?(?:@|\(at\)|\[at\]|골뱅이)\s?"
    r"[A-Za-z0-9\-]{1,63}+(?:\s?(?:\.|\(dot\)|닷|점)\s?[A-Za-z0-9\-]{2,63}){1,4}",
    re.IGNORECASE,
)


def _emails(text: str) -> Iterator[Span]:
    return (match.span() for match in _EMAIL.finditer(text))


_FINDERS: tuple[tuple[Kind, Callable[[str], Iterator[Span]]], ...] = (
    ("resident", _residents),
    ("card", _cards),
    ("password", find_secrets),
    ("account", _accounts),
)
_CONTACTS: tuple[tuple[Kind, Callable[[str], Iterator[Span]]], ...] = (
    ("email", _emails),
    ("phone", _phones),
    ("address", find_addresses),
)


CONTACTS = frozenset(kind for kind, _ in _CONTACTS)


def _clashes(span: Span, taken: list[Span]) -> bool:
    """Whether a span overlaps one of ``taken``, which are in order and overlap nowhere."""
    at = bisect(taken, span)
    return (at > 0 and span[0] < taken[at - 1][1]) or (at < len(taken) and taken[at][0] < span[1])


def find_pii(text: str, *, contacts: bool = False) -> tuple[Pii, ...]:
    """Everything personal in the text, in order; contacts only with ``contacts``.

    Contacts are phones, e-mails and postal addresses; they are always looked for, so that
    none is taken for an account or a password. Order numbers, tracking numbers and dates are
    set aside first and never found.
    """
    view = fold(text)
    digits = digit_view(view.text)
    taken = _harmless(digits)
    found: list[Pii] = []
    for kind, finder in (*_FINDERS[:2], *_CONTACTS, *_FINDERS[2:]):
        # Syllables of place names are digits to the other view.
        for span in finder(view.text if kind == "address" else digits):
            if span[0] < span[1] and not _clashes(span, taken):
                insort(taken, span)
                if contacts or kind not in CONTACTS:
                    found.append(Pii(kind, *view.span(*span)))
    return tuple(sorted(found, key=lambda pii: pii.start))
