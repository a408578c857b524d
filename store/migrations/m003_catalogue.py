"""A catalogue of any size: its search index, where a product came from, its reviews.

``product_search`` holds word pieces only (contentless); ``product_search_rows`` says which
product a row of it is. Of a review only what its product's aggregate needs is kept.
"""

from __future__ import annotations

from store import product_index
from store.database import Tx

_STATEMENTS = (
    "alter table products add column source text",
    "create index ix_products_category on products (category, product_id)",
    # Every ASCII sign but quotes is part of a token; pieces are made in store.product_index.
    "create virtual table product_search using fts5(pieces, content='', columnsize=0, "
    "detail=none, tokenize=\"ascii tokenchars '!#$%&()*+,-./:;<=>?@[]^_{|}~'\")",
    "create table product_search_rows "
    "(row_seq integer primary key, product_id text not null unique)",
    "create table reviews (review_id text primary key not null, "
    "product_id text not null references products (product_id), rating integer not null, "
    "aspects text not null) without rowid",
    "create table product_ratings (product_id text primary key not null "
    "references products (product_id), stars_1 integer not null, stars_2 integer not null, "
    "stars_3 integer not null, stars_4 integer not null, stars_5 integer not null, "
    "aspects text not null) without rowid",
)


def apply(tx: Tx) -> None:
    """Create the tables and index the products that are there."""
    for statement in _STATEMENTS:
        tx.execute(statement)
    product_index.fill(tx)
