"""The days a policy is in force, as its own text states them."""

from __future__ import annotations

import re
from datetime import date

__all__ = ["days_in_force"]

_DAY = (
    r"(?P<y{0}>20\d\d)\s?[년.\-/]\s?(?P<m{0}>\d{{1,2}})\s?[월.\-/]\s?(?P<d{0}>\d{{1,2}})"
    r"\s?[일.]?\s?(?:\([월화수목금토일]\))?"
)
_THIS = r"(?:이|본)\s?(?:개정\s?)?(?:이용)?(?:약관|정책|방침|규정|지침|안내|기준|문서|부칙)\S{0,4}"
_LABEL = r"(?:\*\*)?\s?[:：|]\s?(?:\*\*)?\s?"
_PERIOD = rf"(?:적용|시행)\s?기간{_LABEL}"
# "적용" and "까지" count only where the sentence speaks of the document: a coupon that is
# good until a day does not end the policy that mentions it.
_STARTS = (
    rf"시행\s?(?:일자|일|날짜)?{_LABEL}<>",
    r"<>\s?(?:부터|부로|자로|자)?\s?시행(?!되는|된|될|하는|한\s|할|령|\s?종료|\s?중단)",  # no law
    rf"{_THIS}[^.\n]{{0,20}}?<>\s?(?:부터|부로|자로)\s?(?:효력|적용)",
    rf"{_THIS}[^.\n]{{0,20}}?<>\s?부터[^\n]{{0,30}}까지",
    rf"{_PERIOD}<>\s?(?:부터|[~∼〜–-])",
)
_ENDS = (
    rf"{_PERIOD}{_DAY.format(0)}\s?(?:부터|[~∼〜–-])\s?<>",
    rf"{_THIS}[^\n]{{0,60}}?<>\s?까지\s?(?:만\s?)?(?:적용|시행|유효|효력)",
)


def days_in_force(text: str) -> tuple[date | None, date | None]:
    """The first and last day in force as ``text`` says, None where it does not.

    Terms keep the days of their earlier editions ("부칙"): the latest is this edition's.
    """
    start = max(_days(_STARTS, text), default=None)
    end = max(_days(_ENDS, text), default=None)
    return start, None if start and end and end < start else end


def _days(patterns: tuple[str, ...], text: str) -> list[date]:
    found: list[date] = []
    for pattern in patterns:
        for match in re.finditer(pattern.replace("<>", _DAY.format("")), text):
            try:
                found.append(date(int(match["y"]), int(match["m"]), int(match["d"])))
            except ValueError:  # 13월 40일
                continue
    return found
