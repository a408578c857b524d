"""Reads ``data/seed/catalogue.yaml``: what the demonstration shop is made of.

Everything is checked once, here; a mistake names the file and the entry. Reviews go the way
of an import (``store.imports.reviews``): of their texts only the aspects are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from errors import BadInput
from store.imports.reviews import read_review
from store.imports.values import BadValue
from store.models import Option, Product
from store.reviews import Review

__all__ = ["Address", "Catalogue", "TicketText", "read"]

CUSTOMERS = 28  # besides the two demonstration customers
RETURNABLE = ("normal", "made_to_order", "hygiene", "digital")
ISSUE_TYPES = (
    "delivery", "cancel", "return_exchange", "refund", "defect", "payment", "product",
    "account", "complaint", "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """A Korean address: five-digit zip, road address, detail."""

    zip: str
    road: str
    detail: str


@dataclass(frozen=True, slots=True)
class TicketText:
    """What a customer wrote and what the desk answered."""

    issue_type: str
    text: str
    reply: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The checked contents of the file."""

    products: tuple[Product, ...]
    names: tuple[str, ...]
    addresses: tuple[Address, ...]
    memos: tuple[str, ...]
    ticket_texts: tuple[TicketText, ...]
    reviews: tuple[Review, ...]

    def known_reviews(self) -> tuple[Review, ...]:
        """The reviews. Raises BadInput when one is of a product the file has not."""
        ids = {product.product_id for product in self.products}
        for review in self.reviews:
            if review.product_id not in ids:
                raise _wrong(f"reviews의 상품 {review.product_id!r}이(가) products에 없습니다")
        return self.reviews

    def pick(self, sku: str) -> tuple[Product, Option]:
        """A product and its option by SKU. Raises BadInput when the file has none such."""
        for product in self.products:
            for option in product.options:
                if option.sku == sku:
                    return product, option
        raise _wrong(f"시연용 주문에 필요한 SKU {sku!r}가 products에 없습니다")


def read(path: Path) -> Catalogue:
    """The catalogue of a file. Raises BadInput naming what is wrong and where."""
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _wrong(f"{path} 파일을 읽을 수 없습니다: {error}") from error
    if not isinstance(data, Mapping):
        raise _wrong("맨 위에 products, customers 같은 이름이 있어야 합니다")
    customers = data.get("customers")
    names = customers.get("family_and_given") if isinstance(customers, Mapping) else None
    catalogue = Catalogue(
        products=tuple(_product(entry, at) for at, entry in _entries(data, "products")),
        names=_texts(names, "customers.family_and_given"),
        addresses=tuple(
            Address(_text(e, "zip", at), _text(e, "road", at), _text(e, "detail", at))
            for at, e in _entries(data, "addresses")
        ),
        memos=_texts(data.get("order_memos"), "order_memos"),
        ticket_texts=tuple(_ticket(entry, at) for at, entry in _entries(data, "ticket_texts")),
        reviews=tuple(_review(entry, at) for at, entry in _entries(data, "reviews")),
    )
    _check_whole(catalogue)
    return catalogue


def _check_whole(catalogue: Catalogue) -> None:
    if len(catalogue.names) < CUSTOMERS:
        raise _wrong(
            f"customers.family_and_given에 이름이 {CUSTOMERS}개 이상 있어야 합니다"
            f"(지금 {len(catalogue.names)}개)"
        )
    ids = [product.product_id for product in catalogue.products]
    skus = [option.sku for product in catalogue.products for option in product.options]
    for kind, values in (("product_id", ids), ("sku", skus)):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise _wrong(f"{kind}가 겹칩니다: {', '.join(twice)}")
    if len({review.review_id for review in catalogue.reviews}) < len(catalogue.reviews):
        raise _wrong("reviews에 같은 상품의 같은 후기가 두 번 있습니다")


def _product(entry: Mapping[str, Any], at: str) -> Product:
    product_id = _text(entry, "product_id", at)
    at = f"{at} ({product_id})"
    returnable = _one_of(entry, "returnable", RETURNABLE, at)
    attributes = entry.get("attributes", {})
    if not isinstance(attributes, Mapping):
        raise _wrong(f"{at}의 attributes는 '이름: 값' 모양이어야 합니다")
    return Product(
        product_id, _text(entry, "name", at), _text(entry, "category", at),
        _text(entry, "brand", at), _amount(entry, "price_krw", at), _text(entry, "emoji", at),
        _text(entry, "description", at), _texts(entry.get("keywords"), f"{at}.keywords"),
        {str(name): str(value) for name, value in attributes.items()}, returnable,
        tuple(_option(o, product_id, spot) for spot, o in _entries(entry, "options", at)),
    )  # fmt: skip


def _option(entry: Mapping[str, Any], product_id: str, at: str) -> Option:
    return Option(
        _text(entry, "sku", at), product_id, _text(entry, "name", at),
        _amount(entry, "extra_krw", at), _amount(entry, "stock", at),
    )  # fmt: skip


def _ticket(entry: Mapping[str, Any], at: str) -> TicketText:
    issue_type = _one_of(entry, "issue_type", ISSUE_TYPES, at)
    return TicketText(issue_type, _text(entry, "text", at), _text(entry, "reply", at))


def _review(entry: Mapping[str, Any], at: str) -> Review:
    try:
        return read_review(dict(entry))
    except BadValue as error:
        raise _wrong(f"{at}: {error}") from error


def _entries(
    data: Mapping[str, Any], name: str, at: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = data.get(name)
    where = f"{at}.{name}" if at else name
    if not isinstance(entries, list) or not entries:
        raise _wrong(f"{where}에 항목이 하나 이상 있는 목록이 있어야 합니다")
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, Mapping):
            raise _wrong(f"{where}의 {number}번째 항목은 '이름: 값' 모양이어야 합니다")
        yield f"{where}의 {number}번째", entry


def _texts(values: Any, where: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not values:
        raise _wrong(f"{where}에 글이 하나 이상 있는 목록이 있어야 합니다")
    return tuple(str(value) for value in values)


def _text(entry: Mapping[str, Any], key: str, at: str) -> str:
    value = entry.get(key)
    # A zip or a name left unquoted in YAML may arrive as a number; 04524 would be lost.
    if not isinstance(value, str) or not value.strip():
        raise _wrong(f"{at}의 {key}는 빈칸이 아닌 글이어야 합니다(지금 {value!r})")
    return value.strip()


def _amount(entry: Mapping[str, Any], key: str, at: str) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(f"{at}의 {key}는 0 이상의 정수여야 합니다(지금 {value!r})")
    return value


def _one_of(entry: Mapping[str, Any], key: str, allowed: tuple[str, ...], at: str) -> str:
    value = _text(entry, key, at)
    if value not in allowed:
        raise _wrong(
            f"{at}의 {key} {value!r}는 쓸 수 없습니다. 쓸 수 있는 값: {', '.join(allowed)}"
        )
    return value


def _wrong(what: str) -> BadInput:
    return BadInput(f"시연용 상품 목록(catalogue.yaml): {what}.", code="bad_catalogue")
