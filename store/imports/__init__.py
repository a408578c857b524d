"""Bringing a shop's own data in: products, reviews and orders, from files of any size.

``reading`` yields the rows of a file one by one and keeps what cannot be used; each importer
checks rows and writes them in batches, so that a second run completes a first one.
"""

from store.imports.reading import Columns, ImportReport, Progress, Rejects, batches, read_rows

__all__ = ["Columns", "ImportReport", "Progress", "Rejects", "batches", "read_rows"]
