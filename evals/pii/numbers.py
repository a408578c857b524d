"""Invented numbers, addresses and e-mails in the shapes that Korea gives them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from agent.guardrails.pii import is_luhn

__all__ = ["BANKS", "GROUPS", "address", "email"]

BANKS = (
    "신한은행", "국민은행", "우리은행", "하나은행", "농협", "카카오뱅크", "토스뱅크",
    "기업은행", "케이뱅크", "새마을금고", "우체국", "부산은행", "수협", "신협",
)  # fmt: skip
# Digits a group, as the banks print their account numbers.
_ACCOUNT_SHAPES = ((3, 3, 6), (6, 2, 6), (4, 3, 6), (3, 6, 5), (3, 4, 4, 2), (3, 6, 2, 3),
                   (4, 2, 7), (4, 4, 4), (3, 2, 6), (3, 4, 4, 3))  # fmt: skip
_AREAS = ("02", "031", "032", "042", "051", "053", "062", "064", "070")


def _digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choices("0123456789", k=count))


def _resident(draw: random.Random) -> list[str]:
    """Half of them given out after October 2020: the last six digits are then at random."""
    born = date(1945, 1, 1) + timedelta(days=draw.randrange(80 * 365))
    sex = draw.choice("34" if born.year >= 2000 else "12")
    if draw.random() < 0.1:  # a foreigner's
        sex = draw.choice("78" if born.year >= 2000 else "56")
    head = f"{born:%y%m%d}{sex}"
    if draw.random() < 0.5:
        body = head + _digits(draw, 5)
        total = sum(
            w * int(d) for w, d in zip((2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), body, strict=True)
        )
        return [f"{born:%y%m%d}", body[6:] + str((11 - total % 11) % 10)]
    return [f"{born:%y%m%d}", sex + _digits(draw, 6)]


def _card(draw: random.Random) -> list[str]:
    amex = draw.random() < 0.2
    head = draw.choice(("34", "37")) if amex else draw.choice("4569") + _digits(draw, 3)
    head += _digits(draw, (14 if amex else 15) - len(head))
    number = next(head + str(d) for d in range(10) if is_luhn(head + str(d)))
    if amex:
        return [number[:4], number[4:10], number[10:]]
    return [number[at : at + 4] for at in range(0, 16, 4)]


def _account(draw: random.Random) -> list[str]:
    shape = draw.choice(_ACCOUNT_SHAPES)
    groups = [_digits(draw, count) for count in shape]
    return [str(draw.randrange(1, 10)) + groups[0][1:], *groups[1:]]


def _phone(draw: random.Random) -> list[str]:
    if draw.random() < 0.2:
        return [draw.choice(_AREAS), str(draw.randrange(200, 9999)), _digits(draw, 4)]
    if draw.random() < 0.15:
        return ["+82", "10", str(draw.randrange(2000, 9999)), _digits(draw, 4)]
    return ["010", str(draw.randrange(2000, 9999)), _digits(draw, 4)]


GROUPS: dict[str, Callable[[random.Random], list[str]]] = {
    "resident": _resident,
    "card": _card,
    "account": _account,
    "phone": _phone,
}
_LOCALS = (
    "minsu.kim", "haneul_88", "j.park", "sunny-day", "woo2k", "lee.sy91", "cafe.mocha",
    "k9star",
)  # fmt: skip
_HOSTS = ("example.com", "mail.example.org", "example.co.kr", "shop.example.net")


def email(draw: random.Random) -> tuple[str, str]:
    """(style, an e-mail) on names reserved for examples (RFC 2606) where they are whole."""
    local, host = draw.choice(_LOCALS) + str(draw.randrange(10, 999)), draw.choice(_HOSTS)
    style, value = draw.choice((
        ("plain", f"{local}@{host}"),
        ("upper", f"{local}@{host}".upper()),
        ("at", f"{local}(at){host}"),
        ("spoken", f"{local}골뱅이{host}"),
        ("spaced", f"{local} @ {host}"),
        ("full-width", f"{local}＠{host}"),
        ("dots spoken", f"{local} 골뱅이 {host.replace('.', ' 점 ')}"),
        ("zero-width", f"{local}\u200b@{host}"),
    ))  # fmt: skip
    return style, value


_CITIES = (
    "서울특별시 강남구", "서울시 마포구", "서울 송파구", "부산광역시 해운대구", "부산 수영구",
    "경기도 성남시 분당구", "경기 수원시 영통구", "인천 연수구", "대전광역시 유성구",
    "광주 북구", "제주특별자치도 제주시", "강원특별자치도 춘천시", "전북 전주시 완산구",
    "충남 천안시 서북구",
)  # fmt: skip
_ROADS = (
    "테헤란로", "월드컵북로", "올림픽로", "해운대해변로", "판교역로", "광교중앙로",
    "송도과학로", "대학로", "연북로", "첨단과기로", "효자로", "쌍용대로",
)  # fmt: skip
_WARDS = (
    "역삼동", "망원동", "잠실동", "우동", "정자동", "매탄동", "송도동", "봉명동", "연동",
    "효자동",
)  # fmt: skip


def address(draw: random.Random) -> tuple[str, str]:
    """(style, a postal address): by road or by lot, with or without flat and ward."""
    road = f"{draw.choice(_CITIES)} {draw.choice(_ROADS)} {draw.randrange(1, 400)}"
    lot = f"{draw.choice(_CITIES)} {draw.choice(_WARDS)} "
    lot += f"{draw.randrange(1, 900)}-{draw.randrange(1, 40)}"
    flat = f"{draw.randrange(101, 120)}동 {draw.randrange(1, 25)}0{draw.randrange(1, 5)}호"
    lane = f"{draw.choice(_CITIES)} {draw.choice(_ROADS)}"
    lane += f"{draw.randrange(2, 90)}길 {draw.randrange(1, 60)}"
    style, value = draw.choice((
        ("road", road),
        ("road flat", f"{road} {flat}"),
        ("road comma", f"{road}, {flat}"),
        ("road ward", f"{road} ({draw.choice(_WARDS)}) {draw.randrange(1, 20)}층"),
        ("road dashed", f"{road}-{draw.randrange(1, 30)}"),
        ("lane", lane),
        ("lane flat", f"{lane} {flat}"),
        ("lot", lot),
        ("lot flat", f"{lot}번지 {flat}"),
        ("no city", f"{draw.choice(_ROADS)} {draw.randrange(1, 400)} {flat}"),
    ))  # fmt: skip
    return style, value
