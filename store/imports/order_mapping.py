"""Which column of a shop's order export is what: a TOML file, read and checked.

Ready ones are in ``data/mappings``; ``docs/imports.md`` explains the keys. A column's name is
compared without case and blanks. Where a field lists several, the first that has a value in
the row counts; names in an inner list are put together.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from errors import BadInput

__all__ = ["CANCELLED_UNPAID", "FIELDS", "OrderMapping", "Spread", "Way", "key", "load"]

Spread = Literal["order", "line", "bundle"]
Way = tuple[str, ...]  # the columns, by their keys, that are put together
CANCELLED_UNPAID = "cancelled_unpaid"
STATUSES = (
    "pending_payment", "paid", "preparing", "shipped", "delivered", "cancelled", CANCELLED_UNPAID,
)  # fmt: skip
PAYMENTS = ("card", "bank_transfer", "kakaopay", "naverpay", "gift_card")
FIELDS = (
    "order_number", "line_number", "ordered_at", "paid_at", "cancelled_at", "currency",
    "orderer_name", "orderer_email", "orderer_phone", "recipient", "recipient_phone", "zip",
    "road", "detail", "memo", "product_code", "product_name", "option_name", "sku", "quantity",
    "unit_price", "unit_price_extra", "line_amount", "line_total", "shipping", "shipping_extra",
    "shipping_discount", "shipping_bundle", "total", "payment_method", "status", "carrier",
    "tracking_number", "shipped_at", "delivered_at",
)  # fmt: skip
# At least one field of each row must be mapped, and have a column in the file.
NEEDED = (
    ("order_number",), ("ordered_at",), ("orderer_name", "recipient"), ("product_name",),
    ("quantity",), ("unit_price", "line_amount"), ("status",),
)  # fmt: skip
_TABLES = ("columns", "amounts", "discounts", "status", "payment")
_NAMES = ("source", "time_zone", "date_formats", "payment_default", *_TABLES)


@dataclass(frozen=True, slots=True)
class OrderMapping:
    """A checked mapping file; columns, statuses and payment words by their :func:`key`."""

    source: str
    zone: ZoneInfo
    date_formats: tuple[str, ...]
    columns: dict[str, tuple[Way, ...]]
    shipping: Spread
    total: Spread
    line_discounts: tuple[tuple[Way, ...], ...]
    order_discounts: tuple[tuple[Way, ...], ...]
    status: dict[str, str]
    payment: dict[str, str]
    payment_default: str | None

    def present(self, header: Iterable[str]) -> OrderMapping:
        """The mapping with those columns only that a file has.

        Raises BadInput naming the columns that would do for what is missing.
        """
        there = {key(name) for name in header}
        columns = {name: _present(ways, there) for name, ways in self.columns.items()}
        missing = [
            " 또는 ".join(_shown(self.columns.get(name, ())) for name in names if name)
            for names in NEEDED
            if not any(columns.get(name) for name in names)
        ]
        if missing:
            raise BadInput(
                f"꼭 있어야 하는 열이 없습니다: {', '.join(missing)}. 첫 줄에 열 이름이 있는지 "
                "확인하시고, 이름이 다르면 매핑 파일을 복사해 고쳐서 --format으로 주세요."
            )
        discounts = [
            tuple(filter(None, (_present(ways, there) for ways in rows)))
            for rows in (self.line_discounts, self.order_discounts)
        ]
        return OrderMapping(
            self.source, self.zone, self.date_formats, columns, self.shipping, self.total,
            discounts[0], discounts[1], self.status, self.payment, self.payment_default,
        )  # fmt: skip


@lru_cache(maxsize=4096)  # the words of a file are not ours to bound
def key(name: str) -> str:
    """A name as it is compared: composed, without blanks, lower case."""
    return "".join(unicodedata.normalize("NFC", name).split()).lower()


def load(wanted: str, folder: Path) -> OrderMapping:
    """The ready mapping of this name in ``folder``, or the TOML file of this path.

    Raises BadInput naming the file and the key for anything wrong, OSError when the file
    cannot be opened.
    """
    ready = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    path = ready.get(wanted) or Path(wanted)
    if path.suffix != ".toml":
        raise BadInput(
            f"{wanted!r} 형식을 모릅니다. {', '.join(ready)} 가운데 하나나 매핑 파일(.toml)의 "
            "경로를 적어 주세요."
        )
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}을(를) TOML로 읽을 수 없습니다: {error}") from error
    return _mapping(values, _Wrong(path))


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Makes the error for a place in the file."""

    path: Path

    def __call__(self, place: str, what: str) -> BadInput:
        return BadInput(f"{self.path}의 {place}: {what}", code="bad_mapping")


Wrong = Callable[[str, str], BadInput]


