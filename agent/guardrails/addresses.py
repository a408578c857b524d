"""Postal addresses in a text: road addresses and lot numbers (도로명주소법 제2조).

A road or a ward counts only with a number and a place around it: a city or district before,
or a flat after it. "무료로 3개" and "번호로 12" are neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["address_key", "find_addresses"]

_REGION = (
    r"(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충청?[남북]|전라?[남북]|경상?[남북]|제주)"
    r"(?:특별자치도|특별자치시|특별시|광역시|도|시)?"
)
_DISTRICT = r"[가-힣]{1,5}[시군구]"
_NUMBER = r"\d{1,4}(?:-\d{1,4})?(?!\d|\s?(?:개|원|일|월|년|시간|번째|차|건))"
_ROAD = rf"[가-힣][가-힣0-9]{{0,11}}?(?:로|길)(?:\s?\d{{1,4}}번?길)?\s?{_NUMBER}"
_LOT = rf"(?:[가-힣]{{1,5}}[읍면]\s)?[가-힣]{{1,5}}\d?[동읍면리가]\s?{_NUMBER}(?:번지)?"
_FLAT = (
    r"(?:\s?,?\s?(?:\([가-힣0-9, ]{1,20}\)"
    r"|[가-힣A-Za-z0-9]{1,12}(?:아파트|빌딩|타워|오피스텔|빌라|맨션)"
    r"|\d{1,4}동|[가나다라A-Z]동|(?:지하\s?)?\d{1,3}층|\d{1,4}(?:-\d{1,4})?호))"
)
_ADDRESS = re.compile(
    rf"(?<![가-힣])(?:{_REGION}\s(?:{_DISTRICT}\s?){{0,2}}|(?:{_DISTRICT}\s){{1,2}})"
    rf"(?:[가-힣]{{1,5}}[읍면]\s)?(?P<core>{_ROAD}|{_LOT}){_FLAT}{{0,4}}"
    rf"|(?<![가-힣])(?P<alone>{_ROAD}){_FLAT}{{1,4}}"
)


def find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """The places of addresses in a folded text, with city before and flat after."""
    return (match.span() for match in _ADDRESS.finditer(text))


def address_key(text: str) -> str:
    """The road or ward with its number, without spaces: what one address is known by."""
    match = _ADDRESS.search(text)
    found = text if match is None else match["core"] or match["alone"]
    return re.sub(r"\s", "", found)
