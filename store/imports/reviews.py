"""Reviews from a file: ``review_id?, product_id, rating (1-5), text, created_at``.

Each text is read for what it praises and criticises and then let go. Without an id a review
is known by a hash of what it says, so that a second run counts nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter

from store import products, reviews
from store.database import Database, Tx
from store.imports import aspects
from store.imports.reading import Columns, Format, ImportReport, Progress, Raw, Rejects, read_rows
from store.imports.values import BadValue, amount, clean, required
from store.reviews import Review

__all__ = ["ALIASES", "import_reviews", "read_review"]

BATCH = 5000
REQUIRED = ("product_id", "rating")
ALIASES = {
    alias: name
    for name, aliases in {
        "review_id": "id 리뷰번호 후기번호 리뷰id",
        "product_id": "product_code productid 상품코드 상품번호 상품id",
        "rating": "score stars star 평점 별점",
        "text": "review content body comment 내용 리뷰 후기 리뷰내용 본문",
        "created_at": "date created 작성일 등록일 작성일시",
    }.items()
    for alias in aliases.split()
}
_Line = tuple[int, Raw, Review]


def import_reviews(
    database: Database, path: Path, *, format: Format | None = None, source: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:  # fmt: skip
    """Add reviews from a file of any size to their products' aggregates, 5,000 a transaction.

    ``source`` is put before the ids, for two shops that number alike. Reviews of unknown
    products are rejected. Raises as ``import_products``.
    """
    started = perf_counter()
    inserted = updated = unchanged = 0
    with Rejects(path) as rejects:
        rows = read_rows(
            path, Columns(ALIASES, REQUIRED), rejects, format=format, progress=progress,
            check=read_review,
        )  # fmt: skip
        for batch in _batches(_readable(rows, source or "", rejects)):
            with database.write(durable=False) as tx:
                new, changed, same = reviews.add(tx, _known(tx, batch, rejects))
            inserted, updated, unchanged = inserted + new, updated + changed, unchanged + same
        return rejects.report(
            rows=inserted + updated + unchanged + rejects.count, inserted=inserted,
            updated=updated, unchanged=unchanged, took_s=perf_counter() - started,
        )  # fmt: skip


def read_review(row: Raw, source: str = "") -> Review:
    """A row as it is kept. Raises BadValue."""
    product_id = required(row, "product_id", longest=100)
    rating = amount(row, "rating")
    if not 1 <= rating <= 5:
        raise BadValue(f"rating은 1에서 5까지의 정수여야 합니다({rating})")
    said = clean(row.get("text"))
    review_id = clean(row.get("review_id"))
    if len(review_id) > 100:
        raise BadValue("review_id가 100자를 넘습니다")
    if not review_id:
        whole = "\0".join((product_id, str(rating), said, clean(row.get("created_at"))))
        review_id = "h:" + hashlib.blake2b(whole.encode(), digest_size=12).hexdigest()
    key = f"{source}:{review_id}" if source else review_id
    return Review(key, product_id, rating, aspects.read(said, rating))


def _readable(rows: Iterable[tuple[int, Raw]], source: str, rejects: Rejects) -> Iterator[_Line]:
    for line, row in rows:
        try:
            yield line, row, read_review(row, source)
        except BadValue as error:
            rejects.add(line, str(error), row)


def _batches(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    """Reviews of different ids together; an id that comes again starts the next batch."""
    batch: dict[str, _Line] = {}
    for line in lines:
        if len(batch) >= BATCH or line[2].review_id in batch:
            yield list(batch.values())
            batch = {}
        batch[line[2].review_id] = line
    if batch:
        yield list(batch.values())


def _known(tx: Tx, batch: list[_Line], rejects: Rejects) -> list[Review]:
    there = products.existing(tx, {review.product_id for _, _, review in batch})
    for line, row, review in batch:
        if review.product_id not in there:
            rejects.add(line, f"상품 {review.product_id!r}이(가) 없습니다", row)
    return [review for _, _, review in batch if review.product_id in there]
