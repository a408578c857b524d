"""Reviews as they are kept: stars and aspects, never the text; and what they add up to.

A product's row of ``product_ratings`` is the sum of its rows of ``reviews``. A review sent
again changes nothing; one that changed takes its old part back first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from store.database import Row, Tx, dump, load
from store.models import ReviewSummary

__all__ = ["Review", "add", "summaries"]

SHOWN_ASPECTS = 3
RARE = 50  # an aspect that fewer than one in so many reviews name is not told
_IN = "in (select value from json_each(?))"
_STARS = tuple(f"stars_{number}" for number in range(1, 6))


@dataclass(frozen=True, slots=True)
class Review:
    """One review; ``aspects`` maps an aspect to 1 (praised) or -1 (criticised)."""

    review_id: str
    product_id: str
    rating: int
    aspects: Mapping[str, int]


@dataclass(slots=True)
class _Sum:
    """Stars 1 to 5, and praise and criticism an aspect."""

    stars: list[int] = field(default_factory=lambda: [0] * 5)
    aspects: dict[str, list[int]] = field(default_factory=dict)

    def count(self, rating: int, aspects: Mapping[str, int], by: int) -> None:
        """Add a review (``by`` 1) or take it back (-1)."""
        self.stars[rating - 1] += by
        for name, sign in aspects.items():
            self.aspects.setdefault(name, [0, 0])[sign < 0] += by


def add(tx: Tx, reviews: Sequence[Review]) -> tuple[int, int, int]:
    """Save reviews of different ids; returns how many were new, changed and unchanged.

    Their products must exist.
    """
    ids = dump([review.review_id for review in reviews])
    before = {r["review_id"]: r for r in tx.rows(f"select * from reviews where review_id {_IN}",
                                                 (ids,))}  # fmt: skip
    sums: dict[str, _Sum] = {}
    rows, changed = [], 0
    for review in reviews:
        row = (review.review_id, review.product_id, review.rating, dump(dict(review.aspects)))
        was = before.get(review.review_id)
        if was is not None:
            if row == tuple(was.values()):
                continue
            old = sums.setdefault(was["product_id"], _Sum())
            old.count(was["rating"], load(was["aspects"], {}), -1)
            changed += 1
        sums.setdefault(review.product_id, _Sum()).count(review.rating, review.aspects, 1)
        rows.append(row)
    tx.execute_many("insert or replace into reviews values (?, ?, ?, ?)", rows)
    _apply(tx, sums)
    return len(rows) - changed, changed, len(reviews) - len(rows)


def summaries(tx: Tx, product_ids: Sequence[str]) -> dict[str, ReviewSummary]:
    """What is said of these products, by product; those without reviews are left out."""
    rows = _ratings(tx, product_ids)
    return {row["product_id"]: _summary(row) for row in rows if any(row[s] for s in _STARS)}


def _apply(tx: Tx, sums: Mapping[str, _Sum]) -> None:
    for row in _ratings(tx, list(sums)):
        total = sums[row["product_id"]]
        total.stars = [stars + row[s] for stars, s in zip(total.stars, _STARS, strict=True)]
        for name, (good, bad) in load(row["aspects"], {}).items():
            counts = total.aspects.setdefault(name, [0, 0])
            counts[0] += good
            counts[1] += bad
    tx.execute_many(
        "insert or replace into product_ratings values (?, ?, ?, ?, ?, ?, ?)",
        (
            (product_id, *total.stars, dump({n: c for n, c in total.aspects.items() if any(c)}))
            for product_id, total in sums.items()
        ),
    )


def _ratings(tx: Tx, product_ids: Iterable[str]) -> list[Row]:
    ids = dump(list(product_ids))
    return tx.rows(f"select * from product_ratings where product_id {_IN}", (ids,))


def _summary(row: Row) -> ReviewSummary:
    one, two, three, four, five = stars = [row[name] for name in _STARS]
    count = sum(stars)
    total = one + 2 * two + 3 * three + 4 * four + 5 * five
    average = (20 * total + count) // (2 * count) / 10  # rounded half up, exactly
    aspects = load(row["aspects"], {}).items()
    least = max(1, count // RARE)
    return ReviewSummary(
        count, average, (one, two, three, four, five),
        _most((good, name) for name, (good, bad) in aspects if good > bad and good >= least),
        _most((bad, name) for name, (good, bad) in aspects if bad >= good and bad >= least),
    )  # fmt: skip


def _most(counted: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """The aspects most often named, ties in order of the name."""
    ordered = sorted(counted, key=lambda pair: (-pair[0], pair[1]))
    return tuple(name for _, name in ordered[:SHOWN_ASPECTS])
