"""A row of an order export with its values read: dates, amounts, statuses, words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from store.imports.order_mapping import CANCELLED_UNPAID, OrderMapping, Way, key
from store.imports.values import BadValue, amount, clean

__all__ = ["OrderRow", "RowReader", "number_of"]

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_FORMULA = re.compile(r'="(.*)"')  # how some exports keep a spreadsheet from counting
_POWER = re.compile(r"\d+(\.\d+)?e\+\d+", re.IGNORECASE)
_FOREIGN = re.compile(r"[$€£¥]|\b(USD|EUR|JPY|CNY|GBP)\b", re.IGNORECASE)
_LONGEST = {
    "order_number": 60, "line_number": 60, "product_code": 60, "sku": 100, "product_name": 500,
    "option_name": 100, "road": 200, "detail": 100, "zip": 10, "memo": 500, "carrier": 40,
    "tracking_number": 60,
}  # fmt: skip
_LOWEST_KRW = -(10**9)
MOST_PIECES = 10**6  # of one line
_YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One line of an order. What belongs to the whole order may be empty in all rows but one.

    Amounts in KRW; discounts are positive. ``status`` is ours, or ``cancelled_unpaid``.
    """

    number: str
    line_number: str
    ordered_at: datetime | None
    paid_at: datetime | None
    cancelled_at: datetime | None
    name: str
    email: str
    phone: str
    recipient: str
    recipient_phone: str
    zip: str
    road: str
    detail: str
    memo: str
    product_code: str
    product_name: str
    option_name: str
    sku: str
    quantity: int
    unit_price_krw: int
    line_discount_krw: int
    line_total_krw: int | None
    order_discounts_krw: tuple[int | None, ...]
    shipping_krw: int | None
    bundle: str
    total_krw: int | None
    method: str
    label: str
    status: str
    carrier: str
    tracking_no: str
    shipped_at: datetime | None
    delivered_at: datetime | None


def number_of(row: Mapping[str, object], mapping: OrderMapping) -> str:
    """The order number of a row by keys; "" where there is none.

    Raises BadValue for one that a spreadsheet has spoiled.
    """
    return RowReader(mapping).text(row, "order_number")


