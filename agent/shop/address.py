"""What an address must have before the shop sends anything there."""

from __future__ import annotations

import re

from errors import BadInput

__all__ = ["checked_address", "checked_zip"]

MIN_ROAD_CHARS, MAX_ROAD_CHARS, MAX_DETAIL_CHARS = 5, 200, 100
_ZIP = re.compile(r"[0-9]{5}")


def checked_address(road: str, detail: str) -> tuple[str, str]:
    """(road, detail) with single spaces. Raises BadInput for an address without a street."""
    road, detail = " ".join(road.split()), " ".join(detail.split())
    if not MIN_ROAD_CHARS <= len(road) <= MAX_ROAD_CHARS or len(detail) > MAX_DETAIL_CHARS:
        raise BadInput("받으실 주소를 도로명과 번호까지 적어 주세요. 예: 서울 중구 세종대로 110")
    return road, detail


def checked_zip(zip_code: str) -> str:
    """A postal code of five digits, or "" where none is given. Raises BadInput."""
    zip_code = zip_code.strip()
    if zip_code and not _ZIP.fullmatch(zip_code):
        raise BadInput("우편번호는 숫자 다섯 자리로 적어 주세요. 예: 04524")
    return zip_code
