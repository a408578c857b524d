"""The catalogue's search index: built from the store, refreshed when the catalogue changes.

A small catalogue is indexed at the start and again whenever it has changed; a large one by
``python -m agent index-products``. Until then the store's own word index answers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from errors import Unavailable
from store import product_index, products
from store.database import Database

if TYPE_CHECKING:
    from retrieval.engine import BuildReport, Progress
    from retrieval.products import ProductHits, ProductIndex, ProductText

__all__ = ["SMALL", "Catalogue"]

log = logging.getLogger("sangdam.catalogue")
SMALL = 5000  # products indexed without being asked to: some ten seconds
PAGE = 1000


class Catalogue:
    """The index and the store it is made from; what tools call ``product_search``."""

    def __init__(self, database: Database, index: ProductIndex) -> None:
        self.index = index
        self._database = database

    @property
    def usable(self) -> bool:
        """Whether the engine can answer; if not, the store's word index does."""
        return self.index.usable

    @property
    def version(self) -> int | None:
        """The catalogue's version that was indexed; None before the first build."""
        return self.index.version

    def search(self, query: str, **filters: Any) -> ProductHits:
        """See :meth:`retrieval.products.ProductIndex.search`."""
        return self.index.search(query, **filters)

    def similar(self, product_id: str, **filters: Any) -> list[tuple[str, float]]:
        """See :meth:`retrieval.products.ProductIndex.similar`."""
        return self.index.similar(product_id, **filters)

    def build(self, progress: Progress | None = None, *, rebuild: bool = False) -> BuildReport:
        """Index every product as it is now; only what changed is encoded.

        Raises Unavailable when another process builds for over two minutes.
        """
        with self._database.read() as tx:
            version = product_index.version(tx)
        return self.index.build(
            _Texts(self._database), version=version, progress=progress, rebuild=rebuild
        )

    def refresh(self, *, start: bool = False) -> bool:
        """Index a small catalogue that changed; at the ``start`` of the program also what a
        version does not tell (properties, options). Returns whether a build ran."""
        with self._database.read() as tx:
            size, version = products.count(tx), product_index.version(tx)
        if size > SMALL:
            if start and not self.usable:
                log.warning(
                    "%s products are searched by words only until "
                    "'python -m agent index-products' has run", f"{size:,}",
                )  # fmt: skip
            return False
        if self.usable and self.version == version and not start:
            return False
        try:
            self.build()
        except (OSError, RuntimeError, Unavailable):
            log.exception("the catalogue could not be indexed; it is searched by words")
            return False
        return True


class _Texts:
    """Every product as the index sees it, read a page at a time, anew at every walk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __iter__(self) -> Iterator[ProductText]:
        from retrieval.products import ProductText

        after = ""
        while True:
            with self._database.read() as tx:
                page = products.page(tx, after, limit=PAGE)
            for product in page:
                yield ProductText(
                    product.product_id, product.name, product.category, product.brand,
                    product.price_krw, product.description, product.keywords,
                    product.attributes, tuple(option.name for option in product.options),
                )  # fmt: skip
            if len(page) < PAGE:
                return
            after = page[-1].product_id
