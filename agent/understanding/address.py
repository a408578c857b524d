"""Addresses: a Korean road (or lot) address with its number and what follows it."""

from __future__ import annotations

import re

__all__ = ["find_address"]

_PROVINCE = (
    r"(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충청?[남북]|충[남북]|전라?[남북]|경상?[남북]|경[남북]|전북|제주)"
    r"(?:특별자치시|특별자치도|특별시|광역시|[시도])?"
)
_CITY = r"[가-힣]{1,6}(?:시|군|구)"
_TOWN = r"[가-힣0-9]{1,8}(?:읍|면|동|가|리)"
_ROAD = r"[가-힣][가-힣0-9.]{0,12}(?:대로|로|길)(?:\s?\d{1,4}(?:번|가)?길)?"
_NUMBER = r"(?:지하\s?)?\d{1,4}(?:-\d{1,4})?(?:번지)?(?!\d|\s?(?:원|개\b|번째|일|월|시\s|만))"
_DETAIL = (
    r"(?:[\s,]{0,2}(?:"
    r"\([^()]{1,30}\)"
    r"|[가-힣A-Za-z0-9]{1,14}(?:아파트|빌라|빌딩|타워|오피스텔|맨션|주택|하이츠|센터|상가|자이|래미안|푸르지오|힐스테이트|캐슬)"
    r"|[가-힣A-Za-z]{1,12}\s?(?=\d{1,4}동\s?\d)"
    r"|(?:지하\s?|[Bb])?\d{1,4}(?:-\d{1,4})?\s?(?:동(?=[\s,]?\d|\b|으)|호실?|층)"
    r")){0,6}"
)
_CITIES = rf"(?:{_CITY}\s?){{1,3}}"
_HEAD = rf"(?:{_PROVINCE}\s?(?:{_CITY}\s){{0,3}}|(?:{_CITY}\s){{1,3}})"
_ADDRESS = re.compile(
    rf"(?<![가-힣]){_HEAD}(?:{_TOWN}\s)?(?:{_ROAD}\s?{_NUMBER}|{_TOWN}\s{_NUMBER}){_DETAIL}"
)


def find_address(text: str) -> tuple[str, tuple[int, int]] | None:
    """The first address as written, with its span. A road alone, without a city, is none."""
    match = _ADDRESS.search(text)
    if not match:
        return None
    address = match[0].strip(" ,")
    return address, (match.start(), match.start() + len(address))
