"""Who, where and when a reply speaks of: names, addresses, clauses, days told from today.

Names are found beside the words that call people ("박지훈님", "받는 분은 박지훈"): without such
a word a name is a word like any other. Surnames: the fifty most frequent (통계청, 2015).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from agent.guardrails.addresses import address_key, find_addresses

__all__ = ["day_of", "find_people", "is_day"]

_SURNAME = (
    "[김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나"
    "지엄채원천방공현]"
)
_NO_NAME = (
    r"(?!고객|회원|손님|기사|사장|점장|선생|구매|주문|이용|방문|판매|담당|상담|여러|부모|형님|누님)"
)
# Before a blank an ending would read like a name: "신청한 고객님", "6,000원은 고객님".
_ENDING = "[한신된던는은을할될간온린이가도에의로만서과와게]"
_CALLED = re.compile(
    rf"(?<![가-힣\d]){_NO_NAME}({_SURNAME}[가-힣]{{2}})"
    rf"(?:(?:고객|회원)?님|(?<!{_ENDING})\s(?:고객|회원)?님|(?<![날글솜말맵불])\s?씨(?=$|[\s,.께에가는의도]))"
)
_RECEIVER = re.compile(
    r"(?:받[는으]\S{0,3}\s?분|수령인|수취인|주문자|예금주|성함|이름)(?:(?:은|는|이)\s|\s?:\s?)"
    rf"{_NO_NAME}({_SURNAME}[가-힣]{{2}})(?=$|[\s,.)]|님|씨|으로|로\s|이에요|예요|입니다|이고)"
)
_CLAUSE = re.compile(r"제\s?(\d{1,3})\s?조(?:의\s?\d)?(?:\s?제?\s?\d{1,2}\s?항)?")
_CHUNK = re.compile(r"(?<![\w/])[a-z][a-z0-9\-]{2,40}#[\w\-]{1,60}")
_DAYS = {"내일": 1, "익일": 1, "모레": 2, "글피": 3, "어제": -1, "그제": -2, "그저께": -2}
_TODAY = ("오늘", "금일", "당일")  # said so often that only promises with it are looked at
_WEEKS = {"지난": -7, "저번": -7, "이번": 0, "다음": 7, "담": 7}
_WEEKDAYS = "월화수목금토일"
_DAY = re.compile(
    rf"(?<![가-힣])(?:{'|'.join(_DAYS)})(?!\s?(?:모레|날|은?\s?없|저녁\s?메뉴))"
    rf"|(?:{'|'.join(_WEEKS)})\s?주\s?[{_WEEKDAYS}]요일"
)


def find_people(text: str) -> Iterator[tuple[str, str, str]]:
    """(kind, key, text): kinds name, address, clause and relative; keys without spaces."""
    for pattern in (_CALLED, _RECEIVER):
        for match in pattern.finditer(text):
            yield "name", match[1], match[1]
    for start, end in find_addresses(text):
        yield "address", address_key(text[start:end]), text[start:end]
    for match in _CLAUSE.finditer(text):
        yield "clause", f"제{match[1]}조", match[0]
    for match in _CHUNK.finditer(text):
        yield "clause", match[0], match[0]
    for match in _DAY.finditer(text):
        yield "relative", re.sub(r"\s", "", match[0]), match[0]


def is_day(key: str) -> bool:
    """Whether :func:`day_of` knows the word."""
    return key in _TODAY or key in _DAYS or key.endswith("요일")


def day_of(key: str, today: date) -> date:
    """The day that "내일" or "다음주화요일" is, seen from ``today``."""
    if key in _TODAY:
        return today
    if key in _DAYS:
        return today + timedelta(days=_DAYS[key])
    week = next(shift for word, shift in _WEEKS.items() if key.startswith(word))
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(days=week + _WEEKDAYS.index(key[-3]))
