"""Products from a file: one JSON object a product, or one CSV row an option.

JSONL and Parquet: ``product_id, name, category, brand, price_krw, description, keywords[],
attributes{}, returnable, emoji, options[{sku, name, extra_krw, stock}]``. CSV: the same flat,
``keywords`` separated by ``|``, ``attributes`` as JSON, an option in ``sku, option,
extra_krw, stock``; neighbouring rows of one product are its options. A product that is
new and names no option gets one, "기본", whose SKU is its id; one that is known keeps its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from store import products
from store.database import Database, Tx
from store.imports.reading import (
    Columns,
    Format,
    ImportReport,
    Progress,
    Raw,
    Rejects,
    format_of,
    read_rows,
)
from store.imports.values import BadValue, amount, clean, required, text
from store.models import Option, Product

__all__ = ["ALIASES", "import_products"]

BATCH = 5000
MOST_OPTIONS = 1000
MOST_KEYWORDS = 100
RETURNABLE = ("normal", "made_to_order", "hygiene", "digital")
REQUIRED = ("product_id", "name", "price_krw")
# What shops call their columns; lower case. A column of the canonical name always wins.
ALIASES = {
    alias: name
    for name, aliases in {
        "product_id": "id product_code productid 상품코드 상품번호 상품id",
        "name": "title product_name productname 상품명 제품명 이름",
        "category": "category_name 분류 카테고리 상품분류",
        "brand": "maker manufacturer 브랜드 제조사",
        "price_krw": "price sale_price 판매가 가격 판매가격",
        "description": "desc detail details 설명 상세설명 상품설명",
        "keywords": "tags keyword 키워드 검색어 태그",
        "attributes": "attrs specs 속성 사양",
        "returnable": "반품구분",
        "emoji": "이모지",
        "options": "variants 옵션목록",
        "sku": "option_code option_id 옵션코드 품목코드",
        "option": "option_name 옵션 옵션명",
        "extra_krw": "extra extra_price option_price 옵션추가금 추가금 옵션가",
        "stock": "quantity qty inventory 재고 재고수량",
    }.items()
    for alias in aliases.split()
}


@dataclass(slots=True)
class _Entry:
    """A product with the lines it came from."""

    product: Product
    listed: bool  # its options are all there are
    lines: list[tuple[int, Raw]]


def import_products(
    database: Database, path: Path, *, format: Format | None = None, source: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:  # fmt: skip
    """Insert and update products from a file of any size, 5,000 a transaction.

    ``inserted``, ``updated`` and ``unchanged`` count products, ``rows`` and ``rejected`` rows
    of the file. A run that was cut off is completed by the next. Raises BadInput for a file
    that cannot be read, OSError for one that cannot be opened.
    """
    started = perf_counter()
    total, taken = products.Saved(), 0
    with Rejects(path) as rejects:
        rows = read_rows(
            path, Columns(ALIASES, REQUIRED), rejects, format=format, progress=progress,
            check=_product,
        )  # fmt: skip
        by_option = format_of(path, format) == "csv"
        for batch in _batches(_entries(rows, rejects, by_option=by_option)):
            with database.write(durable=False) as tx:
                kept = _check_skus(tx, batch, rejects)
                for listed in (True, False):
                    chosen = [entry.product for entry in kept if entry.listed is listed]
                    total.add(products.save(tx, chosen, partial=not listed, source=source))
            taken += sum(len(entry.lines) for entry in kept)
        return rejects.report(
            rows=taken + rejects.count, inserted=total.inserted, updated=total.updated,
            unchanged=total.unchanged, took_s=perf_counter() - started,
        )  # fmt: skip


def _entries(
    rows: Iterable[tuple[int, Raw]], rejects: Rejects, *, by_option: bool
) -> Iterator[_Entry]:
    """Products of the rows; bad rows are kept in ``rejects``.

    ``by_option`` puts neighbouring rows of one product together that each name an option.
    """
    held: _Entry | None = None
    for line, row in rows:
        try:
            product = _product(row)
        except BadValue as error:
            rejects.add(line, str(error), row)
            continue
        one = by_option and product.options and not row.get("options")
        if held and one and (merged := _merge(held.product, product)):
            held.product = merged
            held.lines.append((line, row))
            continue
        if held:
            yield held
        held = _Entry(product, bool(row.get("options")), [(line, row)])
    if held:
        yield held


def _merge(product: Product, other: Product) -> Product | None:
    """``product`` with the option of its next row; None for another product or a repetition."""
    if other.product_id != product.product_id:
        return None
    skus = {option.sku for option in product.options}
    if len(skus) >= MOST_OPTIONS or any(option.sku in skus for option in other.options):
        return None
    return replace(product, options=product.options + other.options)


def _batches(entries: Iterable[_Entry]) -> Iterator[list[_Entry]]:
    """Entries of different ids together; an id that comes again starts the next batch."""
    batch: dict[str, _Entry] = {}
    for entry in entries:
        if len(batch) >= BATCH or entry.product.product_id in batch:
            yield list(batch.values())
            batch = {}
        batch[entry.product.product_id] = entry
    if batch:
        yield list(batch.values())


def _check_skus(tx: Tx, batch: list[_Entry], rejects: Rejects) -> list[_Entry]:
    """The products whose SKUs are new or their own; the others are rejected."""
    owners = products.owners(tx, [o.sku for entry in batch for o in entry.product.options])
    kept = []
    for entry in batch:
        mine = entry.product.product_id
        taken = [o.sku for o in entry.product.options if owners.get(o.sku, mine) != mine]
        if taken:
            reason = f"SKU {taken[0]!r}은(는) 상품 {owners[taken[0]]!r}의 옵션입니다"
            for line, row in entry.lines:
                rejects.add(line, reason, row)
            continue
        owners.update((option.sku, mine) for option in entry.product.options)
        kept.append(entry)
    return kept


def _product(row: Raw) -> Product:
    product_id = required(row, "product_id", longest=100)
    price_krw = amount(row, "price_krw")
    returnable = clean(row.get("returnable")).lower() or "normal"
    if returnable not in RETURNABLE:
        raise BadValue(f"returnable은 {', '.join(RETURNABLE)} 가운데 하나여야 합니다")
    return Product(
        product_id, required(row, "name", longest=500),
        text(row, "category", longest=100, default="기타"), text(row, "brand", longest=200),
        price_krw, text(row, "emoji", longest=16) or "📦", text(row, "description", longest=50_000),
        _keywords(row.get("keywords")), _attributes(row.get("attributes")), returnable,
        _options(row, product_id, price_krw),
    )  # fmt: skip


def _options(row: Raw, product_id: str, price_krw: int) -> tuple[Option, ...]:
    given = row.get("options")
    if not given:
        named = any(row.get(name) not in (None, "") for name in ("sku", "option", "stock"))
        return (_option(row, product_id, price_krw, clean(row.get("option"))),) if named else ()
    if isinstance(given, str):
        given = _json(given, "options")
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise BadValue("options는 {sku, name, extra_krw, stock} 객체의 목록이어야 합니다")
    if len(given) > MOST_OPTIONS:
        raise BadValue(f"옵션이 {MOST_OPTIONS:,}개를 넘습니다")
    options = tuple(_option(one, product_id, price_krw, clean(one.get("name"))) for one in given)
    if len({option.sku for option in options}) < len(options):
        raise BadValue("한 상품에 같은 sku가 두 번 있습니다")
    return options


def _option(row: Mapping[str, Any], product_id: str, price_krw: int, name: str) -> Option:
    if len(name) > 100:
        raise BadValue("옵션 이름이 100자를 넘습니다")
    sku = f"{product_id}-{name}" if name else product_id
    return Option(
        text(row, "sku", longest=201, default=sku), product_id, name or products.DEFAULT_OPTION,
        amount(row, "extra_krw", lowest=-price_krw, default=0), amount(row, "stock", default=0),
    )  # fmt: skip


def _keywords(value: object) -> tuple[str, ...]:
    if not value:
        return ()
    if isinstance(value, str):
        value = _json(value, "keywords") if value.lstrip().startswith("[") else value.split("|")
    if not isinstance(value, list):
        raise BadValue("keywords는 글의 목록이거나 '|'로 나눈 글이어야 합니다")
    words = dict.fromkeys(word[:100] for word in map(clean, value) if word)
    return tuple(words)[:MOST_KEYWORDS]


def _attributes(value: object) -> dict[str, str]:
    if not value:
        return {}
    if isinstance(value, str):
        value = _json(value, "attributes") if value.strip() else {}
    if isinstance(value, list):  # Parquet's map: pairs
        value = _pairs(value)
    if not isinstance(value, Mapping):
        raise BadValue("attributes는 '이름: 값' 객체여야 합니다")
    return {
        clean(name)[:100]: (clean(one) if not isinstance(one, list | dict) else _dumped(one))[:1000]
        for name, one in value.items()
        if one is not None
    }


def _pairs(value: list[Any]) -> Mapping[Any, Any]:
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value):
        raise BadValue("attributes는 '이름: 값' 객체여야 합니다")
    return dict(value)


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _json(value: str, name: str) -> Any:
    try:
        return json.loads(value, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise BadValue(f"{name}을(를) JSON으로 읽을 수 없습니다({error})") from error
