"""Products and their options: looking them up, bounded however many there are, and saving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from store import product_index, reviews
from store.database import Row, Tx, dump, load
from store.models import Option, Product
from store.product_index import Filters

__all__ = [
    "DEFAULT_OPTION", "Filters", "Saved", "categories", "count", "existing", "find", "get",
    "many", "names", "option", "owners", "page", "put_back", "save", "take",
]  # fmt: skip

DEFAULT_OPTION = "기본"
_PRODUCT = (
    "product_id", "name", "category", "brand", "price_krw", "emoji", "description", "keywords",
    "attributes", "returnable",
)  # fmt: skip
_OPTION = ("sku", "product_id", "name", "extra_krw", "stock", "position")
_IN = "in (select value from json_each(?))"


@dataclass(slots=True)
class Saved:
    """How many things a save met, by what became of them."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def add(self, other: Saved) -> None:
        """Count another save with this one."""
        self.inserted += other.inserted
        self.updated += other.updated
        self.unchanged += other.unchanged


def get(tx: Tx, product_id: str) -> Product | None:
    """One product with its options and what is said of it, or None."""
    found = many(tx, [product_id])
    return found[0] if found else None


def many(tx: Tx, product_ids: Sequence[str]) -> list[Product]:
    """The products of these ids in order of their ids; missing ones are left out."""
    ids = dump(list(product_ids))
    said = reviews.summaries(tx, product_ids)
    options: dict[str, list[Option]] = {}
    for row in tx.rows(
        f"select * from product_options where product_id {_IN} order by position", (ids,)
    ):
        options.setdefault(row["product_id"], []).append(_option(row))
    return [
        Product(
            row["product_id"], row["name"], row["category"], row["brand"] or "",
            row["price_krw"], row["emoji"] or "📦", row["description"] or "",
            tuple(load(row["keywords"], [])), load(row["attributes"], {}), row["returnable"],
            tuple(options.get(row["product_id"], ())), said.get(row["product_id"]),
        )
        for row in tx.rows(
            f"select * from products where product_id {_IN} order by product_id", (ids,)
        )
    ]  # fmt: skip


def existing(tx: Tx, product_ids: Iterable[str]) -> set[str]:
    """Those of the ids that are products."""
    ids = dump(list(product_ids))
    rows = tx.rows(f"select product_id from products where product_id {_IN}", (ids,))
    return {row["product_id"] for row in rows}


def find(tx: Tx, words: Sequence[str], filters: Filters, *, limit: int) -> list[Product]:
    """Products that may fit ``words``, some hundreds at most; without words ``limit``."""
    return many(tx, product_index.candidates(tx, words, filters, limit=limit))


def names(tx: Tx, *, category: str = "", limit: int, offset: int = 0) -> list[tuple[str, str]]:
    """(product id, name) in order of the ids, of one category or all."""
    where = "where category = :category" if category else ""
    rows = tx.rows(
        f"select product_id, name from products where product_id in (select product_id from "
        f"products {where} order by product_id limit :limit offset :offset) order by product_id",
        {"category": category, "limit": limit, "offset": offset},
    )
    return [(row["product_id"], row["name"]) for row in rows]


def page(tx: Tx, after: str, *, limit: int) -> list[Product]:
    """The next products in order of their ids, from behind the id ``after`` ("" for the first)."""
    rows = tx.rows(
        "select product_id from products where product_id > ? order by product_id limit ?",
        (after, limit),
    )
    return many(tx, [row["product_id"] for row in rows])


def count(tx: Tx) -> int:
    """How many products there are."""
    return int(tx.value("select count(*) from products"))


def categories(tx: Tx) -> list[str]:
    """The categories' names; one step of the index a category, not a row a product."""
    rows = tx.rows(
        "with recursive found (one) as (select min(category) from products union all select "
        "(select min(p.category) from products p where p.category > found.one) from found "
        "where found.one is not null) select one from found where one is not null"
    )
    return [row["one"] for row in rows]


def option(tx: Tx, sku: str) -> Option | None:
    """One option, or None."""
    row = tx.row("select * from product_options where sku = ?", (sku,))
    return None if row is None else _option(row)


def owners(tx: Tx, skus: Iterable[str]) -> dict[str, str]:
    """SKU → the product it is an option of, for those that exist."""
    rows = tx.rows(
        f"select sku, product_id from product_options where sku {_IN}", (dump(list(skus)),)
    )
    return {row["sku"]: row["product_id"] for row in rows}


def put_back(tx: Tx, sku: str, quantity: int) -> None:
    """Add ``quantity`` pieces to an option's stock."""
    tx.execute("update product_options set stock = stock + ? where sku = ?", (quantity, sku))


def take(tx: Tx, sku: str, quantity: int) -> bool:
    """Take ``quantity`` pieces from the stock; False (nothing taken) when there are fewer."""
    changed = tx.execute(
        "update product_options set stock = stock - ? where sku = ? and stock >= ?",
        (quantity, sku, quantity),
    )
    return changed == 1


