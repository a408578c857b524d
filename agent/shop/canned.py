"""Canned replies: the names a text may hold a place for, and where such places stand.

A place is ``{상품명}``, or ``{상품명:을/를}`` with the particle that fits the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

__all__ = ["VARIABLES", "holes", "places", "unknown"]

# What a place stands for, as the editor explains it.
VARIABLES: Mapping[str, str] = {
    "고객명": "고객 이름",
    "문의번호": "이 문의의 번호",
    "주문번호": "문의에 연결된 주문의 번호",
    "상품명": "그 주문의 상품",
    "택배사": "그 주문의 택배사",
    "운송장번호": "그 주문의 운송장 번호",
    "접수번호": "문의에 연결된 신청의 번호",
    "환불금액": "그 신청의 환불 금액",
    "환불예정일": "환불해 드릴 날",
    "답변기한": "다음 답변이나 해결을 약속한 때",
    "상담원": "답변하는 사람의 이름",
    "쇼핑몰": "주문한 쇼핑몰",
}
_PLACE = re.compile(r"\{([^{}\n]{1,20}?)(?::([가-힣]{1,3}/[가-힣]{1,3}))?\}")


def places(text: str) -> Iterator[re.Match[str]]:
    """Every place of a text: group 1 is its name, group 2 the particles or None."""
    return _PLACE.finditer(text)


def holes(text: str) -> tuple[str, ...]:
    """The known places that stand open in a text, each once, as they are written."""
    return tuple(dict.fromkeys(found[0] for found in places(text) if found[1] in VARIABLES))


def unknown(text: str) -> tuple[str, ...]:
    """The names in a text that stand for nothing, each once."""
    names = dict.fromkeys(found[1] for found in places(text))
    return tuple(name for name in names if name not in VARIABLES)
