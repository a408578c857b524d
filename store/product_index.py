"""The search index of the products: pairs of letters, so that a Korean word of two is found.

SQLite's FTS5 as a set of pieces a product. A name or keyword gives its letters (``컵``), its
pairs of letters (``이어``, ``어폰``) and its whole words (``=이어폰``); the rest of the text
gives pairs (``~방수``); category and price give filters (``@전자기기``, ``$31``). A query is
an expression over pieces; it finds at least what ``agent.tools.products.score`` counts, and
that ranks. Blanks do not count.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import add as joined

from store.database import Row, Tx, dump

__all__ = [
    "INDEXED", "Filters", "add", "candidates", "clear", "fill", "pieces", "remove", "version",
]  # fmt: skip

INDEXED = ("name", "category", "brand", "price_krw", "description", "keywords")
CANDIDATES = 200
SCANNED = 5000
LONGEST_WORD = 30
MOST_WORDS = 8
FILLED_AT_ONCE = 5000
_SPLIT = re.compile(r"[^0-9A-Za-z가-힣]+")
_DROPPED = re.compile("[\0\"'`\\\\]")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a product must be. Prices in KRW, both ends included; "" is any category."""

    category: str = ""
    min_price_krw: int = 0
    max_price_krw: int | None = None
    in_stock: bool = False


def pieces(row: Row) -> str:
    """The pieces of a row of ``products``, as they are indexed."""
    name, keywords = row["name"].lower(), json.loads(row["keywords"] or "[]")
    found = {f"@{_plain(row['category'])}", f"${_bucket(row['price_krw'])}"}
    for word in (*_SPLIT.split(name), *keywords):
        if 1 < len(word) <= LONGEST_WORD:
            found.add(f"={word.lower()}")
    for text in (name, *keywords):
        plain = _plain(text)
        found.update(plain)
        found.update(map(joined, plain, plain[1:]))
    more = _plain(f"{row['category']}{row['brand'] or ''}{row['description'] or ''}")
    return f"{' '.join(found)} ~{' ~'.join({*map(joined, more, more[1:])})}"


def add(tx: Tx, rows: Sequence[Row]) -> None:
    """Index rows of ``products`` that are not indexed yet."""
    if not rows:
        return
    first = (tx.value("select max(row_seq) from product_search_rows") or 0) + 1
    numbered = list(enumerate(rows, first))
    tx.insert_many(
        "product_search_rows",
        ("row_seq", "product_id"),
        ((n, r["product_id"]) for n, r in numbered),
    )
    tx.insert_many("product_search", ("rowid", "pieces"), ((n, pieces(r)) for n, r in numbered))


def remove(tx: Tx, rows: Sequence[Row]) -> None:
    """Take rows out of the index, given exactly as they were when indexed."""
    ids = dump([row["product_id"] for row in rows])
    numbers = {
        found["product_id"]: found["row_seq"]
        for found in tx.rows(
            "select * from product_search_rows "
            "where product_id in (select value from json_each(?))", (ids,)
        )
    }  # fmt: skip
    tx.insert_many(
        "product_search",
        ("product_search", "rowid", "pieces"),
        (
            ("delete", numbers[row["product_id"]], pieces(row))
            for row in rows
            if row["product_id"] in numbers
        ),
    )
    tx.execute(
        "delete from product_search_rows where product_id in (select value from json_each(?))",
        (ids,),
    )


def clear(tx: Tx) -> None:
    """Forget every product; for when the table has been emptied."""
    tx.execute("insert into product_search (product_search) values ('delete-all')")
    tx.execute("delete from product_search_rows")


def fill(tx: Tx) -> None:
    """Index every product that is not, in order of the ids."""
    after = ""
    while rows := tx.rows(
        "select product_id, name, category, brand, price_krw, description, keywords "
        "from products where product_id > ? and product_id not in "
        "(select product_id from product_search_rows) order by product_id limit ?",
        (after, FILLED_AT_ONCE),
    ):
        add(tx, rows)
        after = rows[-1]["product_id"]


def version(tx: Tx) -> int:
    """Grows whenever a product comes, or changes in what is indexed of it."""
    return int(tx.value("select max(row_seq) from product_search_rows") or 0)