def _mapping(values: Mapping[str, Any], wrong: Wrong) -> OrderMapping:
    _known(values, _NAMES, "맨 위", wrong)
    tables = {name: values.get(name, {}) for name in _TABLES}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise wrong(name, f"[{name}] 표여야 합니다.")
    columns = tables["columns"]
    _known(columns, FIELDS, "[columns]", wrong)
    for names in NEEDED:
        if not any(columns.get(name) for name in names):
            raise wrong("[columns]", f"{' 또는 '.join(names)} 항목이 있어야 합니다.")
    _known(tables["amounts"], ("shipping", "total"), "[amounts]", wrong)
    _known(tables["discounts"], ("line", "order"), "[discounts]", wrong)
    return OrderMapping(
        _source(values, wrong), _zone(values, wrong), _formats(values, wrong),
        {name: _ways(given, f"[columns] {name}", wrong) for name, given in columns.items()},
        _spread(tables["amounts"], "shipping", ("order", "line", "bundle"), wrong),
        _spread(tables["amounts"], "total", ("order", "line"), wrong),
        _discounts(tables["discounts"], "line", wrong),
        _discounts(tables["discounts"], "order", wrong),
        _words(tables["status"], STATUSES, "[status]", wrong),
        _words(tables["payment"], PAYMENTS, "[payment]", wrong),
        _default(values, wrong),
    )  # fmt: skip


def _known(table: Mapping[str, Any], names: Iterable[str], place: str, wrong: Wrong) -> None:
    unknown = [name for name in table if name not in names]
    if unknown:
        raise wrong(place, f"{unknown[0]!r} 항목은 없습니다. 쓸 수 있는 항목: {', '.join(names)}")


def _source(values: Mapping[str, Any], wrong: Wrong) -> str:
    source = values.get("source")
    if not isinstance(source, str) or not 1 <= len(source) <= 40 or not source.isidentifier():
        raise wrong("source", "쇼핑몰을 구별할 이름이 있어야 합니다(글자, 숫자, _, 40자까지).")
    return source


def _zone(values: Mapping[str, Any], wrong: Wrong) -> ZoneInfo:
    try:
        return ZoneInfo(values.get("time_zone", "Asia/Seoul"))
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        raise wrong("time_zone", "Asia/Seoul 같은 시간대 이름이어야 합니다.") from None


def _formats(values: Mapping[str, Any], wrong: Wrong) -> tuple[str, ...]:
    formats = values.get("date_formats", [])
    if not isinstance(formats, list) or not all(isinstance(one, str) for one in formats):
        raise wrong("date_formats", '["%Y-%m-%d %H:%M:%S"] 같은 목록이어야 합니다.')
    return tuple(formats)


def _ways(given: object, place: str, wrong: Wrong) -> tuple[Way, ...]:
    ways = []
    for one in given if isinstance(given, list) else [given]:
        names = one if isinstance(one, list) else [one]
        if not names or not all(isinstance(name, str) and name.strip() for name in names):
            raise wrong(place, '열 이름의 목록이어야 합니다. 예: ["주문번호"]')
        ways.append(tuple(key(name) for name in names))
    return tuple(ways)


def _discounts(table: Mapping[str, Any], name: str, wrong: Wrong) -> tuple[tuple[Way, ...], ...]:
    rows = table.get(name, [])
    if not isinstance(rows, list):
        raise wrong(f"[discounts] {name}", '[["쿠폰 할인금액"]] 같은 목록이어야 합니다.')
    return tuple(_ways(row, f"[discounts] {name}", wrong) for row in rows)


def _spread(
    table: Mapping[str, Any], name: str, allowed: tuple[Spread, ...], wrong: Wrong
) -> Spread:
    given = table.get(name, "order")
    for one in allowed:
        if given == one:
            return one
    raise wrong(f"[amounts] {name}", f"{', '.join(allowed)} 가운데 하나여야 합니다.")


def _words(
    table: Mapping[str, Any], allowed: tuple[str, ...], place: str, wrong: Wrong
) -> dict[str, str]:
    for word, value in table.items():
        if value not in allowed:
            raise wrong(f"{place} {word!r}", f"{', '.join(allowed)} 가운데 하나여야 합니다.")
    return {key(word): value for word, value in table.items()}


def _default(values: Mapping[str, Any], wrong: Wrong) -> str | None:
    default = values.get("payment_default")
    if default is not None and default not in PAYMENTS:
        raise wrong("payment_default", f"{', '.join(PAYMENTS)} 가운데 하나여야 합니다.")
    return default


def _present(ways: tuple[Way, ...], there: set[str]) -> tuple[Way, ...]:
    """The ways of which any column is there, without the columns that are not."""
    found = (tuple(name for name in way if name in there) for way in ways)
    return tuple(way for way in found if way)


def _shown(ways: tuple[Way, ...]) -> str:
    return " 또는 ".join(" + ".join(way) for way in ways)
