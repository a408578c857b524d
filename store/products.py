"""Products and their options."""

from __future__ import annotations

from collections.abc import Sequence

from store.database import Row, Tx, load
from store.models import Option, Product

__all__ = ["categories", "every", "get", "option", "put_back", "take"]


def get(tx: Tx, product_id: str) -> Product | None:
    """One product with its options, or None."""
    found = _products(tx, "where product_id = ?", [product_id])
    return found[0] if found else None


def every(tx: Tx) -> list[Product]:
    """The whole catalogue in order of its ids."""
    return _products(tx, "", [])


def categories(tx: Tx) -> list[str]:
    """The categories' names."""
    return [row["category"] for row in tx.rows("select distinct category from products")]


def option(tx: Tx, sku: str) -> Option | None:
    """One option, or None."""
    row = tx.row("select * from product_options where sku = ?", (sku,))
    return None if row is None else _option(row)


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


def _products(tx: Tx, where: str, values: Sequence[str]) -> list[Product]:
    rows = tx.rows(f"select * from products {where} order by product_id", values)
    options: dict[str, list[Option]] = {row["product_id"]: [] for row in rows}
    for row in tx.rows(f"select * from product_options {where} order by position", values):
        options[row["product_id"]].append(_option(row))
    return [
        Product(
            row["product_id"], row["name"], row["category"], row["brand"] or "",
            row["price_krw"], row["emoji"] or "📦", row["description"] or "",
            tuple(load(row["keywords"], [])), load(row["attributes"], {}), row["returnable"],
            tuple(options[row["product_id"]]),
        )
        for row in rows
    ]  # fmt: skip


def _option(row: Row) -> Option:
    return Option(row["sku"], row["product_id"], row["name"], row["extra_krw"], row["stock"])