# ── Saving ───────────────────────────────────────────────────────────────────


def save(
    tx: Tx, products: Sequence[Product], *, partial: bool = False, source: str | None = None
) -> Saved:
    """Insert or update products of different ids, their options and their index.

    An option that a product no longer has is kept as sold out, because orders may refer to
    it; ``partial`` leaves such options as they are. A new product without options gets one,
    "기본", with its own id as SKU and no stock. The SKUs must be new or the product's own
    (see :func:`owners`). Their reviews are not saved here.
    """
    ids = dump([product.product_id for product in products])
    before = {
        row["product_id"]: row
        for row in tx.rows(f"select * from products where product_id {_IN}", (ids,))
    }
    options: dict[str, dict[str, Row]] = {}
    if before:
        for row in tx.rows(f"select * from product_options where product_id {_IN}", (ids,)):
            options.setdefault(row["product_id"], {})[row["sku"]] = row
    return _write(tx, products, before, options, partial=partial, source=source)


def _write(
    tx: Tx, products: Sequence[Product], before: Mapping[str, Row],
    options: Mapping[str, Mapping[str, Row]], *, partial: bool, source: str | None,
) -> Saved:  # fmt: skip
    fresh: list[Row] = []
    changed: list[Row] = []
    new_options: list[tuple[object, ...]] = []
    old_options: list[tuple[object, ...]] = []
    saved = Saved(inserted=len(products) - len(before))
    for product in products:
        row, was = _row(product), before.get(product.product_id)
        had = options.get(product.product_id, {})
        if was is None:
            fresh.append(row)
        elif any(was[name] != value for name, value in row.items()):
            changed.append(row)
        touched = len(old_options) + len(new_options)
        for values in _option_rows(product, had, partial=partial):
            if values[0] in had:
                old_options.append((*values[2:], values[0]))
            else:
                new_options.append(values)
        if was is not None:
            moved = len(old_options) + len(new_options) > touched
            if moved or (changed and changed[-1] is row):
                saved.updated += 1
            else:
                saved.unchanged += 1
    _insert(tx, fresh, source)
    _update(tx, changed, before, source)
    tx.insert_many("product_options", _OPTION, new_options)
    tx.execute_many(
        "update product_options set name = ?, extra_krw = ?, stock = ?, position = ? where sku = ?",
        old_options,
    )
    return saved


def _option_rows(
    product: Product, had: Mapping[str, Row], *, partial: bool
) -> Iterator[tuple[object, ...]]:
    """The rows of ``product_options`` that are new or different, in the order of _OPTION."""
    options = product.options
    if not options and not had:
        options = (Option(product.product_id, product.product_id, DEFAULT_OPTION, 0, 0),)
    for position, option in enumerate(options, 1):
        was = had.get(option.sku)
        if partial and had:
            position = was["position"] if was else len(had) + position
        values = (
            option.sku,
            option.product_id,
            option.name,
            option.extra_krw,
            option.stock,
            position,
        )
        if was is None or any(was[n] != v for n, v in zip(_OPTION, values, strict=True)):
            yield values
    if not partial and had:
        kept = {option.sku for option in options}
        for sku, row in had.items():
            if sku not in kept and row["stock"]:
                yield (*(row[name] for name in _OPTION[:4]), 0, row["position"])


def _insert(tx: Tx, rows: Sequence[Row], source: str | None) -> None:
    tx.insert_many("products", (*_PRODUCT, "source"), ((*row.values(), source) for row in rows))
    product_index.add(tx, rows)


def _update(tx: Tx, rows: Sequence[Row], before: Mapping[str, Row], source: str | None) -> None:
    sets = ", ".join(f'"{name}" = ?' for name in _PRODUCT[1:])
    tx.execute_many(
        f"update products set {sets}, source = coalesce(?, source) where product_id = ?",
        ((*list(row.values())[1:], source, row["product_id"]) for row in rows),
    )
    stale = [row for row in rows if _reindexed(row, before[row["product_id"]])]
    if stale:
        product_index.remove(tx, [before[row["product_id"]] for row in stale])
        product_index.add(tx, stale)


def _reindexed(row: Row, was: Row) -> bool:
    """Whether anything changed that the index holds; stock and returnable are not in it."""
    return any(row[name] != was[name] for name in product_index.INDEXED)


def _row(product: Product) -> Row:
    return {
        "product_id": product.product_id, "name": product.name, "category": product.category,
        "brand": product.brand, "price_krw": product.price_krw, "emoji": product.emoji,
        "description": product.description, "keywords": dump(list(product.keywords)),
        "attributes": dump(product.attributes), "returnable": product.returnable,
    }  # fmt: skip


def _option(row: Row) -> Option:
    return Option(row["sku"], row["product_id"], row["name"], row["extra_krw"], row["stock"])