class RowReader:
    """Reads rows by a mapping that is reduced to the file's own columns."""

    def __init__(self, mapping: OrderMapping) -> None:
        self._mapping = mapping
        self._format = mapping.date_formats[0] if mapping.date_formats else ""

    def read(self, row: Mapping[str, object]) -> OrderRow:
        """The row's values. Raises BadValue with the Korean reason."""
        currency = self.text(row, "currency").upper()
        if currency not in ("", "KRW", "원"):
            raise BadValue(f"통화가 {currency}입니다. 원화(KRW) 주문만 가져올 수 있습니다")
        quantity = amount(
            {"수량": self.text(row, "quantity")}, "수량", lowest=1, highest=MOST_PIECES
        )
        cancelled_at = self.moment(row, "cancelled_at")
        label = self.text(row, "payment_method")
        return OrderRow(
            self.text(row, "order_number"), self.text(row, "line_number"),
            self.moment(row, "ordered_at"), self.moment(row, "paid_at"), cancelled_at,
            self.text(row, "orderer_name")[:40], self._email(row),
            _phone(self.text(row, "orderer_phone")), self.text(row, "recipient")[:40],
            _phone(self.text(row, "recipient_phone")), self.text(row, "zip"),
            self.text(row, "road"), self.text(row, "detail"), self.text(row, "memo"),
            self.text(row, "product_code"), self._product(row), self.text(row, "option_name"),
            self.text(row, "sku"), quantity, self._unit_price(row, quantity),
            sum(abs(self._of(row, ways) or 0) for ways in self._mapping.line_discounts),
            self.krw(row, "line_total"),
            tuple(self._of(row, ways) for ways in self._mapping.order_discounts),
            self._shipping(row), self.text(row, "shipping_bundle"), self.krw(row, "total"),
            self._method(label), label, self._status(row, cancelled_at),
            self.text(row, "carrier"), self.text(row, "tracking_number"),
            self.moment(row, "shipped_at"), self.moment(row, "delivered_at"),
        )  # fmt: skip

    def text(self, row: Mapping[str, object], field: str) -> str:
        """The field's text; "" where it has no column or nothing in it."""
        sign = "/" if field == "status" else " "
        for way in self._mapping.columns.get(field, ()):
            if value := _joined(row, way, sign):
                longest = _LONGEST.get(field, 200)
                if len(value) > longest:
                    raise BadValue(f"{way[0]} 값이 {longest}자를 넘습니다({len(value)}자)")
                if "+" in value and _POWER.fullmatch(value):
                    raise BadValue(
                        f"{way[0]} 값을 표 프로그램이 {value!r}(으)로 바꿔 놓았습니다. 내려받은 "
                        "원본 파일을 써 주세요"
                    )
                return value
        return ""

    def krw(self, row: Mapping[str, object], field: str) -> int | None:
        """The field's amount in KRW, None where there is none. Raises BadValue."""
        return self._of(row, self._mapping.columns.get(field, ()))

    def moment(self, row: Mapping[str, object], field: str) -> datetime | None:
        """The field's time in UTC, None where there is none. Raises BadValue."""
        text = self.text(row, field).replace("오전", "AM").replace("오후", "PM")
        if not text or text in ("-", "0000-00-00 00:00:00"):
            return None
        found = self._parsed(text)
        if found is None or found.year not in _YEARS:
            raise BadValue(
                f"{self._mapping.columns[field][0][0]} 값 {text!r}은(는) 날짜가 아닙니다"
            )
        if found.tzinfo is None:
            found = found.replace(tzinfo=self._mapping.zone)
        return found.astimezone(UTC)

    def _parsed(self, text: str) -> datetime | None:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
        # The one that fitted last comes first: a file has one format.
        for one in (self._format, *self._mapping.date_formats):
            try:
                found = datetime.strptime(text, one)
            except ValueError:
                continue
            self._format = one
            return found
        return None

    def _of(self, row: Mapping[str, object], ways: tuple[Way, ...]) -> int | None:
        for way in ways:
            if value := _joined(row, way, ""):
                if _FOREIGN.search(value):
                    raise BadValue(f"{way[0]} 값 {value!r}은(는) 원화(KRW) 금액이 아닙니다")
                # CP949 knows the won sign only in its wide form.
                return amount({way[0]: value.replace("￦", "₩")}, way[0], lowest=_LOWEST_KRW)
        return None

    def _unit_price(self, row: Mapping[str, object], quantity: int) -> int:
        whole = self.krw(row, "line_amount")
        if whole is not None:
            if whole < 0 or whole % quantity:
                raise BadValue(f"품목 금액 {whole:,}원이 수량 {quantity}개로 나누어지지 않습니다")
            return whole // quantity
        price = self.krw(row, "unit_price")
        if price is None:
            raise BadValue("상품 가격이 비어 있습니다")
        price += self.krw(row, "unit_price_extra") or 0
        if price < 0:
            raise BadValue(f"상품 가격이 음수입니다({price:,}원)")
        return price

    def _shipping(self, row: Mapping[str, object]) -> int | None:
        plain = self.krw(row, "shipping")
        extra, less = self.krw(row, "shipping_extra"), self.krw(row, "shipping_discount")
        if plain is None and extra is None:
            return None
        return (plain or 0) + (extra or 0) - abs(less or 0)

    def _product(self, row: Mapping[str, object]) -> str:
        name = self.text(row, "product_name")
        if not name:
            raise BadValue("상품명이 비어 있습니다")
        return name

    def _email(self, row: Mapping[str, object]) -> str:
        email = self.text(row, "orderer_email").lower()
        if email and (len(email) > 254 or not _EMAIL.fullmatch(email)):
            raise BadValue(f"주문자 이메일 {email!r}을(를) 다시 확인해 주세요")
        return email

    def _status(self, row: Mapping[str, object], cancelled_at: datetime | None) -> str:
        word = self.text(row, "status")
        known = self._mapping.status.get(key(word))
        if cancelled_at is not None:
            return CANCELLED_UNPAID if known == CANCELLED_UNPAID else "cancelled"
        if word and known is None:
            raise BadValue(
                f"주문 상태 {word!r}은(는) 매핑 파일의 [status]에 없습니다. 뜻이 같은 상태가 "
                "있으면 [status]에 더해 주세요"
            )
        return known or ""

    def _method(self, label: str) -> str:
        for word in (label, *re.split(r"[,+/&]", label)):
            if found := self._mapping.payment.get(key(word)):
                return found
        if label and self._mapping.payment_default is None:
            raise BadValue(f"결제수단 {label!r}은(는) 매핑 파일의 [payment]에 없습니다")
        return self._mapping.payment_default or "card"


def _joined(row: Mapping[str, object], way: Way, sign: str) -> str:
    if len(way) == 1:
        return _plain(row.get(way[0]))
    return sign.join(filter(None, (_plain(row.get(name)) for name in way)))


def _plain(value: object) -> str:
    """A cell's text in one line, without what keeps a spreadsheet from counting."""
    if not value:
        return ""
    text = clean(value)
    if text.startswith('="') and (match := _FORMULA.fullmatch(text)):
        text = match[1].strip()
    text = text.removeprefix("'")
    return text if text.isalnum() else " ".join(text.split())


def _phone(text: str) -> str:
    """A Korean mobile number with hyphens, anything else as it is."""
    digits = re.sub(r"\D", "", text)
    if digits.startswith("82"):
        digits = "0" + digits.removeprefix("82").removeprefix("0")
    elif len(digits) == 10 and digits.startswith("10"):
        digits = "0" + digits  # a spreadsheet dropped the zero
    if re.fullmatch(r"01\d{8,9}", digits):
        return f"{digits[:3]}-{digits[3:-4]}-{digits[-4:]}"
    return text
