"""Slots: everything a message says besides its intent, found by rules.

What one finder recognises is blanked before the next looks, so that the digits of an order
number are never a date and those of a date never a quantity.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TypeVar

from agent.types import Slots
from agent.understanding.address import find_address
from agent.understanding.answers import read_answer
from agent.understanding.counts import find_amount, find_ordinal, find_quantity
from agent.understanding.dates import find_dates
from agent.understanding.ports import Tokenizer
from agent.understanding.products import find_products
from agent.understanding.reasons import find_reason
from agent.understanding.text import EMAIL, PHONE, blank, clean
from agent.understanding.wishes import (
    find_claim_kind,
    find_option,
    refers_back,
    wants_everything,
)

__all__ = ["MAX_CHARS", "extract_slots", "find_order_ids"]

MAX_CHARS = 4000
SERIAL_DIGITS = 7

_ORDER_ID = re.compile(
    r"(?<![\d-])(?P<year>20\d\d)[ ./-]?(?P<month>\d\d)[ ./-]?(?P<day>\d\d)"
    # A whole serial may stand behind any mark; a short one only behind a dash.
    r"(?:\s?[-–—_ㅡ−]\s?(?P<serial>\d{1,7})|\s?[./~·]?\s?(?P<full>\d{7}))(?![\d-])"
)
# Read out digit by digit: "이공이육일일공삼 다시 공공공공공사이".
_SPOKEN = "공영일이삼사오육륙칠팔구"
_SPOKEN_ID = re.compile(
    rf"(?P<day>이\s?[공영](?:\s?[{_SPOKEN}]){{6}})\s?(?:다시|대시|하이픈|-)?\s?"
    rf"(?P<serial>[{_SPOKEN}](?:\s?[{_SPOKEN}]){{6}})"
)
_SPOKEN_DIGITS = str.maketrans(_SPOKEN, "001234566789")
_URL = re.compile(r"https?://\S+")


def find_order_ids(text: str) -> list[tuple[str, tuple[int, int]]]:
    """Order ids in the shop's form with their spans; a serial's missing zeros are put back.

    A number whose first half is no calendar date is kept: the shop simply has no such order.
    """
    found = []
    for match in _ORDER_ID.finditer(text):
        serial = (match["serial"] or match["full"]).zfill(SERIAL_DIGITS)
        day = match["year"] + match["month"] + match["day"]
        found.append((f"{day}-{serial}", match.span()))
    for match in _SPOKEN_ID.finditer(text):
        day, serial = (
            part.replace(" ", "").translate(_SPOKEN_DIGITS) for part in match.group("day", "serial")
        )
        found.append((f"{day}-{serial}", match.span()))
    return found


def extract_slots(text: str, *, now: datetime, tokenizer: Tokenizer) -> Slots:
    """The slots of ``text``; ``now`` decides what "어제" means (days of Asia/Seoul).

    Only the first MAX_CHARS characters are read. Raises ValueError when ``now`` has no time
    zone; no text makes it raise.
    """
    original = clean(text[:MAX_CHARS])
    taken = _Taken(original)
    orders = taken.all(find_order_ids(original))
    emails = taken.matches(EMAIL)
    taken.matches(_URL)
    taken.matches(PHONE)
    address = taken.one(find_address(taken.rest))
    dates = taken.all([(found.range, found.span) for found in find_dates(taken.rest, now)])
    amount = taken.one(find_amount(taken.rest))
    ordinal = taken.one(find_ordinal(taken.rest))
    quantity = taken.one(find_quantity(taken.rest))
    morphemes = tokenizer.morphemes(original)
    # An option may hold digits of its own; look for it where nothing else was found.
    option = taken.one(find_option(taken.rest, [m for m in morphemes if not taken.has(m.start)]))
    return Slots(
        order_id=orders[0] if orders else None,
        order_ids=tuple(dict.fromkeys(orders)),
        products=find_products(original, morphemes, taken.found),
        when=dates[0] if dates else None,
        ordinal=ordinal,
        refers_back=refers_back(original),
        yes_no=read_answer(original),
        reason_code=find_reason(original, morphemes),
        claim_kind=find_claim_kind(original),
        wanted_option=option,
        quantity=quantity,
        amount_krw=amount,
        email=emails[0] if emails else None,
        address=address,
        everything=wants_everything(original),
    )


T = TypeVar("T")


class _Taken:
    """The text with what was found blanked, and where that was."""

    def __init__(self, text: str) -> None:
        self.rest = text
        self.found: list[tuple[int, int]] = []

    def spans(self, spans: list[tuple[int, int]]) -> None:
        """Blank ``spans``."""
        self.rest = blank(self.rest, spans)
        self.found.extend(spans)

    def one(self, found: tuple[T, tuple[int, int]] | None) -> T | None:
        """Blank one finding and answer its value."""
        if found is None:
            return None
        self.spans([found[1]])
        return found[0]

    def all(self, found: list[tuple[T, tuple[int, int]]]) -> list[T]:
        """Blank all findings and answer their values."""
        self.spans([span for _, span in found])
        return [value for value, _ in found]

    def matches(self, pattern: re.Pattern[str]) -> list[str]:
        """Blank all matches of ``pattern`` and answer them."""
        return self.all([(found[0], found.span()) for found in pattern.finditer(self.rest)])

    def has(self, position: int) -> bool:
        """Whether the character at ``position`` means something already."""
        return any(start <= position < end for start, end in self.found)
