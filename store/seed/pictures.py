"""The demonstration shop's catalogue pictures, put in once."""

from __future__ import annotations

from collections.abc import Mapping

from store.database import Tx
from store.photos import ProductPhoto, put_product_photo
from store.seed.run import is_seeded

__all__ = ["Picture", "add", "wanted"]

Picture = tuple[str, int, int]  # its content's hash, width and height in pixels
_MARK = "pictures_seeded_at"


def wanted(tx: Tx) -> bool:
    """Whether this is the demonstration shop and has never been given its pictures."""
    return is_seeded(tx) and tx.value("select 1 from settings where key = ?", (_MARK,)) is None


def add(tx: Tx, pictures: Mapping[str, Picture], *, at: str) -> int:
    """Write the pictures, by product id or SKU, of what is in the catalogue; returns how many.

    Never again after that: a picture that staff take out stays out. One that staff have put in
    already stays as well.
    """
    there = {row["product_id"]: (row["product_id"], "")
             for row in tx.rows("select product_id from products")}  # fmt: skip
    for row in tx.rows("select product_id, sku from product_options"):
        there[row["sku"]] = row["product_id"], row["sku"]
    kept = {(row["product_id"], row["sku"])
            for row in tx.rows("select product_id, sku from product_photos")}  # fmt: skip
    mine = {there[name]: one for name, one in pictures.items() if name in there}
    new = {place: one for place, one in mine.items() if place not in kept}
    for (product_id, sku), picture in new.items():
        put_product_photo(tx, ProductPhoto(product_id, sku, *picture, "demo", None, at))
    tx.insert("settings", {"key": _MARK, "value": at})
    return len(new)