def candidates(tx: Tx, words: Sequence[str], filters: Filters, *, limit: int) -> list[str]:
    """Ids of products that may fit, those that fit every word first; bounded.

    At most 200, from at most 5,000 looked at a stage; without ``words`` the first ``limit``
    that pass the filters.
    """
    plain = [word for word in (_plain(word)[:LONGEST_WORD] for word in words[:MOST_WORDS]) if word]
    if words and not plain:
        return []
    wanted = CANDIDATES if words else limit
    found: dict[str, None] = {}
    for stage in _stages(plain):
        for product_id in _matching(tx, " AND ".join([*stage, *_filter(filters)]), filters, wanted):
            found.setdefault(product_id)
        if len(found) >= wanted:
            break
    return list(found)[:wanted]


def _stages(words: Sequence[str]) -> Iterator[list[str]]:
    """Expressions from strict to loose: each a list that must hold together."""
    if not words:
        yield []
        return
    named = [_both(word) for word in words]
    loose = [_either(word) for word in words]
    more = [_both(word, "~") for word in words]
    yield named
    if len(words) > 1:
        yield [_any(options) for options in zip(named, loose, more, strict=True)]
    yield [_any([*named, *loose])]
    if any(more):
        yield [_any(more)]


def _both(word: str, mark: str = "") -> str:
    """Every pair of the word; a letter alone only where names are meant."""
    if len(word) == 1:
        return "" if mark else f'"{word}"'
    pairs = dict.fromkeys(map(joined, word, word[1:]))
    return "(" + " AND ".join(f'"{mark}{pair}"' for pair in pairs) + ")"


def _either(word: str) -> str:
    """Any whole word that is part of this one: 이어폰 of 이어폰이요."""
    parts = {
        word[start:end] for start in range(len(word)) for end in range(start + 2, len(word) + 1)
    }
    return _any(f'"={part}"' for part in sorted(parts)) if parts else ""


def _any(options: Iterable[str]) -> str:
    return f"({' OR '.join(option for option in options if option)})"


def _filter(filters: Filters) -> Iterator[str]:
    """The filters the index can apply, roughly; the rows are asked exactly."""
    if filters.category:
        yield f'"@{_plain(filters.category)}"'
    if filters.min_price_krw > 0 or filters.max_price_krw is not None:
        highest = 2**40 if filters.max_price_krw is None else max(0, filters.max_price_krw)
        buckets = range(_bucket(max(0, filters.min_price_krw)), _bucket(highest) + 1)
        yield _any(f'"${bucket}"' for bucket in buckets) if buckets else '"$none"'


def _matching(tx: Tx, expression: str, filters: Filters, limit: int) -> list[str]:
    """Ids in the order they came into the shop."""
    if expression:
        source = (
            "(select r.product_id from (select rowid from product_search where product_search "
            "match :match limit :scanned) s join product_search_rows r on r.row_seq = s.rowid)"
        )
    else:
        source = "(select product_id from products order by product_id limit :scanned)"
    checks = ["p.price_krw >= :low"]
    if filters.category:
        checks.append("p.category = :category")
    if filters.max_price_krw is not None:
        checks.append("p.price_krw <= :high")
    if filters.in_stock:
        checks.append(
            "exists (select 1 from product_options o "
            "where o.product_id = p.product_id and o.stock > 0)"
        )
    rows = tx.rows(
        f"select p.product_id from {source} f join products p using (product_id) "
        f"where {' and '.join(checks)} limit :limit",
        {
            "match": expression, "scanned": SCANNED, "low": filters.min_price_krw,
            "high": filters.max_price_krw, "category": filters.category, "limit": limit,
        },
    )  # fmt: skip
    return [row["product_id"] for row in rows]


def _plain(text: str) -> str:
    """Lower case without blanks, and without what would end a piece."""
    return _DROPPED.sub("", "".join(text.lower().split()))


def _bucket(price_krw: int) -> int:
    """Prices in steps of the square root of two: a range of them is a few pieces."""
    return int(2 * math.log2(price_krw + 1))
